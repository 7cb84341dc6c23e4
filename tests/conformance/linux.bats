#!/usr/bin/env bats
# config-linux.md without control groups: namespaces, devices, network devices, seccomp, masks, personality …
load conformance

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	[ -z "${HOLDER-}" ] || kill "$HOLDER" 2>/dev/null || true
	common_teardown
}

# refused_with JQ-CHANGE…: each is an error.
refused_with() {
	local change
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/whole.json"
	for change; do
		jq "$change" "$BATS_TEST_TMPDIR/whole.json" >"$BUNDLE/config.json"
		run_fails || { echo "with $change"; return 1; }
	done
}

# hold UNSHARE-OPTION…: a process in namespaces of its own, in $HOLDER.
hold() {
	unshare "$@" sh -c 'echo > '"$BATS_TEST_TMPDIR/held"'; exec sleep 1000' 3>&- &
	HOLDER=$!
	wait_until test -e "$BATS_TEST_TMPDIR/held"
}

@test "/proc, /sys, /dev/pts and /dev/shm are there with the runtime's own example" {
	runs 'cat /proc/self/mountinfo'
	succeeded
	local path
	for path in /proc /sys /dev/pts /dev/shm; do
		[ -n "$(mount_of $path)" ] || { echo "no $path"; false; }
	done
}

@test "a namespace needs a type" {
	refused_with '.linux.namespaces += [{"path":"/proc/self/ns/uts"}]'
}

# namespaces_of PID…: the ids of the kinds.
ids_of() {
	local kind
	for kind in pid net ipc uts mnt cgroup; do
		readlink "/proc/$1/ns/$kind"
	done
}

@test "namespaces of type pid, network, mount, ipc, uts, cgroup are made new" {
	config '.linux.namespaces = [{"type":"pid"},{"type":"network"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"cgroup"}]'
	start_sleeper
	local ours theirs
	mapfile -t ours < <(ids_of self)
	mapfile -t theirs < <(ids_of "$(rt state "$ID" | jq .pid)")
	for kind in "${!ours[@]}"; do
		[ "${ours[kind]}" != "${theirs[kind]}" ] || { echo "not new: ${ours[kind]}"; false; }
	done
}

@test "namespaces of type user and time are made new" {
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces += [{"type":"user"},{"type":"time"}] | .linux.timeOffsets = {"monotonic": {"secs": 1000000}}
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings = .linux.uidMappings'
	runs 'readlink /proc/self/ns/user; readlink /proc/self/ns/time; cat /proc/self/uid_map'
	succeeded
	[ "${lines[0]}" != "$(readlink /proc/self/ns/user)" ]
	[ "${lines[1]}" != "$(readlink /proc/self/ns/time)" ]
	[[ "${lines[2]}" =~ 0\ +100000\ +65536 ]]
}

@test "a namespace type that is not listed is inherited" {
	config '.linux.namespaces |= map(select(.type != "network" and .type != "ipc"))'
	runs 'readlink /proc/self/ns/net; readlink /proc/self/ns/ipc'
	succeeded
	[ "${lines[0]}" = "$(readlink /proc/self/ns/net)" ]
	[ "${lines[1]}" = "$(readlink /proc/self/ns/ipc)" ]
}

@test "a namespace with a path is joined" {
	hold --net --ipc
	config --arg pid "$HOLDER" '.linux.namespaces |= map(if .type == "network" then .path = "/proc/" + $pid + "/ns/net"
		elif .type == "ipc" then .path = "/proc/" + $pid + "/ns/ipc" else . end)'
	runs 'readlink /proc/self/ns/net; readlink /proc/self/ns/ipc'
	succeeded
	[ "${lines[0]}" = "$(readlink "/proc/$HOLDER/ns/net")" ]
	[ "${lines[1]}" = "$(readlink "/proc/$HOLDER/ns/ipc")" ]
}

@test "a namespace path is absolute" {
	cd /proc/self/ns
	refused_with '.linux.namespaces |= map(if .type == "ipc" then .path = "ipc" else . end)'
}

@test "a namespace path of another type is an error" {
	refused_with '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)' \
		'.linux.namespaces |= map(if .type == "ipc" then .path = "/etc/hostname" else . end)'
}

@test "a namespace type twice is an error" {
	refused_with '.linux.namespaces += [{"type":"pid"}]'
}

