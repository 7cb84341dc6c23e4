/* progress.c -- how a transfer goes, on standard error: a bar a blob and a total where that is a
 * terminal, else a line for everything that ends. Bars are drawn anew when something arrived, at
 * most ten times a second. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "progress_bars.h"

#define DRAW_EVERY 100 /* milliseconds */

struct progress {
	struct arena *arena;
	bool terminal;
	struct bars bars;
	size_t drawn; /* lines on the screen that are ours */
	int64_t last; /* when they were drawn */
};

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One that can go up and erase. */
static bool is_terminal(void)
{
	return isatty(STDERR_FILENO) && !text_equal(getenv("TERM"), "dumb");
}

/* ---- on a terminal --------------------------------------------------------------------------- */

static struct bars_screen look_at_screen(void)
{
	struct bars_screen screen = { .lines = 24, .columns = 80 };
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0)
		return screen;
	if (size.ws_row > 2)
		screen.lines = size.ws_row;
	if (size.ws_col > 2)
		screen.columns = size.ws_col;
	return screen;
}

static void draw(struct progress *progress)
{
	auto_text struct text text = { 0 };
	const struct bars_screen screen = look_at_screen();

	progress->last = milliseconds();
	if (progress->drawn)
		text_format(&text, "\033[%zuA\r", progress->drawn);
	progress->drawn = bars_draw(&progress->bars, progress->last, &screen, "\033[K", &text);
	fwrite(text.data, 1, text.length, stderr);
	fflush(stderr);
}

/* ---- elsewhere ------------------------------------------------------------------------------- */

static void print_line(const struct progress *progress, const struct bar *bar)
{
	if (bar->state == BAR_EXISTS)
		fprintf(stderr, "Layer %s exists\n", bar->name);
	else if (bar->state == BAR_DONE)
		fprintf(stderr, "Layer %s done, %s\n", bar->name,
			human_size(bar->total, progress->arena));
}

/* ---- events ---------------------------------------------------------------------------------- */

static void show(struct progress *progress, const struct transfer_event *event)
{
	bool ends = event->kind == TRANSFER_EXISTS || event->kind == TRANSFER_VERIFIED;

	if (!progress->terminal && ends)
		print_line(progress, &progress->bars.items[event->layer]);
	else if (progress->terminal && event->kind != TRANSFER_LISTED &&
		 (ends || milliseconds() - progress->last >= DRAW_EVERY))
		draw(progress);
}

static void report(void *context, const struct transfer_event *event)
{
	struct progress *progress = context;

	if (event->kind == TRANSFER_RESOLVED) {
		bars_begin(&progress->bars, event->layers, progress->arena);
		progress->drawn = 0; /* another image of an index: its bars come below */
		return;
	}
	if (event->digest && event->layer < progress->bars.count) {
		bars_update(&progress->bars, event, milliseconds());
		show(progress, event);
	}
	if (event->kind == TRANSFER_COMMIT)
		fputs(progress->terminal ? "" : "Writing to the store\n", stderr);
}

/* ---- from begin to end ----------------------------------------------------------------------- */

struct progress *progress_open(const char *verb, const char *what,
			       struct transfer_options *transfer, struct arena *arena)
{
	struct progress *progress = arena_alloc(arena, sizeof(*progress));

	progress->arena = arena;
	progress->terminal = is_terminal();
	transfer->progress.report = report;
	transfer->progress.context = progress;
	fprintf(stderr, "%s %s\n", verb, what);
	return progress;
}

void progress_close(struct progress *progress)
{
	if (progress && progress->terminal && progress->bars.count)
		draw(progress);
}
