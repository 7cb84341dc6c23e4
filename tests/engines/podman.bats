#!/usr/bin/env bats
# podman with coffer as its runtime: what its users do first. No network is made (--network none),
# cgroups by cgroupfs, a store of its own.

: "${RUNTIME:=coffer}"

setup_file() {
	RUNTIME=$(command -v "$RUNTIME")
	export RUNTIME CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf
	local name root=$BATS_FILE_TMPDIR/image applet
	name=$(basename "$RUNTIME")
	cat >"$CONTAINERS_CONF" <<-CONF
		[containers]
		# The test machine lacks CAP_SYS_RESOURCE: podman's default limits cannot be raised there.
		default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
		[engine]
		runtime = "$name"
		runtime_supports_json = ["$name"]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[engine.runtimes]
		$name = ["$RUNTIME"]
	CONF
	mkdir -p "$root"/{bin,etc,tmp,root}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in sh ls cat echo sleep id true hostname tty touch grep; do
		ln -s busybox "$root/bin/$applet"
	done
	echo 'root:x:0:0::/root:/bin/sh' >"$root/etc/passwd"
	tar -C "$root" -cf "$BATS_FILE_TMPDIR/image.tar" .
	podman import --change CMD=/bin/sh --change ENV=PATH=/bin "$BATS_FILE_TMPDIR/image.tar" localhost/bb:1
}

# conmon leaves a file named oom where it was started.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	podman rm --all --force >/dev/null
	podman rmi --all --force >/dev/null
	local store=$BATS_FILE_TMPDIR/podman
	awk -v below="$store/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | tac | xargs -r -n1 umount
	rm -rf "$store"
	find /sys/fs/cgroup -depth -type d -path '*/coffer-test-podman*' -exec rmdir {} + 2>/dev/null || true
	find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} + 2>/dev/null || true
}

podman() {
	command podman --root "$BATS_FILE_TMPDIR/podman/root" --runroot "$BATS_FILE_TMPDIR/podman/run" \
		--tmpdir "$BATS_FILE_TMPDIR/podman/tmp" --storage-driver overlay "$@" 3>&-
}

@test "podman run --rm prints the program's output and gives its exit code" {
	run podman run --rm --network none localhost/bb:1 sh -c 'echo from inside; exit 3'
	[ "$status" = 3 ]
	[ "$output" = "from inside" ]
}

@test "podman --runtime PATH works as well" {
	run podman --runtime "$RUNTIME" run --rm --network none localhost/bb:1 echo yes
	[ "$status" = 0 ]
	[ "$output" = yes ]
}

@test "a missing program ends with 127, one that is not executable with 126" {
	run podman run --rm --network none localhost/bb:1 nosuchprogram
	[ "$status" = 127 ]
	run podman run --rm --network none localhost/bb:1 /no/such
	[ "$status" = 127 ]
	run podman run --rm --network none localhost/bb:1 /etc/passwd
	[ "$status" = 126 ]
}

# The program lives on a little: conmon 2.1 may lose what a terminal's program wrote when it ends
# within milliseconds of its start.
@test "podman run -it has a terminal" {
	run script -qec "$(declare -f podman); BATS_FILE_TMPDIR=$BATS_FILE_TMPDIR; podman run --rm -it --network none localhost/bb:1 sh -c 'tty; sleep 0.3'" /dev/null </dev/null
	[[ "$output" == *"/dev/pts/0"* ]]
}

@test "a detached container: exec, top, logs, pause, stop, rm" {
	podman run -d --name d --network none localhost/bb:1 sh -c 'echo logged; trap "exit 0" TERM; while :; do sleep 0.1; done'
	[ "$(podman exec d echo executed)" = executed ]
	run podman exec d sh -c 'exit 9'
	[ "$status" = 9 ]
	[[ "$(podman top d)" == *sh* ]]
	[ "$(podman logs d)" = logged ]
	podman pause d
	[ "$(podman inspect d --format '{{.State.Status}}')" = paused ]
	podman unpause d
	podman stop --time 5 d
	[ "$(podman inspect d --format '{{.State.Status}} {{.State.ExitCode}}')" = "exited 0" ]
	podman rm d
}

@test "limits bite: pids, and memory with the OOM killer" {
	run podman run --rm --network none --pids-limit 5 localhost/bb:1 sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
	[[ "$output" == *"fork"* ]]
	run podman run --rm --network none --memory 20m --memory-swap 20m localhost/bb:1 sh -c 'x=xxxxxxxx; while :; do x=$x$x; done'
	[ "$status" = 137 ]
}

@test "users, capabilities, read-only roots and seccomp are podman's" {
	[ "$(podman run --rm --network none --user 1000:1000 localhost/bb:1 id -u)" = 1000 ]
	[[ "$(podman run --rm --network none --cap-drop all localhost/bb:1 grep CapEff /proc/self/status)" == *0000000000000000 ]]
	run podman run --rm --network none --read-only localhost/bb:1 touch /x
	[ "$status" != 0 ]
	[[ "$(podman run --rm --network none localhost/bb:1 grep Seccomp: /proc/self/status)" == *2 ]]
}

@test "a user namespace by --uidmap" {
	run podman run --rm --network none --uidmap 0:200000:1000 --gidmap 0:200000:1000 localhost/bb:1 sh -c 'id -u; cat /proc/self/uid_map'
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" == *200000* ]]
}

@test "a pod shares its namespaces" {
	skip_without_pause
	podman pod create --name p --network none --infra-image localhost/bb:1 --infra-command 'sleep 1000'
	podman run -d --pod p --name a localhost/bb:1 sleep 1000
	[ "$(podman exec a hostname)" = p ]
	podman pod rm --force p
}

# podman's own pause image needs catatonit.
skip_without_pause() {
	[ -x /usr/libexec/podman/catatonit ] || command -v catatonit >/dev/null || skip "needs the package catatonit"
}
