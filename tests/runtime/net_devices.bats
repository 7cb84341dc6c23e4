#!/usr/bin/env bats
# linux.netDevices: devices that are moved into the container (config-linux.md "Network Devices").
# Everything is done in a network namespace of the test's own: its "host".
load bundle

setup_file() { common_setup_file; }

setup() {
	is coffer || skip "not in this version"
	common_setup
	unshare --net sleep 1000 3>&- &
	HOST=$!
	wait_until is_apart "$HOST"
	on_host ip link add eth7 type veth peer name peer
	on_host ip link set peer up
}

teardown() {
	is coffer || return 0
	common_teardown
	kill "$HOST"
}

# is_apart PID: it has entered its own network namespace.
is_apart() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

on_host() {
	nsenter --target "$HOST" --net "$@"
}

rt() {
	on_host "$RUNTIME" --root "$ROOT" "$@"
}

in_container() {
	nsenter --target "$(rt state "$ID" | jq .pid)" --net "$@"
}

# of_device NAME JQ: what a device of the container's says.
of_device() {
	in_container ip -json -details address show dev "$1" | jq -r ".[0] | $2"
}

@test "a device is moved to the container, keeps its name and is set up" {
	config '.linux.netDevices = {"eth7": {}}'
	start_sleeper
	[ "$(of_device eth7 '.flags | index("UP") != null')" = true ]
	! on_host ip link show eth7
}

@test "a device is renamed" {
	config '.linux.netDevices = {"eth7": {"name": "ctr0"}}'
	start_sleeper
	[ "$(of_device ctr0 .ifname)" = ctr0 ]
	! in_container ip link show eth7
}

