/* store_case.h -- a store in a temporary directory, and images made of nothing much. */
#ifndef STORE_CASE_H
#define STORE_CASE_H

/* Before cmocka.h, which calls a macro "fail". */
#include "base/error.h"
#include "base/file.h"
#include "base/own.h"
#include "base/text.h"
#include "image/oci.h"
#include "image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct store_case {
	char path[64];
	struct store store;
	struct arena arena;
	struct error err;
	char line[2048];
};

int store_case_open(void **state);
int store_case_close(void **state);

/* A failure's line as a user sees it. */
const char *line_of(struct store_case *test);

struct made_image {
	char manifest[DIGEST_SIZE], config[DIGEST_SIZE], layer[DIGEST_SIZE], diff_id[DIGEST_SIZE];
	struct store_image image;
};

/* Commit an image with one layer blob and one tree, all made from `seed`; it has no name yet. */
void image_make(struct store_case *test, const char *seed, struct made_image *made);
void image_name(struct store_case *test, struct made_image *made, const char *name);
/* Put an ordinary file somewhere. */
void write_file(int dir, const char *name, const char *content);
bool exists(const struct store_case *test, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Names in a directory of the store. */
size_t count_in(const struct store_case *test, const char *folder);

#endif
