#!/usr/bin/env bats
# update: limits of a container that runs, changed all or none, and remembered.
load bundle
load cgroups

setup_file() { common_setup_file; }
setup() {
	is crun && [ -d /sys/fs/cgroup/unified ] && skip "crun refuses hybrid hosts"
	common_setup
	config '.linux.resources |= {devices}'
}
teardown() { common_teardown; }

# file_is V1_CONTROLLER V1_FILE V1_VALUE V2_FILE V2_VALUE
file_is() {
	local value
	value=$(cgroup_file "$1" "$2" "$4")
	echo "$2 $4: $value"
	if is_v2; then [ "$value" = "$5" ]; else [ "$value" = "$3" ]; fi
}

# stored JQ-EXPRESSION: of the resources that the container's state knows.
stored() { jq -c ".resources$1" "$ROOT/$ID/state.json"; }

@test "--memory, --memory-swap and --memory-reservation take sizes" {
	need_controller memory
	start_sleeper
	rt update --memory 64m --memory-swap=96M --memory-reservation 33554432 "$ID"
	file_is memory memory.limit_in_bytes 67108864 memory.max 67108864
	file_is memory memory.memsw.limit_in_bytes 100663296 memory.swap.max 33554432
	file_is memory memory.soft_limit_in_bytes 33554432 memory.low 33554432
}

@test "memory can be raised above the former sum, lowered again, and lifted" {
	need_controller memory
	start_sleeper
	rt update --memory 32m --memory-swap 32m "$ID"
	rt update --memory 128m --memory-swap 128m "$ID"
	file_is memory memory.limit_in_bytes 134217728 memory.max 134217728
	rt update --memory 16m --memory-swap 16m "$ID"
	file_is memory memory.limit_in_bytes 16777216 memory.max 16777216
	rt update --memory -1 --memory-swap -1 "$ID"
	file_is memory memory.limit_in_bytes 9223372036854771712 memory.max max
}

@test "a new limit of memory leaves the sum of memory and swap where it was" {
	need_controller memory
	is runc && skip "runc 1.1 on v1 leaves it by chance, on v2 it does not"
	start_sleeper
	rt update --memory 32m --memory-swap 64m "$ID"
	rt update --memory 48m "$ID"
	file_is memory memory.memsw.limit_in_bytes 67108864 memory.swap.max 16777216
	run rt update --memory 128m "$ID"
	[ "$status" != 0 ]
	file_is memory memory.limit_in_bytes 50331648 memory.max 50331648
}

@test "--cpu-share, --cpu-quota, --cpu-period, --cpu-burst and --cpu-idle" {
	need_controller cpu
	is runc && skip "runc 1.1 knows neither burst nor idle"
	start_sleeper
	rt update --cpu-share 512 --cpu-quota 20000 --cpu-period 50000 --cpu-burst 10000 "$ID"
	file_is cpu cpu.shares 512 cpu.weight 59
	file_is cpu cpu.cfs_quota_us 20000 cpu.max "20000 50000"
	file_is cpu cpu.cfs_period_us 50000 cpu.max "20000 50000"
	file_is cpu cpu.cfs_burst_us 10000 cpu.max.burst 10000
	rt update --cpu-idle 1 "$ID"
	file_is cpu cpu.idle 1 cpu.idle 1
	rt update --cpu-idle 0 --cpu-share 1024 "$ID"
	file_is cpu cpu.shares 1024 cpu.weight 100
}

@test "a quota alone keeps the period, a period alone the quota" {
	need_controller cpu
	config '.linux.resources.cpu = {quota: 20000, period: 50000}'
	start_sleeper
	rt update --cpu-quota 30000 "$ID"
	file_is cpu cpu.cfs_quota_us 30000 cpu.max "30000 50000"
	file_is cpu cpu.cfs_period_us 50000 cpu.max "30000 50000"
	rt update --cpu-period 100000 "$ID"
	file_is cpu cpu.cfs_quota_us 30000 cpu.max "30000 100000"
	rt update --cpu-quota -1 "$ID"
	file_is cpu cpu.cfs_quota_us -1 cpu.max "max 100000"
}

@test "--cpuset-cpus and --cpuset-mems" {
	need_controller cpuset
	start_sleeper
	rt update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
	file_is cpuset cpuset.cpus 0 cpuset.cpus 0
	file_is cpuset cpuset.mems 0 cpuset.mems 0
	[ "$(rt exec "$ID" sh -c 'grep Cpus_allowed_list /proc/self/status | tr -d "\t"')" = Cpus_allowed_list:0 ]
}

@test "--pids-limit, and 0 is a limit" {
	need_controller pids
	start_sleeper
	rt update --pids-limit 20 "$ID"
	file_is pids pids.max 20 pids.max 20
	rt update --pids-limit=-1 "$ID"
	file_is pids pids.max max pids.max max
	is runc && return 0
	rt update --pids-limit 0 "$ID"
	file_is pids pids.max 1 pids.max 1
}

@test "--blkio-weight" {
	need_controller blkio io
	start_sleeper
	rt update --blkio-weight 500 "$ID" 2>"$BATS_TEST_TMPDIR/err" || {
		grep -E "no controller|No such file|no such file|blkio.bfq.weight" "$BATS_TEST_TMPDIR/err"
		skip "this kernel has no weights"
	}
	case $(cgroup_file blkio blkio.bfq.weight io.weight) in
	*500 | *4950) ;;
	*) false ;;
	esac
}

