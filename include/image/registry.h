/* registry.h -- a client of one repository in a registry (distribution-spec 1.1), on libcurl.
 *
 * What holds for every request:
 *   - Credentials go to the registry's own scheme, host and port, and to the token service it
 *     names (https, unless the registry itself is insecure), never along a redirect or to
 *     a foreign URL. Redirects are followed here, at most 10, from https never to http.
 *   - Plain http only for a loopback host or with TLS_UNVERIFIED (there: https without
 *     verification first, then http).
 *   - Every body has a limit; a transfer that moves no data for `stall_seconds` is broken off, a
 *     long one never is. 429, 500, 502, 503, 504 and broken connections are tried again with
 *     growing pauses (Retry-After is obeyed, up to a minute); a blob goes on where it broke.
 *   - Nothing is handed over as complete whose size and digest were not verified here.
 *
 * Failures name the URL. Their numbers: ENOENT 404, EACCES 401 and 403, EBUSY 429, EPROTO for
 * answers that make no sense, EREMOTEIO for 5xx, EBADMSG for a wrong digest or size, ETIMEDOUT for
 * a stall, ECANCELED when cancelled, else what the connection failed with.
 *
 * Threads: a `struct registry` serves one thread at a time; registry_fork gives each thread its
 * own, which already knows scheme and token. */
#ifndef IMAGE_REGISTRY_H
#define IMAGE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "image/configuration.h"
#include "image/digest.h"
#include "image/oci.h"
#include "image/reference.h"

enum registry_tls {
	TLS_AUTOMATIC,  /* verified https; for a loopback host, plain http where https fails */
	TLS_VERIFIED,   /* --tls-verify=true: verified https, never http */
	TLS_UNVERIFIED, /* --tls-verify=false */
};

struct registry_options { /* { 0 } is a good default */
	enum registry_tls tls;
	const char *cert_dir;    /* --cert-dir: *.crt, *.cert with *.key; NULL: certs.d/HOST */
	const char *credentials; /* --creds: USER[:PASSWORD]; NULL: from the auth files */
	const char *auth_file;   /* --authfile: then no other is read; NULL: the usual ones */
	/* registries.conf: what is blocked, insecure or behind a proxy, and who keeps secrets;
	 * NULL: nothing is said. Not owned. */
	const struct registries *configuration;
	const struct registries_place *place; /* one that it named: this decides, not its name */
	bool push;                            /* tokens must allow writing */
	int retries;                          /* beyond the first try; 0: 3, < 0: none */
	int retry_delay_ms;                   /* before the second try, doubling; 0: 2000 */
	int stall_seconds;                    /* 0: 60 */
	int cancel_fd; /* > 0: readable means stop now (an eventfd); not owned */
};

struct registry;

/* No network yet. `reference->path` may be NULL for what concerns the whole registry. Reads
 * credentials and certificates: a broken auth file, a .cert without .key are errors; EPERM where
 * the configuration blocks the name. `options` and `reference` are not kept. Close with
 * registry_close.
 */
int registry_open(const struct reference *reference, const struct registry_options *options,
		  struct registry **registry, struct error *err);
/* Another client of the same repository for another thread. Fork from the thread that uses
 * `registry`; the two then live independently. */
int registry_fork(struct registry *registry, struct registry **forked, struct error *err);
void registry_close(struct registry *registry); /* NULL is fine */
/* Try again so many times from now on; as `retries` above. */
void registry_set_retries(struct registry *registry, int retries);

static inline void own_registry(struct registry **registry)
{
	registry_close(*registry);
}
#define auto_registry __attribute__((cleanup(own_registry)))

/* A manifest or index, verbatim. */
struct registry_manifest {
	char *bytes; /* in the arena, NUL behind */
	size_t length;
	char *media_type;         /* Content-Type without parameters, "" when it says nothing
				     (application/json) */
	char digest[DIGEST_SIZE]; /* computed here */
};

/* To be read; called by its digest. */
struct oci_document registry_document(const struct registry_manifest *manifest);

/* Fetch by tag or digest. With a digest the body must have it. At most OCI_DOCUMENT_LIMIT. */
int registry_fetch_manifest(struct registry *registry, const char *target, struct arena *arena,
			    struct registry_manifest *manifest, struct error *err);

/* The same by descriptor (an entry of an index): media type, size and digest must be its own. */
int registry_fetch_described(struct registry *registry, const struct oci_descriptor *descriptor,
			     struct arena *arena, struct registry_manifest *manifest,
			     struct error *err);

/* What a tag points to now, without its body (HEAD, GET where the registry has no HEAD). */
int registry_resolve(struct registry *registry, const char *target, char digest[DIGEST_SIZE],
		     struct error *err);

/* Where the bytes of a blob go. */
struct registry_sink {
	/* Gets every byte behind `offset` once, in order; a negative result ends the fetch and is
	 * what it returns. */
	int (*write)(void *context, const void *bytes, size_t length, struct error *err);
	void *context;
	/* To go on with what an earlier run left: the bytes already there and a hash that
	 * absorbed them (of the digest's algorithm). 0 and NULL: from the start. The hash is
	 * ended here, with success or failure. */
	uint64_t offset;
	struct digest_hash *hash;
};

