/* decompress.c -- a layer's archive itself, for those who keep layers as plain tar files. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "image/layer.h"
#include "image/layer_writer.h"
#include "stream.h"

struct blob {
	int fd;
	off_t at;
	struct digest_hash hash; /* of what was read */
};

static ssize_t read_blob(void *context, void *buffer, size_t size, struct error *err)
{
	struct blob *blob = context;
	ssize_t length = pread(blob->fd, buffer, size, blob->at);

	if (length < 0)
		return fail_call(err, "read", "cannot read the blob");
	digest_update(&blob->hash, buffer, (size_t)length);
	blob->at += length;
	return length;
}

/* The header walk wants its facts taken; nobody here needs them. */
static void forget_headers(struct layer_stream *stream)
{
	struct header_fact fact;

	while (headers_next(&stream->headers, &fact))
		;
}

/* Where the archive goes. */
struct outlet {
	int (*write)(const struct outlet *outlet, const void *bytes, size_t length,
		     struct error *err);
	int fd;
	struct packer *packer;
	const char *name;
};

static int write_to_file(const struct outlet *outlet, const void *bytes, size_t length,
			 struct error *err)
{
	return file_write_all(outlet->fd, bytes, length, outlet->name, err);
}

static int write_to_packer(const struct outlet *outlet, const void *bytes, size_t length,
			   struct error *err)
{
	return packer_write(outlet->packer, bytes, length, err);
}

static int pour(struct layer_stream *stream, const struct outlet *outlet, struct error *err)
{
	const void *block;
	ssize_t length;

	while ((length = stream_read(stream, &block, err)) > 0) {
		forget_headers(stream);
		TRY(outlet->write(outlet, block, (size_t)length, err));
	}
	return (int)length;
}

static int decompress(int fd, const struct outlet *outlet, struct layer_result *result,
		      struct error *err)
{
	const char *digest = outlet->name;
	struct blob blob = { .fd = fd };
	const struct layer_source source = { read_blob, &blob };
	const struct layer_limits limits = { 0 };
	struct layer_stream stream;
	char diff_id[DIGEST_SIZE];
	int status;

	*result = (struct layer_result){ 0 };
	TRY(digest_begin(&blob.hash, digest_algorithm(digest), err));
	status = stream_open(&stream, &source, &limits, err);
	if (status == 0)
		status = pour(&stream, outlet, err);
	if (status == 0)
		status = digest_verify(&blob.hash, digest, -1, err);
	digest_free(&blob.hash);
	if (status == 0) {
		digest_end(&stream.hash, diff_id);
		memcpy(result->diff_id, diff_id, sizeof(result->diff_id));
		result->compressed = stream.compressed;
		result->uncompressed = stream.uncompressed;
	}
	stream_close(&stream);
	return status < 0 ? fail_where(err, "layer %s", digest) : 0;
}

int layer_decompress_fd(int fd, int out, const char *digest, struct layer_result *result,
			struct error *err)
{
	const struct outlet outlet = { .write = write_to_file, .fd = out, .name = digest };

	return decompress(fd, &outlet, result, err);
}

int layer_decompress_into(int fd, struct packer *packer, const char *digest,
			  struct layer_result *result, struct error *err)
{
	const struct outlet outlet = { .write = write_to_packer, .packer = packer, .name = digest };

	return decompress(fd, &outlet, result, err);
}