@test "--kernel-memory is accepted and ignored, realtime is a matter of v1" {
	is runc && skip "runc 1.1 has the one, and does not say the other"
	start_sleeper
	run rt update --kernel-memory 16m --kernel-memory-tcp 16m "$ID"
	[ "$status" = 0 ]
	[[ "$output" == *"memory.kernel: "*ignored* ]]
	is_v2 || return 0
	run rt update --cpu-rt-period 1000000 "$ID"
	[ "$status" = 0 ]
	[[ "$output" == *realtimePeriod*ignored* ]]
}

@test "--resources reads a file or standard input, and 0 and \"\" leave what is set" {
	need_controller pids
	need_controller cpu
	config '.linux.resources.cpu = {shares: 512}'
	start_sleeper
	echo '{"pids": {"limit": 33}, "cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": "", "mems": ""},
		"memory": {"limit": 0, "reservation": 0, "swap": 0}, "blockIO": {"weight": 0},
		"devices": [{"allow": false, "access": "rwm"}]}' >"$BATS_TEST_TMPDIR/resources"
	rt update --resources "$BATS_TEST_TMPDIR/resources" "$ID"
	file_is pids pids.max 33 pids.max 33
	file_is cpu cpu.shares 512 cpu.weight 59
	rt exec "$ID" sh -c 'echo x > /dev/null'
	rt update -r - "$ID" <<<'{"pids": {"limit": 44}}'
	file_is pids pids.max 44 pids.max 44
}

@test "--resources overrules flags" {
	need_controller pids
	start_sleeper
	rt update --pids-limit 7 --resources - "$ID" <<<'{"pids": {"limit": 44}}'
	file_is pids pids.max 44 pids.max 44
}

@test "what was set is remembered" {
	is coffer || skip "coffer's state"
	need_controller pids
	need_controller cpu
	config '.linux.resources.pids.limit = 50'
	start_sleeper
	[ "$(stored .pids.limit)" = 50 ]
	rt update --cpu-share 512 "$ID"
	rt update --pids-limit 60 "$ID"
	[ "$(stored .pids.limit)" = 60 ]
	[ "$(stored .cpu.shares)" = 512 ]
	[ "$(stored .devices)" = null ]
}

@test "when one limit cannot be set the earlier ones are taken back, also in the state" {
	is coffer || skip "no peer does"
	need_controller pids
	need_controller cpu
	config '.linux.resources |= (.pids.limit = 50 | .cpu = {quota: 20000, period: 50000})'
	start_sleeper
	run rt update --resources - "$ID" <<<'{"pids": {"limit": 44}, "cpu": {"quota": 30000},
		"unified": {"nonsense.max": "1"}}'
	refused 'nonsense'
	file_is pids pids.max 50 pids.max 50
	file_is cpu cpu.cfs_quota_us 20000 cpu.max "20000 50000"
	[ "$(stored .pids.limit)" = 50 ]
	[ "$(stored .cpu.quota)" = 20000 ]
	[ "$(stored .unified)" = null ]
}

@test "when there is no resctrl for the schema, limits are taken back, also in the state" {
	is coffer || skip "no peer does"
	[ ! -e /sys/fs/resctrl/schemata ] || skip "this host has resctrl"
	need_controller pids
	config '.linux.resources.pids.limit = 50'
	start_sleeper
	run rt update --pids-limit 44 --l3-cache-schema 'L3:0=f' "$ID"
	refused 'resctrl'
	file_is pids pids.max 50 pids.max 50
	[ "$(stored .pids.limit)" = 50 ]
}

@test "a limit of memory below what is used is refused and changes nothing" {
	is coffer || skip "the words are coffer's"
	need_controller memory
	mkdir -p "$BUNDLE/rootfs/shm"
	config '.mounts += [{destination: "/shm", type: "tmpfs", source: "shm"}]'
	sh_args 'dd if=/dev/zero of=/shm/held bs=1M count=40 2>/dev/null; echo > /ready; sleep 1000'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -e "$BUNDLE/rootfs/ready"
	local before
	before=$(cgroup_file memory memory.limit_in_bytes memory.max)
	run rt update --resources - "$ID" <<<'{"memory": {"limit": 8388608, "swap": 8388608, "checkBeforeUpdate": true}}'
	refused 'unable to set memory.* to 8388608 \(current usage: [0-9]+\)'
	[ "$(cgroup_file memory memory.limit_in_bytes memory.max)" = "$before" ]
	[ "$(status_of "$ID")" = running ]
	[ "$(stored .memory)" = null ]
}

@test "a value of the wrong form is refused by its flag, one out of range by its place" {
	is coffer || skip "error texts of coffer's"
	start_sleeper
	run rt update --memory lots "$ID"
	refused '--memory: "lots" is not of the form BYTES'
	run rt update --cpu-share -5 "$ID"
	refused '--cpu-share: "-5" is not of the form N'
	run rt update --cpuset-cpus 1-x "$ID"
	refused 'cpu\.cpus'
	run rt update --resources - "$ID" <<<'{"memory": {"limit": "1"}}'
	refused 'standard input: memory\.limit \(line 1:22\): expected a whole number, found a string'
	run rt update --resources - "$ID" <<<'{"cpu": {"idle": 2}}'
	refused 'cpu\.idle'
}

@test "a container that has stopped, or does not exist, is refused" {
	args true
	create_container
	rt start "$ID"
	wait_until has_status "$ID" stopped
	run rt update --pids-limit 5 "$ID"
	refused 'container not running|is not running'
	run rt update --pids-limit 5 "no-$ID"
	refused 'does not exist'
}

@test "a created container and a paused one can be changed" {
	need_controller pids
	args sleep 1000
	create_container
	rt update --pids-limit 30 "$ID"
	file_is pids pids.max 30 pids.max 30
	rt start "$ID"
	rt pause "$ID"
	rt update --pids-limit 31 "$ID"
	file_is pids pids.max 31 pids.max 31
	rt resume "$ID"
}
