#!/usr/bin/env bats
# config.md "POSIX-platform Hooks" and what runtime.md's lifecycle says of them.
load conformance

setup_file() { common_setup_file; }
teardown() { common_teardown; }

# A program that writes what a hook can see of its place into /log of the root, wherever it runs: its name, the
# mount and pid namespace, whether the container's root is / already, and whether the program has run.
setup() {
	common_setup
	HOOKS=$BATS_TEST_TMPDIR/hooks
	mkdir "$HOOKS"
	# The test's directory is the same path inside the root, for hooks that run there.
	mkdir -p "$BUNDLE/rootfs$HOOKS"
}

# hook KIND NAME SCRIPT: one more hook of that kind. Its path is in the runtime's namespace, for startContainer
# in the container's. LOG is where it can write so that we can read it.
hook() {
	local where=$HOOKS shell=/bin/bash
	[ "$1" = startContainer ] && where=$BUNDLE/rootfs$HOOKS shell=/bin/sh
	printf '#!%s\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n%s\n' "$shell" "$3" >"$where/$2"
	chmod +x "$where/$2"
	config --arg kind "$1" --arg path "$HOOKS/$2" '.hooks[$kind] += [{"path": $path, "args": ["hook"]}]'
}

# log_of KIND: what its hooks wrote to $HOOKS/KIND.
log_of() {
	if [ "$1" = startContainer ]; then cat "$BUNDLE/rootfs$HOOKS/log" 2>/dev/null; else cat "$HOOKS/log" 2>/dev/null; fi
}

# invoked KIND: a whole life of a container calls the hook once.
invoked() {
	hook "$1" one "echo called >> $HOOKS/log"
	args /bin/true
	run run_container
	succeeded
	[ "$(log_of "$1")" = called ]
}

@test "prestart hooks are invoked" { invoked prestart; }
@test "createRuntime hooks are invoked" { invoked createRuntime; }
@test "createContainer hooks are invoked" { invoked createContainer; }
@test "startContainer hooks are invoked" { invoked startContainer; }
@test "poststart hooks are invoked" { invoked poststart; }
@test "poststop hooks are invoked" { invoked poststop; }

# fails_create KIND: create is an error, the container is gone, poststop hooks ran.
fails_create() {
	hook "$1" one 'exit 3'
	hook poststop after "echo poststop >> $HOOKS/log"
	args /bin/true
	run rt create --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	nothing_left
	[ "$(cat "$HOOKS/log")" = poststop ]
}

@test "a failing prestart hook: an error, the container is destroyed, poststop hooks run" { fails_create prestart; }
@test "a failing createRuntime hook: an error, the container is destroyed, poststop hooks run" { fails_create createRuntime; }
@test "a failing createContainer hook: an error, the container is destroyed, poststop hooks run" { fails_create createContainer; }

# fails_start KIND: create succeeds, start is an error, nothing runs, the container is destroyed.
fails_start() {
	hook "$1" one 'exit 3'
	hook poststop after "echo poststop >> $HOOKS/log"
	args /bin/sleep 1000
	create_container
	local pid
	pid=$(rt state "$ID" | jq .pid)
	run rt start "$ID"
	[ "$status" != 0 ]
	wait_until has_ended "$pid"
	nothing_left
	[ "$(cat "$HOOKS/log")" = poststop ]
}

