#!/usr/bin/env bats
# config-linux.md, "Control groups". What a host's hierarchies do not have is skipped.
load conformance

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

# refused_with JQ-CHANGE…: each is an error.
refused_with() {
	local change
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/whole.json"
	for change; do
		jq "$change" "$BATS_TEST_TMPDIR/whole.json" >"$BUNDLE/config.json"
		run_fails || { echo "with $change"; return 1; }
	done
}

# trees: the mount points of the hierarchies.
trees() {
	if [ -e /sys/fs/cgroup/cgroup.procs ]; then echo /sys/fs/cgroup; else ls -d /sys/fs/cgroup/*/; fi
}

# value FILE…: of the container's cgroup, the first of these (v1 or v2 names) that is there.
value() {
	local tree file
	for file; do
		for tree in $(trees); do
			[ ! -e "$tree$CGROUP/$file" ] || { cat "$tree$CGROUP/$file"; return; }
		done
	done
	skip "this host has none of $*"
}

@test "an absolute cgroupsPath is below the mount point, and the same each time" {
	local round pid tree
	for round in 1 2; do
		start_sleeper
		pid=$(rt state "$ID" | jq .pid)
		for tree in $(trees); do
			[ -d "$tree$CGROUP" ] || continue
			grep -qx "$pid" "$tree$CGROUP/cgroup.procs" || { echo "not in $tree$CGROUP"; false; }
		done
		find /sys/fs/cgroup -type d -path "*$CGROUP" | grep -q .
		rt delete --force "$ID"
		nothing_left
	done
}

@test "a relative cgroupsPath is taken" {
	config --arg path "${CGROUP#/}" '.linux.cgroupsPath = $path'
	start_sleeper
	find /sys/fs/cgroup -type d -path "*$CGROUP" | grep -q .
	rt delete --force "$ID"
	nothing_left
}

@test "a cgroup that is not fit is an error: it has processes already" {
	local tree
	for tree in $(trees); do
		[ -w "$tree/cgroup.procs" ] || continue
		case $tree in *cpuset*) continue ;; esac
		mkdir -p "$tree$CGROUP"
	done
	sleep 1000 3>&- &
	local sleeper=$!
	for tree in $(trees); do
		[ ! -d "$tree$CGROUP" ] || echo $sleeper >"$tree$CGROUP/cgroup.procs"
	done
	args /bin/echo RAN
	run run_container
	kill $sleeper
	wait $sleeper || true
	[[ "$output" != *RAN* ]]
	[ "$status" != 0 ]
}

@test "cgroupsPath does not lead out of the hierarchy" {
	args /bin/true
	[ ! -e /sys/fs/cgroup/cgroup.procs ] || skip "what is above a v2 tree takes no directories"
	config --arg path "/..$CGROUP" '.linux.cgroupsPath = $path'
	run run_container
	[ "$status" != 0 ] || nothing_left
	if [ -e "/sys/fs/cgroup$CGROUP_PARENT" ]; then
		rm -r "/sys/fs/cgroup$CGROUP_PARENT" # plain directories beside the hierarchies
		false
	fi
}

@test "owners of a cgroup are not changed without a cgroup namespace or a writable cgroup mount" {
	local tree
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces += [{"type":"user"}] | .linux.namespaces |= map(select(.type != "cgroup"))
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "cgroup" and .type != "sysfs"))'
	start_sleeper
	for tree in $(trees); do
		[ ! -d "$tree$CGROUP" ] || [ "$(stat -c %u "$tree$CGROUP")" = 0 ]
	done
	rt delete --force "$ID"
}

@test "owners of a v1 cgroup are not changed" {
	[ ! -e /sys/fs/cgroup/cgroup.procs ] || skip "cgroup v2"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces += [{"type":"user"},{"type":"cgroup"}] | .mounts |= map(select(.type != "sysfs"))
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings = .linux.uidMappings'
	start_sleeper
	local tree
	for tree in $(trees); do
		[[ "$tree" == *unified* ]] || [ ! -d "$tree$CGROUP" ] || [ "$(stat -c %u "$tree$CGROUP")" = 0 ]
	done
}

@test "device rules are applied in the listed order" {
	config '.linux.resources.devices = [{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":7,"access":"rw"},{"allow":false,"type":"c","major":1,"minor":7,"access":"w"}]'
	config '.linux.devices = [{"type":"c","path":"/dev/own","major":1,"minor":7,"fileMode":438},{"type":"c","path":"/dev/kmsg2","major":1,"minor":11,"fileMode":438}]'
	runs 'head -c 1 /dev/own >/dev/null && echo reads; (echo > /dev/own) 2>&1 | grep -q "No space" && echo writes; head -c 1 /dev/kmsg2 2>/dev/null || echo denied'
	[[ "$output" == *reads* ]] && [[ "$output" == *denied* ]] || { echo "$output"; false; }
}

@test "a device rule needs allow" {
	refused_with '.linux.resources.devices = [{"access":"rwm"}]'
}

@test "memory.limit and reservation are set" {
	config '.linux.resources.memory = {"limit": 33554432, "reservation": 16777216}'
	start_sleeper
	[ "$(value memory.limit_in_bytes memory.max)" = 33554432 ]
	[ "$(value memory.soft_limit_in_bytes memory.low)" = 16777216 ]
}

@test "cpu.shares, quota and period are set" {
	config '.linux.resources.cpu = {"shares": 512, "quota": 50000, "period": 100000}'
	start_sleeper
	case $(value cpu.cfs_quota_us cpu.max) in 50000 | "50000 100000") ;; *) false ;; esac
}

@test "a burst above the quota is an error" {
	refused_with '.linux.resources.cpu = {"quota": 1000, "period": 100000, "burst": 2000}'
}

@test "a weight device needs weight or leafWeight, a throttled device its rate" {
	refused_with '.linux.resources.blockIO.weightDevice = [{"major": 8, "minor": 0}]'
	refused_with '.linux.resources.blockIO.throttleReadBpsDevice = [{"major": 8, "minor": 0}]' \
		'.linux.resources.blockIO.throttleReadIOPSDevice = [{"minor": 0, "rate": 1}]'
}

@test "a page size limit needs pageSize and limit" {
	refused_with '.linux.resources.hugepageLimits = [{"limit": 1}]' '.linux.resources.hugepageLimits = [{"pageSize": "2MB"}]'
}

@test "a network priority needs name and priority" {
	refused_with '.linux.resources.network.priorities = [{"priority": 1}]'
	refused_with '.linux.resources.network.priorities = [{"name": "lo"}]'
}

@test "a pids limit of 0 is a limit" {
	config '.linux.resources.pids = {"limit": 0}'
	args /bin/sleep 1000
	create_container
	[ "$(value pids.max)" != max ]
}

@test "an rdma entry needs hcaHandles or hcaObjects" {
	refused_with '.linux.resources.rdma = {"mlx5_0": {}}'
}

@test "unified settings of a controller that is not there are an error" {
	refused_with '.linux.resources.unified = {"nosuch.setting": "1"}'
	nothing_left
}

@test "unified settings that the runtime does not know are written" {
	[ -e /sys/fs/cgroup/cgroup.procs ] || skip "cgroup v2 only"
	config '.linux.resources.unified = {"cgroup.max.descendants": "7"}'
	start_sleeper
	[ "$(cat "/sys/fs/cgroup$CGROUP/cgroup.max.descendants")" = 7 ]
}

@test "cpu.shares become a weight on cgroup v2" {
	[ -e /sys/fs/cgroup/cgroup.procs ] && grep -qw cpu /sys/fs/cgroup/cgroup.controllers || skip "no cpu controller of cgroup v2"
	config '.linux.resources.cpu = {"shares": 1024}'
	start_sleeper
	[ "$(value cpu.weight)" = 100 ]
}

@test "owners of a v2 cgroup with a namespace and a writable mount: the directory and the files to delegate, no others" {
	[ -e /sys/fs/cgroup/cgroup.procs ] || skip "cgroup v2 only"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces += [{"type":"user"},{"type":"cgroup"}] | .linux.namespaces |= unique
		| .mounts |= map(select(.type != "cgroup")) + [{"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["rw","nosuid"]}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings = .linux.uidMappings'
	start_sleeper
	local file dir=/sys/fs/cgroup$CGROUP
	[ "$(stat -c %u "$dir")" = 100000 ]
	for file in "$dir"/*; do
		[ -f "$file" ] || continue
		if grep -qx "$(basename "$file")" /sys/kernel/cgroup/delegate; then
			[ "$(stat -c %u "$file")" = 100000 ] || { echo "$file: root's"; false; }
		else
			[ "$(stat -c %u "$file")" = 0 ] || { echo "$file: not root's"; false; }
		fi
	done
	rt exec "$ID" /bin/mkdir /sys/fs/cgroup/own
}
