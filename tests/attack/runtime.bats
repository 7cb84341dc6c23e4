#!/usr/bin/env bats
# Published escapes from other runtimes, and what a review of this one found, as tests: hostile
# images, hostile configurations, hostile containers, and verbs that meet each other.
load ../runtime/bundle
bats_require_minimum_version 1.5.0

setup_file() { common_setup_file; }

setup() {
	common_setup
	VICTIM=$BATS_TEST_TMPDIR/victim
	mkdir -p "$VICTIM"
	echo untouched >"$VICTIM/file"
}

teardown() {
	[ -z "$RACER" ] || kill "$RACER" 2>/dev/null || true
	common_teardown
	untouched
}

# Nothing of the host's has been made, removed, changed or mounted on.
untouched() {
	[ "$(ls -A "$VICTIM")" = file ] || { echo "made: $(ls -A "$VICTIM")"; return 1; }
	[ "$(cat "$VICTIM/file")" = untouched ]
	! grep -F "$VICTIM" /proc/self/mountinfo
}

without_dev() {
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
}

# exchange A B: swaps the two names until the test ends.
exchange() {
	python3 -c '
import ctypes, sys
libc = ctypes.CDLL(None)
a, b = (name.encode() for name in sys.argv[1:])
while True:
    libc.renameat2(-100, a, -100, b, 2)
' "$@" 3>&- &
	RACER=$!
}

@test "a program is not found through the runtime's own descriptors (CVE-2024-21626)" {
	start_sleeper
	local fd pid
	pid=$(rt state "$ID" | jq .pid)
	for fd in $(seq 3 12); do
		run rt exec "$ID" "/proc/self/fd/$fd/$pid/root/bin/busybox" true
		[ "$status" -ne 0 ] || { echo "descriptor $fd led to the host's /proc"; false; }
	done
}

@test "a working directory is not found through the runtime's own descriptors (CVE-2024-21626)" {
	local fd
	args /bin/pwd
	for fd in $(seq 3 10); do
		config --arg cwd "/proc/self/fd/$fd" '.process.cwd = $cwd'
		run run_container
		[ "$status" -ne 0 ]
	done
	nothing_left
}

@test "a filter that does not allow close_range closes nothing less" {
	config '.linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW",
		"syscalls":[{"names":["close_range"],"action":"SCMP_ACT_ERRNO"}]}'
	args /bin/ls /proc/self/fd
	run run_container
	[ "$status" = 0 ]
	[ "$(wc -w <<<"$output")" = 4 ]
}

@test "what is executed from inside cannot see or change the runtime (CVE-2019-5736, CVE-2016-9962)" {
	local before try
	before=$(sha256sum "$RUNTIME")
	sh_args 'echo "own: $$"; while :; do for p in /proc/[0-9]*; do
		[ $p = /proc/1 ] && continue
		exe=$(readlink $p/exe) && [ "$exe" != /bin/busybox ] && echo "exe: $exe"
		ls -l $p/fd 2>/dev/null | grep -E "memfd|anon_inode|/proc|state" && echo "fd: $p"
		{ echo broken >>$p/exe; } 2>/dev/null && echo "written: $p"
	done; done'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/seen" 2>/dev/null 3>&-
	for try in $(seq 60); do
		rt exec "$ID" /bin/true
	done
	[ "$(cut -d: -f1 "$BATS_TEST_TMPDIR/seen" | sort -u)" = own ] ||
		{ head "$BATS_TEST_TMPDIR/seen"; false; }
	# An entry point that is the init image itself: sealed, and no file of the host's.
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/bin/self"
	chmod 755 "$BUNDLE/rootfs/bin/self"
	for try in $(seq 20); do
		run -127 rt exec "$ID" /bin/self
	done
	[ -z "$(grep -Ev '^own|memfd:coffer-init' "$BATS_TEST_TMPDIR/seen")" ] ||
		{ cat "$BATS_TEST_TMPDIR/seen"; false; }
	[ "$(sha256sum "$RUNTIME")" = "$before" ]
}

@test "the image's /dev/null as a link masks nothing else and opens nothing (CVE-2025-31133)" {
	without_dev
	ln -sfn "$VICTIM/file" "$BUNDLE/rootfs/dev/null"
	echo secret >"$BUNDLE/rootfs/etc/secret"
	config '.linux.maskedPaths = ["/etc/secret"]'
	sh_args 'cat /etc/secret'
	run run_container
	[[ "$output" != *secret$'\n'* && "$output" != secret ]]
	[ "$status" -ne 0 ]
	nothing_left
}

