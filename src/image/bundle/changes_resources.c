/* changes_resources.c -- --memory, --cpus, --pids-limit and their kin, as linux.resources. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "bundle_private.h"

#define CPU_PERIOD 100000 /* microseconds, docker's and podman's */

static int64_t *number(int64_t value, struct arena *arena)
{
	int64_t *place = arena_alloc(arena, sizeof(*place));

	*place = value;
	return place;
}

static uint64_t *count(int64_t value, struct arena *arena)
{
	uint64_t *place = arena_alloc(arena, sizeof(*place));

	*place = (uint64_t)value;
	return place;
}

/* Without --memory-swap a limit is for memory and as much swap again, as with docker and podman. */
static int change_memory(const struct change *change, struct spec_resources *resources,
			 struct error *err)
{
	const struct bundle_changes *wanted = change->wanted;
	struct spec_memory *memory = arena_alloc(change->arena, sizeof(*memory));
	int64_t swap = 2 * wanted->memory;

	if (!wanted->memory && !wanted->memory_reservation && !wanted->memory_swap)
		return 0;
	if (wanted->memory_swap && !number_parse_size(wanted->memory_swap, &swap))
		return fail(err, EINVAL, "--memory-swap %s: it is bytes, as 64m, or -1",
			    wanted->memory_swap);
	if (wanted->memory_swap && !wanted->memory)
		return fail(err, EINVAL, "--memory-swap needs --memory");
	if (wanted->memory > 0 && swap >= 0 && swap < wanted->memory)
		return fail(err, EINVAL,
			    "--memory-swap is memory and swap together: not below --memory");
	if (wanted->memory) {
		memory->limit = number(wanted->memory, change->arena);
		memory->swap = number(swap, change->arena);
	}
	if (wanted->memory_reservation)
		memory->reservation = number(wanted->memory_reservation, change->arena);
	resources->memory = memory;
	return 0;
}

/* "1.5" CPUs are 150 ms in every 100 ms. */
static int quota_of(const char *cpus, int64_t *quota, struct error *err)
{
	char *end;
	double value = strtod(cpus, &end);

	if (!*cpus || *end || !(value > 0) || value > 8192 || cpus[strspn(cpus, "0123456789.")])
		return fail(err, EINVAL, "--cpus %s: it is a number, as 1.5", cpus);
	*quota = (int64_t)(value * CPU_PERIOD + 0.5);
	return 0;
}

static int change_cpu(const struct change *change, struct spec_resources *resources,
		      struct error *err)
{
	const struct bundle_changes *wanted = change->wanted;
	struct spec_cpu cpu = { .cpus = wanted->cpuset_cpus, .mems = wanted->cpuset_mems };
	int64_t quota = wanted->cpu_quota, period = wanted->cpu_period;

	if (wanted->cpus && (quota || period))
		return fail(err, EINVAL, "--cpus excludes --cpu-quota and --cpu-period");
	if (wanted->cpus) {
		TRY(quota_of(wanted->cpus, &quota, err));
		period = CPU_PERIOD;
	}
	if (period)
		cpu.period = count(period, change->arena);
	if (quota)
		cpu.quota = number(quota, change->arena);
	if (wanted->cpu_shares)
		cpu.shares = count(wanted->cpu_shares, change->arena);
	if (!cpu.period && !cpu.quota && !cpu.shares && !cpu.cpus && !cpu.mems)
		return 0;
	resources->cpu = arena_alloc(change->arena, sizeof(cpu));
	*resources->cpu = cpu;
	return 0;
}

int changes_resources(const struct change *change, struct error *err)
{
	const struct bundle_changes *wanted = change->wanted;
	struct spec_linux *linux_ = change->spec->linux_;
	struct spec_resources *resources = linux_->resources;

	if (!resources)
		resources = arena_alloc(change->arena, sizeof(*resources));
	TRY(change_memory(change, resources, err));
	TRY(change_cpu(change, resources, err));
	if (wanted->pids_limit) {
		resources->pids = arena_alloc(change->arena, sizeof(*resources->pids));
		resources->pids->limit = number(wanted->pids_limit, change->arena);
	}
	if (resources->memory || resources->cpu || resources->pids)
		linux_->resources = resources;
	if (wanted->cgroup_parent)
		linux_->cgroups_path = arena_format(
			change->arena, "%s/%s", wanted->cgroup_parent,
			change->input->hostname ? change->input->hostname : "container");
	return 0;
}
