/* zstd.c -- zstd frames one after the other, skippable ones among them (zstd:chunked), by libzstd.
 * A frame may ask for a window of 128 MiB at most. */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#define WINDOW_LOG_MOST 27

static bool zstd_matches(const unsigned char *bytes, size_t length)
{
	if (length < 4)
		return false;
	if (bytes[0] == 0x28 && bytes[1] == 0xb5 && bytes[2] == 0x2f && bytes[3] == 0xfd)
		return true;
	return (bytes[0] & 0xf0) == 0x50 && bytes[1] == 0x2a && bytes[2] == 0x4d &&
	       bytes[3] == 0x18;
}

struct zstd_state {
	ZSTD_DStream *stream;
	bool inside; /* a frame is not complete */
};

static int zstd_begin(struct layer_stream *stream, struct error *err)
{
	struct zstd_state *state = calloc(1, sizeof(*state));

	if (!state || !(state->stream = ZSTD_createDStream()))
		abort();
	ZSTD_DCtx_setParameter(state->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MOST);
	stream->state = state;
	return 0;
}

static void zstd_end(struct layer_stream *stream)
{
	struct zstd_state *state = stream->state;

	ZSTD_freeDStream(state->stream);
	free(state);
}

/* 1 while there is progress, 0 at the end. */
static int decompress_some(struct layer_stream *stream, ZSTD_outBuffer *out, struct error *err)
{
	struct zstd_state *state = stream->state;
	size_t before = out->pos, result;
	ZSTD_inBuffer in;

	TRY(stream_fill(stream, 1, err));
	in = (ZSTD_inBuffer){ stream_input(stream), stream_input_length(stream), 0 };
	result = ZSTD_decompressStream(state->stream, out, &in);
	if (ZSTD_isError(result))
		return fail(err, EBADMSG, "the compressed data is broken: %s",
			    ZSTD_getErrorName(result));
	stream->input_at += in.pos;
	if (in.pos > 0 || out->pos > before) {
		state->inside = result != 0;
		return 1;
	}
	if (state->inside)
		return fail(err, EBADMSG, "the compressed data is broken: it ends too early");
	return 0;
}

static ssize_t zstd_read(struct layer_stream *stream, unsigned char *block, size_t size,
			 struct error *err)
{
	ZSTD_outBuffer out = { block, size, 0 };

	while (out.pos < out.size) {
		int progress = decompress_some(stream, &out, err);

		if (progress < 0)
			return progress;
		if (!progress)
			break;
	}
	return (ssize_t)out.pos;
}

const struct decoder decoder_zstd = {
	"zstd", zstd_matches, zstd_begin, zstd_read, zstd_end,
};
