/* temporary.h -- room for what is on its way: $TMPDIR, else /var/tmp (images are large, and /tmp is
 * often memory), as podman and skopeo do. */
#ifndef BASE_TEMPORARY_H
#define BASE_TEMPORARY_H

#include "base/error.h"

/* A file without a name, for reading and writing. */
int temporary_file(struct error *err);
/* A new directory of mode 0700; its name is the caller's to free. */
int temporary_directory(char **made, struct error *err);

#endif
