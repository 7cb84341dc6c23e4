/* controllers.h -- questions about lists of controllers. */
#ifndef CGROUP_CONTROLLERS_H
#define CGROUP_CONTROLLERS_H

#include <stdbool.h>

#include "runtime/facts.h"

/* Is `name` in the list, whose words `separator` parts: ("cpu,cpuacct", ',', "cpu")? */
bool controllers_have(const char *list, char separator, const char *name);

/* Is a v1 hierarchy of this controller mounted? */
bool controllers_mounted(const struct facts *facts, const char *name);

#endif
