/* bundle.h -- a runtime bundle out of an image in the store: rootfs and config.json.
 *
 * image-spec conversion.md says what of the image's config goes where; what it leaves open is the
 * default that docker gives a container. Nothing of the host enters a config.json: no environment,
 * no user database; users are looked up in the image's own files. */
#ifndef IMAGE_BUNDLE_H
#define IMAGE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "image/oci.h"
#include "image/rootfs.h"
#include "image/store.h"
#include "runtime/spec.h"

/* ---- an image out of the store --------------------------------------------------------------- */

struct bundle_image {
	struct store_image stored;
	struct oci_manifest manifest;
	struct oci_image_config config;
};

/* Find the image that `what` means (store_find_image) and read its documents. */
int bundle_load_image(const struct store *store, const char *what, struct arena *arena,
		      struct bundle_image *image, struct error *err);

/* The same for another platform than this machine's (store_select_platform); NULL: this one's. */
int bundle_load_platform(const struct store *store, const char *what,
			 const struct oci_platform *platform, struct arena *arena,
			 struct bundle_image *image, struct error *err);

/* ---- the verbs ------------------------------------------------------------------------------- */

/* What a person wants other than image and defaults say: podman run's flags, as they were typed.
 * NULL, { 0 } and false change nothing. */
struct bundle_changes {
	/* process */
	char *entrypoint; /* a program, a JSON array, or "" for none */
	char *user, *workdir, *umask;
	struct strings env, group_add, cap_add, cap_drop, ulimits, security_opts;
	char *oom_score_adj;
	bool terminal, privileged;
	/* root and mounts */
	struct strings volumes, mounts, tmpfs, devices;
	bool read_only;
	char *read_only_tmpfs; /* "false": no tmpfs on /run, /tmp, /var/tmp beside --read-only */
	int64_t shm_size;
	/* namespaces */
	char *network, *pid, *ipc, *uts, *cgroupns, *userns, *hostname;
	struct strings sysctls, uid_maps, gid_maps;
	/* control groups */
	int64_t memory, memory_reservation, pids_limit, cpu_shares, cpu_period, cpu_quota;
	char *memory_swap, *cpus, *cpuset_cpus, *cpuset_mems, *cgroup_parent;
	/* annotations */
	struct strings annotations, labels;
	/* Commands to run when the container is gone (hooks.poststop). */
	struct strings poststop;
};

struct bundle_request {
	const struct bundle_image *image;
	const char *directory;                /* made (0700), or an empty one that exists */
	const char *driver;                   /* of rootfs.h; NULL: the best that works */
	bool runtime_mounts;                  /* rootfs.h */
	struct strings command;               /* replaces the image's Cmd when not empty */
	const struct bundle_changes *changes; /* NULL: none */
	bool no_config;                       /* the rootfs alone */
	int cancel_fd;                        /* > 0: readable means stop; not owned */
};

/* DIR/config.json, DIR/rootfs, and a record in the store that keeps the image's layers.
 * The store is open with STORE_USE. On failure nothing is left. */
int bundle_make(struct store *store, const struct bundle_request *request, struct arena *arena,
		struct error *err);

/* Undo bundle_make: unmount, remove rootfs, config.json, record, and DIR unless something of
 * somebody else's is in it. `what` is the directory or the record's id. -ENOENT: no bundle of this
 * store; -EBUSY: a container still uses it, unless `force`: then the caller knows that none does.
 */
int bundle_release(struct store *store, const char *what, bool force, struct arena *arena,
		   struct error *err);

/* The record of a bundle of this store: `what` as for bundle_release. */
int bundle_find_record(const struct store *store, const char *what, struct arena *arena,
		       struct store_bundle *record, struct error *err);

/* How its root was made; NULL: by a driver that this lade does not know. */
const struct rootfs_driver *bundle_find_driver(const struct store_bundle *record,
					       struct error *err);

struct bundle_unpacking {
	const struct bundle_image *image;
	const char *directory;       /* made, or empty */
	struct rootfs_owners owners; /* single_id also where the caller may do no other */
	bool keep_dirlinks;          /* rootfs.h */
	int cancel_fd;               /* > 0: readable means stop; not owned */
};

/* The image's root filesystem alone, copied; no record. */
int bundle_unpack(struct store *store, const struct bundle_unpacking *order, struct arena *arena,
		  struct error *err);

/* ---- views: images mounted read-only, in the store's mounts/ --------------------------------- */

/* Mount the image, unless it is: `path` is where. A record like a bundle's keeps it. */
int bundle_view(struct store *store, const struct bundle_image *image, int cancel_fd,
		struct arena *arena, char **path, struct error *err);
/* By the digest of the manifest. -ENOENT: it is not mounted; -EBUSY: somebody is in there. */
int bundle_end_view(struct store *store, const char *digest, struct arena *arena,
		    struct error *err);
bool bundle_is_view(const struct store_bundle *record);
/* Where it is mounted, or NULL: it is not any more. */
char *bundle_view_path(const struct store_bundle *record, struct arena *arena);

/* ---- the parts ------------------------------------------------------------------------------- */

struct bundle_user {
	uint32_t uid, gid;
	struct json_uint32s groups; /* supplementary ones; in the arena */
	char *home;                 /* in the arena; "/" when unknown */
};

/* What "USER[:GROUP]" means inside the root filesystem `rootfs` (its /etc/passwd, /etc/group;
 * opened below it, regular files of at most 4 MiB). NULL and "" mean root. Numbers are taken
 * verbatim, all digits are never a name; a name that is not there is -EINVAL. */
int bundle_find_user(int rootfs, const char *user, struct arena *arena, struct bundle_user *found,
		     struct error *err);

struct bundle_trees {
	const int *fds;
	size_t count;
};

/* Who will run the bundle. */
struct bundle_host {
	bool rootless; /* a user namespace is needed, no device may be made */
	uint32_t uid, gid;
	/* The caller's ranges in /etc/subuid and /etc/subgid; count 0: none */
	struct spec_id_mapping sub_uid, sub_gid;
};

/* The same in layers that are mounted nowhere: their trees, uppermost first. */
int bundle_find_user_in_layers(const struct bundle_trees *trees, const char *user,
			       struct arena *arena, struct bundle_user *found, struct error *err);

int bundle_host_facts(struct bundle_host *host, struct error *err);

struct bundle_input {
	const struct oci_image_config *config;
	const struct bundle_user *user;
	const struct bundle_host *host;
	struct strings command; /* replaces Cmd when not empty */
	const char *hostname;
	const struct bundle_changes *changes; /* NULL: none */
	const char *directory; /* absolute: where relative paths of the changes begin */
	const struct rootfs_owners *owners; /* NULL, or with maps: a user namespace of these ids */
	struct strings root_options; /* of the overlay that is the root; none: the root is there */
};

/* The conversion, and the changes. Pure, but for device nodes (--device), profiles (seccomp=FILE)
 * and namespaces that a change names, which are looked at. Everything in `spec` lives in the arena
 * or the input. */
int bundle_compose(const struct bundle_input *input, struct arena *arena, struct spec *spec,
		   struct error *err);

/* Is that a key that some runtime or engine obeys? Image labels of that name are not passed on. */
bool bundle_annotation_controls(const char *key);

#endif
