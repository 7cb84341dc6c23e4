#!/usr/bin/env bats
# runtime.md and runtime-linux.md: state, lifecycle, operations.
load conformance

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "who created a container can query, start, kill and delete it" {
	args /bin/sleep 1000
	create_container
	has_status "$ID" created
	rt start "$ID"
	has_status "$ID" running
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "the state has ociVersion, id, status, bundle, and pid while there is a process" {
	config '.annotations = {"org.example.key": "value"}'
	args /bin/sleep 1000
	create_container
	local status
	for status in created running; do
		rt state "$ID" | jq -e --arg id "$ID" --arg bundle "$BUNDLE" --arg status $status '
			(.ociVersion | test("^[0-9]+\\.[0-9]+\\.[0-9]+")) and .id == $id and .status == $status
			and .bundle == $bundle and (.pid | type == "number") and .pid > 0
			and .annotations["org.example.key"] == "value"'
		[ -d "/proc/$(rt state "$ID" | jq .pid)" ]
		[ $status = running ] || rt start "$ID"
	done
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
}

@test "the state adheres to the schema of the state" {
	start_sleeper
	rt state "$ID" | jq -e '(.ociVersion | type == "string") and (.id | type == "string")
		and (.status | IN("creating", "created", "running", "stopped"))
		and (.pid | type == "number" and . >= 0 and . == floor) and (.bundle | type == "string")
		and (.annotations // {} | type == "object" and all(.[]; type == "string"))'
}

@test "an id is unique" {
	start_sleeper
	local pid
	pid=$(rt state "$ID" | jq .pid)
	run rt create --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	[ "$(rt state "$ID" | jq .pid)" = "$pid" ]
	has_status "$ID" running
}

@test "a status of the runtime's own is used for a state of its own: paused" {
	start_sleeper
	rt pause "$ID"
	has_status "$ID" paused
	rt resume "$ID"
	has_status "$ID" running
}

@test "create makes the environment and does not run the program" {
	config '.hostname = "conformance"'
	sh_args 'echo ran > /ran'
	create_container
	local pid
	pid=$(rt state "$ID" | jq .pid)
	[ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
	[ "$(nsenter -t "$pid" -u hostname)" = conformance ]
	grep -q " /dev/shm " "/proc/$pid/mountinfo"
	[ ! -e "$BUNDLE/rootfs/ran" ]
	rt start "$ID"
	wait_until test -e "$BUNDLE/rootfs/ran"
}

@test "changes of config.json after create do not affect the container" {
	sh_args 'echo "$A" > /first; hostname >> /first'
	config '.process.env += ["A=before"] | .hostname = "before"'
	create_container
	sh_args 'echo changed > /second'
	config '.process.env += ["A=after"] | .hostname = "after"'
	rt start "$ID"
	wait_until test -s "$BUNDLE/rootfs/first"
	wait_until has_status "$ID" stopped
	[ "$(paste -sd' ' "$BUNDLE/rootfs/first")" = "before before" ]
	[ ! -e "$BUNDLE/rootfs/second" ]
}

@test "an environment that cannot be made is an error, and leaves nothing" {
	local change
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/config.json"
	for change in '.root.path = "no-such-directory"' \
		'.mounts += [{"destination":"/m","type":"bind","source":"/no/such/source","options":["bind"]}]' \
		'.mounts += [{"destination":"/m","type":"nosuchfs","source":"x"}]' \
		'.linux.namespaces |= map(if .type == "network" then .path = "/no/such/namespace" else . end)' \
		'.linux.sysctl = {"vm.swappiness": "1"}' \
		'.process.args = ["/no/such/program"]' \
		'.linux.resources.pids.limit = 10 | .linux.resources.unified = {"no_such.controller": "1"}'; do
		jq "$change" "$BATS_TEST_TMPDIR/config.json" >"$BUNDLE/config.json"
		create_fails || { echo "$change"; false; }
	done
}

@test "a created container is destroyed by delete --force: process, cgroup, state" {
	args /bin/sleep 1000
	create_container
	local pid
	pid=$(rt state "$ID" | jq .pid)
	find /sys/fs/cgroup -type d -path "*$CGROUP" | grep -q .
	rt delete --force "$ID"
	wait_until has_ended "$pid"
	nothing_left
}

# Gone, or waiting for a parent that is not ours.
has_ended() {
	! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

@test "state without a container, and of none, is an error" {
	run rt state
	[ "$status" != 0 ]
	run rt state no-such-container
	[ "$status" != 0 ]
}

@test "create without a container's id, of an invalid id, and without a bundle, is an error" {
	run rt create --bundle "$BUNDLE"
	[ "$status" != 0 ]
	local id
	for id in a/b ../a "" .; do
		run rt create --bundle "$BUNDLE" "$id"
		[ "$status" != 0 ] || { echo "accepted: '$id'"; rt delete --force "$id"; false; }
	done
	run rt create --bundle "$BATS_TEST_TMPDIR/no-such-bundle" "$ID"
	[ "$status" != 0 ]
	[ -z "$(ls "$ROOT")" ]
}

@test "start without an id is an error" {
	run rt start
	[ "$status" != 0 ]
}

@test "start of what is not created is an error without effect" {
	start_sleeper
	local pid
	pid=$(rt state "$ID" | jq .pid)
	run rt start "$ID"
	[ "$status" != 0 ]
	[ "$(rt state "$ID" | jq .pid)" = "$pid" ]
	has_status "$ID" running
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	run rt start "$ID"
	[ "$status" != 0 ]
	has_status "$ID" stopped
	run rt start no-such-container
	[ "$status" != 0 ]
}

@test "start runs the program that process names" {
	sh_args 'echo "$0 $PWD" > /ran'
	config '.process.cwd = "/tmp"'
	create_container
	rt start "$ID"
	wait_until test -s "$BUNDLE/rootfs/ran"
	[ "$(cat "$BUNDLE/rootfs/ran")" = "/bin/sh /tmp" ]
}

@test "without process a container cannot be started" {
	config 'del(.process)'
	create_container || return 0
	run rt start "$ID"
	[ "$status" != 0 ]
}

@test "kill without an id is an error" {
	run rt kill
	[ "$status" != 0 ]
}

@test "kill sends the signal to the container's process, also of a created one" {
	sh_args 'trap "echo usr2 > /got" USR2; echo > /ready; while :; do sleep 0.05; done'
	create_container
	rt start "$ID"
	wait_until test -e "$BUNDLE/rootfs/ready"
	rt kill "$ID" USR2
	wait_until test -s "$BUNDLE/rootfs/got"
	rt delete --force "$ID"
	create_container
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
}

@test "kill of what neither is created nor runs is an error" {
	start_sleeper
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	run rt kill "$ID" TERM
	[ "$status" != 0 ]
	has_status "$ID" stopped
	run rt kill no-such-container TERM
	[ "$status" != 0 ]
}

@test "delete without an id is an error" {
	run rt delete
	[ "$status" != 0 ]
}

@test "delete of a running container is an error without effect" {
	start_sleeper
	local pid
	pid=$(rt state "$ID" | jq .pid)
	run rt delete "$ID"
	[ "$status" != 0 ]
	has_status "$ID" running
	[ -d "/proc/$pid" ]
}

@test "delete removes what create made, and the id can be used again" {
	args /bin/true
	create_container
	rt start "$ID"
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
	run rt state "$ID"
	[ "$status" != 0 ]
	run_container
	nothing_left
}

@test "delete leaves what the container did not make: joined namespaces, bind sources, the cgroup's parent" {
	local tree kept=()
	mkdir "$BATS_TEST_TMPDIR/source"
	touch "$BATS_TEST_TMPDIR/source/file"
	for tree in /sys/fs/cgroup /sys/fs/cgroup/*; do
		[ -w "$tree/cgroup.procs" ] && mkdir -p "$tree$CGROUP_PARENT" && kept+=("$tree$CGROUP_PARENT")
	done
	unshare --net sleep 1000 3>&- &
	local holder=$!
	wait_until in_another_network $holder
	config --arg net "/proc/$holder/ns/net" --arg source "$BATS_TEST_TMPDIR/source" '
		.linux.namespaces |= map(if .type == "network" then .path = $net else . end)
		| .mounts += [{"destination":"/m","type":"bind","source":$source,"options":["rbind"]}]'
	start_sleeper
	rt delete --force "$ID"
	[ -d /proc/$holder ]
	kill $holder
	[ -e "$BATS_TEST_TMPDIR/source/file" ]
	for tree in "${kept[@]}"; do
		[ -d "$tree" ] || { echo "gone: $tree"; false; }
		rmdir "$tree"
	done
}

in_another_network() {
	[ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$1/ns/net")" ]
}

@test "/dev/fd, stdin, stdout and stderr are links into /proc" {
	runs 'for name in fd stdin stdout stderr; do readlink /dev/$name; done'
	succeeded
	[ "${lines[*]}" = "/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2" ]
}
