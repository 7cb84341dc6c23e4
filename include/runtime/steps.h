/* steps.h -- the vocabulary between the planner, the launcher and the init image.
 *
 * A plan is one flat block of memory, offsets instead of pointers, so that it can be mapped
 * read-only at any address in another process:
 *
 *     struct plan_header | struct step[step_count] | data (strings, lists, byte blocks)
 *
 * A step is one kernel operation (or a fixed handful that belong together) with the JSON path it
 * came from. Steps of side HOST are executed by the launcher in coffer's own namespaces, before
 * the plan is handed over; steps of side INIT by the init image, in order. Both fill numbered
 * descriptor slots; what HOST steps opened is sent along with the plan.
 *
 * One row is a step's whole description: its name, who executes it, and what its fields mean. The
 * printer (`coffer plan`), the golden files and the interpreters' dispatch tables are made of the
 * rows. Adding a step: a row here, one function in src/runtime/init or launch, one caller in plan.
 *
 * Freestanding: included by the init image, which has no libc. */
#ifndef RUNTIME_STEPS_H
#define RUNTIME_STEPS_H

#include <stdint.h>

#define PLAN_MAGIC      0x6e616c70u /* "plan" */
#define PLAN_VERSION    1u

#define STEP_TEXTS      4
#define STEP_NUMBERS    6
#define STEP_NO_SLOT    (-1)
#define PLAN_SLOTS_MOST 1024

struct step {
	uint16_t kind; /* enum step_kind */
	uint16_t reserved;
	int32_t slot;              /* descriptor slot read or filled, STEP_NO_SLOT */
	uint32_t where;            /* data offset: JSON path, "" when no field asked for it */
	uint32_t text[STEP_TEXTS]; /* data offsets; 0 is the empty string / list / block */
	uint32_t padding;
	uint64_t number[STEP_NUMBERS];
};

struct plan_header {
	uint32_t magic, version;
	uint32_t size; /* of the whole block */
	uint32_t step_count;
	uint32_t steps; /* offset of the first step */
	uint32_t data;  /* offset of the data; every data offset counts from here */
	uint32_t slot_count;
	uint32_t padding;
};

/* A list of strings in the data: count, then the data offset of each string. 4-aligned. */
struct plan_list {
	uint32_t count;
	uint32_t item[];
};

/* A block of bytes in the data (a compiled filter, group ids): length in bytes, then the bytes.
 * 8-aligned, so that the bytes start 8-aligned too (length is followed by 4 bytes of padding). */
struct plan_block {
	uint32_t length;
	uint32_t padding;
	unsigned char bytes[];
};

/* How a field is printed, and what it holds. Texts: T string, L plan_list, B plan_block.
 * Numbers: N decimal, O octal, X hex, and symbolic ones that the printer knows by name. */
enum step_field {
	FIELD_NONE,
	FIELD_TEXT,
	FIELD_LIST,
	FIELD_BLOCK,
	FIELD_IDS, /* a block of uint32_t */
	FIELD_NUMBER,
	FIELD_SIGNED, /* int64_t in a uint64_t */
	FIELD_OCTAL,
	FIELD_HEX,
	FIELD_CLONE,       /* CLONE_NEW* */
	FIELD_MS,          /* MS_* of mount(2) */
	FIELD_ATTR,        /* MOUNT_ATTR_* */
	FIELD_PROPAGATION, /* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE, 0: leave; with
			      MS_REC: of the whole tree, whatever the attributes do */
	FIELD_DEVICE,      /* major and minor, as makedev() */
	FIELD_MODE,        /* S_IFMT and permissions */
	FIELD_CAPS,        /* a bit for each capability */
	FIELD_RLIMIT,      /* RLIMIT_* */
	FIELD_LIMIT,       /* a count, or "unlimited" */
	FIELD_BOOLEAN,
	FIELD_PHASE,
};

enum step_side { SIDE_HOST, SIDE_INIT };

/* STEP(KIND, side, "name", slot,
 *      TEXTS(field name ×4), NUMBERS(field name ×6))
 * slot: "" (none), "fills" or "uses".                                                           */
