#!/usr/bin/env bats
# Limits that bite, and the cases in which a cgroup is not what one would wish: removed, full, frozen,
# shared, too small, not delegated.
load bundle
load cgroups

setup_file() { common_setup_file; }
setup() {
	is crun && [ -d /sys/fs/cgroup/unified ] && skip "crun refuses hybrid hosts"
	common_setup
	config '.linux.resources |= {devices}'
}
teardown() {
	common_teardown
	[ -z "${LOOP:-}" ] || losetup --detach "$LOOP"
	[ -z "${PARENT_MADE:-}" ] || rmdir "$PARENT_MADE" 2>/dev/null || true
}

run_detached() {
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- ||
		{ cat "$BATS_TEST_TMPDIR/err"; return 1; }
}

# own_dirs: the container's directory in every hierarchy.
own_dirs() { find /sys/fs/cgroup -type d -path "*$CGROUP" 2>/dev/null; }

# number_in KEY FILE
number_in() { awk -v k="$1" '$1 == k { print $2 }' "$2"; }

# ---- limits bite -------------------------------------------------------------------------------

@test "a quota of cpu throttles" {
	need_controller cpu
	config '.linux.resources.cpu = {quota: 1000, period: 10000}'
	sh_args 'while :; do :; done'
	run_detached
	local stat
	stat=$(cgroup_dir cpu)/cpu.stat
	throttled() { [ "$(number_in nr_throttled "$stat")" -gt 0 ]; }
	wait_until throttled
}

@test "a set of processors is all there is" {
	need_controller cpuset
	config '.linux.resources.cpu = {cpus: "0", mems: "0"}'
	sh_args 'grep -E "^(Cpus|Mems)_allowed_list" /proc/self/status'
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "$(tr -d '\t ' <<<"${lines[0]}")" = Cpus_allowed_list:0 ]
	[ "$(tr -d '\t ' <<<"${lines[1]}")" = Mems_allowed_list:0 ]
}

@test "a throttled block device gives no more than its rate" {
	need_controller blkio io
	truncate -s 64M "$BATS_TEST_TMPDIR/image"
	LOOP=$(losetup --find --show "$BATS_TEST_TMPDIR/image" 2>/dev/null) || skip "no loop devices"
	local numbers
	numbers=$(cat "/sys/block/$(basename "$LOOP")/dev")
	config --argjson major "${numbers%:*}" --argjson minor "${numbers#*:}" '
		.linux.devices += [{path: "/dev/disk", type: "b", major: $major, minor: $minor, fileMode: 384}]
		| .linux.resources.devices += [{allow: true, type: "b", major: $major, minor: $minor, access: "r"}]
		| .linux.resources.blockIO.throttleReadBpsDevice = [{major: $major, minor: $minor, rate: 65536}]'
	sh_args 'exec 3</dev/disk || exit 3; echo > /opened; cat <&3 >/dev/null; echo > /read; sleep 1000'
	run_detached
	[[ "$(cgroup_file blkio blkio.throttle.read_bps_device io.max)" == "$numbers "*65536* ]]
	wait_until test -e "$BUNDLE/rootfs/opened"
	sleep 1
	[ "$(status_of "$ID")" = running ]
	[ ! -e "$BUNDLE/rootfs/read" ] # 64 MiB take 17 minutes
}

@test "the freezer stops, on v1 through its races, and lets go" {
	sh_args 'while :; do sh -c : & sh -c : & wait; done'
	run_detached
	local try
	for try in 1 2 3 4 5; do
		rt pause "$ID"
		[ "$(status_of "$ID")" = paused ]
		rt resume "$ID"
		[ "$(status_of "$ID")" = running ]
	done
	rt delete --force "$ID"
	nothing_left
}

@test "huge pages beyond the limit are not there" {
	is_v2 || grep -q hugetlb /proc/self/mountinfo || skip "no controller hugetlb here"
	grep -qw hugetlb /sys/fs/cgroup/cgroup.controllers 2>/dev/null ||
		grep -qw hugetlb /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null ||
		[ -d /sys/fs/cgroup/hugetlb ] || skip "no controller hugetlb"
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "no pages of 2 MB"
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	start_sleeper
	cat $(own_dirs | sed 's|$|/hugetlb.2MB.max|') $(own_dirs | sed 's|$|/hugetlb.2MB.limit_in_bytes|') 2>/dev/null |
		grep -qx 4194304
	is crun ||
		cat $(own_dirs | sed 's|$|/hugetlb.2MB.rsvd.max|') $(own_dirs | sed 's|$|/hugetlb.2MB.rsvd.limit_in_bytes|') 2>/dev/null |
		grep -qx 4194304
}

