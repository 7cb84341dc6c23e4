/* check.c -- the story of a check. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "check_private.h"

void check_tell(struct check *check, const char *thing, const char *wrong, int repaired,
		const struct error *why)
{
	struct check_finding finding = { .thing = thing, .wrong = wrong };
	char line[2048];

	check->result->wrong++;
	if (repaired == 0) {
		finding.repaired = true;
		check->result->repaired++;
	} else if (repaired < 0 && why) {
		error_format(why, line, sizeof(line));
		finding.kept_from = line;
	}
	if (check->options->report)
		check->options->report(check->options->context, &finding);
}

int check_cancelled(const struct check *check, struct error *err)
{
	struct pollfd wait = { .fd = check->options->cancel_fd, .events = POLLIN };

	return wait.fd > 0 && poll(&wait, 1, 0) > 0 ? fail(err, ECANCELED, "interrupted") : 0;
}

static void check_bundle(struct check *check, const struct store_bundle *bundle)
{
	const char *thing = arena_format(check->arena, "bundle %s", bundle->path);
	struct stat status;

	check->result->bundles++;
	if (stat(bundle->path, &status) < 0 && errno == ENOENT)
		check_tell(check, thing, "its directory is gone: lade release it", 1, NULL);
	for (size_t i = 0; i < bundle->layers.count; i++) {
		auto_close int tree = store_open_layer(check->store, bundle->layers.items[i], NULL);

		if (tree < 0)
			check_tell(check, thing,
				   arena_format(check->arena, "its layer %s is missing",
						bundle->layers.items[i]),
				   1, NULL);
	}
}

/* A document that lists others: without it there is nothing to look at. */
static int read_lists(struct check *check)
{
	struct error err = { 0 };
	char line[2048];

	if (store_list_images(check->store, check->arena, &check->images, &err) == 0 &&
	    store_list_bundles(check->store, check->arena, &check->bundles, &err) == 0)
		return 0;
	error_format(&err, line, sizeof(line));
	check_tell(check, "store", line, 1, NULL);
	return -1;
}

int check_store(struct store *store, const struct check_options *options, struct arena *arena,
		struct check_result *result, struct error *err)
{
	struct check check = {
		.store = store, .options = options, .arena = arena, .result = result
	};

	*result = (struct check_result){ 0 };
	if (read_lists(&check) < 0)
		return 0;
	TRY(check_blobs(&check, err));
	TRY(check_images(&check, err));
	for (size_t i = 0; i < check.bundles.count; i++)
		check_bundle(&check, &check.bundles.items[i]);
	return 0;
}
