#!/usr/bin/env bats
# Mounts of type cgroup: what a container sees of the hierarchies, and what it may write there.
load bundle

setup_file() { common_setup_file; }
setup() {
	is crun && [ -d /sys/fs/cgroup/unified ] && skip "crun refuses hybrid hosts"
	common_setup
	config '.linux.namespaces |= map(select(.type != "cgroup")) | del(.linux.resources)
		| .mounts |= map(select(.type != "cgroup"))'
}
teardown() {
	common_teardown
	rmdir /sys/fs/cgroup/*"$CGROUP_PARENT" /sys/fs/cgroup"$CGROUP_PARENT" 2>/dev/null || true
}

# unified COMMAND…: where the v2 tree is at /sys/fs/cgroup.
unified() {
	[ -e /sys/fs/cgroup/cgroup.controllers ] || [ -d /sys/fs/cgroup/unified ] || skip "no v2 tree"
	"$BATS_TEST_DIRNAME/on_unified" "$@"
}

legacy() {
	[ -d /sys/fs/cgroup/memory ] || skip "this host has no v1 hierarchies"
}

cgroup_namespace() {
	config '.linux.namespaces += [{"type":"cgroup"}]'
}

cgroup_mount() {
	config '.mounts += [{"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup",
		"options":(["nosuid","noexec","nodev"] + $ARGS.positional)}]' --args -- "$@"
}

user_namespace() {
	config '.linux.namespaces += [{"type":"user"}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

@test "v2, cgroup namespace: the container's own cgroup is the root of what it sees, and writable" {
	cgroup_namespace
	cgroup_mount rw
	sh_args 'exec 2>&1; cat /proc/self/cgroup | grep ^0::; grep -w "$$" /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/made && echo made; rmdir /sys/fs/cgroup/made'
	run unified "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "${lines[*]}" = "0::/ 1 made" ] || { echo "$output"; false; }
	nothing_left
}

@test "v2, cgroup namespace, ro: nothing can be made" {
	cgroup_namespace
	cgroup_mount ro
	sh_args 'exec 2>&1; cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/made'
	run unified "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[[ "$output" =~ ^1.*"Read-only file system" ]] || { echo "$output"; false; }
}

@test "v2 without a cgroup namespace: the host's tree, as it was asked for" {
	cgroup_mount ro
	args /bin/sh -c "exec 2>&1; grep -c . /sys/fs/cgroup$CGROUP/cgroup.procs && mkdir /sys/fs/cgroup/made"
	run unified "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[[ "$output" =~ ^[1-9].*"Read-only file system" ]] || { echo "$output"; false; }
}

@test "v2, user namespace without a cgroup namespace: read-only even where rw is asked for (CVE-2023-25809)" {
	is runc && skip "runc 1.1 cannot reach the bundle"
	user_namespace
	cgroup_mount rw
	args /bin/sh -c "exec 2>&1; mkdir /sys/fs/cgroup$CGROUP/made; echo 1 > /sys/fs/cgroup$CGROUP/cgroup.procs; grep ' /sys/fs/cgroup ' /proc/self/mountinfo"
	run unified "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[[ "${lines[0]}" =~ "Read-only file system" ]] || { echo "$output"; false; }
	[[ "${lines[1]}" =~ "Read-only file system" ]]
	[[ "${lines[2]}" =~ " ro," ]]
}

@test "v2, a caller without the host's root, no cgroup namespace: read-only (CVE-2023-25809)" {
	is coffer || skip "the flag is coffer's"
	cgroup_mount rw
	config '.mounts |= map(select(.destination != "/dev/pts"))' # its gid=5 is not mapped
	sh_args 'exec 2>&1; mkdir /sys/fs/cgroup/made; grep -c " /sys/fs/cgroup ro," /proc/self/mountinfo'
	run unified unshare --user --map-root-user --mount "$RUNTIME" --cgroup-manager disabled \
		--root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[[ "${lines[0]}" =~ "Read-only file system" ]] || { echo "$output"; false; }
	[ "${lines[1]}" = 1 ]
}

# owners: of the container's cgroup, seen from the host, while it runs.
owners() {
	args /bin/sleep 1000
	unified "$RUNTIME" --root "$ROOT" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	unified stat -c '%n %u' "/sys/fs/cgroup$CGROUP" "/sys/fs/cgroup$CGROUP"/cgroup.{procs,threads,subtree_control,type,freeze,max.depth} |
		sed 's|.*/||'
}

