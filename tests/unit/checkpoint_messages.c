/* checkpoint_messages.c -- what is said to criu, byte for byte, and what is made of its answers,
 * also of those that are none. */
/* Before cmocka.h, which calls a macro "fail". */
#include "base/text.h"
#include "runtime/checkpoint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint/checkpoint_private.h"
#include "checkpoint/protobuf.h"

#define BYTES(...)                                                                                 \
	(const unsigned char[]){ __VA_ARGS__ }, sizeof((const unsigned char[]){ __VA_ARGS__ })

struct outcome {
	struct arena arena;
	struct error err;
	struct criu_response response;
};

static int set_up(void **state)
{
	static struct outcome outcome;

	outcome = (struct outcome){ 0 };
	*state = &outcome;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(&((struct outcome *)*state)->arena);
	return 0;
}

/* ---- the wire format ------------------------------------------------------------------------- */

static void numbers_of_every_length_are_read_as_they_were_written(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		const uint64_t values[] = { UINT64_C(1) << bit, (UINT64_C(1) << bit) - 1,
					    UINT64_MAX - bit };

		for (size_t i = 0; i < 3; i++) {
			auto_text struct text out = { 0 };
			struct protobuf_field field;
			struct protobuf_reader reader;

			protobuf_add_number(&out, 1 + bit * 1000, values[i]);
			reader.at = (const unsigned char *)out.data;
			reader.end = reader.at + out.length;
			assert_int_equal(protobuf_next(&reader, &field), 1);
			assert_int_equal(field.number, 1 + bit * 1000);
			assert_true(field.value == values[i]);
			assert_null(field.bytes);
			assert_int_equal(protobuf_next(&reader, &field), 0);
		}
	}
}

static void texts_are_read_as_they_were_written(void **state)
{
	char longest[300];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	for (size_t length = 0; length < sizeof(longest); length += 23) {
		auto_text struct text out = { 0 };
		struct protobuf_field field;
		struct protobuf_reader reader;

		protobuf_add_bytes(&out, 7, longest, length);
		reader.at = (const unsigned char *)out.data;
		reader.end = reader.at + out.length;
		assert_int_equal(protobuf_next(&reader, &field), 1);
		assert_int_equal(field.length, length);
		assert_memory_equal(field.bytes, longest, length);
		assert_int_equal(protobuf_next(&reader, &field), 0);
	}
}

/* ---- requests -------------------------------------------------------------------------------- */

static void said(const struct criu_request *request, const unsigned char *bytes, size_t length)
{
	auto_text struct text out = { 0 };

	criu_encode(request, &out);
	assert_int_equal(out.length, length);
	assert_memory_equal(out.data, bytes, length);
}

static void a_question_about_the_version_keeps_the_connection(void **state)
{
	(void)state;
	said(&(struct criu_request){ .type = CRIU_VERSION, .keep_open = true },
	     BYTES(0x08, 10, 0x20, 1));
}

static void a_question_about_features_names_them(void **state)
{
	(void)state;
	said(&(struct criu_request){ .type = CRIU_FEATURE_CHECK, .mem_track = true },
	     BYTES(0x08, 9, 0x2a, 2, 0x08, 1));
	said(&(struct criu_request){ .type = CRIU_FEATURE_CHECK, .lazy_pages = true },
	     BYTES(0x08, 9, 0x2a, 2, 0x10, 1));
}

static void a_notification_is_answered_with_yes_or_no(void **state)
{
	(void)state;
	said(&(struct criu_request){ .type = CRIU_NOTIFY, .notify_success = true },
	     BYTES(0x08, 6, 0x18, 1));
	said(&(struct criu_request){ .type = CRIU_NOTIFY }, BYTES(0x08, 6, 0x18, 0));
}

