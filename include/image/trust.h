/* trust.h -- policy.json(5): which images are taken at all, and whose signatures they need.
 *
 * The policy of a name is the list of requirements of its most specific scope; all must be met.
 * What is not implemented (sigstoreSigned with fulcio, pki or rekor, signedBaseLayer, keys that are
 * no GPG keys) is a requirement that no image meets. Where no policy.json is, every image is taken.
 *
 * Signatures: registries.d(5) says where those of a registry's images are: a lookaside store, or
 * attachments in the repository itself; dir: has its own; other places have none. */
#ifndef IMAGE_TRUST_H
#define IMAGE_TRUST_H

#include "base/arena.h"
#include "base/error.h"
#include "image/reference.h"
#include "image/registry.h"

struct trust;

/* Read the policy: `file`, else $CONTAINERS_POLICY_JSON, else the first policy.json of the places
 * of configuration.h. What is wrong with it is EINVAL with line and column: nothing is taken then.
 * `trust` lives in the arena; NULL where there is no policy. */
int trust_load(const char *file, struct arena *arena, const struct trust **trust,
	       struct error *err);

/* An image that is about to be taken. */
struct trust_image {
	const struct reference *name; /* what it is called: decides the policy */
	const char *manifest;         /* its document, verbatim: manifest or index */
	size_t length;
	struct registry *registry;     /* the place that has it, and its name there; */
	const struct reference *place; /* NULL: not from a registry */
	int cancel_fd;                 /* > 0: readable means stop (ECANCELED); not owned */
};

/* 0: the policy takes it. EPERM: it does not; the words say why, with the policy's line and column;
 * what a signature failed for is among them. `trust` NULL: everything is taken. */
int trust_check(const struct trust *trust, const struct trust_image *image, struct error *err);

#endif
