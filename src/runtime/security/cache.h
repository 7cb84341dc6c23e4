/* cache.h -- compiled filters on disk. Private to security/. */
#ifndef SECURITY_CACHE_H
#define SECURITY_CACHE_H

#include <stdbool.h>

#include "base/arena.h"
#include "library.h"
#include "runtime/plan.h"

#define CACHE_FILES_MOST 64

/* Only a directory that is ours and that nobody else can write to. */
bool cache_usable(int cache_dir);

/* True: filter->program and length are as they were compiled by a libseccomp that is still there.
 */
bool cache_get(int cache_dir, const char *name, struct arena *arena, struct plan_filter *filter);

/* Best effort; the longest unused files go when there are more than CACHE_FILES_MOST. */
void cache_put(int cache_dir, const char *name, const struct library_stamp *stamp,
	       const struct plan_filter *filter);

#endif
