/* layer_view.h -- a stack of layer trees as the one tree that it shows: compared, and written as an
 * archive. */
#ifndef IMAGE_LAYER_VIEW_H
#define IMAGE_LAYER_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "image/layer_writer.h"

struct layer_view {
	const int *trees; /* in overlay form, uppermost first; not owned */
	size_t count;
	bool user_xattrs; /* as in layer_options */
};

enum layer_difference_kind { LAYER_ADDED, LAYER_CHANGED, LAYER_DELETED };

struct layer_difference {
	enum layer_difference_kind kind;
	char *path; /* "/etc/passwd" */
};

struct layer_differences {
	struct layer_difference *items;
	size_t count;
};

/* What `now` shows that `before` does not, and the other way round, in the order of the names; a
 * directory stands before what is in it, and counts as changed when anything in it is. Of what is
 * deleted only the top is named. Times of directories say nothing. cancel_fd > 0: readable means
 * stop (-ECANCELED). */
int layer_compare_views(const struct layer_view *now, const struct layer_view *before,
			int cancel_fd, struct arena *arena, struct layer_differences *differences,
			struct error *err);

/* All that the view shows, as a layer's blob; of `how`, maps, latest, compression and cancel_fd are
 * used. */
int layer_write_view(const struct layer_view *view, const struct layer_changes *how, int out,
		     struct layer_written *written, struct error *err);

/* Two trees in overlay form as they are on disk, marks and all: calls `visit` for each name where
 * `found` is not as `expected` ("has the mode 0644 instead of 0755"). `path` is relative, "" the
 * root. Times of directories say nothing. */
struct layer_comparison {
	int expected, found;
	bool user_xattrs; /* as in layer_options */
	int cancel_fd;
	int (*visit)(void *context, const char *path, const char *how, struct error *err);
	void *context;
};
int layer_compare_trees(const struct layer_comparison *comparison, struct error *err);

#endif
