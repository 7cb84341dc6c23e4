/* cmd_inspect.c -- lade inspect: everything about local images, in podman's form; about images
 * elsewhere, see inspect_elsewhere.c. */
#include <errno.h>
#include <string.h>

#include "base/template.h"
#include "inspect.h"

/* clang-format off */

static const struct option_row rows[] = {
	{ "raw", 0, OPTION_FLAG, offsetof(struct inspect_options, raw), NULL, "print the manifest or index as it is", NULL, 0 },
	{ "config", 0, OPTION_FLAG, offsetof(struct inspect_options, config), NULL, "print the config as it is", NULL, 0 },
	{ "format", 'f', OPTION_TEXT, offsetof(struct inspect_options, format), "FORM", "json (the default), or a template: {{.Config.Env}}", NULL, 0 },
	{ "no-tags", 'n', OPTION_FLAG, offsetof(struct inspect_options, no_tags), NULL, "do not list the tags of a repository", NULL, 0 },
	NETWORK_OPTION_ROWS(struct inspect_options, network),
};


#define ROOTFS_ROWS(ROW, T) \
	ROW(T, string,  type,   "Type",   none, always) \
	ROW(T, strings, layers, "Layers", none, always)
JSON_STRUCT(inspected_rootfs, ROOTFS_ROWS);
JSON_SHAPE(inspected_rootfs, ROOTFS_ROWS);

#define IMAGE_ROWS(ROW, T) \
	ROW(T, string,     id,            "Id",           none,             always) \
	ROW(T, string,     digest,        "Digest",       none,             always) \
	ROW(T, strings,    repo_tags,     "RepoTags",     none,             always) \
	ROW(T, strings,    repo_digests,  "RepoDigests",  none,             always) \
	ROW(T, string,     parent,        "Parent",       none,             always) \
	ROW(T, string,     comment,       "Comment",      none,             always) \
	ROW(T, string,     created,       "Created",      none,             optional) \
	ROW(T, object,     config,        "Config",       oci_execution,    optional) \
	ROW(T, string,     version,       "Version",      none,             always) \
	ROW(T, string,     author,        "Author",       none,             always) \
	ROW(T, string,     architecture,  "Architecture", none,             always) \
	ROW(T, string,     variant,       "Variant",      none,             optional) \
	ROW(T, string,     os,            "Os",           none,             always) \
	ROW(T, int64,      size,          "Size",         none,             always) \
	ROW(T, int64,      virtual_size,  "VirtualSize",  none,             always) \
	ROW(T, object,     rootfs,        "RootFS",       inspected_rootfs, always) \
	ROW(T, string_map, labels,        "Labels",       none,             always) \
	ROW(T, string_map, annotations,   "Annotations",  none,             always) \
	ROW(T, string,     manifest_type, "ManifestType", none,             always) \
	ROW(T, string,     user,          "User",         none,             always) \
	ROW(T, objects,    history,       "History",      oci_history,      always) \
	ROW(T, strings,    names_history, "NamesHistory", none,             always)
JSON_STRUCT(inspected_image, IMAGE_ROWS);
JSON_SHAPE(inspected_image, IMAGE_ROWS);

/* clang-format on */

static char *or_empty(char *text)
{
	static char empty[] = "";

	return text ? text : empty;
}

static int add_names(const struct store *store, struct inspected_image *inspected,
		     struct arena *arena, struct error *err)
{
	struct store_images images;

	TRY(store_list_images(store, arena, &images, err));
	for (size_t i = 0; i < images.count; i++) {
		struct store_image *image = &images.items[i];
		struct reference reference;

		if (!store_image_has(image, inspected->digest) || !image->name ||
		    reference_parse_name(image->name, arena, &reference, NULL) < 0)
			continue;
		if (reference.tag)
			strings_add(&inspected->repo_tags, image->name, arena);
		strings_add(&inspected->names_history, image->name, arena);
		strings_add(&inspected->repo_digests,
			    arena_format(arena, "%s@%s", reference_repository(&reference, arena),
					 image->digest),
			    arena);
	}
	return 0;
}

static void add_config(const struct bundle_image *image, struct inspected_image *inspected,
		       struct arena *arena)
{
	const struct oci_image_config *config = &image->config;

