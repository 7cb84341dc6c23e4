/* cmd_df.c -- lade df: what images and bundles take on disk, in podman's columns. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/template.h"
#include "images.h"

struct options {
	char *format;
	bool verbose;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "format", 0, OPTION_TEXT, offsetof(struct options, format), "FORM", "table, json, or a template: {{.Type}} {{.Size}}", NULL, 0 },
	{ "verbose", 'v', OPTION_FLAG, offsetof(struct options, verbose), NULL, "show each image and each bundle", NULL, 0 },
};

#define USED_ROWS(ROW, T) \
	ROW(T, string, type,            "Type",           none, always) \
	ROW(T, uint64, total,           "Total",          none, always) \
	ROW(T, uint64, active,          "Active",         none, always) \
	ROW(T, int64,  raw_size,        "RawSize",        none, always) \
	ROW(T, int64,  raw_reclaimable, "RawReclaimable", none, always) \
	ROW(T, uint64, total_count,     "TotalCount",     none, always) \
	ROW(T, string, size,            "Size",           none, always) \
	ROW(T, string, reclaimable,     "Reclaimable",    none, always)
JSON_STRUCT(used_row, USED_ROWS);
JSON_SHAPE(used_row, USED_ROWS);

#define USED_IMAGE_ROWS(ROW, T) \
	ROW(T, string, repository, "Repository", none, always) \
	ROW(T, string, tag,        "Tag",        none, always) \
	ROW(T, string, id,         "ImageID",    none, always) \
	ROW(T, string, created,    "Created",    none, always) \
	ROW(T, string, size,       "Size",       none, always) \
	ROW(T, string, shared,     "SharedSize", none, always) \
	ROW(T, string, unique,     "UniqueSize", none, always) \
	ROW(T, uint64, bundles,    "Bundles",    none, always)
JSON_STRUCT(used_image, USED_IMAGE_ROWS);
JSON_SHAPE(used_image, USED_IMAGE_ROWS);

#define USED_BUNDLE_ROWS(ROW, T) \
	ROW(T, string, id,      "BundleID", none, always) \
	ROW(T, string, image,   "Image",    none, always) \
	ROW(T, string, rootfs,  "Rootfs",   none, always) \
	ROW(T, string, size,    "Size",     none, always) \
	ROW(T, string, created, "Created",  none, always) \
	ROW(T, string, path,    "Path",     none, always)
JSON_STRUCT(used_bundle, USED_BUNDLE_ROWS);
JSON_SHAPE(used_bundle, USED_BUNDLE_ROWS);
/* clang-format on */

struct report {
	struct store_images images;
	struct store_bundles bundles;
	struct store_usage usage;
	struct arena *arena;
};

static char nothing[] = "", images_type[] = "Images", bundles_type[] = "Bundles",
	    partials_type[] = "Partial downloads", damaged[] = "<damaged>";

static void settle_sizes(struct used_row *row, struct arena *arena)
{
	int64_t percent = row->raw_size > 0
				  ? (row->raw_reclaimable * 100 + row->raw_size / 2) / row->raw_size
				  : 0;

	row->total_count = row->total;
	row->size = human_size(row->raw_size, arena);
	row->reclaimable = arena_format(
		arena, "%s (%lld%%)", human_size(row->raw_reclaimable, arena), (long long)percent);
}

/* Names of one image are one image. */
static void count_images(const struct report *report, struct used_row *row)
{
	for (size_t i = 0; i < report->images.count; i++) {
		if (report->images.items[i].read_only || images_listed_before(&report->images, i))
			continue;
		row->total++;
		row->active += report->usage.images[i].bundles > 0;
	}
}

static int add_summary(const struct report *report, const char *format, struct text *out,
		       struct error *err)
{
	static const char usual[] = "table {{.Type}}\\t{{.Total}}\\t{{.Active}}\\t{{.Size}}"
				    "\\t{{.Reclaimable}}";
	const struct store_usage *usage = &report->usage;
	struct used_row used[] = {
		{ .type = images_type,
		  .raw_size = usage->images_bytes,
		  .raw_reclaimable = usage->images_bytes - usage->images_active },
		{ .type = bundles_type,
		  .total = report->bundles.count,
		  .active = report->bundles.count,
		  .raw_size = usage->bundles_bytes },
		{ .type = partials_type,
		  .total = usage->partials,
		  .raw_size = usage->partial_bytes,
		  .raw_reclaimable = usage->partial_bytes },
	};
	const struct template_rows shown = { .shape = &used_row_shape, .items = used, .count = 3 };
	bool table = !format || text_equal(format, "table");

