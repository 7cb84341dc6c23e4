#!/usr/bin/env bats
# Flags that engines and people pass, beside those that other files are about.
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "--config names another file of the bundle" {
	is runc && skip "runc has no --config"
	sh_args 'echo other'
	mv "$BUNDLE/config.json" "$BUNDLE/other.json"
	run rt run --config other.json --bundle "$BUNDLE" "$ID"
	is crun && [ "$status" != 0 ] && skip "crun takes an absolute path"
	[ "$output" = other ]
}

@test "--no-pivot: the root is the container's, and exec is in it" {
	args /bin/sleep 1000
	rt run --no-pivot --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	run rt exec "$ID" /bin/sh -c 'ls /bin/busybox; test -e /etc/debian_version && echo HOST; ls /proc/self/root/bin/busybox'
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$output" != *HOST* ]]
	rt delete --force "$ID"
	nothing_left
}

@test "a new session keyring by default, the caller's with --no-new-keyring" {
	sh_args 'cat /proc/keys'
	config '.linux.maskedPaths -= ["/proc/keys"]'
	run rt run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || skip "this kernel has no keys"
	[[ "$output" == *"_ses.$ID"* ]]
	run rt run --no-new-keyring --bundle "$BUNDLE" "$ID-2"
	[[ "$output" != *"_ses.$ID-2"* ]]
}

@test "--pidfd-socket gets a pidfd of the process, of create and of exec" {
	is coffer || skip "this version has no --pidfd-socket"
	args /bin/sleep 1000
	receive "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/pid"
	rt create --pidfd-socket "$BATS_TEST_TMPDIR/one" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	wait $RECEIVER
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(rt state "$ID" | jq .pid)" ]
	rt start "$ID"
	receive "$BATS_TEST_TMPDIR/two" "$BATS_TEST_TMPDIR/pid"
	rt exec --detach --pidfd-socket "$BATS_TEST_TMPDIR/two" --pid-file "$BATS_TEST_TMPDIR/file" "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	wait $RECEIVER
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(cat "$BATS_TEST_TMPDIR/file")" ]
}

@test "--cgroup-manager disabled: the container stays in the caller's cgroup" {
	is runc && skip "runc has no --cgroup-manager"
	args /bin/cat /proc/self/cgroup
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(select(.type != "cgroup"))'
	run "$RUNTIME" --cgroup-manager disabled --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$output" != *"$ID"* ]]
	nothing_left
}

@test "the systemd cgroup driver is refused by name as long as there is none" {
	is coffer || skip "peers have it"
	args /bin/true
	run "$RUNTIME" --systemd-cgroup --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	refused 'systemd'
	nothing_left
}

@test "a container whose name is a command's fails with that command's code" {
	is coffer || skip "a detail of coffer's"
	run rt delete exec
	[ "$status" = 1 ]
	run rt exec delete /bin/true
	[ "$status" = 255 ]
}

@test "--debug and --log-level decide what is said" {
	is coffer || skip "levels of coffer's"
	config '.mounts += [{"destination":"tmp","type":"tmpfs","source":"tmpfs"}]' # should be absolute
	args /bin/true
	run "$RUNTIME" --log-level warning --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	[[ "$output" == *warning*mounts* ]]
	run "$RUNTIME" --log-level error --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	[ -z "$output" ]
	run "$RUNTIME" --log-level loud --root "$ROOT" list
	refused 'loud'
	run "$RUNTIME" --debug --log "$BATS_TEST_TMPDIR/log" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	grep -q 'level=warning.*mounts' "$BATS_TEST_TMPDIR/log"
}

@test "exec --additional-gids, --no-new-privs and --preserve-fds" {
	is crun && skip "crun has no --additional-gids"
	config '.process.noNewPrivileges = false'
	start_sleeper
	echo handed >"$BATS_TEST_TMPDIR/file"
	run bash -c "exec 3<$BATS_TEST_TMPDIR/file; $RUNTIME --root $ROOT exec --additional-gids 7 --additional-gids 8 --no-new-privs --preserve-fds 1 $ID /bin/sh -c 'grep -E \"Groups|NoNewPrivs\" /proc/self/status; cat <&3'"
	[[ "$output" =~ 7\ 8 ]]
	[[ "$output" =~ NoNewPrivs:[[:space:]]*1 ]]
	[[ "$output" == *handed* ]]
}

