#!/usr/bin/env bats
# restore with a criu that only listens (fake_criu): what it is asked, what is made of its answers, and
# that nothing is lost or left when it fails. Real dumps: checkpoint_criu.bats.
load fake_criu

# An image as a checkpoint leaves it.
make_image() {
	mkdir -p "$IMAGE"
	echo "${1:-[\"/dev/null\",\"/dev/null\",\"/dev/null\"]}" >"$IMAGE/descriptors.json"
}

restore() {
	rt restore --image-path "$IMAGE" --bundle "$BUNDLE" "$@" "$ID" </dev/null 3>&-
}

# A network namespace of the test's own that has the device eth7: rt works there then.
make_host() {
	unshare --net sleep 1000 3>&- &
	HOST=$!
	wait_until sh -c "[ \$(readlink /proc/$HOST/ns/net) != \$(readlink /proc/self/ns/net) ]"
	on_host ip link add eth7 type veth peer name peer
	rt() { on_host "$RUNTIME" --root "$ROOT" "${driver_options[@]}" "$@"; }
}

on_host() {
	nsenter --target "$HOST" --net "$@"
}

@test "restore --detach makes a running container of criu's process" {
	make_image
	restore --detach --pid-file "$BATS_TEST_TMPDIR/pid"
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(rt state "$ID" | jq -c '[.pid, .status]')" = "[$pid,\"running\"]" ]
	[ "$(notified)" = "pre-restore setup-namespaces post-restore network-unlock" ]
	asks rst_sibling 1
	asks log_file '"restore.log"'
	asks empty_ns 1073741824
	! grep -q error "$FAKE_CRIU_LOG" || false
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "a restored container is not said to notify: nobody listens at its /run/notify" {
	make_image
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/manager restore --detach
	[ -d "$ROOT/$ID/notify" ] # mounted, for the image may have it
	[ ! -e "$ROOT/$ID/notify/notify.sock" ]
	[ "$(jq .notify "$ROOT/$ID/state.json")" = null ]
}

@test "the new root is a mount that only criu sees" {
	make_image
	restore --detach
	[ "$(jq -s 'map(select(.root_is_mount != null)) | last | .root_is_mount' "$FAKE_CRIU_LOG")" = true ]
	! grep -F "$ROOT" /proc/self/mountinfo || false
	[ ! -e "$ROOT/$ID/criu-root" ]
}

@test "criu gets three descriptors of its own besides the standard ones, and no stray one" {
	make_image
	exec 9</dev/null
	restore --detach --work-path "$BATS_TEST_TMPDIR/w" 8</dev/null
	exec 9<&-
	# 3 the socket, 4 the image, 5 the work directory; 6 is the fake's own look
	[ "$(jq -sc 'map(select(.inherited)) | last | .inherited' "$FAKE_CRIU_LOG")" = '["0","1","2","3","4","5","6"]' ]
	asks images_dir_fd 4
	asks work_dir_fd 5
}

@test "restored processes are born in the container's cgroup, whose places criu is told" {
	make_image
	restore --detach
	[[ "$(jq -sr 'map(select(.cgroups)) | last | .cgroups' "$FAKE_CRIU_LOG")" == *"$CGROUP"* ]] || skip "no cgroups here"
	[[ "$(asked restore | jq -c .cg_root)" == *"$CGROUP"* ]]
	[ "$(rt ps --format json "$ID")" = "[$(rt state "$ID" | jq .pid)]" ]
}

@test "restore in the foreground gives the program's status and deletes the container" {
	make_image
	export FAKE_CRIU=quick
	run restore
	[ "$status" = 7 ]
	nothing_left
}

@test "each flag of restore is an option of criu's" {
	make_image
	restore --detach --tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks --auto-dedup \
		--lazy-pages --manage-cgroups-mode strict --network-lock nftables --lsm-profile apparmor:x \
		--lsm-mount-context a:b:c --no-pivot --no-subreaper --empty-ns network
	asks_all <<-OPTIONS
		tcp_established 1
		tcp_close 1
		ext_unix_sk 1
		shell_job 1
		file_locks 1
		auto_dedup 1
		lazy_pages 1
		manage_cgroups_mode 5
		network_lock 2
		lsm_profile "apparmor:x"
		lsm_mount_context "a:b:c"
	OPTIONS
	rt delete --force "$ID"
	restore --detach
	asks_all <<-OPTIONS
		tcp_close null
		shell_job null
		manage_cgroups_mode 3
		lsm_profile null
	OPTIONS
}

@test "pipes of the image are the caller's standard files" {
	make_image '["/dev/null","pipe:[11]","pipe:[12]"]'
	restore --detach
	asks inherit_fd '[["pipe:[11]",1],["pipe:[12]",2]]'
}

@test "binds come from where the bundle says now, and their places are made" {
	make_image
	mkdir "$BATS_TEST_TMPDIR/source"
	config --arg source "$BATS_TEST_TMPDIR/source" \
		'.mounts += [{destination: "/data/deep", source: $source, options: ["bind"]}]'
	restore --detach
	[[ "$(asked restore | jq -c .external)" == *"\"mnt[/data/deep]:$BATS_TEST_TMPDIR/source\""* ]]
	[[ "$(asked restore | jq -c .external)" == *'"mnt[/dev/null]:/dev/null"'* ]]
	[ -d "$BUNDLE/rootfs/data/deep" ]
}

@test "namespaces with a path are entered: network and pid by descriptor, others by name" {
	make_image
	unshare --net --uts --ipc sleep 1000 3>&- &
	local holder=$!
	wait_until sh -c "[ \$(readlink /proc/$holder/ns/ipc) != \$(readlink /proc/self/ns/ipc) ]"
	config --arg ns "/proc/$holder/ns" '.linux.namespaces |= map(
		if .type == "network" then .path = $ns + "/net"
		elif .type == "uts" or .type == "ipc" then .path = $ns + "/" + .type else . end)
		| del(.hostname)'
	restore --detach
	kill "$holder"
	asks inherit_fd '[["extRootNetNS",6]]'
	asks join_ns "[[\"ipc\",\"/proc/$holder/ns/ipc\"],[\"uts\",\"/proc/$holder/ns/uts\"]]"
}

