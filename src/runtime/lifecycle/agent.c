/* agent.c -- introduce a process to its seccomp agent (config-linux.md "Seccomp", "The Container
 * Process State"): one connection a process, one document with the listener, closed.
 *
 * The listener comes when the filter is loaded, which is before the program is executed: that very
 * execve(2) may be for the agent, so the agent must have it before anybody waits for the program.
 */
#include "agent.h"

#include <unistd.h>

#include "base/own.h"
#include "runtime/console.h"

int agent_connect(const struct container_state *state, int *connection, struct error *err)
{
	*connection = -1;
	if (!state->filter_notify)
		return 0;
	*connection = console_connect(state->agent_socket, err);
	return *connection < 0 ? fail_where(err, "seccomp agent") : 0;
}

int agent_introduce(int *connection, const struct container_state *state,
		    enum container_status status, struct launched *launched, struct error *err)
{
	auto_text struct text document = { 0 };

	if (*connection < 0)
		return 0;
	TRY(launch_await(launched, PHASE_LISTENER, err));
	state_process_document(state, status, launched->pid >= 0 ? launched->pid : state->pid,
			       &document);
	if (console_pass(*connection, document.data, launched->listener, err) < 0)
		return fail_where(err, "seccomp agent %s", state->agent_socket);
	/* Ours would keep the process waiting when the agent is gone (ENOSYS then). */
	close_fd(&launched->listener);
	close_fd(connection);
	return 0;
}
