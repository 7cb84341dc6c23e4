#!/usr/bin/env bats
# Whose a cgroup is: handed to the container's user, to a sub-cgroup's, or to an ordinary user before
# coffer comes. A matter of cgroup v2; on a hybrid host it is tested where on_unified shows the v2 tree.
load bundle
load cgroups

USER_ID=54322

setup_file() { common_setup_file; }
setup() {
	is_v2 || skip "a matter of cgroup v2"
	common_setup
	config '.linux.resources |= {devices}'
}
teardown() {
	is_v2 || return 0
	[ ! -d "$BATS_TEST_TMPDIR/run" ] || as_user "$RUNTIME" --root "$ROOT" delete --force "$ID" 2>/dev/null || true
	common_teardown
}

run_detached() {
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- ||
		{ cat "$BATS_TEST_TMPDIR/err"; return 1; }
}

# owner FILE: of the container's cgroup.
owner() { stat -c %u "/sys/fs/cgroup$CGROUP/$1"; }

# A user namespace whose root is user 100000, and the cgroups mounted with this option.
with_cgroups() {
	chown -R 100000:100000 "$BUNDLE/rootfs"
	local dir=$BUNDLE/rootfs
	while [[ "$dir" == "$BATS_RUN_TMPDIR"* ]]; do
		chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
	config --arg option "$1" '.linux.namespaces += [{type: "user"}, {type: "cgroup"}]
		| .linux.namespaces |= unique_by(.type)
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "cgroup"))
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
			options: ["nosuid", "noexec", "nodev", $option]}]'
}

@test "a cgroup that is mounted read-write in the container belongs to its user" {
	is crun && skip "crun gives it away always"
	with_cgroups rw
	args sleep 1000
	run_detached
	[ "$(owner .)" = 100000 ]
	[ "$(owner cgroup.procs)" = 100000 ]
	[ "$(owner cgroup.subtree_control)" = 100000 ]
	[ "$(owner cgroup.freeze)" = 0 ]
	[ "$(owner cgroup.type)" = 0 ]
	rt exec "$ID" mkdir /sys/fs/cgroup/below
	rt exec "$ID" sh -c 'echo $$ > /sys/fs/cgroup/below/cgroup.procs'
	rt delete --force "$ID"
	nothing_left
}

@test "it belongs to the user that runs the program, if that is not its root" {
	is coffer || skip "the specification's words"
	with_cgroups rw
	config '.process.user = {uid: 7, gid: 7}'
	args sleep 1000
	run_detached
	[ "$(owner .)" = 100007 ]
}

@test "a cgroup that is mounted read-only, or in no cgroup namespace of its own, stays root's" {
	is crun && skip "crun gives it away always"
	with_cgroups ro
	args sleep 1000
	run_detached
	[ "$(owner .)" = 0 ]
	[ "$(owner cgroup.procs)" = 0 ]
	rt delete --force "$ID"
	with_cgroups rw
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	run_detached
	[ "$(owner .)" = 0 ]
}

@test "run.oci.delegate-cgroup: the program is in a sub-cgroup of its own, below its namespace's root" {
	is coffer crun || skip "an annotation of crun's"
	with_cgroups rw
	config '.annotations["run.oci.delegate-cgroup"] = "mine"'
	sh_args 'cat /proc/self/cgroup > /tmp/view; exec sleep 1000'
	chmod 1777 "$BUNDLE/rootfs/tmp"
	run_detached
	local pid
	pid=$(rt state "$ID" | jq .pid)
	grep -q "^0::.*$CGROUP/mine\$" "/proc/$pid/cgroup"
	wait_until test -s "$BUNDLE/rootfs/tmp/view"
	grep -qx "0::/mine" "$BUNDLE/rootfs/tmp/view"
	[ "$(owner mine/cgroup.procs)" = 100000 ]
	rt exec "$ID" true
	rt delete --force "$ID"
	nothing_left
}

@test "run.oci.delegate-cgroup does not lead out of the container's cgroup" {
	is coffer || skip "the words are coffer's"
	config '.annotations["run.oci.delegate-cgroup"] = "../mine"'
	args true
	run run_container
	refused 'annotations\["run\.oci\.delegate-cgroup"\].*leads out of the container'
	nothing_left
}

# ---- an ordinary user --------------------------------------------------------------------------

# as_user COMMAND…: an ordinary user, in the cgroup $OWN.
as_user() {
	# shellcheck disable=SC2016
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run bash -c '[ ! -d "/sys/fs/cgroup$1" ] ||
		echo $$ > "/sys/fs/cgroup$1/cgroup.procs"; user=$2; shift 2
		exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"' \
		bash "${OWN:-/nosuch}" $USER_ID "$@" 3>&-
}

rl() { as_user "$RUNTIME" --root "$ROOT" "$@"; }

