/* idmap.c -- plan id-mapped mounts (config.md "Mounts": idmap, ridmap, uidMappings, gidMappings).
 *
 * A mount's map says which id of the file system appears as which id of the host: by a user
 * namespace made for it, or by the container's own where the mount says nothing but "idmap". The
 * kernel maps only detached mounts, and only for whoever rules the file system: so it is a matter
 * of the launcher's. */
#include <string.h>

#include "base/number.h"
#include "chapters.h"
#include "mount_flags.h"
#include "mount_options.h"

static int refuse(struct draft *draft, const struct mount_draft *mount, int number,
		  const char *reason)
{
	const char *member = mount->options->marks & MARK_IDMAP ? "options" : "uidMappings";

	fail(draft->err, number, "%s", reason);
	return fail_where(draft->err, "%s.%s", mount->where, member);
}

bool wants_id_map(const struct mount_draft *mount)
{
	return mount->options->marks & MARK_IDMAP || mount->mount->uid_mappings.count ||
	       mount->mount->gid_mappings.count;
}

/* ---- idmap=uids=0-1-10#10-@11-10;gids=0-100-10 (crun) ------------------------------------------
 */

struct id_mappings {
	struct spec_id_mapping items[ID_MAPPINGS_MOST];
	size_t count;
};

static bool add_mapping(struct id_mappings *maps, uint32_t inside, uint32_t outside, uint32_t size)
{
	if (maps->count == ID_MAPPINGS_MOST || size == 0)
		return false;
	maps->items[maps->count++] = (struct spec_id_mapping){ inside, outside, size };
	return true;
}

/* Outside are ids of the container's: one mapping of the host's for each range of the container's
 * map that they fall into; false when some fall into none. */
static bool add_relative(struct id_mappings *maps, const struct spec_id_mapping *range,
			 const struct spec_id_mapping *own, size_t count)
{
	struct spec_id_mapping left = *range;

	while (left.size > 0) {
		const struct spec_id_mapping *map = own;
		uint32_t offset, size;

		while (map < own + count && (left.host_id < map->container_id ||
					     left.host_id - map->container_id >= map->size))
			map++;
		if (map == own + count)
			return false;
		offset = left.host_id - map->container_id;
		size = map->size - offset < left.size ? map->size - offset : left.size;
		if (!add_mapping(maps, left.container_id, map->host_id + offset, size))
			return false;
		left.container_id += size;
		left.host_id += size;
		left.size -= size;
	}
	return true;
}

static bool read_triplet(const char *text, struct spec_id_mapping *mapping, struct arena *arena)
{
	struct strings numbers = strings_split(text, '-', arena);

	return numbers.count == 3 && number_parse_id(numbers.items[0], &mapping->container_id) &&
	       number_parse_id(numbers.items[1], &mapping->host_id) &&
	       number_parse_id(numbers.items[2], &mapping->size) && mapping->size > 0;
}

static bool read_list(struct draft *draft, const char *text, const struct spec_id_mapping *own,
		      size_t own_count, struct id_mappings *maps)
{
	struct strings list = strings_split(text, '#', draft->arena);

	for (size_t i = 0; i < list.count; i++) {
		bool relative = list.items[i][0] == '@';
		struct spec_id_mapping range;

		if (!read_triplet(list.items[i] + relative, &range, draft->arena))
			return false;
		if (relative ? !add_relative(maps, &range, own, own_count)
			     : !add_mapping(maps, range.container_id, range.host_id, range.size))
			return false;
	}
	return list.count > 0;
}

static int refuse_part(struct draft *draft, const struct mount_draft *mount, const char *part)
{
	return refuse(
		draft, mount, EINVAL,
		arena_format(draft->arena,
			     "\"%s\" is no id map: uids=INSIDE-OUTSIDE-SIZE;gids=..., with @ "
			     "in front for an OUTSIDE that the container's user namespace maps",
			     part));
}

static int read_value(struct draft *draft, const struct mount_draft *mount, struct id_map *map)
{
	const struct spec_linux *linux_ = draft->spec->linux_;
	struct strings parts = strings_split(mount->options->idmap, ';', draft->arena);

	for (size_t i = 0; i < parts.count; i++) {
		struct id_mappings maps = { .count = 0 };
		const char *users = text_after(parts.items[i], "uids=");
		const char *groups = text_after(parts.items[i], "gids=");

		if (users && read_list(draft, users, linux_->uid_mappings.items,
				       linux_->uid_mappings.count, &maps))
			map->users = id_map_text(draft, maps.items, maps.count);
		else if (groups && read_list(draft, groups, linux_->gid_mappings.items,
					     linux_->gid_mappings.count, &maps))
			map->groups = id_map_text(draft, maps.items, maps.count);
		else
			return refuse_part(draft, mount, parts.items[i]);
	}
	if (!*map->users || !*map->groups)
		return refuse(draft, mount, EINVAL, "an id map needs both uids and gids");
	return 0;
}

/* ---- the map of a mount ------------------------------------------------------------------------
 */

static int read_mappings(struct draft *draft, const struct mount_draft *mount, struct id_map *map)
{
	const struct spec_mount *entry = mount->mount;

	if (!entry->uid_mappings.count || !entry->gid_mappings.count)
		return refuse(draft, mount, EINVAL, "uidMappings and gidMappings belong together");
	if (entry->uid_mappings.count > ID_MAPPINGS_MOST ||
	    entry->gid_mappings.count > ID_MAPPINGS_MOST)
		return refuse(draft, mount, E2BIG, "the kernel takes no more than 340 mappings");
	map->users = id_map_text(draft, entry->uid_mappings.items, entry->uid_mappings.count);
	map->groups = id_map_text(draft, entry->gid_mappings.items, entry->gid_mappings.count);
	return 0;
}

static int check_possible(struct draft *draft, const struct mount_draft *mount)
{
	if (!draft->facts->privileged)
		return refuse(draft, mount, EPERM,
			      "an id-mapped mount needs the host's root: mount_setattr(2) maps ids "
			      "only for CAP_SYS_ADMIN in the user namespace of the filesystem");
	if (mount->options->flags & MS_REMOUNT)
		return refuse(draft, mount, EINVAL,
			      "ids cannot be mapped by a remount: the mount was seen already");
	return 0;
}

int id_map_read(struct draft *draft, const struct mount_draft *mount, struct id_map *map)
{
	const struct spec_mount *entry = mount->mount;

	*map = (struct id_map){ .recursive = mount->options->marks & MARK_IDMAP_ALL,
				.users = "",
				.groups = "" };
	TRY(check_possible(draft, mount));
	if (entry->uid_mappings.count || entry->gid_mappings.count)
		return read_mappings(draft, mount, map);
	if (mount->options->idmap)
		return read_value(draft, mount, map);
	if (!has_namespace(draft, CLONE_NEWUSER))
		return refuse(draft, mount, EINVAL,
			      "an id-mapped mount needs uidMappings and gidMappings, or a "
			      "container with a user namespace");
	return 0;
}

void plan_id_map(struct draft *draft, const struct mount_draft *mount, int slot)
{
	const struct id_map *map = mount->id_map;

	if (map)
		ADD(draft, MAP_TREE,
		    place(draft, "%s.%s", mount->where,
			  mount->options->marks & MARK_IDMAP ? "options" : "uidMappings"),
		    .text = { map->users, map->groups, *map->users ? NULL : draft->user_namespace },
		    .number = { map->recursive })
			->slot = slot;
}
