/* restore_options.h -- what criu is told about the container that it restores. */
#ifndef LIFECYCLE_RESTORE_OPTIONS_H
#define LIFECYCLE_RESTORE_OPTIONS_H

#include "birth.h"
#include "image.h"

/* Descriptors that criu inherits: they name the namespaces to enter. */
struct joined_namespaces {
	int fds[2]; /* network, pid */
	size_t count;
};

/* External mounts, their places, namespaces that are joined, and the caller's pipes. */
int restore_describe(const struct birth *birth, const struct image *image,
		     struct criu_options *options, struct joined_namespaces *joined,
		     struct error *err);

/* The cgroups in which the process `pid` (criu's) is are the new roots. */
int restore_name_cgroups(pid_t pid, struct arena *arena, struct criu_options *options,
			 struct error *err);

void joined_close(struct joined_namespaces *joined);

#endif
