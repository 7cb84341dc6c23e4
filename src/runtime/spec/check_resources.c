/* check_resources.c -- rules of linux.resources that hold on every host. What only one cgroup
 * version can do is found by cgroup/, which knows the host. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "check.h"

enum {
	SWAPPINESS_MOST = 100,
	WEIGHT_MOST = 65535, /* uint16 */
};

/* -1 stands for "all", as in the cgroup files; engines of old write it out. */
static int check_number(const int64_t *number, const struct site *site, struct error *err)
{
	return number ? check_range(*number, -1, UINT32_MAX, site, err) : 0;
}

static int check_device_rule(const struct spec_device_rule *rule, const struct site *site,
			     struct error *err)
{
	const char *type = rule->type ? rule->type : "";
	const char *access = rule->access ? rule->access : "";

	if (strlen(type) > 1 || (type[0] && !strchr("abc", type[0])))
		return refuse(err, SITE(site, "type"), "invalid cgroup device type \"%s\"", type);
	if (access[strspn(access, "rwm")] != '\0')
		return refuse(err, SITE(site, "access"), "invalid cgroup device access \"%s\"",
			      access);
	TRY(check_number(rule->major, SITE(site, "major"), err));
	return check_number(rule->minor, SITE(site, "minor"), err);
}

static int check_device_rules(const struct spec_resources *resources, const struct site *site,
			      struct error *err)
{
	for (size_t i = 0; i < resources->devices.count; i++)
		TRY(check_device_rule(&resources->devices.items[i], SITE_INDEX(site, i), err));
	return 0;
}

/* Bytes or a count; -1: no limit. */
static int check_limit(const int64_t *limit, const struct site *site, struct error *err)
{
	if (limit && *limit < -1)
		return refuse(err, site, "%" PRId64 " is no limit (-1 is none)", *limit);
	return 0;
}

static int check_memory(const struct spec_memory *memory, const struct site *site,
			struct error *err)
{
	if (!memory)
		return 0;
	TRY(check_limit(memory->limit, SITE(site, "limit"), err));
	TRY(check_limit(memory->reservation, SITE(site, "reservation"), err));
	TRY(check_limit(memory->swap, SITE(site, "swap"), err));
	TRY(check_limit(memory->kernel, SITE(site, "kernel"), err));
	TRY(check_limit(memory->kernel_tcp, SITE(site, "kernelTCP"), err));
	if (memory->swappiness && *memory->swappiness > SWAPPINESS_MOST)
		return refuse(err, SITE(site, "swappiness"),
			      "invalid value: %" PRIu64 ": valid memory swappiness range is 0-100",
			      *memory->swappiness);
	return 0;
}

static int check_cpu(const struct spec_cpu *cpu, const struct site *site, struct error *err)
{
	if (!cpu)
		return 0;
	if (cpu->burst && cpu->quota && *cpu->quota > 0 && *cpu->burst > (uint64_t)*cpu->quota)
		return refuse(err, SITE(site, "burst"), "burst is larger than quota");
	if (cpu->idle)
		TRY(check_range(*cpu->idle, 0, 1, SITE(site, "idle"), err));
	TRY(check_list(cpu->cpus, true, SITE(site, "cpus"), err));
	return check_list(cpu->mems, true, SITE(site, "mems"), err);
}

static int check_weight(const uint32_t *weight, const struct site *site, struct error *err)
{
	return weight ? check_range(*weight, 0, WEIGHT_MOST, site, err) : 0;
}

static int check_weight_device(const struct spec_weight_device *device, const struct site *site,
			       struct error *err)
{
	if (!device->weight && !device->leaf_weight)
		return refuse(err, site, "weight or leafWeight must be specified");
	TRY(check_range(device->major, 0, UINT32_MAX, SITE(site, "major"), err));
	TRY(check_range(device->minor, 0, UINT32_MAX, SITE(site, "minor"), err));
	TRY(check_weight(device->weight, SITE(site, "weight"), err));
	return check_weight(device->leaf_weight, SITE(site, "leafWeight"), err);
}

static int check_throttles(const struct spec_throttle_device *devices, size_t count,
			   const struct site *site, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct site *at = SITE_INDEX(site, i);

		TRY(check_range(devices[i].major, 0, UINT32_MAX, SITE(at, "major"), err));
		TRY(check_range(devices[i].minor, 0, UINT32_MAX, SITE(at, "minor"), err));
	}
	return 0;
}

