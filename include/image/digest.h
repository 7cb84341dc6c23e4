/* digest.h -- content addresses: "sha256:" or "sha512:" and lower-case hex, nothing else.
 *
 * The grammar is checked before a digest is used in any path or URL (CVE-2024-3727); everything
 * that passed digest_valid is safe as a file name and as a part of a URL.
 * image-spec descriptor.md, "Digests". Hashing is libcrypto's EVP. */
#ifndef IMAGE_DIGEST_H
#define IMAGE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* "sha512:" + 128 digits + NUL: room for the longest digest. */
#define DIGEST_SIZE 136

enum digest_algorithm { DIGEST_SHA256, DIGEST_SHA512 };

/* sha256 with 64, or sha512 with 128 lower-case hex digits; false for NULL. */
bool digest_valid(const char *digest);
/* The same as an error: EINVAL, `invalid digest "…": …`. `what` says whose it is ("layer"). */
int digest_check(const char *digest, const char *what, struct error *err);

/* Of a valid digest: its algorithm, that algorithm's name, and its digits (inside `digest`). */
enum digest_algorithm digest_algorithm(const char *digest);
const char *digest_algorithm_name(enum digest_algorithm algorithm);
const char *digest_hex(const char *digest);

/* A running hash; start with { 0 } (then digest_free is harmless) and digest_begin. */
struct digest_hash {
	void *context;
	enum digest_algorithm algorithm;
	uint64_t length; /* bytes added so far */
};

int digest_begin(struct digest_hash *hash, enum digest_algorithm algorithm, struct error *err);
void digest_update(struct digest_hash *hash, const void *bytes, size_t length);
/* Write the digest's text and end the hash (frees it). */
void digest_end(struct digest_hash *hash, char digest[DIGEST_SIZE]);
void digest_free(struct digest_hash *hash);
#define auto_digest __attribute__((cleanup(digest_free)))

/* End the hash and compare: EBADMSG unless it absorbed `size` bytes (size < 0: any number) with
 * the digest `expected`. */
int digest_verify(struct digest_hash *hash, const char *expected, int64_t size, struct error *err);

/* All at once. */
void digest_of(enum digest_algorithm algorithm, const void *bytes, size_t length,
	       char digest[DIGEST_SIZE]);

#endif