static void options_that_are_not_set_are_left_out_but_for_the_cgroups_mode(void **state)
{
	const struct criu_options options = { .images_dir_fd = 4, .work_dir_fd = -1 };

	(void)state;
	said(&(struct criu_request){ .type = CRIU_DUMP, .options = &options },
	     BYTES(0x08, 1, 0x12, 5, 0x08, 4, 0x90, 0x02, 0));
}

static void lists_are_repeated_fields_and_pairs_messages_in_them(void **state)
{
	char *external[] = { (char *)"a", (char *)"bc", NULL };
	struct string_pair root = { (char *)"", (char *)"/x" };
	struct criu_inherit inherit = { "k", 6 };
	const struct criu_options options = {
		.images_dir_fd = -1,
		.work_dir_fd = -1,
		.manage_cgroups_mode = 3,
		.cg_root = { &root, 1, 0 },
		.inherit_fd = { &inherit, 1 },
		.external = { external, 2, 0 },
	};

	(void)state;
	said(&(struct criu_request){ .type = CRIU_RESTORE, .options = &options },
	     BYTES(0x08, 2, 0x12, 29, 0xca, 0x01, 6, 0x0a, 0, 0x12, 2, '/', 'x', 0xda, 0x01, 5,
		   0x0a, 1, 'k', 0x10, 6, 0x90, 0x02, 3, 0xaa, 0x02, 1, 'a', 0xaa, 0x02, 2, 'b',
		   'c'));
}

static void an_option_that_an_old_criu_would_read_over_is_refused(void **state)
{
	struct outcome *outcome = *state;
	struct criu_options options = { .images_dir_fd = 4, .work_dir_fd = -1 };

	assert_int_equal(criu_check_options(&options, 31100, &outcome->err), 0);
	options.lsm_profile = "apparmor:x";
	assert_int_equal(criu_check_options(&options, 31600, &outcome->err), 0);
	assert_int_equal(criu_check_options(&options, 31501, &outcome->err), -ENOTSUP);
	assert_string_equal(outcome->err.what,
			    "criu 3.15 is too old for lsm_profile, which needs 3.16");
}

/* ---- answers --------------------------------------------------------------------------------- */

static int understood(struct outcome *outcome, const unsigned char *bytes, size_t length)
{
	return criu_decode(bytes, length, &outcome->arena, &outcome->response, &outcome->err);
}

static void the_version_is_read(void **state)
{
	struct outcome *outcome = *state;

	assert_int_equal(
		understood(outcome, BYTES(0x08, 10, 0x10, 1, 0x52, 6, 0x08, 3, 0x10, 17, 0x20, 1)),
		0);
	assert_int_equal(outcome->response.type, CRIU_VERSION);
	assert_true(outcome->response.success);
	assert_int_equal(outcome->response.major, 3);
	assert_int_equal(outcome->response.minor, 17);
	assert_int_equal(outcome->response.sublevel, 1);
}

static void a_notification_has_a_name_and_a_pid(void **state)
{
	struct outcome *outcome = *state;

	assert_int_equal(understood(outcome, BYTES(0x08, 6, 0x10, 1, 0x2a, 7, 0x0a, 2, 'g', 'o',
						   0x10, 0xac, 0x02)),
			 0);
	assert_string_equal(outcome->response.script, "go");
	assert_int_equal(outcome->response.script_pid, 300);
}

static void a_negative_number_has_ten_bytes(void **state)
{
	struct outcome *outcome = *state;

	assert_int_equal(understood(outcome, BYTES(0x08, 2, 0x10, 0, 0x38, 0xf2, 0xff, 0xff, 0xff,
						   0xff, 0xff, 0xff, 0xff, 0xff, 0x01)),
			 0);
	assert_false(outcome->response.success);
	assert_int_equal(outcome->response.error_number, -14);
}

