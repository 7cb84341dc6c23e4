/* registry_upload.c -- registries that are slow or silent once they have a whole blob. */
#include "base_case.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "image/registry.h"

#define BLOB     "the blob"
#define PATIENCE 2500 /* milliseconds: longer than the stall limit of these tests */
#define STALL    1

/* Takes uploads; what it does when it has all of one is the case. */
struct server {
	int fd;
	char domain[32];
	bool hangs_up; /* with the blob stored; else it answers late */
	bool stored;
	int puts;
	pthread_t thread;
};

static void say(int fd, const char *answer)
{
	assert_true(send(fd, answer, strlen(answer), MSG_NOSIGNAL) >= 0);
}

/* The whole request: what is sent here is small, but may come in pieces. */
static bool receive(int fd, char *request, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while ((got = read(fd, request + length, size - length - 1)) > 0) {
		const char *end;

		length += (size_t)got;
		request[length] = '\0';
		end = strstr(request, "\r\n\r\n");
		if (end && (request[0] != 'P' || request[1] != 'U' || strstr(end, BLOB)))
			return true;
		if (request[0] == 0x16) /* TLS */
			return false;
	}
	return false;
}

static void answer(struct server *server, int fd, const char *request)
{
	char location[200];

	if (!strncmp(request, "HEAD", 4)) {
		say(fd, server->stored ? "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"
				       : "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	} else if (!strncmp(request, "POST", 4)) {
		snprintf(location, sizeof(location),
			 "HTTP/1.1 202 Go\r\nLocation: http://%s/v2/demo/blobs/uploads/1\r\n"
			 "Content-Length: 0\r\n\r\n",
			 server->domain);
		say(fd, location);
	} else {
		server->puts++;
		server->stored = true;
		if (server->hangs_up)
			return;
		poll(NULL, 0, PATIENCE); /* it hashes */
		say(fd, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
	}
}

/* One request a connection. */
static void *serve(void *context)
{
	struct server *server = context;
	int fd;

	while ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		char request[4096] = "";

		if (receive(fd, request, sizeof(request)))
			answer(server, fd, request);
		shutdown(fd, SHUT_RDWR);
		close(fd);
	}
	return NULL;
}

static void start(struct server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->fd, 16), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &length), 0);
	snprintf(server->domain, sizeof(server->domain), "127.0.0.1:%d", ntohs(address.sin_port));
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
}

static int push(struct base_case *test, struct server *server)
{
	const struct reference reference = { .domain = server->domain, .path = "demo", .tag = "1" };
	const struct registry_options options = { .credentials = "a:b",
						  .cert_dir = test->path,
						  .retries = 2,
						  .retry_delay_ms = 1,
						  .stall_seconds = STALL,
						  .push = true };
	auto_registry struct registry *registry = NULL;
	char digest[DIGEST_SIZE];
	const struct oci_descriptor descriptor = { .digest = digest, .size = strlen(BLOB) };
	struct registry_upload upload = { .descriptor = &descriptor };
	auto_close int fd = -1;

	digest_of(DIGEST_SHA256, BLOB, strlen(BLOB), digest);
	put_file(test->dir, "blob", BLOB);
	fd = upload.fd = openat(test->dir, "blob", O_RDONLY | O_CLOEXEC);
	assert_int_equal(registry_open(&reference, &options, &registry, &test->err), 0);
	return registry_push_blob(registry, &upload, &test->err);
}

static void a_registry_may_take_its_time_with_an_upload_that_is_all_there(void **state)
{
	struct base_case *test = *state;
	struct server server = { .hangs_up = false };

	start(&server);
	assert_int_equal(push(test, &server), 0);
	assert_int_equal(server.puts, 1);
	stop(&server);
}

static void a_blob_that_came_whole_is_not_sent_again_when_the_answer_is_lost(void **state)
{
	struct base_case *test = *state;
	struct server server = { .hangs_up = true };

	start(&server);
	assert_int_equal(push(test, &server), 0);
	assert_int_equal(server.puts, 1);
	stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_registry_may_take_its_time_with_an_upload_that_is_all_there),
		TEST(a_blob_that_came_whole_is_not_sent_again_when_the_answer_is_lost),
	};

	return cmocka_run_group_tests_name("uploads", tests, NULL, NULL);
}
