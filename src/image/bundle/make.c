/* make.c -- make a bundle.
 *
 * Order: claim the directory, record the bundle (from then on the collector keeps the layers), make
 * the rootfs, write config.json last. Whatever fails undoes what came before it in reverse. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/own.h"
#include "bundle_private.h"
#include "image/rootfs.h"

struct making {
	struct store *store;
	const struct bundle_request *request;
	struct arena *arena;
	struct layer_stack layers;
	struct claim claim;
	struct rootfs_owners owners;
	uint32_t auto_ids; /* so many, which are chosen with the record; 0: not */
	struct store_bundle record;
	struct strings root_options; /* the root is for the runtime to mount */
};

/* ---- the rootfs ------------------------------------------------------------------------------ */

static char *now(struct arena *arena)
{
	time_t seconds = time(NULL);
	struct tm parts;
	char text[32];

	gmtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return arena_string(arena, text);
}

/* The ids that the record has are the bundle's. */
static void take_ids(struct making *making)
{
	struct id_range *range = arena_alloc(making->arena, sizeof(*range));

	*range = (struct id_range){ 0, making->record.ids_first, making->record.ids_size };
	making->owners.uids = making->owners.gids = (struct id_ranges){ range, 1 };
}

static int add_record(struct making *making, const struct rootfs_driver *driver, int *state,
		      struct error *err)
{
	const struct store_image *image = &making->request->image->stored;
	struct store_ids pool;

	making->record = (struct store_bundle){
		.path = making->claim.path,
		.image = image->name,
		.digest = image->digest,
		.layers = making->layers.keys,
		.rootfs = arena_string(making->arena, driver->name),
		.mapped = making->owners.uids.count > 0 || making->auto_ids,
		.ids_size = making->auto_ids,
		.directory = directory_identity(making->claim.fd, making->arena),
		.created = now(making->arena),
	};
	if (making->auto_ids)
		TRY(host_id_pool(&pool, err));
	TRY(store_add_bundle(making->store, &making->record, making->auto_ids ? &pool : NULL,
			     making->arena, state, err));
	if (making->auto_ids)
		take_ids(making);
	return 0;
}

static void drop_rootfs(struct making *making, const struct rootfs_driver *driver, int state)
{
	const char *target = arena_format(making->arena, "%s/rootfs", making->claim.path);

	driver->release(target, state, NULL);
	file_remove_tree(making->claim.fd, "rootfs", NULL);
	store_remove_bundle(making->store, making->record.id, NULL);
}

static int make_rootfs(struct making *making, const struct rootfs_driver *driver, struct error *err)
{
	struct rootfs_request request = {
		.layers = making->layers.paths,
		.target = arena_format(making->arena, "%s/rootfs", making->claim.path),
		.cancel_fd = making->request->cancel_fd,
	};
	auto_close int state = -1;
	int result;

	TRY(add_record(making, driver, &state, err));
	request.owners = making->owners;
	request.state = state;
	if (mkdirat(making->claim.fd, "rootfs", 0755) < 0)
		result = fail_call(err, "mkdir", "cannot make %s", request.target);
	else
		result = driver->make(&request, err);
	if (result >= 0 && driver->mount_options)
		result = driver->mount_options(&request, making->arena, &making->root_options, err);
	if (result < 0)
		drop_rootfs(making, driver, state);
	return result;
}

/* The wanted driver, or the first that works here. */
static int make_some_rootfs(struct making *making, const struct rootfs_driver **used,
			    struct error *err)
{
	const char *wanted = making->request->driver;
	struct rootfs_request guess = {
		.layers = making->layers.paths,
		.owners = making->owners,
		.runtime_mounts = making->request->runtime_mounts,
	};
	int result = fail(err, EINVAL, "unknown rootfs driver %s", wanted ? wanted : "");

	for (size_t i = 0; (*used = rootfs_drivers[i]); i++) {
		if (wanted ? !text_equal(wanted, (*used)->name) : !(*used)->usable(&guess))
			continue;
		*err = (struct error){ 0 };
		result = make_rootfs(making, *used, err);
		if (result >= 0 || wanted || !rootfs_unusable(result))
			return result;
		log_debug("rootfs driver %s does not work here: %s", (*used)->name, err->what);
	}
	return result;
}