/* clang-format off */
#define FIELD(field, name) { FIELD_##field, name }
/* Strip the parentheses of a row's field lists. */
#define STEP_FIELDS(...) __VA_ARGS__
#define STEP_ROWS(STEP)                                                                            \
	/* ---- host side, in this order ---- */                                                   \
	STEP(JOIN_PID, HOST, "join-pid-namespace", "", (FIELD(TEXT, "path")),                         \
	     ()) /* setns for children, before the clone */                                        \
	STEP(JOIN_EARLY, HOST, "join-before-clone", "", (FIELD(TEXT, "path")),                        \
	     (FIELD(CLONE, "kind"))) /* by an intermediate process, in this order, which then         \
					clones with CLONE_PARENT: what is new belongs to the joined \
					user namespace; what the new one could not join is joined */ \
	STEP(PARENT_AFFINITY, HOST, "parent-cpu-affinity", "", (FIELD(BLOCK, "mask")), ()) /* of the   \
							launcher, while it clones */ \
	STEP(CLONE, HOST, "clone", "", (), (FIELD(CLONE, "new"))) /* born in its cgroup */            \
	STEP(MAP_USERS, HOST, "map-users", "", (FIELD(TEXT, "map")), ())                              \
	STEP(MAP_GROUPS, HOST, "map-groups", "", (FIELD(TEXT, "map")),                                \
	     (FIELD(BOOLEAN, "deny-setgroups")))                                                      \
	STEP(OOM_SCORE, HOST, "oom-score", "", (), (FIELD(SIGNED, "adjust")))                         \
	STEP(OPEN_TREE, HOST, "open-tree", "fills", (FIELD(TEXT, "source")),                          \
	     (FIELD(BOOLEAN, "recursive"), FIELD(ATTR, "set"), FIELD(ATTR, "clear"),                        \
	      FIELD(PROPAGATION, "propagation"), FIELD(BOOLEAN, "recursive-attributes"),                \
	      FIELD(BOOLEAN, "nofollow"))) /* nofollow: source may be a link */                       \
	STEP(NEW_TREE, HOST, "new-tree", "fills",                                                  \
	     (FIELD(TEXT, "type"), FIELD(TEXT, "source"), FIELD(TEXT, "data")),                    \
	     (FIELD(MS, "flags"), FIELD(ATTR, "set"),                                              \
	      FIELD(PROPAGATION, "propagation"))) /* a new file system of the host's, detached */  \
	STEP(MAP_TREE, HOST, "map-tree", "uses",                                                   \
	     (FIELD(TEXT, "users"), FIELD(TEXT, "groups"), FIELD(TEXT, "namespace")),              \
	     (FIELD(BOOLEAN, "recursive"))) /* MOUNT_ATTR_IDMAP by these maps, by the user         \
					       namespace at that path, else by the child's */      \
	STEP(OPEN_NAMESPACE, HOST, "open-namespace", "fills", (FIELD(TEXT, "path")),                  \
	     (FIELD(CLONE, "kind")))                                                                  \
	STEP(OPEN_PATH, HOST, "open-path", "fills", (FIELD(TEXT, "path")), ()) /* O_PATH */           \
	STEP(OPEN_APPEND, HOST, "open-append", "fills", (FIELD(TEXT, "path")), ()) /* made if missing */ \
	STEP(NET_DEVICE, HOST, "move-net-device", "",                                                 \
	     (FIELD(TEXT, "device"), FIELD(TEXT, "name"), FIELD(TEXT, "namespace")), ()) /* namespace: a  \
								path; else the new process's */ \
	/* ---- init side ---- */                                                                  \
	STEP(JOIN_NAMESPACE, INIT, "join-namespace", "uses", (), (FIELD(CLONE, "kind")))              \
	STEP(JOIN_PROCESS, INIT, "join-process", "uses", (),                                       \
	     (FIELD(CLONE, "kinds"))) /* exec: setns(pidfd, all) */                                   \
	STEP(UNSHARE, INIT, "unshare", "", (), (FIELD(CLONE, "new")))                                 \
	STEP(TIME_NAMESPACE, INIT, "time-namespace", "", (FIELD(TEXT, "offsets")), ())                \
	STEP(FORK, INIT, "fork", "", (), ()) /* exec: go on as a child of the launcher's, born in     \
						the joined pid namespace */                   \
	STEP(SESSION, INIT, "new-session", "", (), ()) /* setsid */                                \
	STEP(BECOME_ROOT, INIT, "become-root", "", (),                                                \
	     (FIELD(NUMBER, "uid"), FIELD(NUMBER, "gid"), FIELD(BOOLEAN, "keep-groups")))                  \
	STEP(KEYRING, INIT, "join-keyring", "", (FIELD(TEXT, "name"), FIELD(TEXT, "label")), ())         \
	STEP(LOOPBACK_UP, INIT, "loopback-up", "", (), ())                                         \
	STEP(HOSTNAME, INIT, "hostname", "", (FIELD(TEXT, "name")), ())                               \
	STEP(DOMAINNAME, INIT, "domainname", "", (FIELD(TEXT, "name")), ())                           \
	STEP(PROPAGATION, INIT, "propagation", "", (FIELD(TEXT, "path")),                             \
	     (FIELD(PROPAGATION, "propagation"), FIELD(BOOLEAN, "recursive")))                           \
	STEP(CLONE_TREE, INIT, "clone-tree", "fills", (FIELD(TEXT, "source")),                        \
	     (FIELD(BOOLEAN, "recursive"), FIELD(ATTR, "set"), FIELD(ATTR, "clear"),                        \
	      FIELD(PROPAGATION, "propagation"), FIELD(BOOLEAN, "recursive-attributes"),                \
	      FIELD(BOOLEAN, "nofollow"))) /* OPEN_TREE by a caller without privilege */              \
	STEP(ROOT, INIT, "root", "uses", (FIELD(TEXT, "path")),                                       \
	     ()) /* attach the slot's tree on `path`; everything below is relative to it */        \
	STEP(ROOT_DIRECTORY, INIT, "root-directory", "uses", (),                                   \
	     ()) /* no mount namespace of its own: the slot's O_PATH directory is the root */      \
	STEP(MOUNT, INIT, "mount", "",                                                             \
	     (FIELD(TEXT, "target"), FIELD(TEXT, "type"), FIELD(TEXT, "source"), FIELD(TEXT, "data")),         \
	     (FIELD(MS, "flags"), FIELD(ATTR, "set"), FIELD(PROPAGATION, "propagation"),                    \
	      FIELD(BOOLEAN, "copy-up"), FIELD(BOOLEAN, "strict-target"),                               \
	      FIELD(BOOLEAN, "inherit-mode"))) /* tmpfs: add mode= of the directory it covers */      \
	STEP(ATTACH, INIT, "attach", "uses", (FIELD(TEXT, "target")),                                 \
	     (FIELD(BOOLEAN, "nofollow"),                                                          \
	      FIELD(BOOLEAN, "copy-link"), /* if the tree is a link, make the same link */         \
	      FIELD(BOOLEAN, "copy-up"), FIELD(BOOLEAN, "inherit-mode"))) /* as MOUNT's */         \
	STEP(TREE_ATTRIBUTES, INIT, "tree-attributes", "uses", (),                                 \
	     (FIELD(ATTR, "set"), FIELD(ATTR, "clear"), FIELD(PROPAGATION, "propagation"),         \
	      FIELD(BOOLEAN, "recursive"))) /* of the slot's mount, wherever it is by now */       \
	STEP(MAKE_TREE, INIT, "make-tree", "fills",                                                \
	     (FIELD(TEXT, "type"), FIELD(TEXT, "source"), FIELD(TEXT, "data")),                    \
	     (FIELD(MS, "flags"), FIELD(ATTR, "set"),                                              \
	      FIELD(PROPAGATION, "propagation"))) /* NEW_TREE in the container's namespaces */     \
	STEP(REPORT_MOUNT, INIT, "report-mount", "uses", (), ()) /* tell the mount's id */         \
	STEP(UNMOUNT, INIT, "unmount", "", (FIELD(TEXT, "target")),                                \
	     (FIELD(NUMBER, "id"), FIELD(BOOLEAN, "nofollow"))) /* that mount and no other */      \
	STEP(REMOUNT, INIT, "remount", "", (FIELD(TEXT, "target"), FIELD(TEXT, "data")),                 \
	     (FIELD(MS, "flags"), FIELD(ATTR, "set"), FIELD(ATTR, "clear"), FIELD(PROPAGATION, "propagation"), \
	      FIELD(BOOLEAN, "recursive")))                                                           \
	STEP(DIRECTORY, INIT, "make-directory", "", (FIELD(TEXT, "path")), (FIELD(OCTAL, "mode")))       \
	STEP(SYMLINK, INIT, "symlink", "", (FIELD(TEXT, "path"), FIELD(TEXT, "target")), ())             \
	STEP(DEVICE, INIT, "device", "", (FIELD(TEXT, "path")),                                       \
	     (FIELD(MODE, "mode"), FIELD(DEVICE, "device"), FIELD(NUMBER, "uid"), FIELD(NUMBER, "gid")))       \
	STEP(PHASE, INIT, "phase", "", (), (FIELD(PHASE, "phase"))) /* tell, wait for "go on" */      \
	STEP(HOOK_OUTPUT, INIT, "hook-output", "uses", (),                                            \
	     (FIELD(NUMBER, "descriptor"))) /* of all hooks from here on: 1 or 2 */                     \
	STEP(HOOK, INIT, "hook", "",                                                               \
	     (FIELD(TEXT, "path"), FIELD(LIST, "arguments"), FIELD(LIST, "environment"),                    \
	      FIELD(LIST, "state")), /* the state's text before and after the pid */                  \
	     (FIELD(NUMBER, "timeout"), FIELD(NUMBER, "index")))                                         \
	STEP(PIVOT, INIT, "pivot-root", "", (), ())                                                \
	STEP(MOVE_ROOT, INIT, "move-root", "", (), ()) /* --no-pivot: MS_MOVE and chroot */        \
	STEP(CHROOT, INIT, "chroot", "", (), ())                                                   \
	STEP(ROOT_ATTRIBUTES, INIT, "root-attributes", "", (),                                     \
	     (FIELD(ATTR, "set"), FIELD(PROPAGATION, "propagation")))                                    \
	STEP(READONLY, INIT, "readonly-path", "", (FIELD(TEXT, "path")), ())                          \
	STEP(MASK, INIT, "mask-path", "uses", (FIELD(TEXT, "path")),                                  \
	     ()) /* slot: a tree of /dev/null for what is no directory */                          \
	STEP(SYSCTL, INIT, "sysctl", "", (FIELD(TEXT, "key"), FIELD(TEXT, "value")), ())                 \
	STEP(CONSOLE, INIT, "console", "", (),                                                     \
	     (FIELD(NUMBER, "rows"), FIELD(NUMBER, "columns"), FIELD(BOOLEAN, "mount"),                     \
	      FIELD(NUMBER, "uid"))) /* a pty; its master goes to the parent */                       \
	STEP(TERMINAL, INIT, "controlling-terminal", "", (), ()) /* the session's: descriptor 0 */ \
	STEP(EXECUTABLE, INIT, "find-executable", "",                                              \
	     (FIELD(TEXT, "name"), FIELD(TEXT, "PATH"), FIELD(TEXT, "cwd")), ()) /* remembered for EXEC */  \
	STEP(WAIT_START, INIT, "wait-start", "uses", (), ()) /* slot: listening start socket */    \
	STEP(RLIMIT, INIT, "rlimit", "", (),                                                       \
	     (FIELD(RLIMIT, "resource"), FIELD(LIMIT, "soft"), FIELD(LIMIT, "hard")))                       \
	STEP(SCHEDULER, INIT, "scheduler", "", (FIELD(BLOCK, "attributes")), ()) /* sched_attr */     \
	STEP(IO_PRIORITY, INIT, "io-priority", "", (),                                             \
	     (FIELD(NUMBER, "class"), FIELD(NUMBER, "priority")))                                        \
	STEP(CPU_AFFINITY, INIT, "cpu-affinity", "", (FIELD(BLOCK, "mask")), ())                      \
	STEP(MEMORY_POLICY, INIT, "memory-policy", "", (FIELD(BLOCK, "nodes")),                       \
	     (FIELD(NUMBER, "mode"), FIELD(NUMBER, "max-node")))                                         \
	STEP(PERSONALITY, INIT, "personality", "", (), (FIELD(HEX, "persona")))                       \
	STEP(UMASK, INIT, "umask", "", (), (FIELD(OCTAL, "mask")))                                    \
	STEP(LABEL, INIT, "process-label", "", (FIELD(TEXT, "attribute"), FIELD(TEXT, "value")),         \
	     ()) /* written to self/ATTRIBUTE of the verified procfs */                            \
	STEP(NO_NEW_PRIVILEGES, INIT, "no-new-privileges", "", (), ())                             \
	STEP(BOUNDING, INIT, "bounding-set", "", (), (FIELD(CAPS, "keep")))                           \
	STEP(GROUPS, INIT, "groups", "", (FIELD(IDS, "gids")),                                      \
	     (FIELD(BOOLEAN, "if-allowed"))) /* EPERM is no error: setgroups is denied */             \
	STEP(USER, INIT, "user", "", (), (FIELD(NUMBER, "uid"), FIELD(NUMBER, "gid")))                   \
	STEP(CAPABILITIES, INIT, "capabilities", "", (),                                           \
	     (FIELD(CAPS, "effective"), FIELD(CAPS, "permitted"), FIELD(CAPS, "inheritable"),               \
	      FIELD(CAPS, "ambient")))                                                                \
	STEP(SECCOMP, INIT, "seccomp", "", (FIELD(BLOCK, "filter")), /* struct sock_filter[] */       \
	     (FIELD(HEX, "flags"), FIELD(BOOLEAN, "notify")))                                            \
	STEP(CWD, INIT, "cwd", "", (FIELD(TEXT, "path")),                                             \
	     (FIELD(BOOLEAN, "create"), FIELD(BOOLEAN, "early"))) /* early: still privileged; EACCES is \
								 no error, success makes the later \
								 CWD a no-op */                \
	STEP(CLOSE, INIT, "close-descriptors", "", (), (FIELD(NUMBER, "from")))                       \
	STEP(FINISH, INIT, "finish", "", (), ()) /* instead of EXEC: nothing is left to do */      \
	STEP(HOME, INIT, "find-home", "", (), (FIELD(NUMBER, "uid"))) /* in the container's           \
		/etc/passwd, else "/"; for EXEC, but before the filter, which need not allow that */ \
	STEP(EXEC, INIT, "exec", "", (FIELD(LIST, "arguments"), FIELD(LIST, "environment")), ())
