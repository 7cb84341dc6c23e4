#!/usr/bin/env bats
# What peers got wrong, and the exit codes that callers see: coffer passes all of it; `report` and RUNTIME=runc|crun
# show what they do.
load conformance
bats_require_minimum_version 1.5.0

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

# ends_with CODE COMMAND…: the exit code of the runtime.
ends_with() {
	local code=$1
	shift
	run rt "$@"
	[ "$status" = "$code" ] || { echo "$*: $status instead of $code: $output"; return 1; }
}

# ---- exit codes ------------------------------------------------------------------------------------------------

@test "no command is help, an unknown command or flag is 1" {
	run "$RUNTIME"
	[ "$status" = 0 ]
	ends_with 1 no-such-command
	ends_with 1 --no-such-flag list
	ends_with 1 run --no-such-flag "$ID"
}

@test "a failing hook of create is 1" {
	config '.hooks.createRuntime = [{"path": "/bin/false"}]'
	args /bin/true
	ends_with 1 run --bundle "$BUNDLE" "$ID"
}

@test "what exec cannot do is 255: no container, no program, paused" {
	ends_with 255 exec no-such-container true
	start_sleeper
	ends_with 255 exec "$ID" /no/such/program
	rt pause "$ID"
	ends_with 255 exec "$ID" /bin/true
}

@test "a program that is not there is 1 of create and run, in words that engines read" {
	args /no/such/program
	ends_with 1 create --bundle "$BUNDLE" "$ID"
	[[ "${output,,}" == *"no such file or directory"* ]]
	ends_with 1 run --bundle "$BUNDLE" "$ID"
}

@test "a program's end by a signal is 128 and its number, else its own code" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chroot"], "action": "SCMP_ACT_KILL_PROCESS"}]}'
	args /bin/busybox chroot / /bin/true
	ends_with 159 run --bundle "$BUNDLE" "$ID" # SIGSYS
	sh_args 'exit 77'
	ends_with 77 run --bundle "$BUNDLE" "$ID"
}

@test "delete of nothing is 1, with --force 0" {
	ends_with 1 delete no-such-container
	ends_with 0 delete --force no-such-container
}

@test "start twice is 1 and says that it runs" {
	start_sleeper
	ends_with 1 start "$ID"
	[[ "$output" == *running* ]]
}

@test "an id in use, and one that is none, are 1" {
	start_sleeper
	ends_with 1 create --bundle "$BUNDLE" "$ID"
	local id
	for id in a/b . ..; do
		ends_with 1 create --bundle "$BUNDLE" "$id"
	done
}

@test "pause twice is 1" {
	start_sleeper
	rt pause "$ID"
	ends_with 1 pause "$ID"
}

@test "an empty list as json is null" {
	ends_with 0 list --format json
	[ "$output" = null ]
}

@test "a signal that is none is 1, RTMIN+3 is one" {
	start_sleeper
	ends_with 1 kill "$ID" NOSUCH
	ends_with 0 kill "$ID" RTMIN+3
}

# ---- seccomp ---------------------------------------------------------------------------------------------------

@test "profiles that differ in errnoRet alone are different profiles" {
	local errno words=("2 No such" "13 Permission" "38 not implemented")
	for errno in "${words[@]}"; do
		config --argjson errno "${errno%% *}" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
			"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": $errno}]}'
		runs 'mkdir /new'
		[[ "$output" == *"${errno#* }"* ]] || { echo "$errno: $output"; false; }
	done
}

@test "exec has the container's filter, user, limits and umask" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}
		| .process.user = {"uid": 1000, "gid": 1000, "umask": 63} | .process.rlimits = [{"type":"RLIMIT_NOFILE","soft":77,"hard":77}]'
	start_sleeper
	run rt exec "$ID" /bin/sh -c 'id -u; umask; ulimit -n; grep Seccomp: /proc/self/status | tr -d "\t"; mkdir /tmp/new 2>/dev/null || echo denied'
	[ "${lines[*]}" = "1000 0077 77 Seccomp:2 denied" ] || { echo "$output"; false; }
}

# ---- what a failure leaves -------------------------------------------------------------------------------------

@test "a create that fails leaves no cgroup, whatever it failed of" {
	local change
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/whole.json"
	args /bin/true
	for change in '.process.rlimits = [{"type":"RLIMIT_X","soft":1,"hard":1}]' '.linux.resources.memory.swappiness = 1000' \
		'.linux.resources.unified = {"nosuch.key": "1"}' '.linux.timeOffsets = {"monotonic": {"secs": 1}}' \
		'.process.args = ["/no/such/program"]' '.process.cwd = "/bin/busybox"' '.linux.sysctl = {"kernel.nosuch": "1"}' \
		'.mounts += [{"destination":"/m","type":"nosuchfs","source":"x"}]' '.process.apparmorProfile = "no-such-profile"' \
		'.linux.resources.hugepageLimits = [{"pageSize":"3MB","limit":1}]' '.hooks.prestart = [{"path":"/bin/false"}]'; do
		jq "$change" "$BATS_TEST_TMPDIR/whole.json" >"$BUNDLE/config.json"
		run rt run --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ] || { echo "ran: $change"; false; }
		nothing_left || { echo "$change"; false; }
	done
}

