/* coffer.h -- libcoffer: OCI containers from a program, without running coffer(8).
 *
 * Every function returns 0, or -errno with `error` filled (which may be NULL): one line that names
 * the thing, the place in config.json, the system call and the reason. Nothing is printed, nothing
 * exits; failures leave nothing behind. `root` is the directory of the containers' states; NULL is
 * coffer's own default. A container is known to the coffer program too when both use one root.
 *
 * Creating a container clones the calling process vfork-style: call from a process that may have
 * children, with SIGCHLD not ignored. Not for use in a signal handler.
 *
 * Compile with `pkg-config --cflags coffer`, link with `pkg-config --static --libs coffer`. */
#ifndef COFFER_H
#define COFFER_H

#ifdef __cplusplus
extern "C" {
#endif

struct coffer_error {
	int number; /* positive errno */
	char message[2560];
};

enum {
	COFFER_NO_PIVOT = 1,       /* move the root instead of pivot_root */
	COFFER_NO_NEW_KEYRING = 2, /* keep the caller's session keyring */
	COFFER_NO_CGROUP = 4,      /* do not make a cgroup */
};

/* What to make a container of. Zeroed members are defaults. */
struct coffer_container {
	const char *root;
	const char *id;
	const char *bundle;         /* NULL: the current directory */
	const char *console_socket; /* process.terminal: the pty's master is sent there */
	const char *pid_file;
	unsigned preserve_fds; /* descriptors 3 to 2+N go to the program */
	unsigned flags;        /* COFFER_* */
};

/* create: everything up to the program, which waits for coffer_start (runtime.md "Create"). */
int coffer_create(const struct coffer_container *container, struct coffer_error *error);
int coffer_start(const char *root, const char *id, struct coffer_error *error);
/* create and start, and return while it runs. */
int coffer_run_detached(const struct coffer_container *container, struct coffer_error *error);
/* Send a signal to its first process; all: to every one of its cgroup. */
int coffer_kill(const char *root, const char *id, int signal, int all, struct coffer_error *error);
/* force: kill it first; that it does not exist is success then. */
int coffer_delete(const char *root, const char *id, int force, struct coffer_error *error);
int coffer_pause(const char *root, const char *id, struct coffer_error *error);
int coffer_resume(const char *root, const char *id, struct coffer_error *error);
/* The state document (runtime.md "State"), for free(3). */
int coffer_state(const char *root, const char *id, char **json, struct coffer_error *error);
/* Change limits, all or none: an object like linux.resources of config.json. */
int coffer_update(const char *root, const char *id, const char *resources,
		  struct coffer_error *error);
/* What it uses: the object that `coffer events --stats` prints, for free(3). */
int coffer_stats(const char *root, const char *id, char **json, struct coffer_error *error);
/* Run another program in it, with its standard files, and wait: its exit code, or 128+N when
 * signal N killed it. argv is NULL-terminated. */
int coffer_exec(const char *root, const char *id, char *const *argv, int *exit_code,
		struct coffer_error *error);

#ifdef __cplusplus
}
#endif

#endif
