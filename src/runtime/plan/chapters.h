/* chapters.h -- what the chapters of the planner share: the draft they write on, and their order
 * (create.c, exec.c). */
#ifndef PLAN_CHAPTERS_H
#define PLAN_CHAPTERS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "builder.h"
#include "runtime/facts.h"
#include "runtime/plan.h"
#include "runtime/spec.h"

/* A file system that is mounted writable and made read-only when everything in it has its place. */
struct late_readonly {
	struct late_readonly *next;
	const char *target;
	const char *where;
};

struct draft {
	struct builder build;
	struct arena *arena;
	const struct facts *facts;
	struct error *err;

	const struct spec_process *process;
	const struct spec_personality *personality;
	const struct spec_memory_policy *memory_policy;
	struct plan_filter filter;
	const char *notify_socket; /* what the program is told, or NULL */
	bool keep_groups;          /* the caller's additional groups stay */
	unsigned keep_fds;         /* descriptors from 3 that the program inherits */

	/* create only */
	const struct spec *spec;
	const struct plan_options *options;
	uint64_t created;           /* CLONE_NEW*: made for this container */
	uint64_t joined;            /* entered by path; exec: the container's */
	bool unborn;                /* exec: still outside of the pid namespace and the session */
	bool live;                  /* mounts for a running container: by descriptors alone */
	const char *user_namespace; /* of a running container: its path; NULL: the child's */
	struct late_readonly *late, **late_end;
};

/* Add a step: ADD(draft, HOSTNAME, "hostname", .text = { name })->slot = slot */
#define ADD(draft, KIND, PLACE, ...)                                                               \
	builder_add(&(draft)->build,                                                               \
		    &(struct step_values){ .kind = STEP_##KIND, .where = (PLACE), ##__VA_ARGS__ })

/* The JSON path of an element: place(draft, "mounts[%zu].source", i) */
#define place(draft, ...) arena_format((draft)->arena, __VA_ARGS__)

/* The namespace is the container's own: new, or joined. */
static inline bool has_namespace(const struct draft *draft, uint64_t kind)
{
	return (draft->created | draft->joined) & kind;
}

/* Something other than the initial user namespace: no mknod, no fresh mounts of what others own. */
static inline bool in_user_namespace(const struct draft *draft)
{
	return has_namespace(draft, 0x10000000 /* CLONE_NEWUSER */) ||
	       draft->facts->in_user_namespace;
}

/* paths.c: `path` made absolute by `directory`. */
const char *path_from(struct arena *arena, const char *directory, const char *path);
/* Strictly below: path_below("/proc/sys", "/proc"). Both clean. */
bool path_below(const char *path, const char *directory);

/* namespaces.c */
int namespaces_read(struct draft *draft);
int plan_namespaces(struct draft *draft);
int plan_net_devices(struct draft *draft);
/* The map is such that setgroups(2) has to be given up for it. */
bool setgroups_denied(const struct draft *draft);
/* The lines that uid_map and gid_map take; the kernel takes ID_MAPPINGS_MOST (user_namespaces(7)).
 */
#define ID_MAPPINGS_MOST 340
const char *id_map_text(struct draft *draft, const struct spec_id_mapping *items, size_t count);
bool id_is_mapped(const struct spec_id_mapping *items, size_t count, uint32_t id);

/* rootfs.c */
int plan_rootfs(struct draft *draft);
void plan_enter_root(struct draft *draft);
void plan_root_attributes(struct draft *draft);
void plan_root_unbindable(struct draft *draft);
/* What rootfsPropagation asks for (MS_*, with MS_REC), 0 when absent. */
uint64_t rootfs_propagation(const struct draft *draft);

/* overlay_root.c: the tree that is the root, in *slot. */
int plan_overlay_root(struct draft *draft, const struct spec_mount *entry, int *slot);

/* trees.c: bind sources. */
struct tree {
	const char *source; /* absolute, on the host */
	const char *where;
	bool recursive, nofollow;
	uint64_t set, clear;
	bool recursive_attributes;
	uint64_t propagation;
};
/* Clone the tree, by the launcher where it may, else by the init image; returns its slot. */
int plan_tree(struct draft *draft, const struct tree *tree);
/* May mounts below a host's shared mount show up on the host? */
bool shares_with_host(const struct draft *draft);
/* The propagation of a tree that no option speaks about. */
uint64_t default_propagation(const struct draft *draft);

/* mounts.c, cgroup_mounts.c */
struct mount_options;
struct mount_draft {
	const struct spec_mount *mount;
	size_t index;
	const char *where;  /* "mounts[3]" */
	const char *target; /* clean */
	const struct mount_options *options;
	const struct id_map *id_map; /* NULL: ids are as they are */
};
int plan_mounts(struct draft *draft);

/* filesystems.c */
int check_label(struct draft *draft);
/* The options of a file system with linux.mountLabel, where that means something. */
const char *labelled_data(const struct draft *draft, const char *type, const char *data);
int plan_filesystem(struct draft *draft, const struct mount_draft *mount);
void plan_late_readonly(struct draft *draft);
/* May the init image mount a new file system that belongs to namespaces of that kind? */
bool may_mount_new(const struct draft *draft, uint64_t namespace_kind);
void plan_cgroup_mount(struct draft *draft, const struct mount_draft *mount);

/* idmap.c */
struct id_map {
	bool recursive;
	const char *users, *groups; /* lines of a map; "": the container's user namespace */
};
bool wants_id_map(const struct mount_draft *mount);
int id_map_read(struct draft *draft, const struct mount_draft *mount, struct id_map *map);
/* Map the ids of the tree in `slot` if the mount has a map. */
void plan_id_map(struct draft *draft, const struct mount_draft *mount, int slot);

/* live.c: tell the id of the mount in `slot`, if the container runs already. */
void plan_report(struct draft *draft, int slot);

/* exec.c: into the root of a container that has no mount namespace, or did not pivot; NULL: none.
 */
void plan_enter_chroot(struct draft *draft, const char *link);

/* binds.c */
void plan_bind(struct draft *draft, const struct mount_draft *mount, const char *source,
	       bool recursive);
void plan_remount(struct draft *draft, const struct mount_draft *mount);

/* devices.c, masks.c, hooks.c, console.c */
int plan_devices(struct draft *draft);
int plan_masks(struct draft *draft);
int plan_sysctls(struct draft *draft);
void plan_runtime_hooks_phase(struct draft *draft);
void plan_create_container_hooks(struct draft *draft);
void plan_start_container_hooks(struct draft *draft);

/* limits.c, security.c, identity.c: who the process is and what it may do. */
int plan_limits(struct draft *draft);
int plan_scheduler(struct draft *draft);
/* kind: PARENT_AFFINITY, CPU_AFFINITY. */
int plan_cpu_affinity(struct draft *draft, enum step_kind kind, const char *list,
		      const char *where);
void plan_oom_score(struct draft *draft);
void plan_umask(struct draft *draft);
int plan_labels(struct draft *draft);
void plan_seccomp(struct draft *draft);
int plan_bounding(struct draft *draft);
int plan_capabilities(struct draft *draft);
int plan_identity(struct draft *draft);

/* notify.c */
void plan_notify(struct draft *draft);

/* program.c: the terminal and the program. */
void plan_console(struct draft *draft);
int plan_executable(struct draft *draft);
void plan_home(struct draft *draft);
int plan_exec_program(struct draft *draft);

#endif
