/* start.c -- where the kernel enters the init image: argv[1] is the control socket's number. */
#include <linux/prctl.h>

#include "calls.h"
#include "init.h"

#define PROC_SUPER_MAGIC 0x9fa0

__attribute__((noreturn)) void init_main(long *stack);

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n"
	"\tcall init_main\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n"
	"\tand sp, x0, #-16\n\tb init_main\n");
#elif defined(__riscv)
__asm__(".globl _start\n_start:\n\tmv a0, sp\n\tandi sp, sp, -16\n\ttail init_main\n");
#endif

static struct init the_init;

__attribute__((noreturn)) static void leave(int status)
{
	for (;;)
		kernel_call(__NR_exit_group, status);
}

static int parse_descriptor(const char *digits)
{
	int fd = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		fd = fd * 10 + (*digits - '0');
	return fd;
}

/* The runtime's own procfs, opened before anything of the container is in sight. What is written
 * through it (labels, sysctls, offsets) cannot be redirected by an image (CVE-2025-52881). */
static int open_proc(void)
{
	struct {
		long type;
		long rest[32];
	} status;
	int fd = call_open(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	int result;

	if (fd < 0)
		return fd;
	result = (int)kernel_call(__NR_fstatfs, fd, &status);
	if (result == 0 && status.type != PROC_SUPER_MAGIC)
		result = -ENODEV;
	if (result < 0) {
		call_close(fd);
		return result;
	}
	return fd;
}

void init_main(long *stack)
{
	struct init *init = &the_init;
	const char *const *argv = (const char *const *)(stack + 1);

	if (stack[0] != 2 && stack[0] != 3)
		leave(127);
	/* argv[2]: born among a container's processes; no id maps are still to be written. */
	if (stack[0] == 3)
		call_prctl(PR_SET_DUMPABLE, 0, 0);
	init->control = parse_descriptor(argv[1]);
	kernel_call(__NR_fcntl, init->control, F_SETFD, FD_CLOEXEC);
	init->root = -1;
	init->empty_directory = -1;
	init->parent.fd = -1;
	init->proc = open_proc();
	kernel_call(__NR_umask, 0);

	if (channel_receive_plan(init) == 0)
		interpret(init);
	channel_send(init->control, &init->report, -1);
	leave(127);
}
