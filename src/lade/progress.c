/* progress.c -- how a transfer goes, on standard error: a bar a layer where that is a terminal,
 * else a line for everything that ends. Bars are drawn anew when something arrived, at most ten
 * times a second; more layers than the screen has lines become one bar for all. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"

#define BAR_WIDTH    30
#define DRAW_EVERY   100 /* milliseconds */
#define SCREEN_LINES 24

enum bar_state { BAR_WAITS, BAR_MOVES, BAR_DONE, BAR_EXISTS };

struct bar {
	enum bar_state state;
	char name[48]; /* the digest's first digits */
	int64_t done, total;
};

struct progress {
	struct arena *arena;
	bool terminal;
	size_t screen_lines;
	struct bar *bars;
	size_t count;
	size_t drawn; /* lines on the screen that are ours */
	int64_t last; /* when they were drawn */
};

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct progress *progress_open(const char *verb, const char *what, struct arena *arena)
{
	struct progress *progress = arena_alloc(arena, sizeof(*progress));
	struct winsize size;

	progress->arena = arena;
	progress->terminal = isatty(STDERR_FILENO);
	progress->screen_lines = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 2
					 ? size.ws_row - 1U
					 : SCREEN_LINES;
	fprintf(stderr, "%s %s\n", verb, what);
	return progress;
}

/* ---- on a terminal --------------------------------------------------------------------------- */

static void draw_size(int64_t bytes)
{
	auto_arena struct arena arena = { 0 };

	fputs(human_size(bytes, &arena), stderr);
}

static void draw_bar(const struct bar *bar)
{
	int filled = bar->total > 0 ? (int)(bar->done * BAR_WIDTH / bar->total) : BAR_WIDTH;

	fprintf(stderr, "%-12s [%.*s%*s] ", bar->name, filled,
		"==============================", BAR_WIDTH - filled, "");
	draw_size(bar->done);
	fputs(" / ", stderr);
	draw_size(bar->total);
	fprintf(stderr, "%s\033[K\n",
		bar->state == BAR_EXISTS  ? "  exists"
		: bar->state == BAR_DONE  ? "  done"
		: bar->done == bar->total ? "  unpacking"
					  : "");
}

static struct bar sum_of(const struct progress *progress)
{
	struct bar sum = { .state = BAR_MOVES };
	size_t complete = 0;

	for (size_t i = 0; i < progress->count; i++) {
		complete += progress->bars[i].state >= BAR_DONE;
		sum.done += progress->bars[i].done;
		sum.total += progress->bars[i].total;
	}
	if (complete == progress->count)
		sum.state = BAR_DONE;
	snprintf(sum.name, sizeof(sum.name), "%zu/%zu", complete, progress->count);
	return sum;
}

static void draw(struct progress *progress)
{
	if (progress->drawn)
		fprintf(stderr, "\033[%zuA\r", progress->drawn);
	if (progress->count > progress->screen_lines) {
		struct bar sum = sum_of(progress);

		draw_bar(&sum);
		progress->drawn = 1;
	} else {
		for (size_t i = 0; i < progress->count; i++)
			draw_bar(&progress->bars[i]);
		progress->drawn = progress->count;
	}
	fflush(stderr);
	progress->last = milliseconds();
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

static void begin(struct progress *progress, const struct transfer_event *event)
{
	progress->count = event->layers;
	progress->drawn = 0; /* another image of an index: its bars come below */
	progress->bars = arena_array(progress->arena, event->layers + 1, sizeof(struct bar));
}

static void update(struct bar *bar, const struct transfer_event *event)
{
	static const enum bar_state states[] = {
		[TRANSFER_STARTED] = BAR_MOVES,
		[TRANSFER_MOVED] = BAR_MOVES,
		[TRANSFER_EXISTS] = BAR_EXISTS,
		[TRANSFER_VERIFIED] = BAR_DONE,
	};
	const char *hex = strchr(event->digest, ':');

	bar->state = states[event->kind];
	bar->done = event->done;
	bar->total = event->total;
	snprintf(bar->name, sizeof(bar->name), "%.12s", hex ? hex + 1 : event->digest);
}

void progress_report(void *context, const struct transfer_event *event)
{
	struct progress *progress = context;
	bool ends = event->kind == TRANSFER_EXISTS || event->kind == TRANSFER_VERIFIED;

	if (event->kind == TRANSFER_RESOLVED)
		begin(progress, event);
	else if (event->digest && event->layer < progress->count)
		update(&progress->bars[event->layer], event);
	if (!progress->terminal && ends)
		print_line(progress, &progress->bars[event->layer]);
	else if (progress->terminal && (ends || milliseconds() - progress->last >= DRAW_EVERY))
		draw(progress);
	if (event->kind == TRANSFER_COMMIT)
		fputs(progress->terminal ? "" : "Writing to the store\n", stderr);
}

void progress_close(struct progress *progress)
{
	if (progress->terminal && progress->count)
		draw(progress);
}
