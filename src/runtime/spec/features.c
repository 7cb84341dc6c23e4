/* features.c -- the features document: names from the tables that the checker and the planner use,
 * so that what is claimed is what is read. */
#include "runtime/features.h"

#include "runtime/spec.h"
#include "runtime/spec_annotations.h"
#include "runtime/spec_names.h"

/* clang-format off */
#define NEW(arena, type) ((struct type *)arena_alloc(arena, sizeof(struct type)))
/* clang-format on */

static bool *say(bool value, struct arena *arena)
{
	bool *said = arena_alloc(arena, sizeof(*said));

	*said = value;
	return said;
}

static struct features_switch *switch_of(bool enabled, struct arena *arena)
{
	struct features_switch *one = NEW(arena, features_switch);

	one->enabled = say(enabled, arena);
	return one;
}

static struct features_cgroup *cgroup_of(const struct features_build *build, struct arena *arena)
{
	struct features_cgroup *cgroup = NEW(arena, features_cgroup);

	cgroup->v1 = say(build->cgroup_v1, arena);
	cgroup->v2 = say(build->cgroup_v2, arena);
	cgroup->systemd = say(build->cgroup_systemd, arena);
	cgroup->systemd_user = say(build->cgroup_systemd_user, arena);
	cgroup->rdma = say(build->cgroup_rdma, arena);
	return cgroup;
}

static struct features_seccomp *seccomp_of(const struct features_build *build,
					   const struct features_names *names, struct arena *arena)
{
	struct features_seccomp *seccomp = NEW(arena, features_seccomp);

	seccomp->enabled = say(build->seccomp, arena);
	if (!build->seccomp)
		return seccomp;
	seccomp->actions = names->seccomp_actions;
	seccomp->operators = names->seccomp_operators;
	seccomp->archs = names->seccomp_archs;
	seccomp->known_flags = names->seccomp_flags;
	seccomp->supported_flags = names->seccomp_flags;
	return seccomp;
}

static struct features_memory_policy *memory_policy_of(struct arena *arena)
{
	struct features_memory_policy *policy = NEW(arena, features_memory_policy);

	policy->modes = spec_name_list(spec_memory_mode_names, arena);
	policy->flags = spec_name_list(spec_memory_flag_names, arena);
	return policy;
}

static struct features_intel_rdt *intel_rdt_of(const struct features_build *build,
					       struct arena *arena)
{
	struct features_intel_rdt *rdt = NEW(arena, features_intel_rdt);

	rdt->enabled = say(build->intel_rdt, arena);
	if (build->intel_rdt) {
		rdt->schemata = say(build->intel_rdt_schemata, arena);
		rdt->monitoring = say(build->intel_rdt_monitoring, arena);
	}
	return rdt;
}

static struct features_linux *linux_of(const struct features_build *build,
				       const struct features_names *names, struct arena *arena)
{
	struct features_linux *linux_ = NEW(arena, features_linux);

	linux_->namespaces = spec_name_list(spec_namespace_names, arena);
	linux_->capabilities = spec_name_list(spec_capability_names, arena);
	linux_->cgroup = cgroup_of(build, arena);
	linux_->seccomp = seccomp_of(build, names, arena);
	linux_->apparmor = switch_of(build->apparmor, arena);
	linux_->selinux = switch_of(build->selinux, arena);
	if (build->memory_policy)
		linux_->memory_policy = memory_policy_of(arena);
	linux_->intel_rdt = intel_rdt_of(build, arena);
	linux_->mount_extensions = NEW(arena, features_mount_extensions);
	linux_->mount_extensions->idmap = switch_of(build->idmap, arena);
	linux_->net_devices = switch_of(build->net_devices, arena);
	return linux_;
}

static void annotate(struct features *features, const char *key, const char *value,
		     struct arena *arena)
{
	if (value)
		string_map_set(&features->annotations, arena_string(arena, key),
			       arena_string(arena, value), arena);
}

static struct strings names_of(const char *const *names, struct arena *arena)
{
	struct strings list = { 0 };

	for (; *names; names++)
		strings_add(&list, arena_string(arena, *names), arena);
	return list;
}

void features_fill(const struct features_build *build, const struct features_names *names,
		   struct arena *arena, struct features *features)
{
	*features = (struct features){
		.oci_version_min = arena_string(arena, SPEC_VERSION_MIN),
		.oci_version_max = arena_string(arena, SPEC_VERSION),
		.hooks = spec_name_list(spec_hook_names, arena),
		.mount_options = names->mount_options,
		.linux_ = linux_of(build, names, arena),
		.potentially_unsafe_config_annotations = names_of(spec_annotation_names, arena),
	};
	annotate(features, "io.github.seccomp.libseccomp.version", build->libseccomp, arena);
	/* Engines look for runc's key before they offer checkpoints. */
	annotate(features, "org.opencontainers.runc.checkpoint.enabled",
		 build->checkpoint ? "true" : "false", arena);
	annotate(features, "org.coffer.version", build->version, arena);
}