@test "all permanent global addresses of both families are kept, others are not" {
	on_host ip address add 10.9.8.7/24 broadcast 10.9.8.255 dev eth7 label eth7:web
	on_host ip address add 10.9.8.9/24 dev eth7
	on_host ip address add 10.9.7.1/24 dev eth7 scope link
	on_host ip address add 10.9.6.1/24 dev eth7 valid_lft 1000 preferred_lft 1000
	on_host ip -6 address add fd00::5/64 dev eth7 nodad
	config '.linux.netDevices = {"eth7": {"name": "ctr0"}}'
	start_sleeper
	run of_device ctr0 '.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen) \(.broadcast) \(.label)"'
	[ "$(sort <<<"$output")" = "10.9.8.7/24 10.9.8.255 ctr0:web
10.9.8.9/24 null ctr0
fd00::5/64 null null" ] || { echo "$output"; false; }
	[ "$(of_device ctr0 '[.addr_info[] | select(.local == "10.9.7.1")] | length')" = 0 ]
}

@test "hardware address, MTU and alias are kept" {
	on_host ip link set eth7 address 02:00:00:00:00:77 mtu 1400 alias seven
	config '.linux.netDevices = {"eth7": {"name": "ctr0"}}'
	start_sleeper
	[ "$(of_device ctr0 '"\(.address) \(.mtu) \(.ifalias)"')" = "02:00:00:00:00:77 1400 seven" ]
}

@test "several devices are moved, and may take each other's names" {
	on_host ip link add eth8 type veth peer name peer8
	on_host ip link set eth7 address 02:00:00:00:00:07
	config '.linux.netDevices = {"eth7": {"name": "eth8"}, "eth8": {"name": "eth7"}}'
	start_sleeper
	[ "$(of_device eth8 .address)" = 02:00:00:00:00:07 ]
	[ "$(of_device eth7 .ifname)" = eth7 ]
}

@test "a template gets a number that is free" {
	on_host ip link add eth8 type veth peer name peer8
	config '.linux.netDevices = {"eth7": {"name": "net%d"}, "eth8": {"name": "net%d"}}'
	start_sleeper
	[ "$(of_device net0 .ifname) $(of_device net1 .ifname)" = "net0 net1" ]
}

@test "a device is moved into a network namespace that is joined" {
	unshare --net sleep 1000 3>&- &
	local other=$!
	wait_until is_apart "$other"
	config --arg path "/proc/$other/ns/net" '.linux.netDevices = {"eth7": {"name": "ctr0"}}
		| .linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	start_sleeper
	nsenter --target "$other" --net ip link show ctr0
	rt delete --force "$ID"
	# "The runtime MUST NOT attempt to move the interface out of the namespace"
	nsenter --target "$other" --net ip link show ctr0
	kill "$other"
}

@test "a device is moved into the namespace of a user namespace's container" {
	on_host ip address add 10.9.8.7/24 dev eth7
	config '.linux.netDevices = {"eth7": {}} | .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	start_sleeper
	[ "$(of_device eth7 '.addr_info[0].local')" = 10.9.8.7 ]
}

@test "a name that the container's namespace already has is an error, and nothing is moved" {
	unshare --net sleep 1000 3>&- &
	local other=$!
	wait_until is_apart "$other"
	nsenter --target "$other" --net ip link add ctr0 type veth peer name ctr1
	config --arg path "/proc/$other/ns/net" '.linux.netDevices = {"eth7": {"name": "ctr0"}}
		| .linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	run run_container
	refused 'linux.netDevices\["eth7"\].*the container'\''s network namespace already has a device "ctr0"'
	on_host ip link show eth7
	nothing_left
	kill "$other"
}

@test "a device that does not exist is named" {
	config '.linux.netDevices = {"eth9": {}}'
	run run_container
	refused 'linux.netDevices\["eth9"\].*cannot move the network device "eth9".*[Nn]o such device'
	nothing_left
}

@test "a device that cannot be moved is refused in the kernel's words" {
	config '.linux.netDevices = {"lo": {"name": "lo1"}}'
	run run_container
	refused 'linux.netDevices\["lo"\].*cannot move the network device "lo" \(.*\)'
	nothing_left
}

@test "a failing creation gives devices back as they were" {
	on_host ip link set eth7 address 02:00:00:00:00:77 up
	on_host ip address add 10.9.8.7/24 dev eth7
	config '.linux.netDevices = {"eth7": {"name": "ctr0"}}
		| .hooks.createRuntime = [{"path": "/bin/false"}]'
	run run_container
	refused 'hooks.createRuntime'
	run on_host ip -json address show dev eth7
	jq -e '.[0] | .address == "02:00:00:00:00:77" and (.flags | index("UP"))
		and ([.addr_info[].local] | index("10.9.8.7"))' <<<"$output" || { echo "$output"; false; }
	nothing_left
}

@test "of several devices the first is given back when the second cannot be moved" {
	config '.linux.netDevices = {"eth7": {}, "eth9": {}}'
	run run_container
	refused 'linux.netDevices\["eth9"\]'
	on_host ip link show eth7
	nothing_left
}

@test "createRuntime hooks see the devices in the container's namespace" {
	printf '#!/bin/bash\npid=$(jq .pid)\nnsenter -t $pid -n ip -br link show ctr0 >%s\n' \
		"$BATS_TEST_TMPDIR/seen" >"$BATS_TEST_TMPDIR/hook"
	chmod +x "$BATS_TEST_TMPDIR/hook"
	config --arg hook "$BATS_TEST_TMPDIR/hook" '.linux.netDevices = {"eth7": {"name": "ctr0"}}
		| .hooks.createRuntime = [{"path": $hook, "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]'
	args /bin/true
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	grep -q ctr0 "$BATS_TEST_TMPDIR/seen"
}

@test "a device that cannot be moved leaves the ones in the container's namespace alone" {
	on_host ip link add br7 index 77 type bridge
	unshare --net sleep 1000 3>&- &
	local other=$!
	wait_until is_apart "$other"
	nsenter --target "$other" --net ip link add dev there index 77 type veth peer name there-peer
	config --arg path "/proc/$other/ns/net" '.linux.netDevices = {"br7": {}}
		| .linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	run create_container
	[ "$status" != 0 ]
	nsenter --target "$other" --net ip link show there
	! on_host ip link show | grep mv- || false
	kill "$other"
}
