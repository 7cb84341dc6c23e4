#!/usr/bin/env bats
# The systemd driver: transient scopes with limits that systemd keeps, on hosts that it runs; as root
# and, with the manager of the session, as a user.
export CGROUP_DRIVER=systemd
load bundle

setup_file() { common_setup_file; }
setup() {
	[ -d /run/systemd/system ] || skip "systemd does not run this host"
	[ "$(id -u)" = 0 ] || [ -S "$XDG_RUNTIME_DIR/systemd/private" ] || skip "no session of systemd's"
	is coffer || skip "peers differ in properties and words"
	common_setup
	UNIT=coffer-$ID.scope
}
teardown() {
	[ ! -d /run/systemd/system ] || common_teardown
}

# property NAME [UNIT]: as systemd has it.
property() {
	service_manager show -P "$1" "${2-$UNIT}"
}

# scope_file FILE: of the container's cgroup, on v2.
scope_file() {
	cat /sys/fs/cgroup"$(cgroup_of)/$1"
}

# The container's cgroup, on v2 or as systemd has it on v1.
cgroup_of() {
	sed -nE 's/^(0:|[0-9]+:name=systemd)://p' "/proc/$(rt state "$ID" | jq .pid)/cgroup" | head -n1
}

need_v2() {
	[ -e /sys/fs/cgroup/cgroup.controllers ] || skip "cgroup v1 here"
}

unit_is_gone() {
	[ "$(property LoadState "$1")" = not-found ] || [ "$(property ActiveState "$1")" = inactive ]
}

nothing_of_it_left() {
	nothing_left
	wait_until unit_is_gone "$UNIT"
}

@test "a container is a scope in the slices that cgroupsPath names" {
	config --arg path "cofferup$$-sub.slice:own:$ID" '.linux.cgroupsPath = $path'
	UNIT=own-$ID.scope
	start_sleeper
	[[ "$(cgroup_of)" == */cofferup$$.slice/cofferup$$-sub.slice/own-$ID.scope ]] || { cgroup_of; false; }
	[ "$(property Slice)" = "cofferup$$-sub.slice" ]
	[ "$(property Delegate)" = yes ]
	[ "$(property ActiveState)" = active ]
	rt delete --force "$ID"
	service_manager stop cofferup$$.slice
	nothing_of_it_left
}

@test "without cgroupsPath the scope has coffer's name and is in the default slice" {
	config 'del(.linux.cgroupsPath)'
	start_sleeper
	case $(property Slice) in
	system.slice | user.slice) ;;
	*) false ;;
	esac
	[[ "$(cgroup_of)" == */coffer-$ID.scope ]]
	[ "$(rt ps --format json "$ID" | jq length)" = 1 ]
	rt delete --force "$ID"
	nothing_of_it_left
}

@test "--cgroup-manager systemd is --systemd-cgroup" {
	# shellcheck disable=SC2034
	driver_options=(--cgroup-manager systemd)
	start_sleeper
	[ "$(property ActiveState)" = active ]
	# shellcheck disable=SC2034
	driver_options=() # who made it is remembered
	rt delete --force "$ID"
	nothing_of_it_left
	run "$RUNTIME" --root "$ROOT" --systemd-cgroup --cgroup-manager cgroupfs list
	refused "contradict"
}

@test "a cgroupsPath of another form is refused" {
	config '.linux.cgroupsPath = "/somewhere/else"'
	run run_container
	refused "linux.cgroupsPath.*expected \"slice:prefix:name\""
	config '.linux.cgroupsPath = "nothing:prefix:name"'
	run run_container
	refused "linux.cgroupsPath.*no name of a slice"
	nothing_left
}

@test "limits are the unit's and the kernel's, and a daemon-reload undoes none" {
	need_v2
	config '.linux.resources = {memory: {limit: 67108864, reservation: 1048576, swap: 100663296},
		pids: {limit: 50}, cpu: {quota: 12345, period: 50000, shares: 512}}'
	start_sleeper
	[ "$(property MemoryMax)" = 67108864 ]
	[ "$(property MemoryLow)" = 1048576 ]
	[ "$(property MemorySwapMax)" = 33554432 ]
	[ "$(property TasksMax)" = 50 ]
	[ "$(property CPUWeight)" = 59 ]
	[ "$(property CPUQuotaPeriodUSec)" = 50ms ]
	for turn in before after; do
		[ "$(scope_file memory.max)" = 67108864 ]
		[ "$(scope_file memory.low)" = 1048576 ]
		[ "$(scope_file memory.swap.max)" = 33554432 ]
		[ "$(scope_file pids.max)" = 50 ]
		[ "$(scope_file cpu.weight)" = 59 ]
		[ "$(scope_file cpu.max)" = "12345 50000" ]
		[ $turn = after ] || service_manager daemon-reload
	done
}