static void what_a_newer_criu_adds_is_read_over(void **state)
{
	struct outcome *outcome = *state;

	assert_int_equal(understood(outcome, BYTES(0xf8, 0x3f, 5,          /* a number */
						   0xfa, 0x3f, 1, 'x',     /* a text */
						   0xfd, 0x3f, 1, 2, 3, 4, /* four bytes */
						   0xf9, 0x3f, 1, 2, 3, 4, 5, 6, 7, 8, /* eight */
						   0x08, 2, 0x10, 1, 0x22, 2, 0x08, 9)),
			 0);
	assert_int_equal(outcome->response.restored_pid, 9);
}

static void refused(struct outcome *outcome, const unsigned char *bytes, size_t length)
{
	outcome->err = (struct error){ 0 };
	assert_int_equal(understood(outcome, bytes, length), -EBADMSG);
	assert_string_not_equal(outcome->err.what, "");
}

static void what_is_no_message_is_refused(void **state)
{
	struct outcome *outcome = *state;

	refused(outcome, BYTES(0x10, 1));             /* no type */
	refused(outcome, BYTES(0x08));                /* a number that is missing */
	refused(outcome, BYTES(0x08, 0x80));          /* or not whole */
	refused(outcome, BYTES(0x00, 1));             /* field 0 */
	refused(outcome, BYTES(0x0b));                /* a group */
	refused(outcome, BYTES(0x0f));                /* kind 7 */
	refused(outcome, BYTES(0x08, 1, 0x4a, 5, 1)); /* longer than there is */
	refused(outcome, BYTES(0x08, 1, 0x4a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			       0x01, 1));
	refused(outcome, BYTES(0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02));
	refused(outcome, BYTES(0x08, 1, 0x52, 2, 0x08, 0x80)); /* inside */
	refused(outcome, BYTES(0x08, 1, 0xfd, 0x3f, 1, 2, 3));
}

static void a_number_where_a_text_belongs_is_no_text(void **state)
{
	struct outcome *outcome = *state;

	assert_int_equal(understood(outcome, BYTES(0x08, 6, 0x2a, 2, 0x08, 1)), 0);
	assert_null(outcome->response.script);
	assert_int_equal(understood(outcome, BYTES(0x08, 6, 0x28, 1)), 0);
	assert_null(outcome->response.script);
}

/* ---- the log --------------------------------------------------------------------------------- */

static void the_first_error_of_a_log_is_its_cause(void **state)
{
	struct outcome *outcome = *state;

	assert_string_equal(
		criu_log_error("(00.1) Running\n(00.2)     7: Error (criu/a.c:1): vdso: bad\n"
			       "(00.3) Error (criu/b.c:2): and so on\n"
			       "(00.4) Error (criu/c.c:3): Dumping FAILED.\n",
			       &outcome->arena),
		"Error (criu/a.c:1): vdso: bad");
	assert_string_equal(criu_log_error("Error (criu/c.c:3): Dumping FAILED.\n"
					   "Error (criu/d.c:4): late",
					   &outcome->arena),
			    "Error (criu/d.c:4): late");
	assert_null(criu_log_error("Error (criu/c.c:3): Dumping FAILED.", &outcome->arena));
	assert_null(criu_log_error("", &outcome->arena));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(numbers_of_every_length_are_read_as_they_were_written),
		TEST(texts_are_read_as_they_were_written),
		TEST(a_question_about_the_version_keeps_the_connection),
		TEST(a_question_about_features_names_them),
		TEST(a_notification_is_answered_with_yes_or_no),
		TEST(options_that_are_not_set_are_left_out_but_for_the_cgroups_mode),
		TEST(lists_are_repeated_fields_and_pairs_messages_in_them),
		TEST(an_option_that_an_old_criu_would_read_over_is_refused),
		TEST(the_version_is_read),
		TEST(a_notification_has_a_name_and_a_pid),
		TEST(a_negative_number_has_ten_bytes),
		TEST(what_a_newer_criu_adds_is_read_over),
		TEST(what_is_no_message_is_refused),
		TEST(a_number_where_a_text_belongs_is_no_text),
		TEST(the_first_error_of_a_log_is_its_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
