/* birth.h -- a container on its way: everything that must be undone when its birth fails. */
#ifndef LIFECYCLE_BIRTH_H
#define LIFECYCLE_BIRTH_H

#include "base/arena.h"
#include "runtime/cgroup.h"
#include "runtime/console.h"
#include "runtime/facts.h"
#include "runtime/launch.h"
#include "runtime/lifecycle.h"
#include "runtime/plan.h"
#include "runtime/resctrl.h"
#include "runtime/spec.h"
#include "runtime/state.h"

/* Compiled programs are kept beside the containers, in --root. */
#define CACHE_DIRECTORY ".cache"

struct birth {
	const struct create_request *request;
	struct arena arena;
	struct spec_document document;
	struct facts facts;
	const char *bundle; /* absolute, links resolved */
	const char *rootfs;
	struct cgroup_place place;
	struct cgroup_writes limits;
	struct plan_filter filter;
	struct plan plan;
	struct container container;
	bool claimed; /* the state directory is ours to remove */
	struct cgroup cgroup;
	bool has_cgroup;
	struct resctrl_group rdt;
	bool owes_poststop; /* hooks may have run that poststop undoes */
	int start_socket;
	struct launched launched;
};

#define BIRTH_NONE                                                                                 \
	{                                                                                          \
		.container = { .dir = -1, .lock = -1 }, .cgroup = { .unified_fd = -1 },            \
		.start_socket = -1, .launched = LAUNCHED_NONE,                                     \
	}

/* bundle.c: read, check and resolve the bundle; gather facts. Nothing is changed. */
int birth_read_bundle(struct birth *birth, const struct create_request *request, struct error *err);

/* birth.c, in this order. start_by_parent: `run`, no start socket. */
int birth_claim(struct birth *birth, struct error *err);
int birth_compile(struct birth *birth, bool start_by_parent, struct error *err);
int birth_make_cgroup(struct birth *birth, struct error *err);
/* What its cgroup is to be like; until the birth's end. */
struct cgroup_request birth_cgroup_request(struct birth *birth);
/* Up to PHASE_CREATED; the state is saved, runtime hooks have run. */
int birth_launch(struct birth *birth, struct error *err);

/* The program has our terminal, or its pty is relayed to it, until it ends; then the container is
 * deleted, unless the request keeps it. */
int birth_run_attached(struct birth *birth, struct foreground *foreground, int *exit_code,
		       struct error *err);

/* Kill, remove cgroup and state directory: whatever was reached. */
void birth_undo(struct birth *birth);
/* It lives: only close and free. */
void birth_finish(struct birth *birth);

#endif
