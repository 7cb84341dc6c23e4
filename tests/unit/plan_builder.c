/* plan_builder.c -- the block that is handed to the init image, and the paths and names in it. */
/* Before cmocka.h, which calls a macro "fail". */
#include "builder.h"
#include "chapters.h"
#include "runtime/plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct step *add(struct builder *builder, enum step_kind kind, const char *text)
{
	return builder_add(builder, &(struct step_values){ .kind = kind, .text = { text } });
}

static void offset_0_is_the_empty_text_list_and_block(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct builder builder;
	struct plan plan;

	builder_start(&builder, &arena);
	assert_int_equal(builder_text(&builder, ""), 0);
	assert_int_equal(builder_text(&builder, NULL), 0);
	assert_int_equal(builder_list(&builder, NULL, 0), 0);
	assert_int_equal(builder_block(&builder, "", 0), 0);
	assert_int_equal(builder_finish(&builder, &plan, NULL), 0);
	assert_string_equal(plan_text(&plan, 0), "");
	assert_int_equal(((const struct plan_list *)plan.data)->count, 0);
	assert_int_equal(((const struct plan_block *)plan.data)->length, 0);
}

static void equal_texts_are_stored_once(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct builder builder;
	uint32_t first;

	builder_start(&builder, &arena);
	first = builder_text(&builder, "/proc");
	assert_int_not_equal(first, builder_text(&builder, "/sys"));
	assert_int_equal(first, builder_text(&builder, "/proc"));
}

static void lists_and_blocks_are_aligned_as_documented(void **state)
{
	auto_arena struct arena arena = { 0 };
	char a[] = "a", empty[] = "";
	char *items[] = { a, empty, a };
	struct builder builder;
	uint32_t list, block;
	struct plan plan;
	const struct plan_list *in_list;
	const struct plan_block *in_block;

	builder_start(&builder, &arena);
	builder_text(&builder, "xx");
	list = builder_list(&builder, items, 3);
	builder_text(&builder, "y");
	block = builder_block(&builder, "12345678", 8);
	assert_int_equal(list % 4, 0);
	assert_int_equal(block % 8, 0);
	assert_int_equal(builder_finish(&builder, &plan, NULL), 0);
	in_list = (const struct plan_list *)(plan.data + list);
	assert_int_equal(in_list->count, 3);
	assert_int_equal(in_list->item[0], in_list->item[2]);
	assert_string_equal(plan_text(&plan, in_list->item[0]), "a");
	assert_int_equal(in_list->item[1], 0);
	in_block = (const struct plan_block *)(plan.data + block);
	assert_int_equal((uintptr_t)in_block->bytes % 8, 0);
	assert_int_equal(in_block->length, 8);
	assert_memory_equal(in_block->bytes, "12345678", 8);
}

static void the_data_survives_growing(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct builder builder;
	uint32_t offsets[2000];
	struct plan plan;

	builder_start(&builder, &arena);
	for (int i = 0; i < 2000; i++)
		offsets[i] = builder_text(&builder, arena_format(&arena, "text number %d", i));
	assert_int_equal(builder_finish(&builder, &plan, NULL), 0);
	for (int i = 0; i < 2000; i++)
		assert_string_equal(plan_text(&plan, offsets[i]),
				    arena_format(&arena, "text number %d", i));
}

static void steps_are_ordered_by_stage_and_then_as_added(void **state)
{
	auto_arena struct arena arena = { 0 };
	static const enum step_kind expected[] = {
		STEP_CLONE,      STEP_OPEN_TREE, STEP_SESSION, STEP_CLONE_TREE,
		STEP_CLONE_TREE, STEP_MOUNT,     STEP_ATTACH,
	};
	struct builder builder;
	struct plan plan;

	builder_start(&builder, &arena);
	add(&builder, STEP_CLONE, NULL);
	add(&builder, STEP_SESSION, NULL);
	builder.stage = STAGE_CONTAINER;
	add(&builder, STEP_MOUNT, "/proc");
	add(&builder, STEP_CLONE_TREE, "/a");
	add(&builder, STEP_OPEN_TREE, "/b");
	add(&builder, STEP_CLONE_TREE, "/c");
	add(&builder, STEP_ATTACH, "/d");
	assert_int_equal(builder_finish(&builder, &plan, NULL), 0);
	assert_int_equal(plan.header->step_count, 7);
	for (int i = 0; i < 7; i++)
		assert_int_equal(plan.steps[i].kind, expected[i]);
	assert_string_equal(plan_text(&plan, plan.steps[4].text[0]), "/c");
}