@test "what systemd does not know is in the kernel's files all the same" {
	need_v2
	config '.linux.resources = {memory: {limit: 67108864}, unified: {"memory.oom.group": "1", "memory.high": "33554432"}}'
	start_sleeper
	[ "$(scope_file memory.oom.group)" = 1 ]
	[ "$(scope_file memory.high)" = 33554432 ]
	[ "$(property MemoryHigh)" = 33554432 ]
	service_manager daemon-reload
	[ "$(scope_file memory.oom.group)" = 1 ]
}

@test "update changes the unit and the kernel's files, and a daemon-reload undoes none of it" {
	need_v2
	config '.linux.resources = {memory: {limit: 67108864}, cpu: {quota: 50000, period: 100000}}'
	start_sleeper
	rt update --memory 33554432 --cpu-quota 20000 --pids-limit 60 "$ID"
	[ "$(property MemoryMax)" = 33554432 ]
	[ "$(property CPUQuotaPerSecUSec)" = 200ms ]
	[ "$(property TasksMax)" = 60 ]
	service_manager daemon-reload
	[ "$(scope_file memory.max)" = 33554432 ]
	[ "$(scope_file cpu.max)" = "20000 100000" ]
	[ "$(scope_file pids.max)" = 60 ]
}

@test "an update that the kernel refuses leaves the unit as it was" {
	need_v2
	config '.linux.resources = {pids: {limit: 50}, cpu: {cpus: "0"}}'
	start_sleeper
	run rt update --pids-limit 60 --cpuset-cpus 4000 "$ID"
	[ "$status" != 0 ] || { echo "$output"; false; }
	[ "$(property TasksMax)" = 50 ]
	[ "$(scope_file pids.max)" = 50 ]
	[ "$(property AllowedCPUs)" = 0 ]
}

@test "a limit of memory kills, and the unit is not left failed" {
	config '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	args tail /dev/zero
	run run_container
	[ "$status" = 137 ] || { echo "$status: $output"; false; }
	nothing_of_it_left
}

@test "annotations are properties of the unit" {
	config '.annotations = {"org.systemd.property.TimeoutStopSec": "uint64 7",
		"org.systemd.property.MemoryHigh": "uint64 50331648",
		"org.systemd.property.After": "['"'basic.target', 'other.target'"']"}'
	start_sleeper
	[ "$(property TimeoutStopUSec)" = 7s ]
	[ "$(property MemoryHigh)" = 50331648 ]
	[[ "$(property After)" == *other.target* ]]
}

@test "annotations that are no properties, or none of a container's, are refused with their place" {
	config '.annotations = {"org.systemd.property.MemoryHigh": "much"}'
	run run_container
	refused 'annotations\["org.systemd.property.MemoryHigh"\]'
	config '.annotations = {"org.systemd.property.ExecStart": "'"'/bin/true'"'"}'
	run run_container
	refused 'annotations\["org.systemd.property.ExecStart"\].*not for annotations'
	config '.annotations = {"org.systemd.property.MemoryNoSuchThing": "true"}'
	run run_container
	refused 'annotations\["org.systemd.property.MemoryNoSuchThing"\].*systemd says.*MemoryNoSuchThing'
	nothing_of_it_left
}

@test "features names the annotations that are not for everybody" {
	"$RUNTIME" features | jq -e '.potentiallyUnsafeConfigAnnotations | index("org.systemd.property.")'
	"$RUNTIME" features | jq -e '.linux.cgroup.systemd and .linux.cgroup.systemdUser'
}

@test "run.oci.systemd.subgroup is a cgroup below the scope, with its controllers" {
	need_v2
	config '.annotations = {"run.oci.systemd.subgroup": "inner"} | .linux.resources = {pids: {limit: 50}}'
	start_sleeper
	[[ "$(cgroup_of)" == */$UNIT/inner ]] || { cgroup_of; false; }
	[ "$(scope_file pids.max)" = 50 ]
	[ "$(scope_file ../pids.max)" = 50 ]
	rt exec "$ID" /bin/true
	[ "$(rt ps --format json "$ID" | jq length)" = 1 ]
	rt delete --force "$ID"
	nothing_of_it_left
	config '.annotations = {"run.oci.systemd.subgroup": "../out"}'
	run run_container
	refused 'annotations\["run.oci.systemd.subgroup"\]'
}

@test "a name that ends in .slice is a slice, not a scope" {
	UNIT=cofferown$$.slice
	CGROUP=/$UNIT
	config --arg path "::$UNIT" '.linux.cgroupsPath = $path | .linux.resources = {pids: {limit: 50}}'
	start_sleeper
	[[ "$(cgroup_of)" == */$UNIT ]] || { cgroup_of; false; }
	[ "$(property TasksMax)" = 50 ]
	rt delete --force "$ID"
	nothing_of_it_left
}

