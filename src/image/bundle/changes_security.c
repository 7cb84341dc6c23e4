/* changes_security.c -- --cap-add, --cap-drop, --security-opt, --privileged. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bundle_private.h"
#include "runtime/spec_names.h"

/* ---- capabilities ---------------------------------------------------------------------------- */

/* "net_admin", "CAP_NET_ADMIN" */
static int full_name(const char *typed, const char *option, struct arena *arena, char **name,
		     struct error *err)
{
	*name = arena_format(arena, "%s%s", !strncasecmp(typed, "cap_", 4) ? "" : "CAP_", typed);
	for (char *letter = *name; *letter; letter++)
		*letter = (char)toupper((unsigned char)*letter);
	if (strcmp(*name, "CAP_ALL") != 0 && spec_capability_number(*name) < 0)
		return fail(err, EINVAL, "%s %s: there is no such capability", option, typed);
	return 0;
}

static void drop(struct strings *list, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(name, "CAP_ALL") != 0 && strcmp(list->items[i], name) != 0)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

static void add(struct strings *list, char *name, struct arena *arena)
{
	if (!strcmp(name, "CAP_ALL"))
		*list = spec_name_list(spec_capability_names, arena);
	else if (!strings_have(list, name))
		strings_add(list, name, arena);
}

/* podman's order: ALL first, whichever list it is in; then what is added, then what is dropped. */
static int settle(const struct change *change, struct strings *bounding, struct strings *asked,
		  struct error *err)
{
	const struct {
		const struct strings *list;
		const char *option;
		bool adds;
	} passes[] = { { &change->wanted->cap_add, "--cap-add", true },
		       { &change->wanted->cap_drop, "--cap-drop", false } };
	char *name;

	for (int all = 1; all >= 0; all--)
		for (size_t pass = 0; pass < 2; pass++)
			for (size_t i = 0; i < passes[pass].list->count; i++) {
				TRY(full_name(passes[pass].list->items[i], passes[pass].option,
					      change->arena, &name, err));
				if ((strcmp(name, "CAP_ALL") == 0) != (all == 1))
					continue;
				if (!passes[pass].adds) {
					drop(bounding, name);
					drop(asked, name);
					continue;
				}
				add(bounding, name, change->arena);
				add(asked, name, change->arena);
			}
	return 0;
}

static struct strings copy_of(const struct strings *list, struct arena *arena)
{
	struct strings copy = { 0 };

	for (size_t i = 0; i < list->count; i++)
		strings_add(&copy, list->items[i], arena);
	return copy;
}

/* Who is not root keeps what was asked for by name, and only that, also behind execve. */
int changes_capabilities(const struct change *change, struct error *err)
{
	struct spec_process *process = change->spec->process;
	struct spec_capabilities *sets = process->capabilities;
	struct strings bounding = copy_of(&sets->bounding, change->arena), asked = { 0 };

	if (change->wanted->privileged)
		bounding = spec_name_list(spec_capability_names, change->arena);
	TRY(settle(change, &bounding, &asked, err));
	sets->bounding = bounding;
	if (process->user->uid == 0) {
		sets->effective = sets->permitted = bounding;
		return 0;
	}
	sets->effective = sets->permitted = sets->inheritable = sets->ambient = asked;
	return 0;
}

/* ---- security options ------------------------------------------------------------------------ */

struct label {
	const char *user, *role, *type, *level;
	bool wanted;
};

struct security {
	const struct change *change;
	const char *seccomp; /* a file, "unconfined", or NULL */
	struct label label;
};

static int set_no_new_privileges(struct security *security, const char *value, struct error *err)
{
	if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return fail(err, EINVAL, "no-new-privileges is true or false");
	security->change->spec->process->no_new_privileges = !value || !strcmp(value, "true");
	return 0;
}

static int set_seccomp(struct security *security, const char *value, struct error *err)
{
	security->seccomp = value;
	return value && *value ? 0 : fail(err, EINVAL, "seccomp is unconfined or a file");
}

static int set_apparmor(struct security *security, const char *value, struct error *err)
{
	if (!value || !*value)
		return fail(err, EINVAL, "apparmor is a profile or unconfined");
	security->change->spec->process->apparmor_profile =
		arena_string(security->change->arena, value);
	return 0;
}

