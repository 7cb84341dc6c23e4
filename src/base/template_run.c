/* template_run.c -- rows through a template.
 *
 * The headings of a table are what its nodes would print if every field were its own name. */
#include <ctype.h>
#include <string.h>

#include "json_lists.h"
#include "template_private.h"

#define ARGUMENTS_MOST 100

struct variable {
	const char *name;
	struct value value;
	struct variable *below;
};

struct scope {
	const struct template *template;
	struct value root, dot;
	struct variable *variables;
	struct text *out;
};

static int run_pipe(struct scope *scope, const struct pipe *pipe, struct value *value);

/* ---- operands -------------------------------------------------------------------------------- */

static void add_known(const struct value *value, struct text *out)
{
	if (value->kind != VALUE_OBJECT)
		return;
	text_add(out, ": there are ");
	for (size_t i = 0; i < value->shape->count; i++)
		text_format(out, "%s%s", i ? ", " : "", value->shape->fields[i].key);
}

static int follow_fields(const struct scope *scope, const struct operand *operand,
			 struct value *value)
{
	for (size_t i = 0; i < operand->fields.count; i++) {
		auto_text struct text known = { 0 };
		struct value field;

		if (value_field(scope->template, value, operand->fields.items[i], &field) < 0) {
			text_add(&known, "");
			add_known(value, &known);
			return template_fail(
				scope->template, scope->template->format + operand->column,
				"no field \"%s\" here%s", operand->fields.items[i], known.data);
		}
		*value = field;
	}
	return 0;
}

static struct variable *find_variable(const struct scope *scope, const char *name)
{
	struct variable *variable = scope->variables;

	while (variable && strcmp(variable->name, name) != 0)
		variable = variable->below;
	return variable;
}

static int run_operand(struct scope *scope, const struct operand *operand, struct value *value)
{
	const struct variable *variable;

	switch (operand->kind) {
	case OPERAND_DOT:
		*value = scope->dot;
		break;
	case OPERAND_VARIABLE:
		variable = find_variable(scope, operand->name);
		if (!variable && *operand->name)
			return template_fail(scope->template,
					     scope->template->format + operand->column,
					     "there is no variable $%s", operand->name);
		*value = variable ? variable->value : scope->root;
		break;
	case OPERAND_LITERAL:
		*value = operand->literal;
		break;
	case OPERAND_PIPE:
		TRY(run_pipe(scope, operand->pipe, value));
		break;
	case OPERAND_FUNCTION:
		TRY(template_call(scope->template, operand, NULL, 0, value));
		break;
	}
	return follow_fields(scope, operand, value);
}

/* What the command before gave comes last. */
static int run_command(struct scope *scope, const struct pipe_command *command,
		       const struct value *piped, struct value *value)
{
	const struct operand *first = command->operands;
	struct value arguments[ARGUMENTS_MOST];
	size_t count = 0;

	if (first->kind != OPERAND_FUNCTION) {
		if (first->next || piped)
			return template_fail(scope->template,
					     scope->template->format + first->column,
					     "this is no function, it takes no values");
		return run_operand(scope, first, value);
	}
	for (const struct operand *next = first->next; next; next = next->next) {
		if (count + 1 >= ARGUMENTS_MOST)
			return template_fail(scope->template,
					     scope->template->format + next->column,
					     "too many values");
		TRY(run_operand(scope, next, &arguments[count++]));
	}
	if (piped)
		arguments[count++] = *piped;
	TRY(template_call(scope->template, first, arguments, count, value));
	return follow_fields(scope, first, value);
}

