/* property.h -- properties of systemd's units, as they go over D-Bus: what a container's limits,
 * devices and annotations are to systemd. All of it is pure. */
#ifndef SYSTEMD_PROPERTY_H
#define SYSTEMD_PROPERTY_H

#include <stdbool.h>
#include <stdint.h>

#include "../devices.h"
#include "base/text.h"
#include "runtime/cgroup.h"

#define PROPERTY_INFINITY UINT64_MAX /* systemd's word for "no limit" */

union property_scalar {
	uint64_t number;  /* of the types y b n q i u x t */
	double real;      /* d */
	const char *text; /* s o g */
};

struct property {
	const char *name; /* "MemoryMax" */
	const char *type; /* D-Bus: a basic type, or an array of one, or of a struct of two */
	union property_scalar *scalars; /* in order, those of structs and arrays flattened */
	size_t count;
	const char *where; /* "linux.resources.memory.limit"; NULL: of no field */
	bool optional; /* a systemd that does not know it does without: it holds in the kernel */
};

struct properties {
	struct property *items;
	size_t count, room;
};

/* Append; the array grows in the arena, nothing else is copied. Returns it, for who says more. */
struct property *property_add(struct properties *list, struct arena *arena, const char *name,
			      const char *type);
/* Append a scalar to one. */
void property_number(struct property *property, struct arena *arena, uint64_t number);
void property_text(struct property *property, struct arena *arena, const char *text);
/* "MemoryMax=t 1048576", "IOWeight=a(st) /dev/block/8:0 200", for tests and messages. */
const char *property_words(const struct property *property, struct arena *arena);

/* variant.c: a value in GVariant's text format, of a basic type or an array of one: "true",
 * "uint64 5", "'text'", "['a', 'b']", "@as []". -EINVAL says what is wrong with it. */
int variant_parse(const char *text, struct arena *arena, struct property *property,
		  struct error *err);

/* limits.c: every limit that systemd knows, from the writes that set it in the kernel, so that
 * systemd sets the same whenever it sets anything. */
void properties_of_writes(const struct cgroup_writes *writes, struct arena *arena,
			  struct properties *list);

/* devices.c: DevicePolicy and DeviceAllow. Rules that deny after they allowed are none of
 * systemd's: then it is told to leave devices alone. */
void properties_of_devices(const struct device_rules *rules, struct arena *arena,
			   struct properties *list);

/* annotations.c: org.systemd.property.NAME = VALUE. What coffer itself decides, and what would run
 * programs or act on other units, is refused. */
int properties_of_annotations(const struct string_map *annotations, struct arena *arena,
			      struct properties *list, struct error *err);

#endif
