/* gpg.c -- a message signed with OpenPGP, by libgpgme, which is opened only where a policy asks for
 * it. A key ring of its own, in a directory that ends with the check, holds the policy's keys and
 * no others: a good signature is one by them. What is declared here is libgpgme.so.11's binary
 * interface (gpgme.h). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"
#include "trust_private.h"

#define LIBRARY_NAME   "libgpgme.so.11"
#define OPENPGP        0
#define VALIDITY_NEVER 2

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
	int considered, no_user_id, imported, imported_rsa, unchanged;
};

/* clang-format off */
#define LIBRARY_ROWS(ROW) \
	ROW(const char *, gpgme_check_version, (const char *wanted)) \
	ROW(gpgme_error_t, gpgme_new, (gpgme_ctx_t *context)) \
	ROW(void, gpgme_release, (gpgme_ctx_t context)) \
	ROW(gpgme_error_t, gpgme_set_protocol, (gpgme_ctx_t context, int protocol)) \
	ROW(gpgme_error_t, gpgme_ctx_set_engine_info, (gpgme_ctx_t context, int protocol, const char *program, const char *home)) \
	ROW(gpgme_error_t, gpgme_data_new, (gpgme_data_t *data)) \
	ROW(gpgme_error_t, gpgme_data_new_from_mem, (gpgme_data_t *data, const char *bytes, size_t size, int copy)) \
	ROW(void, gpgme_data_release, (gpgme_data_t data)) \
	ROW(char *, gpgme_data_release_and_get_mem, (gpgme_data_t data, size_t *size)) \
	ROW(void, gpgme_free, (void *memory)) \
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
	char home[64];
};

static int open_check(struct check *check, struct error *err)
{
	struct gpgme *library = &check->library;
	const char *words = "cannot prepare a check of GPG signatures";
	gpgme_error_t wrong;

	TRY(open_library(library, err));
	strcpy(check->home, "/tmp/lade-keys-XXXXXX");
	if (!mkdtemp(check->home)) {
		*check->home = '\0';
		return fail_call(err, "mkdtemp", "%s", words);
	}
	wrong = library->gpgme_new(&check->context);
	if (!wrong)
		wrong = library->gpgme_set_protocol(check->context, OPENPGP);
	if (!wrong)
		wrong = library->gpgme_ctx_set_engine_info(check->context, OPENPGP, NULL,
							   check->home);
	return wrong ? fail(err, EIO, "%s: %s", words, library->gpgme_strerror(wrong)) : 0;
}

static void close_check(struct check *check)
{
	if (check->context)
		check->library.gpgme_release(check->context);
	if (*check->home)
		file_remove_tree(AT_FDCWD, check->home, NULL);
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
	if (!result || result->imported + result->unchanged < 1)
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

static int verify(struct check *check, const struct signature *signature, struct text *content,
		  struct error *err)
{
	const struct gpgme *library = &check->library;
	gpgme_data_t message = NULL, plain = NULL;
	gpgme_error_t wrong;
	size_t length = 0;
	char *bytes;

	wrong = library->gpgme_data_new_from_mem(&message, signature->bytes, signature->length, 0);
	if (!wrong)
		wrong = library->gpgme_data_new(&plain);
	if (!wrong)
		wrong = library->gpgme_op_verify(check->context, message, NULL, plain);
	if (message)
		library->gpgme_data_release(message);
	bytes = plain ? library->gpgme_data_release_and_get_mem(plain, &length) : NULL;
	if (bytes)
		text_add_bytes(content, bytes, length);
	library->gpgme_free(bytes);
	if (wrong)
		return fail(err, EBADMSG, "not a message with a GPG signature: %s",
			    library->gpgme_strerror(wrong));
	return judge(check, err);
}

int gpg_verify(const struct keys *keys, const struct signature *signature, struct text *content,
	       struct error *err)
{
	struct check check = { 0 };
	int result = open_check(&check, err);

	for (size_t i = 0; result >= 0 && i < keys->count; i++)
		result = import_key(&check, &keys->items[i], err);
	if (result >= 0)
		result = verify(&check, signature, content, err);
	close_check(&check);
	return result;
}
