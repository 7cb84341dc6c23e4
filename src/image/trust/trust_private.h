/* trust_private.h -- requirements, signatures, and what signatures say. */
#ifndef TRUST_PRIVATE_H
#define TRUST_PRIVATE_H

#include "base/settings.h"
#include "image/configuration.h"
#include "image/trust.h"

enum requirement_kind {
	REQUIRE_NOTHING,      /* insecureAcceptAnything */
	REQUIRE_IMPOSSIBLE,   /* reject */
	REQUIRE_GPG,          /* signedBy */
	REQUIRE_SIGSTORE,     /* sigstoreSigned */
	REQUIRE_UNIMPLEMENTED /* fails closed; `unknown` says what */
};

enum identity_kind {
	MATCH_REPO_DIGEST_OR_EXACT,
	MATCH_EXACT,
	MATCH_REPOSITORY,
	EXACT_REFERENCE,
	EXACT_REPOSITORY,
	REMAP_IDENTITY,
};

/* signedIdentity: what a signature must say of the image's name. */
struct identity {
	enum identity_kind kind;
	char *reference, *repository;
	char *prefix, *signed_prefix;
};

struct requirement {
	enum requirement_kind kind;
	const struct setting *place; /* in policy.json */
	struct strings key_paths;    /* files … */
	struct strings key_data;     /* … or base64 */
	struct identity identity;
	const char *unknown;
};

struct requirements {
	struct requirement *items;
	size_t count;
};

struct trust_scope {
	const char *transport; /* NULL: the default for all */
	const char *name;      /* "": the transport's */
	struct requirements requirements;
};

struct trust {
	struct trust_scope *scopes;
	size_t count;
};

/* policy.c */
int policy_read(const struct text *text, const char *file, struct arena *arena,
		const struct trust **trust, struct error *err);

/* requirement.c: one of a list. */
int requirement_read(const struct setting *setting, struct requirement *requirement,
		     struct arena *arena, struct error *err);

/* scope.c: the requirements for a name: of its most specific scope. Never NULL. */
const struct requirements *scope_find(const struct trust *trust, const struct reference *name,
				      struct arena *arena);

/* identity.c: does a signature for `signed_name` stand for the image `name`? */
bool identity_matches(const struct identity *identity, const struct reference *name,
		      const char *signed_name);

/* ---- signatures -------------------------------------------------------------------------------
 */

/* One, still to be believed. */
struct signature {
	const char *bytes; /* GPG: the signed message; sigstore: the payload */
	size_t length;
	const char *base64; /* sigstore: the signature of the payload; NULL: GPG */
};

/* signatures.c: all that can be found for the image, one after the other: `judge` gets each, which
 * lasts until it returns, or what is wrong with it (`signature` NULL, `wrong` says it). It returns
 * 1 when it has seen enough, which is returned then; 0: all were seen. Finding none is no error. */
#define SIGNATURE_MOST (1 << 20) /* of one, and of what it signs */
struct signature_judge {
	int (*judge)(void *context, const struct signature *signature, const struct error *wrong,
		     struct error *err);
	void *context;
};
int signatures_find(const struct trust_image *image, const struct signature_judge *judge,
		    struct error *err);

/* payload.c: what is signed (containers-signature(5)): EBADMSG unless it is the manifest's digest
 * and the name stands for the image's. */
struct payload_question {
	const struct trust_image *image;
	const struct identity *identity;
	const char *type; /* "atomic container signature" … */
};
int payload_check(const struct payload_question *question, const struct text *payload,
		  struct error *err);

/* keys.c: the bytes of all keys of a requirement. */
struct key {
	struct text bytes;
	const char *name; /* for messages */
};
struct keys {
	struct key *items;
	size_t count;
};
int keys_load(const struct requirement *requirement, struct arena *arena, struct keys *keys,
	      struct error *err);
void keys_free(struct keys *keys);
#define auto_keys __attribute__((cleanup(keys_free)))
/* Base64 as in the documents, blanks allowed; false: it is none. */
bool base64_decode(const char *encoded, struct text *bytes);

/* openpgp.c: packets as a signed message has them; EBADMSG: others, such as encrypted ones.
 * Inside of a compressed packet may be anything. */
int openpgp_check(const struct signature *signature, struct error *err);

/* gpg.c: a message signed by exactly one of the keys; its content. EBADMSG: it is not; ENOTSUP:
 * there is no libgpgme here; ECANCELED: `cancel_fd` became readable (<= 0: none). */
int gpg_verify(const struct keys *keys, const struct signature *signature, int cancel_fd,
	       struct text *content, struct error *err);

/* sigstore.c: the payload is signed by one of the keys. EBADMSG: it is not. */
int sigstore_verify(const struct keys *keys, const struct signature *signature, struct error *err);

#endif