has_ended() {
	! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

@test "a failing startContainer hook: an error, the container is destroyed, poststop hooks run" { fails_start startContainer; }
@test "a failing poststart hook: an error, the container is destroyed, poststop hooks run" { fails_start poststart; }

@test "a failing startContainer hook keeps the program from running" {
	hook startContainer one 'exit 3'
	sh_args 'echo ran > /ran'
	create_container
	run rt start "$ID"
	[ "$status" != 0 ]
	[ ! -e "$BUNDLE/rootfs/ran" ]
}

@test "a failing poststop hook is a warning: the others run, delete succeeds" {
	hook poststop one "echo one >> $HOOKS/log; exit 3"
	hook poststop two "echo two >> $HOOKS/log"
	start_sleeper
	run rt delete --force "$ID"
	[ "$status" = 0 ]
	[ -n "$output" ]
	[ "$(paste -sd' ' "$HOOKS/log")" = "one two" ]
	nothing_left
}

@test "hooks are called in the listed order, and not behind one that fails" {
	hook prestart one "echo one >> $HOOKS/log"
	hook prestart two "echo two >> $HOOKS/log; exit 1"
	hook prestart three "echo three >> $HOOKS/log"
	args /bin/true
	run run_container
	[ "$status" != 0 ]
	[ "$(paste -sd' ' "$HOOKS/log")" = "one two" ]
}

@test "prestart comes before createRuntime, that before createContainer" {
	hook createContainer c "echo createContainer >> $HOOKS/log"
	hook createRuntime b "echo createRuntime >> $HOOKS/log"
	hook prestart a "echo prestart >> $HOOKS/log"
	args /bin/true
	create_container
	[ "$(paste -sd' ' "$HOOKS/log")" = "prestart createRuntime createContainer" ]
}

# Of create: the container's namespaces exist, its mounts are made, its root is not yet /.
made_not_pivoted() {
	hook "$1" one "pid=\$(sed -n 's/.*\"pid\": *\([0-9][0-9]*\).*/\1/p' | head -1)
		[ \$pid -gt 1 ] || pid=self
		readlink /proc/\$pid/ns/uts > $HOOKS/uts
		grep -c ' $BUNDLE/rootfs/dev/shm ' /proc/\$pid/mountinfo > $HOOKS/mounts || true
		test -e $BUNDLE/config.json && echo host > $HOOKS/root"
	args /bin/sleep 1000
	create_container
	[ "$(cat "$HOOKS/uts")" = "$(readlink "/proc/$(rt state "$ID" | jq .pid)/ns/uts")" ]
	[ "$(cat "$HOOKS/mounts")" = 1 ]
	[ "$(cat "$HOOKS/root")" = host ]
}

@test "prestart hooks are called when the environment is made, before pivot_root" { made_not_pivoted prestart; }
@test "createRuntime hooks are called when the environment is made, before pivot_root" { made_not_pivoted createRuntime; }
@test "createContainer hooks are called when the environment is made, before pivot_root" { made_not_pivoted createContainer; }

@test "startContainer hooks are called by start, before the program" {
	hook startContainer one "test -e /ran && echo late > $HOOKS/log || echo early > $HOOKS/log"
	sh_args 'echo > /ran'
	create_container
	[ -z "$(log_of startContainer)" ]
	rt start "$ID"
	wait_until test -e "$BUNDLE/rootfs/ran"
	[ "$(log_of startContainer)" = early ]
}

@test "poststart hooks are called after the program was executed, before start returns" {
	hook poststart one "pid=\$(sed -n 's/.*\"pid\": *\([0-9][0-9]*\).*/\1/p' | head -1); cat /proc/\$pid/comm > $HOOKS/log"
	args /bin/sleep 1000
	create_container
	rt start "$ID"
	[ "$(cat "$HOOKS/log")" = sleep ]
}

@test "poststop hooks are called when the container is deleted, before delete returns" {
	hook poststop one "cat > $HOOKS/state; find /sys/fs/cgroup -type d -path '*$CGROUP' > $HOOKS/cgroups"
	start_sleeper
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	[ ! -e "$HOOKS/state" ]
	rt delete "$ID"
	[ -s "$HOOKS/state" ]
	[ ! -s "$HOOKS/cgroups" ]
}

# in_runtime KIND: the hook's path and its namespaces are the runtime's.
in_runtime() {
	hook "$1" one "for kind in mnt uts pid net; do readlink /proc/self/ns/\$kind; done > $HOOKS/log"
	args /bin/true
	run run_container
	succeeded
	[ "$(cat "$HOOKS/log")" = "$(for kind in mnt uts pid net; do readlink /proc/self/ns/$kind; done)" ]
}

@test "prestart hooks are found and executed in the runtime's namespace" { in_runtime prestart; }
@test "createRuntime hooks are found and executed in the runtime's namespace" { in_runtime createRuntime; }
@test "poststart hooks are found and executed in the runtime's namespace" { in_runtime poststart; }
@test "poststop hooks are found and executed in the runtime's namespace" { in_runtime poststop; }

# in_container KIND: the hook's namespaces are the container's.
in_container() {
	hook "$1" one "for kind in mnt uts net; do readlink /proc/self/ns/\$kind; done > $HOOKS/log"
	args /bin/sleep 1000
	create_container
	local pid kind
	pid=$(rt state "$ID" | jq .pid)
	rt start "$ID"
	[ "$(log_of "$1")" = "$(for kind in mnt uts net; do readlink "/proc/$pid/ns/$kind"; done)" ]
}

@test "createContainer hooks are found in the runtime's namespace and executed in the container's" { in_container createContainer; }
@test "startContainer hooks are found and executed in the container's namespace" { in_container startContainer; }

@test "the state is passed over standard input to each" {
	local kind
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		hook $kind $kind "cat > $HOOKS/state-$kind"
	done
	config '.annotations = {"k": "v"}'
	args /bin/true
	run run_container
	succeeded
	mv "$BUNDLE/rootfs$HOOKS/state-startContainer" "$HOOKS"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		jq -e --arg id "$ID" --arg bundle "$BUNDLE" '.id == $id and .bundle == $bundle and .annotations.k == "v"
			and (.ociVersion | type == "string")' "$HOOKS/state-$kind" || { echo "$kind"; false; }
	done
	[ "$(jq -r .status "$HOOKS/state-createRuntime")" = creating ]
	[ "$(jq -r .status "$HOOKS/state-poststart")" = running ]
	[ "$(jq -r .status "$HOOKS/state-poststop")" = stopped ]
}

@test "a relative path of a hook is an error" {
	config '.hooks.prestart = [{"path": "bin/true"}]'
	run_fails
}

@test "a hook without a path is an error" {
	config '.hooks.prestart = [{"args": ["true"]}]'
	run_fails
}

@test "a timeout of zero or less is an error" {
	config '.hooks.createRuntime = [{"path": "/bin/true", "timeout": 0}]'
	run_fails
	config '.hooks.createRuntime = [{"path": "/bin/true", "timeout": -1}]'
	run_fails
}

@test "a hook that outlives its timeout fails" {
	hook createRuntime slow 'exec sleep 1000'
	config '.hooks.createRuntime[0].timeout = 1'
	run_fails
}