@test "id mappings need containerID, hostID and size, and do not change owners" {
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":1000}] | .linux.gidMappings = .linux.uidMappings'
	runs 'stat -c %u:%g /bin/busybox'
	shows 0:0
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/bin/busybox")" = 100000:100000 ]
	refused_with 'del(.linux.uidMappings[0].size)'
	refused_with 'del(.linux.uidMappings[0].hostID)' 'del(.linux.gidMappings[0].containerID)'
}

@test "devices are made as configured" {
	config '.linux.devices = [{"type":"c","path":"/dev/own","major":1,"minor":3,"fileMode":432,"uid":7,"gid":8},{"type":"p","path":"/dev/pipe"}]'
	runs 'stat -c "%t:%T %a %u:%g %F" /dev/own; stat -c %F /dev/pipe'
	shows '1:3 660 7:8 character special file'
	shows fifo
}

@test "a device needs type, path, major and minor" {
	config '.linux.devices = [{"type":"c","path":"/dev/own","major":1,"minor":3}]'
	refused_with 'del(.linux.devices[0].type)'
	refused_with 'del(.linux.devices[0].path)'
	refused_with 'del(.linux.devices[0].major)' 'del(.linux.devices[0].minor)'
}

@test "a file in a device's place that is another one is an error" {
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.devices = [{"type":"c","path":"/dev/own","major":1,"minor":3}]'
	echo >"$BUNDLE/rootfs/dev/own"
	run_fails
}

@test "one device number in two places is made in both" {
	config '.linux.devices = [{"type":"c","path":"/dev/one","major":1,"minor":3},{"type":"c","path":"/dev/two","major":1,"minor":3}]'
	runs 'stat -c %t:%T /dev/one /dev/two'
	succeeded
	[ "${lines[*]}" = "1:3 1:3" ]
}

@test "the default devices are supplied" {
	config '.process.terminal = false'
	runs 'stat -c "%n %t:%T" /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty; readlink /dev/ptmx'
	succeeded
	[ "${lines[*]}" = "/dev/null 1:3 /dev/zero 1:5 /dev/full 1:7 /dev/random 1:8 /dev/urandom 1:9 /dev/tty 5:0 pts/ptmx" ] || { echo "$output"; false; }
}

# network SCRIPT: in a network namespace of the test's own, with a device `cof0` that has an address.
network() {
	unshare --net bash -c 'ip link add cof0 type veth peer name peer 2>/dev/null || exit 99
		ip addr add 192.0.2.7/24 dev cof0; ip link set cof0 mtu 1400
		'"$1" bash "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
}

in_network() {
	run network "$1"
	[ "$status" != 99 ] || skip "no veth devices here"
}

@test "a network device is moved with its attributes and global addresses, and is up" {
	config '.linux.netDevices = {"cof0": {"name": "eth7"}}'
	sh_args 'cat /sys/class/net/eth7/mtu; cat /sys/class/net/eth7/flags; cat /proc/net/fib_trie'
	in_network '"$@"'
	succeeded
	[ "${lines[0]}" = 1400 ]
	[ $((${lines[1]} & 1)) = 1 ]
	[[ "$output" == *192.0.2.7* ]]
}

@test "a network device that is not there is an error" {
	config '.linux.netDevices = {"nosuchdevice": {}}'
	run_fails
	nothing_left
}

@test "a network device whose name is taken in the container is an error, unless it is a template" {
	config '.linux.netDevices = {"cof0": {"name": "lo"}}'
	args /bin/true
	in_network '"$@" && echo RAN; ip link show cof0'
	[[ "$output" != *RAN* ]] && [[ "$output" == *cof0* ]] || { echo "$output"; false; }
	config '.linux.netDevices = {"cof0": {"name": "eth%d"}}'
	sh_args 'ls /sys/class/net'
	in_network '"$@"'
	[[ "$output" == *eth0* ]] || { echo "$output"; false; }
}

@test "a memory policy has a mode" {
	config '.linux.memoryPolicy = {"mode": "MPOL_INTERLEAVE", "nodes": "0"}'
	runs 'grep -c interleave /proc/self/numa_maps'
	[ "$status" = 0 ] || skip "this kernel has no NUMA"
	refused_with 'del(.linux.memoryPolicy.mode)' '.linux.memoryPolicy.mode = "MPOL_NONE"'
}

