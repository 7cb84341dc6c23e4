#!/usr/bin/env bats
# checkpoint and restore by the real criu(8), where that works on this kernel: processes go on where
# they were. What criu is asked in each case: checkpoint.bats, restore.bats.
load bundle

setup_file() { common_setup_file; }

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	command -v criu >/dev/null || skip "no criu here"
	if [ ! -e "$BATS_FILE_TMPDIR/checked" ]; then
		criu check >"$BATS_FILE_TMPDIR/checked" 2>&1 || true
	fi
	grep -q 'Looks good' "$BATS_FILE_TMPDIR/checked" ||
		skip "criu cannot work on this kernel: $(head -1 "$BATS_FILE_TMPDIR/checked")"
	common_setup
	IMAGE=$BATS_TEST_TMPDIR/image
	WORK=$BATS_TEST_TMPDIR/work
	for applet in nc mkfifo; do
		ln -sf busybox "$BUNDLE/rootfs/bin/$applet"
	done
}

teardown() {
	[ -z "${ROOT-}" ] || common_teardown
	[ ! -e "/run/netns/coffer-$$" ] || ip netns delete "coffer-$$"
}

# A program that counts into /count.
start_counting() {
	sh_args 'i=0; while :; do i=$((i + 1)); echo $i >/new; mv /new /count; sleep 0.1; done'
	ln -sf busybox "$BUNDLE/rootfs/bin/mv"
	start_detached
	wait_until counted_to 3
}

start_detached() {
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
}

count() { cat "$BUNDLE/rootfs/count" 2>/dev/null || echo 0; }

counted_to() { [ "$(count)" -ge "$1" ]; }