@test "runtime hooks run when the namespaces are there, with the new pid; poststop at the end" {
	make_image
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		config --arg kind "$kind" --arg out "$BATS_TEST_TMPDIR" \
			'.hooks[$kind] = [{path: "/bin/sh", args: ["sh", "-c", "jq -c . >>\($out)/\($kind)"], env: ["PATH=/usr/bin:/bin"]}]'
	done
	restore --detach
	pid=$(rt state "$ID" | jq .pid)
	[ "$(jq .pid "$BATS_TEST_TMPDIR/prestart")" = "$pid" ]
	[ "$(jq .pid "$BATS_TEST_TMPDIR/createRuntime")" = "$pid" ]
	[ ! -e "$BATS_TEST_TMPDIR/createContainer" ] && [ ! -e "$BATS_TEST_TMPDIR/startContainer" ]
	[ ! -e "$BATS_TEST_TMPDIR/poststart" ]
	rt delete --force "$ID"
	[ -e "$BATS_TEST_TMPDIR/poststop" ]
}

@test "the loopback device of the new network namespace is up" {
	make_image
	restore --detach
	nsenter --net --target "$(rt state "$ID" | jq .pid)" ip -o link show lo | grep -q '[<,]UP'
}

@test "network devices are moved into the new network namespace, and set up" {
	make_image
	make_host
	config '.linux.netDevices = {"eth7": {"name": "ctr0"}}'
	restore --detach
	run nsenter --target "$(rt state "$ID" | jq .pid)" --net ip -o link show ctr0
	[[ "$output" == *[\<,]UP* ]]
	! on_host ip link show eth7 || false
}

@test "network devices of a restore that fails are given back" {
	make_image
	make_host
	config '.linux.netDevices = {"eth7": {"name": "ctr0"}}'
	FAKE_CRIU=late run restore --detach
	[ "$status" != 0 ]
	on_host ip link show eth7
}

