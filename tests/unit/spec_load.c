/* spec_load.c -- reading documents: the specification's examples, defaults, places of errors. */
/* Before cmocka.h, which calls a macro "fail". */
#include "base/file.h"
#include "base/own.h"
#include "runtime/features.h"
#include "runtime/spec.h"
#include "runtime/spec_names.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct arena arena;

static char *data_folder(void)
{
	const char *top = getenv("top_srcdir");

	return arena_format(&arena, "%s/tests/unit/data/spec", top ? top : ".");
}

static struct spec_document load(const char *name)
{
	struct spec_document document;
	struct error err = { 0 };

	if (spec_load(data_folder(), name, &arena, &document, &err) < 0)
		fail_msg("%s: %s: %s", name, err.where, err.what);
	return document;
}

static struct spec_document load_text(const char *text)
{
	struct spec_document document;
	struct error err = { 0 };

	if (spec_load_text(text, strlen(text), "config.json", &arena, &document, &err) < 0)
		fail_msg("%s: %s", err.where, err.what);
	return document;
}

static void accepts(const char *name)
{
	struct spec_document document = load(name);
	struct error err = { 0 };

	if (spec_check(&document.spec, &err) < 0)
		fail_msg("%s: %s: %s", name, err.where, err.what);
	assert_int_equal(document.notes.unknown.count, 0);
}

static void the_examples_of_the_specification_are_accepted(void **state)
{
	accepts("minimal-for-start.json");
	accepts("config-md.json");
	accepts("everything.json");
	accepts("runc-spec.json");
	accepts("runc-spec-rootless.json");
}

static void documents_without_a_process_are_accepted(void **state)
{
	accepts("minimal.json");
	accepts("linux-rdma.json");
}

/* Good by the schema alone: the device would stay where it is. */
static void a_network_device_needs_a_network_namespace(void **state)
{
	struct spec_document document = load("linux-netdevice.json");
	struct error err = { 0 };

	assert_int_equal(spec_check(&document.spec, &err), -EINVAL);
	assert_string_equal(err.where, "linux.netDevices");
}

static void written(const struct spec *spec, struct text *out)
{
	json_write(&spec_shape, spec, true, out);
}

static void what_is_written_reads_the_same(void **state)
{
	struct spec_document first = load("everything.json");
	auto_text struct text once = { 0 }, twice = { 0 };
	struct spec_document second;

	written(&first.spec, &once);
	second = load_text(once.data);
	written(&second.spec, &twice);
	assert_string_equal(once.data, twice.data);
	assert_int_equal(second.notes.unknown.count, 0);
}

static void a_process_has_a_user_and_a_document_a_linux_section(void **state)
{
	struct spec_document document =
		load_text("{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\"}}");

	assert_non_null(document.spec.process->user);
	assert_int_equal(document.spec.process->user->uid, 0);
	assert_non_null(document.spec.linux_);
	assert_null(spec_namespace_find(&document.spec, "pid"));
}

static void unknown_keys_are_ignored_and_noted(void **state)
{
	struct spec_document document = load_text("{\"ociVersion\":\"1.0.0\",\"windows\":{},"
						  "\"linux\":{\"resourses\":{}}}");

	assert_int_equal(document.notes.unknown.count, 2);
	assert_true(strings_have(&document.notes.unknown, "windows"));
	assert_true(strings_have(&document.notes.unknown, "linux.resourses"));
}

static void absent_and_null_are_told_from_zero(void **state)
{
	struct spec_document document = load_text(
		"{\"ociVersion\":\"1.0.0\",\"linux\":{\"resources\":{\"pids\":{\"limit\":0},"
		"\"memory\":{\"limit\":null}}}}");

	assert_non_null(document.spec.linux_->resources->pids->limit);
	assert_int_equal(*document.spec.linux_->resources->pids->limit, 0);
	assert_null(document.spec.linux_->resources->memory->limit);
}

static void a_bundle_without_config_is_told_in_words_of_runc(void **state)
{
	struct spec_document document;
	struct error err = { 0 };

	assert_int_equal(spec_load("/", NULL, &arena, &document, &err), -ENOENT);
	assert_string_equal(err.what, "JSON specification file config.json not found in \"/\"");
}