@test "the image's /dev as a link to the host makes nothing there (CVE-2026-41579, CVE-2026-47766)" {
	without_dev
	rm -r "$BUNDLE/rootfs/dev"
	ln -s "$VICTIM" "$BUNDLE/rootfs/dev"
	args /bin/true
	run run_container
	untouched
	nothing_left
}

@test "the image's /dev/console as a link is not the host's (CVE-2025-52565)" {
	config '.mounts |= map(select(.destination == "/proc" or .destination == "/dev/pts"))
		| .process.terminal = true'
	mkdir -p "$BUNDLE/rootfs/dev/pts"
	ln -s "$VICTIM/file" "$BUNDLE/rootfs/dev/console"
	sh_args 'stat -c %t /proc/self/fd/0 2>/dev/null; tty'
	run timeout 20 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	untouched
	nothing_left
}

@test "a terminal is only of a real devpts" {
	without_dev
	config '.process.terminal = true'
	mkdir -p "$BUNDLE/rootfs/dev/pts"
	mkfifo "$BUNDLE/rootfs/dev/pts/ptmx"
	args /bin/true
	run timeout 20 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	refused 'terminal'
	nothing_left
}

@test "a mount in a volume that somebody swaps for a link stays inside (CVE-2021-30465, CVE-2024-45310)" {
	local volume=$BATS_TEST_TMPDIR/volume try
	mkdir -p "$volume/a" "$BUNDLE/rootfs/volume"
	ln -s "$VICTIM" "$volume/b"
	config --arg volume "$volume" '.mounts += [
		{"destination":"/volume","type":"bind","source":$volume,"options":["rbind","rw"]},
		{"destination":"/volume/a/made/tmp","type":"tmpfs","source":"tmpfs"},
		{"destination":"/volume/a/made/file","type":"bind","source":"/proc/self/status","options":["bind"]}]'
	args /bin/grep volume /proc/self/mountinfo
	exchange "$volume/a" "$volume/b"
	for try in $(seq 100); do
		run run_container
		[ "$(ls -A "$VICTIM")" = file ] || { echo "try $try made $(ls "$VICTIM")"; false; }
	done
	nothing_left
}

@test "two containers that swap /proc for a link get no other /proc (CVE-2019-19921)" {
	local try
	mkdir "$BUNDLE/rootfs/fake"
	ln -s /fake "$BUNDLE/rootfs/other"
	sh_args '[ -e /proc/self/stat ] && echo real'
	exchange "$BUNDLE/rootfs/proc" "$BUNDLE/rootfs/other"
	for try in $(seq 40); do
		run run_container
		[ "$status" -ne 0 ] || [ "$output" = real ] || { echo "$output"; false; }
	done
}

@test "page sizes and keys of cgroup files are no paths (hugetlb, unified)" {
	config '.linux.resources.hugepageLimits = [{"pageSize":"../../x","limit":1}]'
	run run_container
	refused 'hugepageLimits'
	config 'del(.linux.resources.hugepageLimits) | .linux.resources.unified = {"../cgroup.procs":"1"}'
	run run_container
	refused 'unified'
	nothing_left
}

@test "a sysctl's name does not lead to another one (CVE-2022-0811)" {
	local key
	for key in 'net.ipv4.../../kernel/core_pattern' 'net/../kernel/core_pattern' \
		'kernel.shm_rmid_forced=1+kernel.core_pattern' 'kernel.core_pattern'; do
		config --arg key "$key" '.linux.sysctl = {($key): "|/bin/true"}'
		run run_container
		refused 'sysctl'
	done
	nothing_left
}

@test "a namespace path longer than a path can be is an error (CVE-2021-43784)" {
	config '.linux.namespaces |= map(if .type == "network"
		then .path = "/proc/" + ("x" * 70000) else . end)'
	run run_container
	refused 'namespaces'
	nothing_left
}

@test "hooks do not get the environment of the container (CVE-2025-23266)" {
	config --arg to "$BATS_TEST_TMPDIR/env" '.process.env += ["LD_PRELOAD=/evil.so"]
		| .hooks = {"createRuntime": [{"path":"/bin/sh","args":["sh","-c","env > \($to)"]}]}'
	args /bin/true
	LD_PRELOAD_OF_CALLER=1 run_container
	! grep -q LD_PRELOAD "$BATS_TEST_TMPDIR/env"
}

@test "no abstract socket waits for anybody (CVE-2020-15257)" {
	local before
	before=$(grep -c @ /proc/net/unix || true)
	args /bin/true
	create_container
	[ "$(grep -c @ /proc/net/unix || true)" -le "$before" ]
}

