#!/usr/bin/env bats
# Removing: nothing of a container is forgotten before it is gone, and what cannot be removed is told.
load bundle
load cgroups

setup_file() { common_setup_file; }
setup() {
	needs_root
	is crun && [ -d /sys/fs/cgroup/unified ] && skip "crun refuses hybrid hosts"
	common_setup
}
teardown() {
	thaw_parent 2>/dev/null || true
	common_teardown
	rmdir /sys/fs/cgroup/*"$CGROUP_PARENT" /sys/fs/cgroup"$CGROUP_PARENT" 2>/dev/null || true
}

# elsewhere SCRIPT: in a mount namespace of its own, where $rt is the runtime.
elsewhere() {
	export BUNDLE ID CGROUP
	rt="$RUNTIME --root $ROOT ${driver_options[*]}" unshare --mount --propagation private sh -c "$1"
}

HIDDEN='mount -t tmpfs hidden /sys/fs/cgroup'

cgroup_directories() {
	find /sys/fs/cgroup -type d -path "*$CGROUP" 2>/dev/null | wc -l
}

need_v1() {
	is_v2 && skip "no cgroup v1 here"
	[ -d "/sys/fs/cgroup/$1" ] || skip "no $1 hierarchy"
}

freezer_parent() {
	echo "/sys/fs/cgroup/freezer${CGROUP%/*}"
}

thaw_parent() {
	[ ! -e "$(freezer_parent)/freezer.state" ] || echo THAWED >"$(freezer_parent)/freezer.state"
}

@test "delete keeps the state where the cgroups cannot be seen, and says which" {
	is coffer || skip "about coffer's words"
	start_sleeper
	local before
	before=$(cgroup_directories)
	run elsewhere "$HIDDEN; \$rt delete --force $ID"
	refused "cannot see the cgroup hierarchy .*which has the container's cgroup"
	wait_until has_status "$ID" stopped # by force
	run elsewhere "$HIDDEN; \$rt delete $ID"
	refused "cannot see the cgroup hierarchy"
	[ "$(cgroup_directories)" = "$before" ]
	rt delete "$ID"
	nothing_left
}

@test "delete keeps the state where fewer hierarchies are seen than had the container" {
	is coffer || skip "about coffer's words"
	need_v1 memory
	start_sleeper
	run elsewhere "umount /sys/fs/cgroup/memory; \$rt delete --force $ID"
	refused "cannot see the cgroup hierarchy memory"
	[ -d "/sys/fs/cgroup/memory$CGROUP" ]
	rt delete --force "$ID"
	nothing_left
}

@test "where the cgroups cannot be seen, kill --all, ps and exec do not pretend" {
	is coffer || skip "about coffer's words"
	start_sleeper
	for verb in "kill --all $ID KILL" "ps $ID" "exec $ID true"; do
		run elsewhere "$HIDDEN; \$rt $verb"
		refused "cannot see the cgroup hierarchy"
	done
	rt delete --force "$ID"
	nothing_left
}

# A mount that is read-only makes rmdir fail, here and nowhere else.
a_hierarchy() {
	if is_v2; then echo /sys/fs/cgroup; else echo /sys/fs/cgroup/memory; fi
}

@test "a hierarchy that does not let go keeps no other from being removed" {
	is coffer || skip "about coffer's words"
	start_sleeper
	run elsewhere "mount -o remount,bind,ro $(a_hierarchy); \$rt delete --force $ID"
	refused "cannot remove the cgroup \"$(a_hierarchy)$CGROUP\".*read-only"
	[ "$(cgroup_directories)" = 1 ]
	[ "$(status_of "$ID")" = stopped ]
	rt delete "$ID"
	nothing_left
}

@test "a failed create whose cgroup cannot be removed leaves a stopped container for delete" {
	is coffer || skip "about coffer's words"
	cat >"$BATS_TEST_TMPDIR/hook" <<-HOOK
		#!/bin/sh
		mount -o remount,bind,ro $(a_hierarchy)
		exit 1
	HOOK
	printf '#!/bin/sh\necho stopped >>%s\n' "$BATS_TEST_TMPDIR/poststop" >"$BATS_TEST_TMPDIR/after"
	chmod +x "$BATS_TEST_TMPDIR"/{hook,after}
	config --arg hook "$BATS_TEST_TMPDIR/hook" --arg after "$BATS_TEST_TMPDIR/after" \
		'.hooks = {createRuntime: [{path: $hook}], poststop: [{path: $after}]}'
	run elsewhere "\$rt create --bundle $BUNDLE $ID </dev/null"
	[ "$status" != 0 ]
	[[ "$output" == *"cannot remove the cgroup $CGROUP: "*"ead-only"* ]] || { echo "$output"; false; }
	[[ "$output" == *"$ID is kept as a stopped container"* ]] || { echo "$output"; false; }
	[ "$(status_of "$ID")" = stopped ]
	rt delete "$ID"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/poststop")" = 1 ]
	nothing_left
}

# Whoever reaps it.
lives() {
	grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null
}

@test "a process that a hook has put into one hierarchy alone ends with the container" {
	is coffer || skip "runc and crun leave it, and the directory"
	need_v1 memory
	cat >"$BATS_TEST_TMPDIR/hook" <<-HOOK
		#!/bin/sh
		sleep 1000 </dev/null >/dev/null 2>&1 &
		echo \$! >$BATS_TEST_TMPDIR/pid
		echo \$! >/sys/fs/cgroup/memory$CGROUP/cgroup.procs
	HOOK
	chmod +x "$BATS_TEST_TMPDIR/hook"
	config --arg hook "$BATS_TEST_TMPDIR/hook" '.hooks.createRuntime = [{path: $hook}]'
	start_sleeper
	lives "$(cat "$BATS_TEST_TMPDIR/pid")"
	rt delete --force "$ID"
	! lives "$(cat "$BATS_TEST_TMPDIR/pid")" || false
	nothing_left
}

@test "delete --force does not wait for ever below a frozen cgroup, and names it" {
	is coffer || skip "about coffer's words"
	need_v1 freezer
	start_sleeper
	echo FROZEN >"$(freezer_parent)/freezer.state"
	run rt delete --force "$ID"
	refused "container init still running: the cgroup \"$(freezer_parent)\" is frozen"
	thaw_parent
	rt delete --force "$ID"
	nothing_left
}

# nest DIRECTORY DEPTH: cgroups of long names, one in the other, and a process in the last.
nest() {
	exec python3 - "$@" 3>&- <<-'PY'
		import os, sys, time
		at = os.open(sys.argv[1], os.O_RDONLY)
		for _ in range(int(sys.argv[2])):
		    os.mkdir("x" * 250, dir_fd=at)
		    at = os.open("x" * 250, os.O_RDONLY, dir_fd=at)
		procs = os.open("cgroup.procs", os.O_WRONLY, dir_fd=at)
		os.write(procs, b"%d" % os.getpid())
		print("there", flush=True)
		time.sleep(1000)
	PY
}

@test "cgroups nested deeper than a path may be long hide nobody from kill --all and ps" {
	is coffer || skip "runc and crun walk by paths"
	local directory=/sys/fs/cgroup$CGROUP pid
	is_v2 || directory=/sys/fs/cgroup/unified$CGROUP
	start_sleeper
	[ -d "$directory" ] || skip "no v2 tree"
	nest "$directory" 40 >"$BATS_TEST_TMPDIR/nested" &
	pid=$!
	wait_until grep -q there "$BATS_TEST_TMPDIR/nested"
	run rt ps --format json "$ID"
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "$(jq "index($pid) != null" <<<"$output")" = true ]
	rt kill --all "$ID" TERM
	wait "$pid" || [ $? = 143 ]
	rt delete --force "$ID"
	nothing_left
}
