/* record.h -- what is written down about a container: state.json, the pid file. */
#ifndef LIFECYCLE_RECORD_H
#define LIFECYCLE_RECORD_H

#include "birth.h"

/* Fill the state from the bundle (no pid yet; in memory only). */
void record_begin(struct birth *birth);
/* Add the process and save state.json and the filter. */
int record_process(struct birth *birth, struct error *err);
/* Atomically, 0644: a watcher never reads half a number. NULL path: nothing. */
int record_pid_file(const char *path, pid_t pid, struct error *err);

#endif
