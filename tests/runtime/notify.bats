#!/usr/bin/env bats
# sd_notify(3) from inside a container, and socket activation (sd_listen_fds(3)).
load bundle

setup_file() {
	common_setup_file
	# say SOCKET-MESSAGE…: each message to $NOTIFY_SOCKET; "-N" waits for file /go-N.
	cat >"$BATS_FILE_TMPDIR/say.c" <<-'C'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/socket.h>
		#include <sys/un.h>
		#include <unistd.h>
		int main(int count, char **words)
		{
			struct sockaddr_un to = { .sun_family = AF_UNIX };
			int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
			if (!getenv("NOTIFY_SOCKET"))
				return 9;
			strncpy(to.sun_path, getenv("NOTIFY_SOCKET"), sizeof(to.sun_path) - 1);
			for (int i = 1; i < count; i++) {
				char go[64];
				snprintf(go, sizeof(go), "/go%s", words[i]);
				if (words[i][0] == '-')
					while (access(go, F_OK))
						usleep(10000);
				else if (sendto(fd, words[i], strlen(words[i]), 0, (void *)&to, sizeof(to)) < 0)
					return perror("sendto"), 8;
			}
			return 0;
		}
	C
	cc -static -o "$BATS_FILE_TMPDIR/rootfs/bin/say" "$BATS_FILE_TMPDIR/say.c"
}

setup() {
	is coffer || skip "the peers relay READY=1 only"
	common_setup
	MANAGER=$BATS_TEST_TMPDIR/manager
	cat >"$BATS_TEST_TMPDIR/manager.py" <<-'PY'
		import socket, sys
		manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		manager.bind(sys.argv[1].replace("@", "\0", 1) if sys.argv[1][0] == "@" else sys.argv[1])
		print("listening", flush=True)
		while True:
		    message, descriptors, _, _ = socket.recv_fds(manager, 4096, 4)
		    for fd in descriptors:
		        socket.close(fd)
		    print(message.decode().replace("\n", "|"), flush=True)
	PY
	python3 "$BATS_TEST_TMPDIR/manager.py" "$MANAGER" >"$BATS_TEST_TMPDIR/heard" 3>&- &
	MANAGER_PID=$!
	wait_until test -s "$BATS_TEST_TMPDIR/heard"
}

teardown() {
	is coffer || return 0
	kill "$MANAGER_PID"
	common_teardown
}

heard() {
	sed 1d "$BATS_TEST_TMPDIR/heard"
}

has_heard() {
	heard | grep -qxF -- "$1"
}

# The runtime as a service manager starts it.
service() {
	NOTIFY_SOCKET=$MANAGER rt "$@" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
}

