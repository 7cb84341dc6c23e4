#!/usr/bin/env bats
# config.md, "Mounts": order, destinations, and one test for each option string.
load conformance

setup_file() { common_setup_file; }
setup() { common_setup; mkdir -p "$BATS_TEST_TMPDIR/source/sub"; }
teardown() { common_teardown; }

# add_mount DESTINATION TYPE SOURCE OPTION,…
add_mount() {
	config --arg destination "$1" --arg type "$2" --arg source "$3" --arg options "$4" '
		.mounts += [{destination: $destination, type: $type, source: $source, options: ($options | split(","))}]'
}

# tmpfs OPTIONS / bind OPTIONS: mount it on /m, show the container's mountinfo.
tmpfs() {
	add_mount /m tmpfs tmpfs "$1"
	runs 'cat /proc/self/mountinfo'
	succeeded
}

bind() {
	add_mount /m bind "$BATS_TEST_TMPDIR/source" "$1"
	runs 'cat /proc/self/mountinfo'
	succeeded
}

# rbind OPTIONS: a recursive bind of a directory that has a mount below; made in a mount namespace of the test's own.
rbind() {
	add_mount /m bind "$BATS_TEST_TMPDIR/source" "rbind,$1"
	sh_args "${2:-cat /proc/self/mountinfo}"
	run unshare --mount --propagation private sh -c '
		mount -t tmpfs -o '"${SUB_OPTIONS:-rw}"' sub "$1" && shift && exec "$@"' sh \
		"$BATS_TEST_TMPDIR/source/sub" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	succeeded
}

# has OPTION [PATH], lacks OPTION [PATH]: of the mount's own attributes.
has() {
	[[ ",$(attributes_of "${2:-/m}")," == *",$1,"* ]] || { echo "no $1: $(mount_of "${2:-/m}")"; return 1; }
}

lacks() {
	[[ ",$(attributes_of "${2:-/m}")," != *",$1,"* ]] || { echo "has $1: $(mount_of "${2:-/m}")"; return 1; }
}

# super OPTION: of the file system.
super() {
	[[ ",$(mount_of /m | sed 's/.* - [^ ]* [^ ]* //')," == *",$1,"* ]] || { echo "no $1: $(mount_of /m)"; return 1; }
}

@test "mounts are made in the listed order" {
	add_mount /m tmpfs first size=1m
	add_mount /m/below tmpfs second size=1m
	add_mount /n/below tmpfs third size=1m
	add_mount /n tmpfs fourth size=1m
	runs 'cat /proc/self/mountinfo; test -d /m/below && test ! -e /n/below && echo in order'
	shows 'in order'
}

@test "a relative destination is relative to the root" {
	add_mount m/below tmpfs tmpfs size=1m
	config '.process.cwd = "/tmp"'
	runs 'cat /proc/self/mountinfo'
	succeeded
	[ -n "$(mount_of /m/below)" ]
}

