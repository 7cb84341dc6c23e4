/* load.c -- all images of an archive or a layout into the store: unpacked once, pulled one by one.
 */
#include <errno.h>
#include <string.h>

#include "base/own.h"
#include "transfer_private.h"

struct loading {
	struct store *store;
	const struct reference *reference; /* what the caller named */
	const struct reference *origin;    /* the same to the policy */
	const struct transfer_options *options;
	struct arena *arena;
	struct strings *names;
};

static int read_index(const struct source *source, struct arena *arena, struct oci_index *index,
		      struct error *err)
{
	auto_text struct text text = { 0 };
	struct oci_document document = { .name = "index.json" };

	TRY(layout_read(source, "index.json", &text, err));
	document.bytes = text.data ? text.data : "";
	document.length = text.length;
	return oci_index_read(&document, index, arena, err);
}

/* Of a layout's directory, what has no name is called after that. */
static const char *name_of(const struct loading *loading, const struct oci_descriptor *entry)
{
	struct source unnamed = { .reference = loading->reference,
				  .entry_name = string_map_get(&entry->annotations, OCI_REF_NAME) };

	return layout_name(&unnamed, loading->arena);
}

static int load_entry(const struct loading *loading, const char *directory,
		      const struct oci_descriptor *entry, size_t place, struct error *err)
{
	const struct reference part = { .transport = REFERENCE_LAYOUT,
					.directory = (char *)directory,
					.entry = (int)place };
	struct transfer_options options = *loading->options;
	struct store_image image;

	options.name = name_of(loading, entry);
	/* Nobody called it anything: an archive's own name is chance. */
	options.unnamed = loading->reference->transport != REFERENCE_LAYOUT &&
			  !string_map_get(&entry->annotations, OCI_REF_NAME);
	options.origin = loading->origin;
	TRY(pull_reference(loading->store, &part, &options, loading->arena, &image, err));
	strings_add(loading->names, image.name ? image.name : image.id, loading->arena);
	return 0;
}

static bool is_wanted(const struct reference *reference, const struct oci_descriptor *entry,
		      size_t place)
{
	if (reference->name)
		return text_equal(reference->name,
				  string_map_get(&entry->annotations, OCI_REF_NAME));
	return reference->entry < 0 || (size_t)reference->entry == place;
}

static int load_all(const struct loading *loading, const struct source *source, struct error *err)
{
	const char *directory =
		source->temporary ? source->temporary : loading->reference->directory;
	struct oci_index index;

	TRY(read_index(source, loading->arena, &index, err));
	for (size_t i = 0; i < index.manifests.count; i++)
		if (is_wanted(loading->reference, &index.manifests.items[i], i))
			TRY(load_entry(loading, directory, &index.manifests.items[i], i, err));
	if (!loading->names->count)
		return fail(err, ENOENT, "%s has no such image",
			    reference_format(loading->reference, loading->arena));
	return 0;
}

/* What has no index is one image. */
static int load_one(const struct loading *loading, struct error *err)
{
	struct store_image image;

	TRY(pull_reference(loading->store, loading->reference, loading->options, loading->arena,
			   &image, err));
	strings_add(loading->names, image.name, loading->arena);
	return 0;
}

int transfer_load(struct store *store, const char *text, const struct transfer_options *options,
		  struct arena *arena, struct strings *names, struct error *err)
{
	struct reference reference, origin;
	struct source source = { .layout = -1 };
	struct loading loading = { store, &reference, &reference, options, arena, names };
	int result;

	*names = (struct strings){ 0 };
	TRY(reference_parse(text, arena, &reference, err));
	if (reference.transport == REFERENCE_DIRECTORY || reference.transport == REFERENCE_REGISTRY)
		return load_one(&loading, err);
	if (reference.transport == REFERENCE_STORE)
		return fail(err, EINVAL, "%s is in the store already", text);
	result = source_open(&reference, NULL, options, &source, err);
	if (result >= 0) {
		origin = source_origin(&source);
		loading.origin = &origin;
		result = load_all(&loading, &source, err);
	}
	source_close(&source);
	return result;
}
