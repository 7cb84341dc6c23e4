/* destination.h -- where an image goes to: one set of calls for registries, layouts, archives. */
#ifndef TRANSFER_DESTINATION_H
#define TRANSFER_DESTINATION_H

#include "image/registry.h"
#include "image/transfer.h"
#include "source.h"

struct destination;

/* A blob on its way. */
struct parcel {
	const struct oci_descriptor *descriptor;
	int fd;                                     /* holds the blob from its beginning */
	void (*moved)(void *context, int64_t done); /* told how much is through */
	void *context;
};

struct destination_kind {
	bool several; /* can hold more than one image */
	int (*open)(struct destination *destination, const struct transfer_options *options,
		    struct error *err);
	/* 1: it is there, or was got without our help; 0: it must be brought. */
	int (*have_blob)(struct destination *destination, const struct oci_descriptor *descriptor,
			 struct error *err);
	int (*put_blob)(struct destination *destination, const struct parcel *parcel,
			struct error *err);
	/* A manifest or index whose content is there. `name`: the image's own, "" where the source
	 * has none; NULL: a part of an index, known by its digest. */
	int (*put_document)(struct destination *destination,
			    const struct registry_manifest *document, const char *name,
			    struct error *err);
	/* Everything came: make it last. */
	int (*finish)(struct destination *destination, struct error *err);
	void (*close)(struct destination *destination);
	/* One more for another thread: `forked` is a copy that has an arena of its own. NULL: blobs
	 * come one by one. `leave` ends what fork began. */
	int (*fork)(struct destination *destination, struct destination *forked, struct error *err);
	void (*leave)(struct destination *forked);
};

struct destination {
	const struct destination_kind *kind;
	const struct reference *reference; /* not owned */
	const struct source *source;       /* the one being copied from */
	struct arena *arena;
	int cancel_fd; /* > 0: readable means stop; not owned */
	struct registry *registry;
	int dir;         /* of files: where they are written, or -1 */
	char *temporary; /* that directory, to be removed at the end, or NULL */
	struct docker_archive *archive;
};

extern const struct destination_kind to_registry;
extern const struct destination_kind to_layout;
extern const struct destination_kind to_directory;
extern const struct destination_kind to_oci_archive;
extern const struct destination_kind to_docker_archive;

int destination_open(const struct reference *reference, const struct transfer_options *options,
		     struct arena *arena, struct destination *destination, struct error *err);
void destination_close(struct destination *destination); /* harmless when closed */

/* to_files.c: the calls of a layout, for the archive that is one. */
int files_have_blob(struct destination *destination, const struct oci_descriptor *descriptor,
		    struct error *err);
int files_put_blob(struct destination *destination, const struct parcel *parcel, struct error *err);
int files_put_document(struct destination *destination, const struct registry_manifest *document,
		       const char *name, struct error *err);
int files_fork(struct destination *destination, struct destination *forked, struct error *err);
void files_leave(struct destination *forked);
int files_begin_layout(struct destination *destination, struct error *err);

#endif
