/* controllers.c -- questions about lists of controllers. */
#include "controllers.h"

#include <string.h>

bool controllers_have(const char *list, char separator, const char *name)
{
	size_t length = strlen(name);

	for (const char *word = list; word; word = strchr(word, separator)) {
		word += *word == separator;
		if (strncmp(word, name, length) == 0 &&
		    (word[length] == separator || word[length] == '\0' || word[length] == '\n'))
			return true;
	}
	return false;
}

bool controllers_mounted(const struct facts *facts, const char *name)
{
	for (unsigned i = 0; i < facts->hierarchy_count; i++)
		if (controllers_have(facts->hierarchies[i].controllers, ',', name))
			return true;
	return false;
}
