/* stream.c -- from compressed bytes to the archive's.
 *
 * The compression is told by the first bytes: media types lie in practice. Every uncompressed byte
 * is counted against the limits, hashed for the DiffID and seen by the header walk before anybody
 * else gets it, also those behind the end of the archive. */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

#define RATIO_FREE (64ULL << 20) /* so many bytes may come out of nearly nothing */

static bool always_matches(const unsigned char *bytes, size_t length)
{
	return true;
}

static int plain_begin(struct layer_stream *stream, struct error *err)
{
	return 0;
}

static ssize_t plain_read(struct layer_stream *stream, unsigned char *block, size_t size,
			  struct error *err)
{
	size_t length;

	TRY(stream_fill(stream, 1, err));
	length = stream_input_length(stream);
	if (length > size)
		length = size;
	memcpy(block, stream_input(stream), length);
	stream->input_at += length;
	return (ssize_t)length;
}

static void plain_end(struct layer_stream *stream)
{
}

static const struct decoder decoder_plain = {
	"tar", always_matches, plain_begin, plain_read, plain_end,
};

static bool xz_matches(const unsigned char *bytes, size_t length)
{
	return length >= 6 && memcmp(bytes,
				     "\xfd"
				     "7zXZ",
				     6) == 0;
}

static bool bzip2_matches(const unsigned char *bytes, size_t length)
{
	return length >= 10 && memcmp(bytes, "BZh", 3) == 0 && memcmp(bytes + 4, "1AY&SY", 6) == 0;
}

static int xz_begin(struct layer_stream *stream, struct error *err)
{
	return fail(err, ENOTSUP, "the layer is compressed with xz, which image layers may not be");
}

static int bzip2_begin(struct layer_stream *stream, struct error *err)
{
	return fail(err, ENOTSUP,
		    "the layer is compressed with bzip2, which image layers may not be");
}

static const struct decoder decoder_xz = { "xz", xz_matches, xz_begin, plain_read, plain_end };
static const struct decoder decoder_bzip2 = {
	"bzip2", bzip2_matches, bzip2_begin, plain_read, plain_end,
};

static const struct decoder *const decoders[] = {
	&decoder_gzip, &decoder_zstd, &decoder_xz, &decoder_bzip2, &decoder_plain,
};

int stream_fill(struct layer_stream *stream, size_t least, struct error *err)
{
	if (stream_input_length(stream) >= least || stream->input_ended)
		return 0;
	memmove(stream->input, stream_input(stream), stream_input_length(stream));
	stream->input_length -= stream->input_at;
	stream->input_at = 0;
	while (stream->input_length < least && !stream->input_ended) {
		ssize_t length = stream->source->read(stream->source->context,
						      stream->input + stream->input_length,
						      STREAM_BLOCK - stream->input_length, err);

		if (length < 0)
			return (int)length;
		stream->input_ended = length == 0;
		stream->input_length += (size_t)length;
		stream->compressed += (uint64_t)length;
	}
	return 0;
}

static void set_limits(struct layer_stream *stream, const struct layer_limits *limits)
{
	stream->limits.entries = limits->entries ? limits->entries : 4000000;
	stream->limits.bytes = limits->bytes ? limits->bytes : LAYER_BYTES_MOST;
	stream->limits.ratio = limits->ratio ? limits->ratio : 2000;
}

int stream_open(struct layer_stream *stream, const struct layer_source *source,
		const struct layer_limits *limits, struct error *err)
{
	const struct decoder *const *decoder = decoders;

	*stream = (struct layer_stream){ .source = source };
	set_limits(stream, limits);
	stream->input = malloc(STREAM_BLOCK);
	stream->block = malloc(STREAM_BLOCK);
	if (!stream->input || !stream->block)
		abort();
	TRY(digest_begin(&stream->hash, DIGEST_SHA256, err));
	TRY(stream_fill(stream, 16, err));
	while (!(*decoder)->matches(stream_input(stream), stream_input_length(stream)))
		decoder++;
	TRY((*decoder)->begin(stream, err));
	stream->decoder = *decoder;
	return 0;
}

static int check_limits(const struct layer_stream *stream, struct error *err)
{
	uint64_t most;

	if (stream->uncompressed > stream->limits.bytes)
		return fail(err, EFBIG, "the layer has more than %llu uncompressed bytes",
			    (unsigned long long)stream->limits.bytes);
	if (stream->uncompressed <= RATIO_FREE)
		return 0;
	if (__builtin_mul_overflow(stream->compressed, (uint64_t)stream->limits.ratio, &most) ||
	    stream->uncompressed - RATIO_FREE <= most)
		return 0;
	return fail(err, EFBIG, "the layer is a decompression bomb: %llu bytes out of %llu so far",
		    (unsigned long long)stream->uncompressed,
		    (unsigned long long)stream->compressed);
}

ssize_t stream_read(struct layer_stream *stream, const void **block, struct error *err)
{
	ssize_t length = stream->decoder->read(stream, stream->block, STREAM_BLOCK, err);

	if (length < 0)
		return length;
	*block = stream->block;
	if (length == 0) {
		TRY(headers_end(&stream->headers, err));
		return 0;
	}
	stream->uncompressed += (uint64_t)length;
	TRY(check_limits(stream, err));
	digest_update(&stream->hash, stream->block, (size_t)length);
	TRY(headers_look(&stream->headers, stream->block, (size_t)length, err));
	return length;
}

int stream_drain(struct layer_stream *stream, struct error *err)
{
	const void *block;
	ssize_t length;

	while ((length = stream_read(stream, &block, err)) > 0)
		;
	return (int)length;
}

void stream_close(struct layer_stream *stream)
{
	if (stream->decoder)
		stream->decoder->end(stream);
	digest_free(&stream->hash);
	headers_close(&stream->headers);
	free(stream->input);
	free(stream->block);
	*stream = (struct layer_stream){ 0 };
}
