/* hooks.c -- plan the hooks that run in the container's namespaces, and the point where the parent
 * runs those of the runtime's namespaces (config.md "POSIX-platform Hooks"). */
#include "chapters.h"
#include "runtime/spec_annotations.h"

struct hook_state {
	const char *head, *tail;
};

static void plan_hook(struct draft *draft, const struct spec_hook *hook, const char *kind,
		      size_t index, struct hook_state state)
{
	char *parts[] = { (char *)state.head, (char *)state.tail };
	char *const *args = hook->args.count ? hook->args.items : &hook->path;
	size_t arg_count = hook->args.count ? hook->args.count : 1;
	struct builder *build = &draft->build;

	ADD(draft, HOOK, place(draft, "hooks.%s[%zu]", kind, index), .text = { hook->path },
	    .data = { 0, builder_list(build, args, arg_count),
		      builder_list(build, hook->env.items, hook->env.count),
		      builder_list(build, parts, 2) },
	    .number = { hook->timeout ? (uint64_t)*hook->timeout : 0, index });
}

/* crun's annotations; the runtime's own hooks have them from lifecycle/hooks.c. */
static void plan_output(struct draft *draft, const char *annotation, unsigned descriptor)
{
	const char *path = string_map_get(&draft->spec->annotations, annotation);
	const char *where = place(draft, "annotations[\"%s\"]", annotation);
	int slot;

	if (!path)
		return;
	slot = builder_slot(&draft->build);
	ADD(draft, OPEN_APPEND, where, .text = { path })->slot = slot;
	ADD(draft, HOOK_OUTPUT, where, .number = { descriptor })->slot = slot;
}

static void plan_outputs(struct draft *draft)
{
	plan_output(draft, ANNOTATION_HOOKS_STDOUT, 1);
	plan_output(draft, ANNOTATION_HOOKS_STDERR, 2);
}

void plan_runtime_hooks_phase(struct draft *draft)
{
	const struct spec_hooks *hooks = draft->spec->hooks;

	if (hooks && (hooks->prestart.count || hooks->create_runtime.count))
		ADD(draft, PHASE, hooks->prestart.count ? "hooks.prestart" : "hooks.createRuntime",
		    .number = { PHASE_RUNTIME_HOOKS });
}

void plan_create_container_hooks(struct draft *draft)
{
	const struct spec_hooks *hooks = draft->spec->hooks;
	struct hook_state state = { draft->options->state_head, draft->options->state_tail };

	if (hooks && (hooks->create_container.count || hooks->start_container.count))
		plan_outputs(draft);
	for (size_t i = 0; hooks && i < hooks->create_container.count; i++)
		plan_hook(draft, &hooks->create_container.items[i], "createContainer", i, state);
}

void plan_start_container_hooks(struct draft *draft)
{
	const struct spec_hooks *hooks = draft->spec->hooks;
	const struct plan_options *options = draft->options;
	struct hook_state state = {
		options->start_state_head ? options->start_state_head : options->state_head,
		options->start_state_head ? options->start_state_tail : options->state_tail,
	};

	for (size_t i = 0; hooks && i < hooks->start_container.count; i++)
		plan_hook(draft, &hooks->start_container.items[i], "startContainer", i, state);
}
