/* check.h -- inside spec/: how a broken rule is told, and the checks by topic.
 *
 * A check gets the site of what it looks at: a chain of JSON keys on the stack, written out only
 * when a rule is broken. It stops at the first broken rule. */
#ifndef SPEC_CHECK_H
#define SPEC_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "runtime/spec.h"
#include "runtime/spec_names.h"

struct site {
	const struct site *up; /* NULL at the top of the document */
	const char *key;       /* a member's name or a map's key; at the top a path; or NULL: */
	size_t index;          /* an array's element */
};

/* clang-format off */
#define SITE(up, key)         (&(const struct site){ up, key, 0 })
#define SITE_INDEX(up, index) (&(const struct site){ up, NULL, index })
/* clang-format on */

/* Report a broken rule, where: mounts[3].source, linux.sysctl["net.ipv4.ip_forward"].
 * Returns -EINVAL. */
int refuse(struct error *err, const struct site *site, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Warn of something doubtful. */
void doubt(const struct site *site, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Rules that several topics use. */
int check_absolute(const char *path, const struct site *site, struct error *err);
int check_absolutes(const struct strings *paths, const struct site *site, struct error *err);
int check_environment(const struct strings *env, const struct site *site, struct error *err);
int check_names(const struct strings *used, const struct spec_name *names, const char *what,
		const struct site *site, struct error *err);
/* "0-3,7"; `empty`: the empty list is one too. */
int check_list(const char *list, bool empty, const struct site *site, struct error *err);
int check_id(uint32_t id, const struct site *site, struct error *err);
int check_range(int64_t value, int64_t least, int64_t most, const struct site *site,
		struct error *err);
/* A network interface's name, as the kernel's dev_valid_name() has it. */
int check_interface_name(const char *name, const struct site *site, struct error *err);
/* … which may end with "%d", for a number that the kernel finds. */
int check_interface_template(const char *name, const struct site *site, struct error *err);

/* A namespace of that type is made or joined. */
bool has_namespace(const struct spec *spec, const char *type);

/* The topics. */
int check_process(const struct spec_process *process, const struct site *site, struct error *err);
int check_mounts(const struct spec *spec, struct error *err);
int check_hooks(const struct spec_hooks *hooks, const struct site *site, struct error *err);
int check_namespaces(const struct spec *spec, const struct site *site, struct error *err);
int check_linux(const struct spec *spec, const struct site *site, struct error *err);
int check_sysctl(const struct spec *spec, const struct site *site, struct error *err);
int check_resources(const struct spec_resources *resources, const struct site *site,
		    struct error *err);
int check_seccomp(const struct spec_seccomp *seccomp, const struct site *site, struct error *err);

struct spec_id_map {
	const struct spec_id_mapping *items;
	size_t count;
};
int check_id_mappings(struct spec_id_map map, const struct site *site, struct error *err);

#endif
