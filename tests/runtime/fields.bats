#!/usr/bin/env bats
# Fields of config.json that tell the kernel how to treat the process: scheduling, memory, identity
# of the machine (config.md "Linux Process", config-linux.md).
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

inside() {
	sh_args "$1"
	run run_container
	[ "$status" = 0 ] || { echo "status $status: $output"; return 1; }
}

# A process object for exec --process: process JQ-OBJECT.
process() {
	jq -n "{cwd: \"/\", user: {uid: 0, gid: 0}, env: [\"PATH=/bin\"]} + $1" >"$BATS_TEST_TMPDIR/process.json"
}

exec_process() {
	rt exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
}

# Fields of /proc/PID/stat: 18 priority, 19 nice, 40 real-time priority, 41 policy.
stat_field() {
	cut -d' ' -f"$1" <<<"$output"
}

# Without a cgroup of its own: kernels with CONFIG_RT_GROUP_SCHED give a new one no real time.
run_without_cgroup() {
	args /bin/cat /proc/self/stat
	run rt --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || { echo "$output"; return 1; }
}

@test "scheduler: SCHED_OTHER, SCHED_BATCH and SCHED_IDLE with a nice value" {
	is coffer || skip "not in this version"
	config '.process.scheduler = {"policy": "SCHED_OTHER", "nice": -7}'
	args /bin/cat /proc/self/stat
	run run_container
	[ "$(stat_field 19,41)" = "-7 0" ] || { echo "$output"; false; }
	config '.process.scheduler = {"policy": "SCHED_BATCH", "nice": 5}'
	run run_container
	[ "$(stat_field 19,41)" = "5 3" ]
	config '.process.scheduler = {"policy": "SCHED_IDLE"}'
	run run_container
	[ "$(stat_field 41)" = 5 ]
}

@test "scheduler: SCHED_FIFO and SCHED_RR with a priority" {
	is coffer || skip "not in this version"
	config '.process.scheduler = {"policy": "SCHED_FIFO", "priority": 10}'
	run_without_cgroup
	[ "$(stat_field 40,41)" = "10 1" ]
	config '.process.scheduler = {"policy": "SCHED_RR", "priority": 3}'
	run_without_cgroup
	[ "$(stat_field 40,41)" = "3 2" ]
}

@test "scheduler: SCHED_DEADLINE with runtime, deadline, period and a flag" {
	is coffer || skip "not in this version"
	config '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 1000000,
		"deadline": 10000000, "period": 10000000, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}'
	run_without_cgroup
	[ "$(stat_field 41)" = 6 ]
}

@test "scheduler: what the kernel refuses is an error with its path" {
	is coffer || skip "not in this version"
	config '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 20000000,
		"deadline": 10000000, "period": 10000000}'
	args /bin/true
	run run_container
	refused 'process.scheduler.*cannot set the scheduler'
	nothing_left
}

@test "scheduler and oomScoreAdj of a process that is executed later" {
	is coffer || skip "not in this version"
	start_sleeper
	process '{args: ["/bin/cat", "/proc/self/stat", "/proc/self/oom_score_adj"], oomScoreAdj: 321,
		scheduler: {policy: "SCHED_BATCH", nice: 4}}'
	run exec_process
	[ "$(head -1 <<<"$output" | cut -d' ' -f19,41)" = "4 3" ] || { echo "$output"; false; }
	[ "${lines[1]}" = 321 ]
}

@test "oomScoreAdj that is not set is left as it is" {
	args /bin/cat /proc/self/oom_score_adj
	config 'del(.process.oomScoreAdj)'
	run bash -c "echo 77 >/proc/self/oom_score_adj; exec $RUNTIME --root $ROOT run --bundle $BUNDLE $ID"
	[ "$output" = 77 ] || { echo "$output"; false; }
}

@test "ioPriority: each class with a priority" {
	is coffer || skip "not in this version"
	local class
	for class in RT:realtime BE:best-effort; do
		config --arg class "IOPRIO_CLASS_${class%:*}" '.process.ioPriority = {"class": $class, "priority": 3}'
		inside 'ionice -p 1'
		[ "$output" = "${class#*:}: prio 3" ] || { echo "$class: $output"; false; }
	done
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}'
	inside 'ionice -p 1'
	[[ "$output" == idle* ]]
}

