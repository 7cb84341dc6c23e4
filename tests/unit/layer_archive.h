/* layer_archive.h -- archives with exactly the bytes a test wants, and a place to apply them. */
#ifndef LAYER_ARCHIVE_H
#define LAYER_ARCHIVE_H

/* Before cmocka.h, which calls a macro "fail". */
#include "base/error.h"
#include "base/file.h"
#include "base/own.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct tar_entry {
	const char *name;
	char type; /* 0: '0', a file; 'd' stands for '5', 'l' for '2', 'h' for '1', '.' for NUL */
	const char *data;
	const char *link;
	unsigned mode; /* 0: 0644, directories 0755 */
	unsigned uid, gid;
	unsigned major, minor;
	long mtime;
	const char *records; /* PAX records in front of it */
	size_t records_length;
	long size; /* 0: the data's length; < 0: none, whatever the data */
};

void tar_add(struct text *tar, const struct tar_entry *entry);
#define TAR(tar, ...) tar_add(tar, &(struct tar_entry){ __VA_ARGS__ })
void tar_end(struct text *tar); /* two blocks of zeros */
void tar_record(struct text *records, const char *key, const void *value, size_t length);

struct layer_case {
	char path[64];
	int root; /* "root" in it */
	int top;
	struct text tar;
	struct layer_options options;
	struct layer_result result;
	struct error err;
	char line[2048]; /* the error as a user sees it */
};

/* cmocka set-up and tear-down; options fit the caller's rights. */
int layer_case_open(void **state);
int layer_case_close(void **state);

/* Apply the case's archive (ended here unless `raw`), or other bytes, in one piece or in bits. */
int layer_case_apply(struct layer_case *test);
int layer_case_apply_bytes(struct layer_case *test, const void *bytes, size_t length, size_t piece);

/* 0 or the type bits of what is at `path`, a whiteout counted as 'w'. */
#define IS_WHITEOUT 1
unsigned kind_at(const struct layer_case *test, const char *path);
struct stat status_at(const struct layer_case *test, const char *path);
void assert_content(const struct layer_case *test, const char *path, const char *content);
bool opaque_at(const struct layer_case *test, const char *path);

#endif
