/* layer_archive.c -- see layer_archive.h */
#include "layer_archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static char header_type(char type)
{
	static const char names[][2] = {
		{ 0, '0' }, { '.', 0 }, { 'd', '5' }, { 'l', '2' }, { 'h', '1' },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i][0] == type)
			return names[i][1];
	return type;
}

static void add_blocks(struct text *tar, const void *bytes, size_t length)
{
	static const char zeros[512];

	text_add_bytes(tar, bytes, length);
	text_add_bytes(tar, zeros, (512 - length % 512) % 512);
}

/* `digits` octal digits and a NUL. */
static void put_octal(char *field, int digits, unsigned long value)
{
	field[digits] = '\0';
	for (; digits > 0; value >>= 3)
		field[--digits] = (char)('0' + (value & 7));
}

static void add_header(struct text *tar, const struct tar_entry *entry, char type, size_t size)
{
	unsigned mode = entry->mode ? entry->mode : type == '5' ? 0755 : 0644;
	char block[512] = { 0 };
	unsigned sum = 0;

	memcpy(block, entry->name, strnlen(entry->name, 100));
	put_octal(block + 100, 7, mode);
	put_octal(block + 108, 7, entry->uid);
	put_octal(block + 116, 7, entry->gid);
	put_octal(block + 124, 11, size);
	put_octal(block + 136, 11, (unsigned long)entry->mtime);
	block[156] = type;
	if (entry->link)
		memcpy(block + 157, entry->link, strnlen(entry->link, 100));
	memcpy(block + 257,
	       "ustar\0"
	       "00",
	       8);
	put_octal(block + 329, 7, entry->major);
	put_octal(block + 337, 7, entry->minor);
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(block); i++)
		sum += (unsigned char)block[i];
	put_octal(block + 148, 6, sum);
	text_add_bytes(tar, block, sizeof(block));
}

void tar_add(struct text *tar, const struct tar_entry *entry)
{
	size_t length = entry->data ? strlen(entry->data) : 0;
	size_t size = entry->size > 0 ? (size_t)entry->size : entry->size < 0 ? 0 : length;

	if (entry->records) {
		struct tar_entry pax = { .name = "pax" };

		add_header(tar, &pax, 'x', entry->records_length);
		add_blocks(tar, entry->records, entry->records_length);
	}
	add_header(tar, entry, header_type(entry->type), size);
	if (length > 0)
		add_blocks(tar, entry->data, length);
}

void tar_end(struct text *tar)
{
	static const char zeros[1024];

	text_add_bytes(tar, zeros, sizeof(zeros));
}

void tar_record(struct text *records, const char *key, const void *value, size_t length)
{
	size_t rest = 1 + strlen(key) + 1 + length + 1, total = rest + 1;

	while (total != rest + (size_t)snprintf(NULL, 0, "%zu", total))
		total++;
	text_format(records, "%zu %s=", total, key);
	text_add_bytes(records, value, length);
	text_add(records, "\n");
}

int layer_case_open(void **state)
{
	struct layer_case *test = calloc(1, sizeof(*test));

	strcpy(test->path, "/tmp/lade-layer-XXXXXX");
	assert_non_null(mkdtemp(test->path));
	test->top = open(test->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(test->top, "root", 0755), 0);
	test->root = openat(test->top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test->options.name = "sha256:test";
	test->options.single_id = geteuid() != 0;
	test->options.user_xattrs = true;
	*state = test;
	return 0;
}

int layer_case_close(void **state)
{
	struct layer_case *test = *state;

	close(test->root);
	close(test->top);
	text_free(&test->tar);
	file_remove_tree(AT_FDCWD, test->path, NULL);
	free(test);
	return 0;
}

struct pieces {
	const char *bytes;
	size_t length, piece;
};

static ssize_t pieces_read(void *context, void *buffer, size_t size, struct error *err)
{
	struct pieces *pieces = context;
	size_t length = pieces->length;

	length = length > pieces->piece ? pieces->piece : length;
	length = length > size ? size : length;
	memcpy(buffer, pieces->bytes, length);
	pieces->bytes += length;
	pieces->length -= length;
	return (ssize_t)length;
}

int layer_case_apply_bytes(struct layer_case *test, const void *bytes, size_t length, size_t piece)
{
	struct pieces pieces = { bytes ? bytes : "", length, piece };
	struct layer_source source = { pieces_read, &pieces };
	int result;

	test->err = (struct error){ 0 };
	test->line[0] = '\0';
	result = layer_apply(&source, test->root, &test->options, &test->result, &test->err);
	if (result < 0)
		error_format(&test->err, test->line, sizeof(test->line));
	return result;
}

int layer_case_apply(struct layer_case *test)
{
	int result;

	tar_end(&test->tar);
	result = layer_case_apply_bytes(test, test->tar.data, test->tar.length, 1 << 20);
	text_clear(&test->tar);
	return result;
}

unsigned kind_at(const struct layer_case *test, const char *path)
{
	struct stat status;

	if (fstatat(test->root, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0))
		return IS_WHITEOUT;
	return status.st_mode & S_IFMT;
}

struct stat status_at(const struct layer_case *test, const char *path)
{
	struct stat status = { 0 };

	assert_int_equal(fstatat(test->root, path, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status;
}

void assert_content(const struct layer_case *test, const char *path, const char *content)
{
	struct text text = { 0 };

	assert_int_equal(file_read(test->root, path, 1 << 20, &text, NULL), 0);
	assert_string_equal(text.data ? text.data : "", content);
	text_free(&text);
}

bool opaque_at(const struct layer_case *test, const char *path)
{
	auto_close int fd = openat(test->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char value[4];

	return fd >= 0 && fgetxattr(fd, "user.overlay.opaque", value, sizeof(value)) == 1 &&
	       value[0] == 'y';
}
