/* template_read.c -- a template's text, cut into nodes: text, and what stands in braces. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "template_private.h"

struct reader {
	struct template *template;
	const char *at;
	const char *word; /* the keyword that ended a list: "end", "else"; NULL: the text's end */
	const char *word_at;
	bool trim; /* -}} before: blanks of the text that follows are dropped */
	unsigned depth;
};

#define DEPTH_MOST 64

int template_fail(const struct template *template, const char *at, const char *format, ...)
{
	auto_text struct text what = { 0 };
	va_list args;

	va_start(args, format);
	text_vformat(&what, format, args);
	va_end(args);
	return fail(template->err, EINVAL, "template, column %zu: %s",
		    (size_t)(at - template->format) + 1, what.data);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* podman's: \t and \n may be typed as such. */
static char *text_of(const struct reader *reader, const char *from, size_t length)
{
	char *text = arena_copy(reader->template->arena, from, length), *to = text;

	for (const char *at = text; *at; at++) {
		if (at[0] == '\\' && (at[1] == 't' || at[1] == 'n'))
			*to++ = *++at == 't' ? '\t' : '\n';
		else
			*to++ = *at;
	}
	*to = '\0';
	if (reader->template->table && !strcmp(text, " ")) /* podman's: a blank parts columns too */
		*text = '\t';
	return text;
}

static void add_text(struct reader *reader, const char *end, bool trim_end, struct node ***tail)
{
	const char *from = reader->at;
	struct node *node;

	while (reader->trim && from < end && isspace((unsigned char)*from))
		from++;
	while (trim_end && end > from && isspace((unsigned char)end[-1]))
		end--;
	if (from == end)
		return;
	node = arena_alloc(reader->template->arena, sizeof(*node));
	node->kind = NODE_TEXT;
	node->text = text_of(reader, from, (size_t)(end - from));
	**tail = node;
	*tail = &node->next;
}

/* ---- braces ---------------------------------------------------------------------------------- */

static const char *keyword_at(const char *at, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(at, word, length) != 0 || isalnum((unsigned char)at[length]) ||
	    at[length] == '_')
		return NULL;
	return at + length;
}

static int close_braces(struct reader *reader)
{
	template_skip_blanks(&reader->at);
	reader->trim = reader->at[0] == '-' && text_starts(reader->at + 1, "}}");
	if (reader->trim)
		reader->at++;
	if (!text_starts(reader->at, "}}"))
		return *reader->at
			       ? template_fail(reader->template, reader->at, "unexpected \"%.*s\"",
					       (int)strcspn(reader->at, " }"), reader->at)
			       : template_fail(reader->template, reader->at, "\"}}\" is missing");
	reader->at += 2;
	return 0;
}

static int read_list(struct reader *reader, struct node **list);

/* Behind the keyword: the pipe, the body, and {{else}}. */
static int read_block(struct reader *reader, struct node *node, const char *began)
{
	TRY(template_read_pipe(reader->template, &reader->at, &node->pipe));
	TRY(close_braces(reader));
	TRY(read_list(reader, &node->body));
	if (text_equal(reader->word, "else")) {
		const char *nested;

		template_skip_blanks(&reader->at);
		nested = keyword_at(reader->at, "if");
		if (nested) { /* its end is this one's too */
			node->otherwise = arena_alloc(reader->template->arena, sizeof(*node));
			node->otherwise->kind = NODE_IF;
			reader->at = nested;
			return read_block(reader, node->otherwise, began);
		}
		TRY(close_braces(reader));
		TRY(read_list(reader, &node->otherwise));
	}
	if (!text_equal(reader->word, "end"))
		return template_fail(reader->template, reader->word ? reader->word_at : began,
				     reader->word ? "unexpected {{%s}}" : "{{end}} is missing",
				     reader->word);
	reader->word = NULL;
	return close_braces(reader);
}

static int skip_comment(struct reader *reader)
{
	const char *end = strstr(reader->at, "*/");

	if (!end)
		return template_fail(reader->template, reader->at, "the comment has no end");
	reader->at = end + 2;
	return close_braces(reader);
}

/* 1: a keyword ended the list. */
static int read_braces(struct reader *reader, struct node ***tail)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} blocks[] = { { "if", NODE_IF }, { "range", NODE_RANGE }, { "with", NODE_WITH } };
	static const char *const ends[] = { "end", "else" };
	const char *began = reader->at;
	struct node *node;

	template_skip_blanks(&reader->at);
	if (text_starts(reader->at, "/*"))
		return skip_comment(reader);
	for (size_t i = 0; i < 2; i++)
		if (keyword_at(reader->at, ends[i])) {
			reader->word = ends[i];
			reader->word_at = reader->at;
			reader->at += strlen(ends[i]);
			return 1;
		}
	node = arena_alloc(reader->template->arena, sizeof(*node));
	**tail = node;
	*tail = &node->next;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (keyword_at(reader->at, blocks[i].word)) {
			node->kind = blocks[i].kind;
			reader->at += strlen(blocks[i].word);
			return read_block(reader, node, began);
		}
	node->kind = NODE_PRINT;
	TRY(template_read_pipe(reader->template, &reader->at, &node->pipe));
	return close_braces(reader);
}

static int read_list(struct reader *reader, struct node **list)
{
	struct node **tail = list;
	int result = 0;

	reader->word = NULL;
	if (++reader->depth > DEPTH_MOST)
		return template_fail(reader->template, reader->at, "nested too deeply");
	while (result == 0 && *reader->at) {
		const char *open = strstr(reader->at, "{{");
		bool trim = open && open[2] == '-' && isspace((unsigned char)open[3]);

		add_text(reader, open ? open : reader->at + strlen(reader->at), trim, &tail);
		if (!open) {
			reader->at += strlen(reader->at);
			break;
		}
		reader->trim = false;
		reader->at = open + (trim ? 3 : 2);
		TRY(result = read_braces(reader, &tail));
	}
	reader->depth--;
	return 0;
}

int template_read(struct template *template)
{
	struct reader reader = { .template = template, .at = template->format };
	const char *rest = text_after(reader.at, "table ");

	template->table = rest != NULL;
	if (rest)
		reader.at = rest;
	TRY(read_list(&reader, &template->nodes));
	if (reader.word)
		return template_fail(template, reader.word_at, "unexpected {{%s}}", reader.word);
	return 0;
}
