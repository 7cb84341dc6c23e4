/* trees.c -- an unpacked layer against its blob: unpacked once more, and compared file by file.
 *
 * A tree that is repaired is exchanged as a whole. One that a bundle stands on is left alone: what
 * is mounted must not change (the store sees to that, when it exchanges). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/own.h"
#include "check_private.h"
#include "image/layer.h"
#include "image/layer_view.h"

struct tree {
	struct check *check;
	const struct store_documents *documents;
	size_t index;
	const char *thing; /* "layer sha256:…" */
	char *path;        /* NULL: it is not there */
	size_t differences;
	char *first; /* the first of them, in words */
};

static const struct strings *diff_ids_of(const struct tree *tree)
{
	return &tree->documents->config.rootfs->diff_ids;
}

/* ---- once more --------------------------------------------------------------------------------
 */

static int open_lower(const struct tree *tree, int *lower, size_t *count, struct error *err)
{
	for (size_t i = tree->index; i-- > 0;) {
		const char *path = store_layer_path(tree->check->store, diff_ids_of(tree), i,
						    tree->check->arena);
		int fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

		if (fd < 0)
			return fail(err, ENOENT, "the tree of layer %zu is missing", i + 1);
		lower[(*count)++] = fd;
	}
	return 0;
}

static int apply(const struct tree *tree, const struct layer_options *options,
		 struct staging *staging, struct layer_result *result, struct error *err)
{
	const struct oci_descriptor *descriptor =
		&tree->documents->manifest.layers.items[tree->index];
	auto_close int blob =
		store_open_blob(tree->check->store, descriptor->digest, descriptor->size, err);

	if (blob < 0)
		return blob;
	TRY(staging_open(tree->check->store, staging, err));
	TRY(layer_apply_fd(blob, staging->dir, options, result, err));
	if (strcmp(result->diff_id, diff_ids_of(tree)->items[tree->index]) != 0)
		return fail(err, EBADMSG, "its blob unpacks to %s", result->diff_id);
	return 0;
}

/* What needs its parents is unpacked a second time, with them. */
static int unpack(const struct tree *tree, struct staging *staging, bool *with_parents,
		  struct error *err)
{
	struct layer_options options = {
		.form = LAYER_OVERLAY,
		.user_xattrs = tree->check->options->transfer->user_xattrs,
		.single_id = tree->check->options->transfer->single_id,
		.name = tree->documents->manifest.layers.items[tree->index].digest,
	};
	int *lower = arena_array(tree->check->arena, tree->index + 1, sizeof(*lower));
	struct layer_result result = { 0 };
	int done;

	*with_parents = false;
	TRY(apply(tree, &options, staging, &result, err));
	if (!result.needs_parents)
		return 0;
	*with_parents = true;
	staging_discard(staging);
	done = open_lower(tree, lower, &options.lower_count, err);
	options.lower = lower;
	if (done >= 0)
		done = apply(tree, &options, staging, &result, err);
	while (options.lower_count)
		close(lower[--options.lower_count]);
	return done;
}

/* The name it has in the store: its DiffID, or its ChainID where it needs its parents. */
static void key_of(const struct tree *tree, bool with_parents, char key[LAYER_DIFF_ID_SIZE])
{
	const struct strings *diff_ids = diff_ids_of(tree);
	char chain[LAYER_DIFF_ID_SIZE] = "";

	for (size_t i = 0; i <= tree->index; i++) {
		layer_chain_id(chain, diff_ids->items[i], key);
		memcpy(chain, key, LAYER_DIFF_ID_SIZE);
	}
	if (!with_parents)
		snprintf(key, LAYER_DIFF_ID_SIZE, "%s", diff_ids->items[tree->index]);
}

/* ---- comparing --------------------------------------------------------------------------------
 */

static int note_difference(void *context, const char *path, const char *how, struct error *err)
{
	struct tree *tree = context;

	if (!tree->differences++)
		tree->first = arena_format(tree->check->arena, "/%s %s", path, how);
	text_mask_controls(tree->first);
	return 0;
}

static int compare(struct tree *tree, const struct staging *staging, struct error *err)
{
	auto_close int found = open(tree->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct layer_comparison comparison = {
		.expected = staging->dir,
		.found = found,
		.user_xattrs = tree->check->options->transfer->user_xattrs,
		.cancel_fd = tree->check->options->cancel_fd,
		.visit = note_difference,
		.context = tree,
	};

	if (found < 0)
		return fail_call(err, "open", "cannot open it");
	return layer_compare_trees(&comparison, err);
}

/* ---- repairing --------------------------------------------------------------------------------
 */

static int replace(struct tree *tree, struct staging *staging, bool with_parents, struct error *err)
{
	char key[LAYER_DIFF_ID_SIZE];

	key_of(tree, with_parents, key);
	if (!tree->path) {
		TRY(staging_finish(staging, key, err));
		return store_commit(tree->check->store, err);
	}
	if (!text_starts(tree->path,
			 arena_format(tree->check->arena, "%s/layers/", tree->check->store->path)))
		return fail(err, EROFS, "it is in an additional store, which is read-only");
	return staging_exchange(staging, key, err);
}

static char *words_of(const struct tree *tree)
{
	struct arena *arena = tree->check->arena;

	if (!tree->path)
		return arena_string(arena, "is not unpacked");
	if (tree->differences == 1)
		return tree->first;
	return arena_format(arena, "%s, and %zu more", tree->first, tree->differences - 1);
}

/* Unpacked, compared, and put into its place where that is wanted. */
static int check_deeply(struct tree *tree, struct error *err)
{
	auto_staging struct staging staging = STAGING_NONE;
	struct error why = { 0 };
	int repaired = 1, unpacked;
	bool with_parents;

	unpacked = unpack(tree, &staging, &with_parents, &why);
	if (unpacked == -ECANCELED || (unpacked < 0 && !why.what[0])) {
		*err = why;
		return unpacked;
	}
	if (unpacked < 0) {
		check_tell(tree->check, tree->thing, "it cannot be unpacked", -1, &why);
		return 0;
	}
	if (tree->path)
		TRY(compare(tree, &staging, err));
	if (tree->path && !tree->differences)
		return 0;
	if (tree->check->options->repair)
		repaired = replace(tree, &staging, with_parents, &why);
	check_tell(tree->check, tree->thing, words_of(tree), repaired, &why);
	return 0;
}

int check_tree(struct check *check, const struct store_documents *documents, size_t index,
	       struct error *err)
{
	struct tree tree = { .check = check, .documents = documents, .index = index };
	const struct strings *diff_ids = diff_ids_of(&tree);

	TRY(cancel_check(check->options->cancel_fd, err));
	tree.thing = arena_format(check->arena, "layer %s", diff_ids->items[index]);
	tree.path = store_layer_path(check->store, diff_ids, index, check->arena);
	if (tree.path && strings_have(&check->seen, tree.path))
		return 0;
	if (tree.path)
		strings_add(&check->seen, tree.path, check->arena);
	check->result->layers++;
	if (tree.path && check->options->quick)
		return 0;
	if (!tree.path && !check->options->repair) {
		check_tell(check, tree.thing, "is not unpacked", 1, NULL);
		return 0;
	}
	if (check_deeply(&tree, err) < 0)
		return fail_where(err, "%s", tree.thing);
	return 0;
}
