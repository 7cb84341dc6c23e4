/* plan.h -- config.json compiled to steps. A pure function of its inputs: no system call, no clock,
 * no environment; everything is unit-tested without root and printed by `coffer plan`. */
#ifndef RUNTIME_PLAN_H
#define RUNTIME_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/facts.h"
#include "runtime/spec.h"
#include "runtime/steps.h"

/* A compiled seccomp filter as the kernel takes it. length 0: no filter. */
struct plan_filter {
	const void *program; /* struct sock_filter[] */
	size_t length;       /* bytes */
	uint32_t flags;      /* SECCOMP_FILTER_FLAG_* */
	bool notify;         /* has SCMP_ACT_NOTIFY rules: a listener is handed to the parent */
};

/* What the caller adds to the bundle. */
struct plan_options {
	const char *id;
	const char *bundle;      /* absolute */
	const char *rootfs;      /* absolute, resolved by the caller (root.path may be relative) */
	const char *cgroup_path; /* as decided by cgroup_path(): "/coffer/ID"; for cgroup mounts */
	struct plan_filter filter;
	bool no_pivot;
	bool no_new_keyring;
	bool start_by_parent;         /* `run`: no start socket; the launcher sends PHASE_START */
	unsigned preserve_fds;        /* 3 .. 3+N-1 stay open */
	unsigned listen_fds;          /* socket activation: LISTEN_FDS=N, LISTEN_PID=1 … */
	const char *listen_names;     /* … and LISTEN_FDNAMES; or NULL */
	const char *notify_directory; /* what the container sees at /run/notify (sd_notify(3)); or
					 NULL */
	const char *state_head;       /* createContainer hooks: the state document before and … */
	const char *state_tail;       /* … after the pid (status "creating") */
	const char *start_state_head; /* startContainer hooks (status "created"); NULL: as above */
	const char *start_state_tail;
};

/* A finished plan: one block of memory in the arena, with a few numbers for the launcher. */
struct plan {
	const struct plan_header *header; /* the block, header->size bytes */
	const struct step *steps;
	const char *data;
	int start_slot; /* slot the launcher fills with the listening start socket, or -1 */
};

/* The plan of a container. Errors name the JSON path; the caller adds line and column. */
int plan_create(const struct spec *spec, const struct facts *facts,
		const struct plan_options *options, struct arena *arena, struct plan *plan,
		struct error *err);

/* The plan of another process in a running container (exec): join by the slot-0 pidfd, then
 * identity, security and exec. `namespaces`: CLONE_NEW* of the container to be joined. */
struct plan_exec_options {
	const char *id; /* the session keyring is its; NULL: none is joined */
	const struct spec_personality *personality;     /* the container's, or NULL */
	const struct spec_memory_policy *memory_policy; /* the same */
	uint64_t namespaces;
	bool keep_groups;    /* the caller's additional groups are the process's */
	bool user_namespace; /* the container has one: the ids given are inside it */
	struct plan_filter filter;
	bool no_new_keyring;
	unsigned preserve_fds;
	const char *rootfs_link; /* containers without pivot or mount namespace: "/proc/PID/root",
				    to chroot there; or NULL */
};
int plan_exec(const struct spec_process *process, const struct facts *facts,
	      const struct plan_exec_options *options, struct arena *arena, struct plan *plan,
	      struct error *err);

/* Mounts of a running container: join by the slot-0 pidfd, then move detached trees to their
 * places. The specification holds the mounts and what of the container's own they depend on:
 * annotations, linux.mountLabel, rootfsPropagation, id mappings. PHASE_MOUNTED comes for each mount
 * in turn. */
struct plan_live_options {
	const char *bundle; /* sources are relative to it */
	uint64_t namespaces;
	bool user_namespace;
	const char *user_namespace_link; /* "/proc/PID/ns/user" */
	const char *rootfs_link;         /* as plan_exec_options */
};
int plan_mounts_add(const struct spec *spec, const struct facts *facts,
		    const struct plan_live_options *options, struct arena *arena, struct plan *plan,
		    struct error *err);

/* Unmount what was added, in reverse order; -ESTALE where another mount is there by now. */
struct plan_unmount {
	const char *destination;
	const char *where;
	uint64_t id; /* as PHASE_MOUNTED told it */
	bool nofollow;
};
struct plan_unmounts {
	struct plan_unmount *items;
	size_t count;
};
int plan_mounts_remove(const struct plan_unmounts *mounts, const struct facts *facts,
		       const struct plan_live_options *options, struct arena *arena,
		       struct plan *plan, struct error *err);

static inline const char *plan_text(const struct plan *plan, uint32_t offset)
{
	return plan->data + offset;
}

/* One line a step: `clone new=pid,net,mnt   # linux.namespaces`. json: an array of objects. */
void plan_print(const struct plan *plan, bool json, struct text *out);

/* A path as plans have it: absolute, without "//", "." and ".." (lexically; links are the init
 * image's matter). */
const char *path_clean(struct arena *arena, const char *path);

/* Every mount option that is understood here rather than by a file system, sorted, NULL-terminated
 * (`features`: mountOptions). */
extern const char *const plan_mount_option_names[];

/* The row of a step kind; NULL for STEP_NONE and beyond. */
struct step_row {
	const char *name;
	enum step_side side;
	const char *slot; /* "", "fills", "uses" */
	struct {
		enum step_field field;
		const char *name;
	} text[STEP_TEXTS], number[STEP_NUMBERS];
};
const struct step_row *plan_step_row(unsigned kind);

#endif
