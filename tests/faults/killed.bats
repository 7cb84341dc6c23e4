#!/usr/bin/env bats
# Killed at any moment: `delete --force` finds all that is there, and nothing is left.
# FAULTS=all tries every system call instead of a sample.
load faults

setup_file() { common_setup_file; }
setup() { common_setup; needs_coffer; args /bin/sleep 1000; }
teardown() { common_teardown; }

# killed_after_ms OPTION… VERB: forty times, each a little later.
killed_after_ms() {
	local tenth
	for tenth in $(seq 0 3 117); do
		attempt timeout -s KILL "$(printf '0.%04d' $((tenth + 1)))" \
			"$RUNTIME" --root "$ROOT" "$@" --bundle "$BUNDLE" "$ID"
		deleted_by_force || { echo "killed after $tenth/10 ms"; return 1; }
	done
}

# killed_behind_calls N COMMAND…: behind every N-th of its system calls, each time from `prepare` on.
killed_behind_calls() {
	local n=$1 call count
	shift
	needs_strace
	prepare
	calls_of "$RUNTIME" --root "$ROOT" "$@" >"$BATS_TEST_TMPDIR/points"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/points")" -gt 20 ]
	rt delete --force "$ID"
	while read -r call count <&7; do
		prepare
		with_fault signal=KILL "$call" "$count" "$RUNTIME" --root "$ROOT" "$@"
		deleted_by_force || { echo "killed behind $call $count"; return 1; }
	done 7< <(every "$n" <"$BATS_TEST_TMPDIR/points")
}

prepare() { :; }

# A container that is there before the attempt; its output is the attempt's, too.
prepared() {
	rt "$@" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
}

@test "create killed after some milliseconds" {
	killed_after_ms create
}

@test "run killed after some milliseconds" {
	killed_after_ms run
}

@test "create killed after some milliseconds, without cgroups" {
	killed_after_ms --cgroup-manager disabled create
}

@test "create killed behind any system call" {
	killed_behind_calls 6 create --bundle "$BUNDLE" "$ID"
}

@test "create killed behind any system call, without cgroups" {
	killed_behind_calls 7 --cgroup-manager disabled create --bundle "$BUNDLE" "$ID"
}

@test "create killed behind any system call, with a user namespace, hooks and a filter" {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .hooks = {"prestart": [{"path": "/bin/true"}], "createRuntime": [{"path": "/bin/true"}],
			"poststop": [{"path": "/bin/true"}]}
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
			"syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	killed_behind_calls 11 create --bundle "$BUNDLE" "$ID"
}

@test "start killed behind any system call" {
	prepare() { prepared create; }
	killed_behind_calls 3 start "$ID"
}

@test "exec killed behind any system call" {
	prepare() { prepared run --detach; }
	# A pid namespace ends when the host's init has reaped what it inherited of it: not our time.
	config '.linux.namespaces |= map(select(.type != "pid"))'
	killed_behind_calls 8 exec --detach "$ID" sleep 1000
}

@test "delete --force killed behind any system call" {
	prepare() { prepared run --detach; }
	killed_behind_calls 3 delete --force "$ID"
}

@test "a container whose create was killed does not keep its id once it is deleted" {
	local tenth
	for tenth in 20 40 60; do
		attempt timeout -s KILL "0.00$tenth" "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
		rt delete --force "$ID"
		start_sleeper
		[ "$(status_of "$ID")" = running ]
		deleted_by_force
	done
}

# A create that waits for a hook, which waits at a gate. Its pid is $creator.
wait_in_hook() {
	mkfifo "$BATS_TEST_TMPDIR/gate"
	config --arg gate "$BATS_TEST_TMPDIR/gate" '.hooks = {"createRuntime": [
		{"path": "/bin/sh", "args": ["sh", "-c", "read word <\($gate)"]}]}'
	"$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null \
		2>"$BATS_TEST_TMPDIR/said" 3>&- &
	creator=$!
	wait_until has_status "$ID" creating
	wait_until pgrep -P "$creator" -x sh >/dev/null
}

@test "create killed while a hook of it runs" {
	local creator
	wait_in_hook
	kill -KILL "$creator"
	rt delete --force "$ID"
	no_trace_left
	# The hook itself is nobody's now, and still waits at the gate.
	timeout 5 sh -c "echo >'$BATS_TEST_TMPDIR/gate'"
}

@test "delete --force ends a create that waits for a hook, and the hook" {
	local creator hook status
	wait_in_hook
	hook=$(pgrep -P "$creator" -x sh)
	timeout 5 "$RUNTIME" --root "$ROOT" delete --force "$ID"
	status=0
	wait "$creator" || status=$?
	[ "$status" = 1 ]
	grep 'hooks.createRuntime\[0\].*ended meanwhile' "$BATS_TEST_TMPDIR/said"
	[ ! -e "/proc/$hook" ]
	no_trace_left
}
