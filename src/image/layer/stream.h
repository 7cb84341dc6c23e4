/* stream.h -- a layer's uncompressed bytes, counted, limited, hashed and looked at on the way. */
#ifndef LAYER_STREAM_H
#define LAYER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "image/digest.h"
#include "image/layer.h"

#include "headers.h"

#define STREAM_BLOCK (256U << 10)

struct layer_stream;

/* One row a compression. */
struct decoder {
	const char *name;
	bool (*matches)(const unsigned char *bytes, size_t length);
	int (*begin)(struct layer_stream *stream, struct error *err);
	/* Fill `block` as far as the input goes; 0 at the end. */
	ssize_t (*read)(struct layer_stream *stream, unsigned char *block, size_t size,
			struct error *err);
	void (*end)(struct layer_stream *stream);
};

extern const struct decoder decoder_gzip, decoder_zstd;

struct layer_stream {
	const struct layer_source *source;
	const struct decoder *decoder;
	void *state; /* the decoder's */
	struct digest_hash hash;
	struct header_walk headers;
	struct layer_limits limits;
	uint64_t compressed, uncompressed;
	unsigned char *input; /* STREAM_BLOCK bytes; what is not consumed yet: */
	size_t input_at, input_length;
	bool input_ended;
	unsigned char *block; /* STREAM_BLOCK bytes: what stream_read returns */
};

/* Reads the first bytes to tell the compression. Close also after a failure. */
int stream_open(struct layer_stream *stream, const struct layer_source *source,
		const struct layer_limits *limits, struct error *err);
/* The next block, valid until the next call; its length, 0 at the end of the source. */
ssize_t stream_read(struct layer_stream *stream, const void **block, struct error *err);
/* Read and hash what nobody wants. */
int stream_drain(struct layer_stream *stream, struct error *err);
void stream_close(struct layer_stream *stream);

/* For decoders: have at least `least` unconsumed input bytes, unless the source ends before.
 * `least` is small. */
int stream_fill(struct layer_stream *stream, size_t least, struct error *err);

static inline const unsigned char *stream_input(const struct layer_stream *stream)
{
	return stream->input + stream->input_at;
}

static inline size_t stream_input_length(const struct layer_stream *stream)
{
	return stream->input_length - stream->input_at;
}

#endif
