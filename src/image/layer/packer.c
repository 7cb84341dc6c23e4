/* packer.c -- a blob being written: hash, compress, hash, write. A row an encoder. */
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/file.h"
#include "base/own.h"
#include "image/layer_writer.h"

#define BLOCK_SIZE (256U << 10)
/* ISA-L's best, and what zstd(1) takes by itself. */
#define GZIP_LEVEL 3
#define ZSTD_LEVEL 3

struct packer_encoder {
	void *(*begin)(int level);
	/* `last`: nothing comes after this. */
	int (*encode)(struct packer *packer, const void *bytes, size_t length, bool last,
		      struct error *err);
	void (*end)(void *state);
};

static int emit(struct packer *packer, const void *bytes, size_t length, struct error *err)
{
	if (!length)
		return 0;
	digest_update(&packer->blob, bytes, length);
	packer->blob_size += length;
	return file_write_all(packer->out, bytes, length, "the blob", err);
}

/* ---- plain ----------------------------------------------------------------------------------- */

static void *plain_begin(int level)
{
	return NULL;
}

static int plain_encode(struct packer *packer, const void *bytes, size_t length, bool last,
			struct error *err)
{
	return emit(packer, bytes, length, err);
}

static void plain_end(void *state)
{
}

/* ---- gzip: one member, no name, no time ------------------------------------------------------ */

struct gzip_state {
	struct isal_zstream stream;
	unsigned char level_buffer[ISAL_DEF_LVL3_DEFAULT];
};

/* Of gzip's nine levels ISA-L has three. */
static void *gzip_begin(int level)
{
	struct gzip_state *state = calloc(1, sizeof(*state));

	if (!state)
		abort();
	isal_deflate_init(&state->stream);
	state->stream.gzip_flag = IGZIP_GZIP;
	state->stream.level = level ? (uint32_t)(level + 2) / 3 : GZIP_LEVEL;
	state->stream.level_buf = state->level_buffer;
	state->stream.level_buf_size = sizeof(state->level_buffer);
	return state;
}

static int gzip_encode(struct packer *packer, const void *bytes, size_t length, bool last,
		       struct error *err)
{
	struct isal_zstream *stream = &((struct gzip_state *)packer->state)->stream;
	union {
		const void *given;
		uint8_t *taken; /* it only reads */
	} input = { bytes };

	stream->next_in = input.taken;
	stream->avail_in = (uint32_t)length;
	stream->end_of_stream = last;
	do {
		stream->next_out = packer->block;
		stream->avail_out = BLOCK_SIZE;
		if (isal_deflate(stream) != COMP_OK)
			return fail(err, EIO, "cannot compress");
		TRY(emit(packer, packer->block, BLOCK_SIZE - stream->avail_out, err));
	} while (stream->avail_in > 0 || stream->avail_out == 0 ||
		 (last && stream->internal_state.state != ZSTATE_END));
	return 0;
}

/* ---- zstd: one frame ------------------------------------------------------------------------- */

static void *zstd_begin(int level)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();

	if (!context)
		abort();
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level ? level : ZSTD_LEVEL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	return context;
}

static int zstd_encode(struct packer *packer, const void *bytes, size_t length, bool last,
		       struct error *err)
{
	ZSTD_inBuffer in = { bytes, length, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { packer->block, BLOCK_SIZE, 0 };

		left = ZSTD_compressStream2(packer->state, &out, &in,
					    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return fail(err, EIO, "cannot compress: %s", ZSTD_getErrorName(left));
		TRY(emit(packer, packer->block, out.pos, err));
	} while (in.pos < in.size || (last && left > 0));
	return 0;
}

static void zstd_end(void *state)
{
	ZSTD_freeCCtx(state);
}

static const struct packer_encoder encoders[] = {
	[OCI_PLAIN] = { plain_begin, plain_encode, plain_end },
	[OCI_GZIP] = { gzip_begin, gzip_encode, free },
	[OCI_ZSTD] = { zstd_begin, zstd_encode, zstd_end },
};

/* ---- the packer ------------------------------------------------------------------------------ */

int packer_open_level(struct packer *packer, enum oci_compression compression, int level, int out,
		      struct error *err)
{
	*packer = (struct packer){ .encoder = &encoders[compression], .out = out };
	packer->block = malloc(BLOCK_SIZE);
	if (!packer->block)
		abort();
	packer->state = packer->encoder->begin(level);
	TRY(digest_begin(&packer->plain, DIGEST_SHA256, err));
	return digest_begin(&packer->blob, DIGEST_SHA256, err);
}

int packer_open(struct packer *packer, enum oci_compression compression, int out, struct error *err)
{
	return packer_open_level(packer, compression, 0, out, err);
}

int packer_write(struct packer *packer, const void *bytes, size_t length, struct error *err)
{
	digest_update(&packer->plain, bytes, length);
	packer->plain_size += length;
	for (size_t at = 0; at < length; at += BLOCK_SIZE) {
		size_t part = length - at < BLOCK_SIZE ? length - at : BLOCK_SIZE;

		TRY(packer->encoder->encode(packer, (const char *)bytes + at, part, false, err));
	}
	return 0;
}

int packer_finish(struct packer *packer, char plain[DIGEST_SIZE], char blob[DIGEST_SIZE],
		  struct error *err)
{
	TRY(packer->encoder->encode(packer, "", 0, true, err));
	if (plain)
		digest_end(&packer->plain, plain);
	if (blob)
		digest_end(&packer->blob, blob);
	packer_close(packer);
	return 0;
}

void packer_close(struct packer *packer)
{
	if (packer->encoder)
		packer->encoder->end(packer->state);
	packer->encoder = NULL;
	digest_free(&packer->plain);
	digest_free(&packer->blob);
	free(take_pointer(packer->block));
}
