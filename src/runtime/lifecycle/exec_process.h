/* exec_process.h -- the process object of `exec`. */
#ifndef LIFECYCLE_EXEC_PROCESS_H
#define LIFECYCLE_EXEC_PROCESS_H

#include "runtime/lifecycle.h"

/* Made in the arena from the request and the container's template; checked. */
int exec_process(const struct exec_request *request, const struct spec_process *template,
		 struct arena *arena, struct spec_process **process, struct error *err);

#endif
