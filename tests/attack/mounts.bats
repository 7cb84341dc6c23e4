#!/usr/bin/env bats
# Hostile containers against what is mounted for them while they run, and against id maps.
load ../runtime/bundle
bats_require_minimum_version 1.5.0

setup_file() { common_setup_file; }

setup() {
	is coffer || skip "coffer's verb"
	common_setup
	VICTIM=$BATS_TEST_TMPDIR/victim
	VOLUME=$BATS_TEST_TMPDIR/volume
	MOUNTS=$BATS_TEST_TMPDIR/mounts.json
	mkdir -p "$VICTIM" "$VOLUME"
	echo untouched >"$VICTIM/file"
}

teardown() {
	[ -z "$RACER" ] || kill "$RACER" 2>/dev/null || true
	common_teardown
	umount -R -l "$VOLUME" 2>/dev/null || true
	[ "$(ls -A "$VICTIM")" = file ] || { echo "made: $(ls -A "$VICTIM")"; return 1; }
	[ "$(cat "$VICTIM/file")" = untouched ]
	! grep -F "$VICTIM" /proc/self/mountinfo
}

# exchange A B: swaps the two names until the test ends.
exchange() {
	python3 -c '
import ctypes, sys
libc = ctypes.CDLL(None)
a, b = (name.encode() for name in sys.argv[1:])
while True:
    libc.renameat2(-100, a, -100, b, 2)
' "$@" 3>&- &
	RACER=$!
}

inside() {
	rt exec "$ID" /bin/sh -c "$1" 3>&-
}

@test "mounts add: a destination that is swapped for a link all the time leads nowhere outside" {
	local try
	config --arg source "$VOLUME" '.mounts += [{"destination":"/vol","type":"bind","source":$source,"options":["rbind"]}]'
	start_sleeper
	mkdir -p "$VOLUME/way/in" "$BATS_TEST_TMPDIR/source"
	echo added >"$BATS_TEST_TMPDIR/source/file"
	ln -s "../../../../../../../..$VICTIM" "$VOLUME/link"
	exchange "$VOLUME/way" "$VOLUME/link"
	jq -n --arg source "$BATS_TEST_TMPDIR/source" \
		'[{destination: "/vol/way/in/deep", source: $source, options: ["rbind", "ro"]},
		  {destination: "/vol/way/fs", type: "tmpfs", source: "tmpfs", options: ["size=4k"]}]' >"$MOUNTS"
	for try in $(seq 40); do
		rt mounts add "$ID" "$MOUNTS" 2>/dev/null && rt mounts remove "$ID" "$MOUNTS" 2>/dev/null || true
	done
	# What was mounted is in the container alone.
	! grep -E "$VOLUME|$BATS_TEST_TMPDIR/source" /proc/self/mountinfo || false
	[ "$(cat "$VICTIM/file")" = untouched ]
}

@test "mounts remove: a path that leads to a mask by then uncovers nothing" {
	config '.linux.maskedPaths += ["/secret/data"]'
	mkdir -p "$BUNDLE/rootfs/secret/data" "$BUNDLE/rootfs/open"
	echo secret >"$BUNDLE/rootfs/secret/data/key"
	start_sleeper
	jq -n --arg source "$VOLUME" '[{destination: "/open/data", source: $source, options: ["bind"]}]' >"$MOUNTS"
	rt mounts add "$ID" "$MOUNTS"
	inside 'mv /open /was && mv /secret /open && [ -d /open/data ]'
	run rt mounts remove "$ID" "$MOUNTS"
	refused 'cannot unmount "/open/data" \(what is there is not the mount that was added\)'
	[ -z "$(inside 'cat /open/data/key 2>/dev/null')" ]
	inside 'mv /open /secret && ln -s secret /open'
	run rt mounts remove "$ID" "$MOUNTS"
	refused 'not the mount that was added'
	[ -z "$(inside 'cat /open/data/key 2>/dev/null')" ]
}