static int run_pipe(struct scope *scope, const struct pipe *pipe, struct value *value)
{
	const struct value *piped = NULL;
	struct value before;

	for (const struct pipe_command *command = pipe->commands; command;
	     command = command->next) {
		TRY(run_command(scope, command, piped, value));
		before = *value;
		piped = &before;
	}
	return 0;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static void set_variable(struct scope *scope, const char *name, const struct value *value)
{
	struct variable *variable = arena_alloc(scope->template->arena, sizeof(*variable));

	*variable = (struct variable){ name, *value, scope->variables };
	scope->variables = variable;
}

static int run_nodes(struct scope *scope, const struct node *node);

static int run_print(struct scope *scope, const struct node *node)
{
	struct variable *variable = NULL;
	struct value value;

	TRY(run_pipe(scope, node->pipe, &value));
	if (!node->pipe->variable) {
		value_print(scope->template, &value, scope->out);
		return 0;
	}
	if (node->pipe->assign)
		variable = find_variable(scope, node->pipe->variable);
	if (variable)
		variable->value = value;
	else
		set_variable(scope, node->pipe->variable, &value);
	return 0;
}

static int run_range(struct scope *scope, const struct node *node)
{
	struct scope inner = *scope;
	struct value list;
	size_t count;

	TRY(run_pipe(scope, node->pipe, &list));
	count = list.kind == VALUE_STRING || list.kind == VALUE_TIME ? 0 : value_count(&list);
	if (!count)
		return run_nodes(&inner, node->otherwise);
	for (size_t i = 0; i < count; i++) {
		struct value key = value_key(&list, i);

		inner.variables = scope->variables;
		if (!value_item(&list, NULL, (int64_t)i, &inner.dot))
			return 0;
		if (node->pipe->element)
			set_variable(&inner, node->pipe->element, &inner.dot);
		if (node->pipe->variable)
			set_variable(&inner, node->pipe->variable,
				     node->pipe->element ? &key : &inner.dot);
		TRY(run_nodes(&inner, node->body));
	}
	return 0;
}

/* if, with */
static int run_condition(struct scope *scope, const struct node *node)
{
	struct scope inner = *scope;
	struct value value;

	TRY(run_pipe(scope, node->pipe, &value));
	if (node->pipe->variable)
		set_variable(&inner, node->pipe->variable, &value);
	if (!value_true(&value))
		return run_nodes(&inner, node->otherwise);
	if (node->kind == NODE_WITH)
		inner.dot = value;
	return run_nodes(&inner, node->body);
}

static int run_nodes(struct scope *scope, const struct node *node)
{
	for (; node; node = node->next) {
		switch (node->kind) {
		case NODE_TEXT:
			text_add(scope->out, node->text);
			break;
		case NODE_PRINT:
			TRY(run_print(scope, node));
			break;
		case NODE_RANGE:
			TRY(run_range(scope, node));
			break;
		case NODE_IF:
		case NODE_WITH:
			TRY(run_condition(scope, node));
			break;
		}
	}
	return 0;
}

/* ---- headings -------------------------------------------------------------------------------- */

/* "CreatedAt": "CREATED AT" */
static void add_heading(const struct template *template, const char *field, struct text *out)
{
	const struct template_heading *row = template->rows->headings;

	for (; row && row->field; row++)
		if (!strcmp(row->field, field)) {
			text_add(out, row->heading);
			return;
		}
	for (const char *at = field; *at; at++) {
		if (at > field && isupper((unsigned char)*at) && islower((unsigned char)at[-1]))
			text_add(out, " ");
		text_format(out, "%c", toupper((unsigned char)*at));
	}
}

static bool add_pipe_heading(const struct template *template, const struct pipe *pipe,
			     struct text *out)
{
	for (const struct pipe_command *command = pipe->commands; command; command = command->next)
		for (const struct operand *operand = command->operands; operand;
		     operand = operand->next) {
			if (operand->kind == OPERAND_PIPE &&
			    add_pipe_heading(template, operand->pipe, out))
				return true;
			if (operand->fields.count) {
				add_heading(template,
					    operand->fields.items[operand->fields.count - 1], out);
				return true;
			}
		}
	return false;
}

static void add_headings(const struct template *template, const struct node *node, struct text *out)
{
	for (; node; node = node->next) {
		if (node->kind == NODE_TEXT)
			text_add(out, node->text);
		else if (node->kind == NODE_PRINT)
			add_pipe_heading(template, node->pipe, out);
		else
			add_headings(template, node->body, out);
	}
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void end_line(struct text *out)
{
	if (!out->length || out->data[out->length - 1] != '\n')
		text_add(out, "\n");
}

/* "{{range .}}", at the very beginning. */
static bool goes_over_all(const struct node *node)
{
	const struct operand *first =
		node && node->kind == NODE_RANGE ? node->pipe->commands->operands : NULL;

	return first && first->kind == OPERAND_DOT && !first->fields.count && !first->next &&
	       !node->pipe->commands->next;
}

static int print_rows(const struct template *template, struct text *out)
{
	const struct template_rows *rows = template->rows;
	const struct json_list all = { rows->items, rows->count };
	struct scope scope = { .template = template, .out = out };

	scope.dot = (struct value){ .kind = VALUE_OBJECTS, .shape = rows->shape, .data = &all };
	scope.root = scope.dot;
	if (goes_over_all(template->nodes)) {
		TRY(run_nodes(&scope, template->nodes));
		end_line(out);
		return 0;
	}
	for (size_t i = 0; i < rows->count; i++) {
		scope.dot = (struct value){ .kind = VALUE_OBJECT,
					    .shape = rows->shape,
					    .data = all.items + i * rows->shape->size };
		scope.root = scope.dot;
		scope.variables = NULL;
		TRY(run_nodes(&scope, template->nodes));
		end_line(out);
	}
	return 0;
}

int template_print(const char *format, const struct template_rows *rows, struct arena *arena,
		   struct text *out, struct error *err)
{
	struct template template = {
		.rows = rows,
		.arena = arena,
		.err = err,
		.format = format,
	};
	auto_text struct text lines = { 0 };

	TRY(template_read(&template));
	text_add(&lines, "");
	if (template.table && !rows->no_headings) {
		add_headings(&template, template.nodes, &lines);
		end_line(&lines);
	}
	TRY(print_rows(&template, &lines));
	if (template.table)
		template_align(lines.data, out);
	else
		text_add_bytes(out, lines.data, lines.length);
	return 0;
}
