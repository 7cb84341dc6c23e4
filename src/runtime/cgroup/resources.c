/* resources.c -- the resource table: which file of cgroup v1 and v2 each setting of linux.resources
 * goes to, and in which words. To add a limit, add a row here and its getter in settings.c.
 *
 * The rows stand in the order of the writes: memory before memory+swap, quota before burst, weight
 * before idle. (An update may need the other order; write.c finds that out.) On a hybrid host a
 * setting goes to v1 where its v1 controller is mounted, else to v2. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "controllers.h"
#include "resources.h"

enum target_flag {
	OPTIONAL = 1, /* a missing file is no error */
	CHECK = 2,    /* compare, do not write */
	QUIET = 4,    /* this version has nothing to set, and needs no word about it */
};

struct target {
	const char *file; /* '*' stands for the setting's key; NULL: there is no such setting */
	setting_convert *convert;
	const char *reset; /* '*' too */
	unsigned flags;
};

struct resource_row {
	const char *field; /* below linux.resources; [] is an index, {} a key */
	setting_count *count;
	setting_get *get;
	const char *controller; /* of v1; v2's is the file's first word */
	struct target v1, v2;
	struct target v1_else, v2_else; /* where the first file is missing */
};

/* clang-format off */
static const struct resource_row rows[] = {
	{ "memory.checkBeforeUpdate", NULL, get_memory_check, "memory",
	  .v1 = { NULL, .flags = QUIET }, /* the kernel itself refuses */
	  .v2 = { "memory.current", as_number, .flags = CHECK } },
	{ "memory.limit", NULL, get_memory_limit, "memory",
	  .v1 = { "memory.limit_in_bytes", as_bytes },
	  .v2 = { "memory.max", as_bytes_or_max } },
	{ "memory.swap", NULL, get_memory_swap, "memory",
	  .v1 = { "memory.memsw.limit_in_bytes", as_memory_and_swap },
	  .v2 = { "memory.swap.max", as_swap_alone } },
	{ "memory.reservation", NULL, get_memory_reservation, "memory",
	  .v1 = { "memory.soft_limit_in_bytes", as_bytes },
	  .v2 = { "memory.low", as_bytes_or_max } },
	{ "memory.kernel", NULL, get_memory_kernel, "memory" },
	{ "memory.kernelTCP", NULL, get_memory_kernel_tcp, "memory" },
	{ "memory.swappiness", NULL, get_memory_swappiness, "memory",
	  .v1 = { "memory.swappiness", as_unsigned } },
	{ "memory.disableOOMKiller", NULL, get_memory_disable_oom_killer, "memory",
	  .v1 = { "memory.oom_control", as_number } },
	{ "memory.useHierarchy", NULL, get_memory_use_hierarchy, "memory",
	  .v1 = { "memory.use_hierarchy", as_number } },

	{ "cpu.shares", NULL, get_cpu_shares, "cpu",
	  .v1 = { "cpu.shares", as_set_number },
	  .v2 = { "cpu.weight", as_weight_of_shares } },
	{ "cpu.period", NULL, get_cpu_period, "cpu",
	  .v1 = { "cpu.cfs_period_us", as_set_number },
	  .v2 = { "cpu.max", as_cpu_max_period } },
	{ "cpu.quota", NULL, get_cpu_quota, "cpu",
	  .v1 = { "cpu.cfs_quota_us", as_set_number },
	  .v2 = { "cpu.max", as_cpu_max } },
	{ "cpu.burst", NULL, get_cpu_burst, "cpu",
	  .v1 = { "cpu.cfs_burst_us", as_switch },
	  .v2 = { "cpu.max.burst", as_switch } },
	{ "cpu.realtimePeriod", NULL, get_cpu_realtime_period, "cpu",
	  .v1 = { "cpu.rt_period_us", as_set_number } },
	{ "cpu.realtimeRuntime", NULL, get_cpu_realtime_runtime, "cpu",
	  .v1 = { "cpu.rt_runtime_us", as_set_number } },
	{ "cpu.idle", NULL, get_cpu_idle, "cpu",
	  .v1 = { "cpu.idle", as_switch },
	  .v2 = { "cpu.idle", as_switch } },
	{ "cpu.cpus", NULL, get_cpu_cpus, "cpuset",
	  .v1 = { "cpuset.cpus", as_text },
	  .v2 = { "cpuset.cpus", as_text } },
	{ "cpu.mems", NULL, get_cpu_mems, "cpuset",
	  .v1 = { "cpuset.mems", as_text },
	  .v2 = { "cpuset.mems", as_text } },

	{ "pids.limit", NULL, get_pids_limit, "pids",
	  .v1 = { "pids.max", as_pids },
	  .v2 = { "pids.max", as_pids } },

	{ "blockIO.weight", NULL, get_block_io_weight, "blkio",
	  .v1 = { "blkio.weight", as_set_number }, .v1_else = { "blkio.bfq.weight", as_set_number },
	  .v2 = { "io.bfq.weight", as_set_number }, .v2_else = { "io.weight", as_io_weight } },
	{ "blockIO.leafWeight", NULL, get_block_io_leaf_weight, "blkio",
	  .v1 = { "blkio.leaf_weight", as_set_number } },
	{ "blockIO.weightDevice[].weight", count_weight_devices, get_device_weight, "blkio",
	  .v1 = { "blkio.weight_device", as_keyed, "* 0" },
	  .v1_else = { "blkio.bfq.weight_device", as_keyed, "* 0" },
	  .v2 = { "io.bfq.weight", as_keyed, "* 0" },
	  .v2_else = { "io.weight", as_keyed_io_weight, "* default" } },
	{ "blockIO.weightDevice[].leafWeight", count_weight_devices, get_device_leaf_weight, "blkio",
	  .v1 = { "blkio.leaf_weight_device", as_keyed, "* 0" } },
	{ "blockIO.throttleReadBpsDevice[].rate", count_read_bps, get_read_bps, "blkio",
	  .v1 = { "blkio.throttle.read_bps_device", as_keyed, "* 0" },
	  .v2 = { "io.max", as_rbps, "* rbps=max" } },
	{ "blockIO.throttleWriteBpsDevice[].rate", count_write_bps, get_write_bps, "blkio",
	  .v1 = { "blkio.throttle.write_bps_device", as_keyed, "* 0" },
	  .v2 = { "io.max", as_wbps, "* wbps=max" } },
	{ "blockIO.throttleReadIOPSDevice[].rate", count_read_iops, get_read_iops, "blkio",
	  .v1 = { "blkio.throttle.read_iops_device", as_keyed, "* 0" },
	  .v2 = { "io.max", as_riops, "* riops=max" } },
	{ "blockIO.throttleWriteIOPSDevice[].rate", count_write_iops, get_write_iops, "blkio",
	  .v1 = { "blkio.throttle.write_iops_device", as_keyed, "* 0" },
	  .v2 = { "io.max", as_wiops, "* wiops=max" } },

	{ "hugepageLimits[].limit", count_hugepage_limits, get_hugepage_limit, "hugetlb",
	  .v1 = { "hugetlb.*.limit_in_bytes", as_unsigned },
	  .v2 = { "hugetlb.*.max", as_unsigned } },
	{ "hugepageLimits[].limit", count_hugepage_limits, get_hugepage_limit, "hugetlb",
	  .v1 = { "hugetlb.*.rsvd.limit_in_bytes", as_unsigned, .flags = OPTIONAL },
	  .v2 = { "hugetlb.*.rsvd.max", as_unsigned, .flags = OPTIONAL } },

	{ "network.classID", NULL, get_network_class_id, "net_cls",
	  .v1 = { "net_cls.classid", as_unsigned } },
	{ "network.priorities[].priority", count_network_priorities, get_network_priority, "net_prio",
	  .v1 = { "net_prio.ifpriomap", as_keyed, "* 0" } },

	{ "rdma{}", count_rdma, get_rdma, "rdma",
	  .v1 = { "rdma.max", as_text, "* hca_handle=max hca_object=max" },
	  .v2 = { "rdma.max", as_text, "* hca_handle=max hca_object=max" } },

	{ "unified{}", count_unified, get_unified, NULL, /* last: what it says, holds */
	  .v2 = { "*", as_text } },
};
/* clang-format on */

