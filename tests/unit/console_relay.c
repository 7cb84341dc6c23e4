/* console_relay.c -- the relay's buffer, and descriptors sent to a console socket. */
/* Before cmocka.h, which calls a macro "fail". */
#include "base/file.h"
#include "console/channel.h"
#include "runtime/console.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void make_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
}

static void close_pipe(int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* ---- channels -------------------------------------------------------------------------------- */

static void what_goes_in_comes_out_in_order(void **state)
{
	struct channel channel = { 0 };
	int in[2], out[2];
	unsigned char byte = 0, read_back[4096];
	size_t got = 0;

	make_pipe(in);
	make_pipe(out);
	channel.from = in[0];
	channel.to = out[1];
	for (int round = 0; round < 50; round++) {
		unsigned char piece[777];
		ssize_t count;

		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = byte++;
		assert_int_equal(write(in[1], piece, sizeof(piece)), sizeof(piece));
		channel_fill(&channel);
		channel_drain(&channel);
		while ((count = read(out[0], read_back, sizeof(read_back))) > 0)
			for (ssize_t i = 0; i < count; i++)
				assert_int_equal(read_back[i], (unsigned char)got++);
	}
	assert_int_equal(got, 50 * 777);
	close_pipe(in);
	close_pipe(out);
}

static void a_reader_that_stops_stops_the_reading(void **state)
{
	struct channel channel = { 0 };
	int in[2], out[2];
	char block[CHANNEL_SIZE];
	size_t rest;

	make_pipe(in);
	make_pipe(out);
	channel.from = in[0];
	channel.to = out[1];
	memset(block, 'x', sizeof(block));
	while (write(out[1], block, sizeof(block)) > 0)
		;
	assert_int_equal(write(in[1], block, sizeof(block)), sizeof(block));
	while (channel_fill(&channel))
		channel_drain(&channel);
	assert_false(channel_wants_input(&channel));
	assert_true(channel_has_output(&channel));
	assert_false(channel.broken);

	while (read(out[0], block, sizeof(block)) > 0)
		;
	for (rest = 0; channel_has_output(&channel);) {
		channel_drain(&channel);
		rest += (size_t)read(out[0], block, sizeof(block));
	}
	assert_int_equal(rest, CHANNEL_SIZE);
	assert_true(channel_wants_input(&channel));
	close_pipe(in);
	close_pipe(out);
}

static void an_end_and_a_closed_reader_are_told_apart(void **state)
{
	struct channel channel = { 0 };
	int in[2], out[2];

	signal(SIGPIPE, SIG_IGN);
	make_pipe(in);
	make_pipe(out);
	channel.from = in[0];
	channel.to = out[1];
	assert_int_equal(write(in[1], "abc", 3), 3);
	close(in[1]);
	close(out[0]);
	assert_true(channel_fill(&channel));
	channel_drain(&channel);
	assert_true(channel.broken);
	assert_false(channel.ended);
	assert_false(channel_has_output(&channel));
	assert_false(channel_fill(&channel));
	assert_true(channel.ended);
	assert_false(channel_wants_input(&channel));
	close(in[0]);
	close(out[1]);
}

/* ---- sockets --------------------------------------------------------------------------------- */

static char folder[4096];

static int listen_at(const char *name, char *path, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(path, size, "%s/%s", folder, name);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(dir);
	return fd;
}

static int receive(int listener, char *text, size_t size)
{
	int from = accept4(listener, NULL, NULL, SOCK_CLOEXEC), fd = -1;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { text, size - 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t count = recvmsg(from, &message, MSG_CMSG_CLOEXEC);

	assert_true(count >= 0);
	text[count] = '\0';
	assert_int_equal(CMSG_FIRSTHDR(&message)->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	assert_int_equal(read(from, text + count, 1), 0); /* one message, then the end */
	close(from);
	return fd;
}

static void is_sent(const char *name)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), received;
	char path[8192], text[64];
	int listener = listen_at(name, path, sizeof(path));
	struct stat one, other;

	assert_int_equal(console_send(path, master, NULL), 0);
	received = receive(listener, text, sizeof(text));
	assert_string_equal(text, "/dev/ptmx");
	assert_int_equal(fstat(master, &one), 0);
	assert_int_equal(fstat(received, &other), 0);
	assert_int_equal(one.st_ino, other.st_ino);
	assert_int_equal(one.st_rdev, other.st_rdev);
	close(master);
	close(received);
	close(listener);
}

static void the_master_is_sent_to_the_console_socket(void **state)
{
	is_sent("console.sock");
}

static void the_socket_s_path_may_be_longer_than_an_address(void **state)
{
	size_t length = strlen(folder);

	folder[length] = '/';
	memset(folder + length + 1, 'n', 150);
	folder[length + 151] = '\0';
	assert_int_equal(mkdir(folder, 0700), 0);
	is_sent("console.sock");
}

static void a_socket_that_is_not_there_is_named(void **state)
{
	struct error err = { 0 };
	char path[8192];

	snprintf(path, sizeof(path), "%s/nobody", folder);
	assert_int_equal(console_send(path, 0, &err), -ENOENT);
	assert_non_null(strstr(err.what, path));
	assert_string_equal(err.call, "connect");
}

static void a_window_s_size_is_copied(void **state)
{
	int one = posix_openpt(O_RDWR | O_NOCTTY), other = posix_openpt(O_RDWR | O_NOCTTY);
	struct winsize size = { .ws_row = 12, .ws_col = 34 };

	assert_int_equal(ioctl(one, TIOCSWINSZ, &size), 0);
	console_copy_size(one, other);
	memset(&size, 0, sizeof(size));
	assert_int_equal(ioctl(other, TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_row, 12);
	assert_int_equal(size.ws_col, 34);
	console_copy_size(STDERR_FILENO, other); /* no terminal: nothing happens */
	close(one);
	close(other);
}

static int set_up(void **state)
{
	strcpy(folder, "/tmp/coffer-console-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	folder[strlen("/tmp/coffer-console-XXXXXX")] = '\0';
	return file_remove_tree(AT_FDCWD, folder, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out_in_order),
		cmocka_unit_test(a_reader_that_stops_stops_the_reading),
		cmocka_unit_test(an_end_and_a_closed_reader_are_told_apart),
		TEST(the_master_is_sent_to_the_console_socket),
		TEST(the_socket_s_path_may_be_longer_than_an_address),
		TEST(a_socket_that_is_not_there_is_named),
		cmocka_unit_test(a_window_s_size_is_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
