/* check_linux.c -- rules of the linux section that need no namespace: devices, hidden paths,
 * propagation, personality, memory policy, RDT. */
#include <string.h>

#include "base/text.h"
#include "check.h"

enum {
	MAJOR_MOST = (1 << 12) - 1, /* the kernel's dev_t */
	MINOR_MOST = (1 << 20) - 1,
	MODE_MOST = 0177777, /* engines pass st_mode with the file type; only 07777 counts */
};

static int check_device(const struct spec_device *device, const struct site *site,
			struct error *err)
{
	const char *type = device->type;

	if (strlen(type) != 1 || !strchr("cubp", type[0]))
		return refuse(err, SITE(site, "type"), "invalid device type \"%s\"", type);
	TRY(check_absolute(device->path, SITE(site, "path"), err));
	if (type[0] != 'p') {
		TRY(check_range(device->major, 0, MAJOR_MOST, SITE(site, "major"), err));
		TRY(check_range(device->minor, 0, MINOR_MOST, SITE(site, "minor"), err));
	}
	if (device->file_mode)
		TRY(check_range(*device->file_mode, 0, MODE_MOST, SITE(site, "fileMode"), err));
	if (device->uid)
		TRY(check_id(*device->uid, SITE(site, "uid"), err));
	if (device->gid)
		TRY(check_id(*device->gid, SITE(site, "gid"), err));
	return 0;
}

static int check_devices(const struct spec_linux *linux_, const struct site *site,
			 struct error *err)
{
	for (size_t i = 0; i < linux_->devices.count; i++)
		TRY(check_device(&linux_->devices.items[i], SITE_INDEX(site, i), err));
	return 0;
}

static int check_propagation(const char *propagation, const struct site *site, struct error *err)
{
	if (!propagation || propagation[0] == '\0' ||
	    spec_name_known(spec_propagation_names, propagation))
		return 0;
	return refuse(err, site, "rootfsPropagation=%s is not supported", propagation);
}

static int check_personality(const struct spec_personality *personality, const struct site *site,
			     struct error *err)
{
	if (!personality)
		return 0;
	if (!personality->domain)
		return refuse(err, site, "a personality needs a domain");
	if (!spec_name_known(spec_personality_names, personality->domain))
		return refuse(err, SITE(site, "domain"), "invalid personality domain %s",
			      personality->domain);
	if (personality->flags.count) /* "Currently no flag values are supported." */
		return refuse(err, SITE_INDEX(SITE(site, "flags"), 0),
			      "unsupported personality flag \"%s\"", personality->flags.items[0]);
	return 0;
}

/* set_mempolicy(2): the modes that take no nodes, and those that cannot do without. */
static const char *const modes_without_nodes[] = { "MPOL_DEFAULT", "MPOL_LOCAL", NULL };
static const char *const modes_with_nodes[] = { "MPOL_BIND", "MPOL_INTERLEAVE",
						"MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED_MANY",
						NULL };

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (text_equal(name, *names))
			return true;
	return false;
}

static int check_memory_policy(const struct spec_memory_policy *policy, const struct site *site,
			       struct error *err)
{
	bool nodes;

	if (!policy)
		return 0;
	if (!policy->mode)
		return refuse(err, site, "a memory policy needs a mode");
	if (!spec_name_known(spec_memory_mode_names, policy->mode))
		return refuse(err, SITE(site, "mode"), "invalid memory policy mode: %s",
			      policy->mode);
	TRY(check_list(policy->nodes, true, SITE(site, "nodes"), err));
	TRY(check_names(&policy->flags, spec_memory_flag_names, "memory policy flag",
			SITE(site, "flags"), err));
	nodes = policy->nodes && policy->nodes[0];
	if (nodes && is_among(policy->mode, modes_without_nodes))
		return refuse(err, SITE(site, "nodes"), "%s takes no nodes", policy->mode);
	if (!nodes && is_among(policy->mode, modes_with_nodes))
		return refuse(err, site, "%s needs nodes", policy->mode);
	if (strings_have(&policy->flags, "MPOL_F_RELATIVE_NODES") &&
	    strings_have(&policy->flags, "MPOL_F_STATIC_NODES"))
		return refuse(err, SITE(site, "flags"),
			      "MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude each other");
	return 0;
}

static int check_schema(const char *line, const struct site *site, struct error *err)
{
	if (line && strchr(line, '\n'))
		return refuse(err, site, "a schema must not contain newlines");
	return 0;
}

/* "/" is the default class of service; any other name is one directory below resctrl. */
static int check_class(const char *name, const struct site *site, struct error *err)
{
	if (!name || text_equal(name, "/"))
		return 0;
	if (name[0] == '\0' || text_equal(name, ".") || text_equal(name, "..") || strchr(name, '/'))
		return refuse(err, site, "invalid intelRdt.ClosID \"%s\"", name);
	return 0;
}

static int check_intel_rdt(const struct spec_intel_rdt *rdt, const struct site *site,
			   struct error *err)
{
	if (!rdt)
		return 0;
	TRY(check_class(rdt->clos_id, SITE(site, "closID"), err));
	TRY(check_schema(rdt->l3_cache_schema, SITE(site, "l3CacheSchema"), err));
	TRY(check_schema(rdt->mem_bw_schema, SITE(site, "memBwSchema"), err));
	if (rdt->l3_cache_schema && !text_starts(rdt->l3_cache_schema, "L3:"))
		doubt(SITE(site, "l3CacheSchema"), "should start with \"L3:\"");
	if (rdt->mem_bw_schema && !text_starts(rdt->mem_bw_schema, "MB:"))
		return refuse(err, SITE(site, "memBwSchema"), "must start with \"MB:\"");
	for (size_t i = 0; i < rdt->schemata.count; i++)
		TRY(check_schema(rdt->schemata.items[i], SITE_INDEX(SITE(site, "schemata"), i),
				 err));
	return 0;
}

int spec_check_intel_rdt(const struct spec_intel_rdt *rdt, const char *where, struct error *err)
{
	return check_intel_rdt(rdt, SITE(NULL, where), err);
}

int check_linux(const struct spec *spec, const struct site *site, struct error *err)
{
	const struct spec_linux *linux_ = spec->linux_;

	TRY(check_devices(linux_, SITE(site, "devices"), err));
	TRY(check_propagation(linux_->rootfs_propagation, SITE(site, "rootfsPropagation"), err));
	TRY(check_absolutes(&linux_->masked_paths, SITE(site, "maskedPaths"), err));
	TRY(check_absolutes(&linux_->readonly_paths, SITE(site, "readonlyPaths"), err));
	TRY(check_personality(linux_->personality, SITE(site, "personality"), err));
	TRY(check_memory_policy(linux_->memory_policy, SITE(site, "memoryPolicy"), err));
	return check_intel_rdt(linux_->intel_rdt, SITE(site, "intelRdt"), err);
}
