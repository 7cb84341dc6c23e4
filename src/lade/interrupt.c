/* interrupt.c -- Ctrl-C ends what is being done in order: transfers stop, what was begun is undone.
 * The handler only writes to an eventfd that everything that takes long looks at. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "commands.h"

static int event;
static volatile sig_atomic_t received;

static void handle(int number)
{
	int saved = errno;
	uint64_t one = 1;

	received = number;
	if (write(event, &one, sizeof(one)) < 0)
		_exit(128 + number);
	errno = saved;
}

int interrupt_install(struct error *err)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = handle, .sa_flags = (int)SA_RESETHAND };

	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return fail_call(err, "eventfd", "cannot prepare for signals");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], &action, NULL) < 0)
			return fail_call(err, "sigaction", "cannot prepare for signals");
	return 0;
}

int interrupt_fd(void)
{
	return event;
}

int interrupt_signal(void)
{
	return received;
}
