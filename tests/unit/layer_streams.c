/* layer_streams.c -- compressions and broken archives. */
#include "layer_archive.h"

#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#define EMPTY_SHA256 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void add_gzip(struct text *out, const void *bytes, size_t length)
{
	struct isal_zstream stream = { 0 };
	unsigned char *block = malloc(length + 1024);

	isal_deflate_stateless_init(&stream);
	stream.gzip_flag = IGZIP_GZIP;
	stream.end_of_stream = 1;
	stream.next_in = (uint8_t *)bytes;
	stream.avail_in = (uint32_t)length;
	stream.next_out = block;
	stream.avail_out = (uint32_t)length + 1024;
	assert_int_equal(isal_deflate_stateless(&stream), COMP_OK);
	text_add_bytes(out, block, stream.total_out);
	free(block);
}

static void add_zstd(struct text *out, const void *bytes, size_t length)
{
	size_t size = ZSTD_compressBound(length);
	char *block = malloc(size);

	text_add_bytes(out, block, ZSTD_compress(block, size, bytes, length, 3));
	free(block);
}

static void add_example(struct text *tar)
{
	TAR(tar, .name = "a", .data = "alpha");
	TAR(tar, .name = "b", .data = "beta");
	tar_end(tar);
}

/* Whatever the form and the pieces it comes in, the result is the same. */
static void check(struct layer_case *test, const struct text *blob, const char *diff_id)
{
	static const size_t pieces[] = { 1, 7, 511, 1 << 20 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (layer_case_apply_bytes(test, blob->data, blob->length, pieces[i]) < 0)
			fail_msg("%s", test->line);
		assert_content(test, "a", "alpha");
		assert_content(test, "b", "beta");
		assert_string_equal(test->result.diff_id, diff_id);
		assert_int_equal(test->result.compressed, blob->length);
	}
}

static void test_all_forms_have_the_same_diff_id(void **state)
{
	struct layer_case *test = *state;
	struct text tar = { 0 }, gzip = { 0 }, zstd = { 0 };
	char diff_id[LAYER_DIFF_ID_SIZE];

	add_example(&tar);
	assert_int_equal(layer_case_apply_bytes(test, tar.data, tar.length, 4096), 0);
	strcpy(diff_id, test->result.diff_id);
	check(test, &tar, diff_id);
	add_gzip(&gzip, tar.data, tar.length);
	check(test, &gzip, diff_id);
	add_zstd(&zstd, tar.data, tar.length);
	check(test, &zstd, diff_id);
	text_free(&tar);
	text_free(&gzip);
	text_free(&zstd);
}

static void test_gzip_members_padding_and_junk(void **state)
{
	struct layer_case *test = *state;
	struct text tar = { 0 }, gzip = { 0 };
	char diff_id[LAYER_DIFF_ID_SIZE];

	add_example(&tar);
	assert_int_equal(layer_case_apply_bytes(test, tar.data, tar.length, 4096), 0);
	strcpy(diff_id, test->result.diff_id);
	add_gzip(&gzip, tar.data, 700);
	add_gzip(&gzip, "", 0);
	add_gzip(&gzip, tar.data + 700, tar.length - 700);
	check(test, &gzip, diff_id);
	text_add_bytes(&gzip, (char[1000]){ 0 }, 1000);
	check(test, &gzip, diff_id);
	text_add(&gzip, "junk");
	check(test, &gzip, diff_id);
	text_free(&tar);
	text_free(&gzip);
}

static void test_zstd_frames_and_skippable_ones(void **state)
{
	static const char skippable[] = "\x50\x2a\x4d\x18\x04\0\0\0skip";
	struct layer_case *test = *state;
	struct text tar = { 0 }, zstd = { 0 };
	char diff_id[LAYER_DIFF_ID_SIZE];

	add_example(&tar);
	assert_int_equal(layer_case_apply_bytes(test, tar.data, tar.length, 4096), 0);
	strcpy(diff_id, test->result.diff_id);
	text_add_bytes(&zstd, skippable, sizeof(skippable) - 1);
	add_zstd(&zstd, tar.data, 700);
	text_add_bytes(&zstd, skippable, sizeof(skippable) - 1);
	add_zstd(&zstd, tar.data + 700, tar.length - 700);
	text_add_bytes(&zstd, skippable, sizeof(skippable) - 1);
	check(test, &zstd, diff_id);
	text_free(&tar);
	text_free(&zstd);
}

