/* image.c -- a checkpoint's directory, and the options of criu that dump and restore share. */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/own.h"
#include "runtime/spec_annotations.h"
#include "runtime/spec_names.h"

#define IMAGE_DEFAULT "checkpoint"
#define LOG_LEVEL     4 /* as runc: all there is to say */
/* An administrator's options for criu; the annotation names another file, or, empty, none. */
#define CONFIG_OWN     "/etc/criu/coffer.conf"
#define CONFIG_DEFAULT "/etc/criu/runc.conf"

static const struct spec_name cgroup_modes[] = {
	{ "soft", CRIU_CGROUPS_SOFT },
	{ "full", CRIU_CGROUPS_FULL },
	{ "strict", CRIU_CGROUPS_STRICT },
	{ "ignore", CRIU_CGROUPS_IGNORE },
	{ NULL, 0 },
};

static int resolve(const char *path, bool make, struct arena *arena, const char **resolved,
		   struct error *err)
{
	auto_free char *real = NULL;

	if (make)
		TRY(file_make_directories(path, 0700, err));
	real = realpath(path, NULL);
	if (!real)
		return fail_call(err, "realpath", "cannot find the directory \"%s\"", path);
	*resolved = arena_string(arena, real);
	return 0;
}

int image_open(const struct image_request *request, bool make, struct arena *arena,
	       struct image *image, struct error *err)
{
	const char *path = request->image_path ? request->image_path : IMAGE_DEFAULT;

	*image = (struct image){ .dir = -1 };
	TRY(resolve(path, make, arena, &image->path, err));
	image->dir = open(image->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (image->dir < 0)
		return fail_call(err, "open", "cannot open the directory \"%s\"", path);
	return request->work_path ? resolve(request->work_path, true, arena, &image->work, err) : 0;
}

static bool give(int dir, const char *name, uint32_t gid, mode_t bits)
{
	struct stat status;

	if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
		return true;
	return fchownat(dir, name, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fchmodat(dir, name, (status.st_mode & 07777) | bits, 0) == 0;
}

/* The image is good all the same: whoever restores it can do this, too. */
void image_give_to_group(const struct image *image, uint32_t gid)
{
	auto_closedir DIR *entries = opendir(image->path);
	bool given = entries && give(image->dir, ".", gid, S_IXGRP);
	struct dirent *entry;

	while (given && (entry = readdir(entries)))
		given = entry->d_type == DT_DIR || give(image->dir, entry->d_name, gid, S_IRGRP);
	if (!given)
		log_warning("cannot let group %u read \"%s\", which a restore will need", gid,
			    image->path);
}

void image_close(struct image *image)
{
	close_fd(&image->dir);
}

static const char *config_file(const struct string_map *annotations)
{
	const char *named = string_map_get(annotations, ANNOTATION_CRIU_CONFIG);

	if (named)
		return *named ? named : NULL;
	return access(CONFIG_OWN, F_OK) == 0 ? CONFIG_OWN : CONFIG_DEFAULT;
}

int image_options(const struct image_request *request, const struct string_map *annotations,
		  const struct image *image, struct criu_options *options, struct error *err)
{
	const char *mode = request->manage_cgroups_mode ? request->manage_cgroups_mode : "soft";
	uint64_t cgroups = 0;

	if (!spec_name_value(cgroup_modes, mode, &cgroups))
		return fail(err, EINVAL, "--manage-cgroups-mode: \"%s\" is none of %s", mode,
			    "soft, full, strict, ignore");
	*options = (struct criu_options){
		.images_dir_fd = CRIU_IMAGE,
		.work_dir_fd = image->work ? CRIU_WORK : -1,
		.log_level = LOG_LEVEL,
		.notify_scripts = true,
		.manage_cgroups = true,
		.manage_cgroups_mode = (uint32_t)cgroups,
		.shell_job = request->shell_job,
		.tcp_established = request->tcp_established,
		.ext_unix_sk = request->ext_unix_sk,
		.file_locks = request->file_locks,
		.auto_dedup = request->auto_dedup,
		.lazy_pages = request->lazy_pages,
		.network_lock = request->network_lock,
		.orphan_pts_master = true,
		.empty_ns = CLONE_NEWNET, /* its devices are the engine's, or the hooks' */
		.config_file = config_file(annotations),
	};
	return 0;
}
