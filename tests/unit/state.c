/* state.c -- state directories: who owns an id, what is read back, and that no signal goes to a
 * process that merely has the pid of a container's. */
/* Before cmocka.h, which calls a macro "fail". */
#include "runtime/state.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char root[64];
	struct arena arena;
	struct error err;
};

static int wait_status(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

/* ---- roots and ids --------------------------------------------------------------------------- */

static void a_root_that_is_given_is_made_absolute(void **state)
{
	struct place *place = *state;
	char here[4096];

	assert_string_equal(state_root("/x/y", &place->arena), "/x/y");
	assert_non_null(getcwd(here, sizeof(here)));
	strcat(here, "/x");
	assert_string_equal(state_root("x", &place->arena), here);
}

static void root_s_own_is_in_run_even_with_an_empty_XDG_RUNTIME_DIR(void **state)
{
	struct place *place = *state;

	if (geteuid() != 0)
		skip();
	setenv("XDG_RUNTIME_DIR", "", 1);
	assert_string_equal(state_root("", &place->arena), "/run/coffer");
	unsetenv("XDG_RUNTIME_DIR");
	assert_string_equal(state_root(NULL, &place->arena), "/run/coffer");
}

static void in_a_user_namespace_it_is_in_XDG_RUNTIME_DIR(void **state)
{
	struct place *place = *state;
	pid_t child = fork();
	int status;

	if (child == 0) {
		setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
		if (unshare(CLONE_NEWUSER) < 0)
			_exit(2);
		_exit(strcmp(state_root("", &place->arena), "/run/user/7/coffer") != 0);
	}
	status = wait_status(child);
	if (status == 2)
		skip();
	assert_int_equal(status, 0);
}

static bool is_sticky(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & S_ISVTX;
}

static void only_a_root_below_XDG_RUNTIME_DIR_is_kept_from_cleaners(void **state)
{
	struct place *place = *state;
	char *runtime = arena_format(&place->arena, "%s/run", place->root);
	char *below = arena_format(&place->arena, "%s/run/coffer", place->root);
	char *beside = arena_format(&place->arena, "%s/run-too/coffer", place->root);
	struct container container;

	setenv("XDG_RUNTIME_DIR", runtime, 1);
	assert_int_equal(state_claim(below, "a", &container, &place->err), 0);
	assert_int_equal(state_remove(&container, &place->err), 0);
	state_close(&container);
	assert_int_equal(state_claim(beside, "a", &container, &place->err), 0);
	assert_int_equal(state_remove(&container, &place->err), 0);
	state_close(&container);
	unsetenv("XDG_RUNTIME_DIR");
	assert_true(is_sticky(below));
	assert_false(is_sticky(beside));
}

static void ids_are_those_of_runc(void **state)
{
	struct place *place = *state;
	const char *const good[] = { "a", "A-1_2.3+4", "-x", "_", "a..b", "0" };
	const char *const bad[] = { "",        ".",   "..",  "../x",    "a/b",
				    ".hidden", "a b", "a\n", "\xc3\xa4" };
	char longest[NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(state_check_id(good[i], NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(state_check_id(bad[i], &place->err), -EINVAL);
		assert_string_equal(place->err.what, "invalid container ID format");
	}
	memset(longest, 'x', sizeof(longest));
	longest[NAME_MAX + 1] = '\0';
	assert_int_equal(state_check_id(longest, NULL), -EINVAL);
	longest[NAME_MAX] = '\0';
	assert_int_equal(state_check_id(longest, NULL), 0);
}

/* ---- claims ---------------------------------------------------------------------------------- */

static void claim(struct place *place, const char *id, struct container *container)
{
	assert_int_equal(state_claim(place->root, id, container, &place->err), 0);
}

static void an_id_is_claimed_once(void **state)
{
	struct place *place = *state;
	struct container first, second;

	claim(place, "c1", &first);
	assert_int_equal(state_claim(place->root, "c1", &second, &place->err), -EEXIST);
	assert_string_equal(place->err.what, "container with given ID already exists");
	assert_string_equal(place->err.where, "c1");
	assert_int_equal(state_remove(&first, NULL), 0);
	state_close(&first);
	claim(place, "c1", &second);
	state_close(&second);
}

static void of_many_claims_at_once_one_wins(void **state)
{
	struct place *place = *state;
	enum { COUNT = 8 };
	pid_t children[COUNT];
	int winners = 0;

	for (int i = 0; i < COUNT; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct container container;

			_exit(state_claim(place->root, "c1", &container, NULL) == 0);
		}
	}
	for (int i = 0; i < COUNT; i++)
		winners += wait_status(children[i]);
	assert_int_equal(winners, 1);
}

static void the_directories_are_not_for_others(void **state)
{
	struct place *place = *state;
	struct container container;
	struct stat status;

	claim(place, "c1", &container);
	assert_int_equal(fstat(container.dir, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(stat(place->root, &status), 0);
	assert_int_equal(status.st_mode & 0066, 0);
	state_close(&container);
}

static void what_was_saved_is_read_back(void **state)
{
	struct place *place = *state;
	struct string_pair annotation = { (char *)"k", (char *)"v\"\n" };
	struct container container, again;

	claim(place, "c1", &container);
	container.state.bundle = (char *)"/b";
	container.state.pid = 4422;
	container.state.start_time = UINT64_MAX;
	container.state.pidfd_inode = 1ull << 63;
	container.state.annotations = (struct string_map){ &annotation, 1 };
	assert_int_equal(state_save(&container, &place->err), 0);
	assert_int_equal(state_open(place->root, "c1", false, &place->arena, &again, &place->err),
			 0);
	assert_string_equal(again.state.id, "c1");
	assert_string_equal(again.state.bundle, "/b");
	assert_int_equal(again.state.pid, 4422);
	assert_true(again.state.start_time == UINT64_MAX);
	assert_true(again.state.pidfd_inode == 1ull << 63);
	assert_string_equal(string_map_get(&again.state.annotations, "k"), "v\"\n");
	state_close(&again);
	state_close(&container);
}

static void not_there(struct place *place, const char *id)
{
	struct container container;

	place->err = (struct error){ 0 };
	assert_int_equal(state_open(place->root, id, true, &place->arena, &container, &place->err),
			 -ENOENT);
	assert_string_equal(place->err.what, "container does not exist");
	assert_string_equal(place->err.where, id);
	assert_int_equal(container.dir, -1);
	assert_int_equal(container.lock, -1);
}

static void a_missing_container_and_a_bad_id_do_not_exist(void **state)
{
	struct place *place = *state;
	struct container container;

	not_there(place, "c1");
	claim(place, "c2", &container);
	state_close(&container);
	not_there(place, "c1");
	not_there(place, "../c2");
	not_there(place, "");
}

static void broken_state_names_file_and_place(void **state)
{
	struct place *place = *state;
	struct container container, again;

	claim(place, "c1", &container);
	file_replace(container.dir, "state.json",
		     &(struct file_content){ "{\"id\": 1}", 9, 0600, false }, NULL);
	assert_int_equal(state_open(place->root, "c1", false, &place->arena, &again, &place->err),
			 -EINVAL);
	assert_non_null(strstr(place->err.where, "state.json"));
	state_close(&container);
}

static void a_half_made_container_can_be_removed_once_its_creator_is_gone(void **state)
{
	struct place *place = *state;
	struct container container;

	claim(place, "c1", &container);
	not_there(place, "c2");
	assert_int_equal(state_remove_remains(place->root, "c1", &place->err), -EBUSY);
	state_unlock(&container);
	assert_int_equal(state_remove_remains(place->root, "c1", &place->err), 0);
	assert_int_equal(state_remove_remains(place->root, "c1", &place->err), 0);
	not_there(place, "c1");
	state_close(&container);
}

static void a_whole_container_is_no_remains(void **state)
{
	struct place *place = *state;
	struct container container;

	claim(place, "c1", &container);
	assert_int_equal(state_save(&container, NULL), 0);
	state_close(&container);
	assert_int_equal(state_remove_remains(place->root, "c1", &place->err), -EBUSY);
}

static void a_half_removed_container_can_be_removed(void **state)
{
	struct place *place = *state;
	struct container container;

	claim(place, "c1", &container);
	assert_int_equal(state_save(&container, NULL), 0);
	assert_int_equal(unlinkat(container.dir, "lock", 0), 0);
	state_close(&container);
	not_there(place, "c1");
	assert_int_equal(state_remove_remains(place->root, "c1", &place->err), 0);
	claim(place, "c1", &container);
	state_close(&container);
}

static bool is_there(const struct place *place, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", place->root, name);
	return access(path, F_OK) == 0;
}

static void what_a_killed_removal_leaves_is_removed_by_the_next(void **state)
{
	struct place *place = *state;
	char old[128], gone[128];
	struct container container;

	snprintf(old, sizeof(old), "%s/c1", place->root);
	snprintf(gone, sizeof(gone), "%s/.gone-c1", place->root);
	claim(place, "c1", &container);
	state_close(&container);
	assert_int_equal(rename(old, gone), 0);
	assert_int_equal(state_remove_remains(place->root, "c1", &place->err), 0);
	assert_false(is_there(place, ".gone-c1"));

	claim(place, "c1", &container);
	assert_int_equal(mkdir(gone, 0700), 0);
	assert_int_equal(state_remove(&container, &place->err), 0);
	state_close(&container);
	assert_false(is_there(place, "c1") || is_there(place, ".gone-c1"));
}

static void remains_of_an_id_that_is_a_path_are_not_looked_for(void **state)
{
	struct place *place = *state;
	struct container container;
	char gone[128];

	claim(place, "kept", &container);
	state_close(&container);
	snprintf(gone, sizeof(gone), "%s/.gone-a", place->root);
	assert_int_equal(mkdir(gone, 0700), 0);
	assert_int_equal(state_remove_remains(place->root, "a/../kept", &place->err), 0);
	assert_true(is_there(place, "kept"));
}

static void the_longest_id_is_claimed_and_removed(void **state)
{
	struct place *place = *state;
	char id[NAME_MAX + 1];
	struct container container;

	memset(id, 'x', NAME_MAX);
	id[NAME_MAX] = '\0';
	claim(place, id, &container);
	assert_int_equal(state_remove(&container, &place->err), 0);
	state_close(&container);
	assert_false(is_there(place, id));
}

static void who_waited_for_a_container_that_was_removed_learns_it(void **state)
{
	struct place *place = *state;
	struct container container;
	int ready[2];
	pid_t child;
	char byte;

	claim(place, "c1", &container);
	assert_int_equal(state_save(&container, NULL), 0);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct container waiting;

		close(container.lock); /* the parent alone holds it */
		(void)!write(ready[1], "x", 1);
		_exit(state_open(place->root, "c1", true, &place->arena, &waiting, NULL) ==
		      -ENOENT);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(state_remove(&container, NULL), 0);
	state_close(&container);
	assert_int_equal(wait_status(child), 1);
}

static void containers_are_listed_in_order_and_nothing_else_is(void **state)
{
	struct place *place = *state;
	const char *const ids[] = { "b", "a.2", "a" };
	struct container container;
	struct strings list;
	char path[128];

	assert_int_equal(state_list(place->root, &place->arena, &list, &place->err), 0);
	assert_int_equal(list.count, 0);
	for (int i = 0; i < 3; i++) {
		claim(place, ids[i], &container);
		state_close(&container);
	}
	snprintf(path, sizeof(path), "%s/.cache", place->root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/file", place->root);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(state_list(place->root, &place->arena, &list, &place->err), 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0], "a");
	assert_string_equal(list.items[1], "a.2");
	assert_string_equal(list.items[2], "b");
}

/* ---- processes ------------------------------------------------------------------------------- */

/* A process whose name has all that can confuse a reader of /proc/PID/stat. */
static pid_t start_process(int *pidfd)
{
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, ") Z 1 (x) 7");
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(*pidfd >= 0);
	return pid;
}

/* Dead but not reaped: a zombie. */
static void end_process(pid_t pid)
{
	siginfo_t information;

	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &information, WEXITED | WNOWAIT), 0);
}

static bool is_found(const struct container_state *state)
{
	int pidfd = state_pidfd(state, NULL);

	if (pidfd < 0)
		assert_int_equal(pidfd, -ESRCH);
	else
		close(pidfd);
	return pidfd >= 0;
}

static void a_reused_pid_is_not_the_container_s_process(void **state)
{
	struct container_state recorded = { 0 };
	struct container_state other;
	int pidfd;

	recorded.pid = start_process(&pidfd);
	assert_int_equal(state_identify(&recorded, pidfd, NULL), 0);
	assert_true(recorded.start_time > 0);
	assert_true(is_found(&recorded));

	other = recorded;
	other.start_time++;
	assert_false(is_found(&other));
	other = recorded;
	other.pidfd_inode += recorded.pidfd_inode != 0 ? 1 : 0;
	assert_int_equal(is_found(&other), recorded.pidfd_inode == 0);
	other = recorded;
	other.pid = 1;
	assert_false(is_found(&other));

	end_process(recorded.pid);
	assert_false(is_found(&recorded)); /* a zombie has ended */
	wait_status(recorded.pid);
	assert_false(is_found(&recorded));
	recorded.pid = 0;
	assert_false(is_found(&recorded));
	close(pidfd);
}

static enum container_status status_of(const struct container *container)
{
	enum container_status status;

	assert_int_equal(state_status(container, &status, NULL), 0);
	return status;
}

static void the_status_follows_the_process_and_the_start_socket(void **state)
{
	struct place *place = *state;
	struct container container, other;
	int pidfd;

	claim(place, "c1", &container);
	assert_int_equal(state_save(&container, NULL), 0);
	assert_int_equal(state_open(place->root, "c1", false, &place->arena, &other, NULL), 0);
	assert_int_equal(status_of(&other), STATUS_CREATING);
	state_unlock(&container);
	assert_int_equal(status_of(&other), STATUS_STOPPED); /* the creator was killed */
	state_close(&other);

	container.state.pid = start_process(&pidfd);
	assert_int_equal(state_identify(&container.state, pidfd, NULL), 0);
	close(openat(container.dir, "start.sock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(status_of(&container), STATUS_CREATED);
	assert_int_equal(state_mark_started(&container), 0);
	assert_int_equal(status_of(&container), STATUS_RUNNING);
	assert_int_equal(state_mark_started(&container), 0);
	end_process(container.state.pid);
	assert_int_equal(status_of(&container), STATUS_STOPPED);
	wait_status(container.state.pid);
	close(pidfd);
	state_close(&container);
}

static void hooks_get_the_specification_s_document(void **state)
{
	struct string_pair annotation = { (char *)"k", (char *)"v" };
	struct container_state recorded = {
		.oci_version = (char *)"1.3.0",
		.id = (char *)"c1",
		.bundle = (char *)"/b",
	};
	struct text text = { 0 };

	state_document(&recorded, STATUS_STOPPED, 0, &text);
	assert_string_equal(text.data, "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"status\":"
				       "\"stopped\",\"bundle\":\"/b\"}");
	text_clear(&text);
	recorded.annotations = (struct string_map){ &annotation, 1 };
	state_document(&recorded, STATUS_CREATING, 12, &text);
	assert_string_equal(text.data,
			    "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"status\":\"creating\","
			    "\"pid\":12,\"bundle\":\"/b\",\"annotations\":{\"k\":\"v\"}}");
	text_free(&text);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->root, "/tmp/coffer-state-XXXXXX");
	if (!mkdtemp(place->root))
		return -1;
	strcat(place->root, "/new/root");
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	*strstr(place->root, "/new") = '\0';
	file_remove_tree(AT_FDCWD, place->root, NULL);
	arena_free(&place->arena);
	free(place);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_root_that_is_given_is_made_absolute),
		TEST(root_s_own_is_in_run_even_with_an_empty_XDG_RUNTIME_DIR),
		TEST(in_a_user_namespace_it_is_in_XDG_RUNTIME_DIR),
		TEST(only_a_root_below_XDG_RUNTIME_DIR_is_kept_from_cleaners),
		TEST(ids_are_those_of_runc),
		TEST(an_id_is_claimed_once),
		TEST(of_many_claims_at_once_one_wins),
		TEST(the_directories_are_not_for_others),
		TEST(what_was_saved_is_read_back),
		TEST(a_missing_container_and_a_bad_id_do_not_exist),
		TEST(broken_state_names_file_and_place),
		TEST(a_half_made_container_can_be_removed_once_its_creator_is_gone),
		TEST(a_whole_container_is_no_remains),
		TEST(a_half_removed_container_can_be_removed),
		TEST(what_a_killed_removal_leaves_is_removed_by_the_next),
		TEST(remains_of_an_id_that_is_a_path_are_not_looked_for),
		TEST(the_longest_id_is_claimed_and_removed),
		TEST(who_waited_for_a_container_that_was_removed_learns_it),
		TEST(containers_are_listed_in_order_and_nothing_else_is),
		TEST(a_reused_pid_is_not_the_container_s_process),
		TEST(the_status_follows_the_process_and_the_start_socket),
		TEST(hooks_get_the_specification_s_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
