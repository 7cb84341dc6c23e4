/* print_fields.h -- one field of a step, in words. */
#ifndef PLAN_PRINT_FIELDS_H
#define PLAN_PRINT_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "runtime/plan.h"

/* Append the value of a text field (a string, list or block at `offset`). json: as JSON. */
void print_text_field(const struct plan *plan, enum step_field field, uint32_t offset, bool json,
		      struct text *out);

/* Append the value of a number field. json: symbolic ones as strings, plain ones as numbers. */
void print_number_field(enum step_field field, uint64_t number, bool json, struct text *out);

#endif
