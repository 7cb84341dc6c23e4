/* bus.c -- talk to systemd over D-Bus, or without one.
 *
 * As systemctl does, the manager's private socket is tried first: nothing goes through a bus daemon
 * then, which is quicker and works when there is none. Its wire is the same, but nobody has to say
 * whom a message is for, or subscribe to signals. */
#include "bus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tree.h"

#define ANSWER_WAIT 30000 /* ms, for all of a verb */
#define SERVICE     "org.freedesktop.systemd1"
#define OBJECT      "/org/freedesktop/systemd1"

static uint64_t time_left(const struct bus *bus) /* us */
{
	int64_t left = bus->deadline - clock_now();

	return left > 0 ? (uint64_t)left * 1000 : 1;
}

/* Handle what has come; when nothing has, wait for something. */
static int turn(struct bus *bus)
{
	int result = bus->library.sd_bus_process(bus->connection, NULL);

	if (result != 0)
		return result;
	if (clock_now() >= bus->deadline)
		return -ETIMEDOUT;
	return bus->library.sd_bus_wait(bus->connection, time_left(bus));
}

static void disconnect(struct bus *bus)
{
	if (bus->connection)
		bus->library.sd_bus_flush_close_unref(bus->connection);
	bus->connection = NULL;
}

static int await_ready(struct bus *bus)
{
	int result;

	while ((result = bus->library.sd_bus_is_ready(bus->connection)) == 0)
		TRY(turn(bus));
	return result;
}

static int connect_directly(struct bus *bus)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char address[256];
	int length;

	if (bus->of_user && !runtime)
		return -ENOENT;
	length = snprintf(address, sizeof(address), "unix:path=%s/systemd/private",
			  bus->of_user ? runtime : "/run");
	if ((size_t)length >= sizeof(address) || strpbrk(address, ";,%"))
		return -ENAMETOOLONG;
	TRY(bus->library.sd_bus_new(&bus->connection));
	TRY(bus->library.sd_bus_set_address(bus->connection, address));
	TRY(bus->library.sd_bus_start(bus->connection));
	return await_ready(bus);
}

static int connect_by_daemon(struct bus *bus)
{
	TRY(bus->of_user ? bus->library.sd_bus_open_user(&bus->connection)
			 : bus->library.sd_bus_open_system(&bus->connection));
	return await_ready(bus);
}

/* A job's end, told by a signal to everybody who listens. */
static int note_end(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct bus *bus = data;
	const char *path, *unit, *result;
	uint32_t id;

	if (bus->library.sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 &&
	    text_equal(path, bus->job))
		snprintf(bus->ending, sizeof(bus->ending), "%s", result);
	return 0;
}

/* A bus hands on signals only of a manager that somebody subscribed to. */
static int listen_to_jobs(struct bus *bus)
{
	auto_call struct bus_call call = bus_call(bus, "Manager", "Subscribe");

	TRY(bus->library.sd_bus_match_signal(bus->connection, NULL, NULL, OBJECT,
					     SERVICE ".Manager", "JobRemoved", note_end, bus));
	return bus->library.sd_bus_is_bus_client(bus->connection) > 0 ? bus_send(&call) : 0;
}

static int explain(const struct bus *bus, int result, struct error *err)
{
	fail_number(err, result, "connect", "cannot talk to %s",
		    bus->of_user ? "the systemd of the user's session" : "systemd");
	if (bus->of_user)
		return fail_hint(err, "XDG_RUNTIME_DIR says where its socket is, or "
				      "DBUS_SESSION_BUS_ADDRESS its bus");
	return fail_hint(err, "is it this host's PID 1? --cgroup-manager cgroupfs does without");
}

int bus_open(bool of_user, struct bus *bus, struct error *err)
{
	int result;

	*bus = (struct bus){ .of_user = of_user, .deadline = clock_now() + ANSWER_WAIT };
	TRY(systemd_library_open(&bus->library, err));
	result = connect_directly(bus);
	if (result < 0 && result != -ETIMEDOUT) {
		disconnect(bus);
		result = connect_by_daemon(bus);
	}
	if (result >= 0)
		result = listen_to_jobs(bus);
	return result < 0 ? explain(bus, result, err) : 0;
}

