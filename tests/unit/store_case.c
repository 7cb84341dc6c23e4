/* store_case.c -- see store_case.h */
#include "store_case.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

int store_case_open(void **state)
{
	struct store_case *test = calloc(1, sizeof(*test));

	strcpy(test->path, "/tmp/lade-store-XXXXXX");
	assert_non_null(mkdtemp(test->path));
	assert_int_equal(store_open(test->path, STORE_USE, &test->store, &test->err), 0);
	*state = test;
	return 0;
}

int store_case_close(void **state)
{
	struct store_case *test = *state;

	store_close(&test->store);
	file_remove_tree(AT_FDCWD, test->path, NULL);
	arena_free(&test->arena);
	free(test);
	return 0;
}

const char *line_of(struct store_case *test)
{
	error_format(&test->err, test->line, sizeof(test->line));
	return test->line;
}

void write_file(int dir, const char *name, const char *content);
static void put(struct store_case *test, const struct text *text, char digest[DIGEST_SIZE])
{
	digest_of(DIGEST_SHA256, text->data, text->length, digest);
	assert_int_equal(store_put_blob(&test->store, digest, text->data, text->length, &test->err),
			 0);
}

static void put_layer(struct store_case *test, const char *seed, struct made_image *made)
{
	struct text text = { 0 };
	struct staging staging = STAGING_NONE;

	text_format(&text, "layer of %s", seed);
	put(test, &text, made->layer);
	text_add(&text, ", unpacked");
	digest_of(DIGEST_SHA256, text.data, text.length, made->diff_id);
	text_free(&text);
	assert_int_equal(staging_open(&test->store, &staging, &test->err), 0);
	write_file(staging.dir, "file", seed);
	assert_int_equal(staging_finish(&staging, made->diff_id, &test->err), 0);
}

void image_make(struct store_case *test, const char *seed, struct made_image *made)
{
	struct text text = { 0 };
	size_t config_length;

	put_layer(test, seed, made);
	text_format(&text,
		    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2024-0%zu-01T00:00:"
		    "00Z\","
		    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
		    strlen(seed) % 9 + 1, made->diff_id);
	config_length = text.length;
	put(test, &text, made->config);
	text_clear(&text);
	text_format(&text,
		    "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_MANIFEST "\","
		    "\"config\":{\"mediaType\":\"" OCI_TYPE_CONFIG
		    "\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
		    "\"" OCI_TYPE_LAYER "\",\"digest\":\"%s\",\"size\":%zu}]}",
		    made->config, config_length, made->layer, strlen("layer of ") + strlen(seed));
	put(test, &text, made->manifest);
	made->image = (struct store_image){
		.digest = made->manifest,
		.media_type = (char *)OCI_TYPE_MANIFEST,
		.size = (int64_t)text.length,
	};
	text_free(&text);
	if (store_commit(&test->store, &test->err) < 0)
		fail_msg("%s", line_of(test));
}

void image_name(struct store_case *test, struct made_image *made, const char *name)
{
	made->image.name = (char *)name;
	if (store_set_name(&test->store, &made->image, &test->err) < 0)
		fail_msg("%s", line_of(test));
}

void write_file(int dir, const char *name, const char *content)
{
	struct file_content file = { content, strlen(content), 0644, false };

	assert_int_equal(file_replace(dir, name, &file, NULL), 0);
}

bool exists(const struct store_case *test, const char *format, ...)
{
	char path[512];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return faccessat(test->store.dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

size_t count_in(const struct store_case *test, const char *folder)
{
	auto_closedir DIR *stream =
		fdopendir(openat(test->store.dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(stream)))
		count += entry->d_name[0] != '.';
	return count;
}