# The parent of a cgroup that the user is in is given to it, as a service manager does.
delegate() {
	DELEGATED=$CGROUP_PARENT/user
	OWN=$DELEGATED/session
	mkdir -p "/sys/fs/cgroup$OWN"
	local dir file
	for dir in "$DELEGATED" "$OWN"; do
		chown $USER_ID "/sys/fs/cgroup$dir"
		while read -r file; do
			[ ! -e "/sys/fs/cgroup$dir/$file" ] || chown $USER_ID "/sys/fs/cgroup$dir/$file"
		done < <(cat /sys/kernel/cgroup/delegate 2>/dev/null || printf 'cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n')
	done
}

rootless_bundle() {
	local dir
	cp "$RUNTIME" "$BATS_TEST_TMPDIR/$runtime_name"
	RUNTIME=$BATS_TEST_TMPDIR/$runtime_name
	dir=$BATS_TEST_TMPDIR
	while [[ "$dir" == "$BATS_RUN_TMPDIR"* ]]; do
		chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
	mkdir "$BATS_TEST_TMPDIR/run"
	rm "$BUNDLE/config.json"
	chown -R $USER_ID:$USER_ID "$BUNDLE" "$ROOT" "$BATS_TEST_TMPDIR/run"
	chown $USER_ID "$BATS_TEST_TMPDIR"
	as_user "$RUNTIME" spec --rootless --bundle "$BUNDLE"
	config '.process.terminal = false | .root.readonly = false | del(.process.rlimits)'
	chown $USER_ID "$BUNDLE/config.json"
}

start_rootless() {
	args /bin/sleep 1000
	rl run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err" ||
		{ cat "$BATS_TEST_TMPDIR/err"; return 1; }
}

@test "a user's container is in what was delegated to the user: made there, paused, removed" {
	is coffer || skip "coffer's place"
	rootless_bundle
	delegate
	start_rootless
	local pid
	pid=$(rl state "$ID" | jq .pid)
	grep -qx "0::$DELEGATED/coffer/$ID" "/proc/$pid/cgroup"
	rl pause "$ID"
	[ "$(rl state "$ID" | jq -r .status)" = paused ]
	rl resume "$ID"
	rl exec "$ID" /bin/true
	rl events --stats "$ID" | jq -e '.data.cpu.usage.total > 0'
	rl delete --force "$ID"
	[ ! -e "/sys/fs/cgroup$DELEGATED/coffer/$ID" ]
}

@test "a user's container is limited by what was delegated" {
	is coffer || skip "coffer's place"
	need_controller pids
	rootless_bundle
	echo +pids >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p "/sys/fs/cgroup$CGROUP_PARENT"
	echo +pids >"/sys/fs/cgroup$CGROUP_PARENT/cgroup.subtree_control"
	delegate
	config '.linux.resources.pids.limit = 3'
	start_rootless
	[ "$(cat "/sys/fs/cgroup$DELEGATED/coffer/$ID/pids.max")" = 3 ]
	rl update --pids-limit 4 "$ID"
	[ "$(cat "/sys/fs/cgroup$DELEGATED/coffer/$ID/pids.max")" = 4 ]
	rl delete --force "$ID"
}

@test "what was not delegated is named" {
	is coffer || skip "the words are coffer's"
	rootless_bundle
	delegate
	config '.linux.resources.unified = {"nonsense.max": "1"}'
	args /bin/true
	run rl run --bundle "$BUNDLE" "$ID"
	refused 'the controller nonsense was not delegated to you, only: '
	! find "/sys/fs/cgroup$DELEGATED" -type d -name "$ID" | grep .
}

@test "without any delegation a container runs, but not with a limit" {
	is coffer || skip "the words are coffer's"
	rootless_bundle
	OWN=$CGROUP_PARENT/roots
	mkdir -p "/sys/fs/cgroup$OWN"
	args /bin/true
	rl run --bundle "$BUNDLE" "$ID"
	config '.linux.resources.pids.limit = 5'
	run rl run --bundle "$BUNDLE" "$ID"
	refused 'linux\.resources\.pids\.limit.*cannot set pids\.max: no cgroup was delegated to user 54322'
	[ -z "$(ls "$ROOT" | grep -v '^\.')" ]
}

@test "a cgroupsPath outside of the delegation is refused where a limit needs it" {
	is coffer || skip "the words are coffer's"
	rootless_bundle
	delegate
	config --arg path "$CGROUP_PARENT/elsewhere" '.linux.cgroupsPath = $path | .linux.resources.pids.limit = 5'
	args /bin/true
	run rl run --bundle "$BUNDLE" "$ID"
	refused "cannot make the cgroup \"/sys/fs/cgroup$CGROUP_PARENT/elsewhere\": mkdir: permission denied \(delegated to you is what is below \"$DELEGATED\"\)"
	[ ! -e "/sys/fs/cgroup$CGROUP_PARENT/elsewhere" ]
}
