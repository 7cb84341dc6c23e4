#!/usr/bin/env bats
# Mounts: id maps, every option of the specification and of the peers, propagation.
load bundle
bats_require_minimum_version 1.5.0

setup_file() { common_setup_file; }

setup() {
	common_setup
	VOLUME=$BATS_TEST_TMPDIR/volume
	mkdir "$VOLUME"
}

teardown() {
	common_teardown
	umount -R -l "$VOLUME" 2>/dev/null || true
}

# A file system whose ids can be mapped; another one is mounted inside of it.
volume_with_files() {
	mount -t tmpfs -o mode=755 tmpfs "$VOLUME"
	mkdir "$VOLUME/sub"
	mount -t tmpfs -o mode=755 tmpfs "$VOLUME/sub"
	touch "$VOLUME/root" "$VOLUME/five" "$VOLUME/sub/root"
	chown 5:6 "$VOLUME/five"
	chmod 777 "$VOLUME" "$VOLUME/sub"
}

# add_mount JSON: one more mount.
add_mount() {
	config --argjson mount "$1" '.mounts += [$mount]'
}

# bind OPTIONS… : $VOLUME on /v.
bind() {
	config --arg source "$VOLUME" '.mounts += [{"destination":"/v","type":"bind","source":$source,"options":$ARGS.positional}]' --args -- "$@"
}

# map JSON: of the last mount.
map_last() {
	config --argjson map "$1" '.mounts[-1].uidMappings = $map | .mounts[-1].gidMappings = $map'
}

user_namespace() {
	config '.linux.namespaces += [{"type":"user"}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

owners='stat -c "%n %u:%g" /v/root /v/five /v/sub/root'

# ---- id maps ---------------------------------------------------------------------------------------

@test "idmap with its own mappings, in a container without a user namespace" {
	volume_with_files
	bind rbind idmap
	map_last '[{"containerID":0,"hostID":1000,"size":10}]'
	sh_args "$owners; touch /v/made; id -u"
	config '.process.user = {"uid":1003,"gid":1004}'
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[0]}" = "/v/root 1000:1000" ]
	[ "${lines[1]}" = "/v/five 1005:1006" ]
	[ "${lines[2]}" = "/v/sub/root 0:0" ]
	[ "$(stat -c %u:%g "$VOLUME/made")" = 3:4 ]
	nothing_left
}

@test "ridmap maps what is mounted below, too" {
	volume_with_files
	bind rbind ridmap
	map_last '[{"containerID":0,"hostID":1000,"size":10}]'
	sh_args "$owners"
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[2]}" = "/v/sub/root 1000:1000" ]
}

@test "mappings without the option map as well, and ids outside of them are nobody's" {
	volume_with_files
	bind bind
	map_last '[{"containerID":0,"hostID":1000,"size":1}]'
	sh_args 'stat -c "%u:%g" /v/root /v/five'
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[*]}" = "1000:1000 65534:65534" ]
}

@test "idmap alone takes the container's user namespace" {
	volume_with_files
	user_namespace
	bind rbind ridmap
	sh_args "$owners; touch /v/made"
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[0]}" = "/v/root 0:0" ]
	[ "${lines[1]}" = "/v/five 5:6" ]
	[ "${lines[2]}" = "/v/sub/root 0:0" ]
	[ "$(stat -c %u:%g "$VOLUME/made")" = 0:0 ]
}

@test "without idmap the same files are nobody's in a user namespace" {
	volume_with_files
	user_namespace
	bind rbind
	sh_args 'stat -c "%u:%g" /v/root'
	run run_container
	[ "$output" = 65534:65534 ]
}

