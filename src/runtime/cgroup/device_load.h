/* device_load.h -- device programs in the kernel. */
#ifndef CGROUP_DEVICE_LOAD_H
#define CGROUP_DEVICE_LOAD_H

#include "devices.h"

/* bpf(2) */
long device_bpf(enum bpf_cmd command, union bpf_attr *attributes);

/* A descriptor of the program, which is the kernel's own copy of it where that has one, as noted in
 * the directory `cache` (made when missing; NULL: none). -1 with errno. */
int device_program_load(const struct device_program *program, const char *cache);

/* -1 with errno. */
int device_program_by_id(uint32_t id);
int device_program_info(int fd, struct bpf_prog_info *info);

#endif
