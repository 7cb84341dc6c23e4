/* disabled.c -- the driver of --cgroup-manager disabled: there is no cgroup. */
#include "driver.h"

static int disabled_place(const struct cgroup_wish *wish, const struct facts *facts,
			  struct arena *arena, struct cgroup_place *place, struct error *err)
{
	return 0; /* place->path stays NULL */
}

const struct cgroup_driver cgroup_driver_disabled = {
	.name = "disabled",
	.place = disabled_place,
};