void bus_close(struct bus *bus)
{
	disconnect(bus);
}

/* ---- calls ----------------------------------------------------------------------------------- */

struct bus_call bus_call(struct bus *bus, const char *interface, const char *method)
{
	struct bus_call call = { .bus = bus, .method = method };
	char whole[64];

	snprintf(whole, sizeof(whole), "%s.%s",
		 strchr(interface, '.') ? "org.freedesktop" : SERVICE, interface);
	call.failed = bus->library.sd_bus_message_new_method_call(bus->connection, &call.message,
								  SERVICE, OBJECT, whole, method);
	return call;
}

void bus_call_close(struct bus_call *call)
{
	if (call->message)
		call->bus->library.sd_bus_message_unref(call->message);
	if (call->answer)
		call->bus->library.sd_bus_message_unref(call->answer);
	call->message = call->answer = NULL;
}

static void note(struct bus_call *call, int result)
{
	if (result < 0 && call->failed >= 0)
		call->failed = result;
}

static void add_basic(struct bus_call *call, char type, const void *value)
{
	if (call->failed >= 0)
		note(call,
		     call->bus->library.sd_bus_message_append_basic(call->message, type, value));
}

void bus_add_text(struct bus_call *call, const char *text)
{
	add_basic(call, 's', text);
}

/* Integers are stored as narrow as their types are: on a little-endian machine and on any other. */
void bus_add_number(struct bus_call *call, char type, uint64_t number)
{
	int truth = number != 0;
	uint8_t byte = (uint8_t)number;
	uint16_t half = (uint16_t)number;
	uint32_t word = (uint32_t)number;
	const void *value = &number;

	if (type == 'b')
		value = &truth;
	else if (type == 'y')
		value = &byte;
	else if (strchr("nq", type))
		value = &half;
	else if (strchr("iu", type))
		value = &word;
	add_basic(call, type, value);
}

void bus_add_begin(struct bus_call *call, char type, const char *contents)
{
	if (call->failed >= 0)
		note(call, call->bus->library.sd_bus_message_open_container(call->message, type,
									    contents));
}

void bus_add_end(struct bus_call *call)
{
	if (call->failed >= 0)
		note(call, call->bus->library.sd_bus_message_close_container(call->message));
}

static void add_scalar(struct bus_call *call, char type, const union property_scalar *scalar)
{
	if (strchr("sog", type))
		add_basic(call, type, scalar->text);
	else if (type == 'd')
		add_basic(call, type, &scalar->real);
	else
		bus_add_number(call, type, scalar->number);
}

/* "a(st)": pairs; "as": one after the other. */
static void add_array(struct bus_call *call, const struct property *property)
{
	const char *element = property->type + 1;
	bool is_struct = *element == '(';
	char members[3] = { element[is_struct], is_struct ? element[2] : '\0', '\0' };
	size_t width = strlen(members);

	bus_add_begin(call, 'a', element);
	for (size_t i = 0; i + width <= property->count; i += width) {
		if (is_struct)
			bus_add_begin(call, 'r', members);
		for (size_t k = 0; k < width; k++)
			add_scalar(call, members[k], &property->scalars[i + k]);
		if (is_struct)
			bus_add_end(call);
	}
	bus_add_end(call);
}

static void add_property(struct bus_call *call, const struct property *property)
{
	bus_add_begin(call, 'r', "sv");
	bus_add_text(call, property->name);
	bus_add_begin(call, 'v', property->type);
	if (*property->type == 'a')
		add_array(call, property);
	else
		add_scalar(call, *property->type, property->scalars);
	bus_add_end(call);
	bus_add_end(call);
}

