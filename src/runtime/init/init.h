/* init.h -- the container's first process: what its chapters share.
 *
 * It receives a plan over one socket and executes the INIT steps in order; the first that fails is
 * reported as {step, call, errno} and ends it. No libc, no malloc, no locale, no environment: the
 * only memory is this struct, the stack and the read-only mapping of the plan. */
#ifndef INIT_INIT_H
#define INIT_INIT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "runtime/steps.h"

#define INIT_PATH 4096

struct init {
	int control; /* the parent; after the start request: whoever requested it */
	int proc;    /* the runtime's /proc (checked to be procfs), or -errno */
	int root;    /* the container's root directory */
	const struct plan_header *plan;
	const struct step *steps;
	const char *data;
	int slots[PLAN_SLOTS_MOST];
	int empty_directory;    /* the mount that hides directories, -1 until one is hidden */
	bool null_attached;     /* the /dev/null tree has its first place */
	bool shared_root;       /* "/" of the runtime was left shared */
	bool changed_directory; /* CWD is done */
	bool changed_root;      /* pivoted: "/" is the container's */
	struct parent {
		int fd;             /* what the last DEVICE or SYMLINK was made in, or -1 */
		const char *path;   /* the path it was made at … */
		size_t length;      /* … of which this much names the directory */
		uint32_t next_step; /* good for this step only: any other may mount over it */
	} parent;
	int hook_output[2];    /* descriptors for their standard output and error, or 0 */
	char home[INIT_PATH];  /* "HOME=…", or "" */
	struct message report; /* filled by init_failed on the way out */
	char executable[INIT_PATH];
};

/* Remember which system call failed; returns `number` so that a step ends with
 * `return init_failed(init, "mount", result);`. */
int init_failed(struct init *init, const char *call, long number);
/* Add what the name or the kernel's log says; cut to fit. */
void init_detail(struct init *init, const char *detail);

/* What a step's fields point to. */
static inline const char *init_text(const struct init *init, uint32_t offset)
{
	return init->data + offset;
}
static inline const struct plan_list *init_list(const struct init *init, uint32_t offset)
{
	return (const void *)(init->data + offset);
}
static inline const struct plan_block *init_block(const struct init *init, uint32_t offset)
{
	return (const void *)(init->data + offset);
}

/* channel.c: the control socket. */
int channel_receive_plan(struct init *init);
/* Send `phase`, with descriptor `fd` unless it is -1. */
int channel_send(int socket, const struct message *message, int fd);
int channel_receive(int socket, struct message *message);

/* interpreter.c: run the steps; returns only when one failed (the report is filled). */
void interpret(struct init *init);

/* One function a step: init_step_MOUNT … */
#define INIT_STEP_HOST(kind)
#define INIT_STEP_INIT(kind)                              int init_step_##kind(struct init *init, const struct step *step);
#define INIT_STEP(kind, side, name, slot, texts, numbers) INIT_STEP_##side(kind)
STEP_ROWS(INIT_STEP)

/* proc.c: "/proc/self/fd/N", for the calls that know only paths. */
struct fd_path {
	char text[32];
};
struct fd_path proc_fd_path(int fd);
/* Open a file of procfs for writing, links and other mounts refused, and write `value`. */
int proc_write(struct init *init, const char *path, const char *value);

/* mounts.c: below the root, a place to mount on that looks like `model` (directory or file). */
int mount_target(struct init *init, const char *path, bool directory, bool nofollow);

/* copy_up.c: everything in directory `from` also in directory `to` (a fresh tmpfs). */
int copy_up(struct init *init, int from, int to);

/* interpreter_missing.c: after ENOENT for a file that exists: name its #! or ELF interpreter. */
void name_missing_interpreter(struct init *init, const char *path);

/* memory.c */
size_t text_length(const char *text);
bool text_same(const char *a, const char *b);
/* Copy at most size-1 bytes; returns the length of `from`. */
size_t text_copy(char *to, const char *from, size_t size);
size_t text_decimal(char *to, uint64_t value); /* NUL-terminated; returns the length */
void *memset(void *to, int byte, size_t length);
void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
int memcmp(const void *a, const void *b, size_t length);

#endif