# What criu has to say goes with a failed test.
explain() {
	"$@" || {
		echo "$* failed"
		grep -h Error "$WORK"/*.log 2>/dev/null
		return 1
	}
}

checkpoint() {
	explain rt checkpoint --image-path "$IMAGE" --work-path "$WORK" "$@" "$ID" 3>&-
}

restore() {
	explain rt restore --image-path "$IMAGE" --work-path "$WORK" --bundle "$BUNDLE" "$@" "$ID" \
		</dev/null >/dev/null 3>&-
}

pid_of() { rt state "$ID" | jq .pid; }

@test "a counting process is gone after the checkpoint and counts on after the restore" {
	start_counting
	checkpoint
	nothing_left
	before=$(count)
	restore --detach
	[ "$(status_of "$ID")" = running ]
	wait_until counted_to $((before + 3))
	[ "$(count)" -lt $((before + 1000)) ]
	rt delete --force "$ID"
	nothing_left
}

@test "a restored container is one as any other: exec, pause, kill, and its limits and masks hold" {
	config '.linux.resources.pids.limit = 17'
	start_counting
	checkpoint
	restore --detach --pid-file "$BATS_TEST_TMPDIR/pid"
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(pid_of)" ]
	[ "$(rt exec "$ID" /bin/cat /proc/1/comm)" = sh ]
	[ "$(rt exec "$ID" /bin/sh -c 'wc -c </proc/timer_list; ls /sys/firmware | wc -l' | paste -sd ' ')" = "0 0" ]
	run rt exec "$ID" /bin/sh -c 'echo 1 >/proc/sys/kernel/printk'
	[ "$status" != 0 ]
	cgroup=$(find /sys/fs/cgroup -type d -path "*$CGROUP" -exec test -e '{}/pids.max' ';' -print | head -1)
	[ "$(cat "$cgroup/pids.max")" = 17 ]
	grep -q "$(pid_of)" "$cgroup/cgroup.procs"
	is runc || nsenter --net --target "$(pid_of)" ip -o link show lo | grep -q '[<,]UP'
	rt pause "$ID"
	[ "$(status_of "$ID")" = paused ]
	rt resume "$ID"
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "--leave-running leaves a running one running and a paused one paused" {
	start_counting
	checkpoint --leave-running
	[ "$(status_of "$ID")" = running ]
	before=$(count)
	wait_until counted_to $((before + 3))
	rt pause "$ID"
	checkpoint --leave-running
	[ "$(status_of "$ID")" = paused ]
	rt delete --force "$ID"
	restore --detach
	before=$(count)
	wait_until counted_to $((before + 3))
}

@test "a pre-dump, and a checkpoint on top of it" {
	start_counting
	IMAGE=$BATS_TEST_TMPDIR/first
	checkpoint --pre-dump
	[ "$(status_of "$ID")" = running ]
	IMAGE=$BATS_TEST_TMPDIR/second
	mkdir "$IMAGE"
	checkpoint --parent-path ../first
	[ -L "$IMAGE/parent" ]
	before=$(count)
	restore --detach
	wait_until counted_to $((before + 3))
}

@test "open TCP connections go on with --tcp-established" {
	sh_args 'nc -l -p 7000 </tmp/to >/got & exec 5<>/tmp/to; sleep 1
		mkfifo /tmp/client; nc 127.0.0.1 7000 <>/tmp/client >/dev/null & exec 6<>/tmp/client
		echo one >&6; i=0; while :; do [ ! -e /go ] || { echo two >&6; rm /go; }; sleep 0.1; done'
	"$BUNDLE/rootfs/bin/busybox" mkfifo "$BUNDLE/rootfs/tmp/to"
	start_detached
	wait_until grep -q one "$BUNDLE/rootfs/got"
	run rt checkpoint --image-path "$IMAGE" --work-path "$WORK" "$ID"
	[ "$status" != 0 ]
	[ "$(status_of "$ID")" = running ]
	checkpoint --tcp-established
	restore --detach --tcp-established
	touch "$BUNDLE/rootfs/go"
	wait_until grep -q two "$BUNDLE/rootfs/got"
}

@test "the program's output goes to the pipe of whoever restores it" {
	sh_args 'echo begun; while [ ! -e /go ]; do sleep 0.1; done; echo restored; exit 5'
	exec 8> >(cat >"$BATS_TEST_TMPDIR/first" 3>&-)
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >&8 2>&1 3>&- 8>&-
	exec 8>&-
	wait_until grep -q begun "$BATS_TEST_TMPDIR/first"
	checkpoint
	touch "$BUNDLE/rootfs/go"
	rt restore --image-path "$IMAGE" --work-path "$WORK" --bundle "$BUNDLE" "$ID" </dev/null 3>&- 2>&1 |
		cat >"$BATS_TEST_TMPDIR/second"
	[ "${PIPESTATUS[0]}" = 5 ]
	[ "$(cat "$BATS_TEST_TMPDIR/second")" = restored ]
	nothing_left
}

@test "a terminal is restored, and its master goes to --console-socket" {
	config '.process.terminal = true'
	sh_args 'while read line; do echo "got $line"; done'
	cat >"$BATS_TEST_TMPDIR/talk.py" <<-'PY'
		import os, socket, sys
		server = socket.socket(socket.AF_UNIX)
		server.bind(sys.argv[1])
		server.listen(1)
		connection, _ = server.accept()
		_, fds, _, _ = socket.recv_fds(connection, 100, 1)
		os.write(fds[0], sys.argv[2].encode() + b"\n")
		text = b""
		while b"got " + sys.argv[2].encode() not in text:
		    text += os.read(fds[0], 1000)
		print("answered", flush=True)
		sys.stdin.read()
	PY
	for turn in first second; do
		mkfifo "$BATS_TEST_TMPDIR/hold-$turn"
		exec 7<>"$BATS_TEST_TMPDIR/hold-$turn"
		python3 "$BATS_TEST_TMPDIR/talk.py" "$BATS_TEST_TMPDIR/$turn" "$turn" <"$BATS_TEST_TMPDIR/hold-$turn" \
			>"$BATS_TEST_TMPDIR/$turn.out" 3>&- 7>&- &
		wait_until test -S "$BATS_TEST_TMPDIR/$turn"
		if [ "$turn" = first ]; then
			rt run --detach --console-socket "$BATS_TEST_TMPDIR/$turn" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- 7>&-
		else
			restore --detach --console-socket "$BATS_TEST_TMPDIR/$turn" 7>&-
		fi
		wait_until grep -q answered "$BATS_TEST_TMPDIR/$turn.out"
		[ "$turn" = second ] || checkpoint
		exec 7>&-
	done
}

@test "a bind mount comes from where the bundle says now; without it the restore leaves nothing" {
	mkdir -p "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	config --arg source "$BATS_TEST_TMPDIR/a" \
		'.mounts += [{destination: "/data", type: "bind", source: $source, options: ["rbind", "ro"]}]'
	start_counting
	checkpoint
	cp "$BUNDLE/config.json" "$BUNDLE/whole.json"
	config 'del(.mounts[] | select(.destination == "/data"))'
	run rt restore --image-path "$IMAGE" --work-path "$WORK" --bundle "$BUNDLE" --detach "$ID"
	[ "$status" != 0 ]
	[[ "$output" == *restore* ]]
	nothing_left
	mv "$BUNDLE/whole.json" "$BUNDLE/config.json"
	config --arg source "$BATS_TEST_TMPDIR/b" '(.mounts[] | select(.destination == "/data") | .source) = $source'
	echo moved >"$BATS_TEST_TMPDIR/b/file"
	restore --detach
	[ "$(rt exec "$ID" /bin/cat /data/file)" = moved ]
	run rt exec "$ID" /bin/touch /data/x
	[ "$status" != 0 ]
}

@test "a network namespace that others share is entered again, and the runtime's hooks run" {
	ip netns add "coffer-$$"
	config --arg path "/run/netns/coffer-$$" \
		'.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	for kind in prestart createRuntime poststop; do
		config --arg kind "$kind" --arg out "$BATS_TEST_TMPDIR/hooks" \
			'.hooks[$kind] = [{path: "/bin/sh", args: ["sh", "-c", "echo \($kind) >>\($out)"]}]'
	done
	start_counting
	checkpoint
	restore --detach
	inode=$(stat -L -c %i "/proc/$(pid_of)/ns/net")
	[ "$inode" = "$(stat -c %i "/run/netns/coffer-$$")" ]
	[ "$(paste -sd ' ' "$BATS_TEST_TMPDIR/hooks")" = "prestart createRuntime poststop prestart createRuntime" ]
	rt delete --force "$ID"
	ip netns delete "coffer-$$"
}

@test "a seccomp filter holds for the restored" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO"}]}'
	[ "$(uname -m)" = x86_64 ] || config 'del(.linux.seccomp.architectures)'
	sh_args 'while [ ! -e /go ]; do sleep 0.1; done; mkdir /made; echo $? >/said; sleep 1000'
	start_detached
	checkpoint
	restore --detach
	touch "$BUNDLE/rootfs/go"
	wait_until test -s "$BUNDLE/rootfs/said"
	[ ! -e "$BUNDLE/rootfs/made" ]
	run rt exec "$ID" /bin/mkdir /made
	[ "$status" != 0 ]
}

@test "a container with a user namespace is restored into a new one" {
	is coffer || skip "runc leaves an image that its own restore may not read"
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	start_counting
	checkpoint
	before=$(count)
	restore --detach
	wait_until counted_to $((before + 3))
	[ "$(stat -c %u "/proc/$(pid_of)/ns")" = 100000 ]
}

@test "with a lock on a file --file-locks is needed" {
	cp "$(command -v flock)" "$BUNDLE/rootfs/bin/flock"
	ldd "$(command -v flock)" | grep -o '/[^ ]*' | xargs -I{} cp --parents -L {} "$BUNDLE/rootfs"
	sh_args 'exec 9>/lock; flock 9; while :; do sleep 1; done'
	start_detached
	wait_until sh -c "! flock --nonblock '$BUNDLE/rootfs/lock' true"
	run rt checkpoint --image-path "$IMAGE" --work-path "$WORK" "$ID"
	[ "$status" != 0 ]
	checkpoint --file-locks
	restore --detach --file-locks
	! flock --nonblock "$BUNDLE/rootfs/lock" true
}

@test "images of runc's are restored, and ours by runc" {
	is coffer || skip "coffer's images against runc's"
	command -v runc >/dev/null || skip "no runc here"
	[ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || config '.linux.namespaces += [{type: "cgroup"}]
		| .linux.namespaces |= unique_by(.type)'
	start_counting
	checkpoint
	before=$(count)
	other=$BATS_TEST_TMPDIR/runc
	explain runc --root "$other" restore --detach --image-path "$IMAGE" --work-path "$WORK" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 3>&-
	wait_until counted_to $((before + 3))
	IMAGE=$BATS_TEST_TMPDIR/theirs
	explain runc --root "$other" checkpoint --image-path "$IMAGE" --work-path "$WORK" "$ID" 3>&-
	before=$(count)
	restore --detach
	wait_until counted_to $((before + 3))
}
