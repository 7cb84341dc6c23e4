/* work.c -- the conversation with criu: a request, what it tells while it works, the outcome. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/own.h"
#include "checkpoint_private.h"

#define ANSWER_MOST   65536
#define LOG_MOST      (64 * 1024 * 1024)
#define VERSION_LEAST 31100 /* namespaces from outside, config_file */

static int send_request(const struct criu *criu, const struct criu_request *request,
			struct error *err)
{
	auto_text struct text message = { 0 };

	criu_encode(request, &message);
	if (send(criu->socket, message.data, message.length, MSG_NOSIGNAL) < 0)
		return fail_call(err, "send", "cannot talk to criu");
	return 0;
}

/* The first descriptor that came along is kept, others are not expected. */
static int received_descriptor(struct msghdr *message)
{
	int kept = -1;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR(message, part)) {
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
			if (kept < 0)
				kept = fd;
			else
				close(fd);
		}
	}
	return kept;
}

/* fd: what came along, the caller's; or -1. */
static int receive(const struct criu *criu, struct criu_response *response, int *fd,
		   struct error *err)
{
	auto_free char *bytes = malloc(ANSWER_MOST);
	struct iovec vector = { bytes, ANSWER_MOST };
	char control[CMSG_SPACE(16 * sizeof(int))] __attribute__((aligned(8)));
	struct msghdr message = { .msg_iov = &vector,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t length;

	*fd = -1;
	if (!bytes)
		return fail(err, ENOMEM, "no memory for criu's answer");
	do
		length = recvmsg(criu->socket, &message, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return fail_call(err, "recvmsg", "criu gives no answer");
	*fd = received_descriptor(&message);
	if (length == 0)
		return fail(err, EPIPE, "criu ended without an answer");
	if (message.msg_flags & MSG_TRUNC)
		return fail(err, EMSGSIZE, "criu's answer is longer than %d bytes", ANSWER_MOST);
	return criu_decode(bytes, (size_t)length, criu->arena, response, err);
}

/* ---- questions ------------------------------------------------------------------------------- */

static int ask(const struct criu *criu, const struct criu_request *request,
	       struct criu_response *response, struct error *err)
{
	int fd = -1, result;

