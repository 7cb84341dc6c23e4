/* seccomp.c -- linux.seccomp to a filter: out of the cache, or compiled and kept there. */
#include "cache.h"
#include "library.h"
#include "listener.h"
#include "profile.h"
#include "program.h"
#include "raw.h"
#include "runtime/security.h"

static const struct spec_seccomp no_profile;

static int compile(const struct library *library, const struct seccomp_request *request,
		   struct arena *arena, struct plan_filter *filter, struct error *err)
{
	TRY(program_compile(library, request, arena, filter, err));
	return listener_check(filter, err);
}

/* name: in the cache, or NULL. */
static int compile_and_keep(const struct seccomp_request *request, const char *name,
			    struct arena *arena, struct plan_filter *filter, struct error *err)
{
	auto_library struct library library = { 0 };
	struct library_stamp stamp;

	if (library_open(&library, err) < 0 || compile(&library, request, arena, filter, err) < 0)
		return fail_where(err, "linux.seccomp");
	if (name && library_stamp(&library, &stamp))
		cache_put(request->cache_dir, name, &stamp, filter);
	return 0;
}

static int take_raw(const struct seccomp_request *request, struct arena *arena,
		    struct plan_filter *filter, struct error *err)
{
	const struct spec_seccomp *profile = request->profile ? request->profile : &no_profile;

	TRY(profile_check_flags(profile, err));
	TRY(raw_take(request->raw, arena, filter, err));
	TRY(listener_check(filter, err));
	return profile_flags(profile, filter->notify, &filter->flags, err);
}

int seccomp_compile(const struct seccomp_request *request, struct arena *arena,
		    struct plan_filter *filter, struct error *err)
{
	const struct spec_seccomp *profile = request->profile;
	char name[PROFILE_NAME_SIZE];

	*filter = (struct plan_filter){ 0 };
	if (request->raw)
		return take_raw(request, arena, filter, err);
	if (profile_is_empty(profile))
		return 0;
	TRY(profile_check(profile, err));
	filter->notify = profile_notifies(profile);
	TRY(profile_flags(profile, filter->notify, &filter->flags, err));
	if (!cache_usable(request->cache_dir))
		return compile_and_keep(request, NULL, arena, filter, err);
	profile_name(request, filter->flags, name);
	if (cache_get(request->cache_dir, name, arena, filter))
		return 0;
	return compile_and_keep(request, name, arena, filter, err);
}
