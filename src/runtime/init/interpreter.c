/* interpreter.c -- execute the plan: one table, one loop. */
#include "init.h"

typedef int step_function(struct init *init, const struct step *step);

static step_function *const step_functions[STEP_KINDS] = {
#define STEP_FUNCTION_HOST(kind)
#define STEP_FUNCTION_INIT(kind)                              [STEP_##kind] = init_step_##kind,
#define STEP_FUNCTION(kind, side, name, slot, texts, numbers) STEP_FUNCTION_##side(kind)
	STEP_ROWS(STEP_FUNCTION)
};

static bool is_host_step(unsigned kind)
{
	return kind != STEP_NONE && kind < STEP_KINDS && !step_functions[kind];
}

int init_failed(struct init *init, const char *call, long number)
{
	init->report.phase = PHASE_FAILED;
	init->report.number = (int32_t)-number;
	text_copy(init->report.call, call, sizeof(init->report.call));
	return (int)number;
}

void init_detail(struct init *init, const char *detail)
{
	text_copy(init->report.detail, detail, sizeof(init->report.detail));
}

void interpret(struct init *init)
{
	for (uint32_t i = 0; i < init->plan->step_count; i++) {
		const struct step *step = &init->steps[i];

		if (is_host_step(step->kind))
			continue;
		init->report.step = i;
		init->report.kind = step->kind;
		if (step->kind == STEP_NONE || step->kind >= STEP_KINDS) {
			init_failed(init, "", -EPROTO);
			return;
		}
		if (step_functions[step->kind](init, step) < 0) {
			text_copy(init->report.where, init_text(init, step->where), MESSAGE_WHERE);
			return;
		}
	}
	init_failed(init, "", -EPROTO); /* a plan ends with EXEC, which does not return */
}