static void test_bytes_behind_the_archive_count_for_the_diff_id(void **state)
{
	struct layer_case *test = *state;
	struct text tar = { 0 };
	char diff_id[LAYER_DIFF_ID_SIZE];

	add_example(&tar);
	assert_int_equal(layer_case_apply_bytes(test, tar.data, tar.length, 4096), 0);
	strcpy(diff_id, test->result.diff_id);
	text_add_bytes(&tar, (char[300000]){ 0 }, 300000);
	text_add(&tar, "anything");
	assert_int_equal(layer_case_apply_bytes(test, tar.data, tar.length, 4096), 0);
	assert_string_not_equal(test->result.diff_id, diff_id);
	assert_int_equal(test->result.uncompressed, tar.length);
	text_free(&tar);
}

static void test_empty_layers(void **state)
{
	struct layer_case *test = *state;
	struct text gzip = { 0 };

	assert_int_equal(layer_case_apply_bytes(test, "", 0, 1), 0);
	assert_string_equal(test->result.diff_id, EMPTY_SHA256);
	assert_int_equal(layer_case_apply_bytes(test, (char[1024]){ 0 }, 1024, 4096), 0);
	assert_int_equal(layer_case_apply_bytes(test, (char[512]){ 0 }, 512, 4096), 0);
	add_gzip(&gzip, "", 0);
	assert_int_equal(layer_case_apply_bytes(test, gzip.data, gzip.length, 4096), 0);
	assert_string_equal(test->result.diff_id, EMPTY_SHA256);
	text_free(&gzip);
}

static void expect(struct layer_case *test, const struct text *blob, size_t length, int result,
		   const char *reason)
{
	int got = layer_case_apply_bytes(test, blob->data, length, 4096);
	char line[512];

	snprintf(line, sizeof(line), "layer sha256:test: %s", reason);
	assert_string_equal(test->line, line);
	assert_int_equal(got, result);
}

/* As umoci insert writes them, and Go reads them. */
static void test_an_archive_may_end_with_its_last_byte_of_content(void **state)
{
	struct layer_case *test = *state;
	const size_t ends[] = { 3 * 512 + 4, 3 * 512 + 100, 4 * 512 - 1 };
	struct text tar = { 0 };
	char diff_id[DIGEST_SIZE];

	add_example(&tar);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct text cut = { .data = tar.data, .length = ends[i] };

		digest_of(DIGEST_SHA256, tar.data, ends[i], diff_id);
		check(test, &cut, diff_id);
	}
	expect(test, &tar, 3 * 512 + 3, -EBADMSG,
	       "the archive is broken: it ends in the middle of an entry");
	text_free(&tar);
}

static void test_every_truncation_is_noticed(void **state)
{
	struct layer_case *test = *state;
	struct text tar = { 0 }, gzip = { 0 }, zstd = { 0 };

	add_example(&tar);
	add_gzip(&gzip, tar.data, tar.length);
	add_zstd(&zstd, tar.data, tar.length);
	for (size_t length = 20; length < gzip.length; length++)
		expect(test, &gzip, length, -EBADMSG,
		       "the compressed data is broken: it ends too early");
	for (size_t length = 20; length < zstd.length; length++)
		expect(test, &zstd, length, -EBADMSG,
		       "the compressed data is broken: it ends too early");
	expect(test, &tar, 514, -EBADMSG,
	       "the archive is broken: it ends in the middle of an entry");
	expect(test, &tar, 100, -EBADMSG,
	       "the archive is broken: it ends in the middle of an entry");
	text_free(&tar);
	text_free(&gzip);
	text_free(&zstd);
}

static void test_corruption_and_unknown_forms(void **state)
{
	struct layer_case *test = *state;
	struct text tar = { 0 }, gzip = { 0 }, other = { 0 };

	add_example(&tar);
	add_gzip(&gzip, tar.data, tar.length);
	gzip.data[gzip.length - 6] ^= 1;
	expect(test, &gzip, gzip.length, -EBADMSG,
	       "the compressed data is broken: its checksum is wrong");
	tar.data[5] ^= 1;
	expect(test, &tar, tar.length, -EBADMSG,
	       "the archive is broken: no tar header where one must be");
	text_add_bytes(&other,
		       "\xfd"
		       "7zXZ\0 and more and more and more",
		       30);
	expect(test, &other, other.length, -ENOTSUP,
	       "the layer is compressed with xz, which image layers may not be");
	text_clear(&other);
	text_add_bytes(&other, "<html><body>Please log in to the network</body></html>", 54);
	expect(test, &other, other.length, -EBADMSG,
	       "the archive is broken: it ends in the middle of an entry");
	text_free(&tar);
	text_free(&gzip);
	text_free(&other);
}

static void test_a_bomb_is_noticed(void **state)
{
	struct layer_case *test = *state;
	struct text gzip = { 0 };
	size_t size = 8 << 20;
	char *zeros = calloc(1, size);

	for (int i = 0; i < 20; i++)
		add_gzip(&gzip, zeros, size);
	test->options.limits.ratio = 20;
	assert_int_equal(layer_case_apply_bytes(test, gzip.data, gzip.length, 4096), -EFBIG);
	assert_non_null(strstr(test->line, "the layer is a decompression bomb: "));
	free(zeros);
	text_free(&gzip);
}

