/* directory.h -- the files of a state directory. Private to state/. */
#ifndef STATE_DIRECTORY_H
#define STATE_DIRECTORY_H

#include <stdbool.h>

#define STATE_FILE    "state.json"
#define LOCK_FILE     "lock"
#define START_SOCKET  "start.sock"
#define CREATING_MARK "creating"

/* state.json is some kilobytes; hooks and annotations make it longer. */
#define STATE_FILE_MOST (32 * 1024 * 1024)

/* Does another process hold the lock of the state directory `dir`? */
bool directory_is_locked(int dir);

#endif
