/* template_private.h -- what a template is after reading, and what values are. */
#ifndef TEMPLATE_PRIVATE_H
#define TEMPLATE_PRIVATE_H

#include <stdint.h>

#include "base/template.h"

/* ---- values ---------------------------------------------------------------------------------- */

enum value_kind {
	VALUE_NOTHING, /* nil; a key that a map does not have */
	VALUE_STRING,
	VALUE_TIME, /* a string that prints as Go prints a time */
	VALUE_INTEGER,
	VALUE_BOOLEAN,
	VALUE_OBJECT,  /* data: the struct, or NULL: all its fields are empty */
	VALUE_OBJECTS, /* data: struct json_list */
	VALUE_STRINGS, /* data: struct strings */
	VALUE_MAP,     /* data: struct string_map */
	VALUE_SET,     /* data: an object_map (ExposedPorts): struct json_object_map */
	VALUE_RAW,     /* string: JSON */
};

struct value {
	enum value_kind kind;
	const struct json_shape *shape;
	const void *data;
	const char *string;
	int64_t integer; /* and boolean */
};

struct template;

/* The field or key of that name. -ENOENT: the kind of value has no such field. */
int value_field(const struct template *template, const struct value *value, const char *name,
		struct value *field);
/* `key` NULL: by position. false: out of range. */
bool value_item(const struct value *value, const char *key, int64_t position, struct value *item);
/* What `range` calls it: the key, else the position. */
struct value value_key(const struct value *value, size_t at);
size_t value_count(const struct value *value);
bool value_true(const struct value *value);
void value_print(const struct template *template, const struct value *value, struct text *out);
void value_json(const struct value *value, struct text *out);
/* What it prints, in the template's arena. */
char *value_text(const struct template *template, const struct value *value);

/* ---- the template, read ---------------------------------------------------------------------- */

enum operand_kind {
	OPERAND_DOT,
	OPERAND_VARIABLE,
	OPERAND_LITERAL,
	OPERAND_PIPE,
	OPERAND_FUNCTION
};

struct pipe;

struct operand {
	struct operand *next;
	enum operand_kind kind;
	size_t column;
	const char *name; /* of the variable ("" is $) or function */
	struct value literal;
	struct pipe *pipe;
	struct strings fields; /* the chain behind it */
};

struct pipe_command {
	struct pipe_command *next;
	struct operand *operands;
};

struct pipe {
	const char *variable, *element; /* $variable := …; range $variable, $element := … */
	bool assign;                    /* = instead of := */
	struct pipe_command *commands;
};

enum node_kind { NODE_TEXT, NODE_PRINT, NODE_IF, NODE_RANGE, NODE_WITH };

struct node {
	struct node *next;
	enum node_kind kind;
	char *text;
	struct pipe *pipe;
	struct node *body, *otherwise;
};

struct template
{
	const struct template_rows *rows;
	struct arena *arena;
	struct error *err;
	const char *format; /* as typed: columns count in it */
	bool table;
	struct node *nodes;
};

/* template_read.c */
int template_read(struct template *template);
/* template_pipe.c: from `at` behind the pipe's last character. */
int template_read_pipe(struct template *template, const char **at, struct pipe **pipe);
void template_skip_blanks(const char **at);
int template_fail(const struct template *template, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* template_functions.c: arguments are evaluated. -ENOENT: no such function. */
int template_call(const struct template *template, const struct operand *function,
		  const struct value *arguments, size_t count, struct value *result);
bool template_has_function(const char *name);

#endif
