/* check_hooks.c -- rules of the hooks (config.md "POSIX-platform Hooks"). */
#include "check.h"

static int check_hook(const struct spec_hook *hook, const struct site *site, struct error *err)
{
	TRY(check_absolute(hook->path, SITE(site, "path"), err));
	if (hook->timeout && *hook->timeout <= 0)
		return refuse(err, SITE(site, "timeout"), "timeout must be greater than zero");
	return check_environment(&hook->env, SITE(site, "env"), err);
}

static int check_list_of(const struct spec_hook *hooks, size_t count, const struct site *site,
			 struct error *err)
{
	for (size_t i = 0; i < count; i++)
		TRY(check_hook(&hooks[i], SITE_INDEX(site, i), err));
	return 0;
}

/* clang-format off */
#define CHECK(member, key) \
	TRY(check_list_of(hooks->member.items, hooks->member.count, SITE(site, key), err))
/* clang-format on */

int check_hooks(const struct spec_hooks *hooks, const struct site *site, struct error *err)
{
	if (!hooks)
		return 0;
	CHECK(prestart, "prestart");
	CHECK(create_runtime, "createRuntime");
	CHECK(create_container, "createContainer");
	CHECK(start_container, "startContainer");
	CHECK(poststart, "poststart");
	CHECK(poststop, "poststop");
	return 0;
}
