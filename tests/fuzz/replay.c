/* replay.c -- run a fuzz target over the files of folders, as a TAP test: what once broke it, and
 * good input. FUZZ_FOLDERS: names below the source tree, a blank between. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"

#include <fcntl.h>

#define INPUT_MOST (16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

static unsigned count;

static void replay_file(const char *path)
{
	auto_text struct text text = { 0 };
	struct error err = { 0 };

	if (file_read(AT_FDCWD, path, INPUT_MOST, &text, &err) < 0) {
		printf("not ok %u - %s: %s\n", ++count, path, err.what);
		return;
	}
	/* The name first: a crash leaves no other trace. */
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput((const unsigned char *)text.data, text.length);
	printf("ok %u - %s\n", ++count, path);
}

static void replay_folder(const char *folder)
{
	auto_closedir DIR *entries = opendir(folder);
	struct arena arena = { 0 };
	struct dirent *entry;

	if (!entries)
		printf("not ok %u - no folder %s\n", ++count, folder);
	while (entries && (entry = readdir(entries)))
		if (entry->d_type == DT_REG)
			replay_file(arena_format(&arena, "%s/%s", folder, entry->d_name));
	arena_free(&arena);
}

int main(void)
{
	auto_arena struct arena arena = { 0 };
	struct strings folders = strings_split(FUZZ_FOLDERS, ' ', &arena);
	const char *top = getenv("top_srcdir");

	for (size_t i = 0; i < folders.count; i++)
		replay_folder(arena_format(&arena, "%s/%s", top ? top : ".", folders.items[i]));
	printf("1..%u\n", count);
	return count == 0;
}
