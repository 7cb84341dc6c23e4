/* table.c -- columns for people. */
#include "table.h"

#include <string.h>

void table_add(struct table *table, const char *const *cells)
{
	struct table_row *row = arena_alloc(table->arena, sizeof(*row));

	memcpy(row->cells, cells, table->columns * sizeof(*cells));
	if (table->last)
		table->last->next = row;
	else
		table->first = row;
	table->last = row;
}

void table_print(const struct table *table, struct text *out)
{
	size_t widths[TABLE_COLUMNS_MOST] = { 0 };
	size_t last = table->columns - 1;

	for (const struct table_row *row = table->first; row; row = row->next)
		for (size_t i = 0; i < table->columns; i++)
			if (strlen(row->cells[i]) > widths[i])
				widths[i] = strlen(row->cells[i]);
	for (const struct table_row *row = table->first; row; row = row->next) {
		for (size_t i = 0; i < last; i++)
			text_format(out, "%-*s  ", (int)widths[i], row->cells[i]);
		text_format(out, "%s\n", row->cells[last]);
	}
}
