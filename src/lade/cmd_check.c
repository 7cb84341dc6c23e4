/* cmd_check.c -- lade check: is all of the store what it claims to be? And make it so.
 * Exit status: 0 all is well, or is now; 1 something is wrong. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "commands.h"
#include "image/check.h"

struct options {
	struct network_options network;
	bool quick, repair;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "quick", 'q', OPTION_FLAG, offsetof(struct options, quick), NULL, "only look whether all is there: no digest, no layer is compared", NULL, 0 },
	{ "repair", 'r', OPTION_FLAG, offsetof(struct options, repair), NULL, "fetch broken blobs again, unpack broken layers again", NULL, 0 },
	ASKING_OPTION_ROWS(struct options, network),
};
/* clang-format on */

/* Told as it is found: a check takes long. What strangers wrote may be in it. */
static void print_finding(void *context, const struct check_finding *finding)
{
	auto_text struct text line = { 0 };

	text_format(&line, "%s: %s%s%s", finding->thing, finding->wrong,
		    finding->repaired    ? ": repaired"
		    : finding->kept_from ? ": not repaired: "
					 : "",
		    finding->kept_from ? finding->kept_from : "");
	text_mask_controls(line.data);
	puts(line.data);
	fflush(stdout);
}

static void add_counts(const struct check_result *result, struct text *out)
{
	text_format(out, "Checked %zu blobs, %zu images, %zu layers, %zu bundles: ", result->blobs,
		    result->images, result->layers, result->bundles);
	if (!result->wrong)
		text_add(out, "all is well\n");
	else if (result->wrong == result->repaired)
		text_format(out, "%zu repaired\n", result->repaired);
	else
		text_format(out, "%zu wrong, %zu repaired\n", result->wrong, result->repaired);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	struct transfer_options transfer;
	struct check_result result;
	const struct check_options order = {
		.quick = options->quick,
		.repair = options->repair,
		.transfer = &transfer,
		.report = print_finding,
		.cancel_fd = interrupt_fd(),
	};

	TRY(network_options_apply(&options->network, line->arena, &transfer, err));
	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(check_store(&store, &order, line->arena, &result, err));
	add_counts(&result, &out);
	TRY(command_print(&out, err));
	return result.wrong > result.repaired;
}

const struct command command_check = {
	.name = "check",
	.summary = "verify every blob and layer of the store, and repair what is broken",
	.arguments = "",
	.least = 0,
	.most = 0,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};
