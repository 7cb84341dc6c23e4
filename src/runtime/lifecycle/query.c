/* query.c -- what `state` and `list` show. */
#include <errno.h>
#include <pwd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/own.h"
#include "runtime/lifecycle.h"
#include "runtime/state.h"
#include "status.h"

/* runc's state document, in its order. */
#define DOCUMENT_ROWS(ROW, T)                                                                      \
	ROW(T, string, oci_version, "ociVersion", none, always)                                    \
	ROW(T, string, id, "id", none, always)                                                     \
	ROW(T, int32, pid, "pid", none, always)                                                    \
	ROW(T, string, status, "status", none, always)                                             \
	ROW(T, string, bundle, "bundle", none, always)                                             \
	ROW(T, string, rootfs, "rootfs", none, always)                                             \
	ROW(T, string, created, "created", none, always)                                           \
	ROW(T, string_map, annotations, "annotations", none, optional)                             \
	ROW(T, string, owner, "owner", none, always)
JSON_STRUCT(state_output, DOCUMENT_ROWS);
JSON_SHAPE(state_output, DOCUMENT_ROWS);

static int summarise(struct container *container, const struct facts *facts,
		     struct container_summary *summary, struct error *err)
{
	summary->state = container->state;
	TRY(container_status_now(container, facts, &summary->status, err));
	summary->pid = summary->status == STATUS_STOPPED ? 0 : container->state.pid;
	return 0;
}

static int query(const char *root, const char *id, const struct facts *facts, struct arena *arena,
		 struct container_summary *summary, struct error *err)
{
	struct container container = { .dir = -1, .lock = -1 };
	int result;

	TRY(state_open(root, id, false, arena, &container, err));
	result = summarise(&container, facts, summary, err);
	state_close(&container);
	return result;
}

int container_query(const char *root, const char *id, struct arena *arena,
		    struct container_summary *summary, struct error *err)
{
	struct facts *facts = arena_alloc(arena, sizeof(*facts));

	TRY(facts_gather_cgroups(facts, arena, err));
	return query(root, id, facts, arena, summary, err);
}

/* One that cannot be read hides no other. Gone meanwhile is not there. */
static void warn_of(const char *id, int result, struct error *reason)
{
	char line[1024];

	if (result == -ENOENT)
		return;
	fail_where(reason, "%s", id);
	error_format(reason, line, sizeof(line));
	log_warning("%s", line);
}

int container_list(const char *root, struct arena *arena, struct container_summary **summaries,
		   size_t *count, struct error *err)
{
	struct facts *facts = arena_alloc(arena, sizeof(*facts));
	struct strings ids = { 0 };

	TRY(facts_gather_cgroups(facts, arena, err));
	TRY(state_list(root, arena, &ids, err));
	*summaries = arena_array(arena, ids.count, sizeof(**summaries));
	*count = 0;
	for (size_t i = 0; i < ids.count; i++) {
		struct error reason = { 0 };
		int result =
			query(root, ids.items[i], facts, arena, &(*summaries)[*count], &reason);

		if (result == 0)
			(*count)++;
		else
			warn_of(ids.items[i], result, &reason);
	}
	return 0;
}

/* Root's name is known; for others libc opens files and sockets. */
const char *container_owner(const struct container_summary *summary)
{
	const struct passwd *owner;

	if (summary->state.owner_uid == 0)
		return "root";
	owner = getpwuid(summary->state.owner_uid);
	return owner ? owner->pw_name : NULL;
}

void container_document(const struct container_summary *summary, struct text *out)
{
	const struct container_state *state = &summary->state;
	const char *owner = container_owner(summary);
	struct state_output document = {
		.oci_version = state->oci_version,
		.id = state->id,
		.pid = summary->pid,
		.status = (char *)status_name(summary->status),
		.bundle = state->bundle,
		.rootfs = state->rootfs,
		.created = state->created,
		.annotations = state->annotations,
		.owner = (char *)(owner ? owner : ""),
	};

	json_write(&state_output_shape, &document, true, out);
}
