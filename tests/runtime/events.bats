#!/usr/bin/env bats
# events: statistics in runc's form that agree with the kernel's files, and being out of memory.
load bundle
load cgroups

setup_file() { common_setup_file; }
setup() {
	is crun && skip "crun has no events"
	common_setup
	config '.linux.resources |= {devices}'
}
teardown() {
	[ -z "${EVENTS:-}" ] || kill "$EVENTS" 2>/dev/null || true
	common_teardown
}

# stats JQ-EXPRESSION: of the statistics' data.
stats() { rt events --stats "$ID" | jq -c ".data | $1"; }

# watch_events OPTION…: in the background, into $BATS_TEST_TMPDIR/events; its pid in $EVENTS.
watch_events() {
	"$RUNTIME" --root "$ROOT" events "$@" "$ID" >"$BATS_TEST_TMPDIR/events" 2>"$BATS_TEST_TMPDIR/events.err" 3>&- &
	EVENTS=$!
}

# told TYPE COUNT: so many events of this type, at least.
told() { [ "$(jq -c "select(.type == \"$1\")" "$BATS_TEST_TMPDIR/events" | wc -l)" -ge "$2" ]; }

# between LOW VALUE HIGH
between() {
	echo "$1 <= $2 <= $3"
	[ "$1" -le "$2" ] && [ "$2" -le "$3" ]
}

number_in() { awk -v k="$1" '$1 == k { print $2 }' "$2"; }

# The members that every document has, whatever the container did.
members() {
	jq -c 'del(..|.psi?) | del(.memory.raw, .memory.cache, .memory.swap.max, .memory.kernel.max)
		| del(.hugetlb, .cpuset.cpus, .cpuset.mems, .blkio)
		| [paths(type != "array") | select(.[-1] | type == "string") | join(".")]'
}

@test "--stats prints one object with type, id and data" {
	start_sleeper
	rt events --stats "$ID" >"$BATS_TEST_TMPDIR/stats"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/stats")" = 1 ]
	jq -e --arg id "$ID" '.type == "stats" and .id == $id' "$BATS_TEST_TMPDIR/stats"
	[ "$(jq -c '.data | keys_unsorted' "$BATS_TEST_TMPDIR/stats")" = \
		'["cpu","cpuset","memory","pids","blkio","hugetlb","intel_rdt","network_interfaces"]' ]
}

@test "the document has the members of runc's, in its order" {
	command -v runc >/dev/null || skip "no runc"
	is coffer || skip "this compares coffer with runc"
	sh_args 'dd if=/dev/zero of=/file bs=64k count=10 2>/dev/null; sync; sleep 1000'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	stats . | members >"$BATS_TEST_TMPDIR/ours"
	rt delete --force "$ID"
	runc --root "$ROOT/runc" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- ||
		skip "runc does not run here"
	runc --root "$ROOT/runc" events --stats "$ID" | jq -c .data | members >"$BATS_TEST_TMPDIR/theirs"
	runc --root "$ROOT/runc" delete --force "$ID"
	rm -r "$ROOT/runc"
	diff "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
}

@test "cpu time is the kernel's" {
	sh_args 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo > /done; sleep 1000'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -e "$BUNDLE/rootfs/done"
	rt pause "$ID"
	local dir total
	total=$(stats .cpu.usage.total)
	[ "$total" -gt 0 ]
	if is_v2; then
		dir=$(cgroup_dir cpu)
		[ "$total" = $(($(number_in usage_usec "$dir/cpu.stat") * 1000)) ]
		[ "$(stats .cpu.usage.user)" = $(($(number_in user_usec "$dir/cpu.stat") * 1000)) ]
		[ "$(stats .cpu.usage.kernel)" = $(($(number_in system_usec "$dir/cpu.stat") * 1000)) ]
	else
		dir=$(cgroup_dir cpuacct)
		[ "$total" = "$(cat "$dir/cpuacct.usage")" ]
		[ "$(stats .cpu.usage.user)" = $(($(number_in user "$dir/cpuacct.stat") * 10000000)) ]
		[ "$(stats .cpu.usage.percpu | jq add)" = "$total" ]
	fi
}

@test "throttling is the kernel's" {
	need_controller cpu
	config '.linux.resources.cpu = {quota: 1000, period: 10000}'
	sh_args 'while :; do :; done'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	throttled() { [ "$(stats .cpu.throttling.throttledPeriods)" != null ]; }
	wait_until throttled
	rt pause "$ID"
	local dir
	dir=$(cgroup_dir cpu)
	between 1 "$(stats .cpu.throttling.throttledPeriods)" "$(number_in nr_throttled "$dir/cpu.stat")"
	between 1 "$(stats .cpu.throttling.periods)" "$(number_in nr_periods "$dir/cpu.stat")"
}

@test "memory is the kernel's" {
	need_controller memory
	config '.linux.resources.memory = {limit: 67108864, swap: 134217728}'
	mkdir -p "$BUNDLE/rootfs/shm"
	config '.mounts += [{destination: "/shm", type: "tmpfs", source: "shm"}]'
	sh_args 'dd if=/dev/zero of=/shm/held bs=1M count=20 2>/dev/null; echo > /ready; sleep 1000'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -e "$BUNDLE/rootfs/ready"
	[ "$(stats .memory.usage.limit)" = 67108864 ]
	[ "$(stats .memory.swap.limit)" = 134217728 ]
	local usage
	usage=$(cgroup_file memory memory.usage_in_bytes memory.current)
	between 20971520 "$(stats .memory.usage.usage)" $((usage + 4194304))
	between $((usage - 4194304)) "$(stats .memory.usage.usage)" 67108864
	[ "$(stats .memory.raw.pgfault)" -gt 0 ]
	if is_v2; then
		[ "$(stats .memory.raw.shmem)" -ge 20971520 ]
	else
		[ "$(stats .memory.cache)" -ge 20971520 ]
	fi
}

@test "pids are the kernel's, and no limit is none" {
	need_controller pids
	sh_args 'sleep 1000 & sleep 1000 & echo > /ready; wait'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -e "$BUNDLE/rootfs/ready"
	[ "$(stats .pids)" = '{"current":3}' ]
	rt update --pids-limit 10 "$ID"
	[ "$(stats .pids)" = '{"current":3,"limit":10}' ]
}

@test "traffic of block devices is the kernel's" {
	need_controller blkio io
	sh_args 'dd if=/dev/zero of=/file bs=64k count=32 conv=fsync 2>/dev/null; echo > /ready; sleep 1000'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -e "$BUNDLE/rootfs/ready"
	local file device bytes
	file=$(cgroup_file blkio blkio.throttle.io_service_bytes_recursive io.stat)
	[[ "$file" =~ ^[0-9]+:[0-9]+ ]] || skip "its root is on no block device"
	device=${file%% *}
	bytes=$(stats '.blkio.ioServiceBytesRecursive' |
		jq --argjson major "${device%:*}" --argjson minor "${device#*:}" \
			'.[] | select(.major == $major and (.minor // 0) == $minor and .op == "Write").value')
	echo "$file: $bytes"
	[[ "$file" == *"Write $bytes"* || "$file" == *"wbytes=$bytes"* ]]
}

@test "huge pages have an entry a size" {
	start_sleeper
	[ "$(stats '.hugetlb | length')" != 0 ] || skip "no huge pages, or no controller"
	[ "$(stats '.hugetlb["2MB"].failcnt')" = 0 ]
	stats .hugetlb | jq -e 'keys == (keys | sort)'
}

@test "pressure is the kernel's" {
	is coffer || skip "runc 1.1 does not know it"
	local top
	for top in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ -e "$top/cgroup.controllers" ] && break
	done
	start_sleeper
	[ -e "$top$CGROUP/memory.pressure" ] || skip "no pressure stall information"
	rt pause "$ID"
	stats .memory.psi | jq -e '.some.avg10 >= 0 and .full.total >= 0 and (.some | keys | length) == 4'
	[ "$(stats .memory.psi.some.total)" = "$(sed -n 's/^some.*total=//p' "$top$CGROUP/memory.pressure")" ]
	stats .cpu.psi | jq -e .some.total
	stats .blkio.psi | jq -e .full
}

