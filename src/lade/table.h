/* table.h -- columns for people: as wide as their widest cell, two blanks between. */
#ifndef LADE_TABLE_H
#define LADE_TABLE_H

#include "base/arena.h"
#include "base/text.h"

#define TABLE_COLUMNS_MOST 8

struct table_row {
	const char *cells[TABLE_COLUMNS_MOST];
	struct table_row *next;
};

/* Start with the columns' number and an arena. */
struct table {
	size_t columns;
	struct arena *arena;
	struct table_row *first, *last; /* private */
};

/* The cells are not copied. */
void table_add(struct table *table, const char *const *cells);
void table_print(const struct table *table, struct text *out);

#endif
