/* bundle_compose.c -- image-spec conversion.md, rule by rule. */
/* Before cmocka.h, which calls a macro "fail". */
#include "image/bundle.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct oci_execution execution;
static struct oci_image_config config;
static struct bundle_user user;
static struct bundle_host host;
static struct bundle_input input;
static struct arena arena;
static struct spec spec;
static struct error err;

static int set_up(void **state)
{
	memset(&execution, 0, sizeof(execution));
	memset(&spec, 0, sizeof(spec));
	config = (struct oci_image_config){ .config = &execution,
					    .os = "linux",
					    .architecture = "amd64" };
	user = (struct bundle_user){ .home = "/root" };
	host = (struct bundle_host){ 0 };
	input = (struct bundle_input){ .config = &config, .user = &user, .host = &host };
	err = (struct error){ 0 };
	strings_add(&execution.cmd, "sh", &arena);
	return 0;
}

static int tear_down(void **state)
{
	arena_free(&arena);
	return 0;
}

static void compose(void)
{
	if (bundle_compose(&input, &arena, &spec, &err) < 0)
		fail_msg("%s", err.what);
}

static const char *annotation(const char *key)
{
	return string_map_get(&spec.annotations, key);
}

static bool have_namespace(const char *type)
{
	for (size_t i = 0; i < spec.linux_->namespaces.count; i++)
		if (!strcmp(spec.linux_->namespaces.items[i].type, type))
			return true;
	return false;
}

static void cmd_follows_entrypoint(void **state)
{
	strings_add(&execution.entrypoint, "/entry", &arena);
	compose();
	assert_int_equal(spec.process->args.count, 2);
	assert_string_equal(spec.process->args.items[0], "/entry");
	assert_string_equal(spec.process->args.items[1], "sh");
}

static void a_given_command_replaces_cmd_alone(void **state)
{
	strings_add(&execution.entrypoint, "/entry", &arena);
	strings_add(&input.command, "given", &arena);
	compose();
	assert_string_equal(spec.process->args.items[0], "/entry");
	assert_string_equal(spec.process->args.items[1], "given");
	assert_int_equal(spec.process->args.count, 2);
}

static void no_command_is_an_error_with_a_hint(void **state)
{
	execution.cmd = (struct strings){ 0 };
	assert_int_equal(bundle_compose(&input, &arena, &spec, &err), -EINVAL);
	assert_string_equal(err.what, "the image names no command to run");
	assert_true(err.hint[0] != '\0');
}

static void env_takes_key_value_only(void **state)
{
	strings_add(&execution.env, "PATH=/x", &arena);
	strings_add(&execution.env, "AWS_SECRET", &arena);
	strings_add(&execution.env, "AWS_*", &arena);
	strings_add(&execution.env, "=x", &arena);
	strings_add(&execution.env, "EMPTY=", &arena);
	compose();
	assert_int_equal(spec.process->env.count, 3);
	assert_string_equal(spec.process->env.items[0], "PATH=/x");
	assert_string_equal(spec.process->env.items[1], "EMPTY=");
	assert_string_equal(spec.process->env.items[2], "HOME=/root");
}

static void path_is_added_when_the_image_has_none(void **state)
{
	strings_add(&execution.env, "HOME=/own", &arena);
	compose();
	assert_int_equal(spec.process->env.count, 2);
	assert_true(text_starts(spec.process->env.items[0], "PATH=/usr/local/sbin:"));
	assert_string_equal(spec.process->env.items[1], "HOME=/own");
}

static void the_working_directory_is_absolute(void **state)
{
	compose();
	assert_string_equal(spec.process->cwd, "/");
	execution.working_dir = "/srv/app";
	compose();
	assert_string_equal(spec.process->cwd, "/srv/app");
	execution.working_dir = "srv";
	compose();
	assert_string_equal(spec.process->cwd, "/srv");
}

static void properties_become_annotations(void **state)
{
	config.author = "somebody";
	config.created = "2024-01-01T00:00:00Z";
	config.variant = "v8";
	execution.stop_signal = "SIGQUIT";
	compose();
	assert_string_equal(annotation("org.opencontainers.image.os"), "linux");
	assert_string_equal(annotation("org.opencontainers.image.architecture"), "amd64");
	assert_string_equal(annotation("org.opencontainers.image.variant"), "v8");
	assert_string_equal(annotation("org.opencontainers.image.author"), "somebody");
	assert_string_equal(annotation("org.opencontainers.image.created"), config.created);
	assert_string_equal(annotation("org.opencontainers.image.stopSignal"), "SIGQUIT");
	assert_null(annotation("org.opencontainers.image.os.version"));
}

static void exposed_ports_become_one_annotation(void **state)
{
	char *ports[] = { "80/tcp", "53/udp" };

	execution.exposed_ports.keys = ports;
	execution.exposed_ports.count = 2;
	compose();
	assert_string_equal(annotation("org.opencontainers.image.exposedPorts"), "80/tcp,53/udp");
}

static void labels_win_over_properties(void **state)
{
	string_map_set(&execution.labels, "org.opencontainers.image.os", "mine", &arena);
	string_map_set(&execution.labels, "any.other", "label", &arena);
	compose();
	assert_string_equal(annotation("org.opencontainers.image.os"), "mine");
	assert_string_equal(annotation("any.other"), "label");
}

