#!/usr/bin/env bats
# Terminals: the pty of the container, run -t in the foreground, --console-socket.
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; config '.process.terminal = true'; }
teardown() { common_teardown; }

# In a terminal of its own, as a person would.
in_terminal() {
	script --quiet --return --command "$*" /dev/null </dev/null 3>&- | tr -d '\r'
}

@test "run with a terminal: the program's standard files are a pty, its controlling terminal" {
	sh_args 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; echo through > /dev/tty'
	run in_terminal "$RUNTIME --root $ROOT run --bundle $BUNDLE $ID"
	[[ "$output" == *"/dev/pts/0"* ]] || [[ "$output" == *"/dev/console"* ]] || { echo "$output"; false; }
	[[ "$output" == *all* ]]
	[[ "$output" == *through* ]]
}

@test "the exit code passes through the terminal relay, and all output arrives" {
	sh_args 'seq 2000; exit 7'
	run in_terminal "$RUNTIME --root $ROOT run --bundle $BUNDLE $ID"
	[ "$(grep -c . <<<"$output")" = 2000 ]
	[ "$(tail -1 <<<"$output")" = 2000 ]
}

@test "/dev/console is the same terminal" {
	sh_args 'stat -c %t /dev/console; echo hello > /dev/console'
	run in_terminal "$RUNTIME --root $ROOT run --bundle $BUNDLE $ID"
	[[ "$output" == *88* ]] # unix98 pty slaves: major 136
	[[ "$output" == *hello* ]]
}

@test "consoleSize is the terminal's size" {
	config '.process.consoleSize = {"height": 33, "width": 77}'
	sh_args 'stty size'
	cat >"$BATS_TEST_TMPDIR/receive.py" <<-'PY'
		import array, os, socket, sys
		server = socket.socket(socket.AF_UNIX)
		server.bind(sys.argv[1] + ".new")
		server.listen(1)
		os.rename(sys.argv[1] + ".new", sys.argv[1])
		print("listening", flush=True)
		connection, _ = server.accept()
		data, control, _, _ = connection.recvmsg(100, 1000)
		fd = array.array("i", control[0][2][:4])[0]
		text = b""
		try:
		    while chunk := os.read(fd, 1000):
		        text += chunk
		except OSError:
		    pass
		print(data.decode(), text.decode().strip())
	PY
	python3 "$BATS_TEST_TMPDIR/receive.py" "$BATS_TEST_TMPDIR/socket" >"$BATS_TEST_TMPDIR/received" 3>&- &
	local receiver=$!
	wait_until test -S "$BATS_TEST_TMPDIR/socket"
	rt create --console-socket "$BATS_TEST_TMPDIR/socket" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err" || { cat "$BATS_TEST_TMPDIR/err"; false; }
	rt start "$ID"
	wait $receiver
	grep -q '33 77' "$BATS_TEST_TMPDIR/received" || { cat "$BATS_TEST_TMPDIR/received"; false; }
}

@test "exec with a terminal has one of its own" {
	config '.process.terminal = false'
	start_sleeper
	run in_terminal "$RUNTIME --root $ROOT exec --tty $ID /bin/sh -c 'tty; test -t 0 && echo yes'"
	[[ "$output" == *"/dev/pts/"* ]]
	[[ "$output" == *yes* ]]
}

@test "a console socket without a terminal is refused" {
	config '.process.terminal = false'
	args /bin/true
	is crun && skip "crun ignores the socket"
	run rt create --console-socket /no/such/socket --bundle "$BUNDLE" "$ID"
	refused 'console socket'
	nothing_left
}

# ---- somebody at a terminal ----------------------------------------------------------------------

