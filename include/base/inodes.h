/* inodes.h -- which inode is where already: what has many names is carried over once, and linked.
 * A table from (device, inode) to a path; who fills it puts in only what has more than one link. */
#ifndef BASE_INODES_H
#define BASE_INODES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"

struct inodes { /* start with { 0 } */
	struct inode_place **buckets;
	size_t bucket_count, count;
	struct arena arena;
};

/* The path that was remembered for that file, or NULL. */
const char *inodes_find(const struct inodes *inodes, const struct stat *file);
/* Remember it; the path is copied. */
void inodes_add(struct inodes *inodes, const struct stat *file, const char *path);
void inodes_free(struct inodes *inodes);

#endif
