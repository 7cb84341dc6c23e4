#!/usr/bin/env bats
# One system call fails: the command succeeds without it, or fails with one line and leaves nothing.
# FAULTS=all tries every system call instead of a sample.
load faults

setup_file() { common_setup_file; }
setup() { common_setup; needs_coffer; needs_strace; args /bin/sleep 1000; }
teardown() { common_teardown; }

# Calls that can fail so. Who cannot have memory aborts.
sample() {
	grep -vE '^(execve|mmap|munmap|mprotect|brk|close|fstat|newfstatat|statfs|rt_sig[a-z]*) ' |
		every "$1"
}

# create_with_fault N ERROR ARGUMENTS…
create_with_fault() {
	local n=$1 error=$2 call count
	shift 2
	calls_of "$RUNTIME" --root "$ROOT" create "$@" "$ID" >"$BATS_TEST_TMPDIR/points"
	rt delete --force "$ID"
	while read -r call count <&7; do
		with_fault "error=$error" "$call" "$count" "$RUNTIME" --root "$ROOT" create "$@" "$ID"
		if [ "$status" = 0 ]; then
			[ "$(status_of "$ID")" = created ]
			rt start "$ID"
			[ "$(status_of "$ID")" = running ]
			deleted_by_force
		else
			failed_cleanly
		fi || { echo "$error of $call $count: $said"; return 1; }
	done 7< <(sample "$n" <"$BATS_TEST_TMPDIR/points")
}

# with_fault_on_container N ERROR STATUS… -- VERB ARGUMENTS…: on one that runs; it can be deleted.
with_fault_on_container() {
	local n=$1 error=$2 allowed=' ' call count
	shift 2
	while [ "$1" != -- ]; do
		allowed+="$1 "
		shift
	done
	shift
	start_sleeper
	calls_of "$RUNTIME" --root "$ROOT" "$@" >"$BATS_TEST_TMPDIR/points"
	while read -r call count <&7; do
		with_fault "error=$error" "$call" "$count" "$RUNTIME" --root "$ROOT" "$@"
		# It may be the message itself that cannot be written.
		[[ "$allowed" == *" $status "* && ("$status" = 0 || $call = write || "$said" == coffer:*) ]] || {
			echo "$error of $call $count: status $status: $said"
			return 1
		}
	done 7< <(sample "$n" <"$BATS_TEST_TMPDIR/points")
	rt delete --force "$ID"
	no_trace_left
}

@test "create without a free descriptor for one call" {
	create_with_fault 5 EMFILE --bundle "$BUNDLE"
}

@test "create without memory for one call" {
	create_with_fault 6 ENOMEM --bundle "$BUNDLE"
}

@test "create of a container with a user namespace, a filter and hooks" {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .hooks = {"prestart": [{"path": "/bin/true"}], "poststop": [{"path": "/bin/true"}]}
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
			"syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	create_with_fault 12 ENOMEM --bundle "$BUNDLE"
}

@test "exec" {
	with_fault_on_container 8 ENOMEM 0 255 -- exec "$ID" true
}

@test "state" {
	with_fault_on_container 2 ENOMEM 0 1 -- state "$ID"
}

@test "list names every container, or says which it cannot" {
	local call count output
	start_sleeper
	calls_of "$RUNTIME" --root "$ROOT" list -q >"$BATS_TEST_TMPDIR/points"
	while read -r call count <&7; do
		with_fault error=EMFILE "$call" "$count" "$RUNTIME" --root "$ROOT" list -q
		output=$(timeout 5 cat <&8)
		[[ "$status" = 1 || "$output $said" == *"$ID"* ]] || {
			echo "EMFILE of $call $count: $output $said"
			return 1
		}
	done 7< <(sample 1 <"$BATS_TEST_TMPDIR/points")
}

@test "pause" {
	with_fault_on_container 3 ENOMEM 0 1 -- pause "$ID"
}

@test "delete --force can be tried again" {
	local call count
	start_sleeper
	calls_of "$RUNTIME" --root "$ROOT" delete --force "$ID" >"$BATS_TEST_TMPDIR/points"
	while read -r call count <&7; do
		start_sleeper
		with_fault error=ENOMEM "$call" "$count" "$RUNTIME" --root "$ROOT" delete --force "$ID"
		[ "$status" = 0 ] || [[ "$status" = 1 && "$said" == coffer:* ]]
		[ "$status" = 1 ] || no_trace_left
		deleted_by_force || { echo "ENOMEM of $call $count: $said"; return 1; }
	done 7< <(sample 3 <"$BATS_TEST_TMPDIR/points")
}
