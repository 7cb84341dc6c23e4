/* origins.c -- which repositories have which blobs, as far as this store has seen: where they came
 * from, where they were sent. A registry gives a blob of one of its repositories to another without
 * its bytes.
 *
 * A line a fact, "DIGEST HOST/PATH", added by one write, so that several lades may. Nothing depends
 * on it: what is wrong or missing there costs an upload. What the store has no blob of is forgotten
 * by the collector. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "store_private.h"

#define FILE_NAME "origins"
#define FILE_MOST (8U << 20)

static void read_facts(const struct store *store, struct text *facts)
{
	if (file_read(store->dir, FILE_NAME, FILE_MOST, facts, NULL) < 0)
		text_clear(facts);
}

static bool is_known(const struct text *facts, const char *line)
{
	return facts->data && strstr(facts->data, line);
}

static int append(const struct store *store, const struct text *lines, struct error *err)
{
	auto_close int fd = openat(store->dir, FILE_NAME,
				   O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail_call(err, "openat", "cannot write to the store's %s", FILE_NAME);
	return file_write_all(fd, lines->data, lines->length, FILE_NAME, err);
}

int store_note_origin(const struct store *store, const char *repository,
		      const struct strings *digests, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text facts = { 0 }, lines = { 0 };

	read_facts(store, &facts);
	for (size_t i = 0; i < digests->count; i++) {
		const char *line = arena_format(&arena, "%s %s\n", digests->items[i], repository);

		if (!is_known(&facts, line) && !is_known(&lines, line))
			text_add(&lines, line);
	}
	if (!lines.length || facts.length + lines.length > FILE_MOST)
		return 0;
	return append(store, &lines, err);
}

void store_find_origins(const struct store *store, const char *digest, struct arena *arena,
			struct strings *repositories)
{
	auto_text struct text facts = { 0 };
	size_t length = strlen(digest);

	*repositories = (struct strings){ 0 };
	read_facts(store, &facts);
	for (const char *line = facts.data, *end; line && (end = strchr(line, '\n'));
	     line = end + 1)
		if (!strncmp(line, digest, length) && line[length] == ' ')
			strings_add(repositories,
				    arena_copy(arena, line + length + 1,
					       (size_t)(end - line) - length - 1),
				    arena);
}

int origins_forget(const struct store *store, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text facts = { 0 }, kept = { 0 };

	read_facts(store, &facts);
	for (const char *line = facts.data, *end; line && (end = strchr(line, '\n'));
	     line = end + 1) {
		const char *digest = arena_copy(&arena, line, strcspn(line, " \n"));

		if (digest_valid(digest) && store_have_blob(store, digest))
			text_add_bytes(&kept, line, (size_t)(end + 1 - line));
	}
	if (kept.length == facts.length)
		return 0;
	return file_replace(
		store->dir, FILE_NAME,
		&(struct file_content){ kept.data ? kept.data : "", kept.length, 0600, false },
		err);
}
