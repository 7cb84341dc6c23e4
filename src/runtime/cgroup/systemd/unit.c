/* unit.c -- start, change and stop a container's unit. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "bus.h"

#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define UNIT_EXISTS  "org.freedesktop.systemd1.UnitExists"

/* What is said of a property that a systemd is too old for (and of one that was misspelt). */
static const char *const unknown[] = {
	"org.freedesktop.DBus.Error.PropertyReadOnly",
	"org.freedesktop.DBus.Error.UnknownProperty",
};

static bool is_named(const struct bus_call *call, const char *name)
{
	return text_equal(call->error_name, name);
}

/* The property that systemd complains about: "Cannot set property NAME, or unknown property." */
static const struct property *find_blamed(const struct bus_call *call,
					  const struct properties *properties, const bool *skip)
{
	for (size_t i = 0; i < properties->count; i++) {
		const char *name = properties->items[i].name;
		const char *found = skip[i] ? NULL : strstr(call->error_text, name);
		size_t length = strlen(name);

		if (found && (found == call->error_text || found[-1] == ' ') &&
		    strchr(" ,:=.", found[length]))
			return &properties->items[i];
	}
	return NULL;
}

/* Leave out what this systemd does not know, if the container can do without. */
static bool leave_out(const struct bus_call *call, const struct properties *properties, bool *skip)
{
	const struct property *blamed = find_blamed(call, properties, skip);

	if (!blamed || !blamed->optional ||
	    (!is_named(call, unknown[0]) && !is_named(call, unknown[1])))
		return false;
	log_debug("this systemd has no property %s", blamed->name);
	for (size_t i = 0; i < properties->count; i++)
		skip[i] = skip[i] || text_equal(properties->items[i].name, blamed->name);
	return true;
}

/* Whose fault is it? A field of config.json's, where systemd names its property. */
static int blame(const struct bus_call *call, const struct properties *properties, const bool *skip,
		 int result, struct error *err)
{
	const struct property *blamed = find_blamed(call, properties, skip);

	if (blamed && blamed->where)
		fail_where(err, "%s", blamed->where);
	return result;
}

static void reset(struct bus *bus, const char *unit)
{
	auto_call struct bus_call call = bus_call(bus, "Manager", "ResetFailedUnit");

	bus_add_text(&call, unit);
	bus_send(&call); /* mostly there is none */
}

static int send_start(struct bus_call *call, const char *unit, const struct properties *properties,
		      const bool *skip)
{
	*call = bus_call(call->bus, "Manager", "StartTransientUnit");
	bus_add_text(call, unit);
	bus_add_text(call, "fail"); /* where another job is queued for it */
	bus_add_properties(call, properties, skip);
	bus_add_begin(call, 'a', "(sa(sv))"); /* no units besides */
	bus_add_end(call);
	return bus_send(call);
}

/* Again without a property, or once again after a failed unit of that name was forgotten. */
static int start_somehow(struct bus_call *call, const char *unit,
			 const struct properties *properties, bool *skip)
{
	bool was_reset = false;
	int result;

	while ((result = send_start(call, unit, properties, skip)) < 0) {
		if (is_named(call, UNIT_EXISTS) && !was_reset) {
			reset(call->bus, unit);
			was_reset = true;
		} else if (!leave_out(call, properties, skip)) {
			return result;
		}
		bus_call_close(call);
	}
	return 0;
}

int unit_start(struct bus *bus, const char *unit, const struct properties *properties,
	       struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_call struct bus_call call = { .bus = bus };
	bool *skip = arena_array(&arena, properties->count + 1, sizeof(*skip));
	int result;

	result = start_somehow(&call, unit, properties, skip);
	if (result < 0 && is_named(&call, UNIT_EXISTS)) {
		fail(err, EEXIST, "there is a unit %s already", unit);
		return fail_where(err, "linux.cgroupsPath");
	}
	if (result < 0) {
		bus_fail(&call, result, err, "cannot start the unit %s", unit);
		return blame(&call, properties, skip, result, err);
	}
	return bus_await_job(&call, unit, err);
}

static int send_set(struct bus_call *call, const char *unit, const struct properties *properties,
		    const bool *skip)
{
	*call = bus_call(call->bus, "Manager", "SetUnitProperties");
	bus_add_text(call, unit);
	bus_add_number(call, 'b', 1); /* until it ends, not for the next time */
	bus_add_properties(call, properties, skip);
	return bus_send(call);
}

int unit_set(struct bus *bus, const char *unit, const struct properties *properties,
	     struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_call struct bus_call call = { .bus = bus };
	bool *skip = arena_array(&arena, properties->count + 1, sizeof(*skip));
	int result;

	while ((result = send_set(&call, unit, properties, skip)) < 0) {
		if (!leave_out(&call, properties, skip)) {
			bus_fail(&call, result, err, "cannot change the unit %s", unit);
			return blame(&call, properties, skip, result, err);
		}
		bus_call_close(&call);
	}
	return bus_settle(bus, err);
}

int unit_attach(struct bus *bus, const char *unit, const char *below, pid_t pid, struct error *err)
{
	auto_call struct bus_call call = bus_call(bus, "Manager", "AttachProcessesToUnit");
	int result;

	bus_add_text(&call, unit);
	bus_add_text(&call, below);
	bus_add_begin(&call, 'a', "u");
	bus_add_number(&call, 'u', (uint64_t)pid);
	bus_add_end(&call);
	result = bus_send(&call);
	if (result < 0)
		return bus_fail(&call, result, err, "cannot move process %d into the unit %s", pid,
				unit);
	return 0;
}

int unit_stop(struct bus *bus, const char *unit, struct error *err)
{
	auto_call struct bus_call call = bus_call(bus, "Manager", "StopUnit");
	int result;

	bus_add_text(&call, unit);
	bus_add_text(&call, "replace");
	result = bus_send(&call);
	if (result < 0 && is_named(&call, NO_SUCH_UNIT))
		return 0;
	if (result < 0)
		return bus_fail(&call, result, err, "cannot stop the unit %s", unit);
	result = bus_await_job(&call, unit, err);
	reset(bus, unit);
	return result;
}
