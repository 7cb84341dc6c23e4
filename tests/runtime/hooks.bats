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
		! is coffer || refused "hooks.$kind\[0\].*exit status 3" || false
		nothing_left
	done
}

@test "a failing startContainer hook is an error and the program does not run" {
	hook_inside startContainer 'exit 3'
	sh_args 'echo ran > /ran'
	run run_container
	[ "$status" != 0 ]
	[ ! -e "$BUNDLE/rootfs/ran" ]
	! is coffer || refused 'hooks.startContainer\[0\].*exit status 3' || false
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

# says FILE JQ: what the state that a hook got says.
says() {
	jq -r "$2" "$HOOKS/state-$1"
}

@test "the state has the status and the pid of its time" {
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind $kind "cat > $HOOKS/state-$kind"
	done
	hook_inside startContainer 'cat > /state'
	args /bin/sleep 1000
	create_container
	local pid
	pid=$(rt state "$ID" | jq .pid)
	rt start "$ID"
	rt delete --force "$ID"
	cp "$BUNDLE/rootfs/state" "$HOOKS/state-startContainer"
	is coffer || skip "the peers' differ: crun says created and starting"
	[ "$(says prestart '"\(.status) \(.pid)"')" = "creating $pid" ]
	[ "$(says createRuntime '"\(.status) \(.pid)"')" = "creating $pid" ]
	# "For hooks executed in the container namespace, it is the pid as seen by the container."
	[ "$(says createContainer '"\(.status) \(.pid)"')" = "creating 1" ]
	[ "$(says startContainer '"\(.status) \(.pid)"')" = "created 1" ]
	[ "$(says poststart '"\(.status) \(.pid)"')" = "running $pid" ]
	[ "$(says poststop '.status')" = stopped ]
}

@test "hooks of one kind run in the listed order, and none behind one that fails" {
	local kind
	for kind in prestart createRuntime createContainer; do
		config 'del(.hooks)'
		rm -f "$HOOKS/log"
		hook $kind one "echo one >> $HOOKS/log"
		hook $kind two "echo two >> $HOOKS/log; exit 1"
		hook $kind three "echo three >> $HOOKS/log"
		args /bin/true
		run run_container
		[ "$status" != 0 ]
		[ "$(paste -sd' ' "$HOOKS/log")" = "one two" ] || { echo "$kind: $(cat "$HOOKS/log")"; false; }
		! is coffer || refused "hooks.$kind\[1\]" || false
	done
}

@test "without args a hook gets its path as argv[0]; arguments are passed as they are" {
	ln -s "$BUNDLE/rootfs/bin/busybox" "$HOOKS/true" # does what argv[0] says
	config --arg path "$HOOKS/true" '.hooks = {"createRuntime": [{"path": $path}], "createContainer": [{"path": $path}]}'
	hook createContainer two "printf '%s|' \"\$@\" > $HOOKS/container"
	config '.hooks.createContainer[1].args = ["hook", "a b", "", "c"]'
	args /bin/true
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "$(cat "$HOOKS/container")" = "a b||c|" ]
}

@test "a hook without env has an empty environment, whatever the runtime's is" {
	is crun && skip "crun's hooks have the runtime's environment"
	local kind
	for kind in createRuntime createContainer poststart; do
		hook $kind $kind "cat < /proc/self/environ > $HOOKS/env-$kind"
	done
	config '.hooks |= map_values(map(del(.env)))'
	args /bin/true
	SECRET=x run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ ! -s "$HOOKS/env-createRuntime" ] && [ ! -s "$HOOKS/env-createContainer" ]
	[ ! -s "$HOOKS/env-poststart" ]
}

@test "the path of createContainer is the runtime's, that of startContainer the container's" {
	hook createContainer outside "test -e $HOOKS/outside && echo yes > $HOOKS/seen"
	hook_inside startContainer 'test ! -e /etc/debian_version && echo yes > /seen'
	args /bin/true
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "$(cat "$HOOKS/seen")" = yes ]
	[ "$(cat "$BUNDLE/rootfs/seen")" = yes ]
}

@test "poststart runs after the program is executed and before start returns" {
	hook poststart after "pid=\$(sed 's/.*\"pid\": *\([0-9]*\).*/\1/' | head -1)
		readlink /proc/\$pid/exe > $HOOKS/exe"
	args /bin/sleep 1000
	create_container
	[ ! -e "$HOOKS/exe" ]
	rt start "$ID"
	[ "$(cat "$HOOKS/exe")" = /bin/busybox ]
}

@test "a failing poststart hook fails start, ends the container and removes it; poststop runs" {
	is coffer || skip "runc leaves a stopped container, crun 1.8 a running one"
	hook poststart fail 'exit 3'
	hook poststop after "echo poststop >> $HOOKS/log"
	args /bin/sleep 1000
	create_container
	local pid
	pid=$(rt state "$ID" | jq .pid)
	run rt start "$ID"
	refused 'hooks.poststart\[0\].*exit status 3'
	[ "$(cat "$HOOKS/log")" = poststop ]
	nothing_left
	run ps -o stat= -p "$pid"
	[[ "$output" == "" || "$output" == Z* ]]
}

