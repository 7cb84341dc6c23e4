/* checkpoint.c -- write a container's state into an image directory: criu freezes its processes,
 * dumps them, and ends them or lets them go on. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "base/own.h"
#include "base/process.h"
#include "image.h"
#include "place.h"
#include "remove.h"
#include "runtime/cgroup.h"
#include "runtime/state.h"
#include "status.h"

#define MOUNTINFO_MOST       (64 * 1024 * 1024)
#define GID_MAP_MOST         65536
#define VERSION_EXTERNAL_PID 31500
#define VERSION_FREEZES_V2   31400

struct dump {
	const struct checkpoint_request *request;
	struct arena arena;
	struct facts facts;
	struct container container;
	struct image image;
	struct criu criu;
	struct criu_options options;
	int process; /* a pidfd: criu and /proc know numbers only */
	int status_fd;
	uint32_t group; /* of the container's root in its user namespace */
	bool has_group;
};

static int open_container(struct dump *dump, struct error *err)
{
	const struct checkpoint_request *request = dump->request;
	enum container_status status;

	TRY(state_open(request->root, request->id, true, &dump->arena, &dump->container, err));
	TRY(facts_gather_cgroups(&dump->facts, &dump->arena, err));
	TRY(container_look_now(&dump->container, &dump->facts, &status, &dump->process, err));
	if (status != STATUS_RUNNING && status != STATUS_PAUSED)
		return fail(err, EBUSY, "container cannot be checkpointed in %s state",
			    status_name(status));
	return 0;
}

/* ---- what the request says ------------------------------------------------------------------- */

/* Relative to the image, so that both can be moved together. */
static int check_parent(const struct dump *dump, struct error *err)
{
	const char *parent = dump->request->parent_path;
	struct stat status;

	if (!parent)
		return 0;
	if (*parent == '/')
		return fail(err, EINVAL, "--parent-path must be relative to the image: \"%s\"",
			    parent);
	if (fstatat(dump->image.dir, parent, &status, 0) < 0)
		return fail_call(err, "stat", "invalid --parent-path \"%s\"", parent);
	if (!S_ISDIR(status.st_mode))
		return fail_number(err, ENOTDIR, "stat", "invalid --parent-path \"%s\"", parent);
	return 0;
}

/* "10.0.0.1:1234", "[::1]:1234". */
static int read_page_server(struct dump *dump, struct error *err)
{
	const char *text = dump->request->page_server;
	const char *colon = text ? strrchr(text, ':') : NULL;
	size_t length = colon ? (size_t)(colon - text) : 0;
	uint64_t port = 0;

	if (!text)
		return 0;
	if (length > 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length == 0 || !number_parse_unsigned(colon + 1, UINT16_MAX, &port) || port == 0)
		return fail(err, EINVAL, "--page-server: \"%s\" is not ADDRESS:PORT",
			    dump->request->page_server);
	dump->options.page_server = (struct criu_server){
		arena_copy(&dump->arena, text, length),
		(uint16_t)port,
	};
	return 0;
}

