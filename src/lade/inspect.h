/* inspect.h -- lade inspect: what its halves share. */
#ifndef LADE_INSPECT_H
#define LADE_INSPECT_H

#include "commands.h"

struct inspect_options {
	struct network_options network;
	char *format;
	bool raw, config, no_tags;
};

/* inspect_elsewhere.c: an image behind a transport (or, for --raw and --config, in the store): the
 * wanted document, else a summary in skopeo's form as an element of a list. */
int inspect_elsewhere(const struct command_line *line, const struct store *store, const char *what,
		      struct text *out, struct error *err);

#endif
