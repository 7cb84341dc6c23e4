/* example.c -- the document that `coffer spec` writes: a shell in ./rootfs, as runc and crun have
 * it, so that it runs with them unchanged. It says 1.0.2, whose fields are all that it uses: crun
 * 1.8 reads no other. --rootless adapts it as runc does: a user namespace for this user alone, the
 * host's network, and nothing that needs the host's root. */
#include <string.h>

#include "base/text.h"
#include "runtime/spec.h"

/* The text as it stands; # keeps the quotes. */
#define DOCUMENT(...) #__VA_ARGS__

/* clang-format off */
static const char example[] = DOCUMENT({
	"ociVersion": "1.0.2",
	"process": {
		"terminal": true,
		"user": { "uid": 0, "gid": 0 },
		"args": [ "sh" ],
		"env": [
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"TERM=xterm"
		],
		"cwd": "/",
		"capabilities": {
			"bounding":  [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
			"effective": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
			"permitted": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
			"ambient":   [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ]
		},
		"rlimits": [ { "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 } ],
		"noNewPrivileges": true
	},
	"root": { "path": "rootfs", "readonly": true },
	"hostname": "coffer",
	"mounts": [
		{ "destination": "/proc", "type": "proc", "source": "proc" },
		{ "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
		  "options": [ "nosuid", "strictatime", "mode=755", "size=65536k" ] },
		{ "destination": "/dev/pts", "type": "devpts", "source": "devpts",
		  "options": [ "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
			       "gid=5" ] },
		{ "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
		  "options": [ "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" ] },
		{ "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
		  "options": [ "nosuid", "noexec", "nodev" ] },
		{ "destination": "/sys", "type": "sysfs", "source": "sysfs",
		  "options": [ "nosuid", "noexec", "nodev", "ro" ] },
		{ "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
		  "options": [ "nosuid", "noexec", "nodev", "relatime", "ro" ] }
	],
	"linux": {
		"resources": { "devices": [ { "allow": false, "access": "rwm" } ] },
		"namespaces": [
			{ "type": "pid" }, { "type": "network" }, { "type": "ipc" },
			{ "type": "uts" }, { "type": "mount" }
		],
		"maskedPaths": [
			"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
			"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
			"/proc/sched_debug", "/sys/firmware", "/proc/scsi"
		],
		"readonlyPaths": [
			"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"
		]
	}
});
/* clang-format on */

static struct spec_mount *find_mount(struct spec *spec, const char *destination)
{
	for (size_t i = 0; i < spec->mounts.count; i++)
		if (text_equal(spec->mounts.items[i].destination, destination))
			return &spec->mounts.items[i];
	return NULL;
}

/* The group of terminals is not mapped, so devpts cannot be told of it. */
static void drop_group_option(struct spec_mount *mount)
{
	struct strings *options = &mount->options;
	size_t kept = 0;

	for (size_t i = 0; i < options->count; i++)
		if (!text_starts(options->items[i], "gid="))
			options->items[kept++] = options->items[i];
	options->count = kept;
}

/* A new sysfs may only be mounted by who owns the network namespace: the host's is shown. */
static void bind_host_sysfs(struct spec_mount *mount, struct arena *arena)
{
	struct strings options = { 0 };

	strings_add(&options, arena_string(arena, "rbind"), arena);
	for (size_t i = 0; i < mount->options.count; i++)
		strings_add(&options, mount->options.items[i], arena);
	mount->type = arena_string(arena, "none");
	mount->source = arena_string(arena, "/sys");
	mount->options = options;
}

/* In the place of the network namespace, which is left to the host, comes a user namespace. */
static void trade_network_for_user(struct spec_linux *linux_, struct arena *arena)
{
	struct spec_namespace *items = linux_->namespaces.items;
	size_t last = linux_->namespaces.count - 1;

	for (size_t i = 0; i < last; i++)
		if (text_equal(items[i].type, "network"))
			memmove(&items[i], &items[i + 1], (last - i) * sizeof(*items));
	items[last] = (struct spec_namespace){ .type = arena_string(arena, "user") };
}

static struct spec_id_mapping *map_root_to(unsigned id, struct arena *arena)
{
	struct spec_id_mapping *mapping = arena_alloc(arena, sizeof(*mapping));

	*mapping = (struct spec_id_mapping){ .container_id = 0, .host_id = id, .size = 1 };
	return mapping;
}

static void adapt_to_rootless(struct spec *spec, unsigned uid, unsigned gid, struct arena *arena)
{
	drop_group_option(find_mount(spec, "/dev/pts"));
	bind_host_sysfs(find_mount(spec, "/sys"), arena);
	trade_network_for_user(spec->linux_, arena);
	spec->linux_->uid_mappings.items = map_root_to(uid, arena);
	spec->linux_->uid_mappings.count = 1;
	spec->linux_->gid_mappings.items = map_root_to(gid, arena);
	spec->linux_->gid_mappings.count = 1;
	spec->linux_->resources = NULL;
}

void spec_example(bool rootless, unsigned uid, unsigned gid, struct text *out)
{
	auto_arena struct arena arena = { 0 };
	struct spec spec;

	if (json_read(&(struct json_source){ example, sizeof(example) - 1, "example" }, &spec_shape,
		      &spec, &arena, NULL, NULL) < 0)
		return; /* not with the text above */
	if (rootless)
		adapt_to_rootless(&spec, uid, gid, &arena);
	json_write(&spec_shape, &spec, true, out);
}
