#!/usr/bin/env bats
# Namespaces, the root filesystem, mounts, devices, masks (config.md, config-linux.md).
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

inside() {
	sh_args "$1"
	run run_container
	[ "$status" = 0 ] || { echo "status $status: $output"; return 1; }
}

@test "the program is pid 1 of its own pid namespace" {
	inside 'echo $$'
	[ "$output" = 1 ]
}

@test "every new namespace differs from the runtime's" {
	inside 'for n in mnt pid net ipc uts; do readlink /proc/self/ns/$n; done'
	local ns
	for ns in mnt pid net ipc uts; do
		[[ "$output" != *"$(readlink /proc/self/ns/$ns)"* ]] || { echo "shares $ns"; false; }
	done
}

@test "a namespace that is not listed is the runtime's" {
	config '.linux.namespaces |= map(select(.type != "network"))'
	inside 'readlink /proc/self/ns/net'
	[ "$output" = "$(readlink /proc/self/ns/net)" ]
}

@test "namespaces are joined by path" {
	start_sleeper
	local pid first=$ID kind
	pid=$(rt state "$first" | jq .pid)
	ID=$ID-second
	config --arg cgroup "$(cgroups_path_of "$ID")" '.linux.cgroupsPath = $cgroup | del(.hostname)'
	config --arg pid "$pid" '.linux.namespaces |= map(
		if .type == "mount" then . else .path = "/proc/" + $pid + "/ns/"
		+ ({"pid":"pid","network":"net","ipc":"ipc","uts":"uts","cgroup":"cgroup"}[.type]) end)'
	inside 'for n in pid net ipc uts; do readlink /proc/self/ns/$n; done'
	for kind in pid net ipc uts; do
		[[ "$output" == *"$(readlink "/proc/$pid/ns/$kind")"* ]] || { echo "not joined: $kind"; false; }
	done
}

@test "hostname and domainname are set in the container only" {
	local before
	before=$(hostname)
	config '.hostname = "inside"'
	is coffer && config '.domainname = "example"'
	inside 'hostname; cat /proc/sys/kernel/domainname'
	[ "${lines[0]}" = inside ]
	! is coffer || [ "${lines[1]}" = example ] || false
	[ "$(hostname)" = "$before" ]
}

@test "the loopback device of a new network namespace is up" {
	inside 'cat /sys/class/net/lo/flags'
	[ $((output & 1)) = 1 ]
}

@test "the root is the bundle's, and the host's is out of reach" {
	inside 'ls /; ls /..; cat /proc/self/mountinfo | grep -c " / / "' || true
	[[ "$output" != *boot* ]]
	sh_args 'test -e /work && exit 9; test -e /etc/debian_version && exit 9; exit 0'
	run run_container
	[ "$status" = 0 ]
}

@test "a read-only root cannot be written, its tmpfs mounts can" {
	config '.root.readonly = true | .mounts += [{"destination":"/tmp","type":"tmpfs","source":"tmpfs"}]'
	inside 'touch /x 2>/dev/null && echo WRITTEN; touch /tmp/x && echo tmp-ok'
	[ "$output" = tmp-ok ]
}

@test "a bind mount shows the source; ro makes it read-only" {
	mkdir "$BATS_TEST_TMPDIR/source"
	echo content >"$BATS_TEST_TMPDIR/source/file"
	config --arg source "$BATS_TEST_TMPDIR/source" '.mounts += [
		{"destination":"/data","type":"bind","source":$source,"options":["rbind","ro"]}]'
	inside 'cat /data/file; touch /data/new 2>/dev/null && echo WRITTEN; true'
	[ "$output" = content ]
	[ ! -e "$BATS_TEST_TMPDIR/source/new" ]
}

@test "a bind mount of a file makes its missing target" {
	echo content >"$BATS_TEST_TMPDIR/file"
	config --arg source "$BATS_TEST_TMPDIR/file" '.mounts += [
		{"destination":"/a/b/c","type":"bind","source":$source,"options":["bind"]}]'
	inside 'cat /a/b/c'
	[ "$output" = content ]
}

@test "later options undo earlier ones" {
	is crun && skip "a defect of crun: clearing options never clear"
	mkdir "$BATS_TEST_TMPDIR/source"
	config --arg source "$BATS_TEST_TMPDIR/source" '.mounts += [
		{"destination":"/data","type":"bind","source":$source,"options":["rbind","ro","rw"]}]'
	inside 'touch /data/new && echo ok'
	[ "$output" = ok ]
}

@test "nosymfollow on a bind is applied" {
	is crun runc && skip "this version drops it silently"
	mkdir "$BATS_TEST_TMPDIR/source"
	echo x >"$BATS_TEST_TMPDIR/source/file"
	ln -s file "$BATS_TEST_TMPDIR/source/link"
	config --arg source "$BATS_TEST_TMPDIR/source" '.mounts += [
		{"destination":"/data","type":"bind","source":$source,"options":["rbind","nosymfollow"]}]'
	inside 'cat /data/link 2>/dev/null && echo FOLLOWED; cat /data/file'
	[ "$output" = x ]
}

