/* registry_stall.c -- servers that hang: a stall ends the wait, cancelling ends it at once. */
#include "base_case.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "image/registry.h"

/* Answers each connection with `answer` and keeps it open; who speaks TLS is hung up on. */
struct server {
	int fd, cancel;
	char domain[32];
	const char *answer;
	const char *drops; /* come one by one behind it, each in less time than a stall */
	pthread_t thread;
};

/* The pauses together are longer than a stall. */
static void drip(int fd, const char *drops)
{
	for (; drops && *drops; drops++) {
		poll(NULL, 0, 400);
		if (send(fd, drops, 1, MSG_NOSIGNAL) < 0)
			break;
	}
}

static void *serve(void *context)
{
	struct server *server = context;
	int open[16], count = 0, fd;

	while (count < 16 && (fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		char request[4096];
		ssize_t got = read(fd, request, sizeof(request));

		open[count++] = fd;
		if (got > 0 && request[0] == 'G') {
			if (send(fd, server->answer, strlen(server->answer), MSG_NOSIGNAL) < 0)
				break;
			drip(fd, server->drops);
			if (server->cancel >= 0)
				eventfd_write(server->cancel, 1);
		} else
			shutdown(fd, SHUT_RDWR);
	}
	while (count > 0)
		close(open[--count]);
	return NULL;
}

static void start(struct server *server, const char *answer)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->answer = answer;
	server->drops = NULL;
	server->cancel = -1;
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->fd, 16), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &length), 0);
	snprintf(server->domain, sizeof(server->domain), "127.0.0.1:%d", ntohs(address.sin_port));
}

static void stop(struct server *server)
{
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
}

static int fetch(struct base_case *test, struct server *server, int stall_seconds)
{
	const struct reference reference = { .domain = server->domain, .path = "demo", .tag = "1" };
	const struct registry_options options = { .credentials = "a:b",
						  .cert_dir = test->path,
						  .retries = -1,
						  .stall_seconds = stall_seconds,
						  .cancel_fd = server->cancel };
	auto_registry struct registry *registry = NULL;
	struct registry_manifest manifest;

	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
	assert_int_equal(registry_open(&reference, &options, &registry, &test->err), 0);
	return registry_fetch_manifest(registry, "1", &test->arena, &manifest, &test->err);
}

static void test_a_server_that_never_answers_is_given_up(void **state)
{
	struct base_case *test = *state;
	struct server server;

	start(&server, "");
	assert_int_equal(fetch(test, &server, 1), -ETIMEDOUT);
	assert_non_null(strstr(told(test), server.domain));
	stop(&server);
}

static void test_a_server_that_hangs_in_the_body_is_given_up(void **state)
{
	struct base_case *test = *state;
	struct server server;

	start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin");
	assert_int_equal(fetch(test, &server, 1), -ETIMEDOUT);
	assert_non_null(strstr(told(test), server.domain));
	stop(&server);
}

static void test_a_slow_server_is_waited_for(void **state)
{
	struct base_case *test = *state;
	struct server server;

	start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
	server.drops = "12345678";
	assert_int_equal(fetch(test, &server, 2), 0);
	stop(&server);
}

static void test_waiting_for_a_server_can_be_cancelled(void **state)
{
	struct base_case *test = *state;
	auto_close int cancel = eventfd(0, EFD_CLOEXEC);
	struct server server;

	start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin");
	server.cancel = cancel;
	assert_int_equal(fetch(test, &server, 3600), -ECANCELED);
	stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_server_that_never_answers_is_given_up),
		TEST(test_a_server_that_hangs_in_the_body_is_given_up),
		TEST(test_a_slow_server_is_waited_for),
		TEST(test_waiting_for_a_server_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
