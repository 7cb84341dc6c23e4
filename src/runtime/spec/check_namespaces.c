/* check_namespaces.c -- rules of linux.namespaces and of what needs one of them: id mappings, time
 * offsets, network devices, masked paths. */
#include <inttypes.h>

#include "base/text.h"
#include "check.h"

enum {
	MAPPINGS_MOST = 340, /* lines in uid_map, Linux 4.15 */
	NANOSECONDS = 1000000000,
};

const struct spec_namespace *spec_namespace_find(const struct spec *spec, const char *type)
{
	if (!spec->linux_)
		return NULL;
	for (size_t i = 0; i < spec->linux_->namespaces.count; i++)
		if (text_equal(spec->linux_->namespaces.items[i].type, type))
			return &spec->linux_->namespaces.items[i];
	return NULL;
}

bool has_namespace(const struct spec *spec, const char *type)
{
	return spec_namespace_find(spec, type) != NULL;
}

static int check_types(const struct spec *spec, const struct site *site, struct error *err)
{
	for (size_t i = 0; i < spec->linux_->namespaces.count; i++) {
		const struct spec_namespace *namespace = &spec->linux_->namespaces.items[i];
		const struct site *at = SITE_INDEX(site, i);

		if (!spec_name_known(spec_namespace_names, namespace->type))
			return refuse(err, SITE(at, "type"), "namespace \"%s\" does not exist",
				      namespace->type);
		if (spec_namespace_find(spec, namespace->type) != namespace)
			return refuse(err, SITE(at, "type"), "duplicated namespace \"%s\"",
				      namespace->type);
		if (namespace->path && namespace->path[0])
			TRY(check_absolute(namespace->path, SITE(at, "path"), err));
	}
	return 0;
}

/* Ranges end at 4294967294: the last id is the kernel's "unchanged". */
static int check_mapping(const struct spec_id_mapping *mapping, const struct site *site,
			 struct error *err)
{
	if (mapping->size == 0)
		return refuse(err, SITE(site, "size"), "size must not be 0");
	if (mapping->container_id > UINT32_MAX - mapping->size)
		return refuse(err, SITE(site, "containerID"),
			      "%" PRIu32 " ids from %" PRIu32 " on go beyond 4294967294",
			      mapping->size, mapping->container_id);
	if (mapping->host_id > UINT32_MAX - mapping->size)
		return refuse(err, SITE(site, "hostID"),
			      "%" PRIu32 " ids from %" PRIu32 " on go beyond 4294967294",
			      mapping->size, mapping->host_id);
	return 0;
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static int check_overlap(struct spec_id_map map, size_t place, const struct site *site,
			 struct error *err)
{
	const struct spec_id_mapping *mine = &map.items[place];

