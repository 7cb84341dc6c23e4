/* record.c -- write down what later verbs need. */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "filter.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct {
	const char *type;
	uint64_t flag;
} namespace_flags[] = {
	{ "mount", CLONE_NEWNS },      { "pid", CLONE_NEWPID },   { "network", CLONE_NEWNET },
	{ "ipc", CLONE_NEWIPC },       { "uts", CLONE_NEWUTS },   { "user", CLONE_NEWUSER },
	{ "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME },
};

/* only_joined: those that have a path. */
static uint64_t namespaces_of(const struct spec *spec, bool only_joined)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < sizeof(namespace_flags) / sizeof(namespace_flags[0]); i++) {
		const struct spec_namespace *entry =
			spec_namespace_find(spec, namespace_flags[i].type);

		if (entry && (!only_joined || (entry->path && *entry->path)))
			flags |= namespace_flags[i].flag;
	}
	return flags;
}

/* RFC 3339. gmtime(3) would read the time zone's file first. The year begins in March here: then
 * months have the same lengths each year, and 29 February comes last. */
static char *now(struct arena *arena)
{
	struct timespec time;
	long days, era_day, year, day, month, second;

	clock_gettime(CLOCK_REALTIME, &time);
	second = time.tv_sec % 86400;
	days = time.tv_sec / 86400 + 719468; /* since 1 March of the year 0 */
	era_day = days % 146097;             /* 400 years */
	year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	day = era_day - (365 * year + year / 4 - year / 100);
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5 - 1;
	year += days / 146097 * 400 + (month >= 10);
	month += month < 10 ? 3 : -9;
	return arena_format(arena, "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld.%09ldZ", year, month, day,
			    second / 3600, second / 60 % 60, second % 60, time.tv_nsec);
}

/* What `update` changes: the device rules stay as create has set them. */
static struct spec_resources *resources_of(const struct spec *spec, struct arena *arena)
{
	struct spec_resources *resources;

	if (!spec->linux_ || !spec->linux_->resources)
		return NULL;
	resources = arena_alloc(arena, sizeof(*resources));
	*resources = *spec->linux_->resources;
	resources->devices.count = 0;
	return resources;
}

/* What later mounts depend on. */
static void record_mounts(struct container_state *state, const struct spec_linux *linux_)
{
	state->mount_label = linux_->mount_label;
	state->rootfs_propagation = linux_->rootfs_propagation;
	state->uid_mappings.items = linux_->uid_mappings.items;
	state->uid_mappings.count = linux_->uid_mappings.count;
	state->gid_mappings.items = linux_->gid_mappings.items;
	state->gid_mappings.count = linux_->gid_mappings.count;
}

void record_begin(struct birth *birth)
{
	const struct spec *spec = &birth->document.spec;
	const struct spec_namespace *pid = spec_namespace_find(spec, "pid");
	struct arena *arena = &birth->arena;

	birth->container.state = (struct container_state){
		.oci_version = arena_string(arena, SPEC_VERSION),
		.id = arena_string(arena, birth->request->id),
		.bundle = arena_string(arena, birth->bundle),
		.rootfs = arena_string(arena, birth->rootfs),
		.root_mount = spec_root_mount(spec) != NULL,
		.created = now(arena),
		.owner_uid = getuid(),
		.namespaces = namespaces_of(spec, false),
		.joined = namespaces_of(spec, true),
		.user_namespace = spec_namespace_find(spec, "user") != NULL,
		.shared_pid = !pid || pid->path,
		.no_pivot = birth->request->no_pivot,
		.no_new_keyring = birth->request->no_new_keyring,
		.process = spec->process,
		.personality = spec->linux_->personality,
		.memory_policy = spec->linux_->memory_policy,
		.hooks = spec->hooks,
		.annotations = spec->annotations,
		.resources = resources_of(spec, arena),
	};
	record_mounts(&birth->container.state, spec->linux_);
}

/* What a driver decided only when it made the cgroup counts. */
static void record_cgroup(struct birth *birth)
{
	struct container_state *state = &birth->container.state;

	state->cgroup_path = birth->has_cgroup ? birth->cgroup.path : NULL;
	state->cgroup_unit = birth->has_cgroup ? birth->cgroup.unit : NULL;
	state->cgroup_hierarchies = (struct strings){ 0 };
	if (state->cgroup_path)
		state->cgroup_hierarchies =
			cgroup_hierarchies(&birth->facts, &birth->cgroup, &birth->arena);
}

/* A FIFO with a name is none. */
static bool is_pipe(int fd, const struct stat *status)
{
	struct statfs filesystem;

	return S_ISFIFO(status->st_mode) && fstatfs(fd, &filesystem) == 0 &&
	       filesystem.f_type == PIPEFS_MAGIC;
}

/* Pipes that the program has from its caller: a checkpoint must know them, for their other ends are
 * in no image. */
static struct strings descriptors_of(const struct spec *spec, struct arena *arena)
{
	struct strings names = { 0 };
	bool pipes = false;

	if (!spec->process || spec->process->terminal)
		return names;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat status;
		bool pipe = fstat(fd, &status) == 0 && is_pipe(fd, &status);

		strings_add(&names,
			    pipe ? arena_format(arena, "pipe:[%lu]", (unsigned long)status.st_ino)
				 : (char *)"",
			    arena);
		pipes |= pipe;
	}
	return pipes ? names : (struct strings){ 0 };
}

int record_process(struct birth *birth, struct error *err)
{
	struct container_state *state = &birth->container.state;

	state->descriptors = descriptors_of(&birth->document.spec, &birth->arena);
	state->pid = birth->launched.pid;
	record_cgroup(birth);
	TRY(state_identify(state, birth->launched.pidfd, err));
	TRY(filter_save(&birth->container, &birth->filter, err));
	return state_save(&birth->container, err);
}

int record_pid_file(const char *path, pid_t pid, struct error *err)
{
	char digits[16];
	auto_free char *copy = NULL;
	auto_close int directory = -1;
	const char *slash, *name = path;

	if (!path)
		return 0;
	slash = strrchr(path, '/');
	if (slash) {
		name = slash + 1;
		copy = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
		directory = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (directory < 0)
			return fail_call(err, "open", "cannot write the pid file \"%s\"", path);
	}
	snprintf(digits, sizeof(digits), "%d", pid);
	return file_replace(slash ? directory : AT_FDCWD, name,
			    &(struct file_content){ digits, strlen(digits), 0644, false }, err);
}
