/* progress_bars.c -- bars, rates and remaining times out of a transfer's events.
 *
 * A rate is an average that forgets: each sample of a quarter of a second or more moves it a third
 * of the way. The first bytes that arrive are no sample: a transfer that goes on where an earlier
 * one broke begins with all that this one brought. */
#include "progress_bars.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"

#define SAMPLE_LEAST 250  /* milliseconds */
#define STALLED      5000 /* nothing came for so long: the rate is none */
#define BAR_MOST     30
#define BAR_LEAST    5
/* Name, brackets, sizes, rate and time, where none is unusually long. */
#define BESIDE_BAR 50

void bars_begin(struct bars *bars, size_t count, struct arena *arena)
{
	bars->count = count;
	bars->items = arena_array(arena, count + 1, sizeof(*bars->items));
	for (size_t i = 0; i < count; i++)
		bars->items[i] = (struct bar){ .sampled_done = -1 };
}

/* ---- what happened --------------------------------------------------------------------------- */

static void sample(struct bar *bar, int64_t now)
{
	int64_t elapsed = now - bar->sampled, rate;

	if (bar->sampled_done >= 0 && elapsed < SAMPLE_LEAST)
		return;
	if (bar->sampled_done >= 0 && bar->done >= bar->sampled_done) {
		rate = (bar->done - bar->sampled_done) * 1000 / elapsed;
		bar->rate = bar->rate ? bar->rate + (rate - bar->rate) / 3 : rate;
	}
	bar->sampled = now;
	bar->sampled_done = bar->done;
}

void bars_update(struct bars *bars, const struct transfer_event *event, int64_t now)
{
	static const enum bar_state states[] = {
		[TRANSFER_LISTED] = BAR_WAITS,  [TRANSFER_STARTED] = BAR_MOVES,
		[TRANSFER_MOVED] = BAR_MOVES,   [TRANSFER_EXISTS] = BAR_EXISTS,
		[TRANSFER_VERIFIED] = BAR_DONE,
	};
	struct bar *bar;
	const char *hex;

	if (event->layer >= bars->count || !event->digest)
		return;
	bar = &bars->items[event->layer];
	hex = strchr(event->digest, ':');
	bar->state = states[event->kind];
	bar->done = event->done;
	bar->total = event->total;
	snprintf(bar->name, sizeof(bar->name), "%.12s", hex ? hex + 1 : event->digest);
	if (event->kind == TRANSFER_MOVED)
		sample(bar, now);
}

/* ---- what it means --------------------------------------------------------------------------- */

static bool moves(const struct bar *bar)
{
	return bar->state == BAR_MOVES && bar->done < bar->total;
}

static int64_t rate_of(const struct bar *bar, int64_t now)
{
	return moves(bar) && now - bar->sampled < STALLED ? bar->rate : 0;
}

int64_t bars_rate(const struct bars *bars, int64_t now)
{
	int64_t rate = 0;

	for (size_t i = 0; i < bars->count; i++)
		rate += rate_of(&bars->items[i], now);
	return rate;
}

static int64_t seconds_left(int64_t bytes, int64_t rate)
{
	return rate > 0 ? (bytes + rate - 1) / rate : -1;
}

/* Of some blobs nothing is ever told: layers that are fetched from elsewhere. */
static bool is_shown(const struct bar *bar)
{
	return *bar->name;
}

static struct bar sum_of(const struct bars *bars)
{
	struct bar sum = { .state = BAR_MOVES };
	size_t complete = 0, count = 0;

	for (size_t i = 0; i < bars->count; i++) {
		count += is_shown(&bars->items[i]);
		complete += bars->items[i].state >= BAR_DONE;
		sum.done += bars->items[i].done;
		sum.total += bars->items[i].total;
	}
	if (complete == count)
		sum.state = BAR_DONE;
	snprintf(sum.name, sizeof(sum.name), "%zu/%zu", complete, count);
	return sum;
}

int64_t bars_left(const struct bars *bars, int64_t now)
{
	const struct bar sum = sum_of(bars);

	return seconds_left(sum.total - sum.done, bars_rate(bars, now));
}

/* ---- how it looks ---------------------------------------------------------------------------- */

static const char *words_of(const struct bar *bar, int64_t rate, struct arena *arena)
{
	int64_t left = seconds_left(bar->total - bar->done, rate);

	switch (bar->state) {
	case BAR_EXISTS:
		return "  exists";
	case BAR_DONE:
		return "  done";
	case BAR_WAITS:
		return "  waiting";
	default:
		break;
	}
	if (bar->done >= bar->total)
		return "  unpacking";
	if (left < 0)
		return "";
	return arena_format(arena, "  %s/s  %s", human_size(rate, arena),
			    human_duration(left, arena));
}

static const char *drawing_of(const struct bar *bar, size_t columns, struct arena *arena)
{
	size_t width = columns > BESIDE_BAR + BAR_LEAST ? columns - BESIDE_BAR : 0;
	size_t filled;

	if (width > BAR_MOST)
		width = BAR_MOST;
	if (!width)
		return "";
	filled = bar->total > 0 && bar->done < bar->total
			 ? (size_t)((double)bar->done / (double)bar->total * (double)width)
			 : width;
	return arena_format(arena, " [%.*s%*s]", (int)filled,
			    "==============================", (int)(width - filled), "");
}

static void draw_bar(const struct bar *bar, int64_t rate, const struct bars_screen *screen,
		     const char *erase, struct text *out)
{
	auto_arena struct arena arena = { 0 };
	const char *line = arena_format(
		&arena, "%-12s%s %s / %s%s", bar->name, drawing_of(bar, screen->columns, &arena),
		human_size(bar->done, &arena), human_size(bar->total, &arena),
		words_of(bar, rate, &arena));

	text_format(out, "%.*s%s\n", (int)(screen->columns - 1), line, erase);
}

size_t bars_draw(const struct bars *bars, int64_t now, const struct bars_screen *screen,
		 const char *erase, struct text *out)
{
	const struct bar sum = sum_of(bars);
	size_t lines = 1;

	for (size_t i = 0; bars->count + 1 < screen->lines && i < bars->count; i++) {
		const struct bar *bar = &bars->items[i];

		if (!is_shown(bar))
			continue;
		draw_bar(bar, rate_of(bar, now), screen, erase, out);
		lines++;
	}
	draw_bar(&sum, bars_rate(bars, now), screen, erase, out);
	return lines;
}
