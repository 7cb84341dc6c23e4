/* merge.c -- changes of linux.resources on top of what is set (`update`).
 *
 * A member that changes does not have stays as it is. Engines write out all members, 0 and "" for
 * those that are to stay: where runc takes them so, so does this. Lists change by their keys: a
 * device's throttle, a page size's limit. Device rules are left alone, as by runc: they are given
 * once, at create. */
#include <string.h>

#include "runtime/spec.h"

/* clang-format off */
static const struct { const struct json_shape *shape; const char *key; } zero_is_unset[] = {
	{ &spec_memory_shape, "limit" }, { &spec_memory_shape, "reservation" },
	{ &spec_memory_shape, "swap" }, { &spec_memory_shape, "kernel" },
	{ &spec_memory_shape, "kernelTCP" },
	{ &spec_cpu_shape, "shares" }, { &spec_cpu_shape, "quota" }, { &spec_cpu_shape, "period" },
	{ &spec_cpu_shape, "realtimeRuntime" }, { &spec_cpu_shape, "realtimePeriod" },
	{ &spec_block_io_shape, "weight" }, { &spec_block_io_shape, "leafWeight" },
};
/* clang-format on */

static bool may_be_zero(const struct json_shape *shape, const char *key)
{
	for (size_t i = 0; i < sizeof(zero_is_unset) / sizeof(*zero_is_unset); i++)
		if (zero_is_unset[i].shape == shape && text_equal(zero_is_unset[i].key, key))
			return false;
	return true;
}

static bool is_zero(enum json_kind kind, const void *value)
{
	switch (kind) {
	case JSON_string:
		return *(const char *)value == '\0';
	case JSON_opt_int64:
	case JSON_opt_uint64:
		return *(const uint64_t *)value == 0;
	case JSON_opt_int32:
	case JSON_opt_uint32:
		return *(const uint32_t *)value == 0;
	default:
		return false;
	}
}

static bool is_pointer(enum json_kind kind)
{
	return kind == JSON_string || kind == JSON_opt_boolean || kind == JSON_opt_int32 ||
	       kind == JSON_opt_int64 || kind == JSON_opt_uint32 || kind == JSON_opt_uint64;
}

/* The scalar members of an object; lists are merged by their own rules. */
static void merge_members(const struct json_shape *shape, void *object, const void *changes)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct json_field *field = &shape->fields[i];
		void **member = (void **)(void *)((char *)object + field->offset);
		void *change;

		if (!is_pointer(field->kind))
			continue;
		change = *(void *const *)(const void *)((const char *)changes + field->offset);
		if (!change)
			continue;
		if (is_zero(field->kind, change) &&
		    (field->kind == JSON_string || !may_be_zero(shape, field->key)))
			continue;
		*member = change;
	}
}

/* What json.h's `objects` are. */
struct list {
	void *items;
	size_t count;
};

typedef bool same_key(const void *a, const void *b);

static bool same_weight_device(const void *a, const void *b)
{
	const struct spec_weight_device *left = a, *right = b;

	return left->major == right->major && left->minor == right->minor;
}

static bool same_throttle_device(const void *a, const void *b)
{
	const struct spec_throttle_device *left = a, *right = b;

	return left->major == right->major && left->minor == right->minor;
}

static bool same_page_size(const void *a, const void *b)
{
	const struct spec_hugepage_limit *left = a, *right = b;

	return text_equal(left->page_size, right->page_size);
}

static bool same_interface(const void *a, const void *b)
{
	const struct spec_interface_priority *left = a, *right = b;

	return text_equal(left->name, right->name);
}

static void *find(const struct list *list, size_t size, const void *wanted, same_key *same)
{
	for (size_t i = 0; i < list->count; i++)
		if (same((char *)list->items + i * size, wanted))
			return (char *)list->items + i * size;
	return NULL;
}

static struct list merge_list(struct list before, struct list changes,
			      const struct json_shape *shape, same_key *same, struct arena *arena)
{
	struct list merged = { arena_array(arena, before.count + changes.count + 1, shape->size),
			       before.count };

	if (before.count)
		memcpy(merged.items, before.items, before.count * shape->size);
	for (size_t i = 0; i < changes.count; i++) {
		const void *change = (char *)changes.items + i * shape->size;
		void *place = find(&merged, shape->size, change, same);

		if (!place)
			place = (char *)merged.items + merged.count++ * shape->size;
		memcpy(place, change, shape->size);
	}
	return merged;
}

