/* listing.c -- what a registry has: tags, repositories, search; page after page. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "registry_private.h"

#define PAGE_SIZE    "1000" /* ECR takes no more */
#define PAGES_MOST   10000
#define NAMES_LIMIT  (64U << 20) /* bytes of all pages' names together */
#define ANSWER_LIMIT (16U << 20)

/* clang-format off */
#define NAMES_ROWS(ROW, T) \
	ROW(T, strings, tags,         "tags",         none, optional) \
	ROW(T, strings, repositories, "repositories", none, optional)
JSON_STRUCT(listed_names, NAMES_ROWS);
JSON_SHAPE(listed_names, NAMES_ROWS);

#define RESULT_ROWS(ROW, T) \
	ROW(T, string,  name,         "name",         none, optional) \
	ROW(T, string,  description,  "description",  none, optional) \
	ROW(T, int64,   star_count,   "star_count",   none, optional) \
	ROW(T, boolean, is_official,  "is_official",  none, optional) \
	ROW(T, boolean, is_automated, "is_automated", none, optional)
JSON_STRUCT(search_result, RESULT_ROWS);
JSON_SHAPE(search_result, RESULT_ROWS);

#define SEARCH_ROWS(ROW, T) \
	ROW(T, objects, results, "results", search_result, optional)
JSON_STRUCT(search_answer, SEARCH_ROWS);
JSON_SHAPE(search_answer, SEARCH_ROWS);
/* clang-format on */

static int keep(void *context, const void *bytes, size_t length, struct error *err)
{
	struct text *text = context;

	if (text->length + length > ANSWER_LIMIT)
		return fail(err, EFBIG, "the answer has more than %u bytes", ANSWER_LIMIT);
	text_add_bytes(text, bytes, length);
	return 0;
}

int listing_get(struct registry *registry, const char *path, struct http_answer *answer,
		const struct json_shape *shape, void *object, struct error *err)
{
	auto_text struct text body = { 0 };
	const struct request request = { .path = path, .sink = keep, .context = &body };
	struct json_source source = { .name = path };

	TRY(request_whole(registry, &request, answer, err));
	source.text = body.data ? body.data : "";
	source.length = body.length;
	return json_read(&source, shape, object, answer->arena, NULL, err);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* `<…?n=…&last=…>; rel="next"` (RFC 8288): what follows the path that was asked, or NULL. Only the
 * query is taken: the next page is of the same list. */
static const char *next_query(const struct http_answer *answer, struct arena *arena)
{
	const char *begin = answer->link ? strchr(answer->link, '<') : NULL;
	const char *end = begin ? strchr(begin, '>') : NULL;
	const char *query =
		end && strstr(end, "next") ? memchr(begin, '?', (size_t)(end - begin)) : NULL;

	return query ? arena_copy(arena, query, (size_t)(end - query)) : NULL;
}

static int list(struct registry *registry, const char *path, struct arena *arena,
		struct strings *names, struct error *err)
{
	const char *query = "?n=" PAGE_SIZE;
	struct strings asked = { 0 };
	size_t bytes = 0;

	*names = (struct strings){ 0 };
	for (int page = 0; query && page < PAGES_MOST; page++) {
		struct http_answer answer = { .arena = arena };
		struct listed_names listed;
		const struct strings *some;
		int result = listing_get(registry, arena_format(arena, "%s%s", path, query),
					 &answer, &listed_names_shape, &listed, err);

		text_free(&answer.body);
		TRY(result);
		some = listed.tags.count ? &listed.tags : &listed.repositories;
		for (size_t i = 0; i < some->count; i++) {
			bytes += strlen(some->items[i]) + 1;
			strings_add(names, some->items[i], arena);
		}
		if (bytes > NAMES_LIMIT) {
			fail(err, EFBIG, "the list has more than %u bytes", NAMES_LIMIT);
			return fail_where(err, "%s: %s", registry->host, path);
		}
		strings_add(&asked, (char *)query, arena);
		query = next_query(&answer, arena);
		if (some->count == 0 || (query && strings_have(&asked, query)))
			break; /* a list that leads to itself */
	}
	return 0;
}

int registry_list_tags(struct registry *registry, struct arena *arena, struct strings *tags,
		       struct error *err)
{
	return list(registry, "tags/list", arena, tags, err);
}

int registry_list_repositories(struct registry *registry, struct arena *arena,
			       struct strings *repositories, struct error *err)
{
	return list(registry, "/v2/_catalog", arena, repositories, err);
}

/* ---- search ---------------------------------------------------------------------------------- */

static int find_in_catalog(struct registry *registry, const char *term, int limit,
			   struct arena *arena, struct registry_search *search, struct error *err)
{
	struct strings names;

	TRY(registry_list_repositories(registry, arena, &names, err));
	search->items = arena_array(arena, names.count + 1, sizeof(*search->items));
	for (size_t i = 0; i < names.count && search->count < (size_t)limit; i++)
		if (strstr(names.items[i], term))
			search->items[search->count++].name = names.items[i];
	return 0;
}

static void take_results(const struct search_answer *found, int limit, struct arena *arena,
			 struct registry_search *search)
{
	search->items = arena_array(arena, found->results.count + 1, sizeof(*search->items));
	for (size_t i = 0; i < found->results.count && search->count < (size_t)limit; i++) {
		const struct search_result *result = &found->results.items[i];

		if (result->name)
			search->items[search->count++] = (struct registry_found){
				.name = result->name,
				.description = result->description,
				.stars = result->star_count,
				.official = result->is_official,
				.automated = result->is_automated,
			};
	}
}

int registry_find(struct registry *registry, const char *term, int limit, struct arena *arena,
		  struct registry_search *search, struct error *err)
{
	struct http_answer answer = { .arena = arena };
	struct search_answer found;
	char *escaped = curl_easy_escape(registry->http.curl, term, 0);
	char *path = arena_format(arena, "/v1/search?q=%s&n=%d", escaped ? escaped : "", limit);
	int result;

	curl_free(escaped);
	*search = (struct registry_search){ 0 };
	result = listing_get(registry, path, &answer, &search_answer_shape, &found, err);
	text_free(&answer.body);
	if (result == 0) {
		take_results(&found, limit, arena, search);
		return 0;
	}
	if (answer.status != 404 && answer.status != 405 && answer.status != 401)
		return result;
	if (err)
		*err = (struct error){ 0 };
	return find_in_catalog(registry, term, limit, arena, search, err);
}

int registry_ping(struct registry *registry, struct error *err)
{
	auto_arena struct arena scratch = { 0 };
	auto_text struct text body = { 0 };
	struct http_answer answer = { .arena = &scratch };
	const struct request request = { .path = "/v2/", .sink = keep, .context = &body };
	int result = request_whole(registry, &request, &answer, err);

	text_free(&answer.body);
	return result;
}
