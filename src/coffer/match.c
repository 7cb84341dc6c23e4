/* match.c -- --regex: the containers whose ids match a regular expression (crun's kill and delete).
 */
#include <errno.h>
#include <regex.h>

#include "base/log.h"
#include "commands.h"
#include "runtime/state.h"

static int visit_matches(const struct command_line *line, const regex_t *pattern,
			 command_verb *verb, struct error *err)
{
	struct strings ids = { 0 };
	int result = 0;

	TRY(state_list(command_root(line), line->arena, &ids, err));
	for (size_t i = 0; i < ids.count; i++) {
		struct error failure = { 0 };

		if (regexec(pattern, ids.items[i], 0, NULL, 0) != 0 ||
		    verb(line, ids.items[i], &failure) == 0)
			continue;
		if (result < 0)
			log_error(err);
		*err = failure;
		result = -failure.number;
	}
	return result;
}

int command_each_match(const struct command_line *line, command_verb *verb, struct error *err)
{
	const char *expression = line->arguments.items[0];
	char reason[128];
	regex_t pattern;
	int result = regcomp(&pattern, expression, REG_EXTENDED | REG_NOSUB);

	if (result != 0) {
		regerror(result, &pattern, reason, sizeof(reason));
		return fail(err, EINVAL, "--regex: \"%s\": %s", expression, reason);
	}
	result = visit_matches(line, &pattern, verb, err);
	regfree(&pattern);
	return result;
}
