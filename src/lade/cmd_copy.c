/* cmd_copy.c -- lade copy: an image from anywhere to anywhere, byte for byte. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "image/reference.h"

struct options {
	struct network_options network;
	struct packing_options packing;
	char *src_creds, *dest_creds;
	char *src_authfile, *dest_authfile;
	char *src_cert_dir, *dest_cert_dir;
	char *src_tls_verify, *dest_tls_verify;
	char *digestfile;
	bool all_platforms, quiet;
};

/* clang-format off */
static const struct option_row rows[] = {
	NETWORK_OPTION_ROWS(struct options, network),
	PACKING_OPTION_ROWS(struct options, packing),
	{ "all", 'a', OPTION_FLAG, offsetof(struct options, all_platforms), NULL, "copy every image of an index", NULL, 0 },
	{ "all-platforms", 0, OPTION_FLAG, offsetof(struct options, all_platforms), NULL, "the same", NULL, 0 },
	{ "src-creds", 0, OPTION_TEXT, offsetof(struct options, src_creds), "USER[:PASSWORD]", "as --creds, for the source alone", NULL, 0 },
	{ "dest-creds", 0, OPTION_TEXT, offsetof(struct options, dest_creds), "USER[:PASSWORD]", "as --creds, for the destination alone", NULL, 0 },
	{ "src-authfile", 0, OPTION_TEXT, offsetof(struct options, src_authfile), "FILE", "as --authfile, for the source alone", NULL, 0 },
	{ "dest-authfile", 0, OPTION_TEXT, offsetof(struct options, dest_authfile), "FILE", "as --authfile, for the destination alone", NULL, 0 },
	{ "src-cert-dir", 0, OPTION_TEXT, offsetof(struct options, src_cert_dir), "DIR", "as --cert-dir, for the source alone", NULL, 0 },
	{ "dest-cert-dir", 0, OPTION_TEXT, offsetof(struct options, dest_cert_dir), "DIR", "as --cert-dir, for the destination alone", NULL, 0 },
	{ "src-tls-verify", 0, OPTION_TEXT, offsetof(struct options, src_tls_verify), "BOOL", "as --tls-verify, for the source alone", "true|false", 0 },
	{ "dest-tls-verify", 0, OPTION_TEXT, offsetof(struct options, dest_tls_verify), "BOOL", "as --tls-verify, for the destination alone", "true|false", 0 },
	{ "digestfile", 0, OPTION_TEXT, offsetof(struct options, digestfile), "FILE", "write the digest of what was copied there", NULL, 0 },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "show no progress", NULL, 0 },
};
/* clang-format on */

/* One side's options are the common ones, but for what is said for this side alone. */
static int apply_side(const struct options *options, bool source, struct arena *arena,
		      struct transfer_options *transfer, struct error *err)
{
	struct network_options network = options->network;
	struct {
		char *own, **common;
	} sides[] = {
		{ source ? options->src_creds : options->dest_creds, &network.creds },
		{ source ? options->src_authfile : options->dest_authfile, &network.authfile },
		{ source ? options->src_cert_dir : options->dest_cert_dir, &network.cert_dir },
		{ source ? options->src_tls_verify : options->dest_tls_verify,
		  &network.tls_verify },
	};

	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++)
		if (sides[i].own)
			*sides[i].common = sides[i].own;
	return network_options_apply(&network, arena, transfer, err);
}

/* Into the store an image comes as by a pull: unpacked. */
static int copy_into_store(const struct command_line *line, struct store *store, const char *source,
			   const char *name, struct transfer_options *transfer, struct error *err)
{
	struct reference reference;
	struct store_image image;

	TRY(reference_parse_name(name, line->arena, &reference, err));
	transfer->name = reference_format(&reference, line->arena);
	return transfer_pull(store, source, transfer, line->arena, &image, err);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	const char *destination = line->arguments.items[line->arguments.count - 1];
	struct strings sources = line->arguments;
	auto_store struct store store = STORE_NONE;
	struct transfer_options transfer, there;
	struct transfer_packing packing;
	bool use_store = text_starts(destination, "store:");

	sources.count--;
	TRY(apply_side(options, true, line->arena, &transfer, err));
	TRY(apply_side(options, false, line->arena, &there, err));
	TRY(packing_options_apply(&options->packing, &packing, &transfer, err));
	for (size_t i = 0; i < sources.count; i++)
		use_store = use_store || text_starts(sources.items[i], "store:");
	if (use_store)
		TRY(command_open_store(line, STORE_USE, &store, err));
	transfer.store = use_store ? &store : NULL;
	transfer.there = &there.registry;
	transfer.all_platforms = options->all_platforms;
	if (text_starts(destination, "store:")) {
		if (sources.count > 1)
			return fail(err, EINVAL, "%s can hold one image only", destination);
		if (transfer.packing)
			return fail(err, EINVAL,
				    "--compression-format: the store keeps what it gets");
		return copy_into_store(line, &store, sources.items[0],
				       text_after(destination, "store:"), &transfer, err);
	}
	return command_copy(&(struct copy_order){ .sources = &sources,
						  .destination = destination,
						  .verb = options->quiet ? NULL : "Copying",
						  .digestfile = options->digestfile,
						  .transfer = &transfer },
			    line->arena, err);
}

const struct command command_copy_images = {
	.name = "copy",
	.summary = "copy images between registries, layouts, archives, directories and the store",
	.arguments = "SOURCE… DESTINATION",
	.least = 2,
	.most = -1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};
