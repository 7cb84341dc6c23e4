/* filter.c -- the seccomp filter of a container, and who answers its SCMP_ACT_NOTIFY: what
 * linux.seccomp says, and what crun's annotations add. */
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "runtime/security.h"
#include "runtime/spec_annotations.h"

#define FILTER_MOST (1 << 20)

static const char raw_program[] = ANNOTATION_SECCOMP_PROGRAM;
static const char unknown_fails[] = ANNOTATION_SECCOMP_UNKNOWN;
static const char receiver[] = ANNOTATION_SECCOMP_RECEIVER;
static const char receiver_variable[] = "RUN_OCI_SECCOMP_RECEIVER";

/* Compiled filters are kept beside the containers; without a place for them each start compiles. */
static int open_cache(const char *root)
{
	auto_free char *path = NULL;

	if (asprintf(&path, "%s/" CACHE_DIRECTORY, root) < 0)
		return -1;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static int in_annotation(struct error *err, const char *name)
{
	return fail_where(err, "annotations[\"%s\"]", name);
}

/* ---- the agent ------------------------------------------------------------------------------- */

struct agent_place {
	const char *socket;
	const char *annotation; /* that names it, or NULL */
	const char *where;
};

static struct agent_place find_agent(const struct spec *spec)
{
	const struct spec_seccomp *profile = spec->linux_ ? spec->linux_->seccomp : NULL;
	const char *annotation = string_map_get(&spec->annotations, receiver);

	if (profile && profile->listener_path && *profile->listener_path)
		return (struct agent_place){ .socket = profile->listener_path,
					     .where = "linux.seccomp.listenerPath" };
	if (annotation)
		return (struct agent_place){ .socket = annotation, .annotation = receiver };
	return (struct agent_place){ .socket = getenv(receiver_variable),
				     .where = receiver_variable };
}

/* Found out now rather than at start, which connects. */
static int check_agent(const char *socket, struct error *err)
{
	struct stat status;

	if (*socket != '/')
		return fail(err, EINVAL, "\"%s\" is not an absolute path", socket);
	if (stat(socket, &status) < 0)
		return fail_call(err, "stat", "cannot reach the seccomp agent at \"%s\"", socket);
	if (!S_ISSOCK(status.st_mode))
		return fail(err, ENOTSOCK,
			    "\"%s\", where the seccomp agent should be, is no socket", socket);
	return 0;
}

static int record_agent(struct birth *birth, struct error *err)
{
	const struct spec *spec = &birth->document.spec;
	const struct spec_seccomp *profile = spec->linux_ ? spec->linux_->seccomp : NULL;
	const struct agent_place agent = find_agent(spec);
	struct container_state *state = &birth->container.state;

	if (!birth->filter.notify)
		return 0;
	if (!agent.socket || !*agent.socket) {
		fail(err, EINVAL, "SCMP_ACT_NOTIFY needs the socket of an agent");
		return fail_where(err, "linux.seccomp.listenerPath");
	}
	if (check_agent(agent.socket, err) < 0)
		return agent.annotation ? in_annotation(err, agent.annotation)
					: fail_where(err, "%s", agent.where);
	state->agent_socket = arena_string(&birth->arena, agent.socket);
	state->agent_metadata = profile ? profile->listener_metadata : NULL;
	return 0;
}

/* ---- the filter ------------------------------------------------------------------------------ */

static bool is_asked_for(const struct string_map *annotations, const char *name)
{
	const char *value = string_map_get(annotations, name);

	return value && strcmp(value, "0") != 0;
}

int filter_compile(struct birth *birth, struct error *err)
{
	const struct spec *spec = &birth->document.spec;
	struct seccomp_request request = {
		.profile = spec->linux_ ? spec->linux_->seccomp : NULL,
		.raw = string_map_get(&spec->annotations, raw_program),
		.unknown_fails = is_asked_for(&spec->annotations, unknown_fails),
		.cache_dir = -1,
	};
	auto_close int cache = -1;

	if (!request.profile && !request.raw)
		return 0;
	request.cache_dir = cache = open_cache(birth->request->root);
	if (seccomp_compile(&request, &birth->arena, &birth->filter, err) < 0)
		return request.raw ? in_annotation(err, raw_program) : -err->number;
	return record_agent(birth, err);
}

int filter_save(struct container *container, const struct plan_filter *filter, struct error *err)
{
	const struct file_content content = { filter->program, filter->length, 0600, false };

	if (filter->length == 0)
		return 0;
	container->state.has_filter = true;
	container->state.filter_flags = filter->flags;
	container->state.filter_notify = filter->notify;
	return file_replace(container->dir, STATE_FILTER_FILE, &content, err);
}

int filter_load(const struct container *container, struct arena *arena, struct plan_filter *filter,
		struct error *err)
{
	auto_text struct text text = { 0 };

	if (!container->state.has_filter)
		return 0;
	TRY(file_read(container->dir, STATE_FILTER_FILE, FILTER_MOST, &text, err));
	filter->program = arena_copy(arena, text.data, text.length);
	filter->length = text.length;
	filter->flags = container->state.filter_flags;
	filter->notify = container->state.filter_notify;
	return 0;
}