/* `pattern` with `mark` replaced by `words`. */
static const char *replaced(const struct planner *planner, const char *pattern, const char *mark,
			    const char *words)
{
	const char *found = strstr(pattern, mark);

	if (!found)
		return pattern;
	return arena_format(planner->arena, "%.*s%s%s", (int)(found - pattern), pattern, words,
			    found + strlen(mark));
}

static const char *place(const struct planner *planner, const struct resource_row *row,
			 size_t index, const struct setting *setting)
{
	const char *field = arena_format(planner->arena, "linux.resources.%s", row->field);

	if (strstr(field, "[]"))
		return replaced(planner, field, "[]", arena_format(planner->arena, "[%zu]", index));
	if (strstr(field, "{}"))
		return replaced(planner, field, "{}",
				arena_format(planner->arena, "[\"%s\"]", setting->key));
	return field;
}

/* A key becomes part of a file name or of a line: no slash, blank or control character. */
static bool is_plain(const char *key)
{
	for (const char *c = key; *c; c++)
		if (*c == '/' || isspace((unsigned char)*c) || iscntrl((unsigned char)*c))
			return false;
	return *key != '\0' && *key != '.' && strlen(key) < 128;
}

/* "2MB", "64KB", "1GB" */
static bool is_page_size(const char *key)
{
	size_t digits = strspn(key, "0123456789");

	return digits > 0 && *key != '0' && strchr("KMG", key[digits]) && key[digits] &&
	       text_equal(key + digits + 1, "B");
}

