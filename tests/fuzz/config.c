/* config.c -- fuzz target: any bytes as config.json, through reader, writer, checker and planner.
 *
 * Beyond not crashing: what was read and written reads again, an accepted document gets a plan or
 * an error with a place, an error's place is found in the text. Built as a libFuzzer program by
 * tests/fuzz/run, and with replay.c as a test of `make check`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plan.h"
#include "runtime/spec.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

static const struct facts hosts[] = {
	{ .privileged = true,
	  .bounding = (1ull << 41) - 1,
	  .cgroup_layout = CGROUP_UNIFIED,
	  .cgroup_unified = "/sys/fs/cgroup",
	  .apparmor = true,
	  .selinux = true },
	{ .euid = 1000, .egid = 1000, .in_user_namespace = true },
};

static void insist(bool holds, const char *what)
{
	if (holds)
		return;
	fputs(what, stderr);
	fputc('\n', stderr);
	abort();
}

static void read_back(const struct spec *spec, struct arena *arena)
{
	auto_text struct text once = { 0 }, twice = { 0 };
	struct spec_document again;

	json_write(&spec_shape, spec, false, &once);
	insist(spec_load_text(once.data, once.length, "again", arena, &again, NULL) == 0,
	       "what was written does not read");
	json_write(&spec_shape, &again.spec, false, &twice);
	insist(!strcmp(once.data, twice.data), "what was written reads differently");
}

static void compile(const struct spec *spec, const struct facts *facts, struct arena *arena)
{
	struct plan_options options = { .id = "id",
					.bundle = "/bundle",
					.rootfs = "/bundle/rootfs",
					.cgroup_path = "/coffer/id",
					.state_head = "{\"pid\":",
					.state_tail = "}" };
	auto_text struct text printed = { 0 };
	struct error err = { 0 };
	struct plan plan;

	if (plan_create(spec, facts, &options, arena, &plan, &err) < 0) {
		insist(err.what[0] != '\0', "the planner fails without a word");
		return;
	}
	plan_print(&plan, false, &printed);
	plan_print(&plan, true, &printed);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
	auto_arena struct arena arena = { 0 };
	struct spec_document document;
	struct error err = { 0 };

	if (spec_load_text((const char *)bytes, length, "config.json", &arena, &document, &err) <
	    0) {
		insist(err.what[0] != '\0', "the reader fails without a word");
		return 0;
	}
	read_back(&document.spec, &arena);
	if (spec_check(&document.spec, &err) < 0) {
		insist(err.where[0] != '\0', "a broken rule has no place");
		spec_locate(&document, &err);
		return 0;
	}
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		compile(&document.spec, &hosts[i], &arena);
	return 0;
}
