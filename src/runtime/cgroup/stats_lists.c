/* stats_lists.c -- the statistics that are lists and maps: a number a processor, a device, a page
 * size; pressure. Files that are not there leave their lists out. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "stats.h"
#include "tree.h"

#define FILE_MOST (4u << 20)

/* The file's lines, in the arena; none where it cannot be read. */
static struct strings read_lines(int dir, const char *file, struct arena *arena)
{
	auto_text struct text text = { 0 };

	if (dir < 0 || file_read(dir, file, FILE_MOST, &text, NULL) < 0)
		return (struct strings){ 0 };
	return strings_split(text.data, '\n', arena);
}

static char *keep(struct text *text, struct arena *arena)
{
	char *kept = arena_copy(arena, text->data, text->length);

	text_free(text);
	return kept;
}

/* The numbers of one column, as a JSON list; first: the first line that counts. NULL: none. */
static char *list_column(const struct strings *lines, size_t first, unsigned column,
			 struct arena *arena)
{
	struct text list = { 0 };
	bool any = false;

	text_add(&list, "[");
	for (size_t i = first; i < lines->count; i++) {
		struct strings words = strings_split(lines->items[i], ' ', arena);

		if (words.count <= column)
			continue;
		text_format(&list, "%s%" PRIu64, any ? "," : "",
			    (uint64_t)strtoull(words.items[column], NULL, 10));
		any = true;
	}
	text_add(&list, "]");
	if (any)
		return keep(&list, arena);
	text_free(&list);
	return NULL;
}

static void read_processors(int dir, struct arena *arena, struct stats_cpu_usage *usage)
{
	struct strings each = read_lines(dir, "cpuacct.usage_percpu", arena);
	struct strings table = read_lines(dir, "cpuacct.usage_all", arena); /* "cpu user system" */

	if (each.count > 0) {
		each = strings_split(each.items[0], ' ', arena);
		while (each.count > 0 && !*each.items[each.count - 1])
			each.count--; /* the line ends with a blank */
		usage->percpu = list_column(&each, 0, 0, arena);
	}
	usage->percpu_user = list_column(&table, 1, 1, arena);
	usage->percpu_kernel = list_column(&table, 1, 2, arena);
}

/* "0-2,5" -> "[0,1,2,5]"; NULL for nothing. */
static char *list_set(const struct strings *lines, struct arena *arena)
{
	const char *at = lines->count ? lines->items[0] : "";
	struct text list = { 0 };

	if (!isdigit((unsigned char)*at))
		return NULL;
	while (isdigit((unsigned char)*at)) {
		char *end;
		unsigned long low = strtoul(at, &end, 10), high = low;

		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		for (; low <= high && list.length < FILE_MOST; low++)
			text_format(&list, "%s%lu", list.length ? "," : "[", low);
		at = end + (*end == ',');
	}
	text_add(&list, "]");
	return keep(&list, arena);
}

