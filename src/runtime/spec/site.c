/* site.c -- the place of a broken rule, and the rules that several topics use. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "check.h"

enum { IFNAMSIZ_OF_KERNEL = 16 };

/* As the JSON reader writes paths: .key, or ["key"] where a dot would mislead. */
static bool is_plain_key(const char *key)
{
	return key[0] && key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_-")] == '\0';
}

static void site_write(const struct site *site, struct text *path)
{
	if (!site)
		return;
	site_write(site->up, path);
	if (!site->key)
		text_format(path, "[%zu]", site->index);
	else if (!site->up) /* "linux.resources" is the caller's path */
		text_add(path, site->key);
	else if (is_plain_key(site->key))
		text_format(path, ".%s", site->key);
	else
		text_format(path, "[\"%s\"]", site->key);
}

int refuse(struct error *err, const struct site *site, const char *format, ...)
{
	auto_text struct text what = { 0 }, where = { 0 };
	va_list args;

	va_start(args, format);
	text_vformat(&what, format, args);
	va_end(args);
	site_write(site, &where);
	fail(err, EINVAL, "%s", what.data);
	if (where.length)
		fail_where(err, "%s", where.data);
	return -EINVAL;
}

void doubt(const struct site *site, const char *format, ...)
{
	auto_text struct text what = { 0 }, where = { 0 };
	va_list args;

	va_start(args, format);
	text_vformat(&what, format, args);
	va_end(args);
	site_write(site, &where);
	log_warning("%s: %s", where.data, what.data);
}

int check_absolute(const char *path, const struct site *site, struct error *err)
{
	if (!path || path[0] != '/')
		return refuse(err, site, "\"%s\" is not an absolute path", path ? path : "");
	return 0;
}

int check_absolutes(const struct strings *paths, const struct site *site, struct error *err)
{
	for (size_t i = 0; i < paths->count; i++)
		TRY(check_absolute(paths->items[i], SITE_INDEX(site, i), err));
	return 0;
}

int check_environment(const struct strings *env, const struct site *site, struct error *err)
{
	for (size_t i = 0; i < env->count; i++) {
		const struct site *at = SITE_INDEX(site, i);
		const char *equals = strchr(env->items[i], '=');

		if (!equals)
			return refuse(err, at, "invalid environment variable \"%s\": missing '='",
				      env->items[i]);
		if (equals == env->items[i])
			return refuse(err, at,
				      "invalid environment variable \"%s\": name cannot be empty",
				      env->items[i]);
	}
	return 0;
}

int check_names(const struct strings *used, const struct spec_name *names, const char *what,
		const struct site *site, struct error *err)
{
	for (size_t i = 0; i < used->count; i++)
		if (!spec_name_known(names, used->items[i]))
			return refuse(err, SITE_INDEX(site, i), "invalid %s: %s", what,
				      used->items[i]);
	return 0;
}

/* One number of a list; moves `text` behind it. */
static bool list_number(const char **text, unsigned *number)
{
	size_t digits = strspn(*text, "0123456789");
	char copy[8];
	uint64_t value;

	if (digits == 0 || digits >= sizeof(copy))
		return false;
	memcpy(copy, *text, digits);
	copy[digits] = '\0';
	*text += digits;
	if (!number_parse_unsigned(copy, 65535, &value))
		return false;
	*number = (unsigned)value;
	return true;
}

/* "3" or "0-3"; moves `text` behind it. */
static bool list_range(const char **text)
{
	unsigned first, last;

	if (!list_number(text, &first))
		return false;
	if (**text != '-')
		return true;
	++*text;
	return list_number(text, &last) && first <= last;
}

int check_list(const char *list, bool empty, const struct site *site, struct error *err)
{
	const char *text = list;

	if (!list || (empty && *list == '\0'))
		return 0;
	for (;;) {
		text += strspn(text, " ");
		if (!list_range(&text))
			break;
		text += strspn(text, " ");
		if (*text == '\0')
			return 0;
		if (*text++ != ',')
			break;
	}
	return refuse(err, site, "\"%s\" is not a list like 0-3,7", list);
}

int check_id(uint32_t id, const struct site *site, struct error *err)
{
	if (id == UINT32_MAX)
		return refuse(err, site,
			      "4294967295 is not an id (to the kernel it means "
			      "\"unchanged\")");
	return 0;
}

int check_range(int64_t value, int64_t least, int64_t most, const struct site *site,
		struct error *err)
{
	if (value < least || value > most)
		return refuse(err, site, "%" PRId64 " is out of range (%" PRId64 " to %" PRId64 ")",
			      value, least, most);
	return 0;
}

static bool is_interface_name(const char *name, size_t length)
{
	return length > 0 && length < IFNAMSIZ_OF_KERNEL &&
	       strcspn(name, "/%: \t\n\v\f\r") >= length && !text_equal(name, ".") &&
	       !text_equal(name, "..");
}

int check_interface_name(const char *name, const struct site *site, struct error *err)
{
	if (!is_interface_name(name, strlen(name)))
		return refuse(err, site, "invalid network device name \"%s\"", name);
	return 0;
}

int check_interface_template(const char *name, const struct site *site, struct error *err)
{
	size_t length = strlen(name);

	/* The number takes the place of "%d". */
	if (!is_interface_name(name, text_ends(name, "%d") ? length - 2 : length) ||
	    length >= IFNAMSIZ_OF_KERNEL)
		return refuse(err, site, "invalid network device name \"%s\"", name);
	return 0;
}
