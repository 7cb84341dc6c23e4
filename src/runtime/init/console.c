/* console.c -- a pseudo-terminal of the container's own devpts (process.terminal).
 *
 * The slave is opened by TIOCGPTPEER and mounted by its descriptor: no path of the container's is
 * trusted between the two (CVE-2025-52565). */
#include <asm/ioctls.h>

#include "base/below.h"
#include "calls.h"
#include "init.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif
#define DEVPTS_SUPER_MAGIC 0x1cd1

struct window {
	unsigned short rows, columns, unused[2];
};

static int open_master(struct init *init)
{
	struct {
		long type;
		long rest[32];
	} status;
	int master = below_open(init->root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
	int unlock = 0;
	long result;

	if (master < 0)
		return init_failed(init, "open /dev/pts/ptmx", master);
	result = kernel_call(__NR_fstatfs, master, &status);
	if (result == 0 && status.type != DEVPTS_SUPER_MAGIC)
		result = -ENODEV;
	if (result == 0)
		result = kernel_call(__NR_ioctl, master, TIOCSPTLCK, &unlock);
	if (result < 0) {
		call_close(master);
		return init_failed(init, "open /dev/pts/ptmx", result);
	}
	return master;
}

static int mount_on_console(struct init *init, int slave)
{
	int target = below_make_file(init->root, "/dev/console", 0600);
	int tree, result;

	if (target < 0)
		return init_failed(init, "open /dev/console", target);
	tree = call_open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	result = tree < 0 ? tree : call_attach(tree, target);
	if (tree >= 0)
		call_close(tree);
	call_close(target);
	return result < 0 ? init_failed(init, tree < 0 ? "open_tree" : "move_mount", result) : 0;
}

static int use_as_standard_files(struct init *init, int slave)
{
	long result = 0;

	for (int fd = 0; result >= 0 && fd <= 2; fd++)
		result = kernel_call(__NR_dup3, slave, fd, 0);
	return result < 0 ? init_failed(init, "dup3", result) : 0;
}

int init_step_TERMINAL(struct init *init, const struct step *step)
{
	long result = kernel_call(__NR_ioctl, 0, TIOCSCTTY, 0);

	return result < 0 ? init_failed(init, "ioctl TIOCSCTTY", result) : 0;
}

static int set_up_slave(struct init *init, int slave, const struct step *step)
{
	struct window window = { (unsigned short)step->number[0],
				 (unsigned short)step->number[1],
				 { 0 } };
	int result = 0;

	if (window.rows || window.columns)
		kernel_call(__NR_ioctl, slave, TIOCSWINSZ, &window);
	if (step->number[3])
		kernel_call(__NR_fchown, slave, step->number[3], -1);
	if (step->number[2])
		result = mount_on_console(init, slave);
	return result < 0 ? result : use_as_standard_files(init, slave);
}

int init_step_CONSOLE(struct init *init, const struct step *step)
{
	struct message message = { .phase = PHASE_CONSOLE };
	int master = open_master(init);
	int slave, result;

	if (master < 0)
		return master;
	slave = (int)kernel_call(__NR_ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	result = slave < 0 ? init_failed(init, "ioctl TIOCGPTPEER", slave)
			   : set_up_slave(init, slave, step);
	if (result == 0) {
		result = channel_send(init->control, &message, master);
		if (result < 0)
			init_failed(init, "sendmsg", result);
	}
	if (slave >= 0)
		call_close(slave);
	call_close(master);
	return result < 0 ? result : 0;
}
