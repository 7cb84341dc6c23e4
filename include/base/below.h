/* below.h -- the one function that walks a path which a container or an image can influence.
 *
 * A path is resolved as if `root` were "/": absolute links, "..", and races with renames cannot
 * leave it, magic links (/proc/PID/fd) are refused: openat2(2) RESOLVE_IN_ROOT |
 * RESOLVE_NO_MAGICLINKS. Where openat2 is missing (kernel before 5.6, or a seccomp filter that
 * answers ENOSYS or EPERM) the walk is done link by link with O_PATH | O_NOFOLLOW descriptors.
 *
 * Freestanding: no libc, no malloc, no errno; compiled into libbase and into the init image.
 * Every function returns -errno on failure; descriptors are O_CLOEXEC. */
#ifndef BASE_BELOW_H
#define BASE_BELOW_H

/* Open an existing file. flags as for open(2); O_NOFOLLOW concerns the last component. */
int below_open(int root, const char *path, int flags);

/* Open the directory that holds the last component of `path` (O_PATH | O_DIRECTORY) and give that
 * component's name, which is then for *at() calls that do not follow links. "", "/", "." and a
 * last component ".." give -EINVAL. `name` has room for NAME_MAX + 1 = 256 bytes. */
int below_open_parent(int root, const char *path, char *name);

/* Open the directory `path` (O_PATH), making it and its missing parents with `mode`. Links on the
 * way are followed inside the root. -ENOTDIR where something else is there; a dangling link as a
 * component is -ENOENT... never created through. */
int below_make_directory(int root, const char *path, unsigned mode);

/* Open what is at `path` (O_PATH), making an empty file, and missing parent directories (0755),
 * where nothing is. An existing directory is -EISDIR. */
int below_make_file(int root, const char *path, unsigned mode);

#endif
