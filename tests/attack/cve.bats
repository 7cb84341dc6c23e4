#!/usr/bin/env bats
# Probes of published escapes that are no race and need no hostile program; the others: runtime.bats.
load ../runtime/bundle

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "a numeric user is an id, whatever names the image's passwd file has (CVE-2016-3697)" {
	echo '1000:x:0:0:root:/root:/bin/sh' >>"$BUNDLE/rootfs/etc/passwd"
	start_sleeper
	run rt exec --user 1000 "$ID" /bin/grep Uid /proc/self/status
	[ "$status" = 0 ]
	[ "$(tr -d 'Uid:[:space:]' <<<"$output")" = 1000100010001000 ]
}

@test "a user that is not root has no capability unless it is ambient, also by exec (CVE-2016-8867)" {
	config '.process.user = {"uid": 1000, "gid": 1000} | del(.process.capabilities.ambient)'
	start_sleeper
	local program
	for program in "cat /proc/1/status" "cat /proc/self/status"; do
		# shellcheck disable=SC2086
		run rt exec "$ID" $program
		[[ "$output" =~ CapEff:[[:space:]]*0000000000000000 ]]
		[[ "$output" =~ CapAmb:[[:space:]]*0000000000000000 ]]
	done
}

@test "nothing is inheritable unless configured, of create and of exec (CVE-2022-29162, CVE-2022-27650, CVE-2025-27612)" {
	start_sleeper
	run rt exec --cap CAP_SYS_ADMIN "$ID" /bin/sh -c 'cat /proc/1/status /proc/self/status | grep CapInh | tr -d "\t"'
	[ "$status" = 0 ]
	[ "${lines[0]}" = CapInh:0000000000000000 ]
	[ "${lines[1]}" = CapInh:0000000000000000 ]
}

# On a terminal of the caller's: what session is the container's process in, what terminal controls it?
on_terminal() {
	script --quiet --return --command "$*" "$BATS_TEST_TMPDIR/typescript" </dev/null
}

@test "a caller's terminal is not the container's controlling one (CVE-2017-5226)" {
	command -v script >/dev/null || skip "no script(1) here"
	sh_args 'cut -d" " -f1,6,7 /proc/self/stat; cut -d" " -f6,7 /proc/1/stat'
	run on_terminal "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$output" =~ (^|[^0-9])1\ 0 ]] || { echo "$output"; false; } # its own session, no terminal
	start_sleeper
	run on_terminal "$RUNTIME" --root "$ROOT" exec "$ID" /bin/sh -c '"cut -d\" \" -f7 /proc/self/stat"'
	[[ "$output" =~ (^|[^0-9])0($|[^0-9]) ]] || { echo "$output"; false; }
}

@test "nothing is mounted over files of /proc (CVE-2019-16884)" {
	local target
	for target in /proc/self /proc/self/attr /proc/sys /proc/1/attr/exec; do
		config --arg target "$target" '.mounts |= map(select(.source != "cover")) + [{"destination":$target,"type":"tmpfs","source":"cover"}]'
		args /bin/echo RAN
		run run_container
		[ "$status" != 0 ] && [[ "$output" != *RAN* ]] || { echo "$target: $output"; false; }
		nothing_left
	done
}

@test "a directory of the root that is a link to the host takes no mount there (CVE-2019-18837)" {
	local host=$BATS_TEST_TMPDIR/host
	mkdir "$host"
	ln -s "$host" "$BUNDLE/rootfs/link"
	config '.mounts += [{"destination":"/link/below","type":"tmpfs","source":"tmpfs"}]'
	args /bin/true
	run run_container
	[ -z "$(ls "$host")" ]
	nothing_left
}

@test "release_agent cannot be written (CVE-2022-0492)" {
	[ ! -e /sys/fs/cgroup/cgroup.procs ] || skip "cgroup v1 only"
	config '.mounts |= map(if .type == "cgroup" then .options -= ["rw"] | .options += ["ro"] else . end)'
	runs_sh 'for file in $(find /sys/fs/cgroup -name release_agent 2>/dev/null); do (echo x > $file) 2>/dev/null && echo WRITTEN; done; echo done'
	[[ "$output" == *done* ]] && [[ "$output" != *WRITTEN* ]]
}

runs_sh() {
	sh_args "$1"
	run run_container
}

@test "without a cgroup namespace a user namespace's container cannot write the host's cgroups (CVE-2023-25809)" {
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces |= map(select(.type != "cgroup")) + [{"type":"user"}] | .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = .linux.uidMappings | .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	runs_sh 'for dir in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir $dir/escaped 2>/dev/null && echo "MADE $dir"; done; echo done'
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$output" == *done* ]] && [[ "$output" != *"MADE /sys/fs/cgroup/"* ]]
}

@test "annotations that change a unit of systemd are told to be unsafe (CVE-2024-3154)" {
	is coffer || skip "crun 1.8 has no features, runc 1.1 no such list"
	"$RUNTIME" features | jq -e '.linux.cgroup.systemd' >/dev/null || skip "no systemd driver, no such annotations"
	"$RUNTIME" features | jq -e '.potentiallyUnsafeConfigAnnotations | index("org.systemd.property.") != null'
}

@test "a root filesystem that is a link is resolved once and stays the root (CVE-2025-54867)" {
	mv "$BUNDLE/rootfs" "$BUNDLE/real"
	ln -s real "$BUNDLE/rootfs"
	runs_sh 'test -e /etc/debian_version && echo HOST; ls /bin/busybox'
	[[ "$output" != *HOST* ]]
	[[ "$output" == *busybox* ]]
	nothing_left
}

@test "exec --user is parsed whole (CVE-2026-30892)" {
	start_sleeper
	local user
	for user in 1 1:2 01; do
		run rt exec --user $user "$ID" /bin/sh -c 'id -u; id -g'
		[ "$status" = 0 ] && [ "${lines[0]}" = 1 ] || { echo "$user: $output"; false; }
	done
	for user in 1: :1 ' 1' -1 4294967295 4294967296 1x 0x1 1:x 1:2:3 ''; do
		run rt exec --user "$user" "$ID" /bin/id -u
		[ "$status" != 0 ] || { echo "'$user': $output"; false; }
	done
}