@test "start passes READY=1 on with the container's pid, after what came before, and returns then" {
	args /bin/say STATUS=loading $'READY=1\nSTATUS=up' -2
	service create --bundle "$BUNDLE" "$ID"
	[ -z "$(heard)" ]
	service start "$ID" || { cat "$BATS_TEST_TMPDIR/out"; false; }
	[ "$(status_of "$ID")" = running ]
	local pid
	pid=$(rt state "$ID" | jq .pid)
	[ "$(heard)" = "STATUS=loading
READY=1|STATUS=up|MAINPID=$pid
BARRIER=1" ] || { heard; false; }
}

@test "start lasts until the program is ready, and other verbs work meanwhile" {
	args /bin/say -1 READY=1 -2
	service create --bundle "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$MANAGER rt start "$ID" 3>&- &
	local starter=$!
	wait_until has_status "$ID" running
	run rt exec "$ID" /bin/echo inside
	[ "$output" = inside ]
	kill -0 $starter
	touch "$BUNDLE/rootfs/go-1"
	wait $starter
	heard | grep -q '^READY=1|MAINPID='
}

@test "start returns when the program ends without being ready" {
	args /bin/say STATUS=giving-up
	service create --bundle "$BUNDLE" "$ID"
	service start "$ID"
	wait_until has_heard STATUS=giving-up
}

@test "delete --force ends a start that waits" {
	args /bin/say -never
	service create --bundle "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$MANAGER rt start "$ID" 3>&- &
	local starter=$!
	wait_until has_status "$ID" running
	rt delete --force "$ID"
	wait $starter
	nothing_left
}

@test "run --detach returns when the program is ready" {
	args /bin/say READY=1 -2
	service run --detach --bundle "$BUNDLE" "$ID" || { cat "$BATS_TEST_TMPDIR/out"; false; }
	has_heard "READY=1|MAINPID=$(rt state "$ID" | jq .pid)"
}

@test "run in the foreground passes every message on to the end, and stays the main process" {
	args /bin/say READY=1 WATCHDOG=1 RELOADING=1 READY=1 STATUS=going STOPPING=1
	service run --bundle "$BUNDLE" "$ID" || { cat "$BATS_TEST_TMPDIR/out"; false; }
	wait_until has_heard STOPPING=1
	[ "$(heard | paste -sd' ')" = "READY=1 WATCHDOG=1 RELOADING=1 READY=1 STATUS=going STOPPING=1" ]
	nothing_left
}

@test "what would give the container power over the service is not passed on" {
	args /bin/say $'MAINPID=1\nSTATUS=x\nFDSTORE=1' MAINPID=1 NOTIFYACCESS=all BARRIER=1 \
		$'READY=10\nREADY=1' STOPPING=1
	service run --bundle "$BUNDLE" "$ID"
	wait_until has_heard STOPPING=1
	[ "$(heard | paste -sd' ')" = "STATUS=x READY=1 STOPPING=1" ] || { heard; false; }
}

@test "the socket is the container's own, below a read-only /run/notify, also for ordinary users" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .root.readonly = true
		| .mounts += [{"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]}]'
	mkdir -p "$BUNDLE/rootfs/run"
	sh_args 'echo $NOTIFY_SOCKET; say READY=1 && touch /run/notify/file 2>/dev/null || echo read-only'
	service run --bundle "$BUNDLE" "$ID"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "/run/notify/notify.sock
read-only" ] || { cat "$BATS_TEST_TMPDIR/out"; false; }
	wait_until has_heard READY=1
}

@test "notifications work from a user namespace" {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	args /bin/say READY=1
	service run --bundle "$BUNDLE" "$ID" || { cat "$BATS_TEST_TMPDIR/out"; false; }
	wait_until has_heard READY=1
}

@test "an abstract address is notified, too" {
	kill "$MANAGER_PID"
	MANAGER=@coffer-test-$$
	python3 "$BATS_TEST_TMPDIR/manager.py" "$MANAGER" >"$BATS_TEST_TMPDIR/heard" 3>&- &
	MANAGER_PID=$!
	wait_until test -s "$BATS_TEST_TMPDIR/heard"
	config '.linux.namespaces |= map(select(.type != "network"))'
	args /bin/say READY=1
	service run --bundle "$BUNDLE" "$ID"
	wait_until has_heard READY=1
}

@test "without NOTIFY_SOCKET the container has none, and nobody waits" {
	sh_args 'echo ${NOTIFY_SOCKET:-none}; ls -d /run/notify 2>/dev/null || true'
	run run_container
	[ "$output" = none ]
}

@test "a state directory with a long path is no hindrance" {
	ROOT=$BATS_TEST_TMPDIR/$(printf 'long%.0s' {1..30})
	mkdir "$ROOT"
	args /bin/say READY=1
	service run --bundle "$BUNDLE" "$ID" || { cat "$BATS_TEST_TMPDIR/out"; false; }
	wait_until has_heard READY=1
}

@test "LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES are those of the sockets that are handed on" {
	config '.process.env += ["LISTEN_FDS=9"]'
	sh_args 'echo $LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES; cat <&3; cat <&4'
	echo one >"$BATS_TEST_TMPDIR/one"
	echo two >"$BATS_TEST_TMPDIR/two"
	run bash -c "exec 3<$BATS_TEST_TMPDIR/one 4<$BATS_TEST_TMPDIR/two
		LISTEN_FDS=2 LISTEN_FDNAMES=web:admin $RUNTIME --root $ROOT run --bundle $BUNDLE $ID"
	[ "$output" = "2 1 web:admin
one
two" ] || { echo "$output"; false; }
}
