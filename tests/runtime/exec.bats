#!/usr/bin/env bats
# exec: another process in a running container.
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "exec runs in the container's namespaces and root" {
	start_sleeper
	run rt exec "$ID" /bin/sh -c 'ls /bin/busybox; for n in net mnt pid; do readlink /proc/self/ns/$n; done'
	[ "$status" = 0 ]
	local pid kind
	pid=$(rt state "$ID" | jq .pid)
	for kind in net mnt pid; do
		[[ "$output" == *"$(readlink "/proc/$pid/ns/$kind")"* ]] || { echo "$kind differs: $output"; false; }
	done
}

@test "exec is born in the container's cgroup" {
	start_sleeper
	run rt exec "$ID" /bin/cat /proc/self/cgroup
	[[ "$output" == *"$CGROUP"* ]] || [ "$output" = "$(tr -d '\0' </proc/"$(rt state "$ID" | jq .pid)"/cgroup)" ]
}

@test "exec gives the program's exit code" {
	start_sleeper
	run rt exec "$ID" /bin/sh -c 'exit 17'
	[ "$status" = 17 ]
}

@test "exec passes standard input and output through" {
	start_sleeper
	run bash -c "echo through | $RUNTIME --root $ROOT exec $ID /bin/cat"
	[ "$output" = through ]
}

@test "exec has the user, capabilities and filter of the container" {
	config '.process.user = {"uid":1000,"gid":1000} | .process.capabilities = {} | .process.noNewPrivileges = true
		| .linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}'
	start_sleeper
	run rt exec "$ID" /bin/sh -c 'id -u; grep -E "CapBnd|Seccomp:|NoNewPrivs" /proc/self/status | tr "\t" " "'
	[ "${lines[0]}" = 1000 ]
	[[ "$output" == *"CapBnd: 0000000000000000"* ]]
	[[ "$output" == *"Seccomp: 2"* ]]
	[[ "$output" == *"NoNewPrivs: 1"* ]]
}

@test "exec --user, --cwd, --env change what they name" {
	start_sleeper
	run rt exec --user 1000:1001 --cwd /tmp --env A=b "$ID" /bin/sh -c 'id -u; id -g; pwd; echo $A'
	[ "${lines[*]}" = "1000 1001 /tmp b" ]
}

@test "exec --user takes numbers only, whole and in range" {
	local user
	start_sleeper
	for user in -1 4294967295 4294967296 1x ' 1' root; do
		run rt exec --user "$user" "$ID" /bin/id -u
		[ "$status" != 0 ] || is crun || { echo "accepted '$user': $output"; false; }
	done
}

@test "exec --cap adds to the container's capabilities and never to the inheritable ones" {
	is crun && skip "crun replaces the sets"
	config '.process.capabilities = {"bounding":["CAP_KILL"],"effective":["CAP_KILL"],"permitted":["CAP_KILL"]}'
	start_sleeper
	run rt exec --cap CAP_CHOWN "$ID" /bin/sh -c 'grep Cap /proc/self/status | tr "\t" " "'
	[[ "$output" == *"CapInh: 0000000000000000"* ]]
	[[ "$output" == *"CapBnd: 0000000000000021"* ]]
}

@test "exec --process takes a whole process object" {
	start_sleeper
	echo '{"args":["/bin/sh","-c","id -u; pwd"],"cwd":"/tmp","user":{"uid":5,"gid":6},"env":["PATH=/bin"]}' >"$BATS_TEST_TMPDIR/process.json"
	run rt exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	[ "${lines[*]}" = "5 /tmp" ]
}

@test "exec --detach returns at once and writes the pid file" {
	start_sleeper
	rt exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	kill -0 "$(cat "$BATS_TEST_TMPDIR/pid")"
	[ "$(rt ps --format json "$ID" | jq length)" = 2 ]
}

@test "exec in a container that does not run, or does not exist, is refused" {
	args /bin/true
	create_container
	rt start "$ID"
	wait_until has_status "$ID" stopped
	run rt exec "$ID" /bin/true
	refused 'stopped|not running|does not exist'
	run rt exec nosuch /bin/true
	refused 'does not exist'
	! is coffer runc || [ "$status" = 255 ]
}

@test "exec in a paused container is refused unless told to ignore that" {
	start_sleeper
	rt pause "$ID"
	run rt exec "$ID" /bin/true
	refused 'paused'
	rt resume "$ID"
}

@test "exec of a missing program says so in the words that engines parse" {
	start_sleeper
	run rt exec "$ID" /no/such/program
	refused '[Nn]o such file or directory'
	! is coffer runc || [ "$status" = 255 ]
	run rt exec "$ID" nosuchprogram
	refused 'not found in \$PATH'
}

@test "exec does not depend on the bundle any more" {
	is runc && skip "runc reads the bundle's config.json again"
	start_sleeper
	rm "$BUNDLE/config.json"
	run rt exec "$ID" /bin/echo still
	[ "$output" = still ]
}

@test "the working directory cannot be a descriptor of the host's" {
	local fd
	start_sleeper
	for fd in 3 4 5 6 7 8 9 10; do
		run rt exec --cwd /proc/self/fd/$fd "$ID" /bin/pwd
		[ "$status" != 0 ] || { echo "fd $fd: $output"; false; }
	done
}

@test "exec joins a user namespace" {
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces += [{"type":"user"}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = [{"containerID":0,"hostID":100000,"size":65536}]'
	start_sleeper
	run rt exec "$ID" /bin/sh -c 'id -u; cat /proc/self/uid_map'
	[ "${lines[0]}" = 0 ]
	[[ "$output" == *100000* ]]
}
