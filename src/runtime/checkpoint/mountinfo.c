/* mountinfo.c -- the mount tables of proc(5), and paths in them. */
#include <string.h>

#include "checkpoint_private.h"

enum { AT_DEVICE = 2, AT_ROOT, AT_PLACE, AT_OPTIONAL = 6 };

/* "\040" is a blank. */
static char *unescape(char *field)
{
	char *to = field;

	for (const char *from = field; *from; to++)
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to = *from++;
		}
	*to = '\0';
	return field;
}

/* Behind the optional fields stand "-" and the type. */
static const char *find_type(const struct strings *fields)
{
	for (size_t i = AT_OPTIONAL; i + 1 < fields->count; i++)
		if (text_equal(fields->items[i], "-"))
			return fields->items[i + 1];
	return NULL;
}

void mountinfo_read(const char *text, struct arena *arena, struct mount_table *table)
{
	struct strings lines = strings_split(text, '\n', arena);

	*table = (struct mount_table){ arena_array(arena, lines.count, sizeof(*table->items)), 0 };
	for (size_t i = 0; i < lines.count; i++) {
		struct strings fields = strings_split(lines.items[i], ' ', arena);
		const char *type = find_type(&fields);

		if (!type)
			continue;
		table->items[table->count++] = (struct mount_line){
			.device = fields.items[AT_DEVICE],
			.root = unescape(fields.items[AT_ROOT]),
			.place = unescape(fields.items[AT_PLACE]),
			.type = type,
		};
	}
}

const char *path_behind(const char *path, const char *above)
{
	const char *rest = text_after(path, above);

	if (text_equal(above, "/"))
		return *path == '/' ? (path[1] ? path : "") : NULL;
	return rest && (!*rest || *rest == '/') ? rest : NULL;
}