/* clang-format off */
#define CHECK_THROTTLES(member, key) \
	TRY(check_throttles(io->member.items, io->member.count, SITE(site, key), err))
/* clang-format on */

static int check_block_io(const struct spec_block_io *io, const struct site *site,
			  struct error *err)
{
	const struct site *weights = SITE(site, "weightDevice");

	if (!io)
		return 0;
	TRY(check_weight(io->weight, SITE(site, "weight"), err));
	TRY(check_weight(io->leaf_weight, SITE(site, "leafWeight"), err));
	for (size_t i = 0; i < io->weight_device.count; i++)
		TRY(check_weight_device(&io->weight_device.items[i], SITE_INDEX(weights, i), err));
	CHECK_THROTTLES(throttle_read_bps_device, "throttleReadBpsDevice");
	CHECK_THROTTLES(throttle_write_bps_device, "throttleWriteBpsDevice");
	CHECK_THROTTLES(throttle_read_iops_device, "throttleReadIOPSDevice");
	CHECK_THROTTLES(throttle_write_iops_device, "throttleWriteIOPSDevice");
	return 0;
}

/* ^[1-9][0-9]*[KMG]B$ */
static bool is_page_size(const char *size)
{
	size_t digits = strspn(size, "0123456789");
	const char *unit = size + digits;

	return digits > 0 && size[0] != '0' && *unit && strchr("KMG", *unit) &&
	       text_equal(unit + 1, "B");
}

static int check_hugepages(const struct spec_resources *resources, const struct site *site,
			   struct error *err)
{
	for (size_t i = 0; i < resources->hugepage_limits.count; i++) {
		const char *size = resources->hugepage_limits.items[i].page_size;

		if (!is_page_size(size))
			return refuse(err, SITE(SITE_INDEX(site, i), "pageSize"),
				      "\"%s\" is not a page size like 2MB", size);
	}
	return 0;
}

static int check_network(const struct spec_network *network, const struct site *site,
			 struct error *err)
{
	const struct site *priorities = SITE(site, "priorities");

	for (size_t i = 0; network && i < network->priorities.count; i++)
		TRY(check_interface_name(network->priorities.items[i].name,
					 SITE(SITE_INDEX(priorities, i), "name"), err));
	return 0;
}

static int check_rdma(const struct spec_resources *resources, const struct site *site,
		      struct error *err)
{
	for (size_t i = 0; i < resources->rdma.count; i++) {
		const struct spec_rdma *rdma = &resources->rdma.items[i];
		const char *device = resources->rdma.keys[i];

		if (device[0] == '\0' || strpbrk(device, " \n"))
			return refuse(err, SITE(site, device), "invalid RDMA device name");
		if (!rdma->hca_handles && !rdma->hca_objects)
			return refuse(err, SITE(site, device),
				      "hcaHandles or hcaObjects must be specified");
	}
	return 0;
}

static int check_unified(const struct string_map *unified, const struct site *site,
			 struct error *err)
{
	for (size_t i = 0; i < unified->count; i++) {
		const char *file = unified->items[i].key;

		if (file[0] == '\0' || strchr(file, '/') || file[0] == '.')
			return refuse(err, SITE(site, file),
				      "unified resource \"%s\" must be a file name (no slashes)",
				      file);
	}
	return 0;
}

int check_resources(const struct spec_resources *resources, const struct site *site,
		    struct error *err)
{
	if (!resources)
		return 0;
	TRY(check_device_rules(resources, SITE(site, "devices"), err));
	TRY(check_memory(resources->memory, SITE(site, "memory"), err));
	TRY(check_cpu(resources->cpu, SITE(site, "cpu"), err));
	if (resources->pids)
		TRY(check_limit(resources->pids->limit, SITE(SITE(site, "pids"), "limit"), err));
	TRY(check_block_io(resources->block_io, SITE(site, "blockIO"), err));
	TRY(check_hugepages(resources, SITE(site, "hugepageLimits"), err));
	TRY(check_network(resources->network, SITE(site, "network"), err));
	TRY(check_rdma(resources, SITE(site, "rdma"), err));
	return check_unified(&resources->unified, SITE(site, "unified"), err);
}
