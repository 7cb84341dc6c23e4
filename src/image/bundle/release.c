/* release.c -- take a bundle away again.
 *
 * Unmounted first, the record last: whatever fails between them, the bundle is still known and can
 * be released again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/own.h"
#include "bundle_private.h"
#include "image/rootfs.h"

/* The directory's absolute name, also when it is gone already. */
static const char *absolute(const char *path, struct arena *arena)
{
	auto_free char *real = realpath(path, NULL);
	auto_free char *here = NULL;

	if (real)
		return arena_string(arena, real);
	here = getcwd(NULL, 0);
	return *path == '/' || !here ? path : arena_format(arena, "%s/%s", here, path);
}

int bundle_find_record(const struct store *store, const char *what, struct arena *arena,
		       struct store_bundle *record, struct error *err)
{
	int result = store_find_bundle(store, absolute(what, arena), arena, record, err);

	if (result == -ENOENT && !strchr(what, '/')) {
		*err = (struct error){ 0 };
		result = store_find_bundle(store, what, arena, record, err);
	}
	return result;
}

const struct rootfs_driver *bundle_find_driver(const struct store_bundle *record, struct error *err)
{
	const struct rootfs_driver *driver = rootfs_driver_find(record->rootfs);

	if (!driver)
		fail(err, EINVAL, "bundle %s was made by an unknown rootfs driver", record->path);
	return driver;
}

/* Somebody removed the bundle's directory and put another there: it is not this bundle's. */
static bool is_foreign(const struct store_bundle *record, struct arena *arena)
{
	auto_close int directory = open(record->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *found = directory < 0 ? NULL : directory_identity(directory, arena);

	return found && record->directory && !text_equal(found, record->directory);
}

static int remove_files(const struct store_bundle *record, struct error *err)
{
	auto_close int directory = open(record->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return errno == ENOENT ? 0 : fail_call(err, "open", "cannot open %s", record->path);
	TRY(container_files_remove(directory, "rootfs", err));
	TRY(file_remove_tree(directory, "config.json", err));
	rmdir(record->path); /* stays when it holds something else */
	return 0;
}

static int release_rootfs(const struct rootfs_driver *driver, const char *target, int state,
			  bool force, struct error *err)
{
	if (!force && driver->check_unused)
		TRY(driver->check_unused(target, state, err));
	return driver->release(target, state, err);
}

int bundle_release(struct store *store, const char *what, bool force, struct arena *arena,
		   struct error *err)
{
	struct store_bundle record;
	const struct rootfs_driver *driver;
	auto_close int state = -1;
	bool foreign;

	TRY(bundle_find_record(store, what, arena, &record, err));
	driver = bundle_find_driver(&record, err);
	if (!driver)
		return -EINVAL;
	state = store_open_bundle(store, record.id, err);
	if (state < 0)
		return state;
	foreign = is_foreign(&record, arena);
	if (foreign)
		log_warning("%s is another directory now: left alone", record.path);
	if (release_rootfs(driver, foreign ? "" : arena_format(arena, "%s/rootfs", record.path),
			   state, force, err) < 0)
		return fail_where(err, "bundle %s", record.path);
	if (!foreign)
		TRY(remove_files(&record, err));
	TRY(container_files_remove(state, "upper", err));
	TRY(container_files_remove(state, "work", err));
	return store_remove_bundle(store, record.id, err);
}
