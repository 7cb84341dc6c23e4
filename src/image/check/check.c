/* check.c -- the story of a check. */
#include <errno.h>
#include <fcntl.h>
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
static bool is_listed(struct check *check, int result, const struct error *why)
{
	char line[2048];

	if (result == 0)
		return true;
	error_format(why, line, sizeof(line));
	check_tell(check, "store", line, 1, NULL);
	return false;
}

/* Those that there are now: others go on making and releasing them. */
static void check_bundles(struct check *check)
{
	struct store_bundles bundles;
	struct error why = { 0 };
	int result = store_list_bundles(check->store, check->arena, &bundles, &why);

	if (!is_listed(check, result, &why))
		return;
	for (size_t i = 0; i < bundles.count; i++)
		check_bundle(check, &bundles.items[i]);
}

int check_store(struct store *store, const struct check_options *options, struct arena *arena,
		struct check_result *result, struct error *err)
{
	struct check check = {
		.store = store, .options = options, .arena = arena, .result = result
	};
	struct error why = { 0 };

	*result = (struct check_result){ 0 };
	if (!is_listed(&check, store_list_images(store, arena, &check.images, &why), &why))
		return 0;
	TRY(check_blobs(&check, err));
	TRY(check_images(&check, err));
	check_bundles(&check);
	return 0;
}
