/* template.h -- Go's templates, as people type them after --format: over structs that have rows.
 *
 * What is there of text/template: fields and chains (`.Config.Env`, `(index .A 0).B`), `$`,
 * variables, pipelines, `if`, `else if`, `range`, `with`, comments, `{{-` and `-}}`; the functions
 * of Go (and or not eq ne lt le gt ge index slice len print printf println) and of podman (json
 * join split upper lower title truncate pad). A field is one of the struct's rows, or of a map:
 * names are compared without case, "_" and ".", so that Go's name and the document's both mean it
 * (`.ID` and "Id",
 * `.CreatedBy` and "created_by"). Values print as Go prints them: [a b], map[k:v].
 * Errors are -EINVAL and name the column in the template. */
#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/* What a column is called where that is not the field's name in capitals ("CREATED AT"). */
struct template_heading {
	const char *field, *heading;
};

struct template_rows {
	const struct json_shape *shape; /* of each item */
	const void *items;
	size_t count;
	const struct template_heading *headings; /* ends with { NULL }; NULL: none */
	bool no_headings;
	/* Keys of strings that are times of RFC 3339, to be printed as Go prints a time; ends with
	 * NULL. NULL: none. */
	const char *const *times;
};

/* Every row through the template, each ending its line. `\t` and `\n` may be typed for tab and line
 * end. "table …" first prints headings, and makes columns of what tabs separate. A template that
 * begins with {{range .}} goes over the list itself. Nothing is added to `out` on failure. */
int template_print(const char *format, const struct template_rows *rows, struct arena *arena,
		   struct text *out, struct error *err);

/* Lines of cells separated by tabs as columns: at least 12 wide, two blanks between, as podman's.
 */
void template_align(const char *lines, struct text *out);

#endif
