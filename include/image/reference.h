/* reference.h -- names of images: "alpine", "quay.io/a/b:1@sha256:…", "oci:DIR:NAME".
 *
 * The grammar is distribution/reference's to the letter: [domain/]path[:tag][@digest]. The first
 * component is a domain when it has '.' or ':' or an upper-case letter, or is "localhost"; else
 * the domain is docker.io, where a single component gets "library/" in front. A name without tag
 * and digest means the tag "latest". With both, the digest decides and the tag is kept for show. */
#ifndef IMAGE_REFERENCE_H
#define IMAGE_REFERENCE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

enum reference_transport {
	REFERENCE_REGISTRY,       /* NAME or docker://NAME */
	REFERENCE_LAYOUT,         /* oci:PATH[:NAME|:@N] */
	REFERENCE_OCI_ARCHIVE,    /* oci-archive:PATH[:NAME|:@N], a layout in a tar file */
	REFERENCE_DOCKER_ARCHIVE, /* docker-archive:PATH[:NAME|:@N], what docker save writes */
	REFERENCE_DIRECTORY,      /* dir:PATH, manifest and blobs as files */
	REFERENCE_STORE,          /* store:NAME, an image of the local store */
};

struct reference {
	enum reference_transport transport;

	/* REFERENCE_REGISTRY */
	char *domain; /* "docker.io", "127.0.0.1:5000", "[::1]:5000" */
	char *path;   /* "library/alpine" */
	char *tag;    /* NULL when only a digest was given */
	char *digest; /* NULL, or valid (digest.h) */
	char *typed;  /* as it was typed, when that names no registry; else NULL */

	/* The others */
	char *directory; /* PATH; NULL for the store */
	char *name;      /* of the image there, NULL when not given */
	int entry;       /* N of "@N": the entry of index.json, from 0; -1 when not given */
};

/* Any transport; without one it is a name in a registry. EINVAL says what is wrong with it.
 * Everything in `reference` lives in the arena. */
int reference_parse(const char *text, struct arena *arena, struct reference *reference,
		    struct error *err);

/* Only a name in a registry, as `lade tag`, `rmi`, `images` take it: "oci:…" is then a name too. */
int reference_parse_name(const char *text, struct arena *arena, struct reference *reference,
			 struct error *err);

/* "oci:", "docker://", …; and whether a text begins with one of them. */
const char *reference_prefix(enum reference_transport transport);
bool reference_has_transport(const char *text);
/* Does a name say which image it means, by tag or digest? ("latest" is added to what does not.) */
bool reference_has_target(const char *text);

/* In full: "docker.io/library/alpine:latest", "oci:DIR:NAME". Parses back to the same. */
char *reference_format(const struct reference *reference, struct arena *arena);
/* As people write it: "alpine:latest"; the tag is always there, docker.io and library/ are not. */
char *reference_familiar(const struct reference *reference, struct arena *arena);
/* Name without tag and digest: "docker.io/library/alpine". */
char *reference_repository(const struct reference *reference, struct arena *arena);
/* The same with the target alone: "docker.io/library/alpine@sha256:…", else "…:latest". */
char *reference_exact(const struct reference *reference, struct arena *arena);
/* What the registry's API calls the wanted manifest: the digest, else the tag. */
const char *reference_target(const struct reference *reference);
/* Where docker.io's API lives: "registry-1.docker.io"; every other domain itself. */
const char *reference_api_host(const struct reference *reference);

bool reference_tag_valid(const char *tag);

#endif
