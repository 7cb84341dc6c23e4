/* digest.c -- content addresses and their hashing.
 *
 * A row an algorithm. libcrypto looks an algorithm up by name through its providers, which costs
 * more than hashing a manifest: it is done once a process and then shared by all threads. */
#include "image/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static struct algorithm_row {
	const char *name;
	const char *prefix;
	size_t bytes;
	const char *fetched_as;
	EVP_MD *md;
} algorithms[] = {
	[DIGEST_SHA256] = { "sha256", "sha256:", 32, "SHA2-256" },
	[DIGEST_SHA512] = { "sha512", "sha512:", 64, "SHA2-512" },
};

enum { ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]) };

static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch_algorithms(void)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		algorithms[i].md = EVP_MD_fetch(NULL, algorithms[i].fetched_as, NULL);
}

static const struct algorithm_row *row_of(const char *digest)
{
	for (size_t i = 0; i < ALGORITHMS; i++) {
		const char *hex = text_after(digest, algorithms[i].prefix);

		if (!hex)
			continue;
		size_t digits = strspn(hex, "0123456789abcdef");
		if (digits == 2 * algorithms[i].bytes && !hex[digits])
			return &algorithms[i];
	}
	return NULL;
}

bool digest_valid(const char *digest)
{
	return row_of(digest);
}

int digest_check(const char *digest, const char *what, struct error *err)
{
	if (digest_valid(digest))
		return 0;
	return fail(err, EINVAL, "%s: invalid digest \"%.160s\": must be sha256:HEX or sha512:HEX",
		    what, digest ? digest : "");
}

enum digest_algorithm digest_algorithm(const char *digest)
{
	const struct algorithm_row *row = row_of(digest);

	return row ? (enum digest_algorithm)(row - algorithms) : DIGEST_SHA256;
}

const char *digest_algorithm_name(enum digest_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

const char *digest_hex(const char *digest)
{
	return strchr(digest, ':') + 1;
}

int digest_begin(struct digest_hash *hash, enum digest_algorithm algorithm, struct error *err)
{
	pthread_once(&fetched, fetch_algorithms);
	*hash = (struct digest_hash){ .algorithm = algorithm, .context = EVP_MD_CTX_new() };
	if (!hash->context)
		return fail_number(err, ENOMEM, "EVP_MD_CTX_new", "cannot hash");
	if (!algorithms[algorithm].md ||
	    !EVP_DigestInit_ex2(hash->context, algorithms[algorithm].md, NULL)) {
		digest_free(hash);
		return fail(err, ENOTSUP, "libcrypto does not offer %s",
			    algorithms[algorithm].name);
	}
	return 0;
}

void digest_update(struct digest_hash *hash, const void *bytes, size_t length)
{
	/* Cannot fail once begun: the providers of both algorithms only count and mix. */
	if (!EVP_DigestUpdate(hash->context, bytes, length))
		abort();
	hash->length += length;
}

static void write_digest(const struct algorithm_row *row, const unsigned char *sum,
			 char digest[DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *out = stpcpy(digest, row->prefix);

	for (size_t i = 0; i < row->bytes; i++) {
		*out++ = digits[sum[i] >> 4];
		*out++ = digits[sum[i] & 15];
	}
	*out = '\0';
}

void digest_end(struct digest_hash *hash, char digest[DIGEST_SIZE])
{
	unsigned char sum[EVP_MAX_MD_SIZE];

	if (!EVP_DigestFinal_ex(hash->context, sum, NULL))
		abort();
	write_digest(&algorithms[hash->algorithm], sum, digest);
	digest_free(hash);
}

void digest_free(struct digest_hash *hash)
{
	EVP_MD_CTX_free(hash->context);
	hash->context = NULL;
}

int digest_verify(struct digest_hash *hash, const char *expected, int64_t size, struct error *err)
{
	uint64_t length = hash->length;
	char digest[DIGEST_SIZE];

	digest_end(hash, digest);
	if (size >= 0 && length != (uint64_t)size)
		return fail(err, EBADMSG, "%s: expected %lld bytes, got %llu", expected,
			    (long long)size, (unsigned long long)length);
	if (!text_equal(digest, expected))
		return fail(err, EBADMSG, "%s: the content has another digest: %s", expected,
			    digest);
	return 0;
}

void digest_of(enum digest_algorithm algorithm, const void *bytes, size_t length,
	       char digest[DIGEST_SIZE])
{
	struct digest_hash hash;

	if (digest_begin(&hash, algorithm, NULL) < 0)
		abort();
	digest_update(&hash, bytes, length);
	digest_end(&hash, digest);
}
