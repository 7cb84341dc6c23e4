/* builder.c -- a plan while it grows: stages of steps, interned texts, lists and blocks. */
#include "builder.h"

#include <errno.h>
#include <string.h>

/* The launcher copies the plan into memory that the container is charged for. */
#define PLAN_BYTES_MOST (64u * 1024 * 1024)

#define LIST_ALIGNMENT  4
#define BLOCK_ALIGNMENT 8

struct known_text {
	struct known_text *next;
	uint32_t hash;
	uint32_t offset;
};

static const enum plan_stage side_stages[] = {
	[SIDE_HOST] = STAGE_HOST, [SIDE_INIT] = PLAN_STAGES, /* the present one */
};

void builder_start(struct builder *builder, struct arena *arena)
{
	*builder = (struct builder){ .arena = arena, .stage = STAGE_NAMESPACES };
	builder->size = 4096;
	builder->data = arena_alloc(arena, builder->size);
	builder->used = sizeof(struct plan_block); /* zeroes: "", the empty list and block */
}

/* Room for `length` more bytes at an offset of that alignment; returns the offset. */
static uint32_t reserve(struct builder *builder, size_t length, size_t alignment)
{
	size_t offset = (builder->used + alignment - 1) & ~(alignment - 1);
	size_t needed = offset + length;

	if (needed > builder->size) {
		size_t size = builder->size * 2 > needed ? builder->size * 2 : needed;
		unsigned char *data = arena_alloc(builder->arena, size);

		memcpy(data, builder->data, builder->used);
		builder->data = data;
		builder->size = size;
	}
	builder->used = needed;
	return (uint32_t)offset;
}

static uint32_t text_hash(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

uint32_t builder_text(struct builder *builder, const char *text)
{
	struct known_text *known, **bucket;
	uint32_t hash;

	if (!text || !*text)
		return 0;
	hash = text_hash(text);
	bucket = &builder->texts[hash % TEXT_BUCKETS];
	for (known = *bucket; known; known = known->next)
		if (known->hash == hash && !strcmp((char *)builder->data + known->offset, text))
			return known->offset;

	known = arena_alloc(builder->arena, sizeof(*known));
	known->hash = hash;
	known->offset = reserve(builder, strlen(text) + 1, 1);
	memcpy(builder->data + known->offset, text, strlen(text) + 1);
	known->next = *bucket;
	*bucket = known;
	return known->offset;
}

uint32_t builder_list(struct builder *builder, char *const *items, size_t count)
{
	uint32_t offset;

	if (count == 0)
		return 0;
	offset = reserve(builder, sizeof(struct plan_list) + count * sizeof(uint32_t),
			 LIST_ALIGNMENT);
	((struct plan_list *)(builder->data + offset))->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		uint32_t item = builder_text(builder, items[i]); /* may move the data */

		((struct plan_list *)(builder->data + offset))->item[i] = item;
	}
	return offset;
}

uint32_t builder_block(struct builder *builder, const void *bytes, size_t length)
{
	struct plan_block *block;
	uint32_t offset;

	if (length == 0)
		return 0;
	offset = reserve(builder, sizeof(*block) + length, BLOCK_ALIGNMENT);
	block = (struct plan_block *)(builder->data + offset);
	block->length = (uint32_t)length;
	memcpy(block->bytes, bytes, length);
	return offset;
}

int builder_slot(struct builder *builder)
{
	return (int)builder->slots++;
}

static enum plan_stage stage_of(const struct builder *builder, enum step_kind kind)
{
	enum plan_stage stage = side_stages[plan_step_row(kind)->side];

	if (kind == STEP_CLONE_TREE)
		return STAGE_TREES;
	return stage == PLAN_STAGES ? builder->stage : stage;
}

static struct step *append(struct step_list *list, struct arena *arena)
{
	if (list->count == list->size) {
		size_t size = list->size ? list->size * 2 : 32;
		struct step *items = arena_array(arena, size, sizeof(*items));

		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->size = size;
	}
	return &list->items[list->count++];
}

struct step *builder_add(struct builder *builder, const struct step_values *values)
{
	struct step_list *list = &builder->stages[stage_of(builder, values->kind)];
	struct step *step = append(list, builder->arena);

	step->kind = (uint16_t)values->kind;
	step->slot = STEP_NO_SLOT;
	step->where = builder_text(builder, values->where);
	for (int i = 0; i < STEP_TEXTS; i++)
		step->text[i] =
			values->data[i] ? values->data[i] : builder_text(builder, values->text[i]);
	memcpy(step->number, values->number, sizeof(step->number));
	return step;
}

static uint32_t count_steps(const struct builder *builder)
{
	size_t count = 0;

	for (int stage = 0; stage < PLAN_STAGES; stage++)
		count += builder->stages[stage].count;
	return (uint32_t)count;
}

int builder_finish(struct builder *builder, struct plan *plan, struct error *err)
{
	struct plan_header header = { .magic = PLAN_MAGIC, .version = PLAN_VERSION };
	unsigned char *block;

	header.step_count = count_steps(builder);
	header.steps = sizeof(header);
	header.data = header.steps + header.step_count * (uint32_t)sizeof(struct step);
	header.slot_count = builder->slots;
	if (builder->slots > PLAN_SLOTS_MOST) {
		fail(err, E2BIG, "too many mounts: %u descriptors are needed, %d are possible",
		     builder->slots, PLAN_SLOTS_MOST);
		return fail_where(err, "mounts");
	}
	if (builder->used > PLAN_BYTES_MOST || header.data > PLAN_BYTES_MOST)
		return fail(err, E2BIG, "the container's plan is too large");
	header.size = header.data + (uint32_t)builder->used;

	block = arena_alloc(builder->arena, header.size);
	memcpy(block, &header, sizeof(header));
	plan->header = (const struct plan_header *)block;
	plan->steps = (const struct step *)(block + header.steps);
	plan->data = (const char *)block + header.data;
	block += header.steps;
	for (int stage = 0; stage < PLAN_STAGES; stage++) {
		size_t bytes = builder->stages[stage].count * sizeof(struct step);

		if (bytes)
			memcpy(block, builder->stages[stage].items, bytes);
		block += bytes;
	}
	memcpy(block, builder->data, builder->used);
	return 0;
}
