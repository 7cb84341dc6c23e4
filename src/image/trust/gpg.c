/* gpg.c -- a message signed with OpenPGP, by libgpgme, which is opened only where a policy asks for
 * it. A key ring of its own, in a directory that ends with the check, holds the policy's keys and
 * no others: a good signature is one by them. The message is a stranger's: gpg sees it only when
 * openpgp.c let it pass, may ask nobody and start nothing, and of what it unpacks no more is taken
 * than a signature may have. What is declared here is libgpgme.so.11's binary interface (gpgme.h).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/own.h"
#include "base/temporary.h"
#include "trust_private.h"

#define LIBRARY_NAME   "libgpgme.so.11"
#define OPENPGP        0
#define VALIDITY_NEVER 2
#define PINENTRY_ERROR 3
#define CONFIGURATION  "no-autostart\nbatch\nno-tty\npinentry-mode error\n"

typedef struct gpgme_context *gpgme_ctx_t;
typedef struct gpgme_data *gpgme_data_t;
typedef unsigned int gpgme_error_t;

struct gpgme_signature {
	struct gpgme_signature *next;
	int summary;
	char *fingerprint;
	gpgme_error_t status;
	void *notations;
	unsigned long timestamp, expires;
	unsigned int wrong_key_usage : 1;
	unsigned int others : 31;
	int validity;
	gpgme_error_t validity_reason;
};

struct gpgme_verify_result {
	struct gpgme_signature *signatures;
};

struct gpgme_import_result {
	int considered, no_user_id;
};

struct gpgme_data_cbs {
	ssize_t (*read)(void *context, void *bytes, size_t size);
	ssize_t (*write)(void *context, const void *bytes, size_t size);
	off_t (*seek)(void *context, off_t offset, int whence);
	void (*release)(void *context);
};

/* clang-format off */
#define LIBRARY_ROWS(ROW) \
	ROW(const char *, gpgme_check_version, (const char *wanted)) \
	ROW(gpgme_error_t, gpgme_new, (gpgme_ctx_t *context)) \
	ROW(void, gpgme_release, (gpgme_ctx_t context)) \
	ROW(gpgme_error_t, gpgme_set_protocol, (gpgme_ctx_t context, int protocol)) \
	ROW(gpgme_error_t, gpgme_ctx_set_engine_info, (gpgme_ctx_t context, int protocol, const char *program, const char *home)) \
	ROW(gpgme_error_t, gpgme_set_pinentry_mode, (gpgme_ctx_t context, int mode)) \
	ROW(gpgme_error_t, gpgme_data_new_from_cbs, (gpgme_data_t *data, const struct gpgme_data_cbs *calls, void *context)) \
	ROW(gpgme_error_t, gpgme_data_new_from_mem, (gpgme_data_t *data, const char *bytes, size_t size, int copy)) \
	ROW(void, gpgme_data_release, (gpgme_data_t data)) \
	ROW(gpgme_error_t, gpgme_op_import, (gpgme_ctx_t context, gpgme_data_t keys)) \
	ROW(struct gpgme_import_result *, gpgme_op_import_result, (gpgme_ctx_t context)) \
	ROW(gpgme_error_t, gpgme_op_verify, (gpgme_ctx_t context, gpgme_data_t signature, gpgme_data_t text, gpgme_data_t content)) \
	ROW(struct gpgme_verify_result *, gpgme_op_verify_result, (gpgme_ctx_t context)) \
	ROW(const char *, gpgme_strerror, (gpgme_error_t error))
/* clang-format on */

#define MEMBER_ROW(type, function, parameters) type(*function) parameters;
struct gpgme {
	void *handle;
	LIBRARY_ROWS(MEMBER_ROW)
};

