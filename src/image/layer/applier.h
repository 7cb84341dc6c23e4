/* applier.h -- what the parts of the layer module share: a layer being applied, and one entry. */
#ifndef LAYER_APPLIER_H
#define LAYER_APPLIER_H

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "image/layer.h"

#include "own_names.h"

#define NAME_SIZE (NAME_MAX + 1)

/* A directory whose times are set when nothing changes in it any more. */
struct late_directory {
	char *path;
	ino_t inode;
	struct timespec times[2];
};

/* A file copied up from a lower layer: the next link to it goes to the copy. */
struct copied_up {
	char *target; /* its name in the lower layers */
	char *path;   /* the copy's name */
	struct copied_up *next;
};

struct applier {
	int root; /* not owned */
	const struct layer_options *options;
	struct layer_result *result;
	struct archive *archive;
	struct arena arena;
	struct late_directory *late;
	size_t late_count, late_size, late_bytes;
	struct copied_up *copied;
	struct own_names own; /* LAYER_MERGED: what this layer made */
	/* The directory of the last entry; usable again as long as nothing was removed. */
	int parent;
	bool parent_usable;
	ino_t parent_inode; /* LAYER_MERGED */
	char parent_path[PATH_MAX];
	/* What reading the source ended with; then the error is told already. */
	int source_result;
};

/* One entry of the archive, checked. */
struct entry {
	char path[PATH_MAX]; /* without ".", "..", double, leading and trailing slashes; "": root */
	char target[PATH_MAX]; /* of a hard link: as `path` */
	const char *link;      /* of a symbolic link: verbatim; NULL otherwise */
	mode_t type;           /* S_IFREG …; 0: a hard link */
	mode_t mode;           /* 07777 */
	uid_t uid;
	gid_t gid;
	dev_t device;
	int64_t size;
	struct timespec times[2]; /* access, modification */
	struct archive_entry *raw;
};

/* Where an entry goes: always used with *at() calls that do not follow `name`. */
struct place {
	int parent; /* belongs to the applier, until the next place_find */
	char name[NAME_SIZE];
};

static inline bool is_overlay(const struct applier *applier)
{
	return applier->options->form == LAYER_OVERLAY;
}

/* ---- entry.c: from libarchive's entry to ours ---- */

struct header_fact;
int entry_read(struct archive_entry *raw, const struct header_fact *fact, struct entry *entry,
	       struct error *err);
/* Does the name's last component begin with ".wh."? Such an entry is no file, whatever its type. */
bool entry_is_whiteout(const struct entry *entry);

/* ---- apply.c ---- */

/* A failure of libarchive's, or of the source below it. */
int archive_failure(const struct applier *applier, struct error *err);

/* ---- place.c: directories on the way, and what is in the way ---- */

/* Find the directory that `path` goes to; make: create what is missing (0755). -ENOENT and -ENOTDIR
 * without make. */
int place_find(struct applier *applier, const char *path, bool make, struct place *place,
	       struct error *err);
/* Something was removed or replaced: a remembered directory may be gone. */
void place_forget(struct applier *applier);
/* Remove whatever has the place's name. */
int place_clear(struct applier *applier, const struct place *place, struct error *err);
/* The name belongs to this layer: its own whiteouts do not concern it. */
int place_own(struct applier *applier, const struct place *place, struct error *err);

/* ---- make.c ---- */

int entry_make(struct applier *applier, const struct entry *entry, struct error *err);

/* ---- attributes.c: owner, mode, extended attributes, times; in this order ---- */

int attributes_set_file(const struct applier *applier, const struct entry *entry, int fd,
			struct error *err);
/* The times come at the very end. `path` is the entry's. */
int attributes_set_directory(struct applier *applier, const struct entry *entry, int fd,
			     struct error *err);
int attributes_set_special(const struct applier *applier, const struct entry *entry,
			   const struct place *place, struct error *err);
int attributes_set_late(struct applier *applier, struct error *err);

/* ---- xattrs.c ---- */

/* What extended attributes are set on: a descriptor, or a name that is not followed. */
struct xattr_target {
	const char *owner; /* what errors call the file */
	int fd;            /* -1: `path` */
	char path[32 + NAME_SIZE];
};

struct xattr_target xattr_target_place(const struct place *place);
/* Set one; what the file system or the caller's rights do not take is counted, not an error. */
int xattr_set(const struct applier *applier, const struct xattr_target *target, const char *name,
	      const void *value, size_t length, struct error *err);
int xattrs_set(const struct applier *applier, const struct entry *entry,
	       const struct xattr_target *target, struct error *err);
/* Remove those of an existing directory that the entry does not have. */
void xattrs_clear(const struct entry *entry, int fd);
/* May an image set it? */
bool xattr_allowed(const char *name);

/* ---- links.c ---- */

int link_make(struct applier *applier, const struct entry *entry, const struct place *place,
	      struct error *err);

/* ---- lower.c ---- */

/* Open (O_PATH) what the lower layers have at `path`; -ENOENT: nothing. */
int lower_open(const struct layer_options *options, const char *path);
/* Make a copy of the lower file, with everything it has. */
int lower_copy_up(const struct applier *applier, int lower, const struct place *place,
		  struct error *err);

/* ---- whiteout.c ---- */

int whiteout_apply(struct applier *applier, const struct entry *entry, struct error *err);
/* Hide everything lower layers have in this directory (LAYER_OVERLAY). */
int opaque_mark(const struct applier *applier, int directory, const char *name, struct error *err);
bool is_opaque(const struct layer_options *options, int directory);
/* The kernel's form: a character device 0:0. */
bool is_whiteout_device(const struct stat *status);
/* The image has one in this form: the same as a whiteout entry. */
int whiteout_device_apply(struct applier *applier, const struct entry *entry, struct error *err);

#endif