# ---- mounts ----------------------------------------------------------------------------------------------------

@test "an option that is unknown on a bind mount is an error" {
	config '.mounts += [{"destination":"/m","type":"bind","source":"/tmp","options":["rbind","no-such-option"]}]'
	run_fails
}

@test "rro is not lost on a mount that is no bind" {
	config '.mounts += [{"destination":"/m","type":"tmpfs","source":"tmpfs","options":["rro"]}]'
	runs 'touch /m/file 2>/dev/null || echo read-only'
	shows read-only
}

@test "a bind source is the host's, never one inside of the root" {
	mkdir -p "$BUNDLE/rootfs/only/inside"
	config '.mounts += [{"destination":"/m","type":"bind","source":"/only/inside","options":["rbind"]}]'
	run_fails
}

# ---- identity --------------------------------------------------------------------------------------------------

@test "the ids 4294967295 are errors, of the configuration and of exec" {
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/whole.json"
	local change
	for change in '.process.user.uid = 4294967295' '.process.user.gid = 4294967295' '.process.user.additionalGids = [4294967295]'; do
		jq "$change" "$BATS_TEST_TMPDIR/whole.json" >"$BUNDLE/config.json"
		run_fails || { echo "$change"; false; }
	done
	cp "$BATS_TEST_TMPDIR/whole.json" "$BUNDLE/config.json"
	start_sleeper
	run rt exec --user 4294967295 "$ID" /bin/id -u
	[ "$status" != 0 ]
}

@test "exec --cap adds to the container's, and a name that is none is told" {
	start_sleeper
	run rt exec --cap CAP_SYS_TIME "$ID" /bin/grep CapBnd /proc/self/status
	[ "$status" = 0 ]
	[ "$((16#${output##*[[:space:]]} & 1 << 5))" != 0 ] # CAP_KILL, which the example has
	[ "$((16#${output##*[[:space:]]} & 1 << 25))" != 0 ]
	run rt exec --cap CAP_NO_SUCH "$ID" /bin/true
	[[ "$output" == *CAP_NO_SUCH* ]]
}

@test "a relative working directory is an error" {
	config '.process.cwd = "tmp"'
	run_fails
}

@test "an AppArmor profile without AppArmor is an error" {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] || skip "AppArmor is on here"
	config '.process.apparmorProfile = "some-profile"'
	run_fails
}

@test "two rlimits of one type are an error" {
	config '.process.rlimits = [{"type":"RLIMIT_CORE","soft":1,"hard":1},{"type":"RLIMIT_CORE","soft":1,"hard":1}]'
	run_fails
}

# ---- verbs -----------------------------------------------------------------------------------------------------

@test "an expression that is none is an error of kill and delete --regex" {
	! is runc || skip "runc has no --regex" || false
	ends_with 1 kill --regex '[' TERM
	ends_with 1 delete --regex '['
}

@test "the pid file is readable by all, writable by its owner, and replaces what was there" {
	args /bin/true
	echo precious >"$BATS_TEST_TMPDIR/precious"
	ln -s "$BATS_TEST_TMPDIR/precious" "$BATS_TEST_TMPDIR/pid"
	rt create --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/pid")" = 644 ]
	[ "$(cat "$BATS_TEST_TMPDIR/precious")" = precious ]
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(rt state "$ID" | jq .pid)" ]
}

@test "exec is what the container is, not what its bundle has become" {
	config '.process.env += ["A=before"] | .process.user.uid = 1000'
	start_sleeper
	config '.process.env += ["A=after"] | .process.user.uid = 0'
	run rt exec "$ID" /bin/sh -c 'echo $A; id -u'
	[ "${lines[*]}" = "before 1000" ]
	rm "$BUNDLE/config.json"
	run rt exec "$ID" /bin/sh -c 'echo $A'
	[ "$output" = before ]
}

@test "a container that was sent a signal it outlives is still running" {
	sh_args 'trap "" USR1; echo > /ready; while :; do sleep 0.05; done'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -e "$BUNDLE/rootfs/ready"
	rt kill "$ID" USR1
	has_status "$ID" running
}

@test "a failing poststop hook does not keep delete from finishing" {
	config '.hooks.poststop = [{"path": "/bin/false"}]'
	start_sleeper
	ends_with 0 delete --force "$ID"
	nothing_left
}

@test "a hook that is timed out takes its children along" {
	printf '#!/bin/sh\nsleep 1000 & echo $! > %s/child; sleep 1000\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/hook"
	chmod +x "$BATS_TEST_TMPDIR/hook"
	config --arg path "$BATS_TEST_TMPDIR/hook" '.hooks.prestart = [{"path": $path, "timeout": 1, "env": ["PATH=/bin:/usr/bin"]}]'
	run_fails
	local child
	child=$(cat "$BATS_TEST_TMPDIR/child")
	wait_until has_ended "$child" || { kill "$child"; false; }
}

has_ended() {
	! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

@test "a script whose interpreter is missing is told with the interpreter's name" {
	printf '#!/no/such/interpreter\n' >"$BUNDLE/rootfs/bin/script"
	chmod +x "$BUNDLE/rootfs/bin/script"
	args /bin/script
	run run_container
	[ "$status" != 0 ]
	[[ "$output" == */no/such/interpreter* ]]
}