#define MERGE_LIST(into, from, member, shape, same)                                                \
	do {                                                                                       \
		struct list merged_list =                                                          \
			merge_list((struct list){ (into)->member.items, (into)->member.count },    \
				   (struct list){ (from)->member.items, (from)->member.count },    \
				   &shape, same, arena);                                           \
		(into)->member.items = merged_list.items;                                          \
		(into)->member.count = merged_list.count;                                          \
	} while (0)

/* A copy of the object `before` (or nothing) with the scalars of `changes`; NULL: neither is
 * there. */
static void *merge_object(const struct json_shape *shape, const void *before, const void *changes,
			  struct arena *arena)
{
	void *merged;

	if (!before && !changes)
		return NULL;
	merged = arena_alloc(arena, shape->size);
	if (before)
		memcpy(merged, before, shape->size);
	if (changes)
		merge_members(shape, merged, changes);
	return merged;
}

/* Unlimited memory lifts the limit of memory and swap too, which cannot be lower. */
static void lift_swap(struct spec_memory *memory, const struct spec_memory *changes)
{
	if (changes && changes->limit && *changes->limit == -1 &&
	    (!changes->swap || *changes->swap == 0) && memory->swap && *memory->swap > 0)
		memory->swap = changes->limit;
}

static void merge_block_io(struct spec_block_io *into, const struct spec_block_io *from,
			   struct arena *arena)
{
	MERGE_LIST(into, from, weight_device, spec_weight_device_shape, same_weight_device);
	MERGE_LIST(into, from, throttle_read_bps_device, spec_throttle_device_shape,
		   same_throttle_device);
	MERGE_LIST(into, from, throttle_write_bps_device, spec_throttle_device_shape,
		   same_throttle_device);
	MERGE_LIST(into, from, throttle_read_iops_device, spec_throttle_device_shape,
		   same_throttle_device);
	MERGE_LIST(into, from, throttle_write_iops_device, spec_throttle_device_shape,
		   same_throttle_device);
}

static void merge_rdma(struct spec_resources *into, const struct spec_resources *from,
		       struct arena *arena)
{
	size_t most = into->rdma.count + from->rdma.count + 1, count = into->rdma.count;
	char **keys = arena_array(arena, most, sizeof(*keys));
	struct spec_rdma *items = arena_array(arena, most, sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		keys[i] = into->rdma.keys[i];
		items[i] = into->rdma.items[i];
	}
	for (size_t i = 0; i < from->rdma.count; i++) {
		size_t at = 0;

		while (at < count && !text_equal(keys[at], from->rdma.keys[i]))
			at++;
		if (at == count)
			items[count++] = (struct spec_rdma){ 0 };
		keys[at] = from->rdma.keys[i];
		merge_members(&spec_rdma_shape, &items[at], &from->rdma.items[i]);
	}
	into->rdma.keys = keys;
	into->rdma.items = items;
	into->rdma.count = count;
}

static void set_all(struct string_map *into, const struct string_map *from, struct arena *arena)
{
	for (size_t i = 0; i < from->count; i++)
		string_map_set(into, from->items[i].key, from->items[i].value, arena);
}

static void merge_unified(struct spec_resources *into, const struct spec_resources *from,
			  struct arena *arena)
{
	struct string_map merged = { 0 };

	set_all(&merged, &into->unified, arena);
	set_all(&merged, &from->unified, arena);
	into->unified = merged;
}

struct spec_resources *spec_merge_resources(const struct spec_resources *before,
					    const struct spec_resources *changes,
					    struct arena *arena)
{
	static const struct spec_resources nothing;
	struct spec_resources *merged = arena_alloc(arena, sizeof(*merged));

	*merged = before ? *before : nothing;
	merged->memory = merge_object(&spec_memory_shape, merged->memory, changes->memory, arena);
	merged->cpu = merge_object(&spec_cpu_shape, merged->cpu, changes->cpu, arena);
	merged->pids = merge_object(&spec_pids_shape, merged->pids, changes->pids, arena);
	merged->block_io =
		merge_object(&spec_block_io_shape, merged->block_io, changes->block_io, arena);
	merged->network =
		merge_object(&spec_network_shape, merged->network, changes->network, arena);
	if (merged->memory)
		lift_swap(merged->memory, changes->memory);
	if (changes->block_io)
		merge_block_io(merged->block_io, changes->block_io, arena);
	if (changes->network)
		MERGE_LIST(merged->network, changes->network, priorities,
			   spec_interface_priority_shape, same_interface);
	MERGE_LIST(merged, changes, hugepage_limits, spec_hugepage_limit_shape, same_page_size);
	merge_rdma(merged, changes, arena);
	merge_unified(merged, changes, arena);
	return merged;
}
