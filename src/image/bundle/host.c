/* host.c -- who makes the bundle, and which ids he may give to a user namespace. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/number.h"
#include "bundle_private.h"

/* "NAME-or-UID:FIRST:COUNT", the first such line (subuid(5)). No file, no line: no range. */
static void find_subordinate(const char *path, const char *name, struct spec_id_mapping *range)
{
	auto_text struct text text = { 0 };
	auto_arena struct arena arena = { 0 };
	struct strings lines;
	uint32_t first, count;

	if (file_read(AT_FDCWD, path, 1024 * 1024, &text, NULL) < 0 || !text.data)
		return;
	lines = strings_split(text.data, '\n', &arena);
	for (size_t i = 0; i < lines.count && !range->size; i++) {
		struct strings fields = strings_split(lines.items[i], ':', &arena);

		if (fields.count == 3 && text_equal(fields.items[0], name) &&
		    number_parse_id(fields.items[1], &first) &&
		    number_parse_id(fields.items[2], &count))
			*range = (struct spec_id_mapping){ 1, first, count };
	}
}

int host_id_pool(struct store_ids *pool, struct error *err)
{
	struct spec_id_mapping users = { 0 }, groups = { 0 };

	find_subordinate("/etc/subuid", "containers", &users);
	find_subordinate("/etc/subgid", "containers", &groups);
	*pool = (struct store_ids){ users.host_id, users.size };
	if (users.size && users.host_id == groups.host_id && users.size == groups.size)
		return 0;
	fail(err, EINVAL, "--userns auto: there is no range of ids to take from");
	return fail_hint(err, "give \"containers\" the same one in /etc/subuid and /etc/subgid, as "
			      "for podman");
}

int bundle_host_facts(struct bundle_host *host, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *number;
	struct passwd *entry;

	*host = (struct bundle_host){ .rootless = geteuid() != 0,
				      .uid = geteuid(),
				      .gid = getegid() };
	if (!host->rootless)
		return 0;
	number = arena_format(&arena, "%u", host->uid);
	entry = getpwuid(host->uid);
	if (entry) {
		find_subordinate("/etc/subuid", entry->pw_name, &host->sub_uid);
		find_subordinate("/etc/subgid", entry->pw_name, &host->sub_gid);
	}
	if (!host->sub_uid.size)
		find_subordinate("/etc/subuid", number, &host->sub_uid);
	if (!host->sub_gid.size)
		find_subordinate("/etc/subgid", number, &host->sub_gid);
	return 0;
}
