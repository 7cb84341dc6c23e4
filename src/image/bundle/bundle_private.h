/* bundle_private.h -- the tables and steps that make a bundle. */
#ifndef BUNDLE_PRIVATE_H
#define BUNDLE_PRIVATE_H

#include "image/bundle.h"

/* ---- defaults.c: what the image's config leaves open ------------------------------------------
 */

/* linux.*, mounts and capabilities as docker gives them, for root or for a user namespace. */
void defaults_compose(const struct bundle_host *host, struct arena *arena, struct spec *spec);
/* For process.user->uid. */
void defaults_add_capabilities(struct spec_process *process, struct arena *arena);

/* ---- seccomp.c ---------------------------------------------------------------------------------
 */

/* linux.seccomp: docker's default. */
struct spec_seccomp *seccomp_compose(struct arena *arena);

/* A profile in docker's form, or in config.json's; for the capabilities in `bounding`. */
int seccomp_read_profile(const char *path, const struct strings *bounding, struct arena *arena,
			 struct spec_seccomp **seccomp, struct error *err);

/* ---- changes*.c: what a person wants otherwise --------------------------------------------------
 */

/* One composition under change. */
struct change {
	const struct bundle_input *input;
	const struct bundle_changes *wanted;
	struct spec *spec;
	struct arena *arena;
};

int changes_apply(const struct bundle_input *input, struct arena *arena, struct spec *spec,
		  struct error *err);
int changes_process(const struct change *change, struct error *err);
int changes_capabilities(const struct change *change, struct error *err);
int changes_security(const struct change *change, struct error *err);
int changes_mounts(const struct change *change, struct error *err);
int changes_devices(const struct change *change, struct error *err);
int changes_namespaces(const struct change *change, struct error *err);
int changes_resources(const struct change *change, struct error *err);

/* Put a mount behind the others, instead of one on the same place. */
void changes_add_mount(const struct change *change, const struct spec_mount *mount);
/* Cut "KEY=VALUE"; value NULL where there is no '='. The key is a copy. */
void changes_split(const char *pair, struct arena *arena, char **key, char **value);

/* ---- annotations.c ----------------------------------------------------------------------------
 */

void annotations_compose(const struct oci_image_config *config, struct arena *arena,
			 struct string_map *annotations);

/* ---- userdb.c: /etc/passwd and /etc/group of an image ---------------------------------------- */

struct userdb_line {
	char **fields;
	size_t count;
};

struct userdb {
	struct userdb_line *lines;
	size_t count;
	bool present; /* false: the image has no such file */
};

/* Where an image's files are: below a directory, or in trees that are laid over each other. */
struct image_files {
	int rootfs;
	struct bundle_trees trees; /* count 0: `rootfs` */
};

/* Read `path` there: a regular file of at most 4 MiB, nothing else. */
int userdb_read(const struct image_files *files, const char *path, struct arena *arena,
		struct userdb *database, struct error *err);

/* ---- directory.c: where a bundle or an unpacked image goes ------------------------------------
 */

struct claim {
	char *path; /* absolute, in the arena */
	int fd;
	bool made; /* by us: removed again on failure */
};

/* Make the directory (0700), or take an existing empty one. -EEXIST: something is in it. */
int claim_directory(const char *path, struct arena *arena, struct claim *claim, struct error *err);
/* Empty it again, and remove it if it was made here. */
void claim_undo(struct claim *claim);
/* What tells this directory from a later one of the same name; NULL when nothing does. */
char *directory_identity(int directory, struct arena *arena);

/* ---- ids.c ------------------------------------------------------------------------------------
 */

/* Whom the bundle's files belong to: the caller, the image's ids, or those that the maps say. */
/* --userns auto[:size=N]: how many ids, 0 where it is something else. */
int bundle_read_auto(const struct bundle_changes *changes, uint32_t *size, struct error *err);
/* host.c: the ids that root's bundles may have, podman's: those of "containers". */
int host_id_pool(struct store_ids *pool, struct error *err);
int bundle_read_owners(const struct bundle_changes *changes, struct arena *arena,
		       struct rootfs_owners *owners, struct error *err);

/* ---- removal.c --------------------------------------------------------------------------------
 */

/* file_remove_tree, also of what belongs to the caller's subordinate ids. */
int container_files_remove(int directory, const char *name, struct error *err);

/* ---- layers.c ---------------------------------------------------------------------------------
 */

struct layer_stack {
	struct strings paths, keys; /* of the trees, lowest first */
};

int layer_stack_find(const struct store *store, const struct bundle_image *image,
		     struct arena *arena, struct layer_stack *stack, struct error *err);

#endif
