/* archive.h -- images in a tar file, unpacked to where a layout's calls find them. */
#ifndef TRANSFER_ARCHIVE_H
#define TRANSFER_ARCHIVE_H

#include "base/arena.h"
#include "base/error.h"
#include "image/digest.h"
#include "source.h"

/* A file of an archive, kept under a name of ours. */
struct member {
	char *name;    /* in the archive, normalised: no "./", no leading '/' */
	char *link;    /* it is a link to that member (Docker's older layers), or NULL */
	char file[32]; /* below the directory; "" for a link */
	char digest[DIGEST_SIZE];
	int64_t size;
};

struct archive_members {
	struct member *items;
	size_t count, room;
	int dir;       /* where their files are; not owned */
	int64_t total; /* bytes of all of them */
};

/* The member of that name, behind its links; NULL when there is none. */
const struct member *archive_member(const struct archive_members *members, const char *name,
				    struct arena *arena);

/* docker_archive.c: from manifest.json to an image layout, made of the members' files. */
int docker_archive_convert(const struct source *source, const struct archive_members *members,
			   struct arena *arena, struct error *err);

#endif