static void read_sets(int dir, bool unified, struct arena *arena, struct stats_cpuset *cpuset)
{
	struct strings cpus =
		read_lines(dir, unified ? "cpuset.cpus.effective" : "cpuset.cpus", arena);
	struct strings mems =
		read_lines(dir, unified ? "cpuset.mems.effective" : "cpuset.mems", arena);

	cpuset->cpus = list_set(&cpus, arena);
	cpuset->mems = list_set(&mems, arena);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* memory.stat as an object, its keys sorted as Go's encoder has them. */
static char *read_map(int dir, const char *file, struct arena *arena)
{
	struct strings lines = read_lines(dir, file, arena);
	struct text map = { 0 };

	if (lines.count == 0)
		return NULL;
	qsort(lines.items, lines.count, sizeof(*lines.items), compare_lines);
	text_add(&map, "{");
	for (size_t i = 0; i < lines.count; i++) {
		char *value = strchr(lines.items[i], ' ');

		if (!value)
			continue;
		*value++ = '\0';
		text_add(&map, map.length > 1 ? "," : "");
		json_write_string(lines.items[i], &map);
		text_format(&map, ":%" PRIu64, (uint64_t)strtoull(value, NULL, 10));
	}
	text_add(&map, "}");
	return keep(&map, arena);
}

/* ---- block devices --------------------------------------------------------------------------- */

struct entries {
	struct stats_io_entry *items;
	size_t count;
};

static void add_entry(struct entries *entries, struct stats_io_entry entry, struct arena *arena)
{
	if ((entries->count & (entries->count + 1)) == 0) { /* full at 0, 1, 3, 7 … */
		struct stats_io_entry *items =
			arena_array(arena, 2 * entries->count + 1, sizeof(*items));

		if (entries->count)
			memcpy(items, entries->items, entries->count * sizeof(*items));
		entries->items = items;
	}
	entries->items[entries->count++] = entry;
}

/* "8:0 Read 4096", "8:0 Total 4096", "8:0 12" (sectors), "Total 4096" */
static void add_v1_line(struct entries *entries, char *line, struct arena *arena)
{
	struct strings words = strings_split(line, ' ', arena);
	struct stats_io_entry entry = { 0 };

	if (words.count < 2 ||
	    sscanf(words.items[0], "%" SCNu64 ":%" SCNu64, &entry.major, &entry.minor) != 2)
		return;
	if (words.count > 2)
		entry.op = words.items[1];
	entry.value = strtoull(words.items[words.count - 1], NULL, 10);
	add_entry(entries, entry, arena);
}

/* The same figure of whichever scheduler is in use: the first file that names a device. */
#define IO_FILES(name)                                                                             \
	{                                                                                          \
		"blkio.bfq." name "_recursive", "blkio." name "_recursive"                         \
	}

/* clang-format off */
static const struct {
	size_t offset;
	const char *files[4];
} io_rows[] = {
	{ offsetof(struct stats_io, service_bytes), { "blkio.bfq.io_service_bytes_recursive", "blkio.io_service_bytes_recursive", "blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes" } },
	{ offsetof(struct stats_io, serviced), { "blkio.bfq.io_serviced_recursive", "blkio.io_serviced_recursive", "blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced" } },
	{ offsetof(struct stats_io, queued), IO_FILES("io_queued") },
	{ offsetof(struct stats_io, service_time), IO_FILES("io_service_time") },
	{ offsetof(struct stats_io, wait_time), IO_FILES("io_wait_time") },
	{ offsetof(struct stats_io, merged), IO_FILES("io_merged") },
	{ offsetof(struct stats_io, time), IO_FILES("time") },
	{ offsetof(struct stats_io, sectors), IO_FILES("sectors") },
};

/* v2's io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …" */
static const struct {
	const char *key;
	char *op;
	size_t offset;
} io_stat_rows[] = {
	{ "rbytes=", (char *)"Read", offsetof(struct stats_io, service_bytes) },
	{ "wbytes=", (char *)"Write", offsetof(struct stats_io, service_bytes) },
	{ "rios=", (char *)"Read", offsetof(struct stats_io, serviced) },
	{ "wios=", (char *)"Write", offsetof(struct stats_io, serviced) },
};
/* clang-format on */

static struct entries *entries_at(struct stats_io *io, size_t offset)
{
	return (struct entries *)(void *)((char *)io + offset);
}

static void read_v1_file(int dir, const char *file, struct arena *arena, struct entries *entries)
{
	struct strings lines = read_lines(dir, file, arena);

	for (size_t i = 0; i < lines.count; i++)
		add_v1_line(entries, lines.items[i], arena);
}

static void read_v1_devices(int dir, struct arena *arena, struct stats_io *io)
{
	for (size_t i = 0; i < sizeof(io_rows) / sizeof(*io_rows); i++) {
		struct entries *entries = entries_at(io, io_rows[i].offset);

		for (size_t n = 0; n < 4 && io_rows[i].files[n] && entries->count == 0; n++)
			read_v1_file(dir, io_rows[i].files[n], arena, entries);
	}
}

static void add_v2_word(struct stats_io *io, struct stats_io_entry entry, const char *word,
			struct arena *arena)
{
	for (size_t i = 0; i < sizeof(io_stat_rows) / sizeof(*io_stat_rows); i++) {
		const char *value = text_after(word, io_stat_rows[i].key);

		if (!value)
			continue;
		entry.op = io_stat_rows[i].op;
		entry.value = strtoull(value, NULL, 10);
		add_entry(entries_at(io, io_stat_rows[i].offset), entry, arena);
	}
}

static void read_v2_devices(int dir, struct arena *arena, struct stats_io *io)
{
	struct strings lines = read_lines(dir, "io.stat", arena);

	for (size_t i = 0; i < lines.count; i++) {
		struct strings words = strings_split(lines.items[i], ' ', arena);
		struct stats_io_entry entry = { 0 };

		if (sscanf(words.items[0], "%" SCNu64 ":%" SCNu64, &entry.major, &entry.minor) != 2)
			continue;
		for (size_t n = 1; n < words.count; n++)
			add_v2_word(io, entry, words.items[n], arena);
	}
}

/* ---- huge pages ------------------------------------------------------------------------------ */

/* "hugetlb.2MB.current" -> "2MB"; NULL for other files. */
static char *page_size_of(const char *file, const char *suffix, struct arena *arena)
{
	const char *size = text_after(file, "hugetlb.");
	size_t length = size ? strcspn(size, ".") : 0;

	if (!length || !text_equal(size + length, suffix))
		return NULL;
	return arena_copy(arena, size, length);
}

static struct strings list_page_sizes(int dir, const char *suffix, struct arena *arena)
{
	int copy = dir < 0 ? -1 : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct strings sizes = { 0 };
	struct dirent *entry;

	while (list && (entry = readdir(list)) != NULL) {
		char *size = page_size_of(entry->d_name, suffix, arena);

		if (size)
			strings_add(&sizes, size, arena);
	}
	if (sizes.count)
		qsort(sizes.items, sizes.count, sizeof(*sizes.items), compare_lines);
	return sizes;
}

static uint64_t read_number(int dir, const char *file, const char *key)
{
	auto_text struct text text = { 0 };
	uint64_t number = 0;

	if (file_read(dir, file, 4096, &text, NULL) == 0)
		stats_number(text.data, key, &number);
	return number;
}

static bool has_file(int dir, const char *file)
{
	return faccessat(dir, file, F_OK, 0) == 0;
}

/* What is reserved counts where the kernel tells, as with the limit; as runc. */
static struct stats_hugetlb read_page_size(int dir, bool unified, const char *size,
					   struct arena *arena)
{
	const char *stem = arena_format(arena, "hugetlb.%s", size);
	const char *reserved = arena_format(arena, "%s.rsvd", stem);
	const char *usage = unified ? "current" : "usage_in_bytes";

	if (has_file(dir, arena_format(arena, "%s.%s", reserved, usage)))
		stem = reserved;
	if (unified)
		return (struct stats_hugetlb){
			.usage = read_number(dir, arena_format(arena, "%s.current", stem), NULL),
			.failcnt = read_number(dir, arena_format(arena, "hugetlb.%s.events", size),
					       "max"),
		};
	return (struct stats_hugetlb){
		.usage = read_number(dir, arena_format(arena, "%s.usage_in_bytes", stem), NULL),
		.max = read_number(dir, arena_format(arena, "%s.max_usage_in_bytes", stem), NULL),
		.failcnt = read_number(dir, arena_format(arena, "%s.failcnt", stem), NULL),
	};
}

static void read_huge_pages(int dir, bool unified, struct arena *arena, struct cgroup_stats *stats)
{
	struct strings sizes =
		list_page_sizes(dir, unified ? ".current" : ".usage_in_bytes", arena);

	stats->hugetlb.keys = sizes.items;
	stats->hugetlb.items = arena_array(arena, sizes.count + 1, sizeof(*stats->hugetlb.items));
	stats->hugetlb.count = sizes.count;
	for (size_t i = 0; i < sizes.count; i++)
		stats->hugetlb.items[i] = read_page_size(dir, unified, sizes.items[i], arena);
}

/* ---- pressure -------------------------------------------------------------------------------- */

/* "1.50" -> "1.5", "0.00" -> "0": a number as Go's encoder writes it. */
static char *shortest(const char *digits, struct arena *arena)
{
	char *number = arena_copy(arena, digits, strspn(digits, "0123456789."));
	char *end = number + strlen(number);

	while (strchr(number, '.') && (end[-1] == '0' || end[-1] == '.')) {
		bool is_point = *--end == '.';

		*end = '\0';
		if (is_point)
			break;
	}
	return *number ? number : arena_string(arena, "0");
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static struct stats_pressure_line *pressure_line(const char *line, struct arena *arena)
{
	struct stats_pressure_line *pressure = arena_alloc(arena, sizeof(*pressure));
	struct strings words = strings_split(line, ' ', arena);
	char *zero = arena_string(arena, "0");

	*pressure = (struct stats_pressure_line){ zero, zero, zero, 0 };
	for (size_t i = 1; i < words.count; i++) {
		const char *value = strchr(words.items[i], '=');

		if (text_starts(words.items[i], "avg10="))
			pressure->avg10 = shortest(value + 1, arena);
		else if (text_starts(words.items[i], "avg60="))
			pressure->avg60 = shortest(value + 1, arena);
		else if (text_starts(words.items[i], "avg300="))
			pressure->avg300 = shortest(value + 1, arena);
		else if (text_starts(words.items[i], "total="))
			pressure->total = strtoull(value + 1, NULL, 10);
	}
	return pressure;
}

static struct stats_pressure *read_pressure(int dir, const char *file, struct arena *arena)
{
	struct strings lines = read_lines(dir, file, arena);
	struct stats_pressure *pressure = arena_alloc(arena, sizeof(*pressure));

	if (lines.count == 0)
		return NULL;
	pressure->some = pressure_line("", arena);
	pressure->full = pressure_line("", arena);
	for (size_t i = 0; i < lines.count; i++) {
		if (text_starts(lines.items[i], "some "))
			pressure->some = pressure_line(lines.items[i], arena);
		else if (text_starts(lines.items[i], "full "))
			pressure->full = pressure_line(lines.items[i], arena);
	}
	return pressure;
}

/* The v2 tree knows it, with or without the controllers. */
static void read_pressures(const struct cgroup *cgroup, struct arena *arena,
			   struct stats_block *block)
{
	struct cgroup_tree *unified = tree_unified(cgroup);

	if (!unified || tree_open(unified, cgroup->path, NULL) < 0 || unified->dir < 0)
		return;
	block->cpu.psi = read_pressure(unified->dir, "cpu.pressure", arena);
	block->memory.psi = read_pressure(unified->dir, "memory.pressure", arena);
	block->io.psi = read_pressure(unified->dir, "io.pressure", arena);
}

void stats_read_lists(const struct cgroup *cgroup, struct arena *arena, struct stats_block *block,
		      struct cgroup_stats *stats)
{
	bool unified = false;
	int dir = stats_dir(cgroup, "cpuacct", &unified);

	if (dir >= 0 && !unified)
		read_processors(dir, arena, &block->cpu_usage);
	dir = stats_dir(cgroup, "cpuset", &unified);
	read_sets(dir, unified, arena, &block->cpuset);
	block->memory.raw = read_map(stats_dir(cgroup, "memory", &unified), "memory.stat", arena);
	dir = stats_dir(cgroup, "blkio", &unified);
	if (dir >= 0 && unified)
		read_v2_devices(dir, arena, &block->io);
	else
		read_v1_devices(dir, arena, &block->io);
	dir = stats_dir(cgroup, "hugetlb", &unified);
	read_huge_pages(dir, unified, arena, stats);
	read_pressures(cgroup, arena, block);
}
