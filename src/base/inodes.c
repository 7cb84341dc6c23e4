/* inodes.c -- a hash table with chains, whose places never move: it only grows. */
#include <string.h>

#include "base/inodes.h"

struct inode_place {
	struct inode_place *next;
	uint64_t device, inode;
	char *path;
};

static size_t bucket_of(const struct inodes *inodes, uint64_t device, uint64_t inode)
{
	return (size_t)((inode ^ device << 32) * 0x9e3779b97f4a7c15u >> 20) &
	       (inodes->bucket_count - 1);
}

static void push(struct inodes *inodes, struct inode_place *place)
{
	size_t bucket = bucket_of(inodes, place->device, place->inode);

	place->next = inodes->buckets[bucket];
	inodes->buckets[bucket] = place;
}

static void grow(struct inodes *inodes)
{
	struct inode_place **old = inodes->buckets;
	size_t old_count = inodes->bucket_count;

	inodes->bucket_count = old_count ? old_count * 4 : 256;
	inodes->buckets =
		arena_array(&inodes->arena, inodes->bucket_count, sizeof(struct inode_place *));
	for (size_t i = 0; i < old_count; i++)
		for (struct inode_place *place = old[i], *next; place; place = next) {
			next = place->next;
			push(inodes, place);
		}
}

const char *inodes_find(const struct inodes *inodes, const struct stat *file)
{
	struct inode_place *place;

	if (!inodes->bucket_count)
		return NULL;
	place = inodes->buckets[bucket_of(inodes, file->st_dev, file->st_ino)];
	while (place && (place->inode != file->st_ino || place->device != file->st_dev))
		place = place->next;
	return place ? place->path : NULL;
}

void inodes_add(struct inodes *inodes, const struct stat *file, const char *path)
{
	struct inode_place *place;

	if (inodes->count >= inodes->bucket_count)
		grow(inodes);
	place = arena_alloc(&inodes->arena, sizeof(*place));
	place->device = file->st_dev;
	place->inode = file->st_ino;
	place->path = arena_string(&inodes->arena, path);
	push(inodes, place);
	inodes->count++;
}

void inodes_free(struct inodes *inodes)
{
	arena_free(&inodes->arena);
	memset(inodes, 0, sizeof(*inodes));
}
