/* settings.c -- pick the settings of linux.resources, one function a row of the resource table. */
#include <inttypes.h>
#include <string.h>

#include "resources.h"

#define GET_NUMBER(object, member)                                                                 \
	bool get_##object##_##member(const struct planner *planner, size_t index,                  \
				     struct setting *setting)                                      \
	{                                                                                          \
		if (!planner->resources->object || !planner->resources->object->member)            \
			return false;                                                              \
		setting->number = (int64_t)*planner->resources->object->member;                    \
		return true;                                                                       \
	}

#define GET_TEXT(object, member)                                                                   \
	bool get_##object##_##member(const struct planner *planner, size_t index,                  \
				     struct setting *setting)                                      \
	{                                                                                          \
		if (!planner->resources->object || !planner->resources->object->member)            \
			return false;                                                              \
		setting->text = planner->resources->object->member;                                \
		return *setting->text != '\0';                                                     \
	}

GET_NUMBER(memory, limit)
GET_NUMBER(memory, reservation)
GET_NUMBER(memory, kernel)
GET_NUMBER(memory, kernel_tcp)
GET_NUMBER(memory, swappiness)
GET_NUMBER(cpu, shares)
GET_NUMBER(cpu, quota)
GET_NUMBER(cpu, period)
GET_NUMBER(cpu, burst)
GET_NUMBER(cpu, realtime_runtime)
GET_NUMBER(cpu, realtime_period)
GET_NUMBER(cpu, idle)
GET_TEXT(cpu, cpus)
GET_TEXT(cpu, mems)
GET_NUMBER(pids, limit)
GET_NUMBER(block_io, weight)
GET_NUMBER(block_io, leaf_weight)
GET_NUMBER(network, class_id)

/* The limit, when it is to be compared with the use. */
bool get_memory_check(const struct planner *planner, size_t index, struct setting *setting)
{
	const struct spec_memory *memory = planner->resources->memory;

	return memory && memory->check_before_update && *memory->check_before_update &&
	       get_memory_limit(planner, index, setting) && setting->number > 0;
}

/* An unlimited memory makes an unlimited memory+swap of one that is not set, as runc has it. */
bool get_memory_swap(const struct planner *planner, size_t index, struct setting *setting)
{
	const struct spec_memory *memory = planner->resources->memory;

	if (!memory)
		return false;
	if (memory->swap)
		setting->number = *memory->swap;
	if (setting->number == 0 && memory->limit && *memory->limit == -1)
		setting->number = -1;
	return setting->number != 0;
}

/* The default is said by every engine: a host that has no such switch has that default. */
bool get_memory_disable_oom_killer(const struct planner *planner, size_t index,
				   struct setting *setting)
{
	const struct spec_memory *memory = planner->resources->memory;

	if (!memory || !memory->disable_oom_killer)
		return false;
	setting->number = *memory->disable_oom_killer;
	setting->optional = !*memory->disable_oom_killer;
	return true;
}

/* Since Linux 5.11 there is no other way, so only the wish for it can be granted. */
bool get_memory_use_hierarchy(const struct planner *planner, size_t index, struct setting *setting)
{
	const struct spec_memory *memory = planner->resources->memory;

	setting->number = 1;
	setting->optional = true;
	return memory && memory->use_hierarchy && *memory->use_hierarchy;
}

static const char *device_key(const struct planner *planner, int64_t major, int64_t minor)
{
	return arena_format(planner->arena, "%" PRId64 ":%" PRId64, major, minor);
}

size_t count_weight_devices(const struct spec_resources *resources)
{
	return resources->block_io ? resources->block_io->weight_device.count : 0;
}

#define GET_DEVICE_WEIGHT(member)                                                                  \
	bool get_device_##member(const struct planner *planner, size_t index,                      \
				 struct setting *setting)                                          \
	{                                                                                          \
		const struct spec_weight_device *device =                                          \
			&planner->resources->block_io->weight_device.items[index];                 \
                                                                                                   \
		if (!device->member)                                                               \
			return false;                                                              \
		setting->key = device_key(planner, device->major, device->minor);                  \
		setting->number = *device->member;                                                 \
		return true;                                                                       \
	}

GET_DEVICE_WEIGHT(weight)
GET_DEVICE_WEIGHT(leaf_weight)

#define GET_THROTTLE(name)                                                                         \
	size_t count_##name(const struct spec_resources *resources)                                \
	{                                                                                          \
		return resources->block_io ? resources->block_io->throttle_##name##_device.count   \
					   : 0;                                                    \
	}                                                                                          \
	bool get_##name(const struct planner *planner, size_t index, struct setting *setting)      \
	{                                                                                          \
		const struct spec_throttle_device *device =                                        \
			&planner->resources->block_io->throttle_##name##_device.items[index];      \
                                                                                                   \
		setting->key = device_key(planner, device->major, device->minor);                  \
		setting->number = (int64_t)device->rate;                                           \
		return true;                                                                       \
	}

GET_THROTTLE(read_bps)
GET_THROTTLE(write_bps)
GET_THROTTLE(read_iops)
GET_THROTTLE(write_iops)

size_t count_hugepage_limits(const struct spec_resources *resources)
{
	return resources->hugepage_limits.count;
}

bool get_hugepage_limit(const struct planner *planner, size_t index, struct setting *setting)
{
	const struct spec_hugepage_limit *limit = &planner->resources->hugepage_limits.items[index];

	setting->key = limit->page_size;
	setting->number = (int64_t)limit->limit;
	return true;
}

size_t count_network_priorities(const struct spec_resources *resources)
{
	return resources->network ? resources->network->priorities.count : 0;
}

bool get_network_priority(const struct planner *planner, size_t index, struct setting *setting)
{
	const struct spec_interface_priority *interface =
		&planner->resources->network->priorities.items[index];

	setting->key = interface->name;
	setting->number = interface->priority;
	return true;
}

size_t count_rdma(const struct spec_resources *resources)
{
	return resources->rdma.count;
}

bool get_rdma(const struct planner *planner, size_t index, struct setting *setting)
{
	const struct spec_rdma *limits = &planner->resources->rdma.items[index];
	const char *key = planner->resources->rdma.keys[index];
	const char *handles = "", *objects = "";

	if (limits->hca_handles)
		handles = arena_format(planner->arena, " hca_handle=%u", *limits->hca_handles);
	if (limits->hca_objects)
		objects = arena_format(planner->arena, " hca_object=%u", *limits->hca_objects);
	setting->key = key;
	setting->text = arena_format(planner->arena, "%s%s%s", key, handles, objects);
	return *handles || *objects;
}

size_t count_unified(const struct spec_resources *resources)
{
	return resources->unified.count;
}

bool get_unified(const struct planner *planner, size_t index, struct setting *setting)
{
	setting->key = planner->resources->unified.items[index].key;
	setting->text = planner->resources->unified.items[index].value;
	return true;
}
