/* links.c -- which inode of a layer is where in the copy, so that hard links stay hard links.
 * A table from inode to path; only files with more than one link are in it, one layer at a time. */
#include <string.h>

#include "rootfs_private.h"

struct link {
	struct link *next;
	uint64_t inode;
	char *path;
};

static size_t bucket_of(const struct links *links, uint64_t inode)
{
	return (size_t)(inode * 0x9e3779b97f4a7c15u >> 20) & (links->bucket_count - 1);
}

static void links_grow(struct links *links)
{
	struct link **old = links->buckets;
	size_t old_count = links->bucket_count;

	links->bucket_count = old_count ? old_count * 4 : 256;
	links->buckets = arena_array(&links->arena, links->bucket_count, sizeof(*links->buckets));
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct link *link = old[i];
			size_t bucket = bucket_of(links, link->inode);

			old[i] = link->next;
			link->next = links->buckets[bucket];
			links->buckets[bucket] = link;
		}
	}
}

const char *links_find(const struct links *links, uint64_t inode)
{
	if (!links->bucket_count)
		return NULL;
	for (struct link *link = links->buckets[bucket_of(links, inode)]; link; link = link->next)
		if (link->inode == inode)
			return link->path;
	return NULL;
}

void links_add(struct links *links, uint64_t inode, const char *path)
{
	struct link *link;
	size_t bucket;

	if (links->count >= links->bucket_count)
		links_grow(links);
	link = arena_alloc(&links->arena, sizeof(*link));
	link->inode = inode;
	link->path = arena_string(&links->arena, path);
	bucket = bucket_of(links, inode);
	link->next = links->buckets[bucket];
	links->buckets[bucket] = link;
	links->count++;
}

void links_free(struct links *links)
{
	arena_free(&links->arena);
	memset(links, 0, sizeof(*links));
}