@test "option async" { tmpfs async; ! super sync; }
@test "option atime" { tmpfs noatime,atime; lacks noatime; }
@test "option bind" { touch "$BATS_TEST_TMPDIR/source/file"; add_mount /m none "$BATS_TEST_TMPDIR/source" bind; runs 'ls /m/file'; shows /m/file; }
@test "option defaults" { tmpfs defaults; has rw; add_mount /b bind "$BATS_TEST_TMPDIR/source" bind,defaults; run run_container; succeeded; }
@test "option dev" { bind bind,nodev,dev; lacks nodev; }
@test "option diratime" { tmpfs nodiratime,diratime; lacks nodiratime; }
@test "option dirsync" { tmpfs dirsync; super dirsync || skip "tmpfs of this kernel does not show it"; }
@test "option exec" { bind bind,noexec,exec; lacks noexec; }
@test "option iversion" { tmpfs iversion; }
@test "option lazytime" { tmpfs lazytime; super lazytime; }
@test "option loud" { tmpfs silent,loud; }
@test "option noatime" { bind bind,noatime; has noatime; }
@test "option nodev" { bind bind,nodev; has nodev; }
@test "option nodiratime" { bind bind,nodiratime; has nodiratime; }
@test "option noexec" { bind bind,noexec; has noexec; }
@test "option noiversion" { tmpfs iversion,noiversion; }
@test "option nolazytime" { tmpfs lazytime,nolazytime; ! super lazytime; }
@test "option norelatime" { tmpfs norelatime; }
@test "option nostrictatime" { tmpfs nostrictatime; has relatime; }
@test "option nosuid" { bind bind,nosuid; has nosuid; }
@test "option nosymfollow" { bind bind,nosymfollow; has nosymfollow; }
@test "option private" { rbind rshared,private; [ -z "$(propagation_of /m)" ]; }
@test "option ratime" { SUB_OPTIONS=noatime rbind ratime; lacks noatime /m/sub; }
@test "option rbind" { rbind rw; [ -n "$(mount_of /m/sub)" ]; }
@test "option rdev" { SUB_OPTIONS=nodev rbind rdev; lacks nodev /m/sub; }
@test "option rdiratime" { SUB_OPTIONS=nodiratime rbind rdiratime; lacks nodiratime /m/sub; }
@test "option relatime" { bind bind,noatime,relatime; has relatime; }
@test "option remount" { add_mount /m tmpfs tmpfs size=1m,rw; tmpfs remount,ro; has ro || super ro; }
@test "option rexec" { SUB_OPTIONS=noexec rbind rexec; lacks noexec /m/sub; }
@test "option rnoatime" { rbind rnoatime; has noatime /m/sub; has noatime; }
@test "option rnodiratime" { rbind rnodiratime; has nodiratime /m/sub; has nodiratime; }
@test "option rnoexec" { rbind rnoexec; has noexec /m/sub; has noexec; }
@test "option rnorelatime" { rbind rnorelatime; }
@test "option rnostrictatime" { rbind rnostrictatime; }
@test "option rnosuid" { rbind rnosuid; has nosuid /m/sub; has nosuid; }
@test "option rnosymfollow" { rbind rnosymfollow; has nosymfollow /m/sub; has nosymfollow; }
@test "option ro" { bind bind,ro; has ro; }
@test "option rprivate" { rbind rshared,rprivate; [ -z "$(propagation_of /m)" ] && [ -z "$(propagation_of /m/sub)" ]; }
@test "option rrelatime" { SUB_OPTIONS=noatime rbind rrelatime; has relatime /m/sub; }
@test "option rro" { rbind rro; has ro /m/sub; has ro; }
@test "option rrw" { SUB_OPTIONS=rw rbind ro,rrw; has rw /m/sub; }
@test "option rshared" { rbind rshared; [[ "$(propagation_of /m)" == *shared:* ]] && [[ "$(propagation_of /m/sub)" == *shared:* ]]; }
@test "option rslave" { config '.linux.rootfsPropagation = "rslave"'; rbind rslave; [[ "$(propagation_of /m)" != *shared:* ]]; }
@test "option rstrictatime" { rbind rstrictatime; lacks relatime /m/sub; lacks noatime /m/sub; }
@test "option rsuid" { SUB_OPTIONS=nosuid rbind rsuid; lacks nosuid /m/sub; }
@test "option rsymfollow" { SUB_OPTIONS=nosymfollow rbind rsymfollow; lacks nosymfollow /m/sub; }
@test "option runbindable" { rbind runbindable; [[ "$(propagation_of /m)" == *unbindable* ]] && [[ "$(propagation_of /m/sub)" == *unbindable* ]]; }
@test "option rw" { bind bind,ro,rw; has rw; }
@test "option shared" { rbind shared; [[ "$(propagation_of /m)" == *shared:* ]] && [[ "$(propagation_of /m/sub)" != *shared:* ]]; }
@test "option silent" { tmpfs silent; }
@test "option slave" { rbind slave; [[ "$(propagation_of /m)" != *shared:* ]]; }
@test "option strictatime" { tmpfs strictatime; lacks relatime; lacks noatime; }
@test "option suid" { bind bind,nosuid,suid; lacks nosuid; }
@test "option symfollow" { bind bind,nosymfollow,symfollow; lacks nosymfollow; }
@test "option sync" { tmpfs sync; super sync; }
@test "option unbindable" { rbind unbindable; [[ "$(propagation_of /m)" == *unbindable* ]] && [[ "$(propagation_of /m/sub)" != *unbindable* ]]; }

@test "option tmpcopyup copies what the image has there" {
	mkdir "$BUNDLE/rootfs/m"
	echo below >"$BUNDLE/rootfs/m/file"
	add_mount /m tmpfs tmpfs tmpcopyup
	runs 'cat /m/file; echo changed > /m/file'
	shows below
	[ "$(cat "$BUNDLE/rootfs/m/file")" = below ]
}

@test "unknown options are the file system's" {
	tmpfs size=1m,mode=700
	super size=1024k && super mode=700
	add_mount /m tmpfs tmpfs no-such-option
	run_fails
}

# The source's owner as the container's ids: 2000 on the host is 0 in the mapping.
id_mapped() {
	chown 2000:2000 "$BATS_TEST_TMPDIR/source"
	config --argjson mount "$1" --arg source "$BATS_TEST_TMPDIR/source" '.mounts += [{destination: "/m", type: "bind", source: $source} + $mount]'
}

@test "idmap with mappings uses those" {
	id_mapped '{"options":["bind","idmap"],"uidMappings":[{"containerID":2000,"hostID":7,"size":1}],"gidMappings":[{"containerID":2000,"hostID":8,"size":1}]}'
	runs 'stat -c %u:%g /m'
	shows 7:8
}

@test "ridmap with mappings uses those, recursively" {
	id_mapped '{"options":["rbind","ridmap"],"uidMappings":[{"containerID":2000,"hostID":7,"size":1}],"gidMappings":[{"containerID":2000,"hostID":8,"size":1}]}'
	sh_args 'stat -c %u:%g /m; stat -c %u:%g /m/sub'
	run unshare --mount --propagation private sh -c '
		mount -t tmpfs -o uid=2000,gid=2000 sub "$1" && shift && exec "$@"' sh \
		"$BATS_TEST_TMPDIR/source/sub" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	succeeded
	[ "${lines[*]}" = "7:8 7:8" ]
}

@test "idmap without mappings and without a user namespace is an error" {
	id_mapped '{"options":["bind","idmap"]}'
	run_fails
}

@test "ridmap without mappings and without a user namespace is an error" {
	id_mapped '{"options":["rbind","ridmap"]}'
	run_fails
}

@test "uidMappings without gidMappings are an error" {
	id_mapped '{"options":["bind","idmap"],"uidMappings":[{"containerID":2000,"hostID":7,"size":1}]}'
	run_fails
}

@test "gidMappings without uidMappings are an error" {
	id_mapped '{"options":["bind","idmap"],"gidMappings":[{"containerID":2000,"hostID":7,"size":1}]}'
	run_fails
}
