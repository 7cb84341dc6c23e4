/* sysctl.c -- which kernel parameters a container may set: those that are its namespaces' own.
 * Any other would be the host's. Which file a key names is decided once, here, for the checker and
 * the planner: "kernel.hostname" and "kernel/hostname" are the same rule. */
#include <string.h>

#include "base/text.h"
#include "check.h"

struct sysctl_rule {
	const char *path; /* below /proc/sys; with a '/' behind it: everything below */
	const char *namespace;
	const char *refusal; /* when the namespace is the host's */
};

#define HOST_IPC "is not allowed in the hosts ipc namespace"
#define HOST_NET "not allowed in host network namespace"
#define HOST_ALL "is not in a separate kernel namespace"

static const struct sysctl_rule sysctl_rules[] = {
	{ "kernel/msgmax", "ipc", HOST_IPC },
	{ "kernel/msgmnb", "ipc", HOST_IPC },
	{ "kernel/msgmni", "ipc", HOST_IPC },
	{ "kernel/msg_next_id", "ipc", HOST_IPC },
	{ "kernel/sem", "ipc", HOST_IPC },
	{ "kernel/sem_next_id", "ipc", HOST_IPC },
	{ "kernel/shmall", "ipc", HOST_IPC },
	{ "kernel/shmmax", "ipc", HOST_IPC },
	{ "kernel/shmmni", "ipc", HOST_IPC },
	{ "kernel/shm_next_id", "ipc", HOST_IPC },
	{ "kernel/shm_rmid_forced", "ipc", HOST_IPC },
	{ "fs/mqueue/", "ipc", HOST_IPC },
	{ "net/", "network", HOST_NET },
	{ "kernel/hostname", "uts", HOST_ALL },
	{ "kernel/domainname", "uts", HOST_ALL },
	{ "user/", "user", HOST_ALL },
};

static bool is_sound_component(const char *start, size_t length)
{
	return length > 0 && !(length == 1 && start[0] == '.') &&
	       !(length == 2 && start[0] == '.' && start[1] == '.');
}

static bool is_sound_path(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (!is_sound_component(path, length))
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

bool spec_sysctl_path(const char *key, char *path, size_t size)
{
	size_t first = strcspn(key, "./");
	bool dotted = key[first] == '.';
	size_t length = strlen(key);

	if (length >= size)
		return false;
	memcpy(path, key, length + 1);
	for (char *c = path; dotted && *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	return is_sound_path(path);
}

static bool rule_covers(const struct sysctl_rule *rule, const char *path)
{
	return text_ends(rule->path, "/") ? text_starts(path, rule->path)
					  : text_equal(path, rule->path);
}

static const struct sysctl_rule *rule_of(const char *path)
{
	for (size_t i = 0; i < sizeof(sysctl_rules) / sizeof(*sysctl_rules); i++)
		if (rule_covers(&sysctl_rules[i], path))
			return &sysctl_rules[i];
	return NULL;
}

static bool conflicts(const char *field, const char *path, const char *name)
{
	return field && field[0] && text_equal(text_after(path, "kernel/"), name);
}

static int check_key(const struct spec *spec, const char *key, const struct site *site,
		     struct error *err)
{
	const struct sysctl_rule *rule;
	char path[256];

	if (!spec_sysctl_path(key, path, sizeof(path)))
		return refuse(err, site, "invalid sysctl \"%s\"", key);
	rule = rule_of(path);
	if (!rule)
		return refuse(err, site, "sysctl \"%s\" " HOST_ALL, key);
	if (!has_namespace(spec, rule->namespace))
		return refuse(err, site, "sysctl \"%s\" %s", key, rule->refusal);
	if (conflicts(spec->hostname, path, "hostname") ||
	    conflicts(spec->domainname, path, "domainname"))
		return refuse(err, site,
			      "sysctl \"%s\" is not allowed as it conflicts with the OCI \"%s\" "
			      "field",
			      key, path + strlen("kernel/"));
	return 0;
}

int check_sysctl(const struct spec *spec, const struct site *site, struct error *err)
{
	const struct string_map *sysctl = &spec->linux_->sysctl;

	for (size_t i = 0; i < sysctl->count; i++)
		TRY(check_key(spec, sysctl->items[i].key, SITE(site, sysctl->items[i].key), err));
	return 0;
}