void bus_add_properties(struct bus_call *call, const struct properties *properties,
			const bool *skip)
{
	bus_add_begin(call, 'a', "(sv)");
	for (size_t i = 0; i < properties->count; i++)
		if (!skip[i])
			add_property(call, &properties->items[i]);
	bus_add_end(call);
}

int bus_send(struct bus_call *call)
{
	struct systemd_library *library = &call->bus->library;
	sd_bus_error error = { 0 };
	int result = call->failed;

	if (result >= 0)
		result = library->sd_bus_call(call->bus->connection, call->message,
					      time_left(call->bus), &error, &call->answer);
	if (result < 0 && error.name) {
		snprintf(call->error_name, sizeof(call->error_name), "%s", error.name);
		snprintf(call->error_text, sizeof(call->error_text), "%s",
			 error.message ? error.message : error.name);
	}
	library->sd_bus_error_free(&error);
	return result < 0 ? result : 0;
}

int bus_fail(const struct bus_call *call, int result, struct error *err, const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (*call->error_text && result != -ETIMEDOUT)
		return fail(err, result < 0 ? -result : result, "%s: systemd says: %s", what,
			    call->error_text);
	return fail_number(err, result, call->method, "%s", what);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

/* systemd's words for how a job ended (org.freedesktop.systemd1(5), JobRemoved). */
static const struct {
	const char *result, *words;
} endings[] = {
	{ "canceled", "another job took its place" },
	{ "timeout", "it took too long" },
	{ "failed", "it failed" },
	{ "dependency", "a unit that it depends on failed" },
	{ "skipped", "it was not applicable" },
	{ "invalid", "it was invalid" },
	{ "assert", "a condition of the unit does not hold" },
	{ "unsupported", "this host does not support such units" },
	{ "collected", "the unit is gone" },
	{ "once", "the unit was started before" },
};

static int explain_end(const struct bus *bus, const char *unit, struct error *err)
{
	const char *words = "it ended in a way of its own";

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (text_equal(endings[i].result, bus->ending))
			words = endings[i].words;
	return fail(err, EIO, "systemd's job for the unit %s ended with \"%s\": %s", unit,
		    bus->ending, words);
}

int bus_await_job(struct bus_call *call, const char *unit, struct error *err)
{
	struct bus *bus = call->bus;
	int result = bus->library.sd_bus_message_read(call->answer, "o", &bus->job);

	bus->ending[0] = '\0';
	while (result >= 0 && !*bus->ending)
		result = turn(bus);
	bus->job = NULL;
	if (result == -ETIMEDOUT)
		return fail(err, ETIMEDOUT, "systemd's job for the unit %s does not end", unit);
	if (result < 0)
		return fail_number(err, result, "sd_bus_process",
				   "the connection to systemd broke while it worked on %s", unit);
	return text_equal(bus->ending, "done") ? 0 : explain_end(bus, unit, err);
}

/* ---- questions ------------------------------------------------------------------------------- */

int bus_manager_cgroup(struct bus *bus, struct arena *arena, char **path, struct error *err)
{
	auto_call struct bus_call call = bus_call(bus, "DBus.Properties", "Get");
	const char *text = "";
	int result;

	bus_add_text(&call, SERVICE ".Manager");
	bus_add_text(&call, "ControlGroup");
	result = bus_send(&call);
	if (result >= 0)
		result = bus->library.sd_bus_message_read(call.answer, "v", "s", &text);
	if (result < 0)
		return bus_fail(&call, result, err, "cannot ask systemd for its cgroup");
	*path = arena_string(arena, text);
	return 0;
}

/* A manager realizes what changed before it takes the next message. */
int bus_settle(struct bus *bus, struct error *err)
{
	auto_call struct bus_call call = bus_call(bus, "DBus.Properties", "Get");
	int result;

	bus_add_text(&call, SERVICE ".Manager");
	bus_add_text(&call, "Version");
	result = bus_send(&call);
	return result < 0 ? bus_fail(&call, result, err, "systemd does not answer") : 0;
}
