/* checkpoint_private.h -- what the files of this chapter share. */
#ifndef CHECKPOINT_PRIVATE_H
#define CHECKPOINT_PRIVATE_H

#include "runtime/checkpoint.h"

/* messages.c: -ENOTSUP names an option that this version would read over. */
int criu_check_options(const struct criu_options *options, unsigned version, struct error *err);

/* process.c */
int criu_find(struct arena *arena, const char **path, struct error *err);
/* What it printed before it could write a log; NULL: nothing, or not kept. */
const char *criu_output(const struct criu *criu, struct arena *arena);

/* mountinfo.c: one line of proc(5)'s mountinfo. */
struct mount_line {
	const char *device; /* "8:1" */
	const char *root, *place;
	const char *type;
};
struct mount_table {
	struct mount_line *items;
	size_t count;
};
void mountinfo_read(const char *text, struct arena *arena, struct mount_table *table);
/* What of `path` is behind the directory `above`: "" or "/…"; NULL: it is not there. */
const char *path_behind(const char *path, const char *above);

#endif
