/* own_names.h -- the names that a layer made: a set of (directory's inode, name). */
#ifndef LAYER_OWN_NAMES_H
#define LAYER_OWN_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"

struct own_name;

struct own_names { /* start with { 0 } */
	struct own_name **buckets;
	size_t size, count;
};

/* false: it was there already. */
bool own_names_add(struct own_names *names, ino_t directory, const char *name, struct arena *arena);
bool own_names_have(const struct own_names *names, ino_t directory, const char *name);
void own_names_free(struct own_names *names); /* the names are in the arena */

#endif
