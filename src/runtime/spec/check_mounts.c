/* check_mounts.c -- rules of the mounts (config.md "Mounts"). What an option means is the
 * planner's; here is what no meaning could make right. Where options contradict ("ro", "rw") the
 * later wins, as with mount(8). */
#include "base/text.h"
#include "check.h"

bool spec_mount_is_bind(const struct spec_mount *mount)
{
	return strings_have(&mount->options, "bind") || strings_have(&mount->options, "rbind") ||
	       text_equal(mount->type, "bind");
}

static bool has_text(const char *string)
{
	return string && string[0];
}

static bool wants_id_mapping(const struct spec_mount *mount)
{
	return strings_have(&mount->options, "idmap") || strings_have(&mount->options, "ridmap");
}

static int check_destination(const struct spec_mount *mount, const struct site *site,
			     struct error *err)
{
	if (!has_text(mount->destination))
		return refuse(err, site, "mount destination must not be empty");
	if (mount->destination[0] != '/')
		doubt(site, "mount destination \"%s\" is not absolute, taken as below /",
		      mount->destination);
	return 0;
}

static int check_kind(const struct spec_mount *mount, const struct site *site, struct error *err)
{
	bool bind = spec_mount_is_bind(mount);
	bool remount = strings_have(&mount->options, "remount");

	if (bind && !remount && !has_text(mount->source))
		return refuse(err, site, "a bind mount needs a source");
	if (!bind && !remount && !has_text(mount->type))
		return refuse(err, site, "a mount that is no bind mount needs a type");
	if (strings_have(&mount->options, "tmpcopyup") && !text_equal(mount->type, "tmpfs"))
		return refuse(err, SITE(site, "options"), "tmpcopyup needs a tmpfs");
	return 0;
}

static int check_mount_mappings(const struct spec *spec, const struct spec_mount *mount,
				const struct site *site, struct error *err)
{
	struct spec_id_map uids = { mount->uid_mappings.items, mount->uid_mappings.count };
	struct spec_id_map gids = { mount->gid_mappings.items, mount->gid_mappings.count };

	TRY(check_id_mappings(uids, SITE(site, "uidMappings"), err));
	TRY(check_id_mappings(gids, SITE(site, "gidMappings"), err));
	if (uids.count && !gids.count)
		return refuse(err, SITE(site, "uidMappings"),
			      "uidMappings must be specified along with gidMappings");
	if (gids.count && !uids.count)
		return refuse(err, SITE(site, "gidMappings"),
			      "gidMappings must be specified along with uidMappings");
	if (wants_id_mapping(mount) && !uids.count && !has_namespace(spec, "user"))
		return refuse(err, SITE(site, "options"),
			      "an idmapped mount needs uidMappings and gidMappings, or a user "
			      "namespace");
	return 0;
}

int check_mounts(const struct spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->mounts.count; i++) {
		const struct spec_mount *mount = &spec->mounts.items[i];
		const struct site *site = SITE_INDEX(SITE(NULL, "mounts"), i);

		TRY(check_destination(mount, SITE(site, "destination"), err));
		TRY(check_kind(mount, site, err));
		TRY(check_mount_mappings(spec, mount, site, err));
	}
	return 0;
}
