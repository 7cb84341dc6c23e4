/* update.c -- change the limits of a container.
 *
 * state.json is written first and put back when a limit cannot be set: a record that cannot be
 * written must not leave a container with limits that nobody knows of. */
#include <errno.h>

#include "base/own.h"
#include "place.h"
#include "rdt.h"
#include "runtime/lifecycle.h"
#include "status.h"

struct update {
	struct arena arena;
	struct container container;
	struct facts facts;
	struct cgroup cgroup;
	const struct spec_resources *changes;
	const struct spec_intel_rdt *schemas;
	struct spec_resources *before, *after;
	struct spec_resources wanted; /* what is written: the changes and what depends on them */
	struct cgroup_writes writes;
};

static bool is_set(const void *number)
{
	return number && *(const uint64_t *)number != 0;
}

/* What v2's swap file holds depends on the memory limit. */
static void complete_memory(struct update *update)
{
	const struct spec_memory *change = update->changes->memory, *after = update->after->memory;
	struct spec_memory *memory;

	if (!change || (!is_set(change->limit) && !is_set(change->swap)))
		return;
	memory = arena_alloc(&update->arena, sizeof(*memory));
	*memory = *change;
	memory->limit = after->limit;
	memory->swap = after->swap;
	update->wanted.memory = memory;
}

/* A quota is one of a period, a burst one above a quota. */
static void complete_cpu(struct update *update)
{
	const struct spec_cpu *change = update->changes->cpu, *after = update->after->cpu;
	struct spec_cpu *cpu;

	if (!change || (!is_set(change->quota) && !is_set(change->period) && !change->burst))
		return;
	cpu = arena_alloc(&update->arena, sizeof(*cpu));
	*cpu = *change;
	cpu->quota = after->quota;
	cpu->period = after->period;
	cpu->burst = after->burst;
	update->wanted.cpu = cpu;
}

static int check_running(struct update *update, struct error *err)
{
	enum container_status status;

	TRY(facts_gather(&update->facts, &update->arena, err));
	TRY(container_status_now(&update->container, &update->facts, &status, err));
	if (status == STATUS_STOPPED)
		return fail(err, ESRCH, "container not running");
	return 0;
}

static int compile(struct update *update, struct error *err)
{
	update->before = update->container.state.resources;
	update->after = spec_merge_resources(update->before, update->changes, &update->arena);
	TRY(spec_check_resources(update->after, "", err));
	update->wanted = *update->changes;
	complete_memory(update);
	complete_cpu(update);
	return cgroup_plan(&update->wanted, &update->facts, &update->arena, &update->writes, err);
}

static int find_cgroup(struct update *update, struct error *err)
{
	if (update->writes.count > 0 && !update->container.state.cgroup_path)
		return fail(err, ENOTSUP, "the container has no cgroup");
	return container_open_cgroup(&update->container.state, &update->facts, &update->cgroup,
				     err);
}

static int change_rdt(void *context, struct error *err)
{
	struct update *update = context;

	return rdt_update(&update->container, update->schemas, &update->arena, err);
}

static int set(struct update *update, struct error *err)
{
	const struct cgroup_rest rest = { change_rdt, update };
	const struct cgroup_request request = {
		.resources = &update->wanted,
		.writes = &update->writes,
		.annotations = &update->container.state.annotations,
	};
	int result;

	update->container.state.resources = update->after;
	TRY(state_save(&update->container, err));
	result = cgroup_update(&update->cgroup, &request, &rest, err);
	if (result < 0) {
		update->container.state.resources = update->before;
		state_save(&update->container, NULL);
	}
	return result;
}

static int change(struct update *update, struct error *err)
{
	TRY(check_running(update, err));
	TRY(compile(update, err));
	TRY(find_cgroup(update, err));
	return set(update, err);
}

int container_update(const char *root, const char *id, const struct spec_resources *changes,
		     const struct spec_intel_rdt *schemas, struct error *err)
{
	struct update update = {
		.container = { .dir = -1, .lock = -1 },
		.cgroup = { .unified_fd = -1 },
		.changes = changes,
		.schemas = schemas,
	};
	int result = state_open(root, id, true, &update.arena, &update.container, err);

	if (result == 0) {
		result = change(&update, err);
		if (result < 0)
			fail_where(err, "%s", id);
	}
	cgroup_close(&update.cgroup);
	state_close(&update.container);
	arena_free(&update.arena);
	return result;
}
