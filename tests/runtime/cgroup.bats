#!/usr/bin/env bats
# Control groups through the command line: limits that bite, pause, and nothing left behind, on the
# host's own layout and where the v2 tree is all there is.
load bundle
load cgroups

setup_file() { common_setup_file; }
setup() {
	is crun && [ -d /sys/fs/cgroup/unified ] && skip "crun refuses hybrid hosts"
	common_setup
}
teardown() {
	common_teardown
	rmdir /sys/fs/cgroup/*"$CGROUP_PARENT" /sys/fs/cgroup"$CGROUP_PARENT" 2>/dev/null || true
}

# v2_view COMMAND…: where the v2 tree alone is at /sys/fs/cgroup.
v2_view() {
	# shellcheck disable=SC2016
	unshare -m sh -ec 'mount --make-rprivate /
		[ -e /sys/fs/cgroup/cgroup.controllers ] || mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup
		exec "$@"' sh "$@"
}

need_v2_tree() {
	[ -e /sys/fs/cgroup/cgroup.controllers ] || [ -e /sys/fs/cgroup/unified/cgroup.controllers ] ||
		skip "no v2 tree"
}

@test "a limit of pids bites" {
	need_controller pids
	config '.linux.resources.pids.limit = 4'
	sh_args 'i=0; while [ $i -lt 10 ]; do sleep 100 & i=$((i + 1)); done; echo all'
	run run_container
	[[ "$output" == *"an't fork"* ]] || { echo "$output"; false; }
	[[ "$output" != *all* ]]
	nothing_left
}

@test "a limit of memory kills" {
	need_controller memory
	config '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	args tail /dev/zero
	run run_container
	[ "$status" = 137 ] || { echo "$status: $output"; false; }
	nothing_left
}

@test "limits of cpu are in the kernel's files" {
	need_controller cpu
	config '.linux.resources.cpu = {quota: 20000, period: 50000, shares: 1024}'
	start_sleeper
	case $(cgroup_file cpu cpu.cfs_quota_us cpu.max) in
	20000 | "20000 50000") ;;
	*) false ;;
	esac
	case $(cgroup_file cpu cpu.shares cpu.weight) in
	1024 | 100) ;;
	*) false ;;
	esac
	rt delete --force "$ID"
	nothing_left
}

@test "devices that no rule allows cannot be used, the default ones can" {
	mknod "$BUNDLE/rootfs/kmsg" c 1 11
	config 'del(.linux.resources.devices)'
	sh_args 'echo x > /dev/null && head -c 1 /dev/zero | wc -c && cat /kmsg'
	run run_container
	[ "$status" != 0 ]
	[[ "$output" == *"Operation not permitted"* ]] || { echo "$output"; false; }
	[[ "$output" == 1* ]]
}

@test "a device that a rule allows can be used" {
	mknod "$BUNDLE/rootfs/kmsg" c 1 11
	config '.linux.resources.devices = [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 1, minor: 11, access: "w"}]'
	sh_args 'exec 3>/kmsg && echo opened'
	run run_container
	[ "$output" = opened ] || { echo "$output"; false; }
}

@test "without cgroupsPath root's container is in /coffer/ID, in every hierarchy" {
	needs_cgroupfs
	is coffer || skip "coffer's own place"
	config 'del(.linux.cgroupsPath)'
	start_sleeper
	pid=$(rt state "$ID" | jq .pid)
	! grep -v ":/coffer/$ID\$" "/proc/$pid/cgroup" | grep -v '^0::/$' || false
	rt delete --force "$ID"
	! find /sys/fs/cgroup -type d -path "*/coffer/$ID" 2>/dev/null | grep .
}

@test "an executed process is in the container's cgroup" {
	start_sleeper
	rt exec "$ID" cat /proc/self/cgroup >"$BATS_TEST_TMPDIR/exec"
	rt exec "$ID" cat /proc/1/cgroup >"$BATS_TEST_TMPDIR/init"
	diff "$BATS_TEST_TMPDIR/init" "$BATS_TEST_TMPDIR/exec"
}

