/* bus.h -- a connection to the systemd that manages the caller's cgroups: the host's for root, the
 * user's own for others. Every wait has the same end, thirty seconds after bus_open. */
#ifndef SYSTEMD_BUS_H
#define SYSTEMD_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "library.h"
#include "property.h"

struct bus {
	struct systemd_library library;
	sd_bus *connection; /* NULL: none */
	bool of_user;
	int64_t deadline; /* ms of clock_now() */
	/* The job that is waited for, and how it ended: "done", "failed", "timeout" … */
	const char *job;
	char ending[32];
};

/* The bus stays where it is until it is closed. -ENOTSUP: no libsystemd; -ETIMEDOUT: nobody
 * answers. */
int bus_open(bool of_user, struct bus *bus, struct error *err);
void bus_close(struct bus *bus);
#define auto_bus __attribute__((cleanup(bus_close)))

/* A call of the manager's, being made: a failure to append is told when it is sent. */
struct bus_call {
	struct bus *bus;
	const char *method;
	sd_bus_message *message;
	int failed; /* -errno */
	sd_bus_message *answer;
	char error_name[96]; /* "org.freedesktop.systemd1.UnitExists"; "" */
	char error_text[512];
};

/* Begin a call of a method of an interface ("Manager") of systemd's object. */
struct bus_call bus_call(struct bus *bus, const char *interface, const char *method);
void bus_call_close(struct bus_call *call);
#define auto_call __attribute__((cleanup(bus_call_close)))

void bus_add_text(struct bus_call *call, const char *text);
void bus_add_number(struct bus_call *call, char type, uint64_t number);
/* The array a(sv) that units are described by, without those that `skip` marks. */
void bus_add_properties(struct bus_call *call, const struct properties *properties,
			const bool *skip);
/* Begin and end a container, as sd_bus_message_open_container(3) has it. */
void bus_add_begin(struct bus_call *call, char type, const char *contents);
void bus_add_end(struct bus_call *call);

/* Send it and wait for the answer. 0 or -errno, without a word. */
int bus_send(struct bus_call *call);
/* Say what failed, with systemd's own words. Returns `result`. */
int bus_fail(const struct bus_call *call, int result, struct error *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Wait for the end of the job whose path `call` was answered with; it is to be "done". */
int bus_await_job(struct bus_call *call, const char *unit, struct error *err);

/* The manager's own cgroup, "" for the host's. In the arena. */
int bus_manager_cgroup(struct bus *bus, struct arena *arena, char **path, struct error *err);

/* The manager has done what followed from the calls before. */
int bus_settle(struct bus *bus, struct error *err);

#endif