static void the_header_describes_the_block(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct builder builder;
	struct plan plan;
	struct step *step;

	builder_start(&builder, &arena);
	step = add(&builder, STEP_ATTACH, "/x");
	assert_int_equal(step->slot, STEP_NO_SLOT);
	step->slot = builder_slot(&builder);
	assert_int_equal(builder_slot(&builder), 1);
	assert_int_equal(builder_finish(&builder, &plan, NULL), 0);
	assert_int_equal(plan.header->magic, PLAN_MAGIC);
	assert_int_equal(plan.header->version, PLAN_VERSION);
	assert_int_equal(plan.header->slot_count, 2);
	assert_int_equal(plan.header->data % 8, 0);
	assert_ptr_equal((const char *)plan.header + plan.header->steps, plan.steps);
	assert_ptr_equal((const char *)plan.header + plan.header->data, plan.data);
	assert_true(plan.header->size > plan.header->data);
}

static void too_many_slots_are_an_error(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct builder builder;
	struct error err = { 0 };
	struct plan plan;

	builder_start(&builder, &arena);
	for (int i = 0; i <= PLAN_SLOTS_MOST; i++)
		builder_slot(&builder);
	assert_int_equal(builder_finish(&builder, &plan, &err), -E2BIG);
}

static void paths_are_cleaned_by_their_letters(void **state)
{
	static const char *const cases[][2] = {
		{ "/", "/" },
		{ "", "/" },
		{ "//a///b/", "/a/b" },
		{ "a/b", "/a/b" },
		{ "/./a/.", "/a" },
		{ "/a/../b", "/b" },
		{ "/../../etc", "/etc" },
		{ "/a/b/../..", "/" },
		{ "../x", "/x" },
		{ "/a..b/..c", "/a..b/..c" },
	};
	auto_arena struct arena arena = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(path_clean(&arena, cases[i][0]), cases[i][1]);
}

static void below_means_strictly_below(void **state)
{
	assert_true(path_below("/proc/sys", "/proc"));
	assert_false(path_below("/proc", "/proc"));
	assert_false(path_below("/process", "/proc"));
	assert_true(path_below("/proc", "/"));
	assert_false(path_below("/", "/"));
}

static void every_step_has_a_row_and_nothing_else_has(void **state)
{
	assert_null(plan_step_row(STEP_NONE));
	assert_null(plan_step_row(STEP_KINDS));
	assert_null(plan_step_row(65535));
	for (unsigned kind = STEP_NONE + 1; kind < STEP_KINDS; kind++) {
		const struct step_row *row = plan_step_row(kind);

		assert_non_null(row);
		assert_non_null(row->name);
		for (unsigned other = STEP_NONE + 1; other < kind; other++)
			assert_string_not_equal(row->name, plan_step_row(other)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offset_0_is_the_empty_text_list_and_block),
		cmocka_unit_test(equal_texts_are_stored_once),
		cmocka_unit_test(lists_and_blocks_are_aligned_as_documented),
		cmocka_unit_test(the_data_survives_growing),
		cmocka_unit_test(steps_are_ordered_by_stage_and_then_as_added),
		cmocka_unit_test(the_header_describes_the_block),
		cmocka_unit_test(too_many_slots_are_an_error),
		cmocka_unit_test(paths_are_cleaned_by_their_letters),
		cmocka_unit_test(below_means_strictly_below),
		cmocka_unit_test(every_step_has_a_row_and_nothing_else_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