	count_images(report, &used[0]);
	for (size_t i = 0; i < 3; i++)
		settle_sizes(&used[i], report->arena);
	if (!text_equal(format, "json"))
		return template_print(table ? usual : format, &shown, report->arena, out, err);
	command_add_json(&used_row_shape, used, 3, out);
	return 0;
}

static int add_images(const struct report *report, struct text *out, struct error *err)
{
	static const struct template_heading headings[] = { { "ImageID", "IMAGE ID" }, { 0 } };
	struct arena *arena = report->arena;
	struct used_image *items = arena_array(arena, report->images.count + 1, sizeof(*items));
	struct template_rows shown = { &used_image_shape, items, 0, headings, false, NULL };

	for (size_t i = 0; i < report->images.count; i++) {
		const struct store_image *image = &report->images.items[i];
		const struct store_share *share = &report->usage.images[i];
		struct used_image *item = &items[shown.count];

		if (image->read_only || images_listed_before(&report->images, i))
			continue;
		shown.count++;
		*item = (struct used_image){
			.id = image->id ? arena_format(arena, "%.12s", digest_hex(image->id))
					: damaged,
			.created = human_since(image->created, arena),
			.size = human_size(share->unique + share->shared, arena),
			.shared = human_size(share->shared, arena),
			.unique = human_size(share->unique, arena),
			.bundles = share->bundles,
		};
		images_split_name(image, arena, &item->repository, &item->tag);
	}
	text_add(out, "Images space usage:\n\n");
	return template_print("table {{.Repository}}\\t{{.Tag}}\\t{{.ImageID}}\\t{{.Created}}\\t"
			      "{{.Size}}\\t{{.SharedSize}}\\t{{.UniqueSize}}\\t{{.Bundles}}",
			      &shown, arena, out, err);
}

static int add_bundles(const struct report *report, struct text *out, struct error *err)
{
	static const struct template_heading headings[] = { { "BundleID", "BUNDLE ID" }, { 0 } };
	struct arena *arena = report->arena;
	struct used_bundle *items = arena_array(arena, report->bundles.count + 1, sizeof(*items));
	const struct template_rows shown = { &used_bundle_shape, items, report->bundles.count,
					     headings,           false, NULL };

	for (size_t i = 0; i < report->bundles.count; i++) {
		const struct store_bundle *bundle = &report->bundles.items[i];

		items[i] = (struct used_bundle){
			.id = arena_format(arena, "%.12s", bundle->id),
			.image = bundle->image ? bundle->image : bundle->digest,
			.rootfs = bundle->rootfs ? bundle->rootfs : nothing,
			.size = human_size(report->usage.bundles[i], arena),
			.created = human_since(bundle->created, arena),
			.path = bundle->path,
		};
	}
	text_add(out, "\nBundles space usage:\n\n");
	return template_print("table {{.BundleID}}\\t{{.Image}}\\t{{.Rootfs}}\\t{{.Size}}\\t"
			      "{{.Created}}\\t{{.Path}}",
			      &shown, arena, out, err);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	struct report report = { .arena = line->arena };

	if (options->verbose && options->format)
		return fail(err, EINVAL, "either --verbose or --format");
	TRY(command_open_store(line, STORE_LOOK, &store, err));
	TRY(store_list_images(&store, line->arena, &report.images, err));
	TRY(store_list_bundles(&store, line->arena, &report.bundles, err));
	TRY(store_measure(&store, &report.images, &report.bundles, line->arena, &report.usage,
			  err));
	if (options->verbose) {
		TRY(add_images(&report, &out, err));
		TRY(add_bundles(&report, &out, err));
	} else {
		TRY(add_summary(&report, options->format, &out, err));
	}
	return command_print(&out, err);
}

const struct command command_df = {
	.name = "df",
	.summary = "show what images and bundles take on disk",
	.arguments = "",
	.least = 0,
	.most = 0,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};
