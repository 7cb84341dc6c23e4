/* places.h -- where configuration is looked for. */
#ifndef CONFIGURATION_PLACES_H
#define CONFIGURATION_PLACES_H

#include "image/configuration.h"

/* The main file of that name ("registries.conf"), or NULL. */
const char *places_main(const char *name, struct arena *arena);

/* The files of the drop-in directories that belong to NAME and SUFFIX: "registries" and ".conf.d"
 * hold "*.conf", in the order in which they are read. */
int places_drop_ins(const char *name, const char *suffix, const char *extension,
		    struct arena *arena, struct strings *files, struct error *err);

/* $VARIABLE, or FALLBACK in the home directory, and PATH below it; NULL: there is no home. */
char *places_own(const char *variable, const char *fallback, const char *path, struct arena *arena);

#endif
