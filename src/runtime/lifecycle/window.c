/* window.c -- the size of a terminal from its first moment: the relay, which sees to it later,
 * begins when the program may have asked already. */
#include "window.h"

#include <sys/ioctl.h>

#include "runtime/console.h"

void window_give_size(struct spec_process **process, struct arena *arena)
{
	struct spec_process *copy;
	struct winsize window;

	if (!*process || !(*process)->terminal ||
	    ioctl(console_window(), TIOCGWINSZ, &window) < 0 || window.ws_row == 0 ||
	    window.ws_col == 0)
		return;
	copy = arena_alloc(arena, sizeof(*copy));
	*copy = **process;
	copy->console_size = arena_alloc(arena, sizeof(*copy->console_size));
	copy->console_size->height = window.ws_row;
	copy->console_size->width = window.ws_col;
	*process = copy;
}
