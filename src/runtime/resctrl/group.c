/* group.c -- a container's resctrl group: placed, made, entered, updated, removed.
 *
 * The rules are the specification's: without a closID the class is the container's own, named like
 * it, and ends with it; with one it is shared, made if it is missing, and never removed by a
 * container's end. A monitoring group is always the container's own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "runtime/resctrl.h"
#include "schemata.h"

#define SCHEMATA_MOST (1 << 20)
#define STATUS_MOST   4096

static bool has_schemata(const struct spec_intel_rdt *rdt)
{
	return rdt->l3_cache_schema || rdt->mem_bw_schema || rdt->schemata.count > 0;
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- place ----------------------------------------------------------------------------------- */

static int fail_missing(const char *class, struct error *err)
{
	fail(err, ENOENT, "there is no class of service \"%s\", and no schemata to make it with",
	     class);
	return fail_where(err, "linux.intelRdt.closID");
}

int resctrl_place(const char *root, const struct spec_intel_rdt *rdt, const char *id,
		  struct arena *arena, struct resctrl_group *group, struct error *err)
{
	const char *class = rdt->clos_id ? rdt->clos_id : id;

	*group = (struct resctrl_group){ .path = arena_string(arena, root) };
	if (!text_equal(class, "/")) /* the root is the default class */
		group->path = arena_format(arena, "%s/%s", root, class);
	if (rdt->clos_id && !has_schemata(rdt) && !is_there(group->path))
		return fail_missing(rdt->clos_id, err);
	group->own = !rdt->clos_id && !is_there(group->path);
	if (rdt->enable_monitoring)
		group->monitor = arena_format(arena, "%s/mon_groups/%s", group->path, id);
	return 0;
}

/* ---- make ------------------------------------------------------------------------------------ */

/* The kernel says in words why it refused the last request. */
static int fail_with_status(const char *root, int number, const char *call, const char *what,
			    struct error *err)
{
	auto_text struct text path = { 0 }, status = { 0 };

	text_format(&path, "%s/info/last_cmd_status", root);
	if (file_read(AT_FDCWD, path.data, STATUS_MOST, &status, NULL) < 0 || status.length == 0)
		return fail_number(err, number, call, "%s", what);
	status.data[strcspn(status.data, "\n")] = '\0';
	return fail_number(err, number, call, "%s (%s)", what, status.data);
}

static int write_line(const char *root, const struct resctrl_group *group, const char *line,
		      struct error *err)
{
	auto_text struct text path = { 0 }, value = { 0 }, what = { 0 };
	int result;

	text_format(&path, "%s/schemata", group->path);
	text_format(&value, "%s\n", line); /* the kernel insists on the end of the line */
	text_format(&what, "cannot write \"%s\" to \"%s\"", line, path.data);
	result = file_write(AT_FDCWD, path.data, value.data, NULL);
	return result < 0 ? fail_with_status(root, result, "write", what.data, err) : 0;
}

static int write_schema(const char *root, const struct resctrl_group *group, const char *line,
			const char *member, struct error *err)
{
	if (!line || write_line(root, group, line, err) == 0)
		return 0;
	return fail_where(err, "linux.intelRdt.%s", member);
}

/* "The runtimes MUST write l3CacheSchema first and memBwSchema last", then `schemata`. */
static int write_schemata(const char *root, const struct spec_intel_rdt *rdt,
			  const struct resctrl_group *group, struct error *err)
{
	TRY(write_schema(root, group, rdt->l3_cache_schema, "l3CacheSchema", err));
	TRY(write_schema(root, group, rdt->mem_bw_schema, "memBwSchema", err));
	for (size_t i = 0; i < rdt->schemata.count; i++)
		if (write_line(root, group, rdt->schemata.items[i], err) < 0)
			return fail_where(err, "linux.intelRdt.schemata[%zu]", i);
	return 0;
}

static int compare(const char *text, const char *line, const char *member, struct error *err)
{
	auto_arena struct arena arena = { 0 };

	if (!line || schemata_have(text, line, &arena))
		return 0;
	fail(err, EINVAL, "the class of service exists and has not \"%s\"", line);
	return fail_where(err, "linux.intelRdt.%s", member);
}

