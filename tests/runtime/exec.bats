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
	needs_root
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
	needs_root
	start_sleeper
	run rt exec --user 1000:1001 --cwd /tmp --env A=b "$ID" /bin/sh -c 'id -u; id -g; pwd; echo $A'
	[ "${lines[*]}" = "1000 1001 /tmp b" ]
}

@test "exec --user UID keeps the container's group, and its additional groups in any case" {
	needs_root
	is crun && skip "crun gives group 0, and no others"
	config '.process.user = {uid: 7, gid: 5, additionalGids: [8, 9]}'
	start_sleeper
	run rt exec --user 1001 "$ID" /bin/sh -c 'id -u; id -g; grep ^Groups: /proc/self/status'
	[ "$(echo ${lines[*]})" = "1001 5 Groups: 8 9" ] || { echo "$output"; false; }
	run rt exec --user 1001:1002 "$ID" /bin/sh -c 'id -u; id -g; grep ^Groups: /proc/self/status'
	[ "$(echo ${lines[*]})" = "1001 1002 Groups: 8 9" ] || { echo "$output"; false; }
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
	needs_root
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

@test "a process object without capabilities, limits or labels has the container's" {
	is crun && skip "crun gives it none"
	config '.process.rlimits = [{"type":"RLIMIT_NOFILE","soft":333,"hard":333}]
		| .process.capabilities = {"bounding":["CAP_KILL"],"effective":["CAP_KILL"],"permitted":["CAP_KILL"]}'
	start_sleeper
	echo '{"args":["/bin/sh","-c","ulimit -n; grep CapEff /proc/self/status"],"cwd":"/","env":["PATH=/bin"]}' >"$BATS_TEST_TMPDIR/process.json"
	run rt exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	[ "${lines[0]}" = 333 ]
	[[ "${lines[1]}" == *0000000000000020 ]]
	jq '. + {"capabilities":{},"rlimits":[{"type":"RLIMIT_NOFILE","soft":222,"hard":222}]}' "$BATS_TEST_TMPDIR/process.json" >"$BATS_TEST_TMPDIR/own.json"
	run rt exec --process "$BATS_TEST_TMPDIR/own.json" "$ID"
	[ "${lines[0]}" = 222 ]
	[[ "${lines[1]}" == *0000000000000000 ]]
}

@test "exec --process with what is wrong names file and place" {
	is coffer || skip "an error text of coffer's"
	start_sleeper
	run rt exec --process "$BATS_TEST_TMPDIR/none.json" "$ID"
	refused 'none.json'
	echo '{"args":["/bin/true"],"cwd":"relative"}' >"$BATS_TEST_TMPDIR/process.json"
	run rt exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	refused 'cwd'
	run rt exec "$ID"
	refused '--process FILE'
}

@test "exec --cap refuses a name that is none" {
	is coffer || skip "peers warn, or give no capability at all"
	start_sleeper
	run rt exec --cap CAP_FOO "$ID" /bin/true
	refused '--cap: unknown capability "CAP_FOO"'
}

@test "exec --env refuses what is no assignment, the last of one name counts" {
	is crun && skip "crun takes it"
	start_sleeper
	run rt exec --env NAME "$ID" /bin/true
	refused 'NAME'
	run rt exec --env A=1 --env A=2 "$ID" /bin/sh -c 'echo $A'
	[ "$output" = 2 ]
}

@test "exec has no controlling terminal of the caller's, and a session of its own" {
	start_sleeper
	run rt exec "$ID" /bin/sh -c 'cut -d" " -f6,7 /proc/self/stat; cut -d" " -f1 /proc/self/stat; : </dev/tty'
	[[ "${lines[0]}" == *" 0" ]] || { echo "$output"; false; }
	[[ "$output" == *"No such device"* ]] || [[ "$output" == *"can't open /dev/tty"* ]]
}

@test "exec --console-socket gets the terminal's master end, detached or not" {
	start_sleeper
	cat >"$BATS_TEST_TMPDIR/receive.py" <<-'PY'
		import array, os, socket, sys
		server = socket.socket(socket.AF_UNIX)
		server.bind(sys.argv[1] + ".new")
		server.listen(1)
		os.rename(sys.argv[1] + ".new", sys.argv[1])
		connection, _ = server.accept()
		data, control, _, _ = connection.recvmsg(100, 1000)
		fd = array.array("i", control[0][2][:4])[0]
		os.write(fd, b"typed\n")
		text = b""
		try:
		    while chunk := os.read(fd, 1000):
		        text += chunk
		except OSError:
		    pass
		print(text.decode())
	PY
	local way
	for way in "" --detach; do
		rm -f "$BATS_TEST_TMPDIR/socket"
		python3 "$BATS_TEST_TMPDIR/receive.py" "$BATS_TEST_TMPDIR/socket" >"$BATS_TEST_TMPDIR/received" 3>&- &
		local receiver=$!
		wait_until test -S "$BATS_TEST_TMPDIR/socket"
		# shellcheck disable=SC2086
		rt exec $way --tty --console-socket "$BATS_TEST_TMPDIR/socket" "$ID" /bin/sh -c 'read -r x; echo got $x; tty' </dev/null >/dev/null 2>&1 3>&-
		wait $receiver
		grep -q 'got typed' "$BATS_TEST_TMPDIR/received"
		grep -q /dev/pts/ "$BATS_TEST_TMPDIR/received"
	done
}

@test "exec --tty --detach without a console socket is refused" {
	is crun && skip "crun runs without terminal"
	start_sleeper
	run rt exec --tty --detach "$ID" /bin/true
	refused 'console socket'
}

@test "the session keyring is one for the container and what is executed in it" {
	compile call.c "$BUNDLE/rootfs/bin/call"
	local keyring=("/bin/call" --value 250 0 -3 0) inner # keyctl(GET_KEYRING_ID, SESSION)
	"$BUNDLE/rootfs/bin/call" "${keyring[@]:1}" | grep -qv errno || skip "this kernel has no keys"
	sh_args "${keyring[*]} >/tmp/keyring; sleep 1000"
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -s "$BUNDLE/rootfs/tmp/keyring"
	inner=$(cat "$BUNDLE/rootfs/tmp/keyring")
	[[ "$inner" != errno* ]]
	[ "$inner" != "$("$BUNDLE/rootfs/bin/call" "${keyring[@]:1}")" ]
	[ "$(rt exec "$ID" "${keyring[@]}")" = "$inner" ]
}

@test "exec works where the container has spread over cgroups of its own" {
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || skip "no cgroup v2 alone here"
	start_sleeper
	local top controller
	top=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(rt state "$ID" | jq .pid)/cgroup")
	controller=$(cut -d' ' -f1 "$top/cgroup.controllers")
	[ -n "$controller" ] || skip "no controller reaches the container's cgroup"
	mkdir "$top/first"
	rt state "$ID" | jq .pid >"$top/first/cgroup.procs"
	echo "+$controller" >"$top/cgroup.subtree_control"
	run rt exec "$ID" /bin/cat /proc/self/cgroup
	[ "$status" = 0 ] || { echo "$output"; false; }
	rt delete --force "$ID"
	nothing_left
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
	! is coffer runc || [ "$status" = 255 ] || false
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
	needs_root
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces += [{"type":"user"}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = [{"containerID":0,"hostID":100000,"size":65536}]'
	start_sleeper
	run rt exec "$ID" /bin/sh -c 'id -u; cat /proc/self/uid_map'
	[ "${lines[0]}" = 0 ]
	[[ "$output" == *100000* ]]
}

@test "a container that ends between the look at its process and the opening of its root is not entered" {
	is coffer || skip "about coffer's own order"
	needs_root
	command -v strace >/dev/null || skip "needs strace"
	args /bin/sleep 1000
	rt run --no-pivot --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	local pid tracer
	pid=$(rt state "$ID" | jq .pid)
	# Leaks are not looked for in what is traced (tests/memory).
	ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" \
		strace -f -o "$BATS_TEST_TMPDIR/trace" -P "/proc/$pid/root" -e trace=open,openat \
		-e inject=open,openat:delay_exit=2000000 \
		"$RUNTIME" --root "$ROOT" exec "$ID" true >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	tracer=$!
	wait_until test -s "$BATS_TEST_TMPDIR/trace"
	rt kill "$ID" KILL
	wait "$tracer" || true
	run cat "$BATS_TEST_TMPDIR/said"
	[[ "$output" == *"container not running"* ]] || { cat "$BATS_TEST_TMPDIR"/{said,trace}; false; }
}
