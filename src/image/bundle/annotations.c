/* annotations.c -- an image's labels and properties as annotations of the bundle.
 *
 * image-spec conversion.md "Annotation Fields": properties become org.opencontainers.image.*, a
 * label of the same key wins. Labels come from whoever built the image, while some annotations are
 * orders to a runtime or an engine; those are not passed on (CVE-2026-53488). */
#include <string.h>

#include "base/log.h"
#include "bundle_private.h"

/* Prefixes of keys that are obeyed, and by whom. */
static const char *const controls[] = {
	"run.oci.",                 /* crun: handlers, hooks' output, seccomp, mounts */
	"module.wasm.image/",       /* crun: runs the program by a wasm engine */
	"org.systemd.property.",    /* runc, crun: properties of the systemd unit */
	"org.criu.",                /* crun, runc: options of checkpoint and restore */
	"org.opencontainers.runc.", /* runc */
	"linux.timechange.",        /* offsets of clocks */
	"io.katacontainers.",       /* kata: the virtual machine's set-up */
	"dev.gvisor.",              /* gvisor: mounts, flags */
	"io.kubernetes.cri",        /* containerd, cri-o */
	"io.kubernetes.container.",
	"io.kubernetes.pod.",
	"io.kubernetes.cri-o.",
	"io.crio",
	"cri-o.",
	"io.containerd.",
	"containerd.io/",
	"io.podman.annotations.", /* podman: its own record of the container */
	"io.container.manager",
	"com.docker.",
	"nvidia.",        /* hooks that look at annotations */
	"cdi.k8s.io/",    /* container device interface: devices, mounts and hooks of the host */
	"io.containers.", /* oci-seccomp-bpf-hook: a file of the host to write to */
	"coffer.",        /* ours */
};

bool bundle_annotation_controls(const char *key)
{
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		if (text_starts(key, controls[i]))
			return true;
	return false;
}

static char *joined(const struct strings *list, struct arena *arena)
{
	auto_text struct text text = { 0 };

	for (size_t i = 0; i < list->count; i++)
		text_format(&text, "%s%s", i ? "," : "", list->items[i]);
	return text.length ? arena_string(arena, text.data) : NULL;
}

static char *exposed_ports(const struct oci_execution *execution, struct arena *arena)
{
	struct strings ports = { 0 };

	if (execution)
		ports = (struct strings){ execution->exposed_ports.keys,
					  execution->exposed_ports.count };
	return joined(&ports, arena);
}

static void add_properties(const struct oci_image_config *config, struct arena *arena,
			   struct string_map *annotations)
{
	const struct oci_execution *execution = config->config;
	const struct {
		const char *key;
		char *value;
	} rows[] = {
		{ "org.opencontainers.image.os", config->os },
		{ "org.opencontainers.image.architecture", config->architecture },
		{ "org.opencontainers.image.variant", config->variant },
		{ "org.opencontainers.image.os.version", config->os_version },
		{ "org.opencontainers.image.os.features", joined(&config->os_features, arena) },
		{ "org.opencontainers.image.author", config->author },
		{ "org.opencontainers.image.created", config->created },
		{ "org.opencontainers.image.stopSignal",
		  execution ? execution->stop_signal : NULL },
		{ "org.opencontainers.image.exposedPorts", exposed_ports(execution, arena) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value && *rows[i].value)
			string_map_set(annotations, arena_string(arena, rows[i].key), rows[i].value,
				       arena);
}

static void add_labels(const struct string_map *labels, struct arena *arena,
		       struct string_map *annotations)
{
	for (size_t i = 0; i < labels->count; i++) {
		struct string_pair *label = &labels->items[i];

		if (!*label->key || bundle_annotation_controls(label->key))
			log_warning("the image's label \"%s\" is not passed on: it would control "
				    "the runtime",
				    label->key);
		else
			string_map_set(annotations, label->key, label->value, arena);
	}
}

void annotations_compose(const struct oci_image_config *config, struct arena *arena,
			 struct string_map *annotations)
{
	add_properties(config, arena, annotations);
	if (config->config)
		add_labels(&config->config->labels, arena, annotations);
}
