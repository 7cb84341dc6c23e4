/* entry.c -- read one entry: names made plain, numbers in range, and both readers of the archive
 * (libarchive, headers.c) of one opinion. */
#include "applier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/text.h"

#include "headers.h"

static const struct entry_type {
	char header;
	mode_t type;
} entry_types[] = {
	{ '0', S_IFREG }, { '\0', S_IFREG }, { '7', S_IFREG },
	{ 'S', S_IFREG }, { '0', S_IFDIR },  { '\0', S_IFDIR }, /* old tars: "name/" */
	{ '1', 0 },       { '2', S_IFLNK },  { '3', S_IFCHR },
	{ '4', S_IFBLK }, { '5', S_IFDIR },  { '6', S_IFIFO },
};

static bool types_agree(char header, mode_t type)
{
	for (size_t i = 0; i < sizeof(entry_types) / sizeof(entry_types[0]); i++)
		if (entry_types[i].header == header && entry_types[i].type == type)
			return true;
	return false;
}

static int fact_compare(const struct header_fact *fact, const struct entry *entry,
			struct error *err)
{
	if (!types_agree(fact->type, entry->type) ||
	    (!fact->sparse && fact->size != (uint64_t)entry->size))
		return fail(err, EBADMSG,
			    "the archive is broken: it can be read in two ways at \"%s\"",
			    entry->path);
	if (entry->type == S_IFDIR && entry->size > 0)
		return fail(err, EBADMSG, "the archive is broken: the directory \"%s\" has data",
			    entry->path);
	return 0;
}

/* An archive's name as a path below the root: absolute ones are meant relative to it. */
static int name_read(const char *name, char path[PATH_MAX], const char *what, struct error *err)
{
	size_t length = 0;

	for (const char *at = name; *at;) {
		size_t part = strcspn(at, "/");
		bool here = part == 0 || (part == 1 && at[0] == '.');

		if (part == 2 && at[0] == '.' && at[1] == '.')
			return fail(err, EBADMSG, "%s \"%s\" has \"..\" in it", what, name);
		if (part > NAME_MAX || length + 1 + part >= PATH_MAX)
			return fail(err, ENAMETOOLONG, "%s \"%.60s…\" is too long", what, name);
		if (!here) {
			if (length > 0)
				path[length++] = '/';
			memcpy(path + length, at, part);
			length += part;
		}
		at += part;
		at += strspn(at, "/");
	}
	path[length] = '\0';
	return 0;
}

static int owner_read(struct entry *entry, struct error *err)
{
	int64_t uid = archive_entry_uid(entry->raw), gid = archive_entry_gid(entry->raw);

	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return fail(err, EBADMSG, "\"%s\" belongs to the impossible owner %lld:%lld",
			    entry->path, (long long)uid, (long long)gid);
	entry->uid = (uid_t)uid;
	entry->gid = (gid_t)gid;
	return 0;
}

/* An access time that is older than the modification, or none, says nothing. */
static void times_read(struct entry *entry)
{
	struct timespec *access = &entry->times[0], *modified = &entry->times[1];

	modified->tv_sec = archive_entry_mtime(entry->raw);
	modified->tv_nsec = archive_entry_mtime_nsec(entry->raw);
	access->tv_sec = archive_entry_atime(entry->raw);
	access->tv_nsec = archive_entry_atime_nsec(entry->raw);
	if (!archive_entry_atime_is_set(entry->raw) || access->tv_sec < modified->tv_sec)
		*access = *modified;
}

static int links_read(struct entry *entry, struct error *err)
{
	const char *target = archive_entry_hardlink(entry->raw);

	entry->link = archive_entry_symlink(entry->raw);
	entry->target[0] = '\0';
	if (target) {
		entry->type = 0;
		TRY(name_read(target, entry->target, "the target of a hard link", err));
	}
	if (entry->type == S_IFLNK && (!entry->link || !entry->link[0]))
		return fail(err, EBADMSG, "the symbolic link \"%s\" has no target", entry->path);
	if (entry->type == S_IFLNK && strlen(entry->link) >= PATH_MAX)
		return fail(err, ENAMETOOLONG, "the target of the symbolic link \"%s\" is too long",
			    entry->path);
	return 0;
}

int entry_read(struct archive_entry *raw, const struct header_fact *fact, struct entry *entry,
	       struct error *err)
{
	const char *name = archive_entry_pathname(raw);

	if (!name || !name[0])
		return fail(err, EBADMSG, "the archive has an entry without a name");
	entry->raw = raw;
	TRY(name_read(name, entry->path, "the entry", err));
	entry->type = archive_entry_filetype(raw);
	entry->mode = archive_entry_mode(raw) & 07777;
	entry->size = archive_entry_size(raw);
	entry->device = archive_entry_rdev(raw);
	TRY(links_read(entry, err));
	TRY(owner_read(entry, err));
	times_read(entry);
	return fact_compare(fact, entry, err);
}

bool entry_is_whiteout(const struct entry *entry)
{
	const char *slash = strrchr(entry->path, '/');

	return text_starts(slash ? slash + 1 : entry->path, ".wh.");
}
