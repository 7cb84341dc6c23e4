/* plan_golden.c -- whole plans, compared with tests/plan/NAME/expected.txt.
 *
 * A folder is a case: config.json; host.json with what facts and options differ from those of root
 * on a host with cgroup v2 (rows below); a member "exec" in it compiles the config's process as
 * `exec` does, a member "live" its mounts as `mounts add` and `mounts remove` do. The expected text
 * is the printed plan, or "error: WHERE: WHAT". UPDATE=1 writes the expected texts instead. */
/* Before cmocka.h, which calls a macro "fail". */
#include "base/file.h"
#include "base/json.h"
#include "base/own.h"
#include "runtime/plan.h"
#include "runtime/spec_names.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CASES_MOST 512
#define FILE_MOST  (1 << 20)

/* clang-format off */
#define HOST_HIERARCHY_ROWS(ROW, T) \
	ROW(T, string, mountpoint,  "mountpoint",  none, required) \
	ROW(T, string, controllers, "controllers", none, required)
JSON_STRUCT(host_hierarchy, HOST_HIERARCHY_ROWS);
JSON_SHAPE(host_hierarchy, HOST_HIERARCHY_ROWS);

#define HOST_EXEC_ROWS(ROW, T) \
	ROW(T, strings, namespaces,     "namespaces",    none, optional) \
	ROW(T, boolean, user_namespace, "userNamespace", none, optional) \
	ROW(T, string,  rootfs_link,    "rootfsLink",    none, optional)
JSON_STRUCT(host_exec, HOST_EXEC_ROWS);
JSON_SHAPE(host_exec, HOST_EXEC_ROWS);

#define HOST_UNMOUNT_ROWS(ROW, T) \
	ROW(T, string,  destination, "destination", none, required) \
	ROW(T, uint64,  id,          "id",          none, required) \
	ROW(T, boolean, nofollow,    "nofollow",    none, optional)
JSON_STRUCT(host_unmount, HOST_UNMOUNT_ROWS);
JSON_SHAPE(host_unmount, HOST_UNMOUNT_ROWS);

#define HOST_LIVE_ROWS(ROW, T) \
	ROW(T, strings, namespaces,     "namespaces",    none,         optional) \
	ROW(T, boolean, user_namespace, "userNamespace", none,         optional) \
	ROW(T, string,  rootfs_link,    "rootfsLink",    none,         optional) \
	ROW(T, objects, remove,         "remove",        host_unmount, optional)
JSON_STRUCT(host_live, HOST_LIVE_ROWS);
JSON_SHAPE(host_live, HOST_LIVE_ROWS);

#define HOST_ROWS(ROW, T) \
	ROW(T, uint32,  euid,            "euid",           none,           optional) \
	ROW(T, uint32,  egid,            "egid",           none,           optional) \
	ROW(T, boolean, unprivileged,    "unprivileged",   none,           optional) \
	ROW(T, boolean, in_user_ns,      "inUserNs",       none,           optional) \
	ROW(T, strings, lacks,           "lacks",          none,           optional) \
	ROW(T, string,  cgroups,         "cgroups",        none,           optional) \
	ROW(T, objects, hierarchies,     "hierarchies",    host_hierarchy, optional) \
	ROW(T, boolean, selinux,         "selinux",        none,           optional) \
	ROW(T, boolean, apparmor,        "apparmor",       none,           optional) \
	ROW(T, string,  cgroup_path,     "cgroupPath",     none,           optional) \
	ROW(T, uint32,  filter_bytes,    "filterBytes",    none,           optional) \
	ROW(T, boolean, filter_notifies, "filterNotifies", none,           optional) \
	ROW(T, boolean, no_pivot,        "noPivot",        none,           optional) \
	ROW(T, boolean, no_new_keyring,  "noNewKeyring",   none,           optional) \
	ROW(T, boolean, start_by_parent, "startByParent",  none,           optional) \
	ROW(T, uint32,  preserve_fds,    "preserveFds",    none,           optional) \
	ROW(T, uint32,  listen_fds,      "listenFds",      none,           optional) \
	ROW(T, string,  listen_names,    "listenNames",    none,           optional) \
	ROW(T, string,  notify,          "notify",         none,           optional) \
	ROW(T, boolean, json,            "json",           none,           optional) \
	ROW(T, object,  exec,            "exec",           host_exec,      optional) \
	ROW(T, object,  live,            "live",           host_live,      optional)
JSON_STRUCT(host, HOST_ROWS);
JSON_SHAPE(host, HOST_ROWS);
/* clang-format on */