static void labels_that_control_a_runtime_are_left_out(void **state)
{
	static const char *const keys[] = { "run.oci.hooks.stdout",
					    "org.systemd.property.TimeoutStopUSec",
					    "io.katacontainers.config.hypervisor.path",
					    "module.wasm.image/variant", "org.criu.config" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		string_map_set(&execution.labels, arena_string(&arena, keys[i]), "x", &arena);
	compose();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_true(bundle_annotation_controls(keys[i]));
		assert_null(annotation(keys[i]));
	}
	assert_false(bundle_annotation_controls("org.opencontainers.image.title"));
}

static void root_gets_dockers_capabilities_none_inheritable(void **state)
{
	compose();
	assert_int_equal(spec.process->capabilities->bounding.count, 14);
	assert_int_equal(spec.process->capabilities->effective.count, 14);
	assert_int_equal(spec.process->capabilities->inheritable.count, 0);
	assert_int_equal(spec.process->capabilities->ambient.count, 0);
}

static void others_get_capabilities_by_programs_only(void **state)
{
	user.uid = 1000;
	compose();
	assert_int_equal(spec.process->capabilities->bounding.count, 14);
	assert_int_equal(spec.process->capabilities->effective.count, 0);
	assert_int_equal(spec.process->capabilities->permitted.count, 0);
}

static void root_has_no_user_namespace_and_denies_devices(void **state)
{
	compose();
	assert_false(have_namespace("user"));
	assert_true(have_namespace("cgroup"));
	assert_int_equal(spec.linux_->resources->devices.count, 1);
	assert_false(spec.linux_->resources->devices.items[0].allow);
	assert_int_equal(spec.process->rlimits.count, 0);
	assert_false(spec.process->terminal);
}

static void rootless_maps_the_caller_alone_without_ranges(void **state)
{
	host = (struct bundle_host){ .rootless = true, .uid = 1000, .gid = 1001 };
	compose();
	assert_true(have_namespace("user"));
	assert_null(spec.linux_->resources);
	assert_int_equal(spec.linux_->uid_mappings.count, 1);
	assert_int_equal(spec.linux_->uid_mappings.items[0].host_id, 1000);
	assert_int_equal(spec.linux_->gid_mappings.items[0].host_id, 1001);
	for (size_t i = 0; i < spec.mounts.count; i++)
		assert_false(strings_have(&spec.mounts.items[i].options, "gid=5"));
}

static void rootless_maps_ranges_behind_the_caller(void **state)
{
	host = (struct bundle_host){ .rootless = true,
				     .uid = 1000,
				     .gid = 1000,
				     .sub_uid = { 1, 100000, 65536 },
				     .sub_gid = { 1, 200000, 65536 } };
	user.uid = user.gid = 65536;
	compose();
	assert_int_equal(spec.linux_->uid_mappings.count, 2);
	assert_int_equal(spec.linux_->uid_mappings.items[1].container_id, 1);
	assert_int_equal(spec.linux_->uid_mappings.items[1].host_id, 100000);
	assert_int_equal(spec.linux_->gid_mappings.items[1].host_id, 200000);
}

static void a_user_without_a_map_is_an_error(void **state)
{
	host = (struct bundle_host){ .rootless = true, .uid = 1000, .gid = 1000 };
	user.uid = 5;
	assert_int_equal(bundle_compose(&input, &arena, &spec, &err), -EINVAL);
	assert_string_equal(err.what, "the image's user 5:0 has no id on this host");
}

static void what_is_composed_passes_the_runtimes_checks(void **state)
{
	input.hostname = "demo";
	compose();
	if (spec_check(&spec, &err) < 0)
		fail_msg("%s: %s", err.where, err.what);
	host = (struct bundle_host){ .rootless = true, .uid = 1000, .gid = 1000 };
	compose();
	if (spec_check(&spec, &err) < 0)
		fail_msg("%s: %s", err.where, err.what);
}

static void an_image_without_config_needs_a_command_only(void **state)
{
	config.config = NULL;
	strings_add(&input.command, "/bin/true", &arena);
	compose();
	assert_string_equal(spec.process->args.items[0], "/bin/true");
	assert_string_equal(spec.process->cwd, "/");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cmd_follows_entrypoint),
		TEST(a_given_command_replaces_cmd_alone),
		TEST(no_command_is_an_error_with_a_hint),
		TEST(env_takes_key_value_only),
		TEST(path_is_added_when_the_image_has_none),
		TEST(the_working_directory_is_absolute),
		TEST(properties_become_annotations),
		TEST(exposed_ports_become_one_annotation),
		TEST(labels_win_over_properties),
		TEST(labels_that_control_a_runtime_are_left_out),
		TEST(root_gets_dockers_capabilities_none_inheritable),
		TEST(others_get_capabilities_by_programs_only),
		TEST(root_has_no_user_namespace_and_denies_devices),
		TEST(rootless_maps_the_caller_alone_without_ranges),
		TEST(rootless_maps_ranges_behind_the_caller),
		TEST(a_user_without_a_map_is_an_error),
		TEST(what_is_composed_passes_the_runtimes_checks),
		TEST(an_image_without_config_needs_a_command_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
