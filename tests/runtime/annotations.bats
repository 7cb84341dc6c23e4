#!/usr/bin/env bats
# Annotations of config.json that the runtime acts upon (crun(1) "EXTENSIONS").
load bundle

setup_file() { common_setup_file; }

setup() {
	is runc && skip "crun's annotations"
	common_setup
}

teardown() { is runc || common_teardown; }

# The runtime with additional groups of its own.
with_groups() {
	setpriv --groups 1234,5678 "$RUNTIME" --root "$ROOT" "$@"
}

@test "run.oci.keep_original_groups keeps the caller's groups" {
	args /bin/grep Groups /proc/self/status
	run with_groups run --bundle "$BUNDLE" "$ID"
	[[ ! "$output" =~ 1234 ]]
	config '.annotations = {"run.oci.keep_original_groups": "1"}'
	run with_groups run --bundle "$BUNDLE" "$ID"
	[[ "$output" =~ 1234\ 5678 ]] || { echo "$output"; false; }
}

@test "run.oci.keep_original_groups counts in a user namespace and for exec, too" {
	is coffer || skip "not in this version"
	config '.annotations = {"run.oci.keep_original_groups": "1"} | .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	args /bin/sleep 1000
	with_groups run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	run rt exec "$ID" /bin/grep Groups /proc/1/status
	[[ "$output" =~ 1234\ 5678 ]] || { echo "$output"; false; }
	run with_groups exec "$ID" /bin/grep Groups /proc/self/status
	[[ "$output" =~ 1234\ 5678 ]] || { echo "$output"; false; }
}

@test "run.oci.pidfd_receiver gets a pidfd of the container's process" {
	is coffer || skip "not in this version"
	args /bin/sleep 1000
	config --arg path "$BATS_TEST_TMPDIR/socket" '.annotations = {"run.oci.pidfd_receiver": $path}'
	receive "$BATS_TEST_TMPDIR/socket" "$BATS_TEST_TMPDIR/pid"
	create_container
	wait "$RECEIVER"
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(rt state "$ID" | jq .pid)" ]
}

@test "run.oci.pidfd_receiver that nobody listens to is an error, and nothing is left" {
	is coffer || skip "not in this version"
	args /bin/sleep 1000
	config '.annotations = {"run.oci.pidfd_receiver": "/no/such/socket"}'
	run run_container
	refused 'annotations\["run.oci.pidfd_receiver"\].*/no/such/socket'
	nothing_left
}

@test "handlers that there are none of are warned of, and the program is run" {
	is coffer || skip "crun has, or refuses, them"
	args /bin/echo ran
	config '.annotations = {"run.oci.handler": "krun", "module.wasm.image/variant": "compat-smart"}'
	run run_container
	[ "$status" = 0 ]
	[[ "$output" == *'annotations["run.oci.handler"]: there is no handler "krun", the program is executed as it is'* ]]
	[[ "$output" == *'annotations["module.wasm.image/variant"]: there is no WebAssembly engine'* ]]
	[ "$(tail -1 <<<"$output")" = ran ]
}
