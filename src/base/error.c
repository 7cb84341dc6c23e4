/* error.c -- one failure, told once.
 *
 * Every part is composed aside before it is stored, so that a caller may quote the error it is
 * about to replace: fail(err, n, "…: %s", err->what). */
#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void part_store(char *part, size_t size, const char *format, va_list args)
{
	char composed[sizeof(((struct error *)NULL)->what)];

	vsnprintf(composed, sizeof(composed), format, args);
	snprintf(part, size, "%s", composed);
}

/* What a caller without interest in the words (err NULL) still gets back from fail_where. */
static _Thread_local int last_number = EIO;

static int error_store(struct error *err, int number, const char *call, const char *format,
		       va_list args)
{
	/* A failure without a number would read as success. */
	number = number == 0 ? EIO : abs(number);
	last_number = number;
	if (!err)
		return -number;
	part_store(err->what, sizeof(err->what), format, args);
	snprintf(err->call, sizeof(err->call), "%s", call);
	err->where[0] = '\0';
	err->hint[0] = '\0';
	err->number = number;
	return -number;
}

int fail(struct error *err, int number, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = error_store(err, number, "", format, args);
	va_end(args);
	return result;
}

int fail_call(struct error *err, const char *call, const char *format, ...)
{
	int number = errno;
	va_list args;
	int result;

	va_start(args, format);
	result = error_store(err, number, call, format, args);
	va_end(args);
	return result;
}

int fail_number(struct error *err, int number, const char *call, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = error_store(err, number, call, format, args);
	va_end(args);
	return result;
}

int fail_where(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return -last_number;
	if (!err->where[0]) {
		va_start(args, format);
		part_store(err->where, sizeof(err->where), format, args);
		va_end(args);
	}
	return -err->number;
}

int fail_hint(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return -last_number;
	if (!err->hint[0]) {
		va_start(args, format);
		part_store(err->hint, sizeof(err->hint), format, args);
		va_end(args);
	}
	return -err->number;
}

void error_format(const struct error *err, char *line, size_t size)
{
	const char *reason = err->call[0] ? error_reason(err->number) : "";

	snprintf(line, size, "%s%s%s%s%s%s%s%s%s%s", err->where, err->where[0] ? ": " : "",
		 err->what, err->call[0] ? ": " : "", err->call, reason[0] ? ": " : "", reason,
		 err->hint[0] ? " (" : "", err->hint, err->hint[0] ? ")" : "");
	if (size > 0)
		text_mask_controls(line);
}

const char *error_reason(int number)
{
	static _Thread_local char reason[96];

	snprintf(reason, sizeof(reason), "%s", strerror(abs(number)));
	/* Leave words in capitals ("RPC …") as they are. */
	if (isupper((unsigned char)reason[0]) && !isupper((unsigned char)reason[1]))
		reason[0] = (char)tolower((unsigned char)reason[0]);
	return reason;
}
