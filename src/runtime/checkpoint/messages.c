/* messages.c -- criu's messages (its rpc.proto), by rows: which member is which field. Unknown
 * fields of answers are read over: a newer criu may say more. */
#include <errno.h>
#include <stdint.h>

#include "checkpoint_private.h"
#include "protobuf.h"

enum { REQUEST_TYPE = 1, REQUEST_OPTIONS, REQUEST_SUCCESS, REQUEST_KEEP_OPEN, REQUEST_FEATURES };
enum { FEATURE_MEM_TRACK = 1, FEATURE_LAZY_PAGES = 2 };
enum { PAIR_FIRST = 1, PAIR_SECOND = 2 };

/* ---- requests -------------------------------------------------------------------------------- */

static void encode_descriptor(struct text *out, unsigned field, const criu_descriptor *fd)
{
	if (*fd >= 0)
		protobuf_add_number(out, field, (uint64_t)*fd);
}

static void encode_number(struct text *out, unsigned field, const criu_number *number)
{
	protobuf_add_number(out, field, *number);
}

static void encode_count(struct text *out, unsigned field, const criu_count *count)
{
	if (*count > 0)
		protobuf_add_number(out, field, *count);
}

static void encode_flag(struct text *out, unsigned field, const criu_flag *flag)
{
	if (*flag)
		protobuf_add_number(out, field, 1);
}

static void encode_text(struct text *out, unsigned field, const criu_text *text)
{
	if (*text)
		protobuf_add_text(out, field, *text);
}

static void encode_texts(struct text *out, unsigned field, const criu_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		protobuf_add_text(out, field, texts->items[i]);
}

static void encode_pairs(struct text *out, unsigned field, const criu_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		auto_text struct text pair = { 0 };

		protobuf_add_text(&pair, PAIR_FIRST, pairs->items[i].key);
		protobuf_add_text(&pair, PAIR_SECOND, pairs->items[i].value);
		protobuf_add_bytes(out, field, pair.data, pair.length);
	}
}

static void encode_inherits(struct text *out, unsigned field, const criu_inherits *inherits)
{
	for (size_t i = 0; i < inherits->count; i++) {
		auto_text struct text inherit = { 0 };

		protobuf_add_text(&inherit, PAIR_FIRST, inherits->items[i].key);
		protobuf_add_number(&inherit, PAIR_SECOND, (uint64_t)inherits->items[i].fd);
		protobuf_add_bytes(out, field, inherit.data, inherit.length);
	}
}

static void encode_server(struct text *out, unsigned field, const criu_server *server)
{
	auto_text struct text message = { 0 };

	if (!server->address)
		return;
	protobuf_add_text(&message, PAIR_FIRST, server->address);
	protobuf_add_number(&message, PAIR_SECOND, server->port);
	protobuf_add_bytes(out, field, message.data, message.length);
}

static void encode_options(const struct criu_options *options, struct text *out)
{
#define CRIU_ENCODE(kind, member, field, since) encode_##kind(out, field, &options->member);
	CRIU_OPTION_ROWS(CRIU_ENCODE)
#undef CRIU_ENCODE
}

static int check_option(const struct text *used, unsigned version, unsigned since, const char *name,
			struct error *err)
{
	if (used->length == 0 || version >= since)
		return 0;
	return fail(err, ENOTSUP, "criu %u.%u is too old for %s, which needs %u.%u",
		    version / 10000, version / 100 % 100, name, since / 10000, since / 100 % 100);
}

/* Protocol buffers let an older criu read over what it does not know: then the user would not get
 * what he asked for, and no word about it. */
