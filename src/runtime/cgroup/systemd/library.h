/* library.h -- libsystemd's sd-bus, opened by the container that needs it. */
#ifndef SYSTEMD_LIBRARY_H
#define SYSTEMD_LIBRARY_H

#include <systemd/sd-bus.h>

#include "base/error.h"

/* Its functions that are used; types come from its own header. */
#define LIBRARY_ROWS(ROW)                                                                          \
	ROW(sd_bus_new)                                                                            \
	ROW(sd_bus_set_address)                                                                    \
	ROW(sd_bus_start)                                                                          \
	ROW(sd_bus_open_system)                                                                    \
	ROW(sd_bus_open_user)                                                                      \
	ROW(sd_bus_flush_close_unref)                                                              \
	ROW(sd_bus_is_ready)                                                                       \
	ROW(sd_bus_is_bus_client)                                                                  \
	ROW(sd_bus_process)                                                                        \
	ROW(sd_bus_wait)                                                                           \
	ROW(sd_bus_call)                                                                           \
	ROW(sd_bus_match_signal)                                                                   \
	ROW(sd_bus_error_free)                                                                     \
	ROW(sd_bus_message_new_method_call)                                                        \
	ROW(sd_bus_message_append_basic)                                                           \
	ROW(sd_bus_message_open_container)                                                         \
	ROW(sd_bus_message_close_container)                                                        \
	ROW(sd_bus_message_read)                                                                   \
	ROW(sd_bus_message_unref)

struct systemd_library {
	void *handle;
#define LIBRARY_MEMBER(function) __typeof__(function) *function;
	LIBRARY_ROWS(LIBRARY_MEMBER)
#undef LIBRARY_MEMBER
};

/* Stays open until the program ends: it keeps state of its threads. -ENOTSUP where it is not
 * installed. */
int systemd_library_open(struct systemd_library *library, struct error *err);

#endif
