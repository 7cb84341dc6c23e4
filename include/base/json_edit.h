/* json_edit.h -- change a document that is not ours: what is not named stays byte for byte, also
 * what nobody here knows. */
#ifndef BASE_JSON_EDIT_H
#define BASE_JSON_EDIT_H

#include "base/text.h"

/* `document` is an object that json_read took. `path` names a member by plain keys ("config.Env");
 * `value` is JSON. The member is replaced where it is, else added behind the others, with the
 * objects on the way that are missing (or null). NULL: it is taken away. */
void json_edit_set(struct text *document, const char *path, const char *value);

/* Append an item to the array at `path`; a missing one (or null) is made. */
void json_edit_append(struct text *document, const char *path, const char *value);

#endif
