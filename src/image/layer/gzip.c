/* gzip.c -- gzip members one after the other, by ISA-L.
 *
 * Layers have many members (eStargz, pigz), and padding or junk behind the last: what does not
 * begin like a member ends the data, as in gzip(1), but is still read as a part of the blob. */
#include "stream.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

static bool gzip_matches(const unsigned char *bytes, size_t length)
{
	return length >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 0x08;
}

static void member_begin(struct inflate_state *state)
{
	isal_inflate_reset(state);
	state->crc_flag = ISAL_GZIP;
}

static int gzip_begin(struct layer_stream *stream, struct error *err)
{
	struct inflate_state *state = calloc(1, sizeof(*state));

	if (!state)
		abort();
	isal_inflate_init(state);
	state->crc_flag = ISAL_GZIP;
	stream->state = state;
	return 0;
}

static void gzip_end(struct layer_stream *stream)
{
	free(stream->state);
}

static const char *reason_of(int code)
{
	return code == ISAL_INCORRECT_CHECKSUM ? "its checksum is wrong"
					       : "it is not a gzip stream";
}

/* One call of the library. No progress without input: the source ended inside a member. */
static int inflate_some(struct layer_stream *stream, struct inflate_state *state, struct error *err)
{
	uint32_t room = state->avail_out;
	int code;

	TRY(stream_fill(stream, 1, err));
	state->next_in = (uint8_t *)stream_input(stream);
	state->avail_in = (uint32_t)stream_input_length(stream);
	code = isal_inflate(state);
	if (code < 0)
		return fail(err, EBADMSG, "the compressed data is broken: %s", reason_of(code));
	if (code == ISAL_NEED_DICT)
		return fail(err, EBADMSG, "the compressed data is broken: it needs a dictionary");
	if (stream_input_length(stream) == 0 && state->avail_out == room &&
	    state->block_state != ISAL_BLOCK_FINISH)
		return fail(err, EBADMSG, "the compressed data is broken: it ends too early");
	stream->input_at = stream->input_length - state->avail_in;
	return 0;
}

/* At the end of a member: 1 when another one follows; else the rest is read and forgotten. */
static int member_next(struct layer_stream *stream, struct inflate_state *state, struct error *err)
{
	TRY(stream_fill(stream, 3, err));
	if (gzip_matches(stream_input(stream), stream_input_length(stream))) {
		member_begin(state);
		return 1;
	}
	while (stream_input_length(stream) > 0) {
		stream->input_at = stream->input_length;
		TRY(stream_fill(stream, 1, err));
	}
	return 0;
}

static ssize_t gzip_read(struct layer_stream *stream, unsigned char *block, size_t size,
			 struct error *err)
{
	struct inflate_state *state = stream->state;

	state->next_out = block;
	state->avail_out = (uint32_t)size;
	while (state->avail_out > 0) {
		if (state->block_state == ISAL_BLOCK_FINISH) {
			int another = member_next(stream, state, err);

			if (another < 0)
				return another;
			if (!another)
				break;
		}
		TRY(inflate_some(stream, state, err));
	}
	return (ssize_t)(size - state->avail_out);
}

const struct decoder decoder_gzip = {
	"gzip", gzip_matches, gzip_begin, gzip_read, gzip_end,
};
