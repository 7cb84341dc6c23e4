/* match.c -- --regex: the containers whose ids match a regular expression (crun's kill and delete).
 */
#include <errno.h>
#include <regex.h>

#include "commands.h"
#include "runtime/state.h"

static int select_ids(const char *root, const regex_t *pattern, struct arena *arena,
		      struct strings *matching, struct error *err)
{
	struct strings ids = { 0 };

	TRY(state_list(root, arena, &ids, err));
	for (size_t i = 0; i < ids.count; i++)
		if (regexec(pattern, ids.items[i], 0, NULL, 0) == 0)
			strings_add(matching, ids.items[i], arena);
	return 0;
}

int command_match(const struct command_line *line, struct strings *matching, struct error *err)
{
	const char *expression = line->arguments.items[0];
	char reason[128];
	regex_t pattern;
	int result = regcomp(&pattern, expression, REG_EXTENDED | REG_NOSUB);

	if (result != 0) {
		regerror(result, &pattern, reason, sizeof(reason));
		return fail(err, EINVAL, "--regex: \"%s\": %s", expression, reason);
	}
	result = select_ids(command_root(line), &pattern, line->arena, matching, err);
	regfree(&pattern);
	return result;
}
