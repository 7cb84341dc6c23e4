/* new_mount.c -- fsopen(2) and what follows, with mount(2)'s way to write options. No libc. */
#include "base/new_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/kernel_call.h"

#define OPTION_MOST 4096

/* Flags of mount(2) that are the file system's, by the names that fsconfig(2) knows. */
static const struct {
	uint64_t flag;
	const char *name;
} flag_names[] = {
	{ MS_RDONLY, "ro" },     { MS_SYNCHRONOUS, "sync" },  { MS_DIRSYNC, "dirsync" },
	{ MS_MANDLOCK, "mand" }, { MS_LAZYTIME, "lazytime" }, { MS_I_VERSION, "iversion" },
};

/* What the kernel takes for a value is 255 bytes: so many layers by number. */
#define LAYERS_MOST 100
#define VALUE_MOST  255

struct context {
	int fd;
	struct new_mount_failure *failure;
	bool by_number;          /* an overlay's layers are given so */
	int layers[LAYERS_MOST]; /* … which are these */
	int layer_count;
	int cwd; /* where the caller was */
};

/* What the kernel says about its refusal: one message a read(2), with "e " in front. */
static void read_reason(struct context *context)
{
	struct new_mount_failure *failure = context->failure;
	long length = kernel_call(__NR_read, context->fd, failure->reason, NEW_MOUNT_REASON - 1);
	long start = length > 2 && failure->reason[1] == ' ' ? 2 : 0;

	if (length < 0)
		length = 0;
	while (length > start && failure->reason[length - 1] == '\n')
		length--;
	for (long i = start; i < length; i++)
		failure->reason[i - start] = failure->reason[i];
	failure->reason[length - start] = '\0';
}

static int configure(struct context *context, unsigned command, const char *key, const char *value)
{
	long result = kernel_call(__NR_fsconfig, context->fd, command, key, value, 0);

	if (result < 0) {
		context->failure->call = "fsconfig";
		read_reason(context);
	}
	return (int)result;
}

/* One option, "key" or "key=value", cut out and without the quotes around its value. */
struct option {
	char text[OPTION_MOST];
	char *value; /* NULL: a flag */
};

/* Returns what follows behind the comma. */
static const char *next_option(const char *data, struct option *option)
{
	bool quoted = false;
	size_t used = 0;

	option->value = NULL;
	for (; *data && (quoted || *data != ',') && used < OPTION_MOST - 1; data++) {
		if (*data == '"') {
			quoted = !quoted;
		} else if (*data == '=' && !option->value) {
			option->text[used++] = '\0';
			option->value = option->text + used;
		} else {
			option->text[used++] = *data;
		}
	}
	option->text[used] = '\0';
	return *data == ',' ? data + 1 : data;
}

static int set_option(struct context *context, const struct option *option)
{
	if (option->value)
		return configure(context, FSCONFIG_SET_STRING, option->text, option->value);
	return *option->text ? configure(context, FSCONFIG_SET_FLAG, option->text, NULL) : 0;
}

/* ---- layers of an overlay, by number ----------------------------------------------------------
 *
 * "lowerdir+" is of Linux 6.7, and of paths that are no longer than a value. Else all layers have
 * to be in one value: short as the names in /proc/self/fd, with that as the working directory until
 * the file system is made. */

static bool is_layer(const struct option *option)
{
	static const char key[] = "lowerdir+";

	for (size_t i = 0; i < sizeof(key); i++)
		if (option->text[i] != key[i])
			return false;
	return option->value;
}

static size_t write_number(char *out, int number)
{
	char digits[12];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	for (size_t i = 0; i < count; i++)
		out[i] = digits[count - 1 - i];
	return count;
}

static int open_layers(struct context *context, const char *data, char value[VALUE_MOST + 1])
{
	size_t used = 0;

	while (*data) {
		struct option option;
		int fd;

		data = next_option(data, &option);
		if (!is_layer(&option))
			continue;
		if (context->layer_count == LAYERS_MOST || used + 8 > VALUE_MOST)
			return -E2BIG;
		context->failure->call = "openat";
		fd = (int)kernel_call(__NR_openat, AT_FDCWD, option.value,
				      O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		if (fd < 0)
			return fd;
		context->layers[context->layer_count++] = fd;
		if (used)
			value[used++] = ':';
		used += write_number(value + used, fd);
	}
	value[used] = '\0';
	return 0;
}

static int set_layers_by_number(struct context *context, const char *data)
{
	char value[VALUE_MOST + 1];
	int result = open_layers(context, data, value);

	if (result < 0)
		return result;
	context->failure->call = "chdir";
	context->cwd = (int)kernel_call(__NR_openat, AT_FDCWD, ".", O_PATH | O_CLOEXEC, 0);
	result = (int)kernel_call(__NR_chdir, "/proc/self/fd");
	return result < 0 ? result : configure(context, FSCONFIG_SET_STRING, "lowerdir", value);
}

static void forget_layers(struct context *context)
{
	for (int i = 0; i < context->layer_count; i++)
		kernel_call(__NR_close, context->layers[i]);
	if (context->cwd < 0)
		return;
	kernel_call(__NR_fchdir, context->cwd);
	kernel_call(__NR_close, context->cwd);
}

/* ---- the file system --------------------------------------------------------------------------
 */

static int set_next_option(struct context *context, const struct option *option, const char *data)
{
	if (!is_layer(option) || !context->by_number)
		return set_option(context, option);
	return context->layer_count ? 0 /* all of them are set */
				    : set_layers_by_number(context, data);
}

static int set_options(struct context *context, const struct new_mount *request)
{
	const char *data = request->data;
	int result = *request->source
			     ? configure(context, FSCONFIG_SET_STRING, "source", request->source)
			     : 0;

	for (size_t i = 0; result == 0 && i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (request->flags & flag_names[i].flag)
			result = configure(context, FSCONFIG_SET_FLAG, flag_names[i].name, NULL);
	while (result == 0 && *data) {
		struct option option;

		data = next_option(data, &option);
		result = set_next_option(context, &option, request->data);
	}
	return result;
}

static int make(struct context *context, const struct new_mount *request)
{
	int result = set_options(context, request);

	if (result == 0)
		result = configure(context, FSCONFIG_CMD_CREATE, NULL, NULL);
	if (result < 0)
		return result;
	result = (int)kernel_call(__NR_fsmount, context->fd, FSMOUNT_CLOEXEC, request->attributes);
	if (result < 0) {
		context->failure->call = "fsmount";
		read_reason(context);
	}
	return result;
}

static int make_in_context(struct context *context, const struct new_mount *request)
{
	int result;

	context->failure->call = "fsopen";
	context->failure->reason[0] = '\0';
	context->fd = (int)kernel_call(__NR_fsopen, request->type, FSOPEN_CLOEXEC);
	if (context->fd < 0)
		return context->fd;
	result = make(context, request);
	kernel_call(__NR_close, context->fd);
	return result;
}

static bool has_layers(const struct new_mount *request)
{
	const char *data = request->data;

	while (*data) {
		struct option option;

		data = next_option(data, &option);
		if (is_layer(&option))
			return true;
	}
	return false;
}

/* Older kernels tell of an option that they do not know only when the file system is made. */
int new_mount_make(const struct new_mount *request, struct new_mount_failure *failure)
{
	struct context context = { .failure = failure, .cwd = -1 };
	int result = make_in_context(&context, request);

	if (result != -EINVAL || !has_layers(request))
		return result;
	context.by_number = true;
	result = make_in_context(&context, request);
	forget_layers(&context);
	return result;
}