@test "personality: LINUX32 changes the machine's name, also of what is executed later" {
	is coffer || skip "not in this version"
	config '.linux.personality = {"domain": "LINUX32"}'
	inside 'uname -m; cat /proc/self/personality'
	[[ "${lines[0]}" != x86_64 ]]
	[ "${lines[1]}" = 00000008 ]
	start_sleeper
	run rt exec "$ID" /bin/cat /proc/self/personality
	[ "$output" = 00000008 ]
}

@test "memoryPolicy: the mode and its nodes are the program's, also of what is executed later" {
	is coffer || skip "not in this version"
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}'
	inside 'grep -c " bind=static:0 " /proc/self/numa_maps'
	[ "$output" -gt 3 ]
	start_sleeper
	run rt exec "$ID" /bin/cat /proc/self/numa_maps
	[[ "$output" == *" bind=static:0 "* ]]
}

@test "memoryPolicy: modes without nodes, and nodes that do not exist" {
	is coffer || skip "not in this version"
	config '.linux.memoryPolicy = {"mode": "MPOL_LOCAL"}'
	inside 'head -1 /proc/self/numa_maps'
	[[ "$output" == *" local "* ]] || { echo "$output"; false; }
	config '.linux.memoryPolicy = {"mode": "MPOL_INTERLEAVE", "nodes": "0"}'
	inside 'head -1 /proc/self/numa_maps'
	[[ "$output" == *" interleave:0 "* ]] || { echo "$output"; false; }
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "63"}'
	run run_container
	refused 'linux.memoryPolicy.*cannot set the memory policy: set_mempolicy'
	nothing_left
}

@test "execCPUAffinity: final is the affinity of what is executed, not of the container's process" {
	is coffer || skip "not in this version"
	config '.process.execCPUAffinity = {"initial": "0", "final": "1"}'
	start_sleeper
	run rt exec "$ID" /bin/grep Cpus_allowed_list /proc/self/status
	[[ "$output" == *$'\t1' ]] || { echo "$output"; false; }
	run rt exec "$ID" /bin/grep Cpus_allowed_list /proc/1/status
	[[ "$output" == *$'\t0-'* ]] || { echo "$output"; false; }
}

@test "execCPUAffinity: initial is the runtime's before it enters the cgroup, whatever that allows" {
	is coffer || skip "not in this version"
	config '.process.execCPUAffinity = {"initial": "0"} | .linux.resources.cpu.cpus = "1"
		| .linux.resources.cpu.mems = "0"'
	start_sleeper
	run rt exec "$ID" /bin/grep Cpus_allowed_list /proc/self/status
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$output" == *$'\t1' ]] || { echo "$output"; false; }
	process '{args: ["/bin/true"], execCPUAffinity: {initial: "4000"}}'
	run exec_process
	refused 'execCPUAffinity.initial.*cannot set the CPU affinity: sched_setaffinity'
}

@test "consoleSize is the size of the terminal of what is executed" {
	is coffer || skip "runc takes the size of the caller's"
	start_sleeper
	process '{args: ["/bin/stty", "size"], terminal: true, consoleSize: {height: 34, width: 78}}'
	run exec_process </dev/null
	[[ "$output" == *"34 78"* ]] || { echo "$output"; false; }
}

@test "the umask of what is executed is the container's, 0022 by default" {
	is runc && skip "runc's is the caller's"
	start_sleeper
	run rt exec "$ID" /bin/sh -c umask
	[ "$output" = 0022 ] || { echo "$output"; false; }
	process '{args: ["/bin/sh", "-c", "umask"], user: {uid: 0, gid: 0, umask: 63}}'
	run exec_process
	[ "$output" = 0077 ]
}

@test "domainname is set, and as a sysctl too" {
	is runc && skip "runc 1.1 knows no domainname"
	config '.domainname = "example.org"'
	inside 'cat /proc/sys/kernel/domainname'
	[ "$output" = example.org ]
	config 'del(.domainname) | .linux.sysctl = {"kernel.domainname": "other.org"}'
	inside 'cat /proc/sys/kernel/domainname'
	[ "$output" = other.org ]
	[ "$(cat /proc/sys/kernel/domainname)" != other.org ]
}

