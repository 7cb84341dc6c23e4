#!/usr/bin/env bats
# The life of a container: verbs, states, outputs, exit codes (runtime.md "Lifecycle", runc).
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "run of /bin/true ends with 0 and leaves nothing" {
	args /bin/true
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	nothing_left
}

@test "run gives the program's exit code" {
	sh_args 'exit 42'
	run run_container
	[ "$status" = 42 ]
	nothing_left
}

@test "run of a program killed by a signal ends with 128 and its number" {
	sh_args 'kill -SEGV $$'
	# The first process of a pid namespace gets no signal that it does not handle.
	config '.linux.namespaces |= map(select(.type != "pid"))'
	run run_container
	[ "$status" = 139 ]
}

@test "run passes standard input, output and error through" {
	sh_args 'cat; echo to-stderr >&2'
	run bash -c "echo from-stdin | $RUNTIME --root $ROOT run --bundle $BUNDLE $ID 2>$BATS_TEST_TMPDIR/err"
	[ "$status" = 0 ]
	[ "$output" = from-stdin ]
	grep -q to-stderr "$BATS_TEST_TMPDIR/err"
}

@test "create leaves a container that is created, and its program has not run" {
	sh_args 'echo ran > /ran'
	create_container
	[ "$(status_of "$ID")" = created ]
	[ ! -e "$BUNDLE/rootfs/ran" ]
}

@test "start runs the program; the container is stopped when it ends" {
	sh_args 'echo ran > /ran'
	create_container
	rt start "$ID"
	wait_until has_status "$ID" stopped
	[ "$(cat "$BUNDLE/rootfs/ran")" = ran ]
	rt delete "$ID"
	nothing_left
}

@test "state prints the specification's fields" {
	config '.annotations = {"org.example.key": "value"}'
	start_sleeper
	run rt state "$ID"
	[ "$status" = 0 ]
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" --arg owner "$(id -un)" '
		.id == $id and .status == "running" and .bundle == $bundle and (.pid > 0)
		and (.ociVersion | type == "string") and .annotations["org.example.key"] == "value"
		and (.created | test("^[0-9-]+T[0-9:.]+Z$")) and .owner == $owner' <<<"$output"
	kill -0 "$(jq .pid <<<"$output")"
}

@test "the pid of a stopped container is 0 or absent" {
	args /bin/true
	create_container
	rt start "$ID"
	wait_until has_status "$ID" stopped
	[ "$(rt state "$ID" | jq '.pid // 0')" = 0 ]
}

@test "a second container of the same id is refused and the first lives on" {
	start_sleeper
	run rt create --bundle "$BUNDLE" "$ID"
	refused 'exist'
	[ "$(status_of "$ID")" = running ]
}

@test "of two creates of one id at the same time one wins" {
	args /bin/sleep 1000
	local i ok=0 pids=()
	for i in 1 2 3 4; do
		rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" && ok=$((ok + 1))
	done
	[ "$ok" = 1 ]
	[ "$(status_of "$ID")" = created ]
}

@test "ids that are paths or dots are refused" {
	local id
	args /bin/true
	for id in ../x a/b . .. 'a b' ''; do
		run rt run --bundle "$BUNDLE" "$id"
		[ "$status" != 0 ] || { echo "accepted: '$id'"; false; }
	done
	[ ! -e "$BATS_TEST_TMPDIR/x" ]
	nothing_left
}

@test "kill sends a signal by name, by name with SIG, and by number" {
	local signal
	for signal in TERM SIGTERM 15; do
		sh_args 'trap "exit 7" TERM; echo ready > /ready; while :; do sleep 0.01; done'
		rm -f "$BUNDLE/rootfs/ready"
		rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
		wait_until test -e "$BUNDLE/rootfs/ready"
		rt kill "$ID" $signal
		wait_until has_status "$ID" stopped
		rt delete "$ID"
	done
}

@test "kill of a stopped container says that it is not running" {
	args /bin/true
	create_container
	rt start "$ID"
	wait_until has_status "$ID" stopped
	run rt kill "$ID" TERM
	refused 'not running|No such process'
}

@test "kill with an unknown signal is refused" {
	start_sleeper
	run rt kill "$ID" NOSUCH
	refused 'signal'
	[ "$(status_of "$ID")" = running ]
}

@test "kill and delete --regex take all that match, and refuse what is no expression" {
	is coffer || skip "runc has no --regex, crun 1.8 takes a broken one"
	start_sleeper
	run rt delete --regex '['
	refused 'regex'
	run rt kill --regex '['
	refused 'regex'
	rt kill --regex 'nothing-.*' KILL
	[ "$(status_of "$ID")" = running ]
	rt kill --regex "^test-$BATS_TEST_NUMBER-.*" KILL
	wait_until has_status "$ID" stopped
	rt delete --regex "^test-$BATS_TEST_NUMBER-.*"
	nothing_left
}

