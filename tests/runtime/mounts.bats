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

needs_idmap() {
	rt features | jq -e '.linux.mountExtensions.idmap.enabled' >/dev/null ||
		skip "$runtime_name maps no ids"
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
	needs_idmap
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
	needs_idmap
	volume_with_files
	bind rbind ridmap
	map_last '[{"containerID":0,"hostID":1000,"size":10}]'
	sh_args "$owners"
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[2]}" = "/v/sub/root 1000:1000" ]
}

@test "mappings without the option map as well, and ids outside of them are nobody's" {
	needs_idmap
	volume_with_files
	bind bind
	map_last '[{"containerID":0,"hostID":1000,"size":1}]'
	sh_args 'stat -c "%u:%g" /v/root /v/five'
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[*]}" = "1000:1000 65534:65534" ]
}

@test "idmap alone takes the container's user namespace" {
	needs_idmap
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
	is runc && skip "runc needs a searchable way to the bundle"
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
	needs_idmap
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

@test "root of a user namespace maps the ids of a filesystem of its own" {
	is coffer || skip "needs --cgroup-manager disabled"
	config '.linux.namespaces += [{"type":"user"}] | .mounts |= map(select(.destination != "/dev/pts"))
		| .linux.uidMappings = [{"containerID":0,"hostID":0,"size":1}] | .linux.gidMappings = .linux.uidMappings'
	add_mount '{"destination":"/t","type":"tmpfs","source":"tmpfs","options":["idmap","mode=\"0750\"","size=64k"]}'
	sh_args 'touch /t/x; stat -c "%u %a" /t; stat -c %u /t/x; grep " /t " /proc/self/mountinfo'
	run unshare --user --map-root-user --mount "$RUNTIME" --cgroup-manager disabled --root "$ROOT" \
		run --bundle "$BUNDLE" "$ID"
	[ "${lines[0]}" = "0 750" ] || { echo "$output"; false; }
	[ "${lines[1]}" = 0 ]
	[[ "${lines[2]}" =~ idmapped ]]
}

@test "idmap without mappings and without a user namespace is refused" {
	needs_idmap
	bind rbind idmap
	args /bin/true
	run run_container
	refused 'mounts\[[0-9]+\]|id ?map'
	nothing_left
}

@test "features tell of id-mapped mounts" {
	is coffer || skip "coffer's"
	rt features | jq -e '.linux.mountExtensions.idmap.enabled
		and (.mountOptions | contains(["idmap", "ridmap"]))'
}

# ---- options ---------------------------------------------------------------------------------------

# flags_of PATH: what mountinfo in $output says about a mount: its own options, propagation, super
# options.
flags_of() {
	awk -v at="$1" '$5 == at { for (i = 7; $i != "-"; i++) p = p " " $i; print $6 p " - " $NF }' <<<"$output"
}

# each_option JSON-OF-A-MOUNT: every line of $table, "OPTION… : EXPECTED", as a mount of its own; what
# mountinfo says must match EXPECTED, a leading "!" means it must not.
each_option() {
	local line number=0 actual expected result=0
	while IFS= read -r line; do
		number=$((number + 1))
		add_mount "$(jq -c --arg line "${line%% : *}" --arg at "/m$number" \
			'. + {destination: $at, options: ((.options // []) + ($line | split(" ") | map(select(. != ""))))}' <<<"$1")"
	done <<<"$table"
	args /bin/cat /proc/self/mountinfo
	run run_container
	[ "$status" = 0 ] || { echo "$output"; return 1; }
	number=0
	while IFS= read -r line; do
		number=$((number + 1))
		expected=${line##* : }
		actual=$(flags_of "/m$number")
		if [[ "$expected" == !* ]]; then
			[[ "$actual" =~ ${expected#!} ]] || continue
		elif [[ -n "$actual" && "$actual" =~ $expected ]]; then
			continue
		fi
		echo "${line%% : *}: expected $expected, is $actual"
		result=1
	done <<<"$table"
	return $result
}

@test "options of a new filesystem do what they say, and later ones undo earlier ones" {
	is runc && skip "runc does not know defaults, and ignores rro here"
	table='defaults : ^rw,relatime
ro : ^ro,
ro rw : ^rw,
rro : ^ro,
rro rrw : ^rw,
nosuid : nosuid
nosuid suid : !nosuid
rnosuid : nosuid
nodev : nodev
nodev dev : !nodev
rnodev rdev : !nodev
noexec : noexec
noexec exec : !noexec
rnoexec : noexec
noatime : noatime
noatime atime : !noatime
noatime relatime : relatime
strictatime : !relatime
strictatime norelatime : !noatime
rnoatime : noatime
nodiratime : nodiratime
nodiratime diratime : !nodiratime
nosymfollow : nosymfollow
nosymfollow symfollow : !nosymfollow
rnosymfollow : nosymfollow
sync : - .*sync
sync async : !- .*sync
dirsync : - .*dirsync
lazytime : - .*lazytime
lazytime nolazytime : !lazytime
silent loud : ^rw
silent : ^rw
iversion noiversion : ^rw
mand nomand : ^rw
size=64k mode=1700 : size=64k,mode=1700'
	each_option '{"type":"tmpfs","source":"tmpfs"}'
}

@test "options of a bind do what they say, and later ones undo earlier ones" {
	is runc && skip "runc does not know defaults"
	table='defaults : ^rw,relatime
ro : ^ro,
ro rw : ^rw,
rro : ^ro,
rro rrw : ^rw,
nosuid nodev noexec : nosuid,nodev,noexec
nosuid suid nodev dev noexec exec : !no(suid|dev|exec)
rnosuid rnodev rnoexec : nosuid,nodev,noexec
noatime : noatime
noatime strictatime : !(rel|no)atime
strictatime : !relatime
nodiratime : nodiratime
nosymfollow : nosymfollow
nosymfollow rsymfollow : !nosymfollow
silent lazytime iversion sync dirsync mand : ^rw,relatime'
	each_option "{\"type\":\"none\",\"source\":\"$VOLUME\",\"options\":[\"rbind\"]}"
}

@test "recursive attributes reach what is mounted below, plain ones do not" {
	volume_with_files
	add_mount "{\"destination\":\"/r\",\"type\":\"bind\",\"source\":\"$VOLUME\",\"options\":[\"rbind\",\"rro\",\"rnosuid\",\"rnosymfollow\",\"rnoatime\"]}"
	bind rbind ro nosuid
	args /bin/cat /proc/self/mountinfo
	run run_container
	[[ "$(flags_of /r/sub)" =~ ^ro,nosuid,noatime,nosymfollow ]]
	[[ "$(flags_of /v)" =~ ^ro,nosuid ]]
	[[ "$(flags_of /v/sub)" =~ ^rw,relatime ]]
}

@test "rro with rw behind it: writable itself, read-only below" {
	is runc && skip "runc 1.1 makes both read-only"
	volume_with_files
	bind rbind rro rw
	args /bin/cat /proc/self/mountinfo
	run run_container
	[[ "$(flags_of /v)" =~ ^rw ]]
	[[ "$(flags_of /v/sub)" =~ ^ro ]]
}

@test "remount changes an earlier mount: its filesystem, or with bind the mount alone" {
	is runc && skip "runc wants a source"
	volume_with_files
	bind rbind
	add_mount '{"destination":"/t","type":"tmpfs","source":"tmpfs","options":["size=64k"]}'
	add_mount '{"destination":"/t","type":"tmpfs","source":"tmpfs","options":["remount","nosymfollow","noexec","size=128k"]}'
	add_mount '{"destination":"/v","options":["remount","bind","ro","nosymfollow"]}'
	args /bin/cat /proc/self/mountinfo
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$(flags_of /t)" =~ noexec,.*nosymfollow.*size=128k ]]
	[[ "$(flags_of /v)" =~ ^ro.*nosymfollow ]]
	[[ "$(flags_of /v/sub)" =~ ^rw ]]
}

@test "an unknown option of a bind is refused with its place, of a filesystem by the kernel" {
	is coffer || skip "coffer's words"
	bind rbind nosuidd
	args /bin/true
	run run_container
	refused 'mounts\[[0-9]+\].options\[1\].*unknown mount option "nosuidd"'
	config '.mounts[-1] = {"destination":"/t","type":"tmpfs","source":"tmpfs","options":["nosuidd"]}'
	run run_container
	refused 'mounts\[[0-9]+\].*cannot mount tmpfs on "/t"'
}

@test "a relative destination is below /, with a warning" {
	config '.mounts += [{"destination":"here/t","type":"tmpfs","source":"tmpfs"}]'
	sh_args 'grep " /here/t " /proc/self/mountinfo'
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$output" =~ "/here/t" ]]
	is coffer || return 0
	[[ "$output" =~ "not absolute" ]]
}

@test "mount points that are missing are made: directories 0755, files 0644, whatever the umask" {
	is coffer || skip "the peers differ"
	echo content >"$VOLUME/file"
	mkdir -m 700 "$VOLUME/private"
	add_mount "{\"destination\":\"/a/b/file\",\"type\":\"bind\",\"source\":\"$VOLUME/file\",\"options\":[\"bind\"]}"
	add_mount "{\"destination\":\"/a/c/directory\",\"type\":\"bind\",\"source\":\"$VOLUME/private\",\"options\":[\"bind\"]}"
	sh_args 'cat /a/b/file'
	umask 077
	run run_container
	[ "$output" = content ] || { echo "$output"; false; }
	run stat -c '%a' "$BUNDLE/rootfs/a" "$BUNDLE/rootfs/a/b" "$BUNDLE/rootfs/a/b/file" "$BUNDLE/rootfs/a/c/directory"
	[ "${lines[*]}" = "755 755 644 755" ]
}

@test "a new tmpfs has the mode of the directory that it covers, unless it says another" {
	is runc && skip "coffer's, as crun before 1.29"
	mkdir -m 2751 "$BUNDLE/rootfs/t"
	mkdir -m 700 "$BUNDLE/rootfs/u"
	add_mount '{"destination":"/t","type":"tmpfs","source":"tmpfs","options":["size=64k"]}'
	add_mount '{"destination":"/u","type":"tmpfs","source":"tmpfs","options":["mode=1777"]}'
	add_mount '{"destination":"/made","type":"tmpfs","source":"tmpfs"}'
	sh_args 'stat -c %a /t /u /made'
	run run_container
	[ "${lines[*]}" = "2751 1777 755" ]
}

@test "copy-symlink makes the source's link instead of following it, src-nofollow binds the link itself" {
	is runc && skip "crun's"
	ln -s /etc/passwd "$VOLUME/link"
	add_mount "{\"destination\":\"/copied\",\"type\":\"bind\",\"source\":\"$VOLUME/link\",\"options\":[\"bind\",\"copy-symlink\"]}"
	add_mount "{\"destination\":\"/etc/bound\",\"type\":\"bind\",\"source\":\"$VOLUME/link\",\"options\":[\"bind\",\"src-nofollow\"]}"
	sh_args 'readlink /copied; readlink /etc/bound; grep -c " /copied " /proc/self/mountinfo'
	run run_container
	[ "${lines[*]}" = "/etc/passwd /etc/passwd 0" ] || { echo "$output"; false; }
}

@test "dest-nofollow mounts on a link, not on what it leads to" {
	is runc && skip "crun's"
	echo new >"$VOLUME/file"
	echo old >"$BUNDLE/rootfs/etc/old"
	ln -s old "$BUNDLE/rootfs/etc/link"
	add_mount "{\"destination\":\"/etc/link\",\"type\":\"bind\",\"source\":\"$VOLUME/file\",\"options\":[\"bind\",\"dest-nofollow\"]}"
	sh_args 'cat /etc/link /etc/old'
	run run_container
	[ "${lines[*]}" = "new old" ] || { echo "$output"; false; }
}

# ---- propagation -----------------------------------------------------------------------------------

# The host's side is shared, so that each form shows in mountinfo.
shared_volume() {
	mount -t tmpfs tmpfs "$VOLUME"
	mount --make-shared "$VOLUME"
	mkdir "$VOLUME/sub"
	mount -t tmpfs tmpfs "$VOLUME/sub"
	mount --make-shared "$VOLUME/sub"
}

@test "a bind's propagation, in all eight forms, of the mount and of what is mounted below" {
	local form expected at
	shared_volume
	for form in none private rprivate slave rslave shared rshared unbindable runbindable; do
		add_mount "$(jq -nc --arg source "$VOLUME" --arg at "/$form" --arg form "$form" \
			'{destination: $at, type: "bind", source: $source, options: (["rbind"] + if $form == "none" then [] else [$form] end)}')"
	done
	args /bin/cat /proc/self/mountinfo
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	while read -r form expected; do
		at=$(flags_of "/$form")
		[[ "${at#*relatime}" =~ ^\ ?$expected\ - ]] || { echo "$form: $at, expected $expected"; false; }
	done <<-'END'
		none  master:[0-9]+
		none/sub  master:[0-9]+
		private
		private/sub  master:[0-9]+
		rprivate
		rprivate/sub
		slave  master:[0-9]+
		rslave/sub  master:[0-9]+
		shared  shared:[0-9]+ master:[0-9]+
		shared/sub  master:[0-9]+
		rshared/sub  shared:[0-9]+ master:[0-9]+
		unbindable  unbindable
		unbindable/sub  master:[0-9]+
		runbindable/sub  unbindable
	END
}

@test "a new filesystem's propagation, in all eight forms" {
	is runc && skip "runc leaves a new filesystem the parent's"
	table='private : relatime -
rprivate : relatime -
shared : relatime shared:
rshared : relatime shared:
slave : relatime -
rslave : relatime -
unbindable : relatime unbindable
runbindable : relatime unbindable'
	each_option '{"type":"tmpfs","source":"tmpfs"}'
}

@test "rootfsPropagation, in all eight values" {
	local value expected
	args /bin/cat /proc/self/mountinfo
	mount --bind "$BUNDLE/rootfs" "$BUNDLE/rootfs"
	mount --make-shared "$BUNDLE/rootfs"
	while read -r value expected; do
		config --arg value "$value" '.linux.rootfsPropagation = $value'
		run run_container
		[ "$status" = 0 ] || { echo "$value: $output"; umount -l "$BUNDLE/rootfs"; false; }
		output=$(flags_of /)
		[[ "${output#*relatime}" =~ ^\ ?$expected\ - ]] ||
			{ echo "$value: $output, expected $expected"; umount -l "$BUNDLE/rootfs"; false; }
	done <<-'END'
		private
		rprivate
		slave  master:[0-9]+
		rslave  master:[0-9]+
		shared  shared:[0-9]+( master:[0-9]+)?
		rshared  shared:[0-9]+( master:[0-9]+)?
		unbindable  unbindable
		runbindable  unbindable
	END
	umount -l "$BUNDLE/rootfs"
}
