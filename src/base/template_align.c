/* template_align.c -- columns out of what tabs separate. */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/template.h"

#define COLUMN_LEAST  12
#define COLUMN_BLANKS 2

static size_t cell_length(const char *cell)
{
	return strcspn(cell, "\t\n");
}

/* The width of the column `wanted`, over all lines that have a cell behind it. */
static size_t column_width(const char *lines, size_t wanted)
{
	size_t width = 0, column = 0;

	for (const char *at = lines; *at;) {
		size_t length = cell_length(at);

		if (column == wanted && at[length] == '\t' && length + COLUMN_BLANKS > width)
			width = length + COLUMN_BLANKS;
		column = at[length] == '\t' ? column + 1 : 0;
		at += length + (at[length] != '\0');
	}
	return width < COLUMN_LEAST ? COLUMN_LEAST : width;
}

void template_align(const char *lines, struct text *out)
{
	auto_free size_t *widths = NULL;
	size_t columns = 0, column = 0;

	for (const char *at = lines; *at; at++) {
		column = *at == '\n' ? 0 : column + (*at == '\t');
		columns = column > columns ? column : columns;
	}
	widths = calloc(columns + 1, sizeof(*widths));
	if (!widths)
		abort();
	for (size_t i = 0; i < columns; i++)
		widths[i] = column_width(lines, i);
	column = 0;
	for (const char *at = lines; *at;) {
		size_t length = cell_length(at);

		text_add_bytes(out, at, length);
		if (at[length] == '\t')
			text_format(out, "%*s", (int)(widths[column++] - length), "");
		else
			column = 0;
		text_add(out, at[length] == '\n' ? "\n" : "");
		at += length + (at[length] != '\0');
	}
}
