/* key.c -- the name of a profile in the cache.
 *
 * Two profiles have the same name only if libseccomp makes the same program of them: everything
 * that it is given is hashed, in order, each string with the zero at its end and each list behind
 * its count, so that no two profiles have the same encoding. What it asks the kernel (which actions
 * there are) is covered by the kernel's release; which libseccomp it was, by the stamp in the file.
 */
#include <string.h>
#include <sys/utsname.h>

#include "profile.h"
#include "sha256.h"

static void add_number(struct sha256 *sha, uint64_t number)
{
	sha256_add(sha, &number, sizeof(number));
}

/* No string has a byte of 0xff: they are UTF-8. */
static void add_string(struct sha256 *sha, const char *string)
{
	const char *text = string ? string : "\xff";

	sha256_add(sha, text, strlen(text) + 1);
}

static void add_strings(struct sha256 *sha, const struct strings *list)
{
	add_number(sha, list->count);
	for (size_t i = 0; i < list->count; i++)
		add_string(sha, list->items[i]);
}

static void add_errno(struct sha256 *sha, const uint32_t *number)
{
	add_number(sha, number ? *number : UINT64_MAX);
}

static void add_rule(struct sha256 *sha, const struct spec_seccomp_syscall *rule)
{
	add_strings(sha, &rule->names);
	add_string(sha, rule->action);
	add_errno(sha, rule->errno_ret);
	add_number(sha, rule->args.count);
	for (size_t i = 0; i < rule->args.count; i++) {
		const struct spec_seccomp_arg *argument = &rule->args.items[i];

		add_number(sha, argument->index);
		add_number(sha, argument->value);
		add_number(sha, argument->value_two);
		add_string(sha, argument->op);
	}
}

static void add_host(struct sha256 *sha)
{
	struct utsname host = { 0 };

	uname(&host);
	add_string(sha, PACKAGE_VERSION);
	add_string(sha, host.release);
	add_string(sha, host.version);
	add_string(sha, host.machine);
}

void profile_name(const struct seccomp_request *request, uint32_t flags, char *name)
{
	const struct spec_seccomp *profile = request->profile;
	unsigned char digest[SHA256_SIZE];
	struct sha256 sha;

	sha256_start(&sha);
	add_host(&sha);
	add_string(&sha, profile->default_action);
	add_errno(&sha, profile->default_errno_ret);
	add_number(&sha, flags);
	add_number(&sha, request->unknown_fails);
	add_strings(&sha, &profile->architectures);
	add_number(&sha, profile->syscalls.count);
	for (size_t i = 0; i < profile->syscalls.count; i++)
		add_rule(&sha, &profile->syscalls.items[i]);
	sha256_finish(&sha, digest);
	sha256_hex(digest, name);
}
