/* restore_options.c -- what criu is told about the container that it restores. */
#include "restore_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"

#define MOUNTINFO_MOST   (64 * 1024 * 1024)
#define CGROUPS_MOST     65536
#define DESCRIPTORS_MOST 65536

/* As criu names them; those with a key are inherited as descriptors, by the name that checkpoint
 * (and runc, and crun) gave them in the image. */
static const struct {
	const char *type, *name, *key;
} namespace_names[] = {
	{ "network", "net", "extRootNetNS" },
	{ "pid", "pid", "extRootPidNS" },
	{ "ipc", "ipc", NULL },
	{ "uts", "uts", NULL },
	{ "user", "user", NULL },
	{ "time", "time", NULL },
	{ "mount", "mnt", NULL },
};

static void inherit(struct criu_inherits *list, const char *key, int fd, struct arena *arena)
{
	struct criu_inherit *items = arena_array(arena, list->count + 1, sizeof(*items));

	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count] = (struct criu_inherit){ key, fd };
	*list = (struct criu_inherits){ items, list->count + 1 };
}

static int inherit_namespace(const struct spec_namespace *entry, const char *key,
			     struct joined_namespaces *joined, struct criu_options *options,
			     struct arena *arena, struct error *err)
{
	int fd = open(entry->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail_call(err, "open", "cannot open the namespace \"%s\"", entry->path);
	inherit(&options->inherit_fd, key, CRIU_INHERITED + (int)joined->count, arena);
	joined->fds[joined->count++] = fd;
	return 0;
}

static int join(const struct birth *birth, struct criu_options *options,
		struct joined_namespaces *joined, struct error *err)
{
	struct arena *arena = (struct arena *)&birth->arena;

	for (size_t i = 0; i < sizeof(namespace_names) / sizeof(namespace_names[0]); i++) {
		const struct spec_namespace *entry =
			spec_namespace_find(&birth->document.spec, namespace_names[i].type);

		if (!entry || !entry->path || !*entry->path)
			continue;
		if (!namespace_names[i].key)
			string_map_set(&options->join_ns, (char *)namespace_names[i].name,
				       entry->path, arena);
		else
			TRY(inherit_namespace(entry, namespace_names[i].key, joined, options, arena,
					      err));
	}
	return 0;
}

static int check_cgroup_namespace(const struct birth *birth, struct error *err)
{
	const struct spec_namespace *entry = spec_namespace_find(&birth->document.spec, "cgroup");

	if (!entry || !entry->path || !*entry->path)
		return 0;
	return fail(err, ENOTSUP, "criu cannot restore into the cgroup namespace \"%s\"",
		    entry->path);
}

static int name_mounts(const struct birth *birth, struct criu_options *options, struct error *err)
{
	auto_text struct text host = { 0 };

	if (!spec_namespace_find(&birth->document.spec, "mount"))
		return 0;
	TRY(file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MOST, &host, err));
	return external_prepare(&birth->plan, birth->rootfs, host.data,
				(struct arena *)&birth->arena, &options->external, err);
}

/* The file is an array alone. */
#define DESCRIPTORS_ROWS(ROW, T) ROW(T, strings, names, "names", none, required)
JSON_STRUCT(image_descriptors, DESCRIPTORS_ROWS);
JSON_SHAPE(image_descriptors, DESCRIPTORS_ROWS);

static int name_pipes(const struct image *image, struct arena *arena, struct criu_options *options,
		      struct error *err)
{
	struct image_descriptors descriptors;
	auto_text struct text file = { 0 };
	auto_text struct text object = { 0 };

	TRY(file_read(image->dir, IMAGE_DESCRIPTORS, DESCRIPTORS_MOST, &file, err));
	text_format(&object, "{\"names\":%s}", file.data);
	TRY(json_read(
		&(struct json_source){ object.data, object.length,
				       arena_format(arena, "%s/" IMAGE_DESCRIPTORS, image->path) },
		&image_descriptors_shape, &descriptors, arena, NULL, err));
	for (size_t i = 0; i < descriptors.names.count && i < 3; i++)
		if (text_starts(descriptors.names.items[i], "pipe:"))
			inherit(&options->inherit_fd, descriptors.names.items[i], (int)i, arena);
	return 0;
}

int restore_describe(const struct birth *birth, const struct image *image,
		     struct criu_options *options, struct joined_namespaces *joined,
		     struct error *err)
{
	TRY(check_cgroup_namespace(birth, err));
	TRY(name_pipes(image, (struct arena *)&birth->arena, options, err));
	TRY(join(birth, options, joined, err));
	return name_mounts(birth, options, err);
}

/* Lines "4:memory:/coffer/x", "0::/coffer/x". */
int restore_name_cgroups(pid_t pid, struct arena *arena, struct criu_options *options,
			 struct error *err)
{
	auto_text struct text text = { 0 };
	struct strings lines;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	TRY(file_read(AT_FDCWD, path, CGROUPS_MOST, &text, err));
	lines = strings_split(text.data, '\n', arena);
	for (size_t i = 0; i < lines.count; i++) {
		char *controller = strchr(lines.items[i], ':');
		char *place = controller ? strchr(controller + 1, ':') : NULL;

		if (!place)
			continue;
		*place = '\0';
		string_map_set(&options->cg_root, controller + 1, place + 1, arena);
	}
	return 0;
}

void joined_close(struct joined_namespaces *joined)
{
	while (joined->count > 0)
		close_fd(&joined->fds[--joined->count]);
}
