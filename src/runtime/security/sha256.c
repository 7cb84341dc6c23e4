/* sha256.c -- SHA-256 (FIPS 180-4). Names of the functions and constants are the standard's. */
#include "sha256.h"

#include <endian.h>
#include <string.h>

/* clang-format off */
static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
/* clang-format on */

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void expand(const unsigned char *block, uint32_t W[64])
{
	for (int t = 0; t < 16; t++) {
		uint32_t word;

		memcpy(&word, block + 4 * t, sizeof(word));
		W[t] = be32toh(word);
	}
	for (int t = 16; t < 64; t++) {
		uint32_t x = W[t - 15], y = W[t - 2];
		uint32_t sigma0 = rotate(x, 7) ^ rotate(x, 18) ^ x >> 3;
		uint32_t sigma1 = rotate(y, 17) ^ rotate(y, 19) ^ y >> 10;

		W[t] = sigma1 + W[t - 7] + sigma0 + W[t - 16];
	}
}

static void compress(uint32_t H[8], const unsigned char *block)
{
	uint32_t a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];
	uint32_t W[64];

	expand(block, W);
	for (int t = 0; t < 64; t++) {
		uint32_t Sigma1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
		uint32_t Sigma0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
		uint32_t T1 = h + Sigma1 + ((e & f) ^ (~e & g)) + K[t] + W[t];
		uint32_t T2 = Sigma0 + ((a & b) ^ (a & c) ^ (b & c));

		h = g, g = f, f = e, e = d + T1;
		d = c, c = b, b = a, a = T1 + T2;
	}
	H[0] += a, H[1] += b, H[2] += c, H[3] += d;
	H[4] += e, H[5] += f, H[6] += g, H[7] += h;
}

void sha256_start(struct sha256 *sha)
{
	*sha = (struct sha256){ .hash = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;
	size_t filled = sha->length % sizeof(sha->block);

	sha->length += length;
	while (length > 0) {
		size_t part = sizeof(sha->block) - filled;

		if (part > length)
			part = length;
		if (part == sizeof(sha->block)) {
			compress(sha->hash, next);
		} else {
			memcpy(sha->block + filled, next, part);
			if (filled + part == sizeof(sha->block))
				compress(sha->hash, sha->block);
		}
		filled = 0;
		next += part;
		length -= part;
	}
}

/* The message is followed by a 1 bit, zeros, and its length in bits, to a multiple of 64 bytes. */
void sha256_finish(struct sha256 *sha, unsigned char digest[SHA256_SIZE])
{
	const uint64_t bits = htobe64(sha->length * 8);
	const unsigned char padding[64] = { 0x80 };
	size_t filled = sha->length % 64;

	sha256_add(sha, padding, filled < 56 ? 56 - filled : 120 - filled);
	sha256_add(sha, &bits, sizeof(bits));
	for (int i = 0; i < 8; i++) {
		uint32_t word = htobe32(sha->hash[i]);

		memcpy(digest + 4 * i, &word, sizeof(word));
	}
}

void sha256_hex(const unsigned char digest[SHA256_SIZE], char *hex)
{
	const char digits[] = "0123456789abcdef";

	for (int i = 0; i < SHA256_SIZE; i++) {
		*hex++ = digits[digest[i] >> 4];
		*hex++ = digits[digest[i] & 15];
	}
	*hex = '\0';
}