static int check_key(const struct planner *planner, const struct resource_row *row,
		     const struct setting *setting)
{
	bool is_unified = row->get == get_unified;

	if (!setting->key)
		return 0;
	if (row->get == get_hugepage_limit && !is_page_size(setting->key))
		return fail(planner->err, EINVAL, "\"%s\" is no page size (they look like \"2MB\")",
			    setting->key);
	if (!is_plain(setting->key))
		return fail(planner->err, EINVAL, "\"%s\" %s", setting->key,
			    is_unified ? "must be a file name (no slashes)" : "is no name");
	if (is_unified && !strchr(setting->key, '.'))
		return fail(planner->err, EINVAL, "\"%s\" must be in the form CONTROLLER.PARAMETER",
			    setting->key);
	return 0;
}

static void add_write(struct planner *planner, struct cgroup_write write)
{
	struct cgroup_writes *writes = planner->writes;

	if (writes->count == planner->room) {
		size_t room = planner->room ? 2 * planner->room : 16;
		struct cgroup_write *items =
			arena_array(planner->arena, room, sizeof(*writes->items));

		if (writes->count)
			memcpy(items, writes->items, writes->count * sizeof(*items));
		writes->items = items;
		planner->room = room;
	}
	writes->items[writes->count++] = write;
}

/* Files with a line a key take one line a write. */
static void add_lines(struct planner *planner, struct cgroup_write write)
{
	struct strings lines = strings_split(write.value, '\n', planner->arena);

	for (size_t i = 0; i < lines.count; i++) {
		if (i > 0 && *lines.items[i] == '\0')
			continue;
		write.value = lines.items[i];
		add_write(planner, write);
	}
}

static int plan_target(struct planner *planner, const struct target *target,
		       struct setting *setting, struct cgroup_write write)
{
	const char *key = setting->key ? setting->key : "";

	if (!target->file)
		return 0;
	TRY(target->convert(planner, setting, &write.value));
	if (!write.value)
		return 0;
	write.file = replaced(planner, target->file, "*", key);
	write.reset = target->reset ? replaced(planner, target->reset, "*", key) : NULL;
	write.optional = setting->optional || (target->flags & OPTIONAL);
	write.check = target->flags & CHECK;
	add_lines(planner, write);
	return 0;
}

static int plan_setting(struct planner *planner, const struct resource_row *row,
			struct setting *setting, const char *where)
{
	const struct facts *facts = planner->facts;
	bool v1 = row->controller && (controllers_mounted(facts, row->controller) ||
				      facts->cgroup_layout == CGROUP_LEGACY);
	const struct target *target = v1 ? &row->v1 : &row->v2;
	const struct target *otherwise = v1 ? &row->v1_else : &row->v2_else;
	struct cgroup_write write = { .controller = v1 ? row->controller : "", .where = where };

	TRY(check_key(planner, row, setting));
	if (!v1 && !facts->cgroup_unified)
		return fail(planner->err, ENOTSUP, "cgroup v2 is not there");
	if (!target->file) {
		if (!(target->flags & QUIET) && !setting->optional)
			log_warning("%s: cgroup %s has no such setting, it is ignored", where,
				    v1 ? "v1" : "v2");
		return 0;
	}
	write.or_next = otherwise->file != NULL;
	TRY(plan_target(planner, target, setting, write));
	write.or_next = false;
	return plan_target(planner, otherwise, setting, write);
}

static int plan_row(struct planner *planner, const struct resource_row *row)
{
	size_t count = row->count ? row->count(planner->resources) : 1;

	for (size_t i = 0; i < count; i++) {
		struct setting setting = { 0 };
		const char *where;

		if (!row->get(planner, i, &setting))
			continue;
		where = place(planner, row, i, &setting);
		if (plan_setting(planner, row, &setting, where) < 0)
			return fail_where(planner->err, "%s", where);
	}
	return 0;
}

int cgroup_plan(const struct spec_resources *resources, const struct facts *facts,
		struct arena *arena, struct cgroup_writes *writes, struct error *err)
{
	struct error own_error = { 0 };
	const struct facts none = { .cgroup_layout = CGROUP_UNIFIED, .cgroup_unified = "" };
	struct planner planner = {
		.resources = resources,
		.facts = facts->cgroup_layout == CGROUP_NONE ? &none : facts,
		.arena = arena,
		.writes = writes,
		.err = err ? err : &own_error,
	};

	*writes = (struct cgroup_writes){ 0 };
	if (!resources)
		return 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		TRY(plan_row(&planner, &rows[i]));
	return 0;
}
