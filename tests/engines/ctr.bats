#!/usr/bin/env bats
# containerd without Kubernetes: ctr, whose shim runs the runtime under test.
load containerd

setup_file() {
	make_containerd
	ctr images import "$BATS_FILE_TMPDIR/image.tar"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	ID=c$BATS_TEST_NUMBER
}

teardown() {
	remove "$ID" || true
}

teardown_file() {
	leave_containerd
}

ctr() {
	in_room ctr "$@"
}

run_here() {
	run_in "/$PARENT/$ID" "$@"
}

run_in() {
	local cgroup=$1
	shift
	ctr run --runc-binary /usr/local/bin/coffer --runc-root /run/coffer-ctr --cgroup "$cgroup" "$@"
}

remove() {
	ctr task kill --signal KILL "$1" 2>/dev/null
	wait_until task_ended "$1"
	ctr task rm "$1" 2>/dev/null
	ctr container rm "$1" 2>/dev/null
}

task_ended() {
	! ctr task ls | grep -q "^$1 .*\(RUNNING\|PAUSED\)"
}

@test "run --rm prints the program's output and ends with its exit code" {
	run run_here --rm $IMAGE "$ID" sh -c 'echo from inside; exit 3'
	ends 3
	says "from inside"
}

@test "a missing program is told in the runtime's words" {
	run run_here --rm $IMAGE "$ID" nosuchprogram
	[ "$status" != 0 ]
	says nosuchprogram "not found"
}

@test "a terminal" {
	run on_terminal "ctr run --rm -t --runc-binary /usr/local/bin/coffer --cgroup /$PARENT/$ID $IMAGE $ID sh -c 'tty; echo type; read x; echo got \$x'" \
		type 'word\r'
	ends 0
	says /dev/pts/0 "got word"
}

@test "a detached task: list, ps, exec, metrics, pause, resume, kill, delete" {
	run_here -d --null-io $IMAGE "$ID" sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done'
	run ctr task ls
	[[ "$output" =~ $ID\ +[0-9]+\ +RUNNING ]]
	run ctr task ps "$ID"
	ends 0
	[ "${#lines[@]}" -ge 2 ]
	[ "$(ctr task exec --exec-id e "$ID" echo executed)" = executed ]
	run ctr task exec --exec-id f "$ID" sh -c 'exit 9'
	ends 9
	run ctr task exec --exec-id g "$ID" nosuchprogram
	[ "$status" != 0 ]
	run on_terminal "ctr task exec -t --exec-id h $ID sh -c 'tty; exit 8'"
	ends 8
	says /dev/pts/
	run ctr task metrics "$ID"
	ends 0
	ctr task pause "$ID"
	[[ "$(ctr task ls)" =~ $ID\ +[0-9]+\ +PAUSED ]]
	ctr task resume "$ID"
	ctr task kill --signal TERM "$ID"
	wait_until task_ended "$ID"
	run ctr task kill "$ID"
	[ "$status" != 0 ]
	says "process already finished: not found"
	run ctr task rm "$ID"
	ctr container rm "$ID"
	run ctr task kill "$ID"
	[ "$status" != 0 ]
}

@test "limits, privileges, users' files: --memory-limit, --privileged, --seccomp, --mount, --read-only, --cap-drop" {
	run_here -d --null-io --memory-limit 67108864 $IMAGE "$ID" sleep 1000
	[ "$(cat /sys/fs/cgroup{,/memory}/"$PARENT/$ID"/memory.{max,limit_in_bytes} 2>/dev/null)" = 67108864 ]
	remove "$ID"
	run run_here --rm --privileged $IMAGE "$ID" sh -c 'mount -t tmpfs x /tmp && echo mounted'
	says mounted
	run run_here --rm --seccomp --cap-drop CAP_CHOWN $IMAGE "$ID" grep -E 'CapEff|Seccomp:' /proc/self/status
	[[ "$output" =~ CapEff:.00000000a80425fa.*Seccomp:.2 ]]
	echo content >file
	run run_here --rm --read-only --mount "type=bind,src=$PWD,dst=/data,options=rbind:ro" $IMAGE "$ID" sh -c 'cat /data/file; touch /data/x; touch /x'
	says content "Read-only"
}

@test "the shim's descriptors stay out of the container" {
	run run_here --rm $IMAGE "$ID" ls /proc/self/fd
	[ "$(echo $output)" = "0 1 2 3" ] # 3 is what ls reads
}

@test "another's namespaces are joined, the host's network is used" {
	run_here -d --null-io $IMAGE "$ID" sleep 1000
	local pid
	pid=$(ctr task ls | awk -v id="$ID" '$1 == id { print $2 }')
	[ "$(run_in "/$PARENT/$ID-b" --rm --with-ns "pid:/proc/$pid/ns/pid" --with-ns "ipc:/proc/$pid/ns/ipc" $IMAGE "$ID-b" readlink /proc/self/ns/ipc)" = \
		"$(in_room readlink "/proc/$pid/ns/ipc")" ]
	[ "$(run_in "/$PARENT/$ID-c" --rm --net-host $IMAGE "$ID-c" readlink /proc/self/ns/net)" = "$(in_room readlink /proc/self/ns/net)" ]
}

@test "what the runtime logs is appended as JSON" {
	run_here -d --null-io $IMAGE "$ID" sleep 1000
	run ctr task exec --exec-id e "$ID" nosuchprogram
	run ctr task exec --exec-id f "$ID" nosuchprogram
	local log=/run/containerd/io.containerd.runtime.v2.task/default/$ID/log.json
	[ "$(in_room cat "$log" | jq -r .level | sort -u)" = error ]
	[ "$(in_room cat "$log" | jq -r .msg | grep -c nosuchprogram)" = 2 ]
}

@test "the runtime's state is removed with the container" {
	run_here -d --null-io $IMAGE "$ID" sleep 1000
	in_room test -d "/run/coffer-ctr/default/$ID"
	remove "$ID"
	in_room test ! -e "/run/coffer-ctr/default/$ID"
	run find /sys/fs/cgroup -type d -path "*/$PARENT/$ID"
	[ -z "$output" ]
}