static const struct {
	const char *name;
	enum cgroup_layout layout;
	const char *unified;
} layouts[] = {
	{ "none", CGROUP_NONE, NULL },
	{ "unified", CGROUP_UNIFIED, "/sys/fs/cgroup" },
	{ "legacy", CGROUP_LEGACY, NULL },
	{ "hybrid", CGROUP_HYBRID, "/sys/fs/cgroup/unified" },
};

static void find_layout(const struct host *host, struct facts *facts)
{
	const char *name = host->cgroups ? host->cgroups : "unified";

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (!strcmp(layouts[i].name, name)) {
			facts->cgroup_layout = layouts[i].layout;
			facts->cgroup_unified = layouts[i].unified;
			return;
		}
	fail_msg("cgroups: unknown layout \"%s\"", name);
}

static struct facts facts_of(const struct host *host, struct arena *arena)
{
	struct cgroup_hierarchy *hierarchies =
		arena_array(arena, host->hierarchies.count + 1, sizeof(*hierarchies));
	struct facts facts = {
		.euid = host->euid,
		.egid = host->egid,
		.privileged = !host->unprivileged,
		.in_user_namespace = host->in_user_ns,
		.bounding = (1ull << (CAP_LAST_CAP + 1)) - 1,
		.hierarchies = hierarchies,
		.hierarchy_count = (unsigned)host->hierarchies.count,
		.selinux = host->selinux,
		.apparmor = host->apparmor,
	};

	for (size_t i = 0; i < host->hierarchies.count; i++)
		hierarchies[i] =
			(struct cgroup_hierarchy){ host->hierarchies.items[i].mountpoint,
						   host->hierarchies.items[i].controllers };
	for (size_t i = 0; i < host->lacks.count; i++) {
		uint64_t number;

		assert_true(spec_name_value(spec_capability_names, host->lacks.items[i], &number));
		facts.bounding &= ~(1ull << number);
	}
	find_layout(host, &facts);
	return facts;
}

static struct plan_filter filter_of(const struct host *host, struct arena *arena)
{
	return (struct plan_filter){
		.program = arena_alloc(arena, host->filter_bytes + 1),
		.length = host->filter_bytes,
		.notify = host->filter_notifies,
	};
}

static int compile_create(const struct spec *spec, const struct host *host, struct arena *arena,
			  struct plan *plan, struct error *err)
{
	struct facts facts = facts_of(host, arena);
	struct plan_options options = {
		.id = "ID",
		.bundle = "/bundle",
		.rootfs = "/bundle/rootfs",
		.cgroup_path = host->cgroup_path,
		.filter = filter_of(host, arena),
		.no_pivot = host->no_pivot,
		.no_new_keyring = host->no_new_keyring,
		.start_by_parent = host->start_by_parent,
		.preserve_fds = host->preserve_fds,
		.listen_fds = host->listen_fds,
		.listen_names = host->listen_names,
		.notify_directory = host->notify,
		.state_head = "{\"status\":\"creating\",\"pid\":",
		.state_tail = "}",
		.start_state_head = "{\"status\":\"created\",\"pid\":",
		.start_state_tail = "}",
	};

	return plan_create(spec, &facts, &options, arena, plan, err);
}

static uint64_t namespaces_of(const struct strings *names)
{
	uint64_t all = 0;

	for (size_t i = 0; i < names->count; i++) {
		uint64_t kind;

		assert_true(spec_name_value(spec_namespace_names, names->items[i], &kind));
		all |= kind;
	}
	return all;
}

static int compile_live(const struct spec *spec, const struct host *host, struct arena *arena,
			struct plan *plan, struct error *err)
{
	const struct host_live *live = host->live;
	struct plan_unmounts list = { .count = live->remove.count };
	struct facts facts = facts_of(host, arena);
	const struct plan_live_options options = {
		.bundle = "/bundle",
		.namespaces = namespaces_of(&live->namespaces),
		.user_namespace = live->user_namespace,
		.user_namespace_link = "/proc/42/ns/user",
		.rootfs_link = live->rootfs_link,
	};

	list.items = arena_array(arena, list.count + 1, sizeof(*list.items));
	if (list.count == 0)
		return plan_mounts_add(spec, &facts, &options, arena, plan, err);
	for (size_t i = 0; i < list.count; i++)
		list.items[i] = (struct plan_unmount){
			.destination = live->remove.items[i].destination,
			.where = arena_format(arena, "mounts[%zu].destination", i),
			.id = live->remove.items[i].id,
			.nofollow = live->remove.items[i].nofollow,
		};
	return plan_mounts_remove(&list, &facts, &options, arena, plan, err);
}

