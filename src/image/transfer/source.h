/* source.h -- where an image comes from: one set of calls for registries and layouts. */
#ifndef TRANSFER_SOURCE_H
#define TRANSFER_SOURCE_H

#include "image/registry.h"
#include "image/transfer.h"

struct source;

struct source_kind {
	int (*open)(struct source *source, const struct transfer_options *options,
		    struct error *err);
	/* The document that the reference means: an index or a manifest. */
	int (*resolve)(struct source *source, struct arena *arena,
		       struct registry_manifest *document, struct error *err);
	/* One that an index describes; verified against the descriptor. */
	int (*fetch_described)(struct source *source, const struct oci_descriptor *descriptor,
			       struct arena *arena, struct registry_manifest *document,
			       struct error *err);
	/* A config. */
	int (*fetch_document)(struct source *source, const struct oci_descriptor *descriptor,
			      struct arena *arena, char **bytes, struct error *err);
	/* A layer, as registry_fetch_blob. */
	int (*fetch_blob)(struct source *source, const struct oci_descriptor *descriptor,
			  const struct registry_sink *sink, struct error *err);
	/* A blob as a file to read from; verified by whoever it goes to. */
	int (*open_blob)(struct source *source, const struct oci_descriptor *descriptor,
			 struct error *err);
	/* One more for another thread, of the same reference. */
	int (*fork)(struct source *source, struct source *forked, struct error *err);
	void (*close)(struct source *source);
	/* What the store calls the image. */
	char *(*name)(const struct source *source, struct arena *arena);
};

struct source {
	const struct source_kind *kind;
	const struct reference *reference;      /* not owned */
	const struct oci_platform *platform;    /* not owned */
	size_t listed, listed_bytes;            /* documents of indexes that were fetched */
	int cancel_fd;                          /* > 0: readable means stop; not owned */
	struct registry *registry;              /* of a registry: the place that has the image */
	const struct reference *place;          /* of a registry: what the image is called there */
	const struct trust *trust;              /* not owned; and what the image is to it, */
	const struct reference *origin;         /* NULL: `reference` */
	struct attempts *attempts;              /* of a registry: the places to try; not a fork's */
	const struct registry_options *options; /* not owned */
	int layout;                             /* of files: their directory, or -1 */
	bool holds_layout;                      /* of an archive: it is a layout in a tar file */
	char *temporary;           /* that directory, to be removed at the end, or NULL */
	const char *entry_name;    /* what its index.json calls the image, or NULL */
	const struct store *store; /* of the store; not owned */
	struct strings names;      /* of the store: all that the image has */
	const char *index_digest;  /* of the store: the index the image is from, or NULL */
};

extern const struct source_kind source_registry;
extern const struct source_kind source_layout;
extern const struct source_kind source_oci_archive;
extern const struct source_kind source_docker_archive;
extern const struct source_kind source_directory;
extern const struct source_kind source_stored;

/* layout.c: what the kinds that are files have in common. */
int layout_open_at(struct source *source, const char *directory, struct error *err);
int layout_resolve(struct source *source, struct arena *arena, struct registry_manifest *document,
		   struct error *err);
int layout_fetch_described(struct source *source, const struct oci_descriptor *descriptor,
			   struct arena *arena, struct registry_manifest *document,
			   struct error *err);
int layout_fetch_document(struct source *source, const struct oci_descriptor *descriptor,
			  struct arena *arena, char **bytes, struct error *err);
int layout_fetch_blob(struct source *source, const struct oci_descriptor *descriptor,
		      const struct registry_sink *sink, struct error *err);
int layout_open_blob(struct source *source, const struct oci_descriptor *descriptor,
		     struct error *err);
int layout_read(const struct source *source, const char *path, struct text *text,
		struct error *err);
int layout_fork(struct source *source, struct source *forked, struct error *err);
void layout_close(struct source *source);
char *layout_name(const struct source *source, struct arena *arena);

/* stored.c: the store remembers that this repository has these blobs; failing that costs nothing.
 */
void note_origin(const struct store *store, const struct reference *repository,
		 const struct oci_manifest *manifest, struct arena *arena);

/* archive.c: unpack a tar archive into a new directory that is a layout. */
int archive_stage(struct source *source, struct error *err);

int source_open(const struct reference *reference, const struct oci_platform *platform,
		const struct transfer_options *options, struct source *source, struct error *err);
/* An entry of an index, with a limit on all of them together: indexes may list each other many
 * times.
 */
int source_fetch_described(struct source *source, const struct oci_descriptor *descriptor,
			   struct arena *arena, struct registry_manifest *document,
			   struct error *err);
/* What the source is to the policy: an archive is what it holds, whatever it was called. */
struct reference source_origin(const struct source *source);
/* May this manifest or index be taken? EPERM as trust_check. */
int source_check(const struct source *source, const struct registry_manifest *document,
		 struct error *err);
void source_close(struct source *source); /* harmless when closed */
#define auto_source __attribute__((cleanup(source_close)))

#endif
