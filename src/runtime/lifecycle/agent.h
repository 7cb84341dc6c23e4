/* agent.h -- the seccomp agent: who answers the system calls that SCMP_ACT_NOTIFY hands on. */
#ifndef LIFECYCLE_AGENT_H
#define LIFECYCLE_AGENT_H

#include "runtime/launch.h"
#include "runtime/state.h"

/* The connection for one process, made before that has a filter: what has no agent is not started.
 * A container without one gets *connection -1. */
int agent_connect(const struct container_state *state, int *connection, struct error *err);

/* The process was told to go on: take its listener, send that with its state document, and close
 * the connection, whose end the agent may wait for. Without a connection nothing. */
int agent_introduce(int *connection, const struct container_state *state,
		    enum container_status status, struct launched *launched, struct error *err);

#endif