@test "exec puts its process into the scope" {
	start_sleeper
	rt exec --detach "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	[ "$(property TasksCurrent)" = 2 ]
	[ "$(rt ps --format json "$ID" | jq length)" = 2 ]
}

@test "pause freezes, and a frozen container can be deleted by force" {
	start_sleeper
	rt pause "$ID"
	has_status "$ID" paused
	rt resume "$ID"
	has_status "$ID" running
	rt pause "$ID"
	rt delete --force "$ID"
	nothing_of_it_left
}

@test "kill --all and delete reach what the container made below its scope" {
	need_v2
	config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	sh_args 'mkdir -p /sys/fs/cgroup/a/b; sleep 1000 & echo $! > /sys/fs/cgroup/a/b/cgroup.procs; exec sleep 1000'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until eval '[ "$(rt ps --format json "$ID" | jq length)" = 2 ]'
	rt kill --all "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_of_it_left
}

@test "of two containers with one cgroupsPath the second is refused, and the first lives on" {
	start_sleeper
	run rt run --bundle "$BUNDLE" second-$ID
	refused "linux.cgroupsPath.*there is a unit $UNIT already"
	has_status "$ID" running
	[ "$(property ActiveState)" = active ]
}

@test "a scope of that name that somebody else made is refused" {
	if [ "$(id -u)" = 0 ]; then who=; else who=--user; fi
	systemd-run $who --quiet --scope --unit "$UNIT" sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
	wait_until eval '[ "$(property ActiveState)" = active ]'
	run run_container
	refused "there is a unit $UNIT already"
	[ "$(property ActiveState)" = active ]
	service_manager stop "$UNIT"
}

@test "a failed unit of that name is forgotten" {
	if [ "$(id -u)" = 0 ]; then who=; else who=--user; fi
	systemd-run $who --quiet --unit "$UNIT" --scope -p RuntimeMaxSec=1 sleep 1000 </dev/null >/dev/null 2>&1 3>&- || true
	[ "$(property ActiveState)" = failed ] || skip "this systemd keeps no failed scope"
	args /bin/true
	run_container
	nothing_of_it_left
}

@test "names that no unit can have are escaped" {
	ID=a+b,$$
	UNIT=coffer-a\\x2bb\\x2c$$.scope
	config 'del(.linux.cgroupsPath)'
	start_sleeper
	[ "$(property ActiveState)" = active ]
	rt delete --force "$ID"
	wait_until unit_is_gone "$UNIT"
}

@test "many containers, twelve at once: all run, no scope is left" {
	args /bin/true
	local count=${MANY_CONTAINERS:-12} i pid pids=()
	for i in $(seq "$count"); do
		mkdir "$BATS_TEST_TMPDIR/b$i"
		jq --arg path "${CGROUP_PARENT#/}:many:$$-$i" --arg root "$BUNDLE/rootfs" \
			'.linux.cgroupsPath = $path | .root = {path: $root, readonly: true}' \
			<"$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/b$i/config.json"
		rt run --bundle "$BATS_TEST_TMPDIR/b$i" "many-$i" </dev/null 3>&- &
		pids+=($!)
		((i % 12 == 0 || i == count)) || continue
		for pid in "${pids[@]}"; do
			wait "$pid"
		done
		pids=()
	done
	[ -z "$(service_manager list-units --all --plain --no-legend "many-$$-*")" ]
	nothing_left
}

# without_systemd SETUP COMMAND…: in a mount namespace where its sockets are what SETUP makes of them.
without_systemd() {
	# shellcheck disable=SC2016
	unshare --mount --propagation private bash -c 'mount -t tmpfs none /run/systemd && mount -t tmpfs none /run/dbus &&
		eval "$1" && shift && "$@"' bash "$@"
}

@test "without a systemd that could be asked a create says so and leaves nothing" {
	needs_root
	run without_systemd true "$RUNTIME" --root "$ROOT" --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	refused "cannot talk to systemd"
	nothing_of_it_left
}

@test "a systemd that does not answer is waited for thirty seconds, and then nothing is left" {
	needs_root
	# shellcheck disable=SC2016
	run without_systemd 'python3 -c "
import os, socket, time
deaf = socket.socket(socket.AF_UNIX)
deaf.bind(\"/run/systemd/private\")
deaf.listen(8)
if os.fork() == 0:
    [os.close(fd) for fd in range(3)]
    time.sleep(40)
" >/dev/null 2>&1 3>&-' "$RUNTIME" --root "$ROOT" --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	refused "cannot talk to systemd.*(timed out|timeout)"
	nothing_left
}

@test "a container can be deleted while systemd does not answer: its scope goes by itself" {
	needs_root
	start_sleeper
	run without_systemd true "$RUNTIME" --root "$ROOT" delete --force "$ID"
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$output" == *"left to systemd"* ]]
	nothing_of_it_left
}
