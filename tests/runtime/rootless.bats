#!/usr/bin/env bats
# An ordinary user's containers: a user namespace of one id, or of more by newuidmap and newgidmap.
load bundle

USER_ID=54321

setup_file() {
	common_setup_file
	local work=$BATS_FILE_TMPDIR
	# A user of our own, in a mount namespace of our own.
	(cat /etc/passwd; echo "coffertest:x:$USER_ID:$USER_ID::/:/bin/sh") >"$work/passwd"
	(cat /etc/group; echo "coffertest:x:$USER_ID:") >"$work/group"
	echo "coffertest:300000:65536" >"$work/subid"
	# Where the user can reach it, whatever the build directory's modes are.
	cp "$RUNTIME" "$work/$runtime_name"
	open_up "$work"
}

# Let the user search the test's own directories.
open_up() {
	local dir=$1
	while [[ "$dir" == "$BATS_RUN_TMPDIR"* ]]; do
		chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
}

setup() {
	common_setup
	RUNTIME=$BATS_FILE_TMPDIR/$runtime_name
	open_up "$BATS_TEST_TMPDIR"
	mkdir "$BATS_TEST_TMPDIR/run"
	rm "$BUNDLE/config.json"
	chown -R $USER_ID:$USER_ID "$BUNDLE" "$ROOT" "$BATS_TEST_TMPDIR/run"
	chown $USER_ID "$BATS_TEST_TMPDIR"
	as_user "$RUNTIME" spec --rootless --bundle "$BUNDLE"
	config '.process.terminal = false | .root.readonly = false | del(.process.rlimits)'
	chown $USER_ID "$BUNDLE/config.json"
}

teardown() {
	as_user "$RUNTIME" --root "$ROOT" delete --force "$ID" || true
}

as_user() {
	local work=$BATS_FILE_TMPDIR
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run unshare -m bash -c '
		mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group &&
		mount --bind "$1/subid" /etc/subuid && mount --bind "$1/subid" /etc/subgid &&
		user=$2 && shift 2 && exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"' \
		bash "$work" $USER_ID "$@" 3>&-
}

rl() {
	as_user "$RUNTIME" --root "$ROOT" "$@"
}

@test "a user runs a container as its root, with one id" {
	sh_args 'id -u; cat /proc/self/uid_map; echo > /dev/null && echo null; touch /made'
	run rl run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" =~ ^\ +0\ +$USER_ID\ +1$ ]]
	[ "${lines[2]}" = null ]
	[ "$(stat -c %u "$BUNDLE/rootfs/made")" = $USER_ID ]
}

@test "more ids are mapped by newuidmap and newgidmap" {
	config --argjson me $USER_ID '.linux.uidMappings = [{"containerID":0,"hostID":$me,"size":1},{"containerID":1,"hostID":300000,"size":1000}]
		| .linux.gidMappings = .linux.uidMappings | .process.user = {"uid":5,"gid":6}'
	sh_args 'id -u; id -g; touch /tmp/x'
	chmod 1777 "$BUNDLE/rootfs/tmp"
	run rl run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[*]}" = "5 6" ]
	[ "$(stat -c %u "$BUNDLE/rootfs/tmp/x")" = 300004 ]
}

@test "ids that were not given to the user are refused" {
	config --argjson me $USER_ID '.linux.uidMappings = [{"containerID":0,"hostID":$me,"size":1},{"containerID":1,"hostID":1000,"size":1000}]
		| .linux.gidMappings = .linux.uidMappings'
	args /bin/true
	run rl run --bundle "$BUNDLE" "$ID"
	refused 'subuid|newuidmap|not permitted'
}

# As podman does: in a user namespace of the caller's, whose root is no root of the host's pid namespace.
in_callers_namespace() {
	as_user unshare --user --map-root-user --mount sh -euc "$1" sh "$RUNTIME" "$ROOT" "$BUNDLE" "$ID"
}

@test "a container of a caller's user namespace: run, exec, join its pid namespace" {
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
	args /bin/sleep 1000
	in_callers_namespace '
		exec 3>&-
		"$1" --root "$2" run --detach --bundle "$3" "$4" </dev/null >"$3/out" 2>&1
		trap "\"\$1\" --root \"\$2\" delete --force \"\$4\"" EXIT
		"$1" --root "$2" exec "$4" /bin/echo executed >"$3/executed" 2>&1 || true
		pid=$("$1" --root "$2" state "$4" | jq .pid)
		jq --arg path "/proc/$pid/ns/pid" ".process.args = [\"/bin/cat\", \"/proc/1/cmdline\"] | .linux.namespaces |=
			map(if .type == \"pid\" then .path = \$path else . end)" "$3/config.json" >"$3/config.new"
		mv "$3/config.new" "$3/config.json"
		"$1" --root "$2" run --bundle "$3" "$4-joined" >"$3/joined" 2>&1 || true'
	cat "$BUNDLE"/{out,executed,joined}
	[ "$(cat "$BUNDLE/executed")" = executed ]
	[[ "$(tr '\0' ' ' <"$BUNDLE/joined")" == "/bin/sleep 1000 "* ]]
}

@test "exec, list and delete work for a user" {
	args /bin/sleep 1000
	rl run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	run rl exec "$ID" /bin/sh -c 'id -u; readlink /proc/self/ns/user'
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" != "$(readlink /proc/self/ns/user)" ]
	[ "$(rl list -q)" = "$ID" ]
	rl delete --force "$ID"
	[ -z "$(rl list -q)" ]
}

@test "a user's state is kept below XDG_RUNTIME_DIR" {
	is coffer || skip "the directory is named after the runtime"
	args /bin/sleep 1000
	as_user "$RUNTIME" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	[ -e "$BATS_TEST_TMPDIR/run/coffer/$ID/state.json" ]
	as_user "$RUNTIME" delete --force "$ID"
}

@test "a user adds mounts to a running container, and removes them" {
	is coffer || skip "runc has no such verb"
	local source=$BATS_TEST_TMPDIR/source mounts=$BATS_TEST_TMPDIR/mounts.json
	mkdir "$source"
	echo content >"$source/file"
	chown -R $USER_ID "$source"
	args /bin/sleep 1000
	rl run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	jq -n --arg source "$source" '[{destination: "/data", source: $source, options: ["rbind", "nosuid"]},
		{destination: "/t", type: "tmpfs", source: "tmpfs", options: ["size=64k"]}]' >"$mounts"
	rl mounts add "$ID" "$mounts"
	run rl exec "$ID" /bin/sh -c 'cat /data/file; touch /data/made /t/made && stat -c %u /data/made /t/made'
	[ "${lines[*]}" = "content 0 0" ] || { echo "$output"; false; }
	[ "$(stat -c %u "$source/made")" = $USER_ID ]
	rl mounts remove "$ID" "$mounts"
	run rl exec "$ID" /bin/sh -c 'grep -cE " /(data|t) " /proc/self/mountinfo'
	[ "$output" = 0 ]
}

@test "an id-mapped mount is refused to a user, with its place and reason" {
	is coffer || skip "coffer's words"
	config --arg source "$BATS_TEST_TMPDIR" '.mounts += [{destination: "/v", source: $source, options: ["rbind", "idmap"]}]'
	args /bin/true
	run rl run --bundle "$BUNDLE" "$ID"
	refused 'mounts\[[0-9]+\]\.options.*needs the host.s root: mount_setattr'
}
