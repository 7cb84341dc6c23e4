/* inspect.h -- lade inspect: what its halves share. */
#ifndef LADE_INSPECT_H
#define LADE_INSPECT_H

#include "commands.h"

struct inspect_options {
	struct network_options network;
	char *format; /* a template; NULL and "json": JSON */
	bool raw, config, no_tags;
};

/* The template that --format gives, or NULL. */
const char *inspect_template(const struct inspect_options *options);

/* inspect_elsewhere.c: an image behind a transport (or, for --raw and --config, in the store): the
 * wanted document, else a summary in skopeo's form: as an element of a list, or by a template. */
int inspect_elsewhere(const struct command_line *line, const struct store *store, const char *what,
		      struct text *out, struct error *err);

#endif