static void a_missing_bundle_names_the_bundle(void **state)
{
	struct spec_document document;
	struct error err = { 0 };

	assert_int_equal(spec_load("/nonexistent/b", NULL, &arena, &document, &err), -ENOENT);
	assert_string_equal(err.what, "cannot open bundle \"/nonexistent/b\"");
}

static void a_config_that_is_too_large_is_not_read(void **state)
{
	char folder[] = "/tmp/spec_load.XXXXXX";
	struct spec_document document;
	struct error err = { 0 };
	const char *path;

	assert_non_null(mkdtemp(folder));
	path = arena_format(&arena, "%s/config.json", folder);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(truncate(path, SPEC_DOCUMENT_MOST + 1), 0);
	assert_int_equal(spec_load(folder, NULL, &arena, &document, &err), -EFBIG);
	unlink(path);
	rmdir(folder);
}

static void a_broken_rule_is_located(void **state)
{
	struct spec_document document = load_text("{\n\t\"ociVersion\": \"1.3.0\",\n"
						  "\t\"root\": { \"path\": \"r\" },\n"
						  "\t\"process\": { \"args\": [],\n"
						  "\t\t\"cwd\": \"x\" }\n}\n");
	struct error err = { 0 };

	assert_int_equal(spec_check(&document.spec, &err), -EINVAL);
	assert_string_equal(err.where, "process.cwd");
	assert_int_equal(spec_locate(&document, &err), -EINVAL);
	assert_string_equal(err.where, "config.json: process.cwd (line 5:10)");
	spec_locate(&document, &err); /* once is enough */
	assert_string_equal(err.where, "config.json: process.cwd (line 5:10)");
}

static void places_outside_the_document_are_left_alone(void **state)
{
	struct spec_document document = load_text("{\"ociVersion\":\"1.3.0\"}");
	struct error err = { .number = EIO, .where = "hooks of c1" };

	assert_int_equal(spec_locate(&document, &err), -EIO);
	assert_string_equal(err.where, "hooks of c1");
	err = (struct error){ .number = EINVAL, .where = "linux.seccomp" };
	spec_locate(&document, &err);
	assert_string_equal(err.where, "config.json: linux.seccomp (line 1:1)");
}

static void a_process_and_resources_are_checked_alone(void **state)
{
	struct spec_process process = { .cwd = (char *)"/" };
	struct spec_pids pids = { .limit = &(int64_t){ -5 } };
	struct spec_resources resources = { .pids = &pids };
	struct error err = { 0 };

	assert_int_equal(spec_check_process(&process, "", &err), -EINVAL);
	assert_string_equal(err.where, "args");
	assert_int_equal(spec_check_resources(&resources, "linux.resources", &err), -EINVAL);
	assert_string_equal(err.where, "linux.resources.pids.limit");
	assert_int_equal(spec_check_resources(NULL, "", NULL), 0);
	assert_int_equal(spec_check_process(NULL, "", NULL), -EINVAL);
}

static void a_sysctl_key_names_one_file(void **state)
{
	static const struct {
		const char *key, *path;
	} rows[] = {
		{ "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
		{ "net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding" },
		{ "net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding" },
		{ "kernel", "kernel" },
		{ "", NULL },
		{ ".", NULL },
		{ "net..ipv4", NULL },
		{ "net/../vm", NULL },
		{ "net.//.vm", NULL },
		{ "/net/x", NULL },
		{ "net/x/", NULL },
		{ "a.very.long.key.that.does.not.fit", NULL },
	};
	char path[34];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool sound = spec_sysctl_path(rows[i].key, path, sizeof(path) - !rows[i].path);

		assert_int_equal(sound, rows[i].path != NULL);
		if (sound)
			assert_string_equal(path, rows[i].path);
	}
}

static void capabilities_have_names_in_any_case(void **state)
{
	assert_int_equal(spec_capability_number("CAP_CHOWN"), 0);
	assert_int_equal(spec_capability_number("cap_bpf"), 39);
	assert_int_equal(spec_capability_number("sys_admin"), 21);
	assert_int_equal(spec_capability_number("CAP_"), -1);
	assert_int_equal(spec_capability_number("CAP_FOO"), -1);
	assert_int_equal(spec_capability_number(NULL), -1);
}

