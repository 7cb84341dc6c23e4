/* seccomp.c -- linux.seccomp to a filter: out of the cache, or compiled and kept there. */
#include "cache.h"
#include "library.h"
#include "profile.h"
#include "program.h"
#include "runtime/security.h"

static int compile_and_keep(const struct spec_seccomp *profile, int cache_dir, const char *name,
			    struct arena *arena, struct plan_filter *filter, struct error *err)
{
	auto_library struct library library = { 0 };
	struct library_stamp stamp;

	if (library_open(&library, err) < 0)
		return fail_where(err, "linux.seccomp");
	TRY(program_compile(&library, profile, arena, filter, err));
	if (cache_dir >= 0 && library_stamp(&library, &stamp))
		cache_put(cache_dir, name, &stamp, filter);
	return 0;
}

int seccomp_compile(const struct spec_seccomp *profile, int cache_dir, struct arena *arena,
		    struct plan_filter *filter, struct error *err)
{
	char name[PROFILE_NAME_SIZE];

	*filter = (struct plan_filter){ 0 };
	if (profile_is_empty(profile))
		return 0;
	TRY(profile_check(profile, err));
	TRY(profile_flags(profile, &filter->flags, err));
	filter->notify = profile_notifies(profile);
	if (!cache_usable(cache_dir))
		return compile_and_keep(profile, -1, NULL, arena, filter, err);
	profile_name(profile, filter->flags, name);
	if (cache_get(cache_dir, name, arena, filter))
		return 0;
	return compile_and_keep(profile, cache_dir, name, arena, filter, err);
}
