/* from_registry.c -- a source that is a registry, or several places that have the same image.
 *
 * A short name may mean several names, a name may be in several places (mirrors, then the primary
 * one): they are tried in their order, and the one that has the manifest stays the source of all
 * the rest. Credentials given by hand are for the registry that was named, and go to no other. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/own.h"
#include "base/temporary.h"
#include "source.h"

/* One place to try, under one name. */
struct attempt {
	const struct reference *name; /* the logical one: the image is called so */
	struct registries_source source;
	bool last;
};

struct attempts {
	struct arena arena; /* of the names */
	const char *asked;  /* what the person wrote */
	struct attempt *items;
	size_t count;
};

static int add_name(struct attempts *attempts, const struct registries *configuration,
		    const char *text, struct error *err)
{
	struct reference *name = arena_alloc(&attempts->arena, sizeof(*name));
	struct registries_sources sources;
	struct attempt *items;

	TRY(reference_parse_name(text, &attempts->arena, name, err));
	TRY(registries_sources(configuration, name, &attempts->arena, &sources, err));
	items = arena_array(&attempts->arena, attempts->count + sources.count, sizeof(*items));
	for (size_t i = 0; i < attempts->count; i++)
		items[i] = attempts->items[i];
	for (size_t i = 0; i < sources.count; i++)
		items[attempts->count++] = (struct attempt){ name, sources.items[i], false };
	attempts->items = items;
	return 0;
}

static int list_attempts(struct source *source, const struct registries *configuration,
			 struct error *err)
{
	struct attempts *attempts = source->attempts;
	struct strings names;

	TRY(registries_names(configuration, source->reference, &attempts->arena, &names, err));
	for (size_t i = 0; i < names.count; i++) {
		int result = add_name(attempts, configuration, names.items[i], err);

		if (result < 0 && result != -EPERM) /* what is blocked is left out … */
			return result;
	}
	if (!attempts->count) /* … unless nothing else is left */
		return -EPERM;
	if (err)
		*err = (struct error){ 0 };
	attempts->items[attempts->count - 1].last = true;
	return 0;
}

/* They are for the registry that was meant; the others would learn them. */
static int check_credentials(const struct source *source, struct error *err)
{
	const struct attempts *attempts = source->attempts;

	for (size_t i = 1; source->options->credentials && i < attempts->count; i++)
		if (!text_equal(attempts->items[i].name->domain, attempts->items[0].name->domain))
			return fail(err, EINVAL,
				    "\"%s\" may be at %s or at %s: say for which one the "
				    "credentials are",
				    attempts->asked, attempts->items[0].name->domain,
				    attempts->items[i].name->domain);
	return 0;
}

static int open_registry(struct source *source, const struct transfer_options *options,
			 struct error *err)
{
	source->attempts = calloc(1, sizeof(*source->attempts));
	if (!source->attempts)
		return fail(err, ENOMEM, "out of memory");
	source->options = &options->registry;
	source->attempts->asked =
		source->reference->typed
			? source->reference->typed
			: reference_format(source->reference, &source->attempts->arena);
	TRY(list_attempts(source, options->registry.configuration, err));
	return check_credentials(source, err);
}

/* ---- trying -----------------------------------------------------------------------------------
 */

static int try_place(struct source *source, const struct attempt *attempt, struct arena *arena,
		     struct registry_manifest *document, struct error *err)
{
	const struct reference *there = &attempt->source.reference;
	struct registry_options options = *source->options;

	registry_close(source->registry);
	source->registry = NULL;
	source->place = there;
	options.place = attempt->source.place;
	if (!text_equal(there->domain, attempt->name->domain))
		options.credentials = NULL;
	if (!attempt->last)
		options.retries = -1; /* the next place may be well */
	TRY(registry_open(there, &options, &source->registry, err));
	registry_set_retries(source->registry, options.retries);
	TRY(registry_fetch_manifest(source->registry, reference_target(there), arena, document,
				    err));
	registry_set_retries(source->registry, source->options->retries);
	return 0;
}

