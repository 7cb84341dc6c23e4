/* cmd_features.c -- coffer features: what this build can do (features.md, features-linux.md). */
#include "base/json.h"
#include "base/standard.h"
#include "base/text.h"
#include "commands.h"
#include "runtime/features.h"
#include "runtime/plan.h"
#include "runtime/security.h"
#include "runtime/spec_names.h"

static struct strings mount_options(struct arena *arena)
{
	struct strings names = { 0 };

	for (const char *const *name = plan_mount_option_names; *name; name++)
		strings_add(&names, (char *)*name, arena);
	return names;
}

/* Prefixes too: what these do is not for whoever may name an image. */
static int run(const struct command_line *line, struct error *err)
{
	const struct features_build build = {
		.cgroup_v1 = true,
		.cgroup_v2 = true,
		.cgroup_systemd = true,
		.cgroup_systemd_user = true,
		.cgroup_rdma = true,
		.seccomp = true,
		.apparmor = true,
		.selinux = true,
		.memory_policy = true,
		.net_devices = true,
		.checkpoint = true,
		.idmap = true,
		.intel_rdt = true,
		.intel_rdt_schemata = true,
		.intel_rdt_monitoring = true,
		.version = PACKAGE_VERSION,
		.libseccomp = seccomp_library_version(),
	};
	const struct features_names names = {
		.mount_options = mount_options(line->arena),
		.seccomp_actions = spec_name_list(seccomp_action_names, line->arena),
		.seccomp_operators = spec_name_list(seccomp_operator_names, line->arena),
		.seccomp_archs = spec_name_list(seccomp_architecture_names, line->arena),
		.seccomp_flags = spec_name_list(seccomp_flag_names, line->arena),
	};
	auto_text struct text out = { 0 };
	struct features features;

	features_fill(&build, &names, line->arena, &features);
	json_write(&features_shape, &features, true, &out);
	return standard_print(out.data, out.length, err);
}

const struct command command_features = {
	.name = "features",
	.summary = "print what this build supports, as JSON",
	.arguments = "",
	.least = 0,
	.most = 0,
	.run = run,
};
