/* builder.h -- a plan while it grows: steps in stages, and the data that they point to.
 *
 * Chapters of the planner speak about mounts, devices, hooks in the order of config.json; the
 * interpreters need what they open first. So every step goes to a stage, and the finished plan is
 * the stages in order:
 *
 *     STAGE_HOST        what the launcher does (rows of side HOST)
 *     STAGE_NAMESPACES  joined, made and named
 *     STAGE_TREES       sources cloned while the host's paths are in sight (CLONE_TREE)
 *     STAGE_CONTAINER   everything below the root, up to exec
 *
 * Equal strings are stored once. Offset 0 of the data is "", the empty list and the empty block.
 * Memory is the arena's; nothing here fails before builder_finish. */
#ifndef PLAN_BUILDER_H
#define PLAN_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "runtime/plan.h"
#include "runtime/steps.h"

enum plan_stage { STAGE_HOST, STAGE_NAMESPACES, STAGE_TREES, STAGE_CONTAINER, PLAN_STAGES };

#define TEXT_BUCKETS 1024

struct known_text;

struct step_list {
	struct step *items;
	size_t count, size;
};

struct builder {
	struct arena *arena;
	enum plan_stage stage; /* of INIT steps that do not have a stage by nature */
	struct step_list stages[PLAN_STAGES];
	unsigned char *data;
	size_t used, size;
	struct known_text *texts[TEXT_BUCKETS];
	unsigned slots;
};

/* A step in the making. A list or block goes into `data` at its field's place, else `text` is
 * stored there (NULL is ""). `where` may be NULL. */
struct step_values {
	enum step_kind kind;
	const char *where;
	const char *text[STEP_TEXTS];
	uint32_t data[STEP_TEXTS];
	uint64_t number[STEP_NUMBERS];
};

void builder_start(struct builder *builder, struct arena *arena);

/* Append; the result may be changed until the next one is added. Its slot is STEP_NO_SLOT. */
struct step *builder_add(struct builder *builder, const struct step_values *values);

/* The next free descriptor slot. */
int builder_slot(struct builder *builder);

uint32_t builder_text(struct builder *builder, const char *text);
uint32_t builder_list(struct builder *builder, char *const *items, size_t count);
uint32_t builder_block(struct builder *builder, const void *bytes, size_t length);

/* Put the stages and the data together. Fails only when there are too many slots or bytes. */
int builder_finish(struct builder *builder, struct plan *plan, struct error *err);

#endif
