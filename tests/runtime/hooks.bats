#!/usr/bin/env bats
# Hooks of all six kinds (config.md "POSIX-platform Hooks").
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; HOOKS=$BATS_TEST_TMPDIR/hooks; mkdir "$HOOKS"; }
teardown() { common_teardown; }

# hook KIND NAME SCRIPT: add a hook that runs a script.
hook() {
	printf '#!/bin/bash\n%s\n' "$3" >"$HOOKS/$2"
	chmod +x "$HOOKS/$2"
	config --arg kind "$1" --arg path "$HOOKS/$2" '.hooks[$kind] += [{"path": $path, "args": ["hook"], "env": ["A=b"]}]'
}

# A hook inside the container's root.
hook_inside() {
	printf '#!/bin/sh\n%s\n' "$2" >"$BUNDLE/rootfs/bin/hook"
	chmod +x "$BUNDLE/rootfs/bin/hook"
	config --arg kind "$1" '.hooks[$kind] += [{"path": "/bin/hook", "args": ["hook"], "env": ["PATH=/bin"]}]'
}

@test "hooks run in the order of the specification" {
	local kind
	for kind in prestart createRuntime poststart poststop; do
		hook $kind $kind "echo $kind >> $HOOKS/log"
	done
	hook createContainer createContainer "echo createContainer >> $HOOKS/log"
	hook_inside startContainer 'echo startContainer >> /log'
	args /bin/sleep 1000
	create_container
	[ "$(paste -sd' ' "$HOOKS/log")" = "prestart createRuntime createContainer" ]
	[ ! -e "$BUNDLE/rootfs/log" ]
	rt start "$ID"
	[ "$(cat "$BUNDLE/rootfs/log")" = startContainer ]
	[ "$(tail -1 "$HOOKS/log")" = poststart ]
	rt delete --force "$ID"
	[ "$(tail -1 "$HOOKS/log")" = poststop ]
}

@test "every hook gets the state on its standard input" {
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind $kind "cat > $HOOKS/state-$kind"
	done
	hook_inside startContainer 'cat > /state'
	config '.annotations = {"k": "v"}'
	args /bin/sleep 1000
	create_container
	local pid
	pid=$(rt state "$ID" | jq .pid)
	rt start "$ID"
	rt delete --force "$ID"
	for kind in prestart createRuntime createContainer poststart poststop; do
		jq -e --arg id "$ID" --arg bundle "$BUNDLE" '.id == $id and .bundle == $bundle
			and .annotations.k == "v" and (.status | type == "string") and .ociVersion' \
			"$HOOKS/state-$kind" || { echo "$kind: $(cat "$HOOKS/state-$kind")"; false; }
	done
	jq -e --arg id "$ID" '.id == $id' "$BUNDLE/rootfs/state"
	[ "$(jq .pid "$HOOKS/state-prestart")" = "$pid" ]
	[ "$(jq -r .status "$HOOKS/state-poststop")" = stopped ]
}

@test "a hook has exactly its configured environment and arguments" {
	SECRET=x hook prestart environment "env > $HOOKS/env; printf '%s\n' \"\$0\" \"\$@\" > $HOOKS/args"
	args /bin/true
	SECRET=x run run_container
	[ "$status" = 0 ]
	grep -qx A=b "$HOOKS/env"
	! grep -q SECRET "$HOOKS/env"
}

@test "runtime hooks run in the runtime's mount namespace, createContainer in the container's" {
	hook createRuntime one "readlink /proc/self/ns/mnt > $HOOKS/runtime"
	hook createContainer two "readlink /proc/self/ns/mnt > $HOOKS/container"
	args /bin/true
	run run_container
	[ "$status" = 0 ]
	[ "$(cat "$HOOKS/runtime")" = "$(readlink /proc/self/ns/mnt)" ]
	[ "$(cat "$HOOKS/container")" != "$(readlink /proc/self/ns/mnt)" ]
}

@test "mounts that a createRuntime hook makes in the container's namespace are seen" {
	mkdir "$BUNDLE/rootfs/given"
	hook createRuntime mount "pid=\$(sed 's/.*\"pid\": *\([0-9]*\).*/\1/' | head -1)
		nsenter -t \$pid -m mount -t tmpfs given $BUNDLE/rootfs/given
		nsenter -t \$pid -m touch $BUNDLE/rootfs/given/file"
	config '.root.readonly = true'
	args /bin/ls /given
	run run_container
	[ "$output" = file ] || { echo "$output"; false; }
	[ -z "$(ls "$BUNDLE/rootfs/given")" ]
}

@test "a failing hook before start stops the creation and leaves nothing" {
	local kind
	for kind in prestart createRuntime createContainer; do
		config 'del(.hooks)'
		hook $kind "fail-$kind" 'exit 3'
		args /bin/true
		run rt create --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ]
		! is coffer || refused "hooks.$kind\[0\].*exit status 3"
		nothing_left
	done
}

@test "a failing startContainer hook is an error and the program does not run" {
	hook_inside startContainer 'exit 3'
	sh_args 'echo ran > /ran'
	run run_container
	[ "$status" != 0 ]
	[ ! -e "$BUNDLE/rootfs/ran" ]
	! is coffer || refused 'hooks.startContainer\[0\].*exit status 3'
	rt delete --force "$ID"
	nothing_left
}

@test "a failing poststop hook does not keep the container" {
	hook poststop fail 'exit 1'
	start_sleeper
	run rt delete --force "$ID"
	is runc || [ "$status" = 0 ]
	nothing_left
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

@test "a hook that runs too long is killed with its children" {
	hook prestart slow "sleep 1000 & echo \$! > $HOOKS/child; sleep 1000"
	config '.hooks.prestart[0].timeout = 1'
	args /bin/true
	run run_container
	refused '[Tt]ime'
	nothing_left
	if is coffer; then
		wait_until is_gone "$(cat "$HOOKS/child")" # killed; its new parent reaps it
	else
		kill "$(cat "$HOOKS/child")" 2>/dev/null || true
	fi
}

@test "a hook that does not exist is named" {
	config '.hooks.prestart = [{"path": "/no/such/hook"}]'
	args /bin/true
	run run_container
	refused '/no/such/hook|no such file|No such file'
	nothing_left
}
