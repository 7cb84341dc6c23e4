/* filter.c -- podman's --filter on images: a row a key. */
#include "filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "commands.h"
#include "image/digest.h"
#include "image/reference.h"

struct filter_kind {
	const char *key;
	/* Sets what match wants; NULL: the text is enough. */
	int (*read)(const struct filter_context *context, struct filter *filter, struct error *err);
	bool (*match)(const struct filters *filters, const struct filter *filter,
		      const struct store_image *image);
	bool alternatives;
};

struct filter {
	const struct filter_kind *kind;
	const char *value;
	bool negated;
	bool yes;
	int64_t time;
	const char *digest; /* of the image that before= and since= name */
};

/* ---- values ---------------------------------------------------------------------------------- */

static int read_boolean(const struct filter_context *context, struct filter *filter,
			struct error *err)
{
	filter->yes = !strcmp(filter->value, "true") || !strcmp(filter->value, "1");
	if (filter->yes || !strcmp(filter->value, "false") || !strcmp(filter->value, "0"))
		return 0;
	return fail(err, EINVAL, "--filter %s: \"%s\" is neither true nor false", filter->kind->key,
		    filter->value);
}

static int read_image(const struct filter_context *context, struct filter *filter,
		      struct error *err)
{
	const struct store_image *image;

	TRY(store_choose_image(context->images, filter->value, context->arena, &image, err));
	filter->digest = image->digest;
	if (!human_parse_time(image->created, &filter->time))
		return fail(err, EINVAL, "--filter %s: nothing says when %s was made",
			    filter->kind->key, filter->value);
	return 0;
}

/* podman's notations, in local time where no zone is given. */
static bool parse_date(const char *text, int64_t *seconds)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H",
					     "%Y-%m-%d" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm parts = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &parts);
		long hours, minutes;
		char sign;

		if (end && *end == '.')
			end += 1 + strspn(end + 1, "0123456789");
		if (!end)
			continue;
		if (!*end)
			*seconds = mktime(&parts);
		else if (!strcmp(end, "Z"))
			*seconds = timegm(&parts);
		else if (sscanf(end, "%c%2ld:%2ld", &sign, &hours, &minutes) == 3 &&
			 strlen(end) == 6 && strchr("+-", sign))
			*seconds = timegm(&parts) -
				   (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
		else
			continue;
		return true;
	}
	return false;
}

bool filter_parse_time(const char *text, int64_t now, int64_t *seconds)
{
	int64_t nanoseconds;
	uint64_t unix_time;

	if (number_parse_unsigned(text, INT64_MAX, &unix_time)) {
		*seconds = (int64_t)unix_time;
		return true;
	}
	if (parse_date(text, seconds))
		return true;
	if (!number_parse_duration(text, &nanoseconds))
		return false;
	*seconds = now - nanoseconds / 1000000000;
	return true;
}

static int read_time(const struct filter_context *context, struct filter *filter, struct error *err)
{
	if (filter_parse_time(filter->value, context->now, &filter->time))
		return 0;
	return fail(err, EINVAL,
		    "--filter %s: \"%s\" is no time (2024-01-31, 2024-01-31T10:00:00Z, 24h)",
		    filter->kind->key, filter->value);
}

/* ---- questions ------------------------------------------------------------------------------- */

static bool created(const struct store_image *image, int64_t *time)
{
	return human_parse_time(image->created, time);
}

static bool match_before(const struct filters *filters, const struct filter *filter,
			 const struct store_image *image)
{
	int64_t time;

	return created(image, &time) && time < filter->time;
}

static bool match_since(const struct filters *filters, const struct filter *filter,
			const struct store_image *image)
{
	int64_t time;

	return created(image, &time) && time > filter->time;
}

static bool match_containers(const struct filters *filters, const struct filter *filter,
			     const struct store_image *image)
{
	return (store_count_bundles(filters->context->bundles, image) > 0) == filter->yes;
}

static bool match_dangling(const struct filters *filters, const struct filter *filter,
			   const struct store_image *image)
{
	return !image->name == filter->yes;
}

/* "sha256:abc…" or its digits alone, as many as were typed. */
static bool begins(const char *digest, const char *value)
{
	return digest && (text_starts(digest, value) ||
			  (digest_valid(digest) && text_starts(digest_hex(digest), value)));
}

static bool match_digest(const struct filters *filters, const struct filter *filter,
			 const struct store_image *image)
{
	return begins(image->digest, filter->value) || begins(image->index_digest, filter->value);
}

static bool match_id(const struct filters *filters, const struct filter *filter,
		     const struct store_image *image)
{
	return begins(image->id, filter->value);
}

/* No image here is only a step on the way to another. */
static bool match_intermediate(const struct filters *filters, const struct filter *filter,
			       const struct store_image *image)
{
	return !filter->yes;
}

static bool match_label(const struct filters *filters, const struct filter *filter,
			const struct store_image *image)
{
	const char *equals = strchr(filter->value, '=');
	const char *key = filter->value, *value;

	if (equals)
		key = arena_copy(filters->context->arena, key, (size_t)(equals - key));
	value = string_map_get(&image->labels, key);
	return value && (!equals || !strcmp(value, equals + 1));
}

static bool match_manifest(const struct filters *filters, const struct filter *filter,
			   const struct store_image *image)
{
	return !!image->index == filter->yes;
}