@test "a paused container is paused, stops nothing but itself, and goes on" {
	sh_args 'while sleep 0.01; do echo . >> /count; done'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -s "$BUNDLE/rootfs/count"
	rt pause "$ID"
	[ "$(status_of "$ID")" = paused ]
	before=$(cat "$BUNDLE/rootfs/count")
	sleep 0.1
	[ "$before" = "$(cat "$BUNDLE/rootfs/count")" ]
	rt resume "$ID"
	[ "$(status_of "$ID")" = running ]
	changed() { [ "$before" != "$(cat "$BUNDLE/rootfs/count")" ]; }
	wait_until changed
	rt delete --force "$ID"
	nothing_left
}

@test "a paused container can be deleted by force" {
	start_sleeper
	rt pause "$ID"
	rt delete --force "$ID"
	nothing_left
}

@test "a cgroup with processes is refused, and left alone" {
	needs_cgroupfs
	is coffer || skip "crun takes it, runc 1.1 only warns"
	start_sleeper
	run rt run --bundle "$BUNDLE" "second-$ID"
	refused "container's cgroup is not empty: 1 process"
	[ "$(status_of "$ID")" = running ]
	[ "$(ls "$ROOT")" = "$ID" ]
	rt delete --force "$ID"
	nothing_left
}

@test "an empty frozen cgroup is refused" {
	needs_cgroupfs
	is crun && skip "crun waits for ever"
	local freezer=/sys/fs/cgroup/freezer
	if grep -q " $freezer " /proc/self/mountinfo; then
		mkdir -p "$freezer$CGROUP"
		echo FROZEN >"$freezer$CGROUP/freezer.state"
	else
		mkdir -p "/sys/fs/cgroup$CGROUP"
		echo 1 >"/sys/fs/cgroup$CGROUP/cgroup.freeze"
	fi
	args true
	run run_container
	refused "container's cgroup unexpectedly frozen"
	find /sys/fs/cgroup -depth -type d -path "*$CGROUP" -exec rmdir {} \;
	nothing_left
}

@test "a limit that cannot be set names field and file, and leaves nothing" {
	is coffer || skip "an error text of coffer's"
	need_v2_tree
	config '.linux.resources.unified = {"nonsense.max": "1"}'
	args true
	run run_container
	refused 'linux\.resources\.unified\["nonsense\.max"\] \(line [0-9]+:[0-9]+\): cannot set nonsense\.max'
	nothing_left
}

@test "cgroups that the container's own processes made are removed with it" {
	start_sleeper
	local top
	for top in /sys/fs/cgroup "$(find /sys/fs/cgroup -maxdepth 2 -path "*/unified" -o -maxdepth 2 -path "*/pids")"; do
		[ -d "$top$CGROUP" ] && mkdir -p "$top$CGROUP/a/b" "$top$CGROUP/c"
	done
	rt delete --force "$ID"
	nothing_left
}

@test "kill --all reaches what is outside of the pid namespace" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	sh_args 'setsid sleep 1000 & sleep 1000 & wait'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	rt kill --all "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "on v2 alone a container runs, is paused, killed and deleted" {
	needs_cgroupfs
	is crun && skip "this view has few controllers"
	need_v2_tree
	config 'del(.linux.resources.pids, .linux.resources.memory, .linux.resources.cpu)'
	args sleep 1000
	v2_view "$RUNTIME" --root "$ROOT" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	pid=$(v2_view "$RUNTIME" --root "$ROOT" state "$ID" | jq .pid)
	grep -q "^0::$CGROUP\$" "/proc/$pid/cgroup"
	v2_view "$RUNTIME" --root "$ROOT" pause "$ID"
	[ "$(v2_view "$RUNTIME" --root "$ROOT" state "$ID" | jq -r .status)" = paused ]
	v2_view "$RUNTIME" --root "$ROOT" delete --force "$ID"
	nothing_left
}

@test "on v2 alone devices are restricted" {
	needs_cgroupfs
	is crun && skip "this view has few controllers"
	need_v2_tree
	mknod "$BUNDLE/rootfs/kmsg" c 1 11
	config 'del(.linux.resources)'
	sh_args 'echo x > /dev/null && echo null && cat /kmsg'
	run v2_view "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[[ "$output" == null*"Operation not permitted"* ]] || { echo "$output"; false; }
	nothing_left
}

@test "on v2 alone a limit without its controller is refused" {
	needs_cgroupfs
	is coffer || skip "an error text of coffer's"
	need_v2_tree
	config '.linux.resources.unified = {"nonsense.max": "1"}'
	args true
	run v2_view "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	refused 'cannot set nonsense\.max of the cgroup "/sys/fs/cgroup/coffer-test'
	nothing_left
}