# ---- exec --------------------------------------------------------------------------------------

# make_below NAME: a cgroup below the container's own, in every hierarchy.
make_below() {
	local dir file
	for dir in $(own_dirs); do
		mkdir "$dir/$1"
		for file in cpuset.cpus cpuset.mems; do
			[ -e "$dir/cgroup.subtree_control" ] || [ ! -e "$dir/$file" ] || cat "$dir/$file" >"$dir/$1/$file"
		done
	done
}

@test "exec --cgroup PATH runs in a cgroup below, in all hierarchies" {
	is runc && ! is_v2 && skip "runc 1.1 knows it on v2 only"
	start_sleeper
	make_below sub
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	pid=$(rt state "$ID" | jq .pid)
	rt exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" --cgroup sub "$ID" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup"
	[ "$(grep -c "$CGROUP/sub\$" "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup")" = "$(own_dirs | wc -l)" ]
	! grep "/sub\$" "/proc/$pid/cgroup" || false
	rt exec --cgroup / "$ID" true
	run rt exec --cgroup nosuch "$ID" true
	[ "$status" = 255 ]
	rt delete --force "$ID"
	nothing_left
}

@test "exec --cgroup CONTROLLER,…:PATH chooses for some hierarchies on v1, and may be repeated" {
	is coffer || skip "runc 1.1 joins none of them"
	is_v2 && skip "v2 has one hierarchy"
	start_sleeper
	make_below sub
	make_below other
	rt exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" --cgroup memory,pids:sub --cgroup cpu:/other "$ID" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	local table
	table=$(cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup")
	echo "$table"
	grep -q "memory.*$CGROUP/sub\$" <<<"$table"
	grep -q "pids.*$CGROUP/sub\$" <<<"$table"
	grep -q "cpu.*$CGROUP/other\$" <<<"$table"
	grep -q "freezer.*$CGROUP\$" <<<"$table"
}

@test "exec --cgroup refuses what is not below, not known, or said twice" {
	is coffer || skip "error texts of coffer's"
	start_sleeper
	make_below sub
	run rt exec --cgroup ../x "$ID" true
	refused 'leads out of the container.s cgroup'
	run rt exec --cgroup nonsense:sub "$ID" true
	refused 'unknown controller nonsense'
	run rt exec --cgroup sub --cgroup sub "$ID" true
	refused 'has no CONTROLLER: before it'
	run rt exec --cgroup :sub "$ID" true
	refused 'a controller without a name'
	is_v2 && return 0
	run rt exec --cgroup pids:sub --cgroup pids:sub "$ID" true
	refused 'controller pids is specified multiple times'
}

@test "exec into a full limit of processes says so" {
	need_controller pids
	config '.linux.resources.pids.limit = 1'
	start_sleeper
	run rt exec "$ID" sh -c 'true & wait; true'
	[ "$status" != 0 ]
	! is coffer || refused 'resource temporarily unavailable \(a limit of processes is reached: pids\.max'
	rt delete --force "$ID"
	nothing_left
}

@test "exec follows a container that has moved itself below its cgroup" {
	is crun && skip "not looked at"
	local top=/sys/fs/cgroup
	is_v2 || top=/sys/fs/cgroup/unified
	[ -e "$top/cgroup.controllers" ] || skip "no v2 tree"
	[ -n "$(cat "$top/cgroup.controllers")" ] || skip "no controller in v2"
	if grep -qw hugetlb "$top/cgroup.controllers" && [ -d /sys/kernel/mm/hugepages/hugepages-2048kB ]; then
		config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	fi
	start_sleeper
	local pid controller
	pid=$(rt state "$ID" | jq .pid)
	mkdir "$top$CGROUP/init"
	echo "$pid" >"$top$CGROUP/init/cgroup.procs"
	controller=$(cut -d' ' -f1 "$top$CGROUP/cgroup.controllers")
	[ -n "$controller" ] || skip "no controller in the container's cgroup"
	echo "+$controller" >"$top$CGROUP/cgroup.subtree_control"
	rt exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	grep -q "^0::.*$CGROUP/init\$" "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup"
}

# ---- bad cases ---------------------------------------------------------------------------------

@test "a cgroup that is removed under a running container: state, exec, kill and delete go on" {
	start_sleeper
	local pid dir
	pid=$(rt state "$ID" | jq .pid)
	for dir in $(own_dirs); do
		echo "$pid" >"$(dirname "$(dirname "$dir")")/cgroup.procs"
		rmdir "$dir"
	done
	[ "$(status_of "$ID")" = running ]
	is runc || rt exec "$ID" true
	is coffer && { run rt update --pids-limit 5 "$ID"; refused 'is gone'; }
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "a container that the kernel kills for want of memory while it is created says so" {
	need_controller memory
	is coffer || skip "the words are coffer's"
	config '.linux.resources.memory = {limit: 4096, swap: 4096}'
	args true
	run run_container
	refused '(killed by signal 9 .*memory limit too low|[mM]emory)'
	nothing_left
}

@test "a limit that a parent cannot give names the controller" {
	is coffer || skip "the words are coffer's"
	is_v2 || skip "a matter of v2"
	need_controller pids
	PARENT_MADE=/sys/fs/cgroup$CGROUP_PARENT-without
	mkdir "$PARENT_MADE"
	echo threaded >"$PARENT_MADE/cgroup.type" # such a parent has no memory controller to give
	config --arg path "$CGROUP_PARENT-without/$ID" '.linux.cgroupsPath = $path
		| .linux.resources.memory.limit = 67108864'
	args true
	run run_container
	[ "$status" != 0 ]
	[[ "$output" =~ memory|threaded|"not supported" ]] || { echo "$output"; false; }
	[ "${#lines[@]}" = 1 ]
	! find "$PARENT_MADE" -mindepth 1 -type d | grep .
}

@test "a controller that the parent does not pass on and cannot is named" {
	is coffer || skip "the words are coffer's"
	local top=/sys/fs/cgroup
	is_v2 || top=/sys/fs/cgroup/unified
	[ -e "$top/cgroup.controllers" ] || skip "no v2 tree"
	config '.linux.resources.unified = {"misc.max": "x 1"}'
	grep -qw misc "$top/cgroup.controllers" && config '.linux.resources.unified = {"nonsense.max": "1"}'
	args true
	run run_container
	refused 'linux\.resources\.unified.*\(no controller (misc|nonsense) there, only: '
	nothing_left
}

@test "a frozen container is killed, and is gone" {
	start_sleeper
	rt pause "$ID"
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "kill --all reaches a frozen container's processes" {
	is runc && skip "runc 1.1 on v1 leaves them frozen"
	sh_args 'sleep 1000 & sleep 1000 & wait'
	run_detached
	rt pause "$ID"
	rt kill --all "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "a second container in the same cgroup is refused while it has processes, or is frozen" {
	is coffer || skip "runc 1.1 only warns"
	start_sleeper
	run rt create --bundle "$BUNDLE" "second-$ID"
	refused "container's cgroup is not empty: 1 process"
	rt pause "$ID"
	run rt create --bundle "$BUNDLE" "second-$ID"
	refused "container's cgroup (is not empty|unexpectedly frozen)"
	[ "$(status_of "$ID")" = paused ]
	rt delete --force "$ID"
	nothing_left
}

@test "a container may use the cgroup that an ended one has left" {
	args true
	rt run --keep --bundle "$BUNDLE" "$ID"
	rt run --bundle "$BUNDLE" "second-$ID"
	rt delete "$ID"
	nothing_left
}

@test "cgroups below that outlive the container's processes do not keep delete" {
	start_sleeper
	make_below a
	local dir
	for dir in $(own_dirs); do mkdir -p "$dir/a/b/c/d"; done
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "processes below that outlive the container's first one are killed by delete" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	sh_args 'setsid sleep 1000 & echo $! > /pid; exec sleep 1000'
	run_detached
	wait_until test -s "$BUNDLE/rootfs/pid"
	make_below a
	local dir
	for dir in $(own_dirs); do cat "$BUNDLE/rootfs/pid" >"$dir/a/cgroup.procs"; done
	kill -KILL "$(rt state "$ID" | jq .pid)"
	wait_until has_status "$ID" stopped
	rt delete --force "$ID"
	nothing_left
}

# ---- device programs ---------------------------------------------------------------------------

# second_like: another container of the same configuration, in a cgroup beside.
second_like() {
	mkdir -p "$BATS_TEST_TMPDIR/second"
	jq --arg rootfs "$BUNDLE/rootfs" --arg path "$CGROUP-second" \
		'.root.path = $rootfs | .linux.cgroupsPath = $path' "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/second/config.json"
	rt run --detach --bundle "$BATS_TEST_TMPDIR/second" "$ID-second" </dev/null >/dev/null 2>&1 3>&-
}

need_device_programs() {
	is_v2 || skip "v1 has a controller for devices"
	is coffer || skip "peers load one for each container"
}

@test "containers with the same device rules share one loaded program, which goes with the last of them" {
	need_device_programs
	# Rules that nobody else has.
	config --argjson major $((2000 + $$ % 1000)) '.linux.resources.devices += [{allow: true, type: "c", major: $major, access: "r"}]'
	start_sleeper
	local tag
	tag=$("$BATS_TEST_DIRNAME/device_programs" attached "/sys/fs/cgroup$CGROUP")
	[ -n "$tag" ]
	second_like
	[ "$("$BATS_TEST_DIRNAME/device_programs" attached "/sys/fs/cgroup$CGROUP-second")" = "$tag" ]
	[ "$("$BATS_TEST_DIRNAME/device_programs" loaded "$tag")" = 1 ]
	rt delete --force "$ID"
	[ "$("$BATS_TEST_DIRNAME/device_programs" loaded "$tag")" = 1 ]
	rt exec "$ID-second" sh -c 'echo > /dev/null'
	rt delete --force "$ID-second"
	unloaded() { [ "$("$BATS_TEST_DIRNAME/device_programs" loaded "$tag")" = 0 ]; }
	wait_until unloaded
}

@test "a cgroup that is used again gets the new container's device program instead of the old one" {
	need_device_programs
	args true
	rt run --keep --bundle "$BUNDLE" "$ID"
	local first
	first=$("$BATS_TEST_DIRNAME/device_programs" attached "/sys/fs/cgroup$CGROUP")
	config --argjson major $((3000 + $$ % 1000)) '.linux.resources.devices += [{allow: true, type: "c", major: $major, access: "r"}]
		| .process.args = ["sleep", "1000"]'
	rt run --detach --bundle "$BUNDLE" "$ID-second" </dev/null >/dev/null 2>&1 3>&-
	local second
	second=$("$BATS_TEST_DIRNAME/device_programs" attached "/sys/fs/cgroup$CGROUP")
	[ "$(wc -w <<<"$second")" = 1 ]
	[ "$first" != "$second" ]
	rt delete --force "$ID-second"
	rt delete "$ID"
	nothing_left
}

@test "device programs do not depend on RLIMIT_MEMLOCK" {
	need_device_programs
	args true
	(ulimit -l 0 && run_container)
}

@test "a container in a container's cgroup can be given no device that the outer one lacks" {
	need_device_programs
	start_sleeper
	config --arg path "$CGROUP/inner" '.linux.cgroupsPath = $path
		| .linux.devices += [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 438}]
		| .linux.resources.devices = [{allow: true, access: "rwm"}]
		| .process.args = ["cat", "/dev/kmsg"]'
	run rt run --bundle "$BUNDLE" "$ID-inner"
	[[ "$output" == *"Operation not permitted"* ]] || { echo "$output"; false; }
}

# ---- nobody is left ----------------------------------------------------------------------------

@test "many containers that come and go in parallel leave no cgroup behind" {
	local count=${MANY_CONTAINERS:-500} lanes=${MANY_LANES:-8} lane
	is coffer || count=16
	config --argjson major $((2000 + $$ % 1000)) '.linux.resources.devices += [{allow: true, type: "c", major: $major, access: "w"}]'
	start_sleeper # for the tag of their device program
	local tag=''
	! is_v2 || tag=$("$BATS_TEST_DIRNAME/device_programs" attached "/sys/fs/cgroup$CGROUP") || false
	rt delete --force "$ID"
	config --arg parent "$CGROUP_PARENT" '.linux.cgroupsPath = $parent + "/ID"'
	args true
	for lane in $(seq "$lanes"); do
		(
			mkdir -p "$BATS_TEST_TMPDIR/lane$lane"
			ln -s "$BUNDLE/rootfs" "$BATS_TEST_TMPDIR/lane$lane/rootfs"
			for i in $(seq "$lane" "$lanes" "$count"); do
				sed "s|$CGROUP_PARENT/ID|$CGROUP_PARENT/many-$i|; s|\"path\": \"rootfs\"|\"path\": \"$BUNDLE/rootfs\"|" \
					"$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/lane$lane/config.json"
				rt create --bundle "$BATS_TEST_TMPDIR/lane$lane" "many-$i" </dev/null >/dev/null 2>&1 || echo "create $i"
				rt start "many-$i" || echo "start $i"
				rt delete --force "many-$i" || echo "delete $i"
			done >"$BATS_TEST_TMPDIR/failures$lane" 2>&1 3>&-
		) 3>&- &
	done
	wait
	cat "$BATS_TEST_TMPDIR"/failures*
	[ -z "$(cat "$BATS_TEST_TMPDIR"/failures*)" ]
	[ -z "$(rt list -q)" ]
	! find /sys/fs/cgroup -type d -path "*$CGROUP_PARENT/many-*" 2>/dev/null | grep . || false
	unloaded() { [ "$("$BATS_TEST_DIRNAME/device_programs" loaded "$tag")" = 0 ]; }
	[ -z "$tag" ] || wait_until unloaded
}
