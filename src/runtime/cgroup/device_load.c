/* device_load.c -- load a device program, or find it loaded.
 *
 * Most containers of a host have the same device rules, thus the same program, and a program may be
 * attached to any number of cgroups. Verifying and compiling it costs the kernel more than
 * everything else about it, and each copy a page that stays; so what was loaded is noted: its id,
 * and the time of its loading, which no other program that gets the id later has. A note names all
 * instructions, which must be the same ones. The notes have a fixed number of slots. */
#include "device_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"

#define SLOTS     64
#define NOTE_MOST (1u << 20)

struct note {
	uint64_t loaded; /* ns since boot */
	uint32_t id;
	uint32_t count; /* of the instructions, which follow */
};

long device_bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

int device_program_by_id(uint32_t id)
{
	union bpf_attr attributes = { .prog_id = id };

	return (int)device_bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
}

int device_program_info(int fd, struct bpf_prog_info *info)
{
	union bpf_attr attributes = {
		.info = { .bpf_fd = (uint32_t)fd,
			  .info_len = sizeof(*info),
			  .info = (uintptr_t)info },
	};

	return (int)device_bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
}

static int load(const struct device_program *program)
{
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)program->instructions,
		.insn_cnt = (uint32_t)program->count,
		.license = (uintptr_t) "GPL",
	};

	return (int)device_bpf(BPF_PROG_LOAD, &attributes);
}

/* Before Linux 5.11 programs were accounted against RLIMIT_MEMLOCK, which the rest of the system
 * uses up: it does not count for this one call. */
static int load_unlimited(const struct device_program *program)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY }, before;
	int fd = load(program), number = errno;

	if (fd >= 0 || number != EPERM || getrlimit(RLIMIT_MEMLOCK, &before) < 0 ||
	    setrlimit(RLIMIT_MEMLOCK, &unlimited) < 0) {
		errno = number;
		return fd;
	}
	fd = load(program);
	number = errno;
	setrlimit(RLIMIT_MEMLOCK, &before);
	errno = number;
	return fd;
}

static size_t size_of(const struct device_program *program)
{
	return program->count * sizeof(*program->instructions);
}

/* FNV-1a, to choose a slot. */
static unsigned slot_of(const struct device_program *program)
{
	const unsigned char *bytes = (const unsigned char *)program->instructions;
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < size_of(program); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return (unsigned)(hash ^ hash >> 32) % SLOTS;
}

static bool is_about(const struct text *text, const struct device_program *program,
		     struct note *note)
{
	if (text->length != sizeof(*note) + size_of(program))
		return false;
	memcpy(note, text->data, sizeof(*note));
	return note->count == program->count &&
	       memcmp(text->data + sizeof(*note), program->instructions, size_of(program)) == 0;
}

static int find_loaded(int cache, const char *name, const struct device_program *program)
{
	auto_text struct text text = { 0 };
	struct bpf_prog_info info = { 0 };
	auto_close int fd = -1;
	struct note note;

	if (file_read(cache, name, NOTE_MOST, &text, NULL) < 0 || !is_about(&text, program, &note))
		return -1;
	fd = device_program_by_id(note.id);
	if (fd < 0 || device_program_info(fd, &info) < 0 ||
	    info.type != BPF_PROG_TYPE_CGROUP_DEVICE || info.load_time != note.loaded)
		return -1;
	return take_fd(&fd);
}

static void take_note(int cache, const char *name, const struct device_program *program, int fd)
{
	auto_text struct text text = { 0 };
	struct bpf_prog_info info = { 0 };
	struct note note;

	if (device_program_info(fd, &info) < 0)
		return;
	note = (struct note){ info.load_time, info.id, (uint32_t)program->count };
	text_add_bytes(&text, &note, sizeof(note));
	text_add_bytes(&text, program->instructions, size_of(program));
	file_replace(cache, name, &(struct file_content){ text.data, text.length, 0600, false },
		     NULL);
}

static int open_cache(const char *path)
{
	if (!path || (mkdir(path, 0700) < 0 && errno != EEXIST))
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

int device_program_load(const struct device_program *program, const char *cache)
{
	auto_close int directory = open_cache(cache);
	char name[32];
	int fd;

	if (directory < 0)
		return load_unlimited(program);
	snprintf(name, sizeof(name), "devices-%02u", slot_of(program));
	fd = find_loaded(directory, name, program);
	if (fd >= 0)
		return fd;
	fd = load_unlimited(program);
	if (fd >= 0)
		take_note(directory, name, program, fd);
	return fd;
}
