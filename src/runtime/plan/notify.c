/* notify.c -- plan where the container's sd_notify(3) goes: a directory of the runtime's, whose
 * socket the runtime relays to the service manager. Behind all mounts, since /run is often one. */
#include "chapters.h"
#include "mount_flags.h"

#define NOTIFY_DIRECTORY "/run/notify"

void plan_notify(struct draft *draft)
{
	const struct tree tree = {
		.source = draft->options->notify_directory,
		.where = "",
		.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE,
	};

	if (!draft->options->notify_directory || !(draft->created & CLONE_NEWNS))
		return;
	draft->notify_socket = NOTIFY_DIRECTORY "/notify.sock";
	ADD(draft, ATTACH, NULL, .text = { NOTIFY_DIRECTORY })->slot = plan_tree(draft, &tree);
}
