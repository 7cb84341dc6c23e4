/* sha256.h -- SHA-256 (FIPS 180-4), for names of cache files: coffer maps no libcrypto. */
#ifndef SECURITY_SHA256_H
#define SECURITY_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t hash[8];
	uint64_t length; /* bytes taken so far */
	unsigned char block[64];
};

void sha256_start(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t length);
void sha256_finish(struct sha256 *sha, unsigned char digest[SHA256_SIZE]);

/* hex has room for 65 bytes. */
void sha256_hex(const unsigned char digest[SHA256_SIZE], char *hex);

#endif
