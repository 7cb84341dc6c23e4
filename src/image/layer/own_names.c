/* own_names.c -- which names belong to the layer that is being applied on top of others.
 *
 * A whiteout or an opaque directory removes what lower layers left, never what its own layer has,
 * whatever the order in the archive (image-spec layer.md): so the own ones are remembered. By
 * directory inode and name instead of by path, because links give a file many paths; by name
 * instead of by the file's inode, because a hard link may give an own name to a lower file. */
#include "own_names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct own_name {
	struct own_name *next;
	ino_t directory;
	char name[];
};

static size_t hash_of(ino_t directory, const char *name)
{
	uint64_t hash = 14695981039346656037ULL ^ (uint64_t)directory;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211ULL;
	return (size_t)(hash ^ hash >> 29);
}

static struct own_name *find(const struct own_names *names, ino_t directory, const char *name)
{
	struct own_name *own;

	if (names->size == 0)
		return NULL;
	own = names->buckets[hash_of(directory, name) % names->size];
	while (own && (own->directory != directory || strcmp(own->name, name) != 0))
		own = own->next;
	return own;
}

static void push(struct own_names *names, struct own_name *own)
{
	struct own_name **bucket =
		&names->buckets[hash_of(own->directory, own->name) % names->size];

	own->next = *bucket;
	*bucket = own;
}

static void grow(struct own_names *names)
{
	struct own_names old = *names;

	names->size = old.size ? 2 * old.size : 1024;
	names->buckets = calloc(names->size, sizeof(struct own_name *));
	if (!names->buckets)
		abort();
	for (size_t i = 0; i < old.size; i++)
		for (struct own_name *own = old.buckets[i], *next; own; own = next) {
			next = own->next;
			push(names, own);
		}
	free(old.buckets);
}

bool own_names_add(struct own_names *names, ino_t directory, const char *name, struct arena *arena)
{
	struct own_name *own;

	if (find(names, directory, name))
		return false;
	if (names->count == names->size)
		grow(names);
	own = arena_alloc(arena, sizeof(*own) + strlen(name) + 1);
	own->directory = directory;
	strcpy(own->name, name);
	push(names, own);
	names->count++;
	return true;
}

bool own_names_have(const struct own_names *names, ino_t directory, const char *name)
{
	return find(names, directory, name) != NULL;
}

void own_names_free(struct own_names *names)
{
	free(names->buckets);
	*names = (struct own_names){ 0 };
}