@test "tmpcopyup keeps what the image has there" {
	mkdir -p "$BUNDLE/rootfs/var/d"
	echo content >"$BUNDLE/rootfs/var/d/file"
	ln -s file "$BUNDLE/rootfs/var/d/link"
	chown 1000:1000 "$BUNDLE/rootfs/var/d/file"
	config '.mounts += [{"destination":"/var","type":"tmpfs","source":"tmpfs","options":["tmpcopyup"]}]'
	inside 'cat /var/d/link; stat -c %u /var/d/file; stat -f -c %T /var'
	[ "${lines[0]}" = content ]
	[ "${lines[1]}" = 1000 ]
	[ "${lines[2]}" = tmpfs ]
}

@test "rootfs links that point outside stay inside" {
	mkdir "$BATS_TEST_TMPDIR/outside"
	rm -rf "$BUNDLE/rootfs/data"
	ln -s "$BATS_TEST_TMPDIR/outside" "$BUNDLE/rootfs/data"
	config '.mounts += [{"destination":"/data/sub","type":"tmpfs","source":"tmpfs"}]'
	sh_args true
	run run_container
	[ -z "$(ls "$BATS_TEST_TMPDIR/outside")" ]
}

@test "a link at /proc is refused" {
	rm -r "$BUNDLE/rootfs/proc"
	ln -s /tmp "$BUNDLE/rootfs/proc"
	sh_args true
	run run_container
	refused 'proc'
	nothing_left
}

@test "the default devices are there, with their numbers and modes" {
	inside 'for d in null zero full random urandom tty; do stat -c "%n %t:%T %a" /dev/$d; done
		for l in ptmx fd stdin stdout stderr; do readlink /dev/$l; done'
	[[ "$output" == *"/dev/null 1:3 666"*"/dev/zero 1:5 666"*"/dev/full 1:7 666"*"/dev/random 1:8 666"*"/dev/urandom 1:9 666"*"/dev/tty 5:0 666"* ]]
	[[ "$output" == *pts/ptmx*/proc/self/fd*/proc/self/fd/0* ]]
}

@test "a configured device is made with its owner and mode" {
	config '.linux.devices = [{"path":"/dev/mine","type":"c","major":1,"minor":3,"fileMode":384,"uid":1000,"gid":1000}]
		| .linux.resources.devices = [{"allow":true,"access":"rwm"}]'
	inside 'stat -c "%t:%T %a %u:%g" /dev/mine'
	[ "$output" = "1:3 600 1000:1000" ]
}

@test "a masked file reads as empty, a masked directory is empty" {
	echo secret >"$BUNDLE/rootfs/etc/secret"
	mkdir "$BUNDLE/rootfs/etc/secrets"
	echo secret >"$BUNDLE/rootfs/etc/secrets/file"
	config '.linux.maskedPaths += ["/etc/secret", "/etc/secrets", "/not/there"]'
	inside 'cat /etc/secret; ls -A /etc/secrets; echo end'
	[ "$output" = end ]
}

@test "a read-only path cannot be written" {
	config '.linux.readonlyPaths += ["/home", "/not/there"]'
	inside 'touch /home/x 2>/dev/null && echo WRITTEN; touch /tmp/x && echo ok'
	[ "$output" = ok ]
}

@test "sysctls are set in the container's namespaces only" {
	local before
	before=$(cat /proc/sys/net/ipv4/ip_forward)
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmni": "1234"}'
	inside 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni'
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" = 1234 ]
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = "$before" ]
}

@test "no mount of the container shows on the host" {
	local before
	before=$(wc -l </proc/self/mountinfo)
	start_sleeper
	[ "$(wc -l </proc/self/mountinfo)" = "$before" ]
}

@test "a user namespace maps root to an unprivileged id" {
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces += [{"type":"user"}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = [{"containerID":0,"hostID":100000,"size":65536}]'
	inside 'id -u; cat /proc/self/uid_map; touch /made; echo > /dev/null && echo null-ok'
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" =~ 0\ +100000\ +65536 ]]
	[ "${lines[2]}" = null-ok ]
	[ "$(stat -c %u "$BUNDLE/rootfs/made")" = 100000 ]
}

@test "a time namespace has its offsets" {
	is crun runc && skip "this version knows no time namespace"
	config '.linux.namespaces += [{"type":"time"}]
		| .linux.timeOffsets = {"boottime": {"secs": 1000000}, "monotonic": {"secs": 500000}}'
	inside 'cut -d. -f1 /proc/uptime'
	[ "$output" -ge 1000000 ]
}

@test "a cgroup namespace shows the container's cgroup as the root" {
	config '.linux.namespaces += [{"type":"cgroup"}] | .linux.namespaces |= unique_by(.type)'
	inside 'cat /proc/self/cgroup'
	[[ "$output" != *"$ID"* ]]
}

@test "only the three standard files are open" {
	inside 'ls /proc/self/fd'
	# ls has the directory itself open as the fourth.
	[ "$(wc -w <<<"$output")" = 4 ]
}

@test "descriptors of the caller do not leak in, --preserve-fds hands them over" {
	sh_args 'ls /proc/self/fd; cat <&3 2>/dev/null; true'
	echo handed >"$BATS_TEST_TMPDIR/file"
	run bash -c "exec 3<$BATS_TEST_TMPDIR/file 10<$BATS_TEST_TMPDIR/file; $RUNTIME --root $ROOT run --preserve-fds 1 --bundle $BUNDLE $ID"
	[[ "$output" == *handed* ]]
	[[ "$output" != *10* ]]
}