static int check_status_fd(const struct dump *dump, struct error *err)
{
	int flags = dump->status_fd < 0 ? O_WRONLY : fcntl(dump->status_fd, F_GETFL);

	if (flags < 0)
		return fail_call(err, "fcntl", "--status-fd: %d", dump->status_fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return fail(err, EINVAL, "--status-fd: %d cannot be written", dump->status_fd);
	return 0;
}

/* A file system whose upper layer is out of criu's reach. */
static int check_root(const struct container_state *state, struct error *err)
{
	if (!state->root_mount)
		return 0;
	return fail(err, ENOTSUP,
		    "the container's root is an overlay of its own (mounts[0]): what "
		    "was written there could not be restored");
}

static int take_request(struct dump *dump, struct error *err)
{
	const struct checkpoint_request *request = dump->request;
	const struct container_state *state = &dump->container.state;

	TRY(check_root(state, err));
	TRY(image_open(&request->image, true, &dump->arena, &dump->image, err));
	TRY(check_parent(dump, err));
	TRY(check_status_fd(dump, err));
	TRY(image_options(&request->image, &state->annotations, &dump->image, &dump->options, err));
	dump->options.log_file = "dump.log";
	dump->options.pid = (uint32_t)state->pid;
	dump->options.root = state->rootfs;
	dump->options.leave_running = request->leave_running;
	dump->options.tcp_skip_in_flight = request->tcp_skip_in_flight;
	dump->options.link_remap = request->link_remap;
	dump->options.parent_img = request->parent_path;
	dump->options.track_mem = request->parent_path || request->pre_dump;
	return read_page_server(dump, err);
}

/* ---- what the container is ------------------------------------------------------------------- */

/* Namespaces that others share are not dumped: they are there when it is restored. */
static int name_namespace(struct dump *dump, uint64_t kind, const char *name, const char *key,
			  struct error *err)
{
	const struct container_state *state = &dump->container.state;
	struct stat status;
	char path[48];

	if (!(state->joined & kind))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", state->pid, name);
	if (stat(path, &status) < 0)
		return fail_call(err, "stat", "cannot look at \"%s\"", path);
	strings_add(
		&dump->options.external,
		arena_format(&dump->arena, "%s[%lu]:%s", name, (unsigned long)status.st_ino, key),
		&dump->arena);
	return 0;
}

static int name_namespaces(struct dump *dump, struct error *err)
{
	if ((dump->container.state.joined & CLONE_NEWPID) &&
	    dump->criu.version < VERSION_EXTERNAL_PID)
		return fail(err, ENOTSUP,
			    "criu is too old for a pid namespace that others share: 3.15 is "
			    "needed");
	TRY(name_namespace(dump, CLONE_NEWNET, "net", "extRootNetNS", err));
	return name_namespace(dump, CLONE_NEWPID, "pid", "extRootPidNS", err);
}

static int name_mounts(struct dump *dump, struct error *err)
{
	const struct container_state *state = &dump->container.state;
	auto_text struct text inside = { 0 };
	auto_text struct text host = { 0 };
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", state->pid);
	TRY(file_read(AT_FDCWD, path, MOUNTINFO_MOST, &inside, err));
	TRY(file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MOST, &host, err));
	external_mounts(inside.data, host.data, state->namespaces & CLONE_NEWCGROUP, &dump->arena,
			&dump->options.external);
	return 0;
}

/* Without the freezer criu stops one process after the other, and may miss one that forks. */
static int name_freezer(struct dump *dump, struct error *err)
{
	struct cgroup cgroup = { .unified_fd = -1 };

	if (!dump->container.state.cgroup_path || (dump->facts.cgroup_layout == CGROUP_UNIFIED &&
						   dump->criu.version < VERSION_FREEZES_V2))
		return 0;
	TRY(container_open_cgroup(&dump->container.state, &dump->facts, &cgroup, err));
	if (cgroup.path)
		dump->options.freeze_cgroup = cgroup_freezer_path(&cgroup, &dump->arena);
	cgroup_close(&cgroup);
	return 0;
}

/* The pipes of create, which the program may have closed since; else what is there now. */
static const char *descriptor_name(struct dump *dump, size_t number)
{
	const struct container_state *state = &dump->container.state;
	char link[48], target[PATH_MAX];
	ssize_t length;

	if (number < state->descriptors.count && *state->descriptors.items[number])
		return state->descriptors.items[number];
	snprintf(link, sizeof(link), "/proc/%d/fd/%zu", state->pid, number);
	length = readlink(link, target, sizeof(target));
	return length < 0 ? "/dev/null" : arena_copy(&dump->arena, target, (size_t)length);
}