/* ---- config.json ----------------------------------------------------------------------------- */

static char *working_directory(struct arena *arena)
{
	auto_free char *path = getcwd(NULL, 0);

	return arena_string(arena, path ? path : "/");
}

static int find_user_on_disk(const struct making *making, const char *who, struct bundle_user *user,
			     struct error *err)
{
	auto_close int rootfs =
		openat(making->claim.fd, "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (rootfs < 0)
		return fail_call(err, "open", "cannot open %s/rootfs", making->claim.path);
	return bundle_find_user(rootfs, who, making->arena, user, err);
}

static int find_user_in_layers(const struct making *making, const char *who,
			       struct bundle_user *user, struct error *err)
{
	const struct strings *paths = &making->layers.paths;
	int *fds = arena_array(making->arena, paths->count + 1, sizeof(*fds));
	struct bundle_trees trees = { fds, 0 };
	int result = 0;

	for (size_t i = paths->count; result == 0 && i-- > 0;) {
		int fd = open(paths->items[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			result =
				fail_call(err, "open", "cannot open the layer %s", paths->items[i]);
		else
			fds[trees.count++] = fd;
	}
	if (result == 0)
		result = bundle_find_user_in_layers(&trees, who, making->arena, user, err);
	while (trees.count)
		close(fds[--trees.count]);
	return result;
}

static int find_user(const struct making *making, struct bundle_user *user, struct error *err)
{
	const struct bundle_changes *changes = making->request->changes;
	const struct oci_execution *execution = making->request->image->config.config;
	const char *who = changes && changes->user ? changes->user
			  : execution              ? execution->user
						   : NULL;

	return making->root_options.count ? find_user_in_layers(making, who, user, err)
					  : find_user_on_disk(making, who, user, err);
}

static int write_config(struct making *making, struct error *err)
{
	const struct bundle_image *image = making->request->image;
	auto_text struct text text = { 0 };
	struct bundle_user user;
	struct bundle_host host;
	struct spec spec;
	struct bundle_input input = {
		.config = &image->config,
		.user = &user,
		.host = &host,
		.command = making->request->command,
		.hostname = arena_format(making->arena, "%.12s", making->record.id),
		.changes = making->request->changes,
		.directory = working_directory(making->arena),
		.owners = &making->owners,
		.root_options = making->root_options,
	};

	TRY(find_user(making, &user, err));
	TRY(bundle_host_facts(&host, err));
	TRY(bundle_compose(&input, making->arena, &spec, err));
	json_write(&spec_shape, &spec, true, &text);
	return file_replace(making->claim.fd, "config.json",
			    &(struct file_content){ text.data, text.length, 0644, false }, err);
}

static int make_parts(struct making *making, struct error *err)
{
	const struct rootfs_driver *driver;
	auto_close int state = -1;
	int result;

	/* The container's root is nobody here: some runtimes go to its rootfs with his rights. */
	if ((making->owners.uids.count || making->auto_ids) && fchmod(making->claim.fd, 0711) < 0)
		return fail_call(err, "fchmod", "cannot open %s to the container's root",
				 making->claim.path);
	TRY(make_some_rootfs(making, &driver, err));
	result = making->request->no_config ? 0 : write_config(making, err);
	if (result < 0) {
		state = store_open_bundle(making->store, making->record.id, NULL);
		drop_rootfs(making, driver, state);
	}
	return result;
}

int bundle_make(struct store *store, const struct bundle_request *request, struct arena *arena,
		struct error *err)
{
	struct making making = { .store = store, .request = request, .arena = arena };
	int result;

	TRY(bundle_read_owners(request->changes, arena, &making.owners, err));
	TRY(bundle_read_auto(request->changes, &making.auto_ids, err));
	TRY(layer_stack_find(store, request->image, arena, &making.layers, err));
	TRY(claim_directory(request->directory, arena, &making.claim, err));
	result = make_parts(&making, err);
	if (result < 0)
		claim_undo(&making.claim);
	close_fd(&making.claim.fd);
	return result;
}
