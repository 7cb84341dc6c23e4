/* inspect_elsewhere.c -- images that are not in the store: skopeo's summary, or the documents. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/template.h"
#include "inspect.h"

/* clang-format off */
#define LAYER_ROWS(ROW, T) \
	ROW(T, string, media_type, "MIMEType", none, always) \
	ROW(T, string, digest,     "Digest",   none, always) \
	ROW(T, int64,  size,       "Size",     none, always)
JSON_STRUCT(summary_layer, LAYER_ROWS);
JSON_SHAPE(summary_layer, LAYER_ROWS);

#define SUMMARY_ROWS(ROW, T) \
	ROW(T, string,     name,         "Name",         none,          always) \
	ROW(T, string,     digest,       "Digest",       none,          always) \
	ROW(T, strings,    tags,         "RepoTags",     none,          always) \
	ROW(T, string,     created,      "Created",      none,          optional) \
	ROW(T, string_map, labels,       "Labels",       none,          always) \
	ROW(T, string,     architecture, "Architecture", none,          always) \
	ROW(T, string,     variant,      "Variant",      none,          optional) \
	ROW(T, string,     os,           "Os",           none,          always) \
	ROW(T, strings,    layers,       "Layers",       none,          always) \
	ROW(T, objects,    layers_data,  "LayersData",   summary_layer, always) \
	ROW(T, strings,    env,          "Env",          none,          always)
JSON_STRUCT(summary, SUMMARY_ROWS);
JSON_SHAPE(summary, SUMMARY_ROWS);
/* clang-format on */

static char nothing[] = "";

static void add_layers(const struct oci_manifest *manifest, struct arena *arena,
		       struct summary *summary)
{
	size_t count = manifest->layers.count;

	summary->layers_data.items =
		arena_array(arena, count + 1, sizeof(*summary->layers_data.items));
	summary->layers_data.count = count;
	for (size_t i = 0; i < count; i++) {
		const struct oci_descriptor *layer = &manifest->layers.items[i];

		strings_add(&summary->layers, layer->digest, arena);
		summary->layers_data.items[i] =
			(struct summary_layer){ layer->media_type ? layer->media_type : nothing,
						layer->digest, layer->size };
	}
}

static int add_tags(const struct command_line *line, const char *name, struct summary *summary,
		    struct error *err)
{
	const struct inspect_options *options = line->options;
	auto_registry struct registry *registry = NULL;
	struct reference reference;
	int result;

	TRY(reference_parse(name, line->arena, &reference, err));
	summary->name = reference_repository(&reference, line->arena);
	if (options->no_tags)
		return 0;
	TRY(command_open_repository(line, &options->network, name, &reference, &registry, err));
	result = registry_list_tags(registry, line->arena, &summary->tags, err);
	if (result >= 0 || result == -ECANCELED)
		return result;
	/* Not everybody may list, and a mirror is not asked: the image is there all the same. */
	log_warning("%s: its tags cannot be listed: %s: %s", summary->name, err->where, err->what);
	*err = (struct error){ 0 };
	return 0;
}

static int add_summary(const struct command_line *line, const char *what,
		       const struct transfer_look *look, struct text *out, struct error *err)
{
	const struct oci_image_config *image = &look->image;
	struct summary summary = {
		.name = look->name,
		.digest = (char *)look->top.digest,
		.created = image->created,
		.architecture = image->architecture ? image->architecture : nothing,
		.variant = image->variant,
		.os = image->os ? image->os : nothing,
	};
	static const char *const times[] = { "Created", NULL };
	const struct template_rows rows = { &summary_shape, &summary, 1, NULL, false, times };
	const char *format = inspect_template(line->options);

	if (image->config) {
		summary.labels = image->config->labels;
		summary.env = image->config->env;
	}
	add_layers(&look->read, line->arena, &summary);
	if (text_starts(what, "docker://"))
		TRY(add_tags(line, what, &summary, err));
	if (format)
		return template_print(format, &rows, line->arena, out, err);
	text_add(out, out->length > 1 ? ",\n" : "\n");
	json_write(&summary_shape, &summary, true, out);
	out->length -= out->data[out->length - 1] == '\n';
	out->data[out->length] = '\0';
	return 0;
}

int inspect_elsewhere(const struct command_line *line, const struct store *store, const char *what,
		      struct text *out, struct error *err)
{
	const struct inspect_options *options = line->options;
	struct transfer_options transfer;
	struct transfer_look look;

	TRY(network_options_apply(&options->network, line->arena, &transfer, err));
	transfer.store = store;
	if (!reference_has_transport(what))
		what = arena_format(line->arena, "store:%s", what);
	TRY(transfer_look(what, &transfer, line->arena, &look, err));
	if (options->raw) {
		text_add_bytes(out, look.top.bytes, look.top.length);
		return 0;
	}
	if (!options->config)
		return add_summary(line, what, &look, out, err);
	if (!look.config)
		return fail(err, EINVAL, "%s is no image: it has no config", what);
	text_add_bytes(out, look.config, (size_t)look.read.config->size);
	return 0;
}
