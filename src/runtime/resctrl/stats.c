/* stats.c -- what a group has and uses, in runc's words: its consumers parse them. What the
 * processor does not know has no file, and is left out. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/own.h"
#include "runtime/resctrl.h"
#include "schemata.h"

#define FILE_MOST (1u << 20)

/* clang-format off */

#define RDT_L3_ROWS(ROW, T) \
	ROW(T, string, cbm_mask,     "cbm_mask",     none, optional) \
	ROW(T, uint64, min_cbm_bits, "min_cbm_bits", none, optional) \
	ROW(T, uint64, num_closids,  "num_closids",  none, optional)
JSON_STRUCT(rdt_l3, RDT_L3_ROWS);

#define RDT_MB_ROWS(ROW, T) \
	ROW(T, uint64, bandwidth_gran, "bandwidth_gran", none, optional) \
	ROW(T, uint64, delay_linear,   "delay_linear",   none, optional) \
	ROW(T, uint64, min_bandwidth,  "min_bandwidth",  none, optional) \
	ROW(T, uint64, num_closids,    "num_closids",    none, optional)
JSON_STRUCT(rdt_mb, RDT_MB_ROWS);

/* Of one L3 cache, in the order of their numbers. */
#define RDT_MBM_ROWS(ROW, T) \
	ROW(T, uint64, total, "mbm_total_bytes", none, always) \
	ROW(T, uint64, local, "mbm_local_bytes", none, always)
JSON_STRUCT(rdt_mbm, RDT_MBM_ROWS);

#define RDT_CMT_ROWS(ROW, T) \
	ROW(T, uint64, occupancy, "llc_occupancy", none, always)
JSON_STRUCT(rdt_cmt, RDT_CMT_ROWS);

#define RDT_STATS_ROWS(ROW, T) \
	ROW(T, object,  l3_info,   "l3_cache_info",        rdt_l3,  optional) \
	ROW(T, string,  l3_root,   "l3_cache_schema_root", none,    optional) \
	ROW(T, string,  l3_schema, "l3_cache_schema",      none,    optional) \
	ROW(T, object,  mb_info,   "mem_bw_info",          rdt_mb,  optional) \
	ROW(T, string,  mb_root,   "mem_bw_schema_root",   none,    optional) \
	ROW(T, string,  mb_schema, "mem_bw_schema",        none,    optional) \
	ROW(T, objects, mbm,       "mbm_stats",            rdt_mbm, optional) \
	ROW(T, objects, cmt,       "cmt_stats",            rdt_cmt, optional)
JSON_STRUCT(rdt_stats, RDT_STATS_ROWS);

/* clang-format on */

JSON_SHAPE(rdt_l3, RDT_L3_ROWS);
JSON_SHAPE(rdt_mb, RDT_MB_ROWS);
JSON_SHAPE(rdt_mbm, RDT_MBM_ROWS);
JSON_SHAPE(rdt_cmt, RDT_CMT_ROWS);
JSON_SHAPE(rdt_stats, RDT_STATS_ROWS);

/* NULL: there is none. */
static char *read_text(const char *directory, const char *name, struct arena *arena)
{
	auto_text struct text text = { 0 };

	if (file_read(AT_FDCWD, arena_format(arena, "%s/%s", directory, name), FILE_MOST, &text,
		      NULL) < 0)
		return NULL;
	return arena_copy(arena, text.data, strcspn(text.data, "\n"));
}

/* "Unavailable" is 0, too. */
static uint64_t read_number(const char *directory, const char *name, struct arena *arena)
{
	const char *text = read_text(directory, name, arena);

	return text ? strtoull(text, NULL, 10) : 0;
}

static char *read_schema(const char *group, const char *resource, struct arena *arena)
{
	auto_text struct text text = { 0 };

	if (file_read(AT_FDCWD, arena_format(arena, "%s/schemata", group), FILE_MOST, &text, NULL) <
	    0)
		return NULL;
	return schemata_line(text.data, resource, arena);
}

static void read_allocation(const char *root, const struct resctrl_group *group,
			    struct arena *arena, struct rdt_stats *stats)
{
	const char *l3 = arena_format(arena, "%s/info/L3", root);
	const char *mb = arena_format(arena, "%s/info/MB", root);

	stats->l3_root = read_schema(root, "L3", arena);
	if (stats->l3_root) {
		stats->l3_schema = read_schema(group->path, "L3", arena);
		stats->l3_info = arena_alloc(arena, sizeof(*stats->l3_info));
		stats->l3_info->cbm_mask = read_text(l3, "cbm_mask", arena);
		stats->l3_info->min_cbm_bits = read_number(l3, "min_cbm_bits", arena);
		stats->l3_info->num_closids = read_number(l3, "num_closids", arena);
	}
	stats->mb_root = read_schema(root, "MB", arena);
	if (stats->mb_root) {
		stats->mb_schema = read_schema(group->path, "MB", arena);
		stats->mb_info = arena_alloc(arena, sizeof(*stats->mb_info));
		stats->mb_info->bandwidth_gran = read_number(mb, "bandwidth_gran", arena);
		stats->mb_info->delay_linear = read_number(mb, "delay_linear", arena);
		stats->mb_info->min_bandwidth = read_number(mb, "min_bandwidth", arena);
		stats->mb_info->num_closids = read_number(mb, "num_closids", arena);
	}
}

static int is_cache(const struct dirent *entry)
{
	return strncmp(entry->d_name, "mon_L3_", strlen("mon_L3_")) == 0;
}

static void read_cache(const char *directory, size_t at, struct arena *arena,
		       struct rdt_stats *stats)
{
	stats->mbm.items[at].total = read_number(directory, "mbm_total_bytes", arena);
	stats->mbm.items[at].local = read_number(directory, "mbm_local_bytes", arena);
	stats->cmt.items[at].occupancy = read_number(directory, "llc_occupancy", arena);
}

static void read_monitoring(const char *root, const struct resctrl_group *group,
			    struct arena *arena, struct rdt_stats *stats)
{
	const char *directory =
		arena_format(arena, "%s/mon_data", group->monitor ? group->monitor : group->path);
	auto_text struct text features = { 0 };
	struct dirent **caches = NULL;
	int count;

	if (file_read(AT_FDCWD, arena_format(arena, "%s/info/L3_MON/mon_features", root), FILE_MOST,
		      &features, NULL) < 0)
		return;
	count = scandir(directory, &caches, is_cache, alphasort);
	if (count <= 0)
		return;
	stats->mbm.items = arena_array(arena, (size_t)count, sizeof(*stats->mbm.items));
	stats->cmt.items = arena_array(arena, (size_t)count, sizeof(*stats->cmt.items));
	for (int i = 0; i < count; i++) {
		read_cache(arena_format(arena, "%s/%s", directory, caches[i]->d_name), (size_t)i,
			   arena, stats);
		free(caches[i]);
	}
	free(caches);
	stats->mbm.count = strstr(features.data, "mbm_") ? (size_t)count : 0;
	stats->cmt.count = strstr(features.data, "llc_occupancy") ? (size_t)count : 0;
}

char *resctrl_stats(const char *root, const struct resctrl_group *group, struct arena *arena)
{
	auto_text struct text json = { 0 };
	struct rdt_stats stats = { 0 };

	read_allocation(root, group, arena, &stats);
	read_monitoring(root, group, arena, &stats);
	json_write(&rdt_stats_shape, &stats, false, &json);
	return arena_string(arena, json.data);
}
