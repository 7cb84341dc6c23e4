/* interfaces.c -- traffic of a container's network interfaces, as /proc/PID/net/dev counts it. */
#include "interfaces.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/own.h"

#define TABLE_MOST (4u << 20)

/* In the order of the columns; runc's encoder knows no other names for them. */
#define INTERFACE_ROWS(ROW, T)                                                                     \
	ROW(T, string, name, "Name", none, always)                                                 \
	ROW(T, uint64, rx_bytes, "RxBytes", none, always)                                          \
	ROW(T, uint64, rx_packets, "RxPackets", none, always)                                      \
	ROW(T, uint64, rx_errors, "RxErrors", none, always)                                        \
	ROW(T, uint64, rx_dropped, "RxDropped", none, always)                                      \
	ROW(T, uint64, tx_bytes, "TxBytes", none, always)                                          \
	ROW(T, uint64, tx_packets, "TxPackets", none, always)                                      \
	ROW(T, uint64, tx_errors, "TxErrors", none, always)                                        \
	ROW(T, uint64, tx_dropped, "TxDropped", none, always)
JSON_STRUCT(interface_stats, INTERFACE_ROWS);
JSON_SHAPE(interface_stats, INTERFACE_ROWS);

/* "  eth0: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop …" */
static bool parse_line(char *line, struct interface_stats *stats)
{
	char *colon = strrchr(line, ':');

	if (!colon)
		return false;
	*colon = '\0';
	stats->name = line + strspn(line, " ");
	return sscanf(colon + 1,
		      "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %*u %*u %" SCNu64
		      " %" SCNu64 " %" SCNu64 " %" SCNu64,
		      &stats->rx_bytes, &stats->rx_packets, &stats->rx_errors, &stats->rx_dropped,
		      &stats->tx_bytes, &stats->tx_packets, &stats->tx_errors,
		      &stats->tx_dropped) == 8;
}

static void add(struct text *list, const struct interface_stats *stats)
{
	text_add(list, list->length ? "," : "[");
	json_write(&interface_stats_shape, stats, false, list);
}

char *interfaces_list(const struct container_state *state, struct arena *arena)
{
	auto_text struct text table = { 0 }, list = { 0 };
	const char *path = arena_format(arena, "/proc/%d/net/dev", state->pid);
	struct strings lines;

	if (!(state->namespaces & CLONE_NEWNET) ||
	    file_read(AT_FDCWD, path, TABLE_MOST, &table, NULL) < 0)
		return NULL;
	lines = strings_split(table.data, '\n', arena);
	for (size_t i = 0; i < lines.count; i++) {
		struct interface_stats stats = { 0 };

		if (parse_line(lines.items[i], &stats) && !text_equal(stats.name, "lo"))
			add(&list, &stats);
	}
	if (!list.length)
		return NULL;
	text_add(&list, "]");
	return arena_copy(arena, list.data, list.length);
}