	for (size_t i = 0; i < place; i++) {
		const struct spec_id_mapping *other = &map.items[i];

		if (overlap(mine->container_id, mine->size, other->container_id, other->size))
			return refuse(err, SITE(site, "containerID"),
				      "the range overlaps with entry %zu", i);
		if (overlap(mine->host_id, mine->size, other->host_id, other->size))
			return refuse(err, SITE(site, "hostID"),
				      "the range overlaps with entry %zu", i);
	}
	return 0;
}

int check_id_mappings(struct spec_id_map map, const struct site *site, struct error *err)
{
	if (map.count > MAPPINGS_MOST)
		return refuse(err, site, "the kernel takes at most %d mappings", MAPPINGS_MOST);
	for (size_t i = 0; i < map.count; i++) {
		TRY(check_mapping(&map.items[i], SITE_INDEX(site, i), err));
		TRY(check_overlap(map, i, SITE_INDEX(site, i), err));
	}
	return 0;
}

static int check_mappings(const struct spec *spec, const struct site *site, struct error *err)
{
	struct spec_id_map uids = { spec->linux_->uid_mappings.items,
				    spec->linux_->uid_mappings.count };
	struct spec_id_map gids = { spec->linux_->gid_mappings.items,
				    spec->linux_->gid_mappings.count };

	TRY(check_id_mappings(uids, SITE(site, "uidMappings"), err));
	TRY(check_id_mappings(gids, SITE(site, "gidMappings"), err));
	if (uids.count && !gids.count)
		return refuse(err, SITE(site, "uidMappings"),
			      "uidMappings are given, but no gidMappings");
	if (gids.count && !uids.count)
		return refuse(err, SITE(site, "gidMappings"),
			      "gidMappings are given, but no uidMappings");
	if (uids.count && !has_namespace(spec, "user"))
		doubt(SITE(site, "uidMappings"),
		      "without a user namespace mappings have no effect");
	return 0;
}

static int check_time_offsets(const struct spec *spec, const struct site *site, struct error *err)
{
	const struct spec_linux *linux_ = spec->linux_;
	const struct spec_namespace *namespace = spec_namespace_find(spec, "time");

	if (linux_->time_offsets.count == 0)
		return 0;
	if (!namespace)
		return refuse(err, site,
			      "time namespace offsets specified, but time namespace "
			      "isn't enabled in the config");
	if (namespace->path && namespace->path[0])
		return refuse(err, site, "the clocks of a joined time namespace cannot be set");
	for (size_t i = 0; i < linux_->time_offsets.count; i++) {
		const struct site *at = SITE(site, linux_->time_offsets.keys[i]);

		if (!spec_name_known(spec_clock_names, linux_->time_offsets.keys[i]))
			return refuse(err, at, "unknown clock");
		if (linux_->time_offsets.items[i].nanosecs >= NANOSECONDS)
			return refuse(err, SITE(at, "nanosecs"), "%" PRIu32 " is a second or more",
				      linux_->time_offsets.items[i].nanosecs);
	}
	return 0;
}

static const char *name_inside(const struct spec_linux *linux_, size_t place)
{
	const char *name = linux_->net_devices.items[place].name;

	return name && name[0] ? name : linux_->net_devices.keys[place];
}

/* Two devices cannot have one name, unless it is a template ("eth%d") that the kernel fills in. */
static bool is_name_taken(const struct spec_linux *linux_, size_t place)
{
	const char *name = name_inside(linux_, place);

	if (text_ends(name, "%d"))
		return false;
	for (size_t i = 0; i < place; i++)
		if (text_equal(name_inside(linux_, i), name))
			return true;
	return false;
}

static int check_net_devices(const struct spec *spec, const struct site *site, struct error *err)
{
	const struct spec_linux *linux_ = spec->linux_;

	if (linux_->net_devices.count && !has_namespace(spec, "network"))
		return refuse(err, site,
			      "unable to move network devices without a private NET namespace");
	for (size_t i = 0; i < linux_->net_devices.count; i++) {
		const struct site *at = SITE(site, linux_->net_devices.keys[i]);

		TRY(check_interface_name(linux_->net_devices.keys[i], at, err));
		TRY(check_interface_template(name_inside(linux_, i), SITE(at, "name"), err));
		if (is_name_taken(linux_, i))
			return refuse(err, at, "two network devices named \"%s\"",
				      name_inside(linux_, i));
	}
	return 0;
}

static int check_mount_namespace(const struct spec *spec, const struct site *site,
				 struct error *err)
{
	bool hides = spec->linux_->masked_paths.count || spec->linux_->readonly_paths.count;

	if (hides && !has_namespace(spec, "mount"))
		return refuse(err, SITE(site, "namespaces"),
			      "unable to restrict sys entries without a private MNT namespace");
	return 0;
}

int check_namespaces(const struct spec *spec, const struct site *site, struct error *err)
{
	TRY(check_types(spec, SITE(site, "namespaces"), err));
	TRY(check_mount_namespace(spec, site, err));
	TRY(check_mappings(spec, site, err));
	TRY(check_time_offsets(spec, SITE(site, "timeOffsets"), err));
	return check_net_devices(spec, SITE(site, "netDevices"), err);
}