@test "sysctl: user.* with a user namespace of its own" {
	is coffer || skip "not in this version"
	config '.linux.sysctl = {"user.max_mnt_namespaces": "7"} | .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	inside 'cat /proc/sys/user/max_mnt_namespaces'
	[ "$output" = 7 ]
	[ "$(cat /proc/sys/user/max_mnt_namespaces)" != 7 ]
}

@test "timeOffsets: both clocks, with nanoseconds and backwards" {
	is coffer || skip "not in this version"
	config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets =
		{"monotonic": {"secs": -1, "nanosecs": 500000000}, "boottime": {"secs": 1000000, "nanosecs": 7}}'
	inside 'tr -s " " <  /proc/self/timens_offsets'
	[[ "$output" == *"monotonic -1 500000000"* ]] || { echo "$output"; false; }
	[[ "$output" == *"boottime 1000000 7"* ]]
}

@test "timeOffsets: a clock that would run before 0 is an error with its path" {
	is coffer || skip "not in this version"
	config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": -4000000000}}'
	args /bin/true
	run run_container
	refused 'linux.timeOffsets.*cannot make the time namespace'
	nothing_left
}

@test "a capability that this runtime does not have is left out with a warning" {
	config '.process.capabilities = {"bounding": ["CAP_SYS_BOOT", "CAP_KILL"],
		"effective": ["CAP_SYS_BOOT", "CAP_KILL"], "permitted": ["CAP_SYS_BOOT", "CAP_KILL"]}'
	sh_args 'grep CapEff /proc/self/status'
	is coffer || skip "this version fails"
	run setpriv --bounding-set=-sys_boot --inh-caps=-sys_boot \
		"$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$output" == *0000000000000020* ]]
	[[ "$output" == *"CAP_SYS_BOOT"* ]]
}

@test "ociVersion: 1.0.0 to 1.3.x are read, others are not" {
	is coffer || skip "reads any"
	local version
	args /bin/true
	for version in 1.0.0 1.0.2-dev 1.1.0+dev 1.2.1 1.3.0 1.3.7; do
		config --arg version "$version" '.ociVersion = $version'
		run run_container
		[ "$status" = 0 ] || { echo "$version: $output"; false; }
	done
	for version in 0.9.0 1.4.0 1.3 2.0.0 v1.0.0 one; do
		config --arg version "$version" '.ociVersion = $version'
		run run_container
		refused "ociVersion.*unsupported version \"$version\""
	done
	nothing_left
}

@test "a container without a process can be created and deleted, not started nor run" {
	is coffer || skip "refused at create"
	config 'del(.process)'
	create_container
	[ "$(status_of "$ID")" = created ]
	run rt start "$ID"
	refused 'cannot start a container that was created without a process'
	[ "$(status_of "$ID")" = created ]
	process '{args: ["/bin/echo", "entered"]}'
	run exec_process
	[ "$output" = entered ] || { echo "$output"; false; }
	rt delete "$ID"
	run run_container
	refused 'config.json: process.*the container has no process'
	nothing_left
}

@test "intelRdt without a mounted resctrl filesystem is an error, and nothing is left" {
	grep -q ' - resctrl ' /proc/self/mountinfo && skip "this host has resctrl"
	config '.linux.intelRdt = {"l3CacheSchema": "L3:0=f"}'
	args /bin/true
	run run_container
	! is coffer || refused 'config.json: linux.intelRdt .*no resctrl filesystem is mounted on this host' || false
	[ "$status" != 0 ]
	nothing_left
}

@test "update --l3-cache-schema, --mem-bw-schema: wrong schemata and a host without resctrl are told" {
	is coffer || skip "its own words"
	grep -q ' - resctrl ' /proc/self/mountinfo && skip "this host has resctrl"
	start_sleeper
	run rt update --mem-bw-schema "L3:0=f" "$ID"
	refused 'linux.intelRdt.memBwSchema: must start with "MB:"'
	run rt update --l3-cache-schema "L3:0=f" --memory 64m "$ID"
	refused 'linux.intelRdt: no resctrl filesystem is mounted on this host'
	[ "$(status_of "$ID")" = running ]
}

@test "process.user.username is another platform's: the ids count" {
	config '.process.user = {uid: 7, gid: 8, username: "nobody"}'
	args /bin/sh -c 'id -u; id -g'
	run run_container
	[ "$output" = "7
8" ]
}