@test "network devices are not moved to a namespace that is joined: they have stayed there" {
	make_image
	make_host
	config '.linux.netDevices = {"eth7": {}}'
	config --arg ns "/proc/$HOST/ns/net" '(.linux.namespaces[] | select(.type == "network")).path = $ns'
	restore --detach
	on_host ip link show eth7
}

@test "the terminal's master goes to --console-socket" {
	make_image
	export FAKE_CRIU=terminal
	config '.process.terminal = true'
	python3 - "$BATS_TEST_TMPDIR/socket" >"$BATS_TEST_TMPDIR/received" 3>&- <<-'PY' &
		import os, socket, sys
		server = socket.socket(socket.AF_UNIX)
		server.bind(sys.argv[1])
		server.listen(1)
		connection, _ = server.accept()
		data, fds, _, _ = socket.recv_fds(connection, 100, 1)
		print(data.decode(), os.read(fds[0], 100).decode())
	PY
	local receiver=$!
	wait_until test -S "$BATS_TEST_TMPDIR/socket"
	restore --detach --console-socket "$BATS_TEST_TMPDIR/socket"
	wait "$receiver"
	[ "$(cat "$BATS_TEST_TMPDIR/received")" = "/dev/ptmx from the fake" ]
}

@test "in the foreground the terminal's output is relayed" {
	make_image
	export FAKE_CRIU="terminal quick"
	config '.process.terminal = true'
	run restore
	[ "$status" = 7 ]
	[[ "$output" == *"from the fake"* ]]
	nothing_left
}

@test "a log of an earlier failure is not taken for this one's" {
	make_image
	export FAKE_CRIU=fail
	run restore --detach
	refused "a fake cannot do this"
	export FAKE_CRIU=die
	run restore --detach
	refused "criu ended without an answer"
}

@test "a restore that fails leaves nothing and says why" {
	make_image
	for how in fail late die garbage old; do
		export FAKE_CRIU=$how
		run restore --detach
		refused "criu"
		nothing_left
		! pgrep -f "sleep 1000 $ID" || false
	done
	export FAKE_CRIU=fail
	run restore
	refused 'criu cannot restore the container: Error \(criu/fake.c:7\).*restore.log'
	nothing_left
}

@test "a hook that fails ends the restore, and nothing is left" {
	make_image
	config '.hooks.createRuntime = [{path: "/bin/false"}]'
	run restore --detach
	refused 'hooks.createRuntime\[0\].*error running hook "/bin/false"'
	[ "$(jq -sc 'map(select(.notified == "setup-namespaces")) | last | .success' "$FAKE_CRIU_LOG")" = 0 ]
	nothing_left
}

@test "what cannot be restored is refused before criu is started" {
	run restore --detach
	refused "cannot find the directory"
	mkdir "$IMAGE"
	run restore --detach
	refused "descriptors.json"
	echo '{"a": 1' >"$IMAGE/descriptors.json"
	run restore --detach
	refused "descriptors.json"
	make_image
	config '.linux.namespaces += [{type: "cgroup", path: "/proc/self/ns/cgroup"}] | .linux.namespaces |= unique_by(.type)'
	config '.linux.namespaces |= map(if .type == "cgroup" then .path = "/proc/self/ns/cgroup" else . end)'
	run restore --detach
	refused "criu cannot restore into the cgroup namespace"
	nothing_left
	[ ! -e "$FAKE_CRIU_LOG" ]
}

@test "restore of an id that is taken is refused" {
	start_sleeper
	make_image
	run restore --detach
	refused "container with given ID already exists"
	[ "$(status_of "$ID")" = running ]
}

@test "exec works in a restored container" {
	make_image
	config '.linux.namespaces = [{type: "network"}] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .mounts = []
		| del(.hostname)'
	restore --detach
	run rt exec "$ID" /bin/true
	[ "$status" = 0 ] || [[ "$output" == *"/bin/true"* ]] || { echo "$output"; false; }
}
