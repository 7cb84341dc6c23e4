#!/usr/bin/env bats
# Control groups that refuse: limits that are reached, cgroup.procs, read-only trees.
load faults

setup_file() { common_setup_file; }
setup() {
	common_setup
	needs_coffer
	args /bin/sleep 1000
	if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
		UNIFIED=/sys/fs/cgroup
	else
		UNIFIED=/sys/fs/cgroup/unified
	fi
}
teardown() { common_teardown; }

attempt_create() {
	attempt timeout 10 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
}

needs_unified() {
	[ -f "$UNIFIED/cgroup.procs" ] || skip "this host has no cgroup v2 tree"
}

# The directory of the pids controller's tree, with one cgroup that has a limit.
limited_cgroup() {
	local tree=/sys/fs/cgroup/pids
	[ -d "$tree" ] || tree=$UNIFIED
	LIMITED=$tree$CGROUP_PARENT/limited
	mkdir -p "$LIMITED"
	[ -f "$LIMITED/pids.max" ] || skip "this host has no pids controller here"
}

# limited N COMMAND…: attempt it among at most N processes, itself included.
limited() {
	echo "$1" >"$LIMITED/pids.max"
	shift
	attempt sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$LIMITED" "$@"
}

@test "create at the limit of processes fails cleanly, one below it succeeds" {
	limited_cgroup
	limited 1 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	failed_cleanly
	[[ "$said" == *"clone3: resource temporarily unavailable (a limit of processes is reached:"* ]]
	limited 2 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	deleted_by_force
}

@test "hooks at the limit of processes fail cleanly" {
	limited_cgroup
	config '.hooks = {"createRuntime": [{"path": "/bin/true"}]}'
	limited 1 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	failed_cleanly
}

@test "exec at the container's own limit of processes" {
	limited_cgroup
	config '.linux.resources.pids.limit = 1'
	start_sleeper
	run rt exec "$ID" true
	[[ "$status" = 0 || "$status" = 255 ]]
	[ "$(status_of "$ID")" = running ]
	rt delete --force "$ID"
	no_trace_left
}

@test "a limit of cgroups that is reached is told, and what was made goes" {
	needs_unified
	mkdir -p "$UNIFIED$CGROUP_PARENT"
	echo 0 >"$UNIFIED$CGROUP_PARENT/cgroup.max.descendants"
	attempt_create
	failed_cleanly
	[[ "$said" == *"cannot make the cgroup"*"mkdir: resource temporarily unavailable" ]]
}

@test "a cgroup that takes no process (threaded) is told, and what was made goes" {
	needs_unified
	mkdir -p "$UNIFIED$CGROUP_PARENT/thread"
	echo threaded >"$UNIFIED$CGROUP_PARENT/thread/cgroup.type"
	attempt_create
	failed_cleanly
	[[ "$said" == *"operation not supported"* ]]
}

@test "a v1 cgroup.procs that refuses the process (real-time without a budget) is told" {
	[ -f /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || skip "this host has no v1 real-time groups"
	chrt -f 1 true || skip "real-time scheduling is not allowed here"
	mkdir -p "/sys/fs/cgroup/cpu$CGROUP_PARENT"
	echo 0 >"/sys/fs/cgroup/cpu$CGROUP_PARENT/cpu.rt_runtime_us"
	attempt chrt -f 1 timeout 10 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	failed_cleanly
	[[ "$said" == *"cannot move process "*"/cpu$CGROUP"*"write: invalid argument" ]]
}

@test "cgroup trees that are read-only are told, and nothing is left" {
	attempt unshare --mount --propagation private sh -c '
		for tree in /sys/fs/cgroup /sys/fs/cgroup/*; do
			! mountpoint -q "$tree" || mount -o remount,bind,ro "$tree" || exit 99 || false
		done
		exec "$@"' sh timeout 10 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	failed_cleanly
	[[ "$said" == *"read-only file system"* ]]
}

@test "a container whose cgroup was removed under it is still seen and deleted" {
	create_container
	kill -KILL "$(rt state "$ID" | jq .pid)"
	wait_until has_status "$ID" stopped
	find /sys/fs/cgroup -depth -type d -path "*$CGROUP" -exec rmdir {} \;
	[ "$(status_of "$ID")" = stopped ]
	rt delete "$ID"
	no_trace_left
}

@test "processes that somebody else put into the container's cgroup are killed with it" {
	local stranger procs
	start_sleeper
	sleep 1000 3>&- &
	stranger=$!
	for procs in /sys/fs/cgroup{,/*}"$CGROUP"/cgroup.procs; do
		[ ! -e "$procs" ] || echo "$stranger" >"$procs"
	done
	rt delete --force "$ID"
	no_trace_left
	status=0
	wait "$stranger" || status=$?
	[ "$status" = 137 ]
}
