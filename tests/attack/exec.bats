#!/usr/bin/env bats
# exec into a container that may trace its processes (CAP_SYS_PTRACE): what comes in is seen from the
# moment it is there, and must have nothing of the host's by then.
load ../runtime/bundle

setup_file() {
	common_setup_file
	compile watch.c "$BATS_FILE_TMPDIR/watch"
}

setup() {
	common_setup
	echo secret >"$BATS_TEST_TMPDIR/secret"
	cp "$BATS_FILE_TMPDIR/watch" "$BUNDLE/rootfs/bin/"
	args /bin/watch "$BATS_TEST_TMPDIR/secret" 60
	config '.process.capabilities[] |= (. // [] | . + ["CAP_SYS_PTRACE"] | unique) | .root.readonly = false
		| .process.capabilities.ambient = []'
}

teardown() { common_teardown; }

# Executes until the container has seen enough of it; prints what it found.
watch_execs() {
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	for _ in $(seq 12); do
		rt exec "$ID" /bin/sleep 0.1
	done
	touch "$BUNDLE/rootfs/stop"
	wait_until test -s "$BUNDLE/rootfs/result"
	cat "$BUNDLE/rootfs/result"
}

finds_nothing() {
	run watch_execs
	[[ "$output" == seen\ [1-9]*,\ escaped\ 0 ]] || { echo "$output"; false; }
}

@test "a container that may trace finds nothing of the host's in what is executed in it" {
	config '.process.noNewPrivileges = true'
	finds_nothing
}

@test "nor where new privileges are allowed and a filter has to be loaded with them" {
	config '.process.noNewPrivileges = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	finds_nothing
}

@test "nor in a container with a user namespace" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	finds_nothing
}
