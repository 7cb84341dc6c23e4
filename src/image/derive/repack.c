/* repack.c -- what was changed in a bundle, as one more layer of its image.
 *
 *     bundle -> changes -> blob (draft) -> its own tree, unpacked from it -> documents -> name
 *
 * The tree comes out of the blob like that of any image that is pulled: what others will see is
 * what was seen here, and what could not be unpacked is never named. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/id_namespace.h"
#include "base/own.h"
#include "derive_private.h"
#include "image/rootfs.h"

struct repack {
	struct store *store;
	const struct derive_repack *order;
	const struct derive_step *step;
	struct arena *arena;
	struct store_bundle record;
	struct bundle_image image;
	const struct rootfs_driver *driver;
	char *target; /* the bundle's rootfs */
	int state;
	enum oci_compression compression;
	struct layer_changes changes;
	struct layer_written written;
};

/* ---- what is repacked -------------------------------------------------------------------------
 */

static int find_bundle(struct repack *repack, struct error *err)
{
	struct store_bundle *record = &repack->record;

	TRY(bundle_find_record(repack->store, repack->order->bundle, repack->arena, record, err));
	repack->driver = bundle_find_driver(record, err);
	if (!repack->driver)
		return -EINVAL;
	repack->target = arena_format(repack->arena, "%s/rootfs", record->path);
	repack->state = store_open_bundle(repack->store, record->id, err);
	TRY(repack->state);
	return bundle_load_image(repack->store, record->digest, repack->arena, &repack->image, err);
}

static int check_stopped(const struct repack *repack, struct error *err)
{
	int result = 0;

	if (repack->driver->check_unused)
		result = repack->driver->check_unused(repack->target, repack->state, err);
	if (result == -EBUSY)
		fail_hint(err,
			  "stop it first: what it writes meanwhile would be half in the layer");
	return result;
}

/* ---- how --------------------------------------------------------------------------------------
 */

