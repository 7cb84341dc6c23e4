/* dictionary.c -- print a libFuzzer dictionary of config.json: the keys of all rows, and the names
 * that values may have. */
#include <stdio.h>

#include "runtime/spec.h"
#include "runtime/spec_names.h"

static void print_keys(const struct json_shape *shape)
{
	for (size_t i = 0; i < shape->count; i++) {
		printf("\"\\\"%s\\\":\"\n", shape->fields[i].key);
		if (shape->fields[i].shape)
			print_keys(shape->fields[i].shape);
	}
}

static void print_names(const struct spec_name *names)
{
	for (; names->name; names++)
		printf("\"\\\"%s\\\"\"\n", names->name);
}

int main(void)
{
	const struct spec_name *const tables[] = {
		spec_namespace_names,        spec_rlimit_names,         spec_hook_names,
		spec_scheduler_policy_names, spec_scheduler_flag_names, spec_io_class_names,
		spec_personality_names,      spec_memory_mode_names,    spec_memory_flag_names,
		spec_propagation_names,      spec_clock_names,          spec_capability_names,
	};

	print_keys(&spec_shape);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		print_names(tables[i]);
	return 0;
}
