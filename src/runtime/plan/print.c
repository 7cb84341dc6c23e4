/* print.c -- the rows of the steps, and a plan as a person or a program reads it.
 *
 * One line a step, fields by name; what is empty or off is left out, a number never. The JSON path
 * that asked for the step comes last. */
#include "base/json.h"

#include "print_fields.h"
#include "runtime/plan.h"

#define WHERE_COLUMN 72

static const struct step_row step_rows[STEP_KINDS] = {
#define STEP_ROW(kind, side, name, slot, texts, numbers)                                           \
	[STEP_##kind] = { name, SIDE_##side, slot, { STEP_FIELDS texts }, { STEP_FIELDS numbers } },
	STEP_ROWS(STEP_ROW)
};

const struct step_row *plan_step_row(unsigned kind)
{
	return kind > STEP_NONE && kind < STEP_KINDS ? &step_rows[kind] : NULL;
}

static bool is_always_shown(enum step_field field)
{
	switch (field) {
	case FIELD_NUMBER:
	case FIELD_SIGNED:
	case FIELD_OCTAL:
	case FIELD_MODE:
	case FIELD_CAPS:
	case FIELD_RLIMIT:
	case FIELD_LIMIT:
		return true;
	default:
		return false;
	}
}

static bool shows_text(const struct step_row *row, const struct step *step, int index)
{
	return row->text[index].field && step->text[index];
}

static bool shows_number(const struct step_row *row, const struct step *step, int index)
{
	enum step_field field = row->number[index].field;

	return field && (step->number[index] || is_always_shown(field));
}

static bool shows_slot(const struct step_row *row, const struct step *step)
{
	return *row->slot && step->slot != STEP_NO_SLOT;
}

static void print_line(const struct plan *plan, const struct step *step, struct text *out)
{
	const struct step_row *row = plan_step_row(step->kind);
	const char *where = plan_text(plan, step->where);
	size_t start = out->length;

	text_add(out, row->name);
	if (shows_slot(row, step))
		text_format(out, " slot=%d", step->slot);
	for (int i = 0; i < STEP_TEXTS; i++)
		if (shows_text(row, step, i)) {
			text_format(out, " %s=", row->text[i].name);
			print_text_field(plan, row->text[i].field, step->text[i], false, out);
		}
	for (int i = 0; i < STEP_NUMBERS; i++)
		if (shows_number(row, step, i)) {
			text_format(out, " %s=", row->number[i].name);
			print_number_field(row->number[i].field, step->number[i], false, out);
		}
	if (*where) {
		size_t length = out->length - start;

		text_format(out, "%*s # %s",
			    (int)(length < WHERE_COLUMN ? WHERE_COLUMN - length : 0), "", where);
	}
	text_add(out, "\n");
}

static void print_key(const char *key, struct text *out)
{
	text_add(out, ", ");
	json_write_string(key, out);
	text_add(out, ": ");
}

static void print_object(const struct plan *plan, const struct step *step, struct text *out)
{
	const struct step_row *row = plan_step_row(step->kind);

	text_add(out, "{\"step\": ");
	json_write_string(row->name, out);
	print_key("side", out);
	json_write_string(row->side == SIDE_HOST ? "host" : "init", out);
	if (*plan_text(plan, step->where)) {
		print_key("where", out);
		json_write_string(plan_text(plan, step->where), out);
	}
	if (shows_slot(row, step)) {
		print_key("slot", out);
		text_format(out, "%d", step->slot);
	}
	for (int i = 0; i < STEP_TEXTS; i++)
		if (shows_text(row, step, i)) {
			print_key(row->text[i].name, out);
			print_text_field(plan, row->text[i].field, step->text[i], true, out);
		}
	for (int i = 0; i < STEP_NUMBERS; i++)
		if (shows_number(row, step, i)) {
			print_key(row->number[i].name, out);
			print_number_field(row->number[i].field, step->number[i], true, out);
		}
	text_add(out, "}");
}

void plan_print(const struct plan *plan, bool json, struct text *out)
{
	text_add(out, json ? "[\n" : "");
	for (uint32_t i = 0; i < plan->header->step_count; i++) {
		if (!json) {
			print_line(plan, &plan->steps[i], out);
			continue;
		}
		text_add(out, i ? ",\n  " : "  ");
		print_object(plan, &plan->steps[i], out);
	}
	text_add(out, json ? "\n]\n" : "");
}