static void same_document(const char *name, bool rootless)
{
	struct spec_document peer = load(name);
	auto_text struct text ours = { 0 }, theirs = { 0 };

	/* What each runtime writes of itself. */
	peer.spec.oci_version = (char *)"1.0.2";
	peer.spec.hostname = (char *)"coffer";
	written(&peer.spec, &theirs);
	spec_example(rootless, 0, 0, &ours);
	assert_string_equal(ours.data, theirs.data);
}

static void the_example_is_that_of_runc(void **state)
{
	same_document("runc-spec.json", false);
	same_document("runc-spec-rootless.json", true);
}

static void the_rootless_example_maps_the_caller(void **state)
{
	auto_text struct text text = { 0 };
	struct spec_document document;
	struct error err = { 0 };

	spec_example(true, 1000, 1001, &text);
	document = load_text(text.data);
	assert_int_equal(document.spec.linux_->uid_mappings.items[0].host_id, 1000);
	assert_int_equal(document.spec.linux_->gid_mappings.items[0].host_id, 1001);
	assert_int_equal(spec_check(&document.spec, &err), 0);
}

static void features_claim_what_the_tables_know(void **state)
{
	struct features_build build = { .cgroup_v2 = true, .version = "1" };
	struct features_names names = { 0 };
	auto_text struct text text = { 0 };
	struct features features, again;
	struct json_notes notes = { 0 };

	features_fill(&build, &names, &arena, &features);
	json_write(&features_shape, &features, true, &text);
	assert_int_equal(json_read(&(struct json_source){ text.data, text.length, "features" },
				   &features_shape, &again, &arena, &notes, NULL),
			 0);
	assert_string_equal(again.oci_version_max, SPEC_VERSION);
	assert_int_equal(again.linux_->namespaces.count, 8);
	assert_int_equal(again.linux_->capabilities.count, 41);
	assert_false(*again.linux_->cgroup->v1);
	assert_true(*again.linux_->cgroup->v2);
	assert_null(again.linux_->memory_policy);
	assert_int_equal(again.mount_options.count, 0);
	assert_string_equal(string_map_get(&again.annotations, "org.coffer.version"), "1");
	assert_int_equal(notes.unknown.count, 0);
}

static void warnings_are_no_errors(void **state)
{
	struct spec_document document = load_text(
		"{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/"
		"\",\"args\":[\"a\"]},\"mounts\":[{"
		"\"destination\":\"proc\",\"type\":\"proc\"}],\"linux\":{\"intelRdt\":{"
		"\"l3CacheSchema\":\"L2:0=f\"}}}");
	struct error err = { 0 };

	assert_int_equal(spec_check(&document.spec, &err), 0);
}

static int forget(void **state)
{
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_specification_are_accepted),
		cmocka_unit_test(documents_without_a_process_are_accepted),
		cmocka_unit_test(a_network_device_needs_a_network_namespace),
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(a_process_has_a_user_and_a_document_a_linux_section),
		cmocka_unit_test(unknown_keys_are_ignored_and_noted),
		cmocka_unit_test(absent_and_null_are_told_from_zero),
		cmocka_unit_test(a_bundle_without_config_is_told_in_words_of_runc),
		cmocka_unit_test(a_missing_bundle_names_the_bundle),
		cmocka_unit_test(a_config_that_is_too_large_is_not_read),
		cmocka_unit_test(a_broken_rule_is_located),
		cmocka_unit_test(places_outside_the_document_are_left_alone),
		cmocka_unit_test(a_process_and_resources_are_checked_alone),
		cmocka_unit_test(a_sysctl_key_names_one_file),
		cmocka_unit_test(capabilities_have_names_in_any_case),
		cmocka_unit_test(the_example_is_that_of_runc),
		cmocka_unit_test(the_rootless_example_maps_the_caller),
		cmocka_unit_test(features_claim_what_the_tables_know),
		cmocka_unit_test(warnings_are_no_errors),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
