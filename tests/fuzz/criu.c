/* criu.c -- fuzz target: any bytes as an answer of criu's, as its log, and as a mount table.
 *
 * Beyond not crashing: what is no message is refused with words, strings end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/checkpoint.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

static void insist(bool holds, const char *what)
{
	if (holds)
		return;
	fputs(what, stderr);
	fputc('\n', stderr);
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
	auto_arena struct arena arena = { 0 };
	char *text = arena_copy(&arena, bytes, length);
	struct strings external = { 0 };
	struct criu_response response;
	struct error err = { 0 };
	const char *cause;

	if (criu_decode(bytes, length, &arena, &response, &err) < 0)
		insist(err.what[0] != '\0', "an answer is refused without a word");
	else
		insist(response.type != 0, "an answer without a type is taken");
	if (response.script)
		insist(strlen(response.script) <= length, "a name is longer than its message");
	cause = criu_log_error(text, &arena);
	insist(!cause || !strchr(cause, '\n'), "an error has two lines");
	external_mounts(text, text, true, &arena, &external);
	for (size_t i = 0; i < external.count; i++)
		insist(!strncmp(external.items[i], "mnt[/", 5) || external.items[i][4] != '/',
		       "an external mount has no place");
	return 0;
}