static int set_label(struct security *security, const char *value, struct error *err)
{
	struct label *label = &security->label;
	const struct {
		const char *prefix, **place;
	} parts[] = { { "user:", &label->user },
		      { "role:", &label->role },
		      { "type:", &label->type },
		      { "level:", &label->level } };

	if (text_equal(value, "disable"))
		return 0;
	for (size_t i = 0; value && i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *rest = text_after(value, parts[i].prefix);

		if (rest && *rest) {
			*parts[i].place = rest;
			label->wanted = true;
			return 0;
		}
	}
	return fail(err, EINVAL, "label is disable or user:, role:, type:, level: and its value");
}

static int set_mask(struct security *security, const char *value, struct error *err)
{
	struct strings paths = strings_split(value ? value : "", ':', security->change->arena);

	for (size_t i = 0; i < paths.count; i++) {
		if (*paths.items[i] != '/')
			return fail(err, EINVAL, "mask is /PATH[:/PATH]");
		strings_add(&security->change->spec->linux_->masked_paths, paths.items[i],
			    security->change->arena);
	}
	return 0;
}

static void uncover(struct strings *list, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], path) != 0)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

static int set_unmask(struct security *security, const char *value, struct error *err)
{
	struct spec_linux *linux_ = security->change->spec->linux_;
	struct strings paths = strings_split(value ? value : "", ':', security->change->arena);

	if (value && !strcasecmp(value, "all")) {
		linux_->masked_paths.count = linux_->readonly_paths.count = 0;
		return 0;
	}
	for (size_t i = 0; i < paths.count; i++) {
		if (*paths.items[i] != '/')
			return fail(err, EINVAL, "unmask is ALL or /PATH[:/PATH]");
		uncover(&linux_->masked_paths, paths.items[i]);
		uncover(&linux_->readonly_paths, paths.items[i]);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct security *security, const char *value, struct error *err);
} security_rows[] = {
	{ "no-new-privileges", set_no_new_privileges },
	{ "seccomp", set_seccomp },
	{ "apparmor", set_apparmor },
	{ "label", set_label },
	{ "mask", set_mask },
	{ "unmask", set_unmask },
};

/* NAME, NAME=VALUE or NAME:VALUE */
static int set_option(struct security *security, const char *option, struct error *err)
{
	size_t length = strcspn(option, "=:");

	for (size_t i = 0; i < sizeof(security_rows) / sizeof(security_rows[0]); i++)
		if (strlen(security_rows[i].name) == length &&
		    !strncmp(security_rows[i].name, option, length))
			return security_rows[i].set(
				security, option[length] ? option + length + 1 : NULL, err);
	return fail(err, EINVAL, "there is no such option");
}

static void compose_label(const struct security *security)
{
	const struct label *label = &security->label;

	if (label->wanted)
		security->change->spec->process->selinux_label =
			arena_format(security->change->arena, "%s:%s:%s:%s",
				     label->user ? label->user : "system_u",
				     label->role ? label->role : "system_r",
				     label->type ? label->type : "container_t",
				     label->level ? label->level : "s0");
}

static int change_seccomp(const struct security *security, struct error *err)
{
	const struct change *change = security->change;
	struct spec *spec = change->spec;

	if (!security->seccomp) {
		if (change->wanted->privileged)
			spec->linux_->seccomp = NULL;
		return 0;
	}
	spec->linux_->seccomp = NULL;
	if (!strcmp(security->seccomp, "unconfined"))
		return 0;
	return seccomp_read_profile(security->seccomp, &spec->process->capabilities->bounding,
				    change->arena, &spec->linux_->seccomp, err);
}

/* Nothing is masked, every device of the host may be used, nothing is read-only. */
static void give_privileges(const struct change *change)
{
	struct spec_linux *linux_ = change->spec->linux_;

	linux_->masked_paths.count = linux_->readonly_paths.count = 0;
	if (linux_->resources && linux_->resources->devices.count)
		linux_->resources->devices.items[0].allow = true;
	for (size_t i = 0; i < change->spec->mounts.count; i++) {
		struct spec_mount *mount = &change->spec->mounts.items[i];

		if (!strcmp(mount->type, "sysfs") || !strcmp(mount->type, "cgroup"))
			uncover(&mount->options, "ro");
	}
}

int changes_security(const struct change *change, struct error *err)
{
	struct security security = { .change = change };

	if (change->wanted->privileged)
		give_privileges(change);
	for (size_t i = 0; i < change->wanted->security_opts.count; i++) {
		const char *option = change->wanted->security_opts.items[i];

		if (set_option(&security, option, err) < 0)
			return fail_where(err, "--security-opt %s", option);
	}
	compose_label(&security);
	return change_seccomp(&security, err);
}
