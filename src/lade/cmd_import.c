/* cmd_import.c -- lade import: an archive of a root filesystem as an image. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "derive.h"

struct options {
	struct network_options network;
	struct strings changes;
	char *message;
	bool quiet;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "change", 'c', OPTION_LIST, offsetof(struct options, changes), "INSTRUCTION", "one of Dockerfile's for the config: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR", NULL, 0 },
	{ "message", 'm', OPTION_TEXT, offsetof(struct options, message), "TEXT", "the comment in the history", NULL, 0 },
	{ "arch", 0, OPTION_TEXT, offsetof(struct options, network.arch), "ARCH", "the image's architecture (default: this machine's)", NULL, 0 },
	{ "os", 0, OPTION_TEXT, offsetof(struct options, network.os), "OS", "its operating system", NULL, 0 },
	{ "variant", 0, OPTION_TEXT, offsetof(struct options, network.variant), "VARIANT", "the variant of its architecture", NULL, 0 },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "accepted for podman's sake: nothing but the ID is printed", NULL, 0 },
	ASKING_OPTION_ROWS(struct options, network),
};
/* clang-format on */

static int write_file(void *context, const void *bytes, size_t length, struct error *err)
{
	return file_write_all(*(const int *)context, bytes, length, "the download", err);
}

/* Into a file without a name in the store's own file system. */
static int download(const char *url, const struct store *store,
		    const struct registry_options *options, struct error *err)
{
	auto_close int fd = openat(store->dir, "ingest", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	const struct registry_download order = { url, write_file, &fd };

	if (fd < 0)
		return fail_call(err, "openat", "cannot make a file for the download");
	TRY(registry_download(&order, options, err));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return fail_call(err, "lseek", "cannot read the download");
	return take_fd(&fd);
}

static int open_archive(const char *source, const struct store *store,
			const struct registry_options *options, struct error *err)
{
	int fd;

	if (!strcmp(source, "-")) {
		if (isatty(STDIN_FILENO))
			return fail(err, EINVAL, "an archive is not typed in");
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	} else if (text_starts(source, "http://") || text_starts(source, "https://")) {
		return download(source, store, options, err);
	} else {
		fd = open(source, O_RDONLY | O_CLOEXEC);
	}
	return fd < 0 ? fail_call(err, "open", "cannot read %s", source) : fd;
}

static int import(const struct command_line *line, struct store *store, struct derive_import *order,
		  struct store_image *made, struct error *err)
{
	const struct options *options = line->options;
	const char *source = line->arguments.items[0];
	auto_close int archive = -1;
	struct transfer_options transfer;
	struct oci_platform host;

	TRY(network_options_apply(&options->network, line->arena, &transfer, err));
	oci_platform_host(&host, line->arena);
	if (text_equal(host.architecture, "amd64")) /* nothing tells for which level it was built */
		host.variant = NULL;
	order->platform = transfer.platform ? transfer.platform : &host;
	archive = open_archive(source, store, &transfer.registry, err);
	if (archive < 0)
		return archive;
	order->archive = archive;
	return derive_import(store, order, line->arena, made, err);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	struct derive_import order = {
		.created_by = arena_string(line->arena, "lade import"),
		.message = options->message ? options->message
					    : arena_format(line->arena, "Imported from %s",
							   line->arguments.items[0]),
		.changes = options->changes,
		.cancel_fd = interrupt_fd(),
	};
	struct store_image made;

	if (line->arguments.count > 1)
		TRY(command_full_name(line->arguments.items[1], line->arena, &order.name, err));
	TRY(derive_time_now(line->arena, &order.created, err));
	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(import(line, &store, &order, &made, err));
	return command_print_id(&made, err);
}

const struct command command_import = {
	.name = "import",
	.summary = "make an image of the archive of a root filesystem",
	.arguments = "FILE|URL|- [NAME[:TAG]]",
	.least = 1,
	.most = 2,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};
