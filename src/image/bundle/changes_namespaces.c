/* changes_namespaces.c -- --network, --pid, --ipc, --uts, --cgroupns, --userns, --hostname,
 * --sysctl. */
#include <errno.h>
#include <string.h>

#include "bundle_private.h"

struct kind {
	const char *option, *type;
	char *wanted;
};

static struct spec_namespace *find(const struct change *change, const char *type)
{
	struct spec_linux *linux_ = change->spec->linux_;

	for (size_t i = 0; i < linux_->namespaces.count; i++)
		if (!strcmp(linux_->namespaces.items[i].type, type))
			return &linux_->namespaces.items[i];
	return NULL;
}

static void leave_out(const struct change *change, const char *type)
{
	struct spec_linux *linux_ = change->spec->linux_;
	size_t kept = 0;

	for (size_t i = 0; i < linux_->namespaces.count; i++)
		if (strcmp(linux_->namespaces.items[i].type, type) != 0)
			linux_->namespaces.items[kept++] = linux_->namespaces.items[i];
	linux_->namespaces.count = kept;
}

static bool is_new(const char *wanted)
{
	return !strcmp(wanted, "private") || !strcmp(wanted, "none") || !strcmp(wanted, "new");
}

/* host, private, or the path of a namespace (ns:PATH as podman writes it). */
static int change_kind(const struct change *change, const struct kind *kind, struct error *err)
{
	struct spec_namespace *namespace = find(change, kind->type);
	const char *path = text_after(kind->wanted, "ns:");

	if (is_new(kind->wanted))
		return 0;
	if (!path)
		path = kind->wanted;
	if (!strcmp(path, "host"))
		leave_out(change, kind->type);
	else if (*path == '/')
	namespace->path = arena_string(change->arena, path);
	else return fail(err, EINVAL, "%s %s: it is host, private, or the path of a namespace",
			 kind->option, kind->wanted);
	return 0;
}

static void bind_of_host(const struct change *change, const char *path, const char *options)
{
	changes_add_mount(change, &(struct spec_mount){
					  .type = arena_string(change->arena, "bind"),
					  .source = arena_string(change->arena, path),
					  .destination = arena_string(change->arena, path),
					  .options = strings_split(options, ',', change->arena),
				  });
}

/* The host's network comes with its names; sysfs shows a network that a user namespace of our own
 * does not own, and then cannot be mounted. */
static void fit_to_host_network(const struct change *change)
{
	if (!change->wanted->network || strcmp(change->wanted->network, "host") != 0)
		return;
	bind_of_host(change, "/etc/resolv.conf", "bind,ro,nosuid,nodev,noexec");
	bind_of_host(change, "/etc/hosts", "bind,ro,nosuid,nodev,noexec");
	if (change->input->host->rootless)
		bind_of_host(change, "/sys", "rbind,rro,nosuid,nodev,noexec");
}

/* Message queues belong to the IPC namespace: of the host's only the host's own mount shows them.
 */
static void fit_to_host_ipc(const struct change *change)
{
	if (!change->wanted->ipc || strcmp(change->wanted->ipc, "host") != 0)
		return;
	bind_of_host(change, "/dev/mqueue", "rbind,nosuid,nodev,noexec");
	bind_of_host(change, "/dev/shm", "rbind,nosuid,nodev,noexec");
}

static int change_hostname(const struct change *change, struct error *err)
{
	bool own = find(change, "uts") != NULL;

	if (change->wanted->hostname && !own)
		return fail(err, EINVAL, "--hostname: the container has the host's (--uts host)");
	if (change->wanted->hostname)
		change->spec->hostname = change->wanted->hostname;
	if (!own)
		change->spec->hostname = NULL;
	return 0;
}