static ssize_t read_fails(void *context, void *buffer, size_t size, struct error *err)
{
	return fail_number(err, ECONNRESET, "recv", "cannot read from the registry");
}

static void test_a_failure_of_the_source_is_told_as_it_is(void **state)
{
	struct layer_case *test = *state;
	struct layer_source source = { read_fails, NULL };

	assert_int_equal(
		layer_apply(&source, test->root, &test->options, &test->result, &test->err),
		-ECONNRESET);
	error_format(&test->err, test->line, sizeof(test->line));
	assert_string_equal(test->line, "layer sha256:test: cannot read from the registry: recv: "
					"connection reset by peer");
}

/* ---- headers ---- */

static void refuse(struct layer_case *test, const char *reason)
{
	char line[512];
	int got = layer_case_apply(test);

	snprintf(line, sizeof(line), "layer sha256:test: %s", reason);
	assert_string_equal(test->line, line);
	assert_int_equal(got, -EBADMSG);
}

static void test_types_and_sizes_are_checked(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "x", .type = 'Z');
	refuse(test, "the archive has an entry of unknown type 'Z'");
	TAR(&test->tar, .name = "x", .type = 'V');
	refuse(test, "the archive has an entry of unknown type 'V'");
	TAR(&test->tar, .name = "a", .data = "1");
	TAR(&test->tar, .name = "x", .type = 'h', .link = "a", .data = "data");
	refuse(test, "the archive is broken: an entry of type '1' has 4 bytes of data");
	TAR(&test->tar, .name = "x", .type = 'l', .link = "a", .data = "data");
	refuse(test, "the archive is broken: an entry of type '2' has 4 bytes of data");
	TAR(&test->tar, .name = "d/", .data = "data");
	refuse(test, "the archive is broken: the directory \"d\" has data");
	text_add_bytes(&test->tar, (char[512]){ 0 }, 512);
	TAR(&test->tar, .name = "x", .data = "1");
	refuse(test, "the archive is broken: it goes on behind a block of zeros");
}

static void refuse_records(struct layer_case *test, const char *records, size_t length,
			   const char *reason)
{
	TAR(&test->tar, .name = "x", .data = "data", .records = records, .records_length = length);
	refuse(test, reason);
}

static void test_pax_records_are_checked(void **state)
{
	static const char *const wrong[] = {
		"11 path=x",   "12 path=xyz",  "8 path=x\n",    "path=x\n",
		"99 path=x\n", "+9 path=x\n",  "7 =abc\n",      "8 pathx\n",
		"4 \n",        "09 path=x\n2", "010 path=x\n ",
	};
	struct layer_case *test = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refuse_records(test, wrong[i], strlen(wrong[i]),
			       "the archive is broken: a wrong PAX record");
	refuse_records(test, "11 path=a\0b\n", 12, "the archive is broken: a wrong PAX record");
	refuse_records(test, "12 path=a\0b\n", 12,
		       "the archive is broken: a name with a NUL in it");
	refuse_records(test, "11 size=-5\n", 11,
		       "the archive is broken: an entry of impossible size");
	refuse_records(test, "28 size=9223372036854775807\n", 28,
		       "the archive is broken: an entry of impossible size");
}

static void test_a_size_in_pax_records_is_the_next_entrys(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "x", .data = "1234", .size = -1, .records = "10 size=4\n",
	    .records_length = 10);
	TAR(&test->tar, .name = "y", .data = "5");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "x", "1234");
	assert_content(test, "y", "5");
}

static void test_global_records_are_ignored(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "pax", .type = 'g', .data = "15 path=global\n");
	TAR(&test->tar, .name = "x", .data = "1");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "x", "1");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, layer_case_open, layer_case_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_all_forms_have_the_same_diff_id),
		CASE(test_gzip_members_padding_and_junk),
		CASE(test_zstd_frames_and_skippable_ones),
		CASE(test_bytes_behind_the_archive_count_for_the_diff_id),
		CASE(test_empty_layers),
		CASE(test_an_archive_may_end_with_its_last_byte_of_content),
		CASE(test_every_truncation_is_noticed),
		CASE(test_corruption_and_unknown_forms),
		CASE(test_a_bomb_is_noticed),
		CASE(test_a_failure_of_the_source_is_told_as_it_is),
		CASE(test_types_and_sizes_are_checked),
		CASE(test_pax_records_are_checked),
		CASE(test_a_size_in_pax_records_is_the_next_entrys),
		CASE(test_global_records_are_ignored),
	};

	return cmocka_run_group_tests_name("layer streams", tests, NULL, NULL);
}