/* Fetch a blob. Success means: all `descriptor->size` bytes were written and have its digest.
 * After a failure other than EBADMSG what was written is a right beginning as far as the
 * registry can be trusted (keep it and go on later); after EBADMSG it is rubbish. */
int registry_fetch_blob(struct registry *registry, const struct oci_descriptor *descriptor,
			const struct registry_sink *sink, struct error *err);

/* A small blob (an image config) into the arena: at most OCI_DOCUMENT_LIMIT bytes. */
int registry_fetch_document(struct registry *registry, const struct oci_descriptor *descriptor,
			    struct arena *arena, char **bytes, struct error *err);

/* Any file that a URL of http or https names: redirects are followed as everywhere here,
 * credentials are only shown to that host, and when it asks. Tried again until the first byte came.
 */
struct registry_download {
	const char *url;
	int (*write)(void *context, const void *bytes, size_t length, struct error *err);
	void *context;
};
int registry_download(const struct registry_download *order, const struct registry_options *options,
		      struct error *err);

/* A document that is not the registry's own, of at most `most` bytes, by its URL (http or https):
 * without credentials, but with the registry's certificates and its way with TLS. */
int registry_fetch_elsewhere(struct registry *registry, const char *url, size_t most,
			     struct text *text, struct error *err);

/* ---- upload.c: pushing -----------------------------------------------------------------------
 */

/* A blob at hand: `size` bytes of `fd` from `from` on. */
struct registry_upload {
	const struct oci_descriptor *descriptor;
	int fd; /* pread is used; stays the caller's */
	int64_t from;
	void (*sent)(void *context, int64_t bytes); /* NULL: nobody is told */
	void *context;
};

/* 1: the repository has that blob; 0: it has not. */
int registry_have_blob(struct registry *registry, const struct oci_descriptor *descriptor,
		       struct error *err);

/* Let the repository have a blob that another repository of the registry has. 1: it has it; 0: the
 * registry does not do that, or not for us. */
int registry_mount_blob(struct registry *registry, const struct oci_descriptor *descriptor,
			const char *from, struct error *err);

/* Bring a blob, which is not there yet, into the repository. In one PUT; what breaks goes on where
 * the registry says it stopped. */
int registry_push_blob(struct registry *registry, const struct registry_upload *upload,
		       struct error *err);

/* Put a manifest or index, verbatim, under a tag or its own digest. What it refers to must be
 * there. EBADMSG when the registry stores it under another digest than its own. Where it has a
 * subject and the registry no referrers API, it is entered in the tag that stands for that. */
int registry_push_manifest(struct registry *registry, const char *target,
			   const struct registry_manifest *manifest, struct error *err);

/* Delete a tag (the manifest stays), or a manifest with all its tags (by digest). */
int registry_delete(struct registry *registry, const char *target, struct error *err);

/* ---- listing.c: what a registry has ------------------------------------------------------------
 */

/* All tags of the repository, in the registry's order; page after page. */
int registry_list_tags(struct registry *registry, struct arena *arena, struct strings *tags,
		       struct error *err);

/* All repositories, where the registry tells (the _catalog extension). */
int registry_list_repositories(struct registry *registry, struct arena *arena,
			       struct strings *repositories, struct error *err);

/* What refers to that manifest (its signatures, SBOMs, …), as one index; by the referrers API, else
 * by the tag that replaces it. `artifact_type` NULL: all. */
int registry_list_referrers(struct registry *registry, const char *digest,
			    const char *artifact_type, struct arena *arena, struct oci_index *index,
			    struct error *err);

struct registry_found {
	char *name, *description;
	int64_t stars;
	bool official, automated;
};

struct registry_search {
	struct registry_found *items;
	size_t count;
};

/* Ask the registry's search (/v1/search, as docker.io has it), else look for `term` in its
 * catalog. */
int registry_find(struct registry *registry, const char *term, int limit, struct arena *arena,
		  struct registry_search *search, struct error *err);

/* Ask for nothing but to be let in: 0 when the registry takes the credentials (or wants none). */
int registry_ping(struct registry *registry, struct error *err);

/* ---- login.c: credentials that stay ------------------------------------------------------------
 */

/* Who we are to the registry, or NULL for nobody. */
const char *registry_user(const struct registry *registry);

/* Keep a password for `key` (HOST[:PORT][/REPOSITORY]) in the auth file (NULL: $REGISTRY_AUTH_FILE
 * or the user's own), or with the credential helper that this file names. Everything else in the
 * file stays; -ENOTSUP where it has what we would lose. */
int registry_keep_login(const char *key, const char *user, const char *password,
			const char *auth_file, struct error *err);
/* -ENOENT: there was none. */
int registry_forget_login(const char *key, const char *auth_file, struct error *err);
int registry_forget_all(const char *auth_file, struct error *err);

#endif
