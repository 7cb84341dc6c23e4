/* json_path.h -- paths into a document as errors show them: mounts[3].source, a["b.c"]. */
#ifndef BASE_JSON_PATH_H
#define BASE_JSON_PATH_H

#include "base/text.h"

/* Append ".key", or ["key"] where a dot would mislead; no dot at the beginning. */
void json_path_add_key(struct text *path, const char *key);

/* Line and column (from 1) of byte `at`. */
void json_position(const char *text, size_t length, size_t at, unsigned *line, unsigned *column);

#endif