	inspected->created = config->created;
	inspected->author = or_empty(config->author);
	inspected->architecture = or_empty(config->architecture);
	inspected->variant = config->variant;
	inspected->os = or_empty(config->os);
	inspected->config = config->config;
	inspected->history.items = config->history.items;
	inspected->history.count = config->history.count;
	inspected->rootfs = arena_alloc(arena, sizeof(*inspected->rootfs));
	inspected->rootfs->type = or_empty(config->rootfs->type);
	inspected->rootfs->layers = config->rootfs->diff_ids;
	inspected->user = or_empty(config->config ? config->config->user : NULL);
	if (config->config)
		inspected->labels = config->config->labels;
	if (config->history.count)
		inspected->comment =
			or_empty(config->history.items[config->history.count - 1].comment);
}

static int inspect(const struct store *store, const struct bundle_image *image,
		   struct inspected_image *inspected, struct arena *arena, struct error *err)
{
	*inspected = (struct inspected_image){
		.id = arena_string(arena, digest_hex(image->manifest.config->digest)),
		.digest = image->stored.digest,
		.parent = or_empty(NULL),
		.comment = or_empty(NULL),
		.version = or_empty(NULL),
		.size = image->stored.total,
		.virtual_size = image->stored.total,
		.annotations = image->manifest.annotations,
		.manifest_type = or_empty(image->stored.media_type),
	};
	add_config(image, inspected, arena);
	return add_names(store, inspected, arena, err);
}

/* Every line four columns to the right; strings hold no line ends, JSON escapes them. */
static void add_indented(struct text *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		text_add(out, "    ");
		text_add_bytes(out, text, length);
		text += length;
		if (*text && text[1])
			text_add(out, "\n");
		text += *text != '\0';
	}
}

const char *inspect_template(const struct inspect_options *options)
{
	return text_equal(options->format, "json") ? NULL : options->format;
}

static int add_by_template(const struct inspected_image *inspected, const char *format,
			   struct arena *arena, struct text *out, struct error *err)
{
	static const char *const times[] = { "Created", "created", NULL };
	const struct template_rows shown_rows = {
		.shape = &inspected_image_shape,
		.items = inspected,
		.count = 1,
		.times = times,
	};

	return template_print(format, &shown_rows, arena, out, err);
}

static int add_image(const struct command_line *line, const struct store *store, const char *what,
		     struct text *out, struct error *err)
{
	const struct inspect_options *options = line->options;
	auto_text struct text document = { 0 };
	struct inspected_image inspected;
	struct transfer_options transfer;
	struct bundle_image image;

	TRY(network_options_apply(&options->network, line->arena, &transfer, err));
	TRY(bundle_load_platform(store, what, transfer.platform, line->arena, &image, err));
	TRY(inspect(store, &image, &inspected, line->arena, err));
	if (inspect_template(options))
		return add_by_template(&inspected, inspect_template(options), line->arena, out,
				       err);
	json_write(&inspected_image_shape, &inspected, true, &document);
	text_add(out, out->length > 1 ? ",\n" : "\n");
	add_indented(out, document.data);
	return 0;
}

/* With a transport in front: of an image that is elsewhere. */
static int add_one(const struct command_line *line, const struct store *store, const char *what,
		   struct text *out, struct error *err)
{
	const struct inspect_options *options = line->options;

	if (reference_has_transport(what) || options->raw || options->config)
		return inspect_elsewhere(line, store, what, out, err);
	return add_image(line, store, what, out, err);
}

/* As podman: what was found is printed, then the first failure told. */
static int run(const struct command_line *line, struct error *err)
{
	const struct inspect_options *options = line->options;
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	int result = 0;

	TRY(command_open_store(line, STORE_LOOK, &store, err));
	if (options->raw || options->config) {
		if (line->arguments.count > 1)
			return fail(err, EINVAL, "--raw and --config are for one image");
		TRY(inspect_elsewhere(line, &store, line->arguments.items[0], &out, err));
		return command_print(&out, err);
	}
	text_add(&out, inspect_template(options) ? "" : "[");
	for (size_t i = 0; i < line->arguments.count; i++) {
		struct error one = { 0 };
		int found = add_one(line, &store, line->arguments.items[i], &out, &one);

		if (found < 0 && result >= 0) {
			result = found;
			*err = one;
		}
	}
	if (!inspect_template(options))
		text_add(&out, out.length > 1 ? "\n]\n" : "]\n");
	TRY(command_print(&out, result < 0 ? NULL : err));
	return result;
}

const struct command command_inspect = {
	.name = "inspect",
	.summary = "print everything about images as JSON, or what a template asks",
	.arguments = "IMAGE…",
	.least = 1,
	.most = -1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct inspect_options),
	.run = run,
};
