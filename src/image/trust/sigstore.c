/* sigstore.c -- a signature by a bare key, as cosign makes it: ECDSA or RSA (PKCS #1) over SHA-256,
 * or Ed25519, of the payload's bytes. libcrypto does the work. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "trust_private.h"

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static EVP_PKEY *read_key(const struct key *key, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(key->bytes.data, (int)key->bytes.length);
	EVP_PKEY *read = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	if (!read)
		fail(err, EINVAL, "%s is not a public key in PEM", key->name);
	return read;
}

static bool hashes_by_itself(const EVP_PKEY *key)
{
	return EVP_PKEY_get_id(key) == EVP_PKEY_ED25519;
}

/* 1: it is this key's signature; 0: it is not. */
static int verify(const struct key *key, const struct signature *signature,
		  const struct text *bytes, struct error *err)
{
	EVP_PKEY *public __attribute__((cleanup(free_key))) = read_key(key, err);
	EVP_MD_CTX *context __attribute__((cleanup(free_context))) = EVP_MD_CTX_new();
	int good;

	if (!public)
		return -EINVAL;
	if (!context ||
	    EVP_DigestVerifyInit(context, NULL, hashes_by_itself(public) ? NULL : EVP_sha256(),
				 NULL, public) != 1)
		return fail(err, ENOTSUP, "%s is a key of a kind that signs nothing here",
			    key->name);
	good = EVP_DigestVerify(context, (const unsigned char *)bytes->data, bytes->length,
				(const unsigned char *)signature->bytes, signature->length);
	ERR_clear_error();
	return good == 1;
}

int sigstore_verify(const struct keys *keys, const struct signature *signature, struct error *err)
{
	auto_text struct text bytes = { 0 };

	if (!base64_decode(signature->base64, &bytes))
		return fail(err, EBADMSG, "a signature that is not base64");
	for (size_t i = 0; i < keys->count; i++) {
		int good;

		TRY(good = verify(&keys->items[i], signature, &bytes, err));
		if (good)
			return 0;
	}
	return fail(err, EBADMSG, "the signature is by none of the keys");
}
