/* number.h -- numbers out of strings, strictly: the whole string, decimal digits only (one leading
 * '-' where negative values are allowed), in range. No blanks, signs, octal or hex (CVE-2026-30892:
 * a lenient parser turned "1" into uid 0). */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

bool number_parse_unsigned(const char *string, uint64_t most, uint64_t *value);
bool number_parse_signed(const char *string, int64_t least, int64_t most, int64_t *value);
/* 0 to 4294967294: (uid_t)-1 means "unchanged" to the kernel and is never an id. */
bool number_parse_id(const char *string, uint32_t *id);
/* Bytes with an optional suffix b k m g t p (any case, optional "b" or "ib" behind it), powers of
 * 1024, as docker's --memory: "64m", "1.5 GiB"; "-1" gives -1. */
bool number_parse_size(const char *string, int64_t *bytes);
/* Nanoseconds of a duration as Go writes them, "1h30m", "1.5s", "500ms"; a number alone is seconds.
 */
bool number_parse_duration(const char *string, int64_t *nanoseconds);

#endif
