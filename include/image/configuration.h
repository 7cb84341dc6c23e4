/* configuration.h -- what the machine and the user say about registries, in the files that podman,
 * skopeo and buildah read: registries.conf(5) here, more below.
 *
 * Places, the first that has the main file decides: $XDG_CONFIG_HOME/containers (or
 * ~/.config/containers), /etc/containers, /usr/share/containers. Drop-ins (NAME.conf.d and, for
 * root, NAME.rootful.conf.d, for others NAME.rootless.conf.d and its UID) of all of them are added
 * in the order of their names; of the same name the first place's alone.
 *
 * Everything lives in the given arena. Errors name file, line and column. */
#ifndef IMAGE_CONFIGURATION_H
#define IMAGE_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "image/reference.h"

/* ---- places.c: where files are ----------------------------------------------------------------
 */

/* The main file of that name ("registries.conf", "policy.json"), or NULL. */
const char *configuration_main(const char *name, struct arena *arena);

/* The files that end with EXTENSION in all drop-in directories, in the order in which they are
 * read: of "registries" and ".conf.d", or ".d". */
int configuration_drop_ins(const char *name, const char *suffix, const char *extension,
			   struct arena *arena, struct strings *files, struct error *err);

/* $VARIABLE, or FALLBACK in the home directory, and PATH below it; NULL: there is no home. */
char *configuration_own(const char *variable, const char *fallback, const char *path,
			struct arena *arena);

/* ---- registries.conf(5) ---------------------------------------------------------------------- */

/* A registry, or a part of one: where it is. */
struct registries_place {
	char *location; /* "host:5000/namespace"; NULL: as the prefix says */
	char *proxy;    /* a URL; NULL: what the environment says */
	char *pull;     /* mirrors: "all", "digest-only", "tag-only" */
	bool insecure;  /* https without verification, then http */
};

/* A [[registry]]: what holds for names that begin with its prefix. */
struct registries_rule {
	char *prefix; /* "host/ns" or "*.example.com" */
	struct registries_place primary;
	struct registries_place *mirrors;
	size_t mirror_count;
	bool blocked, mirror_by_digest_only;
	const char *file; /* that says so */
};

struct registries {
	struct registries_rule *rules;
	size_t count, room;
	struct strings search; /* unqualified-search-registries */
	bool has_search;       /* the key is there, be it empty */
	bool enforcing;        /* short-name-mode: candidates are not tried one after the other */
	struct string_map aliases;
	struct strings credential_helpers; /* empty: the auth files alone */
};

/* Read all that is there: $CONTAINERS_REGISTRIES_CONF and nothing else, or the main file and the
 * drop-ins; then $CONTAINERS_REGISTRIES_CONF_OVERRIDE; then the aliases that podman recorded. No
 * file at all is fine. */
int registries_load(struct arena *arena, struct registries **registries, struct error *err);

/* The same of given files, in that order; what comes later wins. */
int registries_read(const struct strings *files, struct arena *arena,
		    struct registries **registries, struct error *err);

/* What holds for a name: the longest prefix; NULL: nothing. `registries` may be NULL. */
const struct registries_rule *registries_find(const struct registries *registries,
					      const struct reference *name);

/* EPERM when pulling from, or pushing to, that name is forbidden. */
int registries_check(const struct registries *registries, const struct reference *name,
		     struct error *err);

/* Where a name is pulled from: mirrors in their order, then the primary place. */
struct registries_source {
	struct reference reference; /* the name there */
	const struct registries_place *place;
};

struct registries_sources {
	struct registries_source *items;
	size_t count;
};

/* At least one; EPERM as above. */
int registries_sources(const struct registries *registries, const struct reference *name,
		       struct arena *arena, struct registries_sources *sources, struct error *err);

/* What a name that was typed without a registry (reference->typed) may mean, to be tried in this
 * order: its alias; else one name for each unqualified-search registry; else, when no file has that
 * key, docker.io's. A name with its registry means itself. EINVAL: it may mean nothing, or
 * short-name-mode is enforcing and it may mean several things: nobody is asked, in a terminal
 * neither, so that scripts and people get the same. */
int registries_names(const struct registries *registries, const struct reference *name,
		     struct arena *arena, struct strings *names, struct error *err);

/* ---- registries.d(5) --------------------------------------------------------------------------
 */

/* Where the signatures of an image are. */
struct configuration_signatures {
	const char *lookaside; /* file:///…, https://… or http://…; NULL: there is no such store */
	bool attachments;      /* in the repository itself, as cosign puts them there */
};

/* For the name of the image at the place it is fetched from. The most specific scope that has a key
 * decides it; default-docker comes last. One scope in two files is EINVAL. */
int configuration_signatures(const struct reference *name, struct arena *arena,
			     struct configuration_signatures *where, struct error *err);

#endif
