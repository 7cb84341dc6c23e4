/* raw.c -- a filter that somebody else compiled (struct sock_filter[] in base64, RFC 4648). */
#include "raw.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#include "program.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Four characters to three bytes, all of it; false when that is no base64. */
static bool decode(const char *base64, size_t length, unsigned char *bytes)
{
	size_t padding = length - strcspn(base64, "=");

	if (length % 4 != 0 || padding > 2 || strspn(base64 + length - padding, "=") != padding)
		return false;
	for (size_t i = 0; i < length; i += 4, bytes += 3) {
		uint32_t group = 0;

		for (size_t j = i; j < i + 4; j++) {
			const char *digit = strchr(alphabet, base64[j]);

			if (!digit && base64[j] != '=')
				return false;
			group = group << 6 | (digit ? (uint32_t)(digit - alphabet) : 0);
		}
		bytes[0] = (unsigned char)(group >> 16);
		bytes[1] = (unsigned char)(group >> 8);
		bytes[2] = (unsigned char)group;
	}
	return true;
}

static bool has_notification(const struct sock_filter *code, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code[i].code == (BPF_RET | BPF_K) &&
		    (code[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

int raw_take(const char *base64, struct arena *arena, struct plan_filter *filter, struct error *err)
{
	size_t text = strlen(base64);
	unsigned char *bytes = arena_alloc(arena, text / 4 * 3 + 3);
	size_t length = text / 4 * 3 - (text - strcspn(base64, "="));

	if (!decode(base64, text, bytes))
		return fail(err, EINVAL, "the seccomp program is not base64");
	if (length == 0 || length % sizeof(struct sock_filter) != 0 || length > PROGRAM_MOST)
		return fail(err, EINVAL,
			    "the seccomp program has %zu bytes: it must be 1 to %d instructions of "
			    "%zu bytes",
			    length, BPF_MAXINSNS, sizeof(struct sock_filter));
	filter->program = bytes;
	filter->length = length;
	filter->notify = has_notification((const void *)bytes, length / sizeof(struct sock_filter));
	return 0;
}