@test "interfaces of the container's own network are listed, but lo" {
	is coffer || skip "runc prints null"
	start_sleeper
	[ "$(stats .network_interfaces)" = null ]
	local pid
	pid=$(rt state "$ID" | jq .pid)
	nsenter -t "$pid" -n ip link add dummy0 type dummy 2>/dev/null || skip "no ip, or no dummy devices"
	[ "$(stats '.network_interfaces[0].Name')" = '"dummy0"' ]
	[ "$(stats '.network_interfaces[0] | length')" = 9 ]
}

@test "without --stats they come again and again, until the container ends" {
	start_sleeper
	watch_events --interval 50ms
	wait_until told stats 3
	if is coffer; then rt kill "$ID" KILL; else rt delete --force "$ID"; fi
	wait "$EVENTS"
	EVENTS=
	jq -e '.type == "stats"' "$BATS_TEST_TMPDIR/events" >/dev/null
}

@test "being out of memory is told" {
	need_controller memory
	config '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	sh_args 'sleep 1000 & while [ ! -e /go ]; do sleep 0.02; done; tail /dev/zero; sleep 1000'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	watch_events --interval 1h
	is_watching() { ls -l "/proc/$EVENTS/fd" | grep -q 'inotify\|eventfd'; }
	wait_until is_watching
	touch "$BUNDLE/rootfs/go"
	wait_until told oom 1
	[ "$(jq -c . "$BATS_TEST_TMPDIR/events" | head -1)" = "{\"type\":\"oom\",\"id\":\"$ID\"}" ]
	rt delete --force "$ID"
	wait "$EVENTS"
	EVENTS=
}

@test "being out of memory is told when the container's own process dies of it" {
	need_controller memory
	is coffer || skip "runc may lose it"
	config '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	sh_args 'while [ ! -e /go ]; do sleep 0.02; done; exec tail /dev/zero'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	watch_events --interval 1h
	is_watching() { ls -l "/proc/$EVENTS/fd" | grep -q 'inotify\|eventfd'; }
	wait_until is_watching
	touch "$BUNDLE/rootfs/go"
	wait "$EVENTS"
	EVENTS=
	told oom 1
}

@test "the end of a container is no lack of memory" {
	start_sleeper
	watch_events --interval 1h
	is_watching() { ls -l "/proc/$EVENTS/fd" | grep -q timerfd; }
	is runc || wait_until is_watching
	rt delete --force "$ID"
	wait "$EVENTS" || is runc
	EVENTS=
	! told oom 1
}

@test "a container that has stopped, or does not exist, and a duration that is none are refused" {
	args true
	create_container
	rt start "$ID"
	wait_until has_status "$ID" stopped
	run rt events --stats "$ID"
	refused 'is not running'
	run rt events "no-$ID"
	refused 'does not exist'
	is coffer || return 0
	run rt events --interval 0s "$ID"
	refused 'duration interval must be greater than 0'
	run rt events --interval soon "$ID"
	refused '"soon" is no duration'
}