int criu_check_options(const struct criu_options *options, unsigned version, struct error *err)
{
	auto_text struct text used = { 0 };

#define CRIU_CHECK(kind, member, field, since)                                                     \
	text_clear(&used);                                                                         \
	encode_##kind(&used, field, &options->member);                                             \
	TRY(check_option(&used, version, since, #member, err));
	CRIU_OPTION_ROWS(CRIU_CHECK)
#undef CRIU_CHECK
	return 0;
}

static void encode_features(const struct criu_request *request, struct text *out)
{
	auto_text struct text features = { 0 };

	encode_flag(&features, FEATURE_MEM_TRACK, &request->mem_track);
	encode_flag(&features, FEATURE_LAZY_PAGES, &request->lazy_pages);
	protobuf_add_bytes(out, REQUEST_FEATURES, features.data ? features.data : "",
			   features.length);
}

void criu_encode(const struct criu_request *request, struct text *out)
{
	auto_text struct text options = { 0 };

	protobuf_add_number(out, REQUEST_TYPE, request->type);
	if (request->options) {
		encode_options(request->options, &options);
		protobuf_add_bytes(out, REQUEST_OPTIONS, options.data, options.length);
	}
	if (request->type == CRIU_NOTIFY)
		protobuf_add_number(out, REQUEST_SUCCESS, request->notify_success);
	encode_flag(out, REQUEST_KEEP_OPEN, &request->keep_open);
	if (request->type == CRIU_FEATURE_CHECK)
		encode_features(request, out);
}

/* ---- responses ------------------------------------------------------------------------------- */

enum member_kind { MEMBER_NUMBER, MEMBER_FLAG, MEMBER_TEXT };

/* outer: the field of the answer; inner: the field of the message in it, 0: it is no message. */
static const struct {
	unsigned outer, inner;
	enum member_kind kind;
	size_t offset;
} response_rows[] = {
	{ 1, 0, MEMBER_NUMBER, offsetof(struct criu_response, type) },
	{ 2, 0, MEMBER_FLAG, offsetof(struct criu_response, success) },
	{ 4, 1, MEMBER_NUMBER, offsetof(struct criu_response, restored_pid) },
	{ 5, 1, MEMBER_TEXT, offsetof(struct criu_response, script) },
	{ 5, 2, MEMBER_NUMBER, offsetof(struct criu_response, script_pid) },
	{ 7, 0, MEMBER_NUMBER, offsetof(struct criu_response, error_number) },
	{ 8, 1, MEMBER_FLAG, offsetof(struct criu_response, mem_track) },
	{ 8, 2, MEMBER_FLAG, offsetof(struct criu_response, lazy_pages) },
	{ 9, 0, MEMBER_TEXT, offsetof(struct criu_response, error_message) },
	{ 10, 1, MEMBER_NUMBER, offsetof(struct criu_response, major) },
	{ 10, 2, MEMBER_NUMBER, offsetof(struct criu_response, minor) },
	{ 10, 4, MEMBER_NUMBER, offsetof(struct criu_response, sublevel) },
};

/* One message in the answer, or the answer itself (outer 0). */
struct decoding {
	struct criu_response *response;
	struct arena *arena;
	unsigned outer;
};

static int decode_message(const struct decoding *decoding, struct protobuf_reader reader);

static void store(const struct decoding *decoding, enum member_kind kind, size_t offset,
		  const struct protobuf_field *field)
{
	char *member = (char *)decoding->response + offset;

	if (kind == MEMBER_FLAG)
		*(bool *)(void *)member = field->value != 0;
	else if (kind == MEMBER_NUMBER)
		*(uint32_t *)(void *)member = (uint32_t)field->value;
	else if (field->bytes)
		*(const char **)(void *)member =
			arena_copy(decoding->arena, field->bytes, field->length);
}

static int decode_field(const struct decoding *decoding, const struct protobuf_field *field)
{
	for (size_t i = 0; i < sizeof(response_rows) / sizeof(response_rows[0]); i++) {
		unsigned outer = response_rows[i].outer, inner = response_rows[i].inner;

		if (decoding->outer == 0 && outer == field->number && inner != 0 && field->bytes) {
			struct decoding nested = *decoding;

			nested.outer = outer;
			return decode_message(
				&nested, (struct protobuf_reader){ field->bytes,
								   field->bytes + field->length });
		}
		if (decoding->outer == 0 ? outer == field->number && inner == 0
					 : outer == decoding->outer && inner == field->number)
			store(decoding, response_rows[i].kind, response_rows[i].offset, field);
	}
	return 0;
}

static int decode_message(const struct decoding *decoding, struct protobuf_reader reader)
{
	struct protobuf_field field;
	int result;

	while ((result = protobuf_next(&reader, &field)) > 0)
		TRY(decode_field(decoding, &field));
	return result;
}

int criu_decode(const void *bytes, size_t length, struct arena *arena,
		struct criu_response *response, struct error *err)
{
	const struct decoding decoding = { response, arena, 0 };
	const unsigned char *start = bytes;

	*response = (struct criu_response){ 0 };
	if (decode_message(&decoding, (struct protobuf_reader){ start, start + length }) < 0)
		return fail(err, EBADMSG, "criu's answer is no message of its protocol");
	if (response->type == 0)
		return fail(err, EBADMSG, "criu's answer does not say what it answers");
	return 0;
}
