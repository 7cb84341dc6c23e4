/* log.c -- one sink a process: standard error, a file, journald or syslog; text or JSON lines. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/own.h"
#include "base/text.h"

enum sink_kind { SINK_NONE, SINK_STDERR, SINK_FILE, SINK_JOURNAL, SINK_SYSLOG };

static struct {
	enum sink_kind kind;
	const char *program;
	const char *identifier;
	int fd;
	bool json;
	enum log_level level;
} sink = { .fd = -1 };

static const struct {
	const char *name;
	int priority; /* of syslog(3) and journald */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

static int open_journal(void)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX,
					     .sun_path = "/run/systemd/journal/socket" };
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&fd);
}

static int open_file(const char *path)
{
	/* O_APPEND: engines share the file with us. */
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : fd;
}

static int open_target(const char *target)
{
	const char *rest;

	if (!target) {
		sink.kind = SINK_STDERR;
		return 0;
	}
	if ((rest = text_after(target, "journald:"))) {
		sink.kind = SINK_JOURNAL;
		sink.identifier = rest;
		return sink.fd = open_journal();
	}
	if ((rest = text_after(target, "syslog:"))) {
		sink.kind = SINK_SYSLOG;
		openlog(rest, 0, LOG_DAEMON);
		return 0;
	}
	sink.kind = SINK_FILE;
	rest = text_after(target, "file:");
	return sink.fd = open_file(rest ? rest : target);
}

int log_open(const char *program, const char *target, bool json, enum log_level level,
	     struct error *err)
{
	int result;

	sink.program = program;
	sink.json = json;
	sink.level = level;
	result = open_target(target);
	if (result < 0) {
		sink.kind = SINK_STDERR;
		return fail_number(err, result, "open", "cannot open the log \"%s\"", target);
	}
	return 0;
}

static void add_time(struct text *out)
{
	time_t now = time(NULL);
	struct tm utc;
	char date[32];

	gmtime_r(&now, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &utc);
	text_add(out, date);
}

/* The keys that podman and containerd read the error from. */
static void add_json(enum log_level level, const char *message, struct text *out)
{
	text_format(out, "{\"level\":\"%s\",\"msg\":", levels[level].name);
	json_write_string(message, out);
	text_add(out, ",\"time\":\"");
	add_time(out);
	text_add(out, "\"}\n");
}

static void add_text(enum log_level level, const char *message, struct text *out)
{
	text_add(out, "time=\"");
	add_time(out);
	text_format(out, "\" level=%s msg=", levels[level].name);
	json_write_string(message, out);
	text_add(out, "\n");
}

static void write_line(int fd, const struct text *line)
{
	/* One write: lines of several processes do not mix. Nobody could be told of a failure. */
	ssize_t written = write(fd, line->data, line->length);

	(void)written;
}

static void write_stderr(enum log_level level, const char *message)
{
	auto_text struct text line = { 0 };

	if (level == LOG_LEVEL_ERROR)
		text_format(&line, "%s: %s\n", sink.program, message);
	else
		text_format(&line, "%s: %s: %s\n", sink.program, levels[level].name, message);
	write_line(STDERR_FILENO, &line);
}

static void write_file(enum log_level level, const char *message)
{
	auto_text struct text line = { 0 };

	if (sink.json)
		add_json(level, message, &line);
	else
		add_text(level, message, &line);
	write_line(sink.kind == SINK_STDERR ? STDERR_FILENO : sink.fd, &line);
}

static void write_journal(enum log_level level, const char *message)
{
	auto_text struct text entry = { 0 };

	text_format(&entry, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%s\n",
		    levels[level].priority, sink.identifier, message);
	send(sink.fd, entry.data, entry.length, MSG_NOSIGNAL);
}

static void write_message(enum log_level level, const char *message)
{
	if (level > sink.level)
		return;
	if (sink.kind == SINK_FILE || (sink.kind == SINK_STDERR && sink.json))
		write_file(level, message);
	else if (sink.kind == SINK_JOURNAL)
		write_journal(level, message);
	else if (sink.kind == SINK_SYSLOG)
		syslog(levels[level].priority, "%s", message);
	if ((sink.kind == SINK_STDERR && !sink.json) ||
	    (sink.kind > SINK_STDERR && level == LOG_LEVEL_ERROR))
		write_stderr(level, message);
}

static void write_formatted(enum log_level level, const char *format, va_list args)
{
	auto_text struct text message = { 0 };

	if (sink.kind == SINK_NONE || level > sink.level)
		return;
	text_vformat(&message, format, args);
	if (message.data)
		text_mask_controls(message.data);
	write_message(level, message.data ? message.data : "");
}

enum log_level log_level_named(const char *name)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (text_equal(levels[i].name, name))
			return (enum log_level)i;
	return LOG_LEVEL_WARNING;
}

void log_error(const struct error *err)
{
	char line[sizeof(struct error)];

	error_format(err, line, sizeof(line));
	if (sink.kind == SINK_NONE) {
		sink.kind = SINK_STDERR;
		sink.program = program_invocation_short_name;
	}
	write_message(LOG_LEVEL_ERROR, line);
}

#define LOG_FUNCTION(name, level)                                                                  \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, format);                                                            \
		write_formatted(level, format, args);                                              \
		va_end(args);                                                                      \
	}

LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