static int open_library(struct gpgme *library, struct error *err)
{
	/* It has threads' locks and a process-wide state: it stays once it is there. */
	library->handle = dlopen(LIBRARY_NAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!library->handle) {
		fail(err, ENOTSUP, "signatures of GPG keys cannot be checked: %s", dlerror());
		return fail_hint(err, "install gpgme (" LIBRARY_NAME ") and gpg");
	}
#define FIND_ROW(type, function, parameters)                                                       \
	library->function = (__typeof__(library->function))dlsym(library->handle, #function);      \
	if (!library->function)                                                                    \
		return fail(err, ENOTSUP, LIBRARY_NAME " has no " #function);
	LIBRARY_ROWS(FIND_ROW)
	library->gpgme_check_version(NULL);
	return 0;
}

/* ---- one check --------------------------------------------------------------------------------
 */

struct check {
	struct gpgme library;
	gpgme_ctx_t context;
	char *home;
	int cancel_fd; /* <= 0: none */
};

static int make_home(struct check *check, struct error *err)
{
	static const struct file_content configuration = { .bytes = CONFIGURATION,
							   .length = sizeof(CONFIGURATION) - 1,
							   .mode = 0600 };
	auto_close int dir = -1;

	TRY(temporary_directory(&check->home, err));
	dir = open(check->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail_call(err, "open", "cannot open \"%s\"", check->home);
	return file_replace(dir, "gpg.conf", &configuration, err);
}

static int open_context(struct check *check, struct error *err)
{
	struct gpgme *library = &check->library;
	gpgme_error_t wrong;

	wrong = library->gpgme_new(&check->context);
	if (!wrong)
		wrong = library->gpgme_set_protocol(check->context, OPENPGP);
	if (!wrong)
		wrong = library->gpgme_ctx_set_engine_info(check->context, OPENPGP, NULL,
							   check->home);
	if (!wrong)
		wrong = library->gpgme_set_pinentry_mode(check->context, PINENTRY_ERROR);
	return wrong ? fail(err, EIO, "cannot prepare a check of GPG signatures: %s",
			    library->gpgme_strerror(wrong))
		     : 0;
}

static void close_check(struct check *check)
{
	if (check->home)
		file_remove_tree(AT_FDCWD, check->home, NULL);
	free(check->home);
	if (check->library.handle)
		dlclose(check->library.handle);
}

static int import_key(struct check *check, const struct key *key, struct error *err)
{
	const struct gpgme *library = &check->library;
	const struct gpgme_import_result *result;
	gpgme_data_t data = NULL;
	gpgme_error_t wrong;

	wrong = library->gpgme_data_new_from_mem(&data, key->bytes.data ? key->bytes.data : "",
						 key->bytes.length, 1);
	if (!wrong)
		wrong = library->gpgme_op_import(check->context, data);
	if (data)
		library->gpgme_data_release(data);
	if (wrong)
		return fail(err, EIO, "cannot read the keys of %s: %s", key->name,
			    library->gpgme_strerror(wrong));
	result = library->gpgme_op_import_result(check->context);
	if (!result || result->considered - result->no_user_id < 1)
		return fail(err, EINVAL, "%s holds no GPG key", key->name);
	return 0;
}

/* Exactly one signature, and nothing wrong with it. */
static int judge(const struct check *check, struct error *err)
{
	const struct gpgme_verify_result *result =
		check->library.gpgme_op_verify_result(check->context);
	const struct gpgme_signature *signature = result ? result->signatures : NULL;

	if (!signature || signature->next)
		return fail(err, EBADMSG, "not a message with one GPG signature");
	if (signature->status || signature->validity == VALIDITY_NEVER ||
	    signature->validity_reason || signature->wrong_key_usage)
		return fail(err, EBADMSG, "the GPG signature is not good: by %.40s: %s",
			    signature->fingerprint ? signature->fingerprint : "nobody",
			    check->library.gpgme_strerror(signature->status));
	return 0;
}

/* ---- what goes to gpg and comes from it -------------------------------------------------------
 */

struct exchange {
	const char *at; /* of the message … */
	size_t left;
	struct text *content; /* … and what it signs */
	bool too_large;
};

static ssize_t give_message(void *context, void *bytes, size_t size)
{
	struct exchange *exchange = context;
	const size_t count = size < exchange->left ? size : exchange->left;

	memcpy(bytes, exchange->at, count);
	exchange->at += count;
	exchange->left -= count;
	return (ssize_t)count;
}

static ssize_t take_content(void *context, const void *bytes, size_t size)
{
	struct exchange *exchange = context;

	if (size > SIGNATURE_MOST - exchange->content->length) {
		exchange->too_large = true;
		errno = EFBIG;
		return -1;
	}
	text_add_bytes(exchange->content, bytes, size);
	return (ssize_t)size;
}

static int verify(struct check *check, const struct signature *signature, struct text *content,
		  struct error *err)
{
	static const struct gpgme_data_cbs from = { .read = give_message };
	static const struct gpgme_data_cbs to = { .write = take_content };
	const struct gpgme *library = &check->library;
	struct exchange exchange = { signature->bytes, signature->length, content, false };
	gpgme_data_t message = NULL, plain = NULL;
	gpgme_error_t wrong;

	wrong = library->gpgme_data_new_from_cbs(&message, &from, &exchange);
	if (!wrong)
		wrong = library->gpgme_data_new_from_cbs(&plain, &to, &exchange);
	if (!wrong)
		wrong = library->gpgme_op_verify(check->context, message, NULL, plain);
	if (message)
		library->gpgme_data_release(message);
	if (plain)
		library->gpgme_data_release(plain);
	if (exchange.too_large)
		return fail(err, EBADMSG, "what the GPG signature signs has more than %d bytes",
			    SIGNATURE_MOST);
	if (wrong)
		return fail(err, EBADMSG, "not a message with a GPG signature: %s",
			    library->gpgme_strerror(wrong));
	return judge(check, err);
}

/* ---- in a process of its own ------------------------------------------------------------------
 *
 * libgpgme does not tell which process its gpg is, and gpg may unpack for hours what it throws away
 * then. So the check has a process group, which ends with it, whatever is in it.
 */

/* In memory that both processes have. */
struct verdict {
	int result;
	struct error err;
	size_t length;
	char content[SIGNATURE_MOST];
};

static int verify_with(struct check *check, const struct keys *keys,
		       const struct signature *signature, struct text *content, struct error *err)
{
	TRY(open_context(check, err));
	for (size_t i = 0; i < keys->count; i++)
		TRY(import_key(check, &keys->items[i], err));
	return verify(check, signature, content, err);
}

static _Noreturn void judge_apart(struct check *check, const struct keys *keys,
				  const struct signature *signature, struct verdict *verdict)
{
	struct text content = { 0 };
	int result;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	result = verify_with(check, keys, signature, &content, &verdict->err);
	if (content.length)
		memcpy(verdict->content, content.data, content.length);
	verdict->length = content.length;
	verdict->result = result;
	_exit(0);
}

/* Until the process has ended or somebody wants to stop; then nothing of its group is left. */
static int await(pid_t pid, int cancel_fd, struct error *err)
{
	auto_close int process = (int)syscall(SYS_pidfd_open, pid, 0);
	int result =
		process < 0 ? fail_call(err, "pidfd_open", "cannot watch a check of GPG signatures")
			    : cancel_wait(cancel_fd, process, POLLIN, err);

	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return result;
}

static int verify_apart(struct check *check, const struct keys *keys,
			const struct signature *signature, struct verdict *verdict,
			struct error *err)
{
	pid_t pid;

	verdict->result = fail(&verdict->err, EBADMSG, "the check of the GPG signature broke off");
	pid = fork();
	if (pid < 0)
		return fail_call(err, "fork", "cannot check a GPG signature");
	if (!pid)
		judge_apart(check, keys, signature, verdict);
	setpgid(pid, pid);
	TRY(await(pid, check->cancel_fd, err));
	if (verdict->result < 0 && err)
		*err = verdict->err;
	return verdict->result;
}

static int check_message(struct check *check, const struct keys *keys,
			 const struct signature *signature, struct text *content, struct error *err)
{
	struct verdict *verdict;
	int result;

	TRY(open_library(&check->library, err));
	TRY(make_home(check, err));
	verdict = mmap(NULL, sizeof(*verdict), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (verdict == MAP_FAILED)
		return fail_call(err, "mmap", "cannot check a GPG signature");
	result = verify_apart(check, keys, signature, verdict, err);
	if (result >= 0)
		text_add_bytes(content, verdict->content, verdict->length);
	munmap(verdict, sizeof(*verdict));
	return result;
}

int gpg_verify(const struct keys *keys, const struct signature *signature, int cancel_fd,
	       struct text *content, struct error *err)
{
	struct check check = { .cancel_fd = cancel_fd };
	int result;

	TRY(openpgp_check(signature, err));
	result = check_message(&check, keys, signature, content, err);
	close_check(&check);
	return result;
}
