/* new_mount.h -- a new file system as a detached mount: fsopen(2), fsconfig(2), fsmount(2).
 *
 * Nothing is attached anywhere: the caller has a descriptor, gives it the rest of its attributes,
 * and moves it to its place. Freestanding, as below.h is: compiled into libbase and into the init
 * image. */
#ifndef BASE_NEW_MOUNT_H
#define BASE_NEW_MOUNT_H

#include <stdint.h>

struct new_mount {
	const char *type;
	const char *source; /* "": none */
	const char *data;   /* options of the file system, as mount(2) takes them: a comma inside of
			       double quotes is no separator */
	uint64_t flags; /* of MS_*, those of the file system itself: MS_RDONLY, MS_SYNCHRONOUS … */
	uint64_t attributes; /* MOUNT_ATTR_* */
};

#define NEW_MOUNT_REASON 200

struct new_mount_failure {
	const char *call;
	char reason[NEW_MOUNT_REASON]; /* the file system's own words ("tmpfs: Bad value for
					  'size'"), or
					  "" */
};

/* The descriptor (O_CLOEXEC) of the detached mount, or -errno and *failure. */
int new_mount_make(const struct new_mount *request, struct new_mount_failure *failure);

#endif
