/* host_steps.h -- what the steps of side HOST share. */
#ifndef LAUNCH_HOST_STEPS_H
#define LAUNCH_HOST_STEPS_H

#include "launch_private.h"

struct host {
	const struct plan *plan;
	struct launched *launched;
	pid_t pid;
	int *slots;
	/* Mounts often have one map: the last one's namespace is kept. */
	const struct step *mapped;
	int mapping;
};

static inline const char *host_text(const struct host *host, const struct step *step,
				    unsigned index)
{
	return plan_text(host->plan, step->text[index]);
}

/* host_trees.c: OPEN_TREE, NEW_TREE, MAP_TREE. */
int host_open_tree(struct host *host, const struct step *step, struct error *err);
int host_new_tree(struct host *host, const struct step *step, struct error *err);
int host_map_tree(struct host *host, const struct step *step, struct error *err);

#endif
