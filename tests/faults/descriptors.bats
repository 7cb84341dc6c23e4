#!/usr/bin/env bats
# Standard output that takes nothing, standard descriptors that are closed, too few descriptors.
load faults

setup_file() { common_setup_file; }
setup() { common_setup; needs_coffer; args /bin/sleep 1000; }
teardown() { common_teardown; }

# not_written ARGUMENTS…: neither a full nor a closed standard output is taken for a good one.
not_written() {
	run bash -c '"$@" >/dev/full' sh "$RUNTIME" --root "$ROOT" "$@"
	refused '^coffer: cannot write to standard output: write: no space left on device$'
	run bash -c '"$@" >&-' sh "$RUNTIME" --root "$ROOT" "$@"
	refused '^coffer: cannot write to standard output: write: bad file descriptor$'
}

@test "what cannot be printed is an error: list, state, ps" {
	start_sleeper
	not_written list
	not_written list --quiet
	not_written list --format json
	not_written state "$ID"
	not_written ps --format json "$ID"
	[ "$(status_of "$ID")" = running ]
}

@test "what cannot be printed is an error: help, version, features, completion, plan" {
	not_written --help
	not_written --version
	not_written spec --help
	not_written features
	not_written completion bash
	not_written completion zsh
	not_written plan "$BUNDLE"
}

@test "who reads no further ends the program silently" {
	run bash -o pipefail -c '"$@" plan "$0" | true' "$BUNDLE" "$RUNTIME" --root "$ROOT"
	[[ "$status" = 0 || "$status" = 141 ]]
	[ -z "$output" ]
}

@test "spec needs no standard output, and says when the file cannot be written" {
	mkdir "$BATS_TEST_TMPDIR/new"
	run bash -c '"$@" >&-' sh "$RUNTIME" spec --bundle "$BATS_TEST_TMPDIR/new"
	[ "$status" = 0 ]
	jq -e .ociVersion "$BATS_TEST_TMPDIR/new/config.json"
}

@test "messages that cannot be written change no outcome" {
	config '.root.path = "nosuch"'
	run bash -c '"$@" 2>/dev/full' sh "$RUNTIME" --root "$ROOT" --log /dev/full create --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[ -z "$output" ]
	no_trace_left
	config '.root.path = "rootfs" | .process.args = ["/bin/true"]'
	run bash -c '"$@" 2>&-' sh "$RUNTIME" --root "$ROOT" --log /dev/full --debug run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	no_trace_left
}

@test "no file of the runtime takes the place of a closed standard descriptor" {
	sh_args 'for fd in 0 1 2; do readlink /proc/self/fd/$fd >>/seen || echo none >>/seen; done'
	config '.hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c",
		"ls -l /proc/self/fd >\($file)"]}]}' --arg file "$BATS_TEST_TMPDIR/hook"
	run bash -c '"$@" <&- >&- 2>&-' sh "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	no_trace_left
	cat "$BUNDLE/rootfs/seen" "$BATS_TEST_TMPDIR/hook"
	[ "$(wc -l <"$BUNDLE/rootfs/seen")" = 3 ]
	[ "$(grep -cvxE 'none|/dev/null|/seen' "$BUNDLE/rootfs/seen")" = 0 ]
	[ "$(grep -cE 'state|cgroup|memfd|lock' "$BATS_TEST_TMPDIR/hook")" = 0 ]
}

@test "a failure with standard error closed is written into no file" {
	local closed
	config '.mounts += [{"destination": "/data", "type": "nosuchfs", "source": "x"}]'
	for closed in '2>&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
		run bash -c "\"\$@\" $closed" sh "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ]
		no_trace_left
	done
}

@test "with any number of descriptors create succeeds, or fails and leaves nothing" {
	local limit
	for limit in $(seq 4 60); do
		attempt bash -c 'ulimit -n "$0" && exec "$@"' "$limit" \
			timeout 10 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ] || break
		failed_cleanly || { echo "with $limit descriptors"; return 1; }
		[[ "$said" == *"too many open files"* ]]
	done
	echo "$limit descriptors are enough"
	[ "$limit" -gt 10 ] && [ "$limit" -lt 60 ]
	rt start "$ID"
	[ "$(status_of "$ID")" = running ]
	deleted_by_force
}

@test "with any number of descriptors delete --force succeeds, or fails and can be tried again" {
	local limit
	start_sleeper
	for limit in $(seq 4 60); do
		attempt bash -c 'ulimit -n "$0" && exec "$@"' "$limit" \
			timeout 10 "$RUNTIME" --root "$ROOT" delete --force "$ID"
		[ "$status" != 0 ] || break
		[ "$status" = 1 ] && [[ "$said" == *"too many open files"* ]]
	done
	[ "$limit" -lt 60 ]
	no_trace_left
}
