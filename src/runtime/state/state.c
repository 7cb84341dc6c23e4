/* state.c -- state.json, the status it leads to, and the document hooks get. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "directory.h"
#include "runtime/state.h"

JSON_SHAPE(state_mount, STATE_MOUNT_ROWS);
JSON_SHAPE(container_state, STATE_ROWS);

const char *status_name(enum container_status status)
{
	static const char *const names[] = {
		[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created",
		[STATUS_RUNNING] = "running",   [STATUS_PAUSED] = "paused",
		[STATUS_STOPPED] = "stopped",
	};

	return names[status];
}

int state_save(struct container *container, struct error *err)
{
	auto_text struct text text = { 0 };

	json_write(&container_state_shape, &container->state, false, &text);
	return file_replace(container->dir, STATE_FILE,
			    &(struct file_content){ text.data, text.length, 0600, false }, err);
}

int state_mark_started(const struct container *container)
{
	if (unlinkat(container->dir, START_SOCKET, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

int state_mark_creating(const struct container *container, struct error *err)
{
	auto_close int fd = openat(container->dir, CREATING_MARK,
				   O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? fail_call(err, "open", "cannot write the container's state") : 0;
}

int state_mark_created(const struct container *container, struct error *err)
{
	if (unlinkat(container->dir, CREATING_MARK, 0) < 0 && errno != ENOENT)
		return fail_call(err, "unlink", "cannot write the container's state");
	return 0;
}

static bool has_creating_mark(const struct container *container)
{
	return faccessat(container->dir, CREATING_MARK, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool waits_for_start(const struct container *container)
{
	return faccessat(container->dir, START_SOCKET, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_being_created(const struct container *container)
{
	return container->lock < 0 && directory_is_locked(container->dir);
}

int state_look(const struct container *container, enum container_status *status, int *pidfd,
	       struct error *err)
{
	struct error reason = { 0 };
	int result;

	*pidfd = -1;
	*status = STATUS_STOPPED;
	if (container->state.pid == 0) {
		if (is_being_created(container))
			*status = STATUS_CREATING;
		return 0;
	}
	result = state_pidfd(&container->state, &reason);
	if (result == -ESRCH)
		return 0;
	if (result < 0) {
		if (err)
			*err = reason;
		return -reason.number;
	}
	*pidfd = result;
	*status = has_creating_mark(container) ? STATUS_CREATING
		  : waits_for_start(container) ? STATUS_CREATED
					       : STATUS_RUNNING;
	return 0;
}

int state_status(const struct container *container, enum container_status *status,
		 struct error *err)
{
	auto_close int pidfd = -1;

	return state_look(container, status, &pidfd, err);
}

#define DOCUMENT_ROWS(ROW, T)                                                                      \
	ROW(T, string, oci_version, "ociVersion", none, always)                                    \
	ROW(T, string, id, "id", none, always)                                                     \
	ROW(T, string, status, "status", none, always)                                             \
	ROW(T, int32, pid, "pid", none, optional)                                                  \
	ROW(T, string, bundle, "bundle", none, always)                                             \
	ROW(T, string_map, annotations, "annotations", none, optional)
JSON_STRUCT(state_document, DOCUMENT_ROWS);
JSON_SHAPE(state_document, DOCUMENT_ROWS);

static struct state_document document_of(const struct container_state *state,
					 enum container_status status, int32_t pid)
{
	return (struct state_document){
		.oci_version = state->oci_version,
		.id = state->id,
		.status = (char *)status_name(status),
		.pid = pid,
		.bundle = state->bundle,
		.annotations = state->annotations,
	};
}

void state_document(const struct container_state *state, enum container_status status, int32_t pid,
		    struct text *out)
{
	const struct state_document document = document_of(state, status, pid);

	json_write(&state_document_shape, &document, false, out);
}

#define PROCESS_DOCUMENT_ROWS(ROW, T)                                                              \
	ROW(T, string, oci_version, "ociVersion", none, always)                                    \
	ROW(T, strings, fds, "fds", none, always)                                                  \
	ROW(T, int32, pid, "pid", none, always)                                                    \
	ROW(T, string, metadata, "metadata", none, optional)                                       \
	ROW(T, object, state, "state", state_document, always)
JSON_STRUCT(state_process_document, PROCESS_DOCUMENT_ROWS);
JSON_SHAPE(state_process_document, PROCESS_DOCUMENT_ROWS);

void state_process_document(const struct container_state *state, enum container_status status,
			    int32_t pid, struct text *out)
{
	static char listener[] = "seccompFd";
	char *names[] = { listener };
	struct state_document inner = document_of(state, status, state->pid);
	const struct state_process_document document = {
		.oci_version = state->oci_version,
		.fds = { .items = names, .count = 1 },
		.pid = pid,
		.metadata = state->agent_metadata,
		.state = &inner,
	};

	json_write(&state_process_document_shape, &document, false, out);
}