@test "exec --ignore-paused waits in the paused container and runs when it is resumed" {
	is coffer || skip "peers differ"
	start_sleeper
	rt pause "$ID"
	rt exec --ignore-paused "$ID" /bin/echo after >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	local exec=$!
	wait_until test "$(rt ps --format json "$ID" | jq length)" -ge 1
	rt resume "$ID"
	wait $exec
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = after ]
}

@test "exec --cgroup puts the process below the container's cgroup, and never above" {
	is coffer || skip "peers differ"
	start_sleeper
	local dir
	for dir in $(find /sys/fs/cgroup -type d -path "*$CGROUP"); do
		mkdir "$dir/inner"
		[ ! -e "$dir/cpuset.cpus" ] || { cat "$dir/cpuset.cpus" >"$dir/inner/cpuset.cpus"; cat "$dir/cpuset.mems" >"$dir/inner/cpuset.mems"; }
	done
	rt exec --detach --cgroup inner --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	grep -q "$CGROUP/inner" "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup"
	run rt exec --cgroup ../../x "$ID" /bin/true
	refused 'out of the container'
	rt delete --force "$ID"
	nothing_left
}

@test "exec with a label of a security module that is off says so" {
	is coffer || skip "crun runs without it"
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is on here"
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] || skip "AppArmor is on here"
	start_sleeper
	run rt exec --process-label system_u:system_r:container_t:s0 "$ID" /bin/true
	refused 'selinux|SELinux'
	run rt exec --apparmor some-profile "$ID" /bin/true
	refused 'apparmor|AppArmor'
}

@test "LISTEN_FDS hands over the caller's sockets with LISTEN_PID 1" {
	is crun && skip "needs its own way of counting"
	sh_args 'echo $LISTEN_FDS $LISTEN_PID; cat <&3'
	echo handed >"$BATS_TEST_TMPDIR/file"
	run bash -c "exec 3<$BATS_TEST_TMPDIR/file; LISTEN_FDS=1 $RUNTIME --root $ROOT run --bundle $BUNDLE $ID"
	[ "${lines[0]}" = "1 1" ]
	[ "${lines[1]}" = handed ]
}

@test "spec writes a bundle's example once, also under another name" {
	mkdir "$BATS_TEST_TMPDIR/new"
	"$RUNTIME" spec --bundle "$BATS_TEST_TMPDIR/new"
	jq -e '.ociVersion and .process.args == ["sh"]' "$BATS_TEST_TMPDIR/new/config.json"
	run "$RUNTIME" spec --bundle "$BATS_TEST_TMPDIR/new"
	refused 'exists'
	is runc && return
	"$RUNTIME" spec --bundle "$BATS_TEST_TMPDIR/new" --file other.json
	[ -s "$BATS_TEST_TMPDIR/new/other.json" ]
}

