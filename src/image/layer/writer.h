/* writer.h -- what the parts share that make a layer of changes. */
#ifndef LAYER_WRITER_H
#define LAYER_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/inodes.h"
#include "base/text.h"
#include "image/layer_writer.h"

/* ---- merged.c: what lower layers, laid over each other, show ----------------------------------
 */

/* One directory: as each tree has it that shows through, uppermost first. */
struct merged {
	bool user_xattrs; /* whose marks are obeyed: user.overlay.* or trusted.overlay.* */
	int *fds;         /* own */
	size_t count;
};

/* One name of such a directory. */
struct merged_entry {
	bool present;
	int parent; /* the directory that it is in; belongs to the merged directory */
	struct stat stat;
	struct merged below; /* of a directory: what it holds */
};

int merged_open(const int *trees, size_t count, bool user_xattrs, struct merged *root,
		struct error *err);
int merged_find(const struct merged *directory, const char *name, struct merged_entry *entry,
		struct error *err);
/* Add the names of all its trees; some may be hidden, some come twice. */
int merged_names(const struct merged *directory, struct strings *names, struct arena *arena,
		 struct error *err);
void merged_close(struct merged *directory);
#define auto_merged __attribute__((cleanup(merged_close)))
void merged_entry_close(struct merged_entry *entry);
#define auto_merged_entry __attribute__((cleanup(merged_entry_close)))

/* Does this directory hide what lower trees have there? By the mark that
 * overlayfs obeys: the other one is an attribute that whoever owns the directory may set. */
bool directory_hides(int directory, bool user_xattrs);
/* A character device 0:0. */
bool stat_is_whiteout(const struct stat *stat);

/* ---- names.c ----------------------------------------------------------------------------------
 */

/* Add the names in an open directory. */
int directory_names(int directory, struct strings *names, struct arena *arena, struct error *err);
/* In their order as bytes, each once. */
void names_sort(struct strings *names);
/* Into the directory, or to the file, and back to the length that path_enter returned. */
size_t path_enter(struct text *path, const char *name);
void path_leave(struct text *path, size_t length);

/* ---- entries as they are on disk --------------------------------------------------------------
 */

/* An entry of an open directory; never followed. */
struct named {
	int parent;
	const char *name;
	const struct stat *stat;
};

/* ---- content.c --------------------------------------------------------------------------------
 */

/* Open a regular file, if it is still the one that `stat` was taken from; else EBUSY. */
int content_open(const struct named *file, struct error *err);
/* Where data are at or after `at`; the end of the file when there are none. */
off_t content_next(int fd, off_t at);
/* Fill the buffer, or reach the end. */
ssize_t content_read(int fd, void *buffer, size_t size, off_t at, struct error *err);

/* ---- disk_xattrs.c ----------------------------------------------------------------------------
 */

struct disk_xattr {
	const char *name;
	const void *value;
	size_t length;
};

struct disk_xattrs {
	struct disk_xattr *items;
	size_t count;
};

/* The extended attributes that belong to an image, in the order of their names. */
int disk_xattrs_read(const struct named *file, struct disk_xattrs *xattrs, struct arena *arena,
		     struct error *err);
bool disk_xattrs_equal(const struct disk_xattrs *a, const struct disk_xattrs *b);
/* Does it have overlayfs' mark, "trusted.overlay.MARK" or "user.overlay.MARK"? */
bool disk_has_mark(const struct named *file, const char *mark, bool user_xattrs);

/* ---- compare.c --------------------------------------------------------------------------------
 */

/* 1: the same in everything that a layer tells; 0: not. Directories: without what they hold.
 * cancel_fd > 0: readable means stop (ECANCELED). */
int compare_files(const struct named *now, const struct named *before, int cancel_fd,
		  struct error *err);

/* ---- recorder.c: entries of an archive --------------------------------------------------------
 */

struct recorder;

struct recorder *recorder_open(const struct layer_changes *changes, int out, struct error *err);
/* `path` has no leading slash; "" is the root. `target`, if not NULL: a hard link to that. */
int recorder_add(struct recorder *recorder, const char *path, const struct named *file,
		 const char *target, struct error *err);
int recorder_add_whiteout(struct recorder *recorder, const char *directory, const char *name,
			  struct error *err);
int recorder_finish(struct recorder *recorder, struct layer_written *written, struct error *err);
void recorder_close(struct recorder *recorder);

#endif