/* clang-format on */

enum step_kind {
	STEP_NONE, /* so that a zeroed step is never valid */
#define STEP_ENUM(kind, side, name, slot, texts, numbers) STEP_##kind,
	STEP_ROWS(STEP_ENUM)
#undef STEP_ENUM
		STEP_KINDS
};

/* The phases, in the order in which parent and child meet (DESIGN: the whole protocol). The child
 * announces a phase and waits, except where told otherwise. */
enum phase {
	PHASE_NONE,
	PHASE_MAPS,          /* parent -> child: id maps are written, cgroups joined */
	PHASE_PLAN,          /* parent -> child: the plan and its descriptors */
	PHASE_RUNTIME_HOOKS, /* child: mounts are done; parent runs prestart, createRuntime */
	PHASE_CREATED,       /* child: everything up to start is done (does not wait) */
	PHASE_START,         /* parent or start socket -> child */
	PHASE_CONSOLE,       /* child -> parent: a descriptor, the pty's master (does not wait) */
	PHASE_LISTENER,      /* child -> parent: a descriptor, the seccomp listener */
	PHASE_MOUNTED,       /* child -> parent: a mount's id in detail (does not wait) */
	PHASE_BORN,          /* child -> parent: its child, in number, is your child from now on,
				and waits; the sender ends */
	PHASE_FAILED,        /* child -> parent: struct message tells which step and why */
	PHASE_CONTINUE,      /* parent -> child: go on */
	PHASES
};

/* Everything that crosses the control socket (SOCK_SEQPACKET), both ways; the same struct is the
 * answer on the start socket. Descriptors travel as SCM_RIGHTS. */
#define MESSAGE_DETAIL 256
#define MESSAGE_WHERE  96
struct message {
	uint32_t phase;
	uint32_t step;             /* PHASE_FAILED: index of the step … */
	uint32_t kind;             /* … and its kind; 0 before the first step */
	int32_t number;            /* PHASE_FAILED: errno; ECHILD with a hook's wait status in size;
				      PHASE_BORN: pid */
	uint32_t size;             /* PHASE_PLAN: bytes of the plan; the descriptors in the message
				      are the plan's memfd, then slots 0.. in rising order */
	char call[32];             /* "move_mount" */
	char where[MESSAGE_WHERE]; /* the step's JSON path, cut to fit */
	char detail[MESSAGE_DETAIL]; /* the name that was not found, a reason in words; or "" */
};

/* Descriptors one message can carry (the kernel's SCM_MAX_FD); more slots: more messages. */
#define MESSAGE_FDS 250

#endif
