/* seccomp_profile.c -- a seccomp profile from a file: docker's form, which says for which
 * architectures, capabilities and kernels a rule is meant, or config.json's, which does not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/json.h"
#include "bundle_private.h"
#include "image/oci.h"

#define PROFILE_LIMIT (4U << 20)

/* clang-format off */
#define FILTER_ROWS(ROW, T) \
	ROW(T, strings, caps,       "caps",      none, optional) \
	ROW(T, strings, arches,     "arches",    none, optional) \
	ROW(T, string,  min_kernel, "minKernel", none, optional)
JSON_STRUCT(profile_filter, FILTER_ROWS);
JSON_SHAPE(profile_filter, FILTER_ROWS);

#define RULE_ROWS(ROW, T) \
	ROW(T, string,     name,      "name",     none,             optional) \
	ROW(T, strings,    names,     "names",    none,             optional) \
	ROW(T, string,     action,    "action",   none,             required) \
	ROW(T, opt_uint32, errno_ret, "errnoRet", none,             optional) \
	ROW(T, objects,    args,      "args",     spec_seccomp_arg, optional) \
	ROW(T, object,     includes,  "includes", profile_filter,   optional) \
	ROW(T, object,     excludes,  "excludes", profile_filter,   optional)
JSON_STRUCT(profile_rule, RULE_ROWS);
JSON_SHAPE(profile_rule, RULE_ROWS);

#define ARCH_ROWS(ROW, T) \
	ROW(T, string,  architecture, "architecture",     none, required) \
	ROW(T, strings, kin,          "subArchitectures", none, optional)
JSON_STRUCT(profile_arch, ARCH_ROWS);
JSON_SHAPE(profile_arch, ARCH_ROWS);

#define PROFILE_ROWS(ROW, T) \
	ROW(T, string,     default_action,    "defaultAction",   none,         required) \
	ROW(T, opt_uint32, default_errno_ret, "defaultErrnoRet", none,         optional) \
	ROW(T, strings,    architectures,     "architectures",   none,         optional) \
	ROW(T, objects,    arch_map,          "archMap",         profile_arch, optional) \
	ROW(T, strings,    flags,             "flags",           none,         optional) \
	ROW(T, string,     listener_path,     "listenerPath",    none,         optional) \
	ROW(T, string,     listener_metadata, "listenerMetadata", none,        optional) \
	ROW(T, objects,    syscalls,          "syscalls",        profile_rule, optional)
JSON_STRUCT(profile, PROFILE_ROWS);
JSON_SHAPE(profile, PROFILE_ROWS);

/* This machine, by Go's name and by libseccomp's. */
static const struct {
	const char *go, *seccomp;
} here =
#if defined(__x86_64__)
	{ "amd64", "SCMP_ARCH_X86_64" };
#elif defined(__aarch64__)
	{ "arm64", "SCMP_ARCH_AARCH64" };
#elif defined(__riscv)
	{ "riscv64", "SCMP_ARCH_RISCV64" };
#elif defined(__powerpc64__)
	{ "ppc64le", "SCMP_ARCH_PPC64LE" };
#elif defined(__s390x__)
	{ "s390x", "SCMP_ARCH_S390X" };
#else
	{ "", "" };
#endif
/* clang-format on */

static bool kernel_is(const char *least)
{
	struct utsname name;
	unsigned have[2] = { 0 }, want[2] = { 0 };

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &have[0], &have[1]) != 2 ||
	    sscanf(least, "%u.%u", &want[0], &want[1]) < 1)
		return false;
	return have[0] != want[0] ? have[0] > want[0] : have[1] >= want[1];
}

static bool has_all(const struct strings *wanted, const struct strings *bounding)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!strings_have(bounding, wanted->items[i]))
			return false;
	return true;
}

static bool has_any(const struct strings *wanted, const struct strings *bounding)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strings_have(bounding, wanted->items[i]))
			return true;
	return false;
}

static bool is_meant(const struct profile_rule *rule, const struct strings *bounding)
{
	const struct profile_filter *in = rule->includes, *out = rule->excludes;

	if (in && ((in->arches.count && !strings_have(&in->arches, here.go)) ||
		   !has_all(&in->caps, bounding) || (in->min_kernel && !kernel_is(in->min_kernel))))
		return false;
	return !out ||
	       !((out->arches.count && strings_have(&out->arches, here.go)) ||
		 has_any(&out->caps, bounding) || (out->min_kernel && kernel_is(out->min_kernel)));
}

static void take_architectures(struct profile *profile, struct spec_seccomp *seccomp,
			       struct arena *arena)
{
	seccomp->architectures = profile->architectures;
	for (size_t i = 0; i < profile->arch_map.count; i++) {
		struct profile_arch *row = &profile->arch_map.items[i];

		if (strcmp(row->architecture, here.seccomp) != 0)
			continue;
		strings_add(&seccomp->architectures, row->architecture, arena);
		for (size_t k = 0; k < row->kin.count; k++)
			strings_add(&seccomp->architectures, row->kin.items[k], arena);
	}
}

static void take_rules(const struct profile *profile, const struct strings *bounding,
		       struct spec_seccomp *seccomp, struct arena *arena)
{
	seccomp->syscalls.items =
		arena_array(arena, profile->syscalls.count + 1, sizeof(*seccomp->syscalls.items));
	for (size_t i = 0; i < profile->syscalls.count; i++) {
		struct profile_rule *rule = &profile->syscalls.items[i];
		struct spec_seccomp_syscall *taken =
			&seccomp->syscalls.items[seccomp->syscalls.count];

		if (!is_meant(rule, bounding))
			continue;
		*taken = (struct spec_seccomp_syscall){ .names = rule->names,
							.action = rule->action,
							.errno_ret = rule->errno_ret };
		taken->args.items = rule->args.items;
		taken->args.count = rule->args.count;
		if (rule->name)
			strings_add(&taken->names, rule->name, arena);
		seccomp->syscalls.count++;
	}
}

int seccomp_read_profile(const char *path, const struct strings *bounding, struct arena *arena,
			 struct spec_seccomp **seccomp, struct error *err)
{
	auto_text struct text text = { 0 };
	struct profile profile;

	TRY(file_read(AT_FDCWD, path, PROFILE_LIMIT, &text, err));
	TRY(json_read(&(struct json_source){ text.data ? text.data : "", text.length, path },
		      &profile_shape, &profile, arena, NULL, err));
	*seccomp = arena_alloc(arena, sizeof(**seccomp));
	(*seccomp)->default_action = profile.default_action;
	(*seccomp)->default_errno_ret = profile.default_errno_ret;
	(*seccomp)->flags = profile.flags;
	(*seccomp)->listener_path = profile.listener_path;
	(*seccomp)->listener_metadata = profile.listener_metadata;
	take_architectures(&profile, *seccomp, arena);
	take_rules(&profile, bounding, *seccomp, arena);
	return 0;
}
