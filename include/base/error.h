/* error.h -- one failure, told once.
 *
 * Every function that can fail returns 0 (or a useful non-negative number) on success and
 * -errno on failure, and fills the caller's `struct error`. Nothing in a library prints or exits.
 * Said to a person as one lower-case line:
 *
 *     WHERE: WHAT: CALL: REASON (HINT)
 *     config.json: mounts[3].source (line 41:15): cannot clone "/srv/x": open_tree: no such file or
 * directory
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

struct error {
	int number;      /* positive errno, 0 while nothing failed */
	char call[32];   /* the system call that failed, "" for bad input */
	char where[512]; /* the place: JSON path with line:column, container, layer, URL; may be ""
			  */
	char what[1536]; /* what was being done, with the thing's name */
	char hint[256];  /* what the user can do about it; mostly "" */
};

/* Report bad input or a broken rule: WHAT alone, no reason is added. Returns -number.
 * `err` may be NULL everywhere: then only the number is returned. */
int fail(struct error *err, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Report that system call `call` failed with the present errno. Returns -errno. */
int fail_call(struct error *err, const char *call, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with the number given instead of errno (positive or negative). Returns -number. */
int fail_number(struct error *err, int number, const char *call, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Say where it happened, unless a deeper frame already did. Returns -err->number. */
int fail_where(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add what the user can do, unless a deeper frame already did. Returns -err->number. */
int fail_hint(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The whole line, without a newline, control characters replaced by '?'. */
void error_format(const struct error *err, char *line, size_t size);

/* The kernel's reason in the words that engines parse: strerror() with a lower-case first letter
 * ("no such file or directory"; ../engines: docker maps these to exit codes 126 and 127). */
const char *error_reason(int number);

/* Leave the function with the failure that `call` returned. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		int try_result = (call);                                                           \
		if (try_result < 0)                                                                \
			return try_result;                                                         \
	} while (0)

#endif
