/* cgroup_owner.c -- to whom a container's cgroup is given: the rules of config-linux.md "Cgroup
 * ownership". */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "runtime/cgroup.h"

#include <cmocka.h> /* after error.h, whose fail() it hides */

static const struct facts unified = { .cgroup_layout = CGROUP_UNIFIED };
static const struct facts hybrid = { .cgroup_layout = CGROUP_HYBRID };

#define NAMESPACE "{\"type\":\"cgroup\"}"
#define MOUNT                                                                                      \
	"{\"source\":\"cgroup\",\"type\":\"cgroup\",\"destination\":\"/sys/fs/"                    \
	"cgroup\",\"options\":["
#define MAPPED                                                                                     \
	"{\"type\":\"user\"}],\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1},"    \
	"{\"containerID\":1,\"hostID\":100000,\"size\":1000}"

/* The owner of a container like that; -1: it stays as it is. */
static int64_t owner_of(const struct facts *facts, const char *namespaces, const char *mount,
			unsigned uid)
{
	auto_arena struct arena arena = { 0 };
	struct spec_document document;
	struct error err = { 0 };
	uint32_t owner;
	const char *text = arena_format(
		&arena,
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\","
		"\"args\":[\"x\"],\"user\":{\"uid\":%u,\"gid\":0}},\"linux\":{\"namespaces\":[%s]},"
		"\"mounts\":[%s]}",
		uid, namespaces, mount);

	if (spec_load_text(text, strlen(text), "config.json", &arena, &document, &err) < 0)
		fail_msg("%s: %s", err.where, err.what);
	return cgroup_owner(&document.spec, facts, &owner) ? (int64_t)owner : -1;
}

static void a_writable_mount_in_a_new_cgroup_namespace_gives_it_to_the_user(void **state)
{
	assert_int_equal(owner_of(&unified, NAMESPACE, MOUNT "\"rw\"]}", 33), 33);
	assert_int_equal(owner_of(&unified, NAMESPACE, MOUNT "]}", 0), 0);
}

static void the_owner_is_the_hosts_id_of_the_user(void **state)
{
	assert_int_equal(owner_of(&unified, NAMESPACE "," MAPPED, MOUNT "]}", 0), 1000);
	assert_int_equal(owner_of(&unified, NAMESPACE "," MAPPED, MOUNT "]}", 1000), 100999);
}

static void a_user_that_is_not_mapped_gets_nothing(void **state)
{
	assert_int_equal(owner_of(&unified, NAMESPACE "," MAPPED, MOUNT "]}", 1001), -1);
	assert_int_equal(owner_of(&unified, NAMESPACE ",{\"type\":\"user\",\"path\":\"/ns\"}",
				  MOUNT "]}", 0),
			 -1);
}

static void a_readonly_or_another_mount_gives_nothing(void **state)
{
	assert_int_equal(owner_of(&unified, NAMESPACE, MOUNT "\"nosuid\",\"ro\"]}", 33), -1);
	assert_int_equal(owner_of(&unified, NAMESPACE, "", 33), -1);
	assert_int_equal(
		owner_of(&unified, NAMESPACE,
			 "{\"source\":\"cgroup\",\"type\":\"cgroup\",\"destination\":\"/c\"}", 33),
		-1);
}

static void a_shared_cgroup_namespace_gives_nothing(void **state)
{
	assert_int_equal(owner_of(&unified, "{\"type\":\"mount\"}", MOUNT "]}", 33), -1);
	assert_int_equal(
		owner_of(&unified, "{\"type\":\"cgroup\",\"path\":\"/ns\"}", MOUNT "]}", 33), -1);
}

static void v1_is_never_given_away(void **state)
{
	assert_int_equal(owner_of(&hybrid, NAMESPACE, MOUNT "]}", 33), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writable_mount_in_a_new_cgroup_namespace_gives_it_to_the_user),
		cmocka_unit_test(the_owner_is_the_hosts_id_of_the_user),
		cmocka_unit_test(a_user_that_is_not_mapped_gets_nothing),
		cmocka_unit_test(a_readonly_or_another_mount_gives_nothing),
		cmocka_unit_test(a_shared_cgroup_namespace_gives_nothing),
		cmocka_unit_test(v1_is_never_given_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
