/* packing.c -- how layers are to be compressed on their way, as podman push has it. */
#include <errno.h>

#include "commands.h"

static const struct {
	const char *name;
	enum oci_compression compression;
	int64_t level_most;
} formats[] = {
	{ "gzip", OCI_GZIP, 9 },
	{ "zstd", OCI_ZSTD, 22 },
};

int packing_options_apply(const struct packing_options *options, struct transfer_packing *packing,
			  struct transfer_options *transfer, struct error *err)
{
	size_t i = 0;

	if (!options->format && !options->level && !options->force)
		return 0;
	if (!options->format)
		return fail(err, EINVAL, "--%s needs --compression-format",
			    options->level ? "compression-level" : "force-compression");
	while (!text_equal(formats[i].name, options->format))
		i++;
	if (options->level < 0 || options->level > formats[i].level_most)
		return fail(err, EINVAL, "--compression-level: %s has levels 1 to %d",
			    formats[i].name, (int)formats[i].level_most);
	*packing = (struct transfer_packing){
		.compression = formats[i].compression,
		.level = (int)options->level,
		/* A level is a wish for layers that have the format, too. */
		.force = options->force || options->level > 0,
	};
	transfer->packing = packing;
	return 0;
}
