/* openpgp.c -- which packets (RFC 4880, section 4) a message has, so that gpg gets to see signed
 * ones only: for an encrypted one it would look for secret keys and ask for passphrases. Armor is
 * refused: signatures of images are binary everywhere. */
#include <errno.h>

#include "trust_private.h"

#define PACKET      0x80 /* in every tag */
#define NEW_FORMAT  0x40
#define OPEN_LENGTH 3 /* old format: until the end */

static bool is_of_signed_message(unsigned tag)
{
	static const unsigned char signature = 2, one_pass = 4, compressed = 8, literal = 11;

	return tag == signature || tag == one_pass || tag == compressed || tag == literal;
}

struct bytes {
	const unsigned char *at, *end;
};

static bool take_number(struct bytes *bytes, size_t size, size_t *number)
{
	*number = 0;
	if ((size_t)(bytes->end - bytes->at) < size)
		return false;
	while (size--)
		*number = *number << 8 | *bytes->at++;
	return true;
}

static bool skip(struct bytes *bytes, size_t length)
{
	if ((size_t)(bytes->end - bytes->at) < length)
		return false;
	bytes->at += length;
	return true;
}

/* A body in the new format: of one length, or of pieces of which only the last has a whole one. */
static bool skip_new_body(struct bytes *bytes)
{
	size_t first, more;

	while (take_number(bytes, 1, &first)) {
		if (first < 192)
			return skip(bytes, first);
		if (first < 224)
			return take_number(bytes, 1, &more) &&
			       skip(bytes, ((first - 192) << 8) + more + 192);
		if (first == 255)
			return take_number(bytes, 4, &more) && skip(bytes, more);
		if (!skip(bytes, (size_t)1 << (first & 31)))
			return false;
	}
	return false;
}

static bool skip_old_body(struct bytes *bytes, unsigned kind)
{
	size_t length;

	if (kind == OPEN_LENGTH)
		return skip(bytes, (size_t)(bytes->end - bytes->at));
	return take_number(bytes, (size_t)1 << kind, &length) && skip(bytes, length);
}

static bool skip_packet(struct bytes *bytes)
{
	const unsigned tag = *bytes->at++;

	if (!(tag & PACKET))
		return false;
	if (tag & NEW_FORMAT)
		return is_of_signed_message(tag & 0x3f) && skip_new_body(bytes);
	return is_of_signed_message(tag >> 2 & 0xf) && skip_old_body(bytes, tag & 3);
}

int openpgp_check(const struct signature *signature, struct error *err)
{
	struct bytes bytes = { (const unsigned char *)signature->bytes,
			       (const unsigned char *)signature->bytes + signature->length };

	while (bytes.at < bytes.end)
		if (!skip_packet(&bytes))
			return fail(err, EBADMSG,
				    "not a message with a GPG signature and nothing else");
	return 0;
}
