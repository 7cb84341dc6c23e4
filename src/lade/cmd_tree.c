/* cmd_tree.c -- lade tree: the layers of an image, and what stands on them. */
#include <errno.h>
#include <string.h>

#include "image/layer.h"
#include "images.h"

struct options {
	bool whatrequires;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "whatrequires", 0, OPTION_FLAG, offsetof(struct options, whatrequires), NULL, "show the images whose layers come on top of this one's instead", NULL, 0 },
};
/* clang-format on */

/* An image as a pile of layers. */
struct pile {
	const struct store_image *image;
	size_t count;
	char (*chains)[LAYER_DIFF_ID_SIZE]; /* ChainID up to each layer, the lowest first */
	const char **diff_ids;
	int64_t *sizes; /* of the blobs */
};

struct forest {
	const struct store *store;
	struct store_images images;
	struct pile *piles;
	size_t count;
	struct arena *arena;
	struct text *out;
};

/* Damaged images have no layers to show. */
static bool pile_read(const struct forest *forest, const struct store_image *image,
		      struct pile *pile)
{
	struct arena *arena = forest->arena;
	struct store_documents documents;
	const struct strings *diff_ids;

	if (!image->digest ||
	    store_read_documents(forest->store, image->digest, arena, &documents, NULL) < 0 ||
	    !documents.image)
		return false;
	diff_ids = &documents.config.rootfs->diff_ids;
	if (diff_ids->count != documents.manifest.layers.count)
		return false;
	*pile = (struct pile){
		.image = image,
		.count = diff_ids->count,
		.chains = arena_array(arena, diff_ids->count + 1, sizeof(*pile->chains)),
		.diff_ids = arena_array(arena, diff_ids->count + 1, sizeof(char *)),
		.sizes = arena_array(arena, diff_ids->count + 1, sizeof(int64_t)),
	};
	for (size_t i = 0; i < pile->count; i++) {
		layer_chain_id(i ? pile->chains[i - 1] : NULL, diff_ids->items[i], pile->chains[i]);
		pile->diff_ids[i] = diff_ids->items[i];
		pile->sizes[i] = documents.manifest.layers.items[i].size;
	}
	return true;
}

static int forest_read(struct forest *forest, struct error *err)
{
	TRY(store_list_images(forest->store, forest->arena, &forest->images, err));
	forest->piles =
		arena_array(forest->arena, forest->images.count + 1, sizeof(*forest->piles));
	for (size_t i = 0; i < forest->images.count; i++)
		if (!images_listed_before(&forest->images, i))
			forest->count += pile_read(forest, &forest->images.items[i],
						   &forest->piles[forest->count]);
	return 0;
}

/* podman's four digits and no blank: "2.071MB". */
static char *size_of(int64_t bytes, struct arena *arena)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double size = (double)bytes;
	size_t unit = 0;

	for (; size >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		size /= 1000;
	return arena_format(arena, "%.4g%s", size, units[unit]);
}

static void add_names(const struct forest *forest, const struct store_image *image)
{
	struct image_names names =
		images_names(&forest->images, store_image_key(image), forest->arena);

	text_add(forest->out, "[");
	for (size_t i = 0; i < names.all.count; i++)
		text_format(forest->out, "%s%s", i ? " " : "", names.all.items[i]);
	if (!names.all.count && image->id)
		text_format(forest->out, "%.12s", digest_hex(image->id));
	text_add(forest->out, "]");
}

static void add_layer(const struct forest *forest, const char *indent, bool last,
		      const struct pile *pile, size_t layer)
{
	text_format(forest->out, "%s%s ID: %.12s Size: %s", indent, last ? "└──" : "├──",
		    digest_hex(pile->diff_ids[layer]), size_of(pile->sizes[layer], forest->arena));
	for (size_t i = 0; i < forest->count; i++) {
		const struct pile *other = &forest->piles[i];

		if (other->count != layer + 1 ||
		    strcmp(other->chains[layer], pile->chains[layer]) != 0)
			continue;
		text_add(forest->out, " Top Layer of: ");
		add_names(forest, other->image);
	}
	text_add(forest->out, "\n");
}

/* Does `other` stand on the first `height` layers of `pile`? */
static bool stands_on(const struct pile *other, const struct pile *pile, size_t height)
{
	return other->count > height &&
	       (!height || !strcmp(other->chains[height - 1], pile->chains[height - 1]));
}

/* The layers that come next on top of the first `height`, each once, and what is above them. */
static void add_above(const struct forest *forest, const struct pile *pile, size_t height,
		      const char *indent)
{
	const struct pile **next = arena_array(forest->arena, forest->count + 1, sizeof(*next));
	size_t count = 0;

	for (size_t i = 0; i < forest->count; i++) {
		bool known = false;

		if (!stands_on(&forest->piles[i], pile, height))
			continue;
		for (size_t k = 0; k < count; k++)
			known |= !strcmp(next[k]->chains[height], forest->piles[i].chains[height]);
		if (!known)
			next[count++] = &forest->piles[i];
	}
	for (size_t i = 0; i < count; i++) {
		bool last = i + 1 == count;

		add_layer(forest, indent, last, next[i], height);
		add_above(forest, next[i], height + 1,
			  arena_format(forest->arena, "%s%s", indent, last ? "    " : "│   "));
	}
}

static void add_tree(const struct forest *forest, const struct pile *pile,
		     const struct options *options)
{
	text_format(forest->out, "Image ID: %.12s\nTags:     ", digest_hex(pile->image->id));
	add_names(forest, pile->image);
	text_format(forest->out, "\nSize:     %s\n%s\n", size_of(pile->image->total, forest->arena),
		    pile->count ? "Image Layers" : "No Image Layers");
	if (options->whatrequires && pile->count) {
		add_layer(forest, "", true, pile, pile->count - 1);
		add_above(forest, pile, pile->count, "    ");
		return;
	}
	for (size_t i = 0; i < pile->count; i++)
		add_layer(forest, "", i + 1 == pile->count, pile, i);
}

static int run(const struct command_line *line, struct error *err)
{
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	struct forest forest = { .store = &store, .arena = line->arena, .out = &out };
	struct store_image image;
	struct pile pile;

	TRY(command_open_store(line, STORE_LOOK, &store, err));
	TRY(store_find_image(&store, line->arguments.items[0], line->arena, &image, err));
	TRY(forest_read(&forest, err));
	if (!pile_read(&forest, &image, &pile))
		return fail(err, EINVAL, "%s has no layers that can be shown: it is damaged",
			    line->arguments.items[0]);
	add_tree(&forest, &pile, line->options);
	return command_print(&out, err);
}

const struct command command_tree = {
	.name = "tree",
	.summary = "show the layers of an image, or the images that stand on it",
	.arguments = "IMAGE",
	.least = 1,
	.most = 1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};