static int compile_exec(const struct spec *spec, const struct host *host, struct arena *arena,
			struct plan *plan, struct error *err)
{
	struct facts facts = facts_of(host, arena);
	struct plan_exec_options options = {
		.id = "ID",
		.user_namespace = host->exec->user_namespace,
		.filter = filter_of(host, arena),
		.no_new_keyring = host->no_new_keyring,
		.preserve_fds = host->preserve_fds,
		.rootfs_link = host->exec->rootfs_link,
	};

	options.namespaces = namespaces_of(&host->exec->namespaces);
	return plan_exec(spec->process, &facts, &options, arena, plan, err);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static struct arena names_arena;

static const char *case_file(struct arena *arena, const char *name, const char *file)
{
	const char *top = getenv("top_srcdir");

	return arena_format(arena, "%s/tests/plan/%s%s%s", top ? top : ".", name, *file ? "/" : "",
			    file);
}

static void read_text(const char *path, struct text *text)
{
	struct error err = { 0 };

	text_clear(text);
	text_add(text, "");
	if (file_read(AT_FDCWD, path, FILE_MOST, text, &err) < 0 && err.number != ENOENT)
		fail_msg("%s: %s", path, err.what);
}

static void read_host(const char *path, struct arena *arena, struct host *host)
{
	auto_text struct text text = { 0 };
	struct error err = { 0 };

	*host = (struct host){ 0 };
	read_text(path, &text);
	if (text.length && json_read(&(struct json_source){ text.data, text.length, path },
				     &host_shape, host, arena, NULL, &err) < 0)
		fail_msg("%s: %s: %s", path, err.where, err.what);
}

static void print_result(int result, const struct plan *plan, const struct error *err, bool json,
			 struct text *out)
{
	if (result < 0)
		text_format(out, "error: %s: %s\n", err->where, err->what);
	else
		plan_print(plan, json, out);
}

static void compile_case(const char *name, struct arena *arena, struct text *out)
{
	const char *path = case_file(arena, name, "config.json");
	auto_text struct text config = { 0 };
	struct spec_document document;
	struct error err = { 0 };
	struct host host;
	struct plan plan;
	int result;

	read_host(case_file(arena, name, "host.json"), arena, &host);
	read_text(path, &config);
	if (spec_load_text(config.data, config.length, "config.json", arena, &document, &err) < 0)
		fail_msg("%s: %s: %s", path, err.where, err.what);
	result = host.live   ? compile_live(&document.spec, &host, arena, &plan, &err)
		 : host.exec ? compile_exec(&document.spec, &host, arena, &plan, &err)
			     : compile_create(&document.spec, &host, arena, &plan, &err);
	print_result(result, &plan, &err, host.json, out);
}

static void write_expected(const char *path, const struct text *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct error err = { 0 };

	if (fd < 0 || file_write_all(fd, text->data, text->length, path, &err) < 0)
		fail_msg("cannot write %s", path);
}

/* Line by line, so that the failure names the first one that differs. */
static void compare(const char *path, const char *expected, const char *actual)
{
	unsigned line = 1;

	while (*expected || *actual) {
		size_t want = strcspn(expected, "\n"), have = strcspn(actual, "\n");

		if (want != have || memcmp(expected, actual, want) != 0)
			fail_msg("%s:%u:\n expected %.*s\n compiled %.*s", path, line, (int)want,
				 expected, (int)have, actual);
		expected += want + (expected[want] == '\n');
		actual += have + (actual[have] == '\n');
		line++;
	}
}

static void the_plan_is_as_expected(void **state)
{
	const char *name = *state;
	auto_arena struct arena arena = { 0 };
	const char *path = case_file(&arena, name, "expected.txt");
	auto_text struct text expected = { 0 }, actual = { 0 };

	compile_case(name, &arena, &actual);
	if (getenv("UPDATE")) {
		write_expected(path, &actual);
		return;
	}
	read_text(path, &expected);
	compare(path, expected.data, actual.data);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t find_cases(char **names)
{
	auto_closedir DIR *folder = opendir(case_file(&names_arena, "", ""));
	struct dirent *entry;
	size_t count = 0;

	while (folder && (entry = readdir(folder)) && count < CASES_MOST)
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
			names[count++] = arena_string(&names_arena, entry->d_name);
	qsort(names, count, sizeof(*names), compare_names);
	return count;
}

int main(void)
{
	static struct CMUnitTest tests[CASES_MOST];
	static char *names[CASES_MOST];
	size_t count = find_cases(names);
	int result;

	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ .name = names[i],
						.test_func = the_plan_is_as_expected,
						.initial_state = names[i] };
	result = count ? _cmocka_run_group_tests("plans", tests, count, NULL, NULL) : 1;
	arena_free(&names_arena);
	return result;
}