@test "a failing startContainer hook fails start, ends the container and removes it; poststop runs" {
	is coffer || skip "the peers leave a stopped container"
	hook_inside startContainer 'exit 3'
	hook poststart never "echo poststart >> $HOOKS/log"
	hook poststop after "echo poststop >> $HOOKS/log"
	sh_args 'echo ran > /ran'
	create_container
	run rt start "$ID"
	refused 'hooks.startContainer\[0\].*exit status 3'
	[ "$(cat "$HOOKS/log")" = poststop ]
	[ ! -e "$BUNDLE/rootfs/ran" ]
	nothing_left
}

@test "after a failing hook of create the poststop hooks run" {
	is coffer || skip "the peers differ"
	local kind
	for kind in prestart createRuntime createContainer; do
		config 'del(.hooks)'
		rm -f "$HOOKS/log"
		hook $kind fail 'exit 1'
		hook poststop after "echo poststop >> $HOOKS/log"
		args /bin/true
		run rt create --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ]
		[ "$(cat "$HOOKS/log")" = poststop ]
		nothing_left
	done
}

@test "all poststop hooks run, those that fail only warn" {
	is coffer || skip "the peers differ"
	hook poststop one 'exit 1'
	hook poststop two "echo two >> $HOOKS/log"
	start_sleeper
	run rt delete --force "$ID"
	[ "$status" = 0 ]
	[[ "$output" == *"hooks.poststop[0]"*"exit status 1"* ]]
	[ "$(cat "$HOOKS/log")" = two ]
	nothing_left
}

@test "poststop runs when the container's processes and cgroup are gone, and before its state is" {
	is coffer || skip "the peers differ"
	hook poststop look "find /sys/fs/cgroup -type d -path '*$CGROUP*' > $HOOKS/cgroups
		ls $ROOT > $HOOKS/state"
	start_sleeper
	rt delete --force "$ID"
	[ ! -s "$HOOKS/cgroups" ]
	[ "$(grep -c "$ID" "$HOOKS/state")" = 1 ]
	nothing_left
}

@test "hooks of every kind that run too long are killed with their children" {
	is coffer || skip "the peers kill the first process"
	local kind
	for kind in createRuntime createContainer poststart; do
		config 'del(.hooks)'
		hook $kind slow "sleep 1000 & echo \$! > $HOOKS/child; sleep 1000"
		config --arg kind $kind '.hooks[$kind][0].timeout = 1
			| .linux.namespaces |= map(select(.type != "pid"))'
		args /bin/sleep 1000
		run run_container
		refused "hooks.$kind\[0\].*hook ran past specified timeout"
		nothing_left
		wait_until is_gone "$(cat "$HOOKS/child")"
	done
	config 'del(.hooks)'
	hook_inside startContainer 'sleep 1000 & echo $! > /child; sleep 1000'
	config '.hooks.startContainer[0].timeout = 1'
	args /bin/sleep 1000
	run run_container
	refused "hooks.startContainer\[0\].*hook ran past specified timeout"
	wait_until is_gone "$(cat "$BUNDLE/rootfs/child")"
	nothing_left
}

@test "what hooks write goes to the files of crun's annotations" {
	is runc && skip "not in runc"
	local kind
	for kind in createRuntime createContainer poststart poststop; do
		hook $kind $kind "echo out-$kind; echo err-$kind >&2"
	done
	hook_inside startContainer 'echo out-startContainer; echo err-startContainer >&2'
	config --arg out "$HOOKS/out" --arg err "$HOOKS/err" \
		'.annotations = {"run.oci.hooks.stdout": $out, "run.oci.hooks.stderr": $err}'
	sh_args 'echo program'
	run run_container
	[ "$output" = program ] || { echo "$output"; false; }
	for kind in createRuntime createContainer startContainer poststart poststop; do
		grep -qx "out-$kind" "$HOOKS/out" || { echo "$kind: $(cat "$HOOKS/out")"; false; }
		grep -qx "err-$kind" "$HOOKS/err"
	done
}

@test "a file for the output of hooks that cannot be written is named" {
	is coffer || skip "not in this version"
	hook createContainer one true
	config '.annotations = {"run.oci.hooks.stdout": "/no/such/directory/file"}'
	args /bin/true
	run run_container
	refused 'annotations\["run.oci.hooks.stdout"\].*cannot write to "/no/such/directory/file": open'
	nothing_left
}

@test "files that hooks make have the usual modes" {
	is coffer || skip "the peers' are the caller's"
	hook createContainer one "echo > $HOOKS/made"
	hook_inside startContainer 'echo > /made'
	args /bin/true
	run run_container
	[ "$(stat -c %a "$HOOKS/made" "$BUNDLE/rootfs/made" | paste -sd' ')" = "644 644" ]
}

@test "a FIFO that nobody reads is no file for what hooks write" {
	is runc && skip "crun's annotation"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	config --arg to "$BATS_TEST_TMPDIR/fifo" '.annotations["run.oci.hooks.stdout"] = $to
		| .hooks = {"createRuntime": [{"path": "/bin/true"}]}'
	run timeout 20 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ] && [ "$status" != 124 ]
}
