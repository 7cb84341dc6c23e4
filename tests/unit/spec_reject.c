/* spec_reject.c -- bad config.json files and the exact line each gets.
 *
 * tests/reject/spec/NAME.json is a case, its line in errors.txt is "NAME: ERROR". A file without a
 * line and a line without a file fail. UPDATE=1 writes errors.txt instead: read the difference
 * before you commit it. */
/* Before cmocka.h, which calls a macro "fail". */
#include "base/file.h"
#include "base/own.h"
#include "runtime/spec.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CASES_MOST 512
#define FILE_MOST  (1 << 20)

struct reject_case {
	char *name;
	char *error; /* expected; NULL: no line */
};

static struct arena arena;
static struct reject_case cases[CASES_MOST];
static size_t case_count;

static const char *case_path(const char *name, const char *suffix)
{
	const char *top = getenv("top_srcdir");

	return arena_format(&arena, "%s/tests/reject/spec/%s%s", top ? top : ".", name, suffix);
}

static void read_text(const char *path, struct text *text)
{
	struct error err = { 0 };

	if (file_read(AT_FDCWD, path, FILE_MOST, text, &err) < 0)
		fail_msg("%s: %s", path, err.what);
}

/* What `coffer check` would say, or NULL when the document passes. */
static char *complaint(const char *name)
{
	auto_text struct text text = { 0 };
	struct spec_document document;
	struct error err = { 0 };
	char line[2560];

	read_text(case_path(name, ".json"), &text);
	if (spec_load_text(text.data, text.length, "config.json", &arena, &document, &err) == 0 &&
	    spec_check(&document.spec, &err) == 0)
		return NULL;
	spec_locate(&document, &err);
	error_format(&err, line, sizeof(line));
	return arena_string(&arena, line);
}

static void the_document_is_refused_with_this_line(void **state)
{
	const struct reject_case *one = *state;
	const char *actual = complaint(one->name);

	if (!one->error)
		fail_msg("%s.json has no line in errors.txt", one->name);
	if (!actual)
		fail_msg("%s.json is accepted", one->name);
	assert_string_equal(actual, one->error);
}

static struct reject_case *find_case(const char *name)
{
	for (size_t i = 0; i < case_count; i++)
		if (!strcmp(cases[i].name, name))
			return &cases[i];
	return NULL;
}

static void find_documents(void)
{
	auto_closedir DIR *folder = opendir(case_path("", ""));
	struct dirent *entry;

	while (folder && (entry = readdir(folder)) && case_count < CASES_MOST) {
		size_t length = strlen(entry->d_name);

		if (text_ends(entry->d_name, ".json"))
			cases[case_count++].name = arena_copy(&arena, entry->d_name, length - 5);
	}
}

static int compare_cases(const void *a, const void *b)
{
	return strcmp(((const struct reject_case *)a)->name, ((const struct reject_case *)b)->name);
}

static void find_expected(void)
{
	auto_text struct text text = { 0 };
	struct strings lines;

	read_text(case_path("errors", ".txt"), &text);
	lines = strings_split(text.data, '\n', &arena);
	for (size_t i = 0; i < lines.count; i++) {
		char *colon = strchr(lines.items[i], ':');
		struct reject_case *one;

		if (!colon)
			continue;
		*colon = '\0';
		one = find_case(lines.items[i]);
		if (one)
			one->error = colon + 2;
		else if (case_count < CASES_MOST) /* its test will not find the document */
			cases[case_count++] =
				(struct reject_case){ lines.items[i], arena_string(&arena, "") };
	}
}

static int update(void)
{
	auto_text struct text text = { 0 };
	auto_close int fd =
		open(case_path("errors", ".txt"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	for (size_t i = 0; i < case_count; i++) {
		const char *line = complaint(cases[i].name);

		text_format(&text, "%s: %s\n", cases[i].name, line ? line : "(accepted)");
	}
	return file_write_all(fd, text.data, text.length, "errors.txt", NULL) < 0;
}

int main(void)
{
	static struct CMUnitTest tests[CASES_MOST];
	int result;

	find_documents();
	qsort(cases, case_count, sizeof(*cases), compare_cases);
	if (getenv("UPDATE"))
		return update();
	find_expected();
	for (size_t i = 0; i < case_count; i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = the_document_is_refused_with_this_line,
						.initial_state = &cases[i] };
	result = case_count ? _cmocka_run_group_tests("rejects", tests, case_count, NULL, NULL) : 1;
	arena_free(&arena);
	return result;
}