# story NAME: of person.py, with run in the foreground; then, the container kept alive, with exec.
story() {
	run timeout 60 python3 "$BATS_TEST_DIRNAME/person.py" "$1" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" = 0 ] || { echo "run: $output"; return 1; }
	nothing_left
}
story_of_exec() {
	local program
	readarray -t program < <(jq -r '.process.args[]' "$BUNDLE/config.json")
	config '.process.terminal = false'
	start_sleeper
	run timeout 60 python3 "$BATS_TEST_DIRNAME/person.py" "$1" "$RUNTIME" --root "$ROOT" exec --tty "$ID" "${program[@]}" 3>&-
	[ "$status" = 0 ] || { echo "exec: $output"; return 1; }
	rt delete --force "$ID"
	config '.process.terminal = true'
}

@test "the terminal is raw while the program runs, and as it was afterwards" {
	sh_args 'echo ready; read -r x; echo got $x; exit 3'
	story runs
	story_of_exec runs
}

@test "the terminal is as it was when the container is killed" {
	sh_args 'echo ready; sleep 1000'
	KILL="$RUNTIME --root $ROOT kill $ID KILL" story is_killed
	config '.process.terminal = false'
	sh_args 'echo ready; sleep 1000'
	KILL="$RUNTIME --root $ROOT kill $ID KILL" story_of_exec is_killed
}

@test "the terminal is as it was when nothing could be started" {
	args /no/such/program
	STATUS=$(is coffer runc && echo 1 || echo 1) story fails
	STATUS=$(is crun && echo 1 || echo 255) story_of_exec fails
}

@test "control-C is the container's" {
	sh_args 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.1; done'
	story interrupts
	story_of_exec interrupts
}

@test "signals go on to the program" {
	sh_args 'trap "echo user signal" USR1; trap "echo terminated; exit 6" TERM; echo ready; while :; do sleep 0.1; done'
	story signals
	story_of_exec signals
}

@test "the window's size is the terminal's from the start, and follows" {
	is runc crun && skip "they set it when the program may run already"
	sh_args 'trap "stty size" WINCH; stty size; while ! read -r -t 1 x; do :; done; exit 0'
	story resizes
	story_of_exec resizes
}

@test "stopped and continued, it takes the terminal again" {
	is runc && skip "runc does not"
	sh_args 'echo ready; read -r x; echo got $x; exit 3'
	story stops_and_goes_on
	story_of_exec stops_and_goes_on
}

@test "a terminal that hangs up ends the container" {
	sh_args 'trap "exit 0" HUP; echo ready; while :; do sleep 0.1; done'
	story hangs_up
	story_of_exec hangs_up
}

@test "a slow reader gets everything" {
	args /bin/seq 150000 # 938895 bytes, and a carriage return a line
	BYTES=$(($(seq 150000 | wc -c) + 150000)) story reads_slowly
	BYTES=$(($(seq 150000 | wc -c) + 150000)) story_of_exec reads_slowly
}

@test "a reader that stops stops nothing but the output" {
	is runc crun && skip "see crun#1623"
	export KILL="$RUNTIME --root $ROOT kill $ID KILL" MARK=$BUNDLE/rootfs/tmp/mark
	sh_args 'trap "touch /tmp/mark" USR1; seq 10000000 & while :; do sleep 0.1; done'
	story does_not_read
	rm "$MARK"
	story_of_exec does_not_read
}

@test "standard input that is no terminal: the size is the output's, and lines end as they should" {
	is runc && skip "runc sets the size too late now and then"
	sh_args 'stty size; echo line; exit 3'
	story types_nothing
	story_of_exec types_nothing
}

@test "standard input may be a pipe, and end" {
	sh_args 'read -r x; echo got $x; exit 3'
	story pipes_in
	story_of_exec pipes_in
}

@test "control-C reaches the container as a signal where standard input is no terminal" {
	is runc crun && skip "runc takes the key away, crun leaves the terminal alone"
	sh_args 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.1; done'
	story interrupts_from_outside
	story_of_exec interrupts_from_outside
}

@test "without any terminal it works, too" {
	is runc && skip "runc wants /dev/tty"
	sh_args 'test -t 0 && test -t 1 && echo all; exit 3'
	run setsid "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" = 3 ]
	[[ "$output" == all* ]]
}