static int choose_compression(struct repack *repack, struct error *err)
{
	static const struct {
		const char *name;
		enum oci_compression compression;
	} rows[] = { { "gzip", OCI_GZIP }, { "zstd", OCI_ZSTD }, { "none", OCI_PLAIN } };
	const struct oci_manifest *manifest = &repack->image.manifest;
	const char *wanted = repack->order->compress;

	repack->compression = OCI_GZIP;
	if (!wanted || text_equal(wanted, "auto")) {
		size_t count = manifest->layers.count;

		if (count)
			repack->compression =
				oci_media_type(manifest->layers.items[count - 1].media_type)
					->compression;
		return 0;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (text_equal(wanted, rows[i].name)) {
			repack->compression = rows[i].compression;
			return 0;
		}
	return fail(err, EINVAL, "unknown compression %s: it is auto, gzip, zstd or none", wanted);
}

static void mask(struct repack *repack, const char *path)
{
	char *relative = arena_string(repack->arena, path + strspn(path, "/"));
	size_t length = strlen(relative);

	while (length > 0 && relative[length - 1] == '/')
		relative[--length] = '\0';
	if (length)
		strings_add(&repack->changes.masked, relative, repack->arena);
}

static void mask_paths(struct repack *repack)
{
	const struct oci_execution *execution = repack->image.config.config;

	for (size_t i = 0; i < repack->order->masked.count; i++)
		mask(repack, repack->order->masked.items[i]);
	for (size_t i = 0;
	     execution && !repack->order->keep_volumes && i < execution->volumes.count; i++)
		mask(repack, execution->volumes.keys[i]);
}

/* ---- the layer --------------------------------------------------------------------------------
 */

/* The trees the bundle was made of. */
static int trees_open(const struct repack *repack, struct view_trees *trees, struct error *err)
{
	const struct strings *keys = &repack->record.layers;

	trees->fds = calloc(keys->count + 1, sizeof(int));
	if (!trees->fds)
		abort();
	for (size_t i = keys->count; i-- > 0;) {
		int fd = store_open_layer(repack->store, keys->items[i], err);

		if (fd == -ENOENT)
			return fail(err, ENOENT, "the store lost the layer %s", keys->items[i]);
		if (fd < 0)
			return fd;
		trees->fds[trees->count++] = fd;
	}
	return 0;
}

/* What a process in a user namespace does for us; in memory that both have. */
struct inside {
	struct layer_changes changes;
	struct layer_written written;
	int out;
};

static int write_inside(void *context, struct error *err)
{
	struct inside *inside = context;

	return layer_write_changes(&inside->changes, inside->out, &inside->written, err);
}

/* A user may not read everything that his container wrote; root of such a user namespace may, and
 * sees the ids as the container did. */
static int write_as_root(struct repack *repack, int out, struct error *err)
{
	const struct id_maps maps = { repack->changes.uids, repack->changes.gids };
	struct inside *inside = mmap(NULL, sizeof(*inside), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result;

	if (inside == MAP_FAILED)
		return fail_call(err, "mmap", "cannot write the layer");
	inside->changes = repack->changes;
	inside->changes.uids = inside->changes.gids = (struct id_ranges){ 0 };
	inside->out = out;
	result = id_namespace_run(&maps, write_inside, inside, err);
	repack->written = inside->written;
	munmap(inside, sizeof(*inside));
	return result;
}

static int rewind_draft(const struct draft *draft, struct error *err)
{
	if (ftruncate(draft->fd, 0) < 0 || lseek(draft->fd, 0, SEEK_SET) < 0)
		return fail_call(err, "ftruncate", "cannot write the layer");
	return 0;
}

static int write_changes(struct repack *repack, struct draft *draft, struct error *err)
{
	int result;

	TRY(rewind_draft(draft, err));
	result = layer_write_changes(&repack->changes, draft->fd, &repack->written, err);
	if ((result != -EACCES && result != -EPERM) || !rootfs_single_id() ||
	    !repack->changes.uids.count)
		return result;
	memset(err, 0, sizeof(*err));
	TRY(rewind_draft(draft, err));
	return write_as_root(repack, draft->fd, err);
}

static int write_from(struct repack *repack, bool merged, struct draft *draft, struct error *err)
{
	struct rootfs_changes found;
	int result;

	TRY(repack->driver->open_changes(repack->target, repack->state, merged, &found, err));
	repack->changes.root = found.fd;
	repack->changes.upper = found.upper;
	result = write_changes(repack, draft, err);
	close(found.fd);
	return result;
}

/* From the upper directory, if there is one and it tells everything. */
static int write_blob(struct repack *repack, struct draft *draft, struct error *err)
{
	auto_view struct view_trees trees = { 0 };
	int result;

	TRY(trees_open(repack, &trees, err));
	repack->changes.lower = trees.fds;
	repack->changes.lower_count = trees.count;
	result = write_from(repack, false, draft, err);
	if (result != -LAYER_UPPER_INCOMPLETE)
		return result;
	memset(err, 0, sizeof(*err));
	return write_from(repack, true, draft, err);
}

static int unpack_blob(const struct repack *repack, const struct draft *draft, struct error *err)
{
	auto_staging struct staging staging = STAGING_NONE;
	struct layer_result result;
	int applied = draft_unpack(draft, repack->written.digest, &staging, &result, err);

	if (applied == -EFBIG && repack->compression == OCI_ZSTD)
		fail_hint(err, "nobody would unpack that much of so little: --compress gzip");
	TRY(applied);
	if (strcmp(result.diff_id, repack->written.diff_id) != 0 || result.needs_parents)
		return fail(err, EBADMSG, "the new layer unpacks to %s instead of %s",
			    result.diff_id, repack->written.diff_id);
	return staging_finish(&staging, repack->written.diff_id, err);
}

/* ---- the image --------------------------------------------------------------------------------
 */

static int write_documents(struct repack *repack, struct store_image *made, struct error *err)
{
	auto_documents struct documents documents = { 0 };

	TRY(documents_read(repack->store, &repack->image, &documents, err));
	documents_add_layer(&documents, &repack->written, repack->compression);
	documents_add_history(&documents, repack->step, &repack->image, false);
	documents_set_string(&documents.config, "created", repack->step->created);
	return documents_commit(&documents, repack->store, repack->step, repack->arena, made, err);
}

/* 1: a new image; 0: nothing was changed. */
static int make_image(struct repack *repack, struct store_image *made, struct error *err)
{
	auto_draft struct draft draft = DRAFT_NONE;

	TRY(draft_open(repack->store, &draft, err));
	TRY(write_blob(repack, &draft, err));
	if (!repack->written.entries)
		return name_give(repack->store, &repack->image.stored, repack->step->name,
				 repack->arena, made, err);
	TRY(unpack_blob(repack, &draft, err));
	TRY(draft_finish(&draft, repack->written.digest, err));
	TRY(write_documents(repack, made, err));
	return 1;
}

static int repack_bundle(struct repack *repack, struct store_image *made, struct error *err)
{
	TRY(find_bundle(repack, err));
	TRY(check_stopped(repack, err));
	TRY(choose_compression(repack, err));
	mask_paths(repack);
	TRY(bundle_id_maps(&repack->record, repack->arena, &repack->changes, err));
	repack->changes.latest = repack->order->latest;
	repack->changes.compression = repack->compression;
	repack->changes.cancel_fd = repack->order->cancel_fd;
	repack->changes.user_xattrs = rootfs_user_xattrs();
	return make_image(repack, made, err);
}

int derive_repack(struct store *store, const struct derive_repack *order,
		  const struct derive_step *step, struct arena *arena, struct store_image *made,
		  struct error *err)
{
	struct repack repack = {
		.store = store, .order = order, .step = step, .arena = arena, .state = -1
	};
	int result = repack_bundle(&repack, made, err);

	close_fd(&repack.state);
	return result;
}
