/* choose.c -- other directories than the container's own for a process that joins it: those that
 * `exec --cgroup` names, or those where another process is.
 *
 * A container may move its processes into cgroups below its own (systemd in a container does). Then
 * v2 takes no process into the container's own one, whose controllers it has passed on; whoever
 * joins follows the container's first process. So it does where the container's cgroup was removed
 * and its processes live elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/below.h"
#include "base/file.h"
#include "base/own.h"
#include "controllers.h"
#include "tree.h"

#define TABLE_MOST 65536

static bool leads_out(const char *path, struct arena *arena)
{
	struct strings names = strings_split(path, '/', arena);

	return strings_have(&names, "..");
}

/* From now on the tree is the directory `below` of the container's own. */
static int choose_below(struct cgroup *cgroup, struct cgroup_tree *tree, const char *below,
			struct arena *arena, struct error *err)
{
	const char *relative = below + strspn(below, "/");
	int dir;

	if (leads_out(below, arena))
		return fail(err, EINVAL, "--cgroup: \"%s\" leads out of the container's cgroup",
			    below);
	TRY(tree_open(tree, cgroup->path, err));
	if (tree->dir < 0)
		return fail(err, ENOENT, "the cgroup \"%s%s\" is gone", tree->mountpoint,
			    cgroup->path);
	if (!*relative)
		return 0;
	dir = below_open(tree->dir, relative, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (dir < 0)
		return fail_number(err, dir, "open", "--cgroup: cannot open the cgroup \"%s%s/%s\"",
				   tree->mountpoint, cgroup->path, relative);
	close_fd(&tree->dir);
	tree->dir = dir;
	if (tree->kind->unified)
		cgroup->unified_fd = dir;
	return 0;
}

static int choose_everywhere(struct cgroup *cgroup, const char *below, struct arena *arena,
			     struct error *err)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		TRY(choose_below(cgroup, &cgroup->trees[i], below, arena, err));
	return 0;
}

/* "cpu,memory:sub": one of its controllers. A hierarchy of several may be named by each. */
static int choose_for(struct cgroup *cgroup, char *controller, const char *below,
		      struct strings *chosen, struct arena *arena, struct error *err)
{
	struct cgroup_tree *tree = *controller ? tree_find(cgroup, controller) : NULL;

	if (!*controller)
		return fail(err, EINVAL, "--cgroup: a controller without a name before \":%s\"",
			    below);
	if (strings_have(chosen, controller))
		return fail(err, EINVAL, "--cgroup: controller %s is specified multiple times",
			    controller);
	if (!tree)
		return fail(err, EINVAL, "--cgroup: unknown controller %s%s", controller,
			    tree_unified(cgroup) && cgroup->tree_count == 1
				    ? " (cgroup v2 takes a path alone)"
				    : "");
	strings_add(chosen, controller, arena);
	if (strings_have(chosen, tree->mountpoint))
		return 0;
	strings_add(chosen, (char *)tree->mountpoint, arena);
	return choose_below(cgroup, tree, below, arena, err);
}

static int choose(struct cgroup *cgroup, const char *choice, bool alone, struct strings *chosen,
		  struct arena *arena, struct error *err)
{
	const char *colon = strchr(choice, ':');
	struct strings controllers;

	if (!colon && !alone)
		return fail(err, EINVAL, "--cgroup: \"%s\" has no CONTROLLER: before it", choice);
	if (!colon)
		return choose_everywhere(cgroup, choice, arena, err);
	controllers =
		strings_split(arena_copy(arena, choice, (size_t)(colon - choice)), ',', arena);
	for (size_t i = 0; i < controllers.count; i++)
		TRY(choose_for(cgroup, controllers.items[i], colon + 1, chosen, arena, err));
	return 0;
}

int cgroup_choose(struct cgroup *cgroup, const struct strings *choices, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct strings chosen = { 0 };

	for (size_t i = 0; cgroup->path && i < choices->count; i++)
		TRY(choose(cgroup, choices->items[i], choices->count == 1, &chosen, &arena, err));
	return 0;
}

/* The path of a line "4:cpu,cpuacct:/path" or "0::/path" that is about this tree, or NULL. */
static const char *path_in(const struct cgroup_tree *tree, char *line)
{
	char *controllers = strchr(line, ':'), *path;

	if (!controllers || !(path = strchr(controllers + 1, ':')))
		return NULL;
	*path++ = '\0';
	return text_equal(controllers + 1, tree->controllers) ? path : NULL;
}

static int follow_in(struct cgroup_tree *tree, const char *table, struct arena *arena,
		     struct error *err)
{
	struct strings lines = strings_split(table, '\n', arena);

	for (size_t i = 0; i < lines.count; i++) {
		const char *path = path_in(tree, arena_string(arena, lines.items[i]));
		int dir;

		if (!path || text_starts(path, "/.."))
			continue;
		dir = below_open(tree->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		if (dir < 0)
			return fail_number(err, dir, "open", "cannot open the cgroup \"%s%s\"",
					   tree->mountpoint, path);
		close_fd(&tree->dir);
		tree->dir = dir;
		return 0;
	}
	return fail(err, ENOENT, "the container's cgroup below \"%s\" is gone", tree->mountpoint);
}

bool cgroup_gone(const struct cgroup *cgroup)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		if (tree_open(&cgroup->trees[i], cgroup->path, NULL) < 0 ||
		    cgroup->trees[i].dir >= 0)
			return false;
	return cgroup->path != NULL;
}

int cgroup_follow(struct cgroup *cgroup, pid_t pid, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text table = { 0 };
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	TRY(file_read(AT_FDCWD, name, TABLE_MOST, &table, err));
	for (unsigned i = 0; i < cgroup->tree_count; i++) {
		TRY(tree_open(&cgroup->trees[i], cgroup->path, err)); /* opens the root */
		TRY(follow_in(&cgroup->trees[i], table.data, &arena, err));
	}
	if (tree_unified(cgroup))
		cgroup->unified_fd = tree_unified(cgroup)->dir;
	return 0;
}
