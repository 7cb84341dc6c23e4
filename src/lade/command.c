/* command.c -- what most commands begin and end with. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/standard.h"
#include "commands.h"
#include "image/reference.h"

int command_open_store(const struct command_line *line, enum store_access access,
		       struct store *store, struct error *err)
{
	const struct globals *globals = line->globals;

	TRY(store_open(store_root(globals->root, line->arena), access, store, err));
	return additional_stores_add(line, store, err);
}

static int import_image(struct store *store, const char *what, struct bundle_image *image,
			struct arena *arena, struct error *err)
{
	struct transfer_options options = { 0 };
	struct store_image imported;

	TRY(network_options_apply(NULL, arena, &options, err));
	TRY(transfer_pull(store, what, &options, arena, &imported, err));
	return bundle_load_image(store, imported.name ? imported.name : imported.digest, arena,
				 image, err);
}

int command_load_platform(const struct command_line *line, struct store *store, const char *what,
			  const char *platform, struct bundle_image *image, struct error *err)
{
	struct oci_platform wanted;
	int result;

	if (platform)
		TRY(oci_platform_parse(platform, &wanted, line->arena, err));

	if (reference_has_transport(what) && !text_starts(what, "docker://") &&
	    !text_starts(what, "store:"))
		return import_image(store, what, image, line->arena, err);
	result = bundle_load_platform(store, what, platform ? &wanted : NULL, line->arena, image,
				      err);
	if (result == -ENOENT)
		fail_hint(err, "fetch it first: lade pull %s", what);
	return result;
}

int command_full_name(const char *typed, struct arena *arena, char **name, struct error *err)
{
	const char *slash = strchr(typed, '/');
	struct reference reference;
	bool has_domain = slash && (text_starts(typed, "localhost/") ||
				    strcspn(typed, ".:") < (size_t)(slash - typed));

	TRY(reference_parse_name(has_domain ? typed : arena_format(arena, "localhost/%s", typed),
				 arena, &reference, err));
	if (reference.digest)
		return fail(err, EINVAL, "\"%s\": a tag has no digest", typed);
	*name = reference_format(&reference, arena);
	return 0;
}

int command_load_image(const struct command_line *line, struct store *store, const char *what,
		       struct bundle_image *image, struct error *err)
{
	return command_load_platform(line, store, what, NULL, image, err);
}

int command_print(const struct text *text, struct error *err)
{
	return standard_print(text->data ? text->data : "", text->length, err);
}

void command_add_json(const struct json_shape *shape, const void *items, size_t count,
		      struct text *out)
{
	text_add(out, "[");
	for (size_t i = 0; i < count; i++) {
		text_add(out, i ? ",\n" : "\n");
		json_write(shape, (const char *)items + i * shape->size, false, out);
	}
	text_add(out, count ? "\n]\n" : "]\n");
}

int command_print_id(const struct store_image *image, struct error *err)
{
	auto_text struct text out = { 0 };

	text_format(&out, "%s\n", digest_hex(image->id));
	return command_print(&out, err);
}

void command_collect(struct store *store)
{
	struct store_collected collected;
	struct error err = { 0 };

	if (store_collect(store, false, &collected, &err) < 0)
		log_debug("nothing is collected now: %s", err.what);
}

int command_copy(const struct copy_order *order, struct arena *arena, struct error *err)
{
	struct transfer_options *transfer = order->transfer;
	struct progress *progress = NULL;
	char digest[DIGEST_SIZE];
	int result;

	if (order->verb)
		progress = progress_open(order->verb, order->destination, transfer, arena);
	result = transfer_copy(order->sources, order->destination, transfer, arena, digest, err);
	progress_close(progress);
	if (result < 0 || !order->digestfile)
		return result;
	return file_replace(AT_FDCWD, order->digestfile,
			    &(struct file_content){ digest, strlen(digest), 0644, false }, err);
}

void command_report(const struct error *err)
{
	log_error(err);
}