@test "mounts add: the container's own /proc is not asked, whatever it is" {
	config '.process.capabilities[] += ["CAP_SYS_ADMIN"]'
	start_sleeper
	inside 'mount -t tmpfs tmpfs /proc && mkdir -p /proc/self/fd /trap && for n in $(seq 3 40); do ln -s /trap /proc/self/fd/$n; done'
	jq -n --arg source "$VOLUME" '[{destination: "/data", source: $source, options: ["bind"]},
		{destination: "/fs", type: "tmpfs", source: "tmpfs"}]' >"$MOUNTS"
	echo added >"$VOLUME/file"
	rt mounts add "$ID" "$MOUNTS"
	[ "$(inside 'cat /data/file; ls /trap')" = added ]
	rt mounts remove "$ID" "$MOUNTS"
	run inside 'cat /data/file'
	[ "$status" -ne 0 ]
}

@test "mounts add: nobody in the container sees or traces who brings them" {
	local try
	config '.process.capabilities[] += ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN"]'
	args /bin/sh -c 'while :; do for p in /proc/[0-9]*; do
		exe=$(readlink $p/exe 2>/dev/null) && [ "$exe" != /bin/busybox ] && echo "$exe" >> /seen
		[ $p = /proc/1 ] || ls $p/fd /proc/${p#/proc/}/root >/dev/null 2>&1; done; done'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	jq -n --arg source "$VOLUME" '[{destination: "/data", source: $source, options: ["bind"]}]' >"$MOUNTS"
	for try in $(seq 20); do
		rt mounts add "$ID" "$MOUNTS"
		rt mounts remove "$ID" "$MOUNTS"
	done
	[ ! -e "$BUNDLE/rootfs/seen" ] || { sort "$BUNDLE/rootfs/seen" | uniq -c; false; }
}

@test "id maps: ids outside of the map cannot be made, changed, or taken over" {
	mount -t tmpfs -o mode=777 tmpfs "$VOLUME"
	mkdir "$VOLUME/roots"
	echo secret >"$VOLUME/roots/key"
	chmod 700 "$VOLUME/roots"
	chown 1000:1000 "$VOLUME"
	config --arg source "$VOLUME" '.process.capabilities[] += ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"]
		| .mounts += [{destination: "/v", source: $source, options: ["bind", "idmap"],
			uidMappings: [{containerID: 1000, hostID: 5000, size: 1}],
			gidMappings: [{containerID: 1000, hostID: 5000, size: 1}]}]'
	sh_args 'exec 2>&1; cat /v/roots/key; touch /v/made; chown 5000 /v/roots; chmod 777 /v/roots; stat -c %u /v'
	run run_container
	[[ "${lines[0]}" =~ denied ]] || { echo "$output"; false; }
	[[ "${lines[1]}" =~ "Value too large" ]]
	[[ "${lines[2]}" =~ "not permitted"|"Value too large" ]]
	[[ "${lines[3]}" =~ "not permitted"|"Value too large" ]]
	[ "${lines[4]}" = 5000 ]
	[ "$(stat -c '%u %a' "$VOLUME/roots")" = "0 700" ]
}

@test "id maps: the source's links are the host's, a link inside the volume is no way out" {
	mount -t tmpfs -o mode=777 tmpfs "$VOLUME"
	ln -s "$VICTIM" "$VOLUME/out"
	config --arg source "$VOLUME" '.mounts += [{destination: "/v", source: $source, options: ["bind", "idmap"],
			uidMappings: [{containerID: 0, hostID: 0, size: 10}],
			gidMappings: [{containerID: 0, hostID: 0, size: 10}]}]'
	sh_args 'cat /v/out/file'
	run run_container
	[ "$status" -ne 0 ]
	[[ "$output" =~ "No such file" ]]
}

@test "id maps: no process that holds one is left, also when coffer is killed" {
	config --arg source "$VOLUME" '.mounts += [{destination: "/v", source: $source, options: ["bind", "idmap"],
			uidMappings: [{containerID: 0, hostID: 0, size: 10}],
			gidMappings: [{containerID: 0, hostID: 0, size: 10}]}]'
	args /bin/true
	timeout -s KILL 0.02 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 || true
	run_container >/dev/null 2>&1 || true
	! pgrep -f "root $ROOT run"
}