@test "intelRdt without a resctrl file system is an error" {
	! grep -q ' resctrl ' /proc/self/mountinfo || skip "resctrl is mounted here" || false
	config '.linux.intelRdt = {"closID": "group"}'
	run_fails
}

@test "schemas of intelRdt that are none are errors" {
	refused_with '.linux.intelRdt = {"closID": "a", "l3CacheSchema": "L3:0=f\nMB:0=1"}' '.linux.intelRdt = {"closID": "a", "memBwSchema": "L3:0=f"}' \
		'.linux.intelRdt = {"closID": "..", "schemata": ["L3:0=f"]}'
}

@test "a seccomp profile needs a default action, rules need names and an action, arguments index, value and op" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getcwd"], "action": "SCMP_ACT_ERRNO",
		"args": [{"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]}]}'
	args /bin/true
	run run_container
	succeeded
	refused_with 'del(.linux.seccomp.defaultAction)'
	refused_with 'del(.linux.seccomp.syscalls[0].names)' '.linux.seccomp.syscalls[0].names = []'
	refused_with 'del(.linux.seccomp.syscalls[0].action)'
	refused_with 'del(.linux.seccomp.syscalls[0].args[0].op)'
}

@test "an errno for an action that has none is an error" {
	refused_with '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1}'
	refused_with '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getcwd"], "action": "SCMP_ACT_KILL", "errnoRet": 1}]}'
}

@test "listenerMetadata without listenerPath is an error" {
	refused_with '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}'
}

# A listener as config-linux.md describes it: one connection, one state with the descriptors in the first message.
listener() {
	cat >"$BATS_TEST_TMPDIR/listener" <<-'PYTHON'
		import array, json, os, socket, sys
		server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		server.bind(sys.argv[1])
		server.listen()
		server.settimeout(20)
		connection, _ = server.accept()
		data, ancillary, _, _ = connection.recvmsg(65536, 4096)
		count = sum(len(item[2]) // 4 for item in ancillary)
		while True:
		    more, ancillary, _, _ = connection.recvmsg(65536, 4096)
		    if not more:
		        break
		    data += more
		    count += 100 * len(ancillary)
		state = json.loads(data)
		json.dump({"descriptors": count, "state": state}, open(sys.argv[2], "w"))
	PYTHON
	python3 "$BATS_TEST_TMPDIR/listener" "$1" "$2" 3>&- &
	LISTENER=$!
	wait_until test -S "$1"
}

@test "the container process state goes to listenerPath: once, with seccompFd, pid, state and metadata, then it is closed" {
	local socket=$BATS_TEST_TMPDIR/socket
	listener "$socket" "$BATS_TEST_TMPDIR/received"
	config --arg socket "$socket" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": $socket, "listenerMetadata": "meta",
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]}'
	start_sleeper
	wait $LISTENER
	jq -e --arg id "$ID" --argjson pid "$(rt state "$ID" | jq .pid)" '.descriptors == (.state.fds | length)
		and (.state.fds | index("seccompFd") != null) and .state.pid == $pid and .state.metadata == "meta"
		and .state.state.id == $id and .state.state.bundle and (.state.ociVersion | type == "string")' "$BATS_TEST_TMPDIR/received" ||
		{ cat "$BATS_TEST_TMPDIR/received"; false; }
}

@test "a listenerPath that nobody listens at is an error" {
	refused_with '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/no/such/socket",
		"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}'
	nothing_left
}

@test "masked and read-only paths are absolute paths of the container" {
	config '.linux.maskedPaths = ["/proc/keys", "/etc/passwd"] | .linux.readonlyPaths = ["/etc"]'
	runs 'cat /etc/passwd | wc -c; touch /etc/new 2>/dev/null || echo read-only'
	shows 0
	shows read-only
	refused_with '.linux.maskedPaths = ["etc/passwd"]'
	refused_with '.linux.readonlyPaths = ["etc"]'
}

@test "a personality has a domain" {
	config '.linux.personality = {"domain": "LINUX32"}'
	runs 'uname -m'
	[ "$(uname -m)" = x86_64 ] || skip "not x86"
	shows i686
	refused_with '.linux.personality = {}' '.linux.personality = {"domain": "BSD"}'
}