static bool match_readonly(const struct filters *filters, const struct filter *filter,
			   const struct store_image *image)
{
	return image->read_only == filter->yes;
}

/* A name as it was typed, or a pattern that is the whole name, the name without its domain, or its
 * last component, each with and without the tag. */
static bool match_reference(const struct filters *filters, const struct filter *filter,
			    const struct store_image *image)
{
	struct arena *arena = filters->context->arena;
	struct reference reference, wanted;
	const char *forms[3], *repository;

	if (!image->name || reference_parse_name(image->name, arena, &reference, NULL) < 0)
		return false;
	if (reference_parse_name(filter->value, arena, &wanted, NULL) == 0 &&
	    text_equal(reference_format(&wanted, arena), image->name))
		return true;
	repository = reference_repository(&reference, arena);
	forms[0] = repository;
	forms[1] = reference.path;
	forms[2] = strrchr(repository, '/') ? strrchr(repository, '/') + 1 : repository;
	for (size_t i = 0; i < 3; i++) {
		const char *tagged = reference.tag
					     ? arena_format(arena, "%s:%s", forms[i], reference.tag)
					     : forms[i];

		if (fnmatch(filter->value, forms[i], FNM_PATHNAME) == 0 ||
		    fnmatch(filter->value, tagged, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}

static bool match_until(const struct filters *filters, const struct filter *filter,
			const struct store_image *image)
{
	int64_t time;

	return created(image, &time) && time < filter->time;
}

/* clang-format off */
static const struct filter_kind kinds[] = {
	{ "after",        read_image,   match_since,        false },
	{ "before",       read_image,   match_before,       false },
	{ "containers",   read_boolean, match_containers,   false },
	{ "dangling",     read_boolean, match_dangling,     false },
	{ "digest",       NULL,         match_digest,       true },
	{ "id",           NULL,         match_id,           true },
	{ "intermediate", read_boolean, match_intermediate, false },
	{ "label",        NULL,         match_label,        false },
	{ "manifest",     read_boolean, match_manifest,     false },
	{ "readonly",     read_boolean, match_readonly,     false },
	{ "reference",    NULL,         match_reference,    true },
	{ "since",        read_image,   match_since,        false },
	{ "until",        read_time,    match_until,        false },
};
/* clang-format on */

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_allowed(const char *only, const char *key)
{
	return !only || text_among(only, key);
}

static const struct filter_kind *find_kind(const char *key, const char *only)
{
	for (size_t i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i].key, key) && is_allowed(only, key))
			return &kinds[i];
	return NULL;
}

static int fail_kind(const char *key, const char *only, struct error *err)
{
	auto_text struct text known = { 0 };

	for (size_t i = 0; i < KINDS; i++)
		if (is_allowed(only, kinds[i].key))
			text_format(&known, "%s%s", known.length ? ", " : "", kinds[i].key);
	return fail(err, EINVAL, "--filter: there is no key \"%s\" here: there are %s", key,
		    known.data);
}

static int read_filter(const char *typed, const char *only, const struct filter_context *context,
		       struct filter *filter, struct error *err)
{
	const char *equals = strchr(typed, '=');
	size_t length = equals ? (size_t)(equals - typed) : 0;
	char *key;

	if (!length)
		return fail(err, EINVAL, "--filter \"%s\": not KEY=VALUE", typed);
	filter->negated = typed[length - 1] == '!';
	key = arena_copy(context->arena, typed, length - filter->negated);
	filter->value = equals + 1;
	filter->kind = find_kind(key, only);
	if (!filter->kind)
		return fail_kind(key, only, err);
	return filter->kind->read ? filter->kind->read(context, filter, err) : 0;
}

int filters_read(const struct strings *typed, const char *only,
		 const struct filter_context *context, struct filters *filters, struct error *err)
{
	*filters = (struct filters){
		.items = arena_array(context->arena, typed->count + 1, sizeof(*filters->items)),
		.count = typed->count,
		.context = context,
	};
	for (size_t i = 0; i < typed->count; i++)
		TRY(read_filter(typed->items[i], only, context, &filters->items[i], err));
	return 0;
}

/* ---- matching -------------------------------------------------------------------------------- */

static bool holds(const struct filters *filters, const struct filter *filter,
		  const struct store_image *image)
{
	return filter->kind->match(filters, filter, image) != filter->negated;
}

/* Does one of its kind hold? */
static bool one_holds(const struct filters *filters, const struct filter *filter,
		      const struct store_image *image)
{
	for (size_t i = 0; i < filters->count; i++)
		if (filters->items[i].kind == filter->kind &&
		    filters->items[i].negated == filter->negated &&
		    holds(filters, &filters->items[i], image))
			return true;
	return false;
}

bool filters_match(const struct filters *filters, const struct store_image *image)
{
	for (size_t i = 0; i < filters->count; i++) {
		const struct filter *filter = &filters->items[i];
		bool any = filter->kind->alternatives && !filter->negated;

		if (any ? !one_holds(filters, filter, image) : !holds(filters, filter, image))
			return false;
	}
	return true;
}

void filters_apply(const struct filters *filters, struct store_images *images)
{
	size_t kept = 0;

	for (size_t i = 0; i < images->count; i++)
		if (filters_match(filters, &images->items[i]))
			images->items[kept++] = images->items[i];
	images->count = kept;
}