/* A shared class is not changed by whoever comes later. */
static int compare_existing(const struct spec_intel_rdt *rdt, const struct resctrl_group *group,
			    struct error *err)
{
	auto_text struct text path = { 0 }, text = { 0 };

	if (!rdt->l3_cache_schema && !rdt->mem_bw_schema)
		return 0;
	text_format(&path, "%s/schemata", group->path);
	if (file_read(AT_FDCWD, path.data, SCHEMATA_MOST, &text, err) < 0)
		return fail_where(err, "linux.intelRdt.closID");
	TRY(compare(text.data ? text.data : "", rdt->l3_cache_schema, "l3CacheSchema", err));
	return compare(text.data ? text.data : "", rdt->mem_bw_schema, "memBwSchema", err);
}

static int make_directory(const char *root, const char *path, const char *member, struct error *err)
{
	auto_text struct text what = { 0 };

	if (mkdir(path, 0755) == 0)
		return 0;
	text_format(&what, "cannot make the group \"%s\"", path);
	fail_with_status(root, errno, "mkdir", what.data, err);
	return fail_where(err, "linux.intelRdt.%s", member);
}

static int make_class(const char *root, const struct spec_intel_rdt *rdt,
		      struct resctrl_group *group, struct error *err)
{
	if (!is_there(group->path)) {
		TRY(make_directory(root, group->path, "closID", err));
		group->made = true;
	} else if (rdt->clos_id) {
		TRY(compare_existing(rdt, group, err));
	}
	return write_schemata(root, rdt, group, err);
}

int resctrl_make(const char *root, const struct spec_intel_rdt *rdt, struct resctrl_group *group,
		 struct error *err)
{
	int result = make_class(root, rdt, group, err);

	if (result == 0 && group->monitor)
		result = make_directory(root, group->monitor, "enableMonitoring", err);
	if (result < 0) {
		struct resctrl_group made = { .path = group->path, .made = group->made };

		resctrl_remove(&made, true, NULL);
		group->made = false; /* what is there is somebody else's */
		group->monitor = NULL;
	}
	return result;
}

/* ---- enter, update, remove ------------------------------------------------------------------- */

static int enter(const char *directory, pid_t pid, struct error *err)
{
	auto_text struct text path = { 0 };
	char digits[16];

	text_format(&path, "%s/tasks", directory);
	snprintf(digits, sizeof(digits), "%d", pid);
	if (file_write(AT_FDCWD, path.data, digits, err) < 0)
		return fail_where(err, "linux.intelRdt");
	return 0;
}

/* A process must be in the class before it can be in a monitoring group of it. */
int resctrl_enter(const struct resctrl_group *group, pid_t pid, struct error *err)
{
	TRY(enter(group->path, pid, err));
	return group->monitor ? enter(group->monitor, pid, err) : 0;
}

static const char *directory_above(const char *path, struct arena *arena)
{
	const char *slash = strrchr(path, '/');

	return slash ? arena_copy(arena, path, (size_t)(slash - path)) : ".";
}

int resctrl_update(const struct resctrl_group *group, const char *l3_cache_schema,
		   const char *mem_bw_schema, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *above = directory_above(group->path, &arena);

	TRY(write_schema(above, group, l3_cache_schema, "l3CacheSchema", err));
	return write_schema(above, group, mem_bw_schema, "memBwSchema", err);
}

static int remove_directory(const char *path, struct error *err)
{
	if (rmdir(path) < 0 && errno != ENOENT)
		return fail_call(err, "rmdir", "cannot remove the group \"%s\"", path);
	return 0;
}

static bool is_empty(const char *path)
{
	auto_text struct text file = { 0 }, tasks = { 0 };

	text_format(&file, "%s/tasks", path);
	return file_read(AT_FDCWD, file.data, SCHEMATA_MOST, &tasks, NULL) == 0 &&
	       tasks.length == 0;
}

int resctrl_remove(const struct resctrl_group *group, bool undo, struct error *err)
{
	if (group->monitor)
		TRY(remove_directory(group->monitor, err));
	if (group->own || (undo && group->made && is_empty(group->path)))
		return remove_directory(group->path, err);
	return 0;
}
