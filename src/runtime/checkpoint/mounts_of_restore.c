/* mounts_of_restore.c -- where the host has what a dumped container's mounts show, and the places
 * they go on. Told by the plan, which says of every tree of the host's where it is attached. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/below.h"
#include "base/own.h"
#include "checkpoint_private.h"

static const char *text_of(const struct plan *plan, const struct step *step, unsigned index)
{
	return plan_text(plan, step->text[index]);
}

/* The step that clones the tree which `user` attaches; NULL: it uses none. */
static const struct step *tree_of(const struct plan *plan, const struct step *user)
{
	for (uint32_t i = 0; i < plan->header->step_count; i++) {
		const struct step *step = &plan->steps[i];

		if ((step->kind == STEP_OPEN_TREE || step->kind == STEP_CLONE_TREE) &&
		    step->slot == user->slot)
			return step;
	}
	return NULL;
}

struct external {
	struct strings *names;
	struct arena *arena;
};

static void add(const struct external *external, const char *name, const char *source)
{
	strings_add(external->names, arena_format(external->arena, "mnt[%s]:%s", name, source),
		    external->arena);
}

static void add_below(const struct mount_table *host, const char *target, const char *source,
		      const struct external *external)
{
	for (size_t i = 0; i < host->count; i++) {
		const char *rest = path_behind(host->items[i].place, source);

		if (rest && *rest)
			add(external, arena_format(external->arena, "%s%s", target, rest),
			    host->items[i].place);
	}
}

/* Where a tree is attached goes by two names: the plan's, and the kernel's, which knows no links.
 */
static void add_tree(const struct plan *plan, const struct step *attach, const char *place,
		     const struct mount_table *host, struct external *external)
{
	const struct step *tree = tree_of(plan, attach);
	const char *target = text_of(plan, attach, 0);
	auto_free char *resolved = realpath(text_of(plan, tree, 0), NULL);
	const char *source = resolved ? resolved : text_of(plan, tree, 0);

	add(external, target, source);
	if (tree->number[0]) /* recursive */
		add_below(host, target, source, external);
	if (text_equal(place, target))
		return;
	add(external, place, source);
	if (tree->number[0])
		add_below(host, place, source, external);
}

/* ---- places ---------------------------------------------------------------------------------- */

/* A plan on its way, with the kernel's name of each step's target. */
struct places {
	const struct plan *plan;
	const char *rootfs;
	const char **names;
	struct arena *arena;
};

/* What covers a place, as far as the plan has come: the mount with the longest path above it. */
static const struct step *cover_of(const struct places *places, uint32_t before, const char *target)
{
	const struct plan *plan = places->plan;
	const struct step *cover = NULL;
	size_t longest = 0;

	for (uint32_t i = 0; i < before; i++) {
		const struct step *step = &plan->steps[i];
		const char *above = text_of(plan, step, 0);
		const char *rest = step->kind == STEP_MOUNT || step->kind == STEP_ATTACH
					   ? path_behind(target, above)
					   : NULL;

		if (rest && *rest && strlen(above) >= longest) {
			cover = step;
			longest = strlen(above);
		}
	}
	return cover;
}

static const char *link_of(int fd, struct arena *arena)
{
	char link[32], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path));
	return length < 0 ? "" : arena_copy(arena, path, (size_t)length);
}

/* Make `path` below `root`, and tell where that really is. */
static int make_place(const struct places *places, const char *root, const char *path,
		      bool directory, const char **real, struct error *err)
{
	auto_close int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int made = -1;
	const char *rest;

	if (dir < 0)
		return fail_call(err, "open", "cannot make \"%s\" in \"%s\"", path, root);
	made = directory ? below_make_directory(dir, path, 0755) : below_make_file(dir, path, 0644);
	if (made < 0)
		return fail_number(err, made, "openat2", "cannot make \"%s\" in \"%s\"", path,
				   root);
	rest = path_behind(link_of(made, places->arena), link_of(dir, places->arena));
	*real = rest && *rest ? rest : path;
	return 0;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* What is covered by a file system that criu fills again, or by the kernel's, has its place there;
 * below a bind it is made in the bind's source. */
static int place_step(const struct places *places, uint32_t index, struct error *err)
{
	const struct plan *plan = places->plan;
	const struct step *step = &plan->steps[index];
	const char *target = text_of(plan, step, 0), *root = places->rootfs, *above = "";
	const struct step *tree = step->kind == STEP_ATTACH ? tree_of(plan, step) : NULL;
	const struct step *cover = cover_of(places, index, target);
	const char *real = target;

	places->names[index] = target;
	if ((cover && !(cover->kind == STEP_ATTACH && tree_of(plan, cover))) ||
	    (tree && step->number[0])) /* nofollow */
		return 0;
	if (cover) {
		target = path_behind(target, text_of(plan, cover, 0));
		above = places->names[cover - plan->steps];
		root = text_of(plan, tree_of(plan, cover), 0);
	}
	TRY(make_place(places, root, target, !tree || is_directory(text_of(plan, tree, 0)), &real,
		       err));
	places->names[index] = arena_format(places->arena, "%s%s", above, real);
	return 0;
}

int external_prepare(const struct plan *plan, const char *rootfs, const char *host_mountinfo,
		     struct arena *arena, struct strings *names, struct error *err)
{
	struct places places = { plan, rootfs, NULL, arena };
	struct external external = { names, arena };
	struct mount_table host;

	places.names = arena_array(arena, plan->header->step_count + 1, sizeof(*places.names));
	mountinfo_read(host_mountinfo, arena, &host);
	add(&external, "/dev/null", "/dev/null");
	for (uint32_t i = 0; i < plan->header->step_count; i++) {
		const struct step *step = &plan->steps[i];
		bool attaches = step->kind == STEP_ATTACH && tree_of(plan, step);

		if (step->kind != STEP_MOUNT && !attaches)
			continue;
		TRY(place_step(&places, i, err));
		if (attaches)
			add_tree(plan, step, places.names[i], &host, &external);
	}
	return 0;
}
