/* devices.c -- what is made below the root by hand: directories, links, device nodes. */
#include "base/below.h"
#include "calls.h"
#include "init.h"

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
static int make_parent(struct init *init, const char *path, char *name)
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

/* A name that the image or an earlier mount already has stays as it is, as under runc. */
int init_step_SYMLINK(struct init *init, const struct step *step)
{
	char name[256];
	int parent = make_parent(init, init_text(init, step->text[0]), name);
	long result;

	if (parent < 0)
		return init_failed(init, "openat2", parent);
	result = kernel_call(__NR_symlinkat, init_text(init, step->text[1]), parent, name);
	call_close(parent);
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
	char name[256];
	int parent = make_parent(init, init_text(init, step->text[0]), name);
	int result;

	if (parent < 0)
		return init_failed(init, "openat2", parent);
	result = make_device(init, parent, name, step);
	call_close(parent);
	return result;
}