@test "v2, user and cgroup namespace, writable: the cgroup and what the kernel delegates are the container's user's" {
	is runc && skip "runc 1.1 gives more of it"
	user_namespace
	cgroup_namespace
	cgroup_mount rw
	run owners
	[ "${lines[*]}" = "$ID 100000 cgroup.procs 100000 cgroup.threads 100000 cgroup.subtree_control 100000 cgroup.type 0 cgroup.freeze 0 cgroup.max.depth 0" ] ||
		{ echo "$output"; false; }
	unified "$RUNTIME" --root "$ROOT" exec "$ID" /bin/sh -c 'mkdir /sys/fs/cgroup/sub && echo $$ > /sys/fs/cgroup/sub/cgroup.procs'
	unified "$RUNTIME" --root "$ROOT" delete --force "$ID"
	nothing_left
}

@test "v2, cgroup namespace, writable: an ordinary user of the container's owns its cgroup" {
	is coffer || skip "as the specification has it"
	cgroup_namespace
	cgroup_mount
	config '.process.user = {"uid":1000,"gid":1000}'
	run owners
	[[ "${lines[*]}" =~ "$ID 1000 cgroup.procs 1000" ]] || { echo "$output"; false; }
}

@test "v2: nothing is given away with a read-only mount, or without a cgroup namespace" {
	is runc && skip "runc 1.1 cannot reach the bundle"
	user_namespace
	cgroup_namespace
	cgroup_mount ro
	run owners
	[[ "${lines[*]}" =~ "$ID 0 cgroup.procs 0" ]] || { echo "$output"; false; }
	rt delete --force "$ID"
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts[-1].options = []'
	run owners
	[[ "${lines[*]}" =~ "$ID 0 cgroup.procs 0" ]] || { echo "$output"; false; }
}

@test "v1, cgroup namespace: each hierarchy shows the container's own cgroup" {
	legacy
	cgroup_namespace
	cgroup_mount ro
	sh_args 'exec 2>&1; grep -x 1 /sys/fs/cgroup/memory/cgroup.procs; mkdir /sys/fs/cgroup/memory/made; mkdir /sys/fs/cgroup/made; grep -x 1 /sys/fs/cgroup/cpu/cgroup.procs'
	run run_container
	[ "${lines[0]}" = 1 ] || { echo "$output"; false; }
	[[ "${lines[*]:1}" =~ "Read-only".*(Read-only|denied).*1 ]] || { echo "$output"; false; }
	nothing_left
}

@test "v1, writable: cgroups can be made in a hierarchy, in the tmpfs around them too" {
	legacy
	cgroup_namespace
	cgroup_mount rw
	sh_args 'exec 2>&1; mkdir /sys/fs/cgroup/memory/made && rmdir /sys/fs/cgroup/memory/made && echo made'
	run run_container
	[ "$output" = made ] || { echo "$output"; false; }
}

@test "v1 without a cgroup namespace: the container's part of each hierarchy, and release_agent is not there" {
	legacy
	cgroup_mount ro
	sh_args 'exec 2>&1; grep -x 1 /sys/fs/cgroup/memory/cgroup.procs; [ ! -e /sys/fs/cgroup/memory/release_agent ] && echo none; mkdir /sys/fs/cgroup/memory/made'
	run run_container
	[ "${lines[0]}" = 1 ] || { echo "$output"; false; }
	[ "${lines[1]}" = none ] || { echo "$output"; false; }
	[[ "${lines[2]}" =~ "Read-only" ]]
}

@test "v1, user namespace without a cgroup namespace: read-only even where rw is asked for" {
	legacy
	is runc && skip "runc 1.1 cannot reach the bundle"
	user_namespace
	cgroup_mount rw
	sh_args 'exec 2>&1; mkdir /sys/fs/cgroup/memory/made'
	run run_container
	[[ "$output" =~ "Read-only" ]] || { echo "$output"; false; }
}