/* keep-id: the caller's id inside is the caller's outside; root inside is a subordinate id. */
static int keep_id(const struct change *change, struct error *err)
{
	const struct bundle_host *host = change->input->host;
	struct spec_linux *linux_ = change->spec->linux_;
	const struct {
		uint32_t id;
		const struct spec_id_mapping *range;
		struct spec_id_mapping **items;
		size_t *count;
	} maps[] = {
		{ host->uid, &host->sub_uid, &linux_->uid_mappings.items,
		  &linux_->uid_mappings.count },
		{ host->gid, &host->sub_gid, &linux_->gid_mappings.items,
		  &linux_->gid_mappings.count },
	};

	if (!host->rootless)
		return fail(err, EINVAL, "--userns keep-id is for users, not for root");
	for (size_t i = 0; i < 2; i++) {
		uint32_t id = maps[i].id, first = maps[i].range->host_id;
		struct spec_id_mapping *map = arena_array(change->arena, 3, sizeof(*map));

		if (maps[i].range->size <= id)
			return fail(err, EINVAL,
				    "--userns keep-id needs at least %u subordinate ids", id + 1);
		map[0] = (struct spec_id_mapping){ 0, first, id };
		map[1] = (struct spec_id_mapping){ id, id, 1 };
		map[2] = (struct spec_id_mapping){ id + 1, first + id, maps[i].range->size - id };
		*maps[i].items = map;
		*maps[i].count = 3;
	}
	return 0;
}

static void set_map(const struct id_ranges *ranges, struct arena *arena,
		    struct spec_id_mapping **items, size_t *count)
{
	*items = arena_array(arena, ranges->count, sizeof(**items));
	*count = ranges->count;
	for (size_t i = 0; i < ranges->count; i++)
		(*items)[i] =
			(struct spec_id_mapping){ ranges->items[i].inside, ranges->items[i].outside,
						  ranges->items[i].size };
}

/* --uidmap, --gidmap: the files have those ids already (rootfs.h). */
static void map_ids(const struct change *change, const struct rootfs_owners *owners)
{
	struct spec_linux *linux_ = change->spec->linux_;
	size_t count = linux_->namespaces.count;
	struct spec_namespace *items = arena_array(change->arena, count + 1, sizeof(*items));

	memcpy(items, linux_->namespaces.items, count * sizeof(*items));
	items[count].type = arena_string(change->arena, "user");
	linux_->namespaces.items = items;
	linux_->namespaces.count = count + 1;
	set_map(&owners->uids, change->arena, &linux_->uid_mappings.items,
		&linux_->uid_mappings.count);
	set_map(&owners->gids, change->arena, &linux_->gid_mappings.items,
		&linux_->gid_mappings.count);
}

static int change_userns(const struct change *change, struct error *err)
{
	const struct rootfs_owners *owners = change->input->owners;
	const char *wanted = change->wanted->userns;

	if (owners && owners->uids.count) {
		map_ids(change, owners);
		return 0;
	}
	if (!wanted || !strcmp(wanted, "host") || !strcmp(wanted, ""))
		return wanted && change->input->host->rootless && *wanted
			       ? fail(err, EINVAL, "--userns host: a user needs one of his own")
			       : 0;
	if (!strcmp(wanted, "keep-id"))
		return keep_id(change, err);
	return fail(err, EINVAL, "--userns %s: it is host, keep-id, or auto", wanted);
}

static int change_sysctls(const struct change *change, struct error *err)
{
	for (size_t i = 0; i < change->wanted->sysctls.count; i++) {
		char *key, *value;

		changes_split(change->wanted->sysctls.items[i], change->arena, &key, &value);
		if (!value || !*key)
			return fail(err, EINVAL, "--sysctl %s: it is NAME=VALUE",
				    change->wanted->sysctls.items[i]);
		string_map_set(&change->spec->linux_->sysctl, key, value, change->arena);
	}
	return 0;
}

int changes_namespaces(const struct change *change, struct error *err)
{
	const struct bundle_changes *wanted = change->wanted;
	const struct kind kinds[] = {
		{ "--network", "network", wanted->network },
		{ "--pid", "pid", wanted->pid },
		{ "--ipc", "ipc", wanted->ipc },
		{ "--uts", "uts", wanted->uts },
		{ "--cgroupns", "cgroup", wanted->cgroupns },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].wanted)
			TRY(change_kind(change, &kinds[i], err));
	fit_to_host_network(change);
	fit_to_host_ipc(change);
	TRY(change_hostname(change, err));
	TRY(change_userns(change, err));
	return change_sysctls(change, err);
}