@test "idmap of a container that joins a user namespace" {
	is runc && skip "runc refuses"
	local holder
	volume_with_files
	user_namespace
	unshare --user sleep 1000 3>&- &
	holder=$!
	wait_until test "$(readlink /proc/self/ns/user)" != "$(readlink /proc/$holder/ns/user)"
	echo "0 100000 65536" >/proc/$holder/uid_map
	echo "0 100000 65536" >/proc/$holder/gid_map
	config --arg path /proc/$holder/ns/user '(.linux.namespaces[] | select(.type == "user")).path = $path'
	bind rbind idmap
	sh_args 'stat -c "%u:%g" /v/five'
	run run_container
	kill $holder
	[ "$output" = 5:6 ]
}

@test "crun's idmap=uids=…;gids=…, absolute and relative to the user namespace" {
	is runc && skip "crun's"
	volume_with_files
	user_namespace
	bind rbind 'idmap=uids=0-100100-1#5-100200-1;gids=@0-300-1#@6-301-1'
	sh_args 'stat -c "%u:%g" /v/root /v/five'
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[*]}" = "100:300 200:301" ]
}

@test "a new tmpfs with idmap: what the container's root makes there is root's in it" {
	is runc && skip "runc maps binds alone"
	user_namespace
	mkdir "$BUNDLE/rootfs/covered"
	echo kept >"$BUNDLE/rootfs/covered/file"
	chmod 2750 "$BUNDLE/rootfs/covered"
	chown -R 100000:100000 "$BUNDLE/rootfs/covered"
	add_mount '{"destination":"/covered","type":"tmpfs","source":"tmpfs","options":["nosuid","noexec","size=64k","idmap","tmpcopyup"]}'
	sh_args 'stat -c "%u %a" /covered; cat /covered/file; stat -c %u /covered/file; touch /covered/x; grep " /covered " /proc/self/mountinfo'
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[0]}" = "0 2750" ]
	[ "${lines[1]}" = kept ]
	[ "${lines[2]}" = 0 ]
	[[ "${lines[3]}" =~ nosuid,noexec.*idmapped.*size=64k ]]
}

@test "the attributes of an id-mapped bind are there" {
	volume_with_files
	bind rbind ridmap rro nosuid
	map_last '[{"containerID":0,"hostID":1000,"size":10}]'
	sh_args 'touch /v/x /v/sub/x; grep " /v" /proc/self/mountinfo'
	run run_container
	[[ "${lines[0]}" =~ "Read-only file system" ]]
	[[ "${lines[1]}" =~ "Read-only file system" ]]
	[[ "${lines[2]}" =~ ro,nosuid ]]
}

@test "ids of a filesystem that cannot be mapped: place, call and reason are named" {
	is runc && skip "coffer's words"
	add_mount '{"destination":"/p","type":"bind","source":"/proc","options":["bind","idmap"]}'
	map_last '[{"containerID":0,"hostID":1000,"size":10}]'
	args /bin/true
	run run_container
	refused 'mounts\[[0-9]+\].options.*: cannot map the ids of the mount: mount_setattr: [Ii]nvalid argument.*does not support id-mapped mounts'
	nothing_left
}

@test "root of a user namespace cannot map the ids of the host's filesystems: call and reason are named" {
	is coffer || skip "coffer's words"
	volume_with_files
	bind rbind idmap
	map_last '[{"containerID":0,"hostID":0,"size":1}]'
	args /bin/true
	run unshare --user --map-root-user --mount "$RUNTIME" --cgroup-manager disabled --root "$ROOT" \
		run --bundle "$BUNDLE" "$ID"
	refused 'mounts\[[0-9]+\].options.*: cannot map the ids of the mount: mount_setattr: operation not permitted.*another user namespace'
}

@test "idmap without mappings and without a user namespace is refused" {
	bind rbind idmap
	args /bin/true
	run run_container
	refused 'mounts\[[0-9]+\]|id ?map'
	nothing_left
}

@test "features tell of id-mapped mounts" {
	rt features | jq -e '.linux.mountExtensions.idmap.enabled
		and (.mountOptions | contains(["idmap", "ridmap"]))'
}