static int write_descriptors(struct dump *dump, struct error *err)
{
	auto_text struct text json = { 0 };

	for (size_t i = 0; i < 3; i++) {
		text_add(&json, i == 0 ? "[" : ",");
		json_write_string(descriptor_name(dump, i), &json);
	}
	text_add(&json, "]");
	return file_replace(dump->image.dir, IMAGE_DESCRIPTORS,
			    &(struct file_content){ json.data, json.length, 0600, false }, err);
}

/* A pre-dump is of memory alone. */
static int describe(struct dump *dump, struct error *err)
{
	TRY(name_namespaces(dump, err));
	TRY(name_freezer(dump, err));
	if (dump->request->pre_dump)
		return 0;
	TRY(name_mounts(dump, err));
	return write_descriptors(dump, err);
}

/* The host's group of the container's root, in lines "0 100000 65536" (user_namespaces(7)). */
static int find_group(struct dump *dump, struct error *err)
{
	const struct container_state *state = &dump->container.state;
	auto_text struct text map = { 0 };
	char path[32];

	if (!state->user_namespace)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/gid_map", state->pid);
	TRY(file_read(AT_FDCWD, path, GID_MAP_MOST, &map, err));
	for (const char *line = map.data; line && *line; line = strchr(line, '\n')) {
		unsigned inside, outside;

		line += strspn(line, "\n");
		if (sscanf(line, "%u %u", &inside, &outside) == 2 && inside == 0) {
			dump->group = outside;
			dump->has_group = true;
		}
	}
	return 0;
}

/* ---- the work -------------------------------------------------------------------------------- */

static int listen(void *context, const struct criu_event *event, struct error *err)
{
	struct dump *dump = context;
	int fd = event->fd;

	close_fd(&fd);
	if (!text_equal(event->script, "status-ready") || dump->status_fd < 0)
		return 0;
	TRY(file_write_all(dump->status_fd, "", 1, "--status-fd", err));
	close_fd(&dump->status_fd); /* whoever waits for its end need not wait for the last page */
	return 0;
}

/* All was read by its number, by which criu knows it, too. */
static int check_alive(const struct dump *dump, struct error *err)
{
	return process_has_ended(dump->process)
		       ? fail(err, ESRCH, "the container has ended meanwhile")
		       : 0;
}

static int work(struct dump *dump, struct error *err)
{
	const struct checkpoint_request *request = dump->request;
	const struct criu_start start = { .image = dump->image.path,
					  .work = dump->image.work,
					  .keep_output = true };

	TRY(criu_open(&start, &dump->arena, &dump->criu, err));
	TRY(criu_ask_version(&dump->criu, err));
	TRY(criu_ask_features(&dump->criu, dump->options.track_mem, request->image.lazy_pages,
			      err));
	TRY(describe(dump, err));
	TRY(check_alive(dump, err));
	return criu_work(&dump->criu, request->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, &dump->options,
			 listen, dump, err);
}

static int checkpoint(struct dump *dump, struct error *err)
{
	const struct checkpoint_request *request = dump->request;
	int result;

	TRY(open_container(dump, err));
	TRY(take_request(dump, err));
	TRY(find_group(dump, err));
	result = work(dump, err);
	criu_close(&dump->criu);
	/* criu reads some of it when it is that root already. */
	if (result == 0 && dump->has_group)
		image_give_to_group(&dump->image, dump->group);
	if (result < 0 || request->leave_running || request->pre_dump)
		return result;
	return container_remove(&dump->container, NULL, true, &dump->facts, err);
}

int container_checkpoint(const struct checkpoint_request *request, struct error *err)
{
	struct dump dump = {
		.request = request,
		.container = { .dir = -1, .lock = -1 },
		.image = { .dir = -1 },
		.criu = CRIU_NONE,
		.process = -1,
		.status_fd = request->status_fd,
	};
	int result = checkpoint(&dump, err);

	if (result < 0)
		fail_where(err, "%s", request->id);
	close_fd(&dump.process);
	image_close(&dump.image);
	state_close(&dump.container);
	arena_free(&dump.arena);
	return result;
}
