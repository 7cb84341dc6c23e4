/* apply_layer.c -- apply one layer, for tests written in other languages.
 *
 *     apply_layer [merged] [single-id] [user-xattrs] [lower=DIR]… BLOB DIRECTORY
 *
 * Says "DIFFID ENTRIES [needs-parents]", or the error as a user would see it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"
#include "image/layer.h"

#define LOWER_MOST 16

static int lower[LOWER_MOST];

static bool option_take(struct layer_options *options, const char *word)
{
	if (text_equal(word, "merged"))
		options->form = LAYER_MERGED;
	else if (text_equal(word, "single-id"))
		options->single_id = true;
	else if (text_equal(word, "user-xattrs"))
		options->user_xattrs = true;
	else if (text_starts(word, "lower=") && options->lower_count < LOWER_MOST)
		lower[options->lower_count++] =
			open(text_after(word, "lower="), O_PATH | O_DIRECTORY | O_CLOEXEC);
	else
		return false;
	options->lower = options->lower_count ? lower : NULL;
	return true;
}

int main(int argc, char **argv)
{
	struct layer_options options = { .name = "test" };
	struct layer_result result;
	struct error err = { 0 };
	auto_close int blob = -1;
	auto_close int directory = -1;
	char line[4096];
	int word = 1;

	while (word < argc && option_take(&options, argv[word]))
		word++;
	if (word + 2 != argc) {
		fputs("usage: apply_layer [OPTION]... BLOB DIRECTORY\n", stderr);
		return 2;
	}
	blob = open(argv[word], O_RDONLY | O_CLOEXEC);
	directory = open(argv[word + 1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (blob < 0 || directory < 0) {
		perror("apply_layer");
		return 2;
	}
	if (layer_apply_fd(blob, directory, &options, &result, &err) < 0) {
		error_format(&err, line, sizeof(line));
		puts(line);
		return 1;
	}
	printf("%s %llu%s\n", result.diff_id, (unsigned long long)result.entries,
	       result.needs_parents ? " needs-parents" : "");
	return 0;
}
