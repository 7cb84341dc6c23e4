/* log.h -- where messages go. Libraries only call log_warning and log_debug; programs choose the
 * sink and report the final error. Until log_open, warnings go nowhere. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* target: NULL (stderr), a path (appended to, created 0644), "file:PATH", "journald:ID",
 * "syslog:ID". json: one object a line {"level","msg","time"} (what podman and containerd parse),
 * else "time=… level=… msg=…" into files and plain "NAME: text" on stderr.
 * With a file as target, errors are also written to stderr, as runc does. */
int log_open(const char *program, const char *target, bool json, enum log_level level,
	     struct error *err);

/* "error", "warning", "info", "debug"; warnings when NULL. */
enum log_level log_level_named(const char *name);

void log_error(const struct error *err);
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
