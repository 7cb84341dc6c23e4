/* removal.c -- remove what a container wrote.
 *
 * A user's container makes directories that belong to his subordinate ids, which he himself may not
 * empty: root of a user namespace of his may. */
#include <errno.h>

#include "base/file.h"
#include "base/id_namespace.h"
#include "bundle_private.h"

struct removal {
	int directory;
	const char *name;
};

static int remove_inside(void *context, struct error *err)
{
	const struct removal *removal = context;

	return file_remove_tree(removal->directory, removal->name, err);
}

int container_files_remove(int directory, const char *name, struct error *err)
{
	struct removal removal = { directory, name };
	struct bundle_host host;
	int result = file_remove_tree(directory, name, err);

	if ((result != -EACCES && result != -EPERM) || bundle_host_facts(&host, NULL) < 0 ||
	    !host.rootless || !host.sub_uid.size || !host.sub_gid.size)
		return result;
	if (err)
		*err = (struct error){ 0 };
	return id_namespace_run(
		&(struct id_maps){
			.uids = { (struct id_range[]){
					  { 0, host.uid, 1 },
					  { 1, host.sub_uid.host_id, host.sub_uid.size } },
				  2 },
			.gids = { (struct id_range[]){
					  { 0, host.gid, 1 },
					  { 1, host.sub_gid.host_id, host.sub_gid.size } },
				  2 },
		},
		remove_inside, &removal, err);
}
