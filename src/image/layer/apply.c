/* apply.c -- put a layer on disk: the recipe.
 *
 *     source -> stream (decompress, hash, look at headers) -> libarchive -> entry -> make
 *
 * Invariants: nothing outside the given directory is opened, made or changed; no path is walked
 * but by below.h; names are used with *at() calls that do not follow them; the source is read to
 * its end, for the digests are over all its bytes. libarchive only parses. Its conversions of
 * names are kept out by the C locale, where bytes that are not ASCII cannot be converted and are
 * handed out as they are (a warning of libarchive's that means nothing here). */
#include "applier.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"

#include "stream.h"

/* What libarchive's callback gets. */
struct reading {
	struct layer_stream stream;
	struct applier applier;
	struct error *err;
	bool padded;
};

/* The padding that the archive's end lacks; it is none of the archive's bytes. */
static size_t supply_padding(struct reading *reading, const void **block)
{
	static const unsigned char zeros[TAR_BLOCK];
	size_t lacking = reading->padded ? 0 : headers_lacking(&reading->stream.headers);

	reading->padded = true;
	*block = zeros;
	return lacking;
}

static la_ssize_t read_block(struct archive *archive, void *data, const void **block)
{
	struct reading *reading = data;
	ssize_t length = stream_read(&reading->stream, block, reading->err);

	if (length > 0)
		return length;
	if (length == 0)
		return (la_ssize_t)supply_padding(reading, block);
	reading->applier.source_result = (int)length;
	archive_set_error(archive, EIO, "the source failed");
	return -1;
}

int archive_failure(const struct applier *applier, struct error *err)
{
	const char *reason = archive_error_string(applier->archive);

	if (applier->source_result < 0)
		return applier->source_result;
	return fail(err, EBADMSG, "the archive is broken: %s", reason ? reason : "unknown format");
}

static int archive_begin(struct reading *reading)
{
	struct archive *archive = archive_read_new();

	if (!archive)
		abort();
	reading->applier.archive = archive;
	archive_read_support_format_tar(archive);
	archive_read_support_format_empty(archive);
	if (archive_read_open(archive, reading, NULL, read_block, NULL) != ARCHIVE_OK)
		return archive_failure(&reading->applier, reading->err);
	return 0;
}

static int entry_apply(struct reading *reading, struct archive_entry *raw, struct error *err)
{
	struct applier *applier = &reading->applier;
	struct header_fact fact;
	struct entry entry;

	if (++applier->result->entries > reading->stream.limits.entries)
		return fail(err, EFBIG, "the layer has more than %llu entries",
			    (unsigned long long)reading->stream.limits.entries);
	if (!headers_next(&reading->stream.headers, &fact))
		return fail(err, EBADMSG, "the archive is broken: an entry without a header");
	TRY(entry_read(raw, &fact, &entry, err));
	if (entry.size < 0 || (uint64_t)entry.size > reading->stream.limits.bytes)
		return fail(err, EFBIG, "\"%s\" is larger than a layer may be", entry.path);
	return entry_is_whiteout(&entry) ? whiteout_apply(applier, &entry, err)
					 : entry_make(applier, &entry, err);
}

static int entries_apply(struct reading *reading, struct error *err)
{
	struct header_fact fact;

	for (;;) {
		struct archive_entry *raw;
		int result = archive_read_next_header(reading->applier.archive, &raw);

		if (result == ARCHIVE_EOF)
			break;
		if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
			return archive_failure(&reading->applier, err);
		TRY(entry_apply(reading, raw, err));
	}
	TRY(stream_drain(&reading->stream, err));
	if (headers_next(&reading->stream.headers, &fact))
		return fail(err, EBADMSG, "the archive is broken: a header without an entry");
	return attributes_set_late(&reading->applier, err);
}

static void result_fill(struct reading *reading, struct layer_result *result)
{
	char diff_id[DIGEST_SIZE];

	digest_end(&reading->stream.hash, diff_id);
	memcpy(result->diff_id, diff_id, sizeof(result->diff_id));
	result->compressed = reading->stream.compressed;
	result->uncompressed = reading->stream.uncompressed;
}

static void reading_end(struct reading *reading)
{
	if (reading->applier.archive)
		archive_read_free(reading->applier.archive);
	if (reading->applier.parent >= 0)
		close(reading->applier.parent);
	own_names_free(&reading->applier.own);
	free(reading->applier.late);
	arena_free(&reading->applier.arena);
	stream_close(&reading->stream);
	free(reading);
}

static int layer_read(struct reading *reading, const struct layer_source *source,
		      struct layer_result *result, struct error *err)
{
	TRY(stream_open(&reading->stream, source, &reading->applier.options->limits, err));
	TRY(archive_begin(reading));
	TRY(entries_apply(reading, err));
	result_fill(reading, result);
	return 0;
}

int layer_apply(const struct layer_source *source, int directory,
		const struct layer_options *options, struct layer_result *result, struct error *err)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	locale_t plain = newlocale(LC_ALL_MASK, "C", NULL), before;
	int status;

	if (!reading || !plain)
		abort();
	*result = (struct layer_result){ 0 };
	reading->err = err;
	reading->applier.root = directory;
	reading->applier.options = options;
	reading->applier.result = result;
	reading->applier.parent = -1;
	before = uselocale(plain);
	status = layer_read(reading, source, result, err);
	uselocale(before);
	freelocale(plain);
	reading_end(reading);
	if (status < 0)
		fail_where(err, "layer %s", options->name ? options->name : "?");
	return status;
}

static ssize_t descriptor_read(void *context, void *buffer, size_t size, struct error *err)
{
	ssize_t length;

	do
		length = read(*(const int *)context, buffer, size);
	while (length < 0 && errno == EINTR);
	return length < 0 ? fail_call(err, "read", "cannot read the blob") : length;
}

int layer_apply_fd(int blob, int directory, const struct layer_options *options,
		   struct layer_result *result, struct error *err)
{
	struct layer_source source = { descriptor_read, &blob };

	return layer_apply(&source, directory, options, result, err);
}