@test "delete of a running container is refused, with --force it kills" {
	start_sleeper
	run rt delete "$ID"
	refused 'not stopped|running'
	rt delete --force "$ID"
	nothing_left
}

@test "delete removes a created container" {
	args /bin/true
	create_container
	rt delete "$ID"
	nothing_left
}

@test "delete of nothing fails, with --force it is success" {
	run rt delete nosuch
	refused 'does not exist'
	rt delete --force nosuch
}

@test "start of a running container is refused" {
	start_sleeper
	run rt start "$ID"
	refused 'running|fifo|fail'
}

@test "start of a container that does not exist is refused" {
	run rt start nosuch
	refused 'does not exist'
}

@test "list shows id, pid, status and bundle; -q only ids; json an array" {
	start_sleeper
	run rt list
	[[ "$output" == *"$ID"*running*"$BUNDLE"* ]]
	[ "$(rt list -q)" = "$ID" ]
	rt list --format json | jq -e --arg id "$ID" 'length == 1 and .[0].id == $id and .[0].status == "running"'
}

@test "ps --format json prints the host pids as an array" {
	start_sleeper
	[ "$(rt ps --format json "$ID" | jq -c .)" = "[$(rt state "$ID" | jq .pid)]" ]
}

@test "ps prints the lines of ps that belong to the container" {
	is crun && skip "crun prints pids only"
	start_sleeper
	run rt ps "$ID"
	[ "$status" = 0 ]
	[[ "${lines[0]}" == *PID* ]]
	[ "${#lines[@]}" = 2 ]
	[[ "${lines[1]}" == *"sleep 1000"* ]]
}

@test "pause freezes, resume thaws" {
	start_sleeper
	rt pause "$ID"
	[ "$(status_of "$ID")" = paused ]
	rt resume "$ID"
	[ "$(status_of "$ID")" = running ]
}

@test "a paused container can be deleted by force" {
	start_sleeper
	rt pause "$ID"
	rt delete --force "$ID"
	nothing_left
}

@test "run writes the pid file with the pid and nothing else" {
	args /bin/sleep 1000
	rt run --detach --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(rt state "$ID" | jq .pid)" ]
	! is coffer runc || [ "$(stat -c %a "$BATS_TEST_TMPDIR/pid")" = 644 ]
}

@test "run --keep leaves the stopped container" {
	is crun && skip "crun 1.8 has no --keep"
	is runc && ! rt run --help | grep -q keep && skip "this runc has no --keep"
	sh_args 'exit 3'
	run rt run --keep --bundle "$BUNDLE" "$ID"
	[ "$status" = 3 ]
	[ "$(status_of "$ID")" = stopped ]
}

@test "a container whose process was killed from outside is stopped and can be deleted" {
	start_sleeper
	kill -9 "$(rt state "$ID" | jq .pid)"
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "the pid of another process is never signalled" {
	is coffer || skip "forges coffer's state file"
	start_sleeper
	sleep 1000 3>&- &
	local stranger=$!
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	jq --argjson pid $stranger '.pid = $pid' "$ROOT/$ID/state.json" >"$BATS_TEST_TMPDIR/forged"
	cp "$BATS_TEST_TMPDIR/forged" "$ROOT/$ID/state.json"
	run rt kill "$ID" KILL
	refused 'not running'
	kill -0 $stranger
	kill $stranger
}

@test "twenty containers at once: all run, none is left" {
	args /bin/true
	local i pids=()
	for i in $(seq 20); do
		config --arg cgroup "$(cgroups_path_of "many-$i")" '.linux.cgroupsPath = $cgroup'
		cp "$BUNDLE/config.json" "$BUNDLE/config-$i.json"
	done
	for i in $(seq 20); do
		mkdir -p "$BATS_TEST_TMPDIR/b$i"
		cp "$BUNDLE/config-$i.json" "$BATS_TEST_TMPDIR/b$i/config.json"
		ln -s ../bundle/rootfs "$BATS_TEST_TMPDIR/b$i/rootfs"
		sed -i "s|\"path\": \"rootfs\"|\"path\": \"$BUNDLE/rootfs\"|" "$BATS_TEST_TMPDIR/b$i/config.json"
		rt run --bundle "$BATS_TEST_TMPDIR/b$i" "many-$i" </dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	nothing_left
}
