/* ids.c -- the ids that root gives a bundle: --uidmap and --gidmap, --userns auto. */
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "bundle_private.h"

static int read_list(const struct strings *list, const char *option, struct arena *arena,
		     struct id_ranges *ranges, struct error *err)
{
	struct id_range *items = arena_array(arena, list->count + 1, sizeof(*items));

	for (size_t i = 0; i < list->count; i++)
		if (!id_range_parse(list->items[i], &items[i]))
			return fail(err, EINVAL,
				    "%s %s: it is INSIDE:OUTSIDE[:SIZE], ids of the container and "
				    "of the host",
				    option, list->items[i]);
	*ranges = (struct id_ranges){ items, list->count };
	return 0;
}

/* What the files of every image belong to. */
static int check_root(const struct id_ranges *ranges, const char *option, struct error *err)
{
	uint32_t outside;

	if (id_to_outside(ranges, 0, &outside))
		return 0;
	return fail(err, EINVAL, "%s: id 0 of the container has to be mapped, too", option);
}

int bundle_read_owners(const struct bundle_changes *changes, struct arena *arena,
		       struct rootfs_owners *owners, struct error *err)
{
	static const struct bundle_changes none;
	const struct bundle_changes *wanted = changes ? changes : &none;
	const struct strings *users = &wanted->uid_maps, *groups = &wanted->gid_maps;

	*owners = (struct rootfs_owners){ .single_id = rootfs_single_id() };
	if (!users->count && !groups->count)
		return 0;
	if (owners->single_id)
		return fail(err, EINVAL,
			    "--uidmap, --gidmap: only root may choose ids of the host");
	if (wanted->userns)
		return fail(err, EINVAL, "--userns %s does not go with --uidmap and --gidmap",
			    wanted->userns);
	/* podman's: one stands for both. */
	TRY(read_list(users->count ? users : groups, "--uidmap", arena, &owners->uids, err));
	TRY(read_list(groups->count ? groups : users, "--gidmap", arena, &owners->gids, err));
	TRY(check_root(&owners->uids, "--uidmap", err));
	return check_root(&owners->gids, "--gidmap", err);
}

#define AUTO_SIZE 65536

int bundle_read_auto(const struct bundle_changes *changes, uint32_t *size, struct error *err)
{
	const char *rest = changes ? text_after(changes->userns, "auto") : NULL;

	*size = 0;
	if (!rest || (*rest && *rest != ':'))
		return 0;
	if (rootfs_single_id())
		return fail(err, EINVAL, "--userns auto: only root may choose ids of the host");
	*size = AUTO_SIZE;
	if (!*rest)
		return 0;
	rest = text_after(rest, ":size=");
	if (rest && number_parse_id(rest, size) && *size > 0)
		return 0;
	return fail(err, EINVAL, "--userns %s: it is auto or auto:size=N", changes->userns);
}