	TRY(send_request(criu, request, err));
	result = receive(criu, response, &fd, err);
	close_fd(&fd);
	if (result == 0 && response->type != request->type)
		return fail(err, EBADMSG, "criu answers another question");
	return result;
}

/* What it printed tells more than that it is gone. */
static int with_output(const struct criu *criu, int result, struct error *err)
{
	const char *output = criu_output(criu, criu->arena);
	const char *error = output ? criu_log_error(output, criu->arena) : NULL;

	if (!error)
		return result;
	fail(err, -result, "criu does not work on this host: %s", error);
	return fail_hint(err, "\"criu check\" says more");
}

int criu_ask_version(struct criu *criu, struct error *err)
{
	const struct criu_request request = { .type = CRIU_VERSION, .keep_open = true };
	struct criu_response response;
	int result = ask(criu, &request, &response, err);

	if (result < 0)
		return with_output(criu, result, err);
	if (!response.success)
		return fail(err, ENOTSUP, "criu does not tell its version: it is too old");
	criu->version = response.major * 10000 + response.minor * 100 + response.sublevel;
	log_debug("criu is version %u.%u.%u", response.major, response.minor, response.sublevel);
	if (criu->version < VERSION_LEAST)
		return fail(err, ENOTSUP, "criu %u.%u is too old: %d.%d is needed", response.major,
			    response.minor, VERSION_LEAST / 10000, VERSION_LEAST / 100 % 100);
	return 0;
}

int criu_ask_features(struct criu *criu, bool mem_track, bool lazy_pages, struct error *err)
{
	const struct criu_request request = { .type = CRIU_FEATURE_CHECK,
					      .keep_open = true,
					      .mem_track = mem_track,
					      .lazy_pages = lazy_pages };
	struct criu_response response;
	int result;

	if (!mem_track && !lazy_pages)
		return 0;
	result = ask(criu, &request, &response, err);
	if (result == 0 && !response.success)
		result = fail(err, ENOTSUP, "criu cannot tell what this host's kernel allows");
	if (result < 0)
		return with_output(criu, result, err);
	if (mem_track && !response.mem_track)
		return fail(err, ENOTSUP,
			    "memory cannot be tracked on this host, which --pre-dump and "
			    "--parent-path need");
	if (lazy_pages && !response.lazy_pages)
		return fail(err, ENOTSUP, "--lazy-pages is not possible on this host");
	return 0;
}

/* ---- the work -------------------------------------------------------------------------------- */

static const char *type_verb(enum criu_type type)
{
	return type == CRIU_RESTORE ? "restore" : "dump";
}

static const char *cause_of(const struct criu *criu, const char *log,
			    const struct criu_response *response)
{
	auto_text struct text text = { 0 };
	const char *cause = NULL, *output;

	if (file_read(AT_FDCWD, log, LOG_MOST, &text, NULL) == 0)
		cause = criu_log_error(text.data, criu->arena);
	output = cause ? NULL : criu_output(criu, criu->arena);
	if (output)
		cause = criu_log_error(output, criu->arena);
	if (!cause && response->error_message)
		cause = response->error_message;
	if (!cause && response->error_number)
		cause = error_reason(response->error_number);
	return cause;
}

static const char *log_path(const struct criu *criu, const struct criu_options *options)
{
	return arena_format(criu->arena, "%s/%s", criu->log_directory, options->log_file);
}

/* result: of the conversation; what broke that off is said where the log says nothing. */
static int work_failed(const struct criu *criu, const struct criu_request *request,
		       const struct criu_response *response, int result, struct error *err)
{
	const char *log = log_path(criu, request->options);
	const char *cause = cause_of(criu, log, response);
	enum criu_type type = request->type;

	if (!cause && result < 0)
		return result;
	if (cause)
		fail(err, EIO, "criu cannot %s the container: %s", type_verb(type), cause);
	else
		fail(err, EIO, "criu cannot %s the container", type_verb(type));
	return fail_hint(err, "its log is %s", log);
}

/* The listener's failure is told to criu, which then undoes what it did and fails itself. */
static int tell(const struct criu *criu, const struct criu_response *response, int *fd,
		criu_listener *listener, void *context, struct error *err)
{
	const struct criu_event event = { response->script ? response->script : "",
					  response->script_pid, take_fd(fd) };
	struct criu_request answer = { .type = CRIU_NOTIFY };
	int result = listener(context, &event, err);

	log_debug("criu: %s", event.script);
	answer.notify_success = result == 0;
	if (result == 0)
		return send_request(criu, &answer, err);
	send_request(criu, &answer, NULL);
	return result;
}

int criu_work(struct criu *criu, enum criu_type type, const struct criu_options *options,
	      criu_listener *listener, void *context, struct error *err)
{
	const struct criu_request request = { .type = type, .options = options };
	struct criu_response response = { 0 };
	int heard = 0, fd = -1, result;

	TRY(criu_check_options(options, criu->version, err));
	unlink(log_path(criu, options)); /* an older one would tell of another failure */
	TRY(send_request(criu, &request, err));
	while ((result = receive(criu, &response, &fd, heard < 0 ? NULL : err)) == 0 &&
	       response.type == CRIU_NOTIFY && response.success)
		if (heard == 0)
			heard = tell(criu, &response, &fd, listener, context, err);
		else
			close_fd(&fd);
	close_fd(&fd);
	if (heard < 0)
		return heard;
	if (result < 0 || !response.success)
		return work_failed(criu, &request, &response, result, err);
	if (response.type != (uint32_t)type)
		return fail(err, EBADMSG, "criu answers another question");
	return response.restored_pid;
}