@test "features is the document of the specification, true for this build" {
	is crun && skip "crun 1.8 has no features"
	"$RUNTIME" features | jq -e '
		(.hooks | contains(["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]))
		and (.mountOptions | contains(["ro", "nosuid", "rbind"]))
		and (.linux.namespaces | contains(["pid", "network", "mount", "user"]))
		and .linux.cgroup.v1 and .linux.cgroup.v2 and .linux.seccomp.enabled'
	is runc && return
	"$RUNTIME" features | jq -e '(.linux.cgroup.systemd | type) == "boolean" and (.linux.namespaces | contains(["time"]))'
}

@test "plan prints what would be done and does nothing; check names unknown keys" {
	is coffer || skip "coffer's own commands"
	config '.linux.resourses = {} | .linux.maskedPaths = ["/proc/keys"]'
	run "$RUNTIME" plan "$BUNDLE"
	[ "$status" = 0 ]
	[[ "$output" == *"mask-path"*"/proc/keys"*"linux.maskedPaths[0]"* ]]
	"$RUNTIME" plan --format json "$BUNDLE" | jq -e 'length > 20 and .[-1].step == "exec"'
	run "$RUNTIME" check "$BUNDLE"
	[ "$status" = 0 ]
	[[ "$output" =~ linux.resourses\ \(line\ [0-9]+:[0-9]+\):\ unknown\ key ]]
	config '.process.cwd = "relative"'
	run "$RUNTIME" check "$BUNDLE"
	[ "$status" = 1 ]
	[[ "$output" == *process.cwd* ]]
	nothing_left
}

@test "a user namespace and a time namespace are joined by path" {
	is crun runc && skip "this version knows no time namespace"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.linux.namespaces += [{"type":"user"}, {"type":"time"}] | .linux.timeOffsets = {"boottime": {"secs": 1000000}}
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings = .linux.uidMappings'
	start_sleeper
	local pid first=$ID
	pid=$(rt state "$first" | jq .pid)
	ID=$ID-second
	config --arg pid "$pid" --arg cgroup "$(cgroups_path_of "$ID")" '.linux.cgroupsPath = $cgroup | del(.hostname, .linux.timeOffsets, .linux.uidMappings, .linux.gidMappings)
		| .linux.namespaces |= map(if .type == "mount" then . else .path = "/proc/" + $pid + "/ns/"
		+ ({"pid":"pid","network":"net","ipc":"ipc","uts":"uts","cgroup":"cgroup","user":"user","time":"time"}[.type]) end)'
	sh_args 'cut -d. -f1 /proc/uptime; id -u; for n in user time net; do readlink /proc/self/ns/$n; done'
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "${lines[0]}" -ge 1000000 ]
	[ "${lines[1]}" = 0 ]
	[ "${lines[2]}" = "$(readlink "/proc/$pid/ns/user")" ]
	[ "${lines[3]}" = "$(readlink "/proc/$pid/ns/time")" ]
	[ "${lines[4]}" = "$(readlink "/proc/$pid/ns/net")" ]
}

@test "rootfsPropagation: a mount of the host's reaches a slave and not a private root" {
	local shared=$BATS_TEST_TMPDIR/shared kind seen
	mkdir -p "$shared"
	for kind in rslave rprivate; do
		# In a mount namespace of the test's own, whose root is shared.
		config --arg kind $kind --arg source "$shared" '.linux.rootfsPropagation = $kind
			| .mounts |= map(select(.destination != "/data")) + [{"destination":"/data","type":"bind","source":$source,"options":["rbind",$kind]}]'
		args /bin/sleep 1000
		seen=$(unshare -m --propagation private bash -c '
			mount --bind "$1" "$1" && mount --make-shared "$1" &&
			"$2" --root "$3" run --detach --bundle "$4" "$5" </dev/null >/dev/null 2>&1 &&
			mkdir -p "$1/sub" && mount -t tmpfs late "$1/sub" && touch "$1/sub/late" &&
			"$2" --root "$3" exec "$5" /bin/ls /data/sub
			"$2" --root "$3" delete --force "$5"' bash "$shared" "$RUNTIME" "$ROOT" "$BUNDLE" "$ID" 3>&-)
		case $kind in
		rslave) [ "$seen" = late ] ;;
		rprivate) [ -z "$seen" ] ;;
		esac || { echo "$kind: '$seen'"; false; }
	done
}

# What a hook has left behind has no parent any more, but for a subreaper.
parent_of_orphan() {
	local out=$BATS_TEST_TMPDIR/orphan runner orphan parent
	rm -f "$out"
	rt run "$@" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	runner=$!
	wait_until test -s "$out"
	wait_until has_status "$ID" running
	orphan=$(cat "$out")
	parent=$(awk '/^PPid/ { print $2 }' "/proc/$orphan/status")
	parent=$(readlink "/proc/$parent/exe")
	kill "$orphan"
	rt kill "$ID" KILL
	wait "$runner" || true
	[ "$parent" = "$(realpath "$(command -v "$RUNTIME")")" ] && echo runtime || echo another
}

@test "run is the parent of what loses its own, with --no-subreaper it is not" {
	is crun && skip "crun takes no orphans"
	args /bin/sleep 1000
	config --arg out "$BATS_TEST_TMPDIR/orphan" '.hooks.createRuntime = [{path: "/bin/sh", env: ["PATH=/usr/bin:/bin"],
		args: ["sh", "-c", "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >\($out)"]}]'
	[ "$(parent_of_orphan)" = runtime ]
	[ "$(parent_of_orphan --no-subreaper)" = another ]
	nothing_left
}
