/* users.c -- what an image's "User" means: USER, UID, USER:GROUP, UID:GID and their mixtures.
 *
 * image-spec conversion.md "Config.User": numbers are taken verbatim, names are looked up in the
 * image. All digits are a number, never a name, and one that is out of range is an error, not 0
 * (CVE-2024-40635, CVE-2026-46680). Supplementary groups come with a name alone. */
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "bundle_private.h"

/* passwd: name:password:uid:gid:comment:home:shell; group: name:password:gid:member,member */
enum { PASSWD_NAME = 0, PASSWD_UID = 2, PASSWD_GID = 3, PASSWD_HOME = 5 };
enum { GROUP_NAME = 0, GROUP_GID = 2, GROUP_MEMBERS = 3 };

struct wanted {
	char *user, *group; /* group: NULL when none was given */
};

static bool all_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* The first line whose field is `value`. */
static const struct userdb_line *find_line(const struct userdb *database, size_t field,
					   const char *value)
{
	for (size_t i = 0; i < database->count; i++) {
		const struct userdb_line *line = &database->lines[i];

		if (line->count > field && text_equal(line->fields[field], value))
			return line;
	}
	return NULL;
}

static int parse_id(const char *text, const char *what, uint32_t *id, struct error *err)
{
	if (!number_parse_id(text, id))
		return fail(err, EINVAL, "the image's %s %s is not an id (0 to 4294967294)", what,
			    text);
	return 0;
}

static int id_field(const struct userdb_line *line, size_t field, uint32_t *id, struct error *err)
{
	if (line->count <= field || !number_parse_id(line->fields[field], id))
		return fail(err, EINVAL, "the image's entry for %s has no valid id",
			    line->fields[0]);
	return 0;
}

static struct wanted split_user(const char *user, struct arena *arena)
{
	struct wanted wanted = { arena_string(arena, user && *user ? user : "0"), NULL };
	char *colon = strchr(wanted.user, ':');

	if (colon) {
		*colon = '\0';
		wanted.group = colon[1] ? colon + 1 : NULL;
		if (colon == wanted.user)
			wanted.user = arena_string(arena, "0");
	}
	return wanted;
}

static bool is_member(const struct userdb_line *group, const char *user, struct arena *arena)
{
	struct strings members;

	if (group->count <= GROUP_MEMBERS || !strstr(group->fields[GROUP_MEMBERS], user))
		return false;
	members = strings_split(group->fields[GROUP_MEMBERS], ',', arena);
	return strings_have(&members, user);
}

static void add_memberships(const struct userdb *groups, const char *user, struct arena *arena,
			    struct bundle_user *found)
{
	uint32_t gid;

	found->groups.items = arena_array(arena, groups->count + 1, sizeof(uint32_t));
	for (size_t i = 0; i < groups->count; i++) {
		const struct userdb_line *group = &groups->lines[i];

		if (is_member(group, user, arena) &&
		    number_parse_id(group->fields[GROUP_GID], &gid) && gid != found->gid)
			found->groups.items[found->groups.count++] = gid;
	}
}

static int take_passwd_entry(const struct userdb_line *entry, struct arena *arena,
			     struct bundle_user *found, struct error *err)
{
	TRY(id_field(entry, PASSWD_UID, &found->uid, err));
	TRY(id_field(entry, PASSWD_GID, &found->gid, err));
	if (entry->count > PASSWD_HOME && entry->fields[PASSWD_HOME][0] == '/')
		found->home = entry->fields[PASSWD_HOME];
	return 0;
}

static int find_user(const struct userdb *users, const char *user, struct arena *arena,
		     struct bundle_user *found, struct error *err)
{
	bool number = all_digits(user);
	const struct userdb_line *entry;

	if (number)
		TRY(parse_id(user, "user", &found->uid, err));
	entry = find_line(users, number ? PASSWD_UID : PASSWD_NAME, user);
	if (entry)
		return take_passwd_entry(entry, arena, found, err);
	if (number)
		return 0; /* a number needs no entry: group 0, home "/" */
	return fail(err, EINVAL, "the image's user %s is not in its /etc/passwd", user);
}

static int find_group(const struct userdb *groups, const char *group, uint32_t *gid,
		      struct error *err)
{
	const struct userdb_line *entry;

	if (all_digits(group))
		return parse_id(group, "group", gid, err);
	entry = find_line(groups, GROUP_NAME, group);
	if (!entry)
		return fail(err, EINVAL, "the image's group %s is not in its /etc/group", group);
	return id_field(entry, GROUP_GID, gid, err);
}

static int find_user_in(const struct image_files *files, const char *user, struct arena *arena,
			struct bundle_user *found, struct error *err)
{
	struct wanted wanted = split_user(user, arena);
	bool need_groups = wanted.group ? !all_digits(wanted.group) : !all_digits(wanted.user);
	struct userdb users, groups = { 0 };

	*found = (struct bundle_user){ .home = arena_string(arena, "/") };
	TRY(userdb_read(files, "/etc/passwd", arena, &users, err));
	if (need_groups)
		TRY(userdb_read(files, "/etc/group", arena, &groups, err));
	TRY(find_user(&users, wanted.user, arena, found, err));
	if (wanted.group)
		return find_group(&groups, wanted.group, &found->gid, err);
	if (need_groups)
		add_memberships(&groups, wanted.user, arena, found);
	return 0;
}

int bundle_find_user(int rootfs, const char *user, struct arena *arena, struct bundle_user *found,
		     struct error *err)
{
	return find_user_in(&(struct image_files){ .rootfs = rootfs }, user, arena, found, err);
}

int bundle_find_user_in_layers(const struct bundle_trees *trees, const char *user,
			       struct arena *arena, struct bundle_user *found, struct error *err)
{
	return find_user_in(&(struct image_files){ -1, *trees }, user, arena, found, err);
}