@test "the pid file replaces a link, it does not follow it" {
	ln -s "$VICTIM/file" "$BATS_TEST_TMPDIR/pid"
	args /bin/true
	rt run --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$BUNDLE" "$ID"
	[ ! -L "$BATS_TEST_TMPDIR/pid" ]
}

@test "a state directory that is a link is no container" {
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	echo '{"id":"x","pid":1}' >"$BATS_TEST_TMPDIR/elsewhere/state.json"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" "$ROOT/x"
	run rt kill x KILL
	[ "$status" -ne 0 ]
	run rt delete --force x
	[ -e "$BATS_TEST_TMPDIR/elsewhere/state.json" ]
	rm "$ROOT/x"
}

@test "start of a paused container is refused, and does not wait" {
	is crun && skip "starts it"
	args /bin/true
	create_container
	rt pause "$ID"
	run timeout 20 "$RUNTIME" --root "$ROOT" start "$ID"
	refused 'paused'
	rt resume "$ID"
	rt start "$ID"
}

@test "exec in a container whose root is still the host's is refused" {
	local said=$BATS_TEST_TMPDIR/said
	config --arg exec "$RUNTIME --root $ROOT exec $ID /bin/cat $VICTIM/file" --arg said "$said" '
		.hooks = {"createRuntime": [{"path":"/bin/sh",
			"args":["sh","-c","\($exec) > \($said) 2>&1; true"]}]}'
	args /bin/true
	run_container
	[[ "$(cat "$said")" != *untouched* ]]
	create_container
	[[ "$(cat "$said")" == *"being created"* ]]
	rt start "$ID"
}

@test "start of a container that is killed meanwhile is no success" {
	is crun runc && skip "waits for another thing"
	args /bin/true
	create_container
	local pid
	pid=$(rt state "$ID" | jq .pid)
	kill -STOP "$pid"
	rt start "$ID" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	wait_until grep -q start.sock /proc/net/unix
	sleep 0.2
	kill -KILL "$pid"
	run wait $!
	run cat "$BATS_TEST_TMPDIR/said"
	[[ "$output" == *"ended before it was started"* ]]
}

@test "delete --force ends a start that waits for a hook" {
	config '.hooks = {"startContainer": [{"path":"/bin/sh","args":["sh","-c","echo > /hooked; sleep 1000"]}]}'
	args /bin/true
	create_container
	rt start "$ID" 2>/dev/null 3>&- &
	wait_until test -e "$BUNDLE/rootfs/hooked"
	timeout 20 "$RUNTIME" --root "$ROOT" delete --force "$ID"
	wait
	nothing_left
}

@test "poststop hooks run when a hook fails the creation" {
	config --arg to "$BATS_TEST_TMPDIR/stopped" '.hooks = {
		"createRuntime": [{"path":"/bin/false"}],
		"poststop": [{"path":"/bin/sh","args":["sh","-c","cat > \($to)"]}]}'
	run run_container
	[ "$status" -ne 0 ]
	[ "$(jq -r .status "$BATS_TEST_TMPDIR/stopped")" = stopped ]
	nothing_left
}

@test "poststop hooks run once when a poststart hook fails run" {
	config --arg to "$BATS_TEST_TMPDIR/stopped" '.hooks = {
		"poststart": [{"path":"/bin/false"}],
		"poststop": [{"path":"/bin/sh","args":["sh","-c","cat >> \($to)"]}]}'
	args /bin/sleep 1000
	run run_container
	[ "$status" -ne 0 ]
	[ "$(jq -r .status "$BATS_TEST_TMPDIR/stopped")" = stopped ]
	nothing_left
}

@test "a startContainer hook, which is a program of the image, may do no more than the container's own" {
	is crun && skip "not in every version"
	config '.process.user = {"uid":1000,"gid":1000} | .process.noNewPrivileges = true
		| .process.capabilities = {"bounding":["CAP_KILL"]}
		| .linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["umask"],"action":"SCMP_ACT_ERRNO"}]}
		| .hooks.startContainer = [{"path":"/bin/sh","args":["sh","-c","cat /proc/self/status >/tmp/of-hook"],"env":["PATH=/bin"]}]'
	chmod 777 "$BUNDLE/rootfs/tmp"
	args /bin/cat /proc/self/status
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	local what='^(Uid|Gid|Groups|Cap[A-Z][a-z]*|NoNewPrivs|Seccomp|Seccomp_filters):'
	[ "$(grep -E "$what" "$BUNDLE/rootfs/tmp/of-hook")" = "$(grep -E "$what" <<<"$output")" ]
}