/* All that was tried and what came of it, in one line. */
static int fail_all(const struct source *source, const struct text *tried, struct error *err)
{
	int number = err ? err->number : EIO;

	if (source->attempts->count == 1 || number == ECANCELED)
		return -number;
	if (err)
		*err = (struct error){ 0 };
	fail(err, number, "none of %zu places has it: %s", source->attempts->count, tried->data);
	return fail_where(err, "%s", source->attempts->asked);
}

static void note_failure(const struct attempt *attempt, const struct error *err,
			 struct arena *arena, struct text *tried)
{
	char line[sizeof(struct error)];

	error_format(err, line, sizeof(line));
	text_format(tried, "%s%s (%s)", tried->length ? "; " : "",
		    reference_format(&attempt->source.reference, arena), line);
}

static int resolve(struct source *source, struct arena *arena, struct registry_manifest *document,
		   struct error *err)
{
	const struct attempts *attempts = source->attempts;
	auto_text struct text tried = { 0 };
	struct error own = { 0 };

	for (size_t i = 0; i < attempts->count; i++) {
		const struct attempt *attempt = &attempts->items[i];
		int result;

		own = (struct error){ 0 };
		source->reference = attempt->name;
		result = try_place(source, attempt, arena, document, &own);
		if (result >= 0) {
			log_debug("%s is taken from %s", reference_format(attempt->name, arena),
				  reference_format(&attempt->source.reference, arena));
			return 0;
		}
		note_failure(attempt, &own, arena, &tried);
		if (result == -ECANCELED)
			break;
	}
	if (err)
		*err = own;
	return fail_all(source, &tried, err);
}

static int fetch_described(struct source *source, const struct oci_descriptor *descriptor,
			   struct arena *arena, struct registry_manifest *document,
			   struct error *err)
{
	return registry_fetch_described(source->registry, descriptor, arena, document, err);
}

static int fetch_document(struct source *source, const struct oci_descriptor *descriptor,
			  struct arena *arena, char **bytes, struct error *err)
{
	return registry_fetch_document(source->registry, descriptor, arena, bytes, err);
}

static int fetch_blob(struct source *source, const struct oci_descriptor *descriptor,
		      const struct registry_sink *sink, struct error *err)
{
	return registry_fetch_blob(source->registry, descriptor, sink, err);
}

static int write_to_file(void *context, const void *bytes, size_t length, struct error *err)
{
	return file_write_all(*(int *)context, bytes, length, "a temporary file", err);
}

/* Through a file without a name: an upload must be able to begin again. */
static int open_fetched(struct source *source, const struct oci_descriptor *descriptor,
			struct error *err)
{
	auto_close int fd = temporary_file(err);
	struct registry_sink sink = { .write = write_to_file, .context = &fd };

	if (fd < 0)
		return fd;
	TRY(registry_fetch_blob(source->registry, descriptor, &sink, err));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return fail_call(err, "lseek", "cannot read blob %s again", descriptor->digest);
	return take_fd(&fd);
}

static int fork_registry(struct source *source, struct source *forked, struct error *err)
{
	*forked = *source;
	forked->registry = NULL;
	forked->attempts = NULL;
	return registry_fork(source->registry, &forked->registry, err);
}

static void close_registry(struct source *source)
{
	registry_close(source->registry);
	source->registry = NULL;
	if (source->attempts)
		arena_free(&source->attempts->arena);
	free(source->attempts);
	source->attempts = NULL;
}

static char *name(const struct source *source, struct arena *arena)
{
	return reference_format(source->reference, arena);
}

const struct source_kind source_registry = {
	.open = open_registry,
	.resolve = resolve,
	.fetch_described = fetch_described,
	.fetch_document = fetch_document,
	.fetch_blob = fetch_blob,
	.open_blob = open_fetched,
	.fork = fork_registry,
	.close = close_registry,
	.name = name,
};
