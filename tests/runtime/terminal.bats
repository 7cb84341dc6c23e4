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
		server.bind(sys.argv[1])
		server.listen(1)
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
