/* identity.c -- plan how the init image becomes the container's process: the last chapter before
 * exec, in runc's order. The bounding set, groups and a filter without no_new_privs need privilege,
 * so they come before the user and its capabilities; a filter with no_new_privs comes last, so that
 * it need not allow what we do. */
#include "chapters.h"
#include "mount_flags.h"

#define NO_ID UINT32_MAX /* (uid_t)-1: "unchanged" to the kernel, which would leave it root */

/* A number that the kernel will know in the container's user namespace. */
static int check_id(struct draft *draft, uint32_t id, bool group, const char *where)
{
	const struct spec_linux *linux_ = draft->spec ? draft->spec->linux_ : NULL;
	const char *kind = group ? "gid" : "uid";

	if (id == NO_ID) {
		fail(draft->err, EINVAL, "%u is not a %s", id, kind);
		return fail_where(draft->err, "%s", where);
	}
	if (!(draft->created & CLONE_NEWUSER))
		return 0;
	if (group ? id_is_mapped(linux_->gid_mappings.items, linux_->gid_mappings.count, id)
		  : id_is_mapped(linux_->uid_mappings.items, linux_->uid_mappings.count, id))
		return 0;
	fail(draft->err, EINVAL, "%s %u is not mapped in the container's user namespace", kind, id);
	return fail_where(draft->err, "%s", where);
}

static int plan_groups(struct draft *draft)
{
	const struct json_uint32s *gids = &draft->process->user->additional_gids;
	bool may_be_denied = gids->count == 0 && in_user_namespace(draft);

	for (size_t i = 0; i < gids->count; i++)
		TRY(check_id(draft, gids->items[i], true,
			     place(draft, "process.user.additionalGids[%zu]", i)));
	if (draft->keep_groups)
		return 0;
	if (!setgroups_denied(draft)) {
		ADD(draft, GROUPS, "process.user.additionalGids",
		    .data = { builder_block(&draft->build, gids->items,
					    gids->count * sizeof(uint32_t)) },
		    .number = { may_be_denied });
		return 0;
	}
	if (gids->count == 0)
		return 0;
	fail(draft->err, EPERM, "additional groups are impossible with a single mapped gid");
	return fail_where(draft->err, "process.user.additionalGids");
}

static int plan_user(struct draft *draft)
{
	const struct spec_user *user = draft->process->user;

	TRY(plan_groups(draft));
	TRY(check_id(draft, user->uid, false, "process.user.uid"));
	TRY(check_id(draft, user->gid, true, "process.user.gid"));
	ADD(draft, USER, "process.user", .number = { user->uid, user->gid });
	return 0;
}

/* With root's rights where that helps (a 0700 directory), with the user's where only those do (a
 * directory on NFS). */
static void plan_cwd(struct draft *draft, bool early)
{
	ADD(draft, CWD, "process.cwd", .text = { draft->process->cwd }, .number = { false, early });
}

/* exec: into the container's pid namespace (exec.c says why so late). Behind it, because a fork
 * does not have them: the leadership of a session, its terminal, a scheduling policy. */
static void plan_birth(struct draft *draft)
{
	if (!draft->unborn)
		return;
	draft->unborn = false;
	if (draft->joined & CLONE_NEWPID)
		ADD(draft, FORK, NULL);
	ADD(draft, SESSION, NULL);
	if (draft->process->terminal)
		ADD(draft, TERMINAL, "process.terminal");
}

int plan_identity(struct draft *draft)
{
	bool no_new_privileges = draft->process->no_new_privileges;

	TRY(plan_limits(draft));
	TRY(plan_labels(draft));
	/* Before the filter, which need not allow close_range(2). */
	ADD(draft, CLOSE, NULL, .number = { 3 + draft->keep_fds });
	plan_home(draft);
	if (draft->process->scheduler || (draft->filter.length && !no_new_privileges))
		plan_birth(draft);
	TRY(plan_scheduler(draft));
	if (no_new_privileges)
		ADD(draft, NO_NEW_PRIVILEGES, "process.noNewPrivileges");
	else
		plan_seccomp(draft);
	TRY(plan_bounding(draft));
	plan_cwd(draft, true);
	TRY(plan_user(draft));
	TRY(plan_capabilities(draft));
	plan_cwd(draft, false);
	plan_birth(draft);
	if (no_new_privileges)
		plan_seccomp(draft);
	return 0;
}
