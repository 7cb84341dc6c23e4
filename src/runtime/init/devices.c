/* devices.c -- what is made below the root by hand: directories, links, device nodes. */
#include "base/below.h"
#include "calls.h"
#include "init.h"

#define NAME_SIZE 256

int init_step_DIRECTORY(struct init *init, const struct step *step)
{
	int fd = below_make_directory(init->root, init_text(init, step->text[0]),
				      (unsigned)step->number[0]);

	if (fd < 0)
		return init_failed(init, "mkdirat", fd);
	call_close(fd);
	return 0;
}

/* The directory that `path` lies in, made where missing, and its last name. */
static int make_parent(const struct init *init, const char *path, char *name)
{
	char directory[INIT_PATH];
	size_t cut;
	int fd = below_open_parent(init->root, path, name);

	if (fd != -ENOENT)
		return fd;
	if (text_copy(directory, path, sizeof(directory)) >= sizeof(directory))
		return -ENAMETOOLONG;
	for (cut = text_length(directory); cut > 0 && directory[cut - 1] != '/'; cut--)
		;
	directory[cut] = '\0';
	fd = below_make_directory(init->root, directory, 0755);
	if (fd < 0)
		return fd;
	call_close(fd);
	return below_open_parent(init->root, path, name);
}

static size_t directory_length(const char *path)
{
	size_t length = text_length(path);

	while (length > 0 && path[length - 1] != '/')
		length--;
	return length;
}

static bool is_same_parent(const struct init *init, const char *path)
{
	const struct parent *last = &init->parent;
	size_t length = directory_length(path);

	return last->fd >= 0 && last->next_step == init->report.step && last->length == length &&
	       length > 0 && memcmp(last->path, path, length) == 0;
}

/* Devices and links come in a row in one directory: it is opened for the first of them. */
static int parent_of(struct init *init, const char *path, char *name)
{
	struct parent *last = &init->parent;

	if (is_same_parent(init, path) && text_length(path + last->length) < NAME_SIZE &&
	    path[last->length]) {
		text_copy(name, path + last->length, NAME_SIZE);
	} else {
		if (last->fd >= 0)
			call_close(last->fd);
		last->fd = make_parent(init, path, name);
		last->path = path;
		last->length = directory_length(path);
	}
	last->next_step = init->report.step + 1;
	return last->fd;
}

/* A name that the image or an earlier mount already has stays as it is, as under runc. */
int init_step_SYMLINK(struct init *init, const struct step *step)
{
	char name[NAME_SIZE];
	int parent = parent_of(init, init_text(init, step->text[0]), name);
	long result;

	if (parent < 0)
		return init_failed(init, "openat2", parent);
	result = kernel_call(__NR_symlinkat, init_text(init, step->text[1]), parent, name);
	return result < 0 && result != -EEXIST ? init_failed(init, "symlinkat", result) : 0;
}

/* An existing node must be the one that was asked for (CVE-2025-31133). */
static int check_device(int parent, const char *name, unsigned mode, uint64_t device)
{
	struct statx status;
	int result = call_statx(parent, name, AT_SYMLINK_NOFOLLOW, &status);

	if (result < 0)
		return result;
	if ((status.stx_mode & S_IFMT) != (mode & S_IFMT))
		return -EEXIST;
	if (S_ISFIFO(mode))
		return 0;
	return (((uint64_t)status.stx_rdev_major << 8 & 0xfff00) | (status.stx_rdev_minor & 0xff) |
		((uint64_t)(status.stx_rdev_minor & ~0xffu) << 12) |
		((uint64_t)(status.stx_rdev_major & ~0xfffu) << 32)) == device
		       ? 0
		       : -EEXIST;
}

static int make_device(struct init *init, int parent, const char *name, const struct step *step)
{
	unsigned mode = (unsigned)step->number[0];
	long result = kernel_call(__NR_mknodat, parent, name, mode, (unsigned)step->number[1]);

	if (result == -EEXIST) {
		result = check_device(parent, name, mode, step->number[1]);
		return result < 0 ? init_failed(init, "mknodat", result) : 0;
	}
	if (result < 0)
		return init_failed(init, "mknodat", result);
	if (step->number[2] || step->number[3])
		result = kernel_call(__NR_fchownat, parent, name, (unsigned)step->number[2],
				     (unsigned)step->number[3], AT_SYMLINK_NOFOLLOW);
	return result < 0 ? init_failed(init, "fchownat", result) : 0;
}

int init_step_DEVICE(struct init *init, const struct step *step)
{
	char name[NAME_SIZE];
	int parent = parent_of(init, init_text(init, step->text[0]), name);

	return parent < 0 ? init_failed(init, "openat2", parent)
			  : make_device(init, parent, name, step);
}
