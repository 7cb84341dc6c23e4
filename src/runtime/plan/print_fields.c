/* print_fields.c -- one field of a step, in words.
 *
 * A string without blanks and quotes stands bare, any other as in JSON. Flags are names, what has
 * no name is hexadecimal. A short block is shown byte by byte, a long one by its length. */
#include "print_fields.h"

#include <string.h>

#include "base/json.h"
#include "mount_flags.h"
#include "names.h"

#define BLOCK_SHOWN 64
#define TYPE_BITS   0170000u /* S_IFMT */

static bool is_bare(const char *text)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_./:=@%+-~,";

	return *text && strspn(text, bare) == strlen(text);
}

static void print_string(const char *text, bool json, struct text *out)
{
	if (json || !is_bare(text))
		json_write_string(text, out);
	else
		text_add(out, text);
}

static void print_list(const struct plan *plan, uint32_t offset, struct text *out)
{
	const struct plan_list *list = (const struct plan_list *)(plan->data + offset);

	text_add(out, "[");
	for (uint32_t i = 0; i < list->count; i++) {
		text_add(out, i ? ", " : "");
		json_write_string(plan_text(plan, list->item[i]), out);
	}
	text_add(out, "]");
}

static void print_block(const struct plan *plan, uint32_t offset, bool json, struct text *out)
{
	const struct plan_block *block = (const struct plan_block *)(plan->data + offset);
	const char *quote = json ? "\"" : "";

	if (block->length > BLOCK_SHOWN) {
		text_format(out, "%s%u-bytes%s", quote, block->length, quote);
		return;
	}
	text_add(out, quote);
	for (uint32_t i = 0; i < block->length; i++)
		text_format(out, "%02x", block->bytes[i]);
	text_add(out, quote);
}

static void print_ids(const struct plan *plan, uint32_t offset, struct text *out)
{
	const struct plan_block *block = (const struct plan_block *)(plan->data + offset);
	const uint32_t *ids = (const uint32_t *)block->bytes;

	text_add(out, "[");
	for (uint32_t i = 0; i < block->length / sizeof(*ids); i++)
		text_format(out, "%s%u", i ? ", " : "", ids[i]);
	text_add(out, "]");
}

void print_text_field(const struct plan *plan, enum step_field field, uint32_t offset, bool json,
		      struct text *out)
{
	if (field == FIELD_LIST)
		print_list(plan, offset, out);
	else if (field == FIELD_IDS)
		print_ids(plan, offset, out);
	else if (field == FIELD_BLOCK)
		print_block(plan, offset, json, out);
	else
		print_string(plan_text(plan, offset), json, out);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Names of the bits, joined by commas; the rest in hexadecimal. */
static void print_flags(const struct spec_name *table, uint64_t bits, struct text *out)
{
	const char *separator = "";

	for (; table->name && bits; table++) {
		if (!table->value || (bits & table->value) != table->value)
			continue;
		text_format(out, "%s%s", separator, table->name);
		separator = ",";
		bits &= ~table->value;
	}
	if (bits)
		text_format(out, "%s%#llx", separator, (unsigned long long)bits);
}

static void print_capabilities(uint64_t bits, struct text *out)
{
	const char *separator = "";

	for (const struct spec_name *row = spec_capability_names; row->name; row++) {
		if (!(bits >> row->value & 1))
			continue;
		text_format(out, "%s%s", separator, row->name + strlen("CAP_"));
		separator = ",";
		bits &= ~(1ull << row->value);
	}
	if (bits)
		text_format(out, "%s%#llx", separator, (unsigned long long)bits);
}

static void print_name(const struct spec_name *table, uint64_t value, struct text *out)
{
	const char *name = name_of(table, value);

	if (name)
		text_add(out, name);
	else
		text_format(out, "%#llx", (unsigned long long)value);
}

static void print_device(uint64_t device, struct text *out)
{
	text_format(out, "%u:%u", (unsigned)(device >> 8 & 0xfff),
		    (unsigned)((device & 0xff) | (device >> 12 & ~0xffull)));
}

static void print_mode(uint64_t mode, struct text *out)
{
	print_name(file_type_names, mode & TYPE_BITS, out);
	text_format(out, "%04o", (unsigned)(mode & ~TYPE_BITS));
}

static void print_symbol(enum step_field field, uint64_t number, struct text *out)
{
	switch (field) {
	case FIELD_OCTAL:
		text_format(out, "%04o", (unsigned)number);
		break;
	case FIELD_CLONE:
		print_flags(spec_namespace_names, number, out);
		break;
	case FIELD_MS:
		print_flags(mount_flag_names, number, out);
		break;
	case FIELD_ATTR:
		print_flags(attribute_names, number, out);
		break;
	case FIELD_PROPAGATION:
		print_name(spec_propagation_names, number, out);
		break;
	case FIELD_DEVICE:
		print_device(number, out);
		break;
	case FIELD_MODE:
		print_mode(number, out);
		break;
	case FIELD_CAPS:
		print_capabilities(number, out);
		break;
	case FIELD_RLIMIT:
		print_name(spec_rlimit_names, number, out);
		break;
	case FIELD_PHASE:
		print_name(phase_names, number, out);
		break;
	default: /* FIELD_HEX */
		text_format(out, "%#llx", (unsigned long long)number);
	}
}

void print_number_field(enum step_field field, uint64_t number, bool json, struct text *out)
{
	const char *quote = json ? "\"" : "";

	switch (field) {
	case FIELD_NUMBER:
		text_format(out, "%llu", (unsigned long long)number);
		break;
	case FIELD_SIGNED:
		text_format(out, "%lld", (long long)number);
		break;
	case FIELD_BOOLEAN:
		text_add(out, number ? "true" : "false");
		break;
	case FIELD_LIMIT:
		if (number == UINT64_MAX)
			text_format(out, "%sunlimited%s", quote, quote);
		else
			text_format(out, "%llu", (unsigned long long)number);
		break;
	default:
		text_add(out, quote);
		print_symbol(field, number, out);
		text_add(out, quote);
	}
}
