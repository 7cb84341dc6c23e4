#!/usr/bin/env bats
# checkpoint and restore against a criu that only listens (fake_criu): what it is asked, what is made
# of its answers, and that nothing is lost or left when it fails. Real dumps: checkpoint_criu.bats.
load bundle

setup_file() { common_setup_file; }

setup() {
	common_setup
	is coffer || skip "the protocol's other end is coffer's own"
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$BATS_TEST_DIRNAME/fake_criu" "$BATS_TEST_TMPDIR/bin/criu"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export FAKE_CRIU='' FAKE_CRIU_LOG=$BATS_TEST_TMPDIR/asked
	IMAGE=$BATS_TEST_TMPDIR/image HOST=''
}

teardown() {
	common_teardown
	[ -z "$HOST" ] || kill "$HOST"
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

checkpoint() {
	rt checkpoint --image-path "$IMAGE" "$@" "$ID" 3>&-
}

# An image as a checkpoint leaves it.
make_image() {
	mkdir -p "$IMAGE"
	echo "${1:-[\"/dev/null\",\"/dev/null\",\"/dev/null\"]}" >"$IMAGE/descriptors.json"
}

restore() {
	rt restore --image-path "$IMAGE" --bundle "$BUNDLE" "$@" "$ID" </dev/null 3>&-
}

# asked TYPE: the options of that request.
asked() {
	jq -c "select(.type == \"$1\") | .options" "$FAKE_CRIU_LOG"
}

# asks OPTION JSON: the last request had that option.
asks() {
	local value
	value=$(jq -sc "map(select(.options)) | last | .options[\"$1\"]" "$FAKE_CRIU_LOG")
	[ "$value" = "$2" ] || { echo "$1 is $value, not $2"; return 1; }
}

notified() {
	jq -r 'select(.notified) | .notified' "$FAKE_CRIU_LOG" | paste -sd ' '
}

# ---- checkpoint ------------------------------------------------------------------------------

@test "checkpoint --help ends with 0, as podman asks it" {
	run rt checkpoint --help
	[ "$status" = 0 ]
	[[ "$output" == *--leave-running* ]]
}

@test "without criu checkpoint says so and the container goes on" {
	start_sleeper
	rm "$BATS_TEST_TMPDIR/bin/criu"
	mkdir "$BATS_TEST_TMPDIR/empty"
	if PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin command -v criu; then
		run unshare --mount sh -c "for file in /usr/sbin/criu /usr/bin/criu /usr/local/sbin/criu /usr/local/bin/criu; do
			[ ! -e \$file ] || mount --bind '$BATS_TEST_TMPDIR/empty' \$file 2>/dev/null || mount --bind /dev/null \$file; done
			exec '$RUNTIME' --root '$ROOT' checkpoint --image-path '$IMAGE' '$ID'"
	else
		run checkpoint
	fi
	refused 'criu is not installed: there is no program "criu" in PATH'
	[ "$(status_of "$ID")" = running ]
}

@test "checkpoint dumps the container's process and then deletes it" {
	start_sleeper
	pid=$(rt state "$ID" | jq .pid)
	checkpoint
	nothing_left
	asks pid "$pid"
	asks root "\"$BUNDLE/rootfs\""
	asks log_file '"dump.log"'
	asks manage_cgroups_mode 3
	asks empty_ns 1073741824
	asks orphan_pts_master 1
	asks notify_scripts 1
	asks leave_running null
	[ "$(notified)" = "pre-dump network-lock post-dump" ]
	! grep -q error "$FAKE_CRIU_LOG" || false
	wait_until sh -c "! kill -0 $pid 2>/dev/null"
}

@test "checkpoint --leave-running leaves it running" {
	start_sleeper
	checkpoint --leave-running
	asks leave_running 1
	[ "$(status_of "$ID")" = running ]
}

@test "the image's directory is made with its parents, and holds descriptors.json" {
	start_sleeper
	IMAGE=$BATS_TEST_TMPDIR/a/b
	checkpoint
	[ "$(jq -c . "$IMAGE/descriptors.json")" = "[\"/dev/null\",\"/dev/null\",\"$BATS_TEST_TMPDIR/err\"]" ]
	[ "$(stat -c %a "$IMAGE")" = 700 ]
}

@test "without --image-path the image is ./checkpoint" {
	start_sleeper
	cd "$BATS_TEST_TMPDIR"
	rt checkpoint "$ID" 3>&-
	[ -e checkpoint/descriptors.json ]
}

# asks_all <<OPTION JSON…: the last request had all of them.
asks_all() {
	local option value
	while read -r option value; do
		asks "$option" "$value"
	done
}

@test "each flag of checkpoint is an option of criu's" {
	start_sleeper
	checkpoint --leave-running --tcp-established --tcp-skip-in-flight --ext-unix-sk --shell-job \
		--file-locks --auto-dedup --link-remap --lazy-pages --manage-cgroups-mode full \
		--network-lock iptables --page-server 10.1.2.3:4567 --empty-ns network
	asks_all <<-OPTIONS
		tcp_established 1
		tcp_skip_in_flight 1
		ext_unix_sk 1
		shell_job 1
		file_locks 1
		auto_dedup 1
		link_remap 1
		lazy_pages 1
		manage_cgroups_mode 4
		network_lock 1
		ps ["10.1.2.3",4567]
		empty_ns 1073741824
	OPTIONS
	checkpoint --leave-running --manage-cgroups-mode strict --network-lock nftables --page-server '[::1]:9'
	asks_all <<-OPTIONS
		tcp_established null
		manage_cgroups_mode 5
		network_lock 2
		ps ["::1",9]
	OPTIONS
	checkpoint --leave-running --manage-cgroups-mode ignore --network-lock skip
	asks_all <<-OPTIONS
		manage_cgroups_mode 0
		network_lock 3
		ps null
	OPTIONS
}

@test "values that mean nothing are refused before criu is started" {
	start_sleeper
	while IFS='|' read -r option words; do
		# shellcheck disable=SC2086
		run checkpoint $option
		refused "$words"
	done <<-WRONG
		--manage-cgroups-mode hard|manage-cgroups-mode
		--network-lock stone|network-lock
		--page-server nowhere|is not ADDRESS:PORT
		--page-server :80|is not ADDRESS:PORT
		--page-server a:0|is not ADDRESS:PORT
		--page-server a:65536|is not ADDRESS:PORT
		--empty-ns ipc|namespace "ipc" is not supported
		--status-fd x|is not a descriptor
		--status-fd 77|--status-fd
		--parent-path /abs|must be relative
		--parent-path missing|invalid --parent-path "missing"
	WRONG
	[ ! -e "$FAKE_CRIU_LOG" ]
	[ "$(status_of "$ID")" = running ]
}

@test "--work-path is where the log is" {
	start_sleeper
	export FAKE_CRIU=fail
	run checkpoint --work-path "$BATS_TEST_TMPDIR/w"
	refused "its log is .*/w/dump.log"
	[ -e "$BATS_TEST_TMPDIR/w/dump.log" ]
	[ ! -e "$IMAGE/dump.log" ]
}

@test "--pre-dump dumps memory alone, which has to be tracked, and leaves it running" {
	start_sleeper
	checkpoint --pre-dump
	asks track_mem 1
	asked pre-dump | grep -q .
	[ "$(jq -c 'select(.type == "features").features' "$FAKE_CRIU_LOG")" = '[1]' ]
	[ ! -e "$IMAGE/descriptors.json" ]
	[ "$(status_of "$ID")" = running ]
}

@test "--parent-path is the earlier image, seen from the new one" {
	start_sleeper
	mkdir -p "$IMAGE" "$BATS_TEST_TMPDIR/earlier"
	checkpoint --parent-path ../earlier
	asks parent_img '"../earlier"'
	asks track_mem 1
}

@test "--status-fd gets a zero byte when lazy pages can be fetched" {
	start_sleeper
	export FAKE_CRIU=lazy
	rt checkpoint --image-path "$IMAGE" --lazy-pages --status-fd 5 "$ID" 5>"$BATS_TEST_TMPDIR/ready" 3>&-
	[ "$(od -An -tx1 "$BATS_TEST_TMPDIR/ready")" = " 00" ]
}

@test "org.criu.config names criu's configuration; empty, it has none" {
	start_sleeper
	checkpoint --leave-running
	asks config_file '"/etc/criu/runc.conf"'
	rt delete --force "$ID"
	config '.annotations["org.criu.config"] = "/etc/mine"'
	start_sleeper
	checkpoint --leave-running
	asks config_file '"/etc/mine"'
	rt delete --force "$ID"
	config '.annotations["org.criu.config"] = ""'
	start_sleeper
	checkpoint --leave-running
	asks config_file null
}

@test "binds, masks and devices of the host are named as external mounts" {
	mkdir -p "$BATS_TEST_TMPDIR/source" "$BUNDLE/rootfs/run"
	ln -s /run "$BUNDLE/rootfs/link"
	config --arg source "$BATS_TEST_TMPDIR/source" '.mounts += [
		{destination: "/data", source: $source, options: ["bind"]},
		{destination: "/link/in", source: $source, options: ["bind"]}]
		| .linux.maskedPaths = ["/proc/version", "/proc/acpi"]'
	start_sleeper
	checkpoint
	external=$(asked dump | jq -c .external)
	[[ "$external" == *'"mnt[/data]:/data"'* ]]
	[[ "$external" == *'"mnt[/run/in]:/run/in"'* ]]
	[[ "$external" == *'"mnt[/proc/version]:/dev/null"'* ]]
	[[ "$external" != *'"mnt[/proc]'* && "$external" != *'"mnt[/dev]'* && "$external" != *'"mnt[/]'* ]]
	[[ "$external" != *'"mnt[/proc/acpi]'* ]]
}

@test "pipes of the caller's stand in descriptors.json, also when the program has closed them" {
	sh_args 'exec sleep 1000 >/dev/null'
	exec 8> >(cat >/dev/null 3>&-)
	inode=$(stat -L -c %i /proc/self/fd/8)
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >&8 2>/dev/null 3>&- 8>&-
	exec 8>&-
	wait_until sh -c "[ \$(readlink /proc/$(rt state "$ID" | jq .pid)/fd/1) = /dev/null ]"
	checkpoint
	[ "$(jq -c . "$IMAGE/descriptors.json")" = "[\"/dev/null\",\"pipe:[$inode]\",\"/dev/null\"]" ]
}

@test "the image of a container with a user namespace can be read by the group of its root" {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 1, hostID: 200000, size: 65535}, {containerID: 0, hostID: 100123, size: 1}]'
	start_sleeper
	checkpoint
	[ "$(stat -c '%a %u %g' "$IMAGE" "$IMAGE/descriptors.json" | paste -sd ' ')" = "710 0 100123 640 0 100123" ]
}

@test "a network namespace that others share is named, not dumped" {
	unshare --net sleep 1000 3>&- &
	local holder=$!
	wait_until sh -c "[ \$(readlink /proc/$holder/ns/net) != \$(readlink /proc/self/ns/net) ]"
	config --arg path "/proc/$holder/ns/net" \
		'.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	start_sleeper
	inode=$(stat -L -c %i "/proc/$holder/ns/net")
	checkpoint
	kill "$holder"
	[[ "$(asked dump | jq -c .external)" == *"\"net[$inode]:extRootNetNS\""* ]]
}

@test "the container's freezer is criu's" {
	start_sleeper
	checkpoint
	[[ "$(asked dump | jq -r .freeze_cgroup)" == /sys/fs/cgroup*"$CGROUP" ]] || skip "no freezer here"
}

@test "a created and a stopped container cannot be checkpointed" {
	args /bin/true
	create_container
	run checkpoint
	refused "cannot be checkpointed in created state"
	rt start "$ID"
	wait_until has_status "$ID" stopped
	run checkpoint
	refused "cannot be checkpointed in stopped state"
	ID=nobody
	run checkpoint
	refused "container does not exist"
}

@test "a dump that fails is told with its cause and log, and the container goes on" {
	start_sleeper
	export FAKE_CRIU=fail
	run checkpoint
	refused 'criu cannot dump the container: Error \(criu/fake.c:7\): a fake cannot do this \(its log is .*/image/dump.log\)'
	[ "$(status_of "$ID")" = running ]
}

@test "a criu that ends, or talks nonsense, is a failure and nothing else" {
	start_sleeper
	export FAKE_CRIU=die
	run checkpoint
	refused "criu"
	export FAKE_CRIU=garbage
	run checkpoint
	refused "criu"
	[ "$(status_of "$ID")" = running ]
}

@test "a criu that is too old for what is asked says so" {
	start_sleeper
	export FAKE_CRIU=old
	run checkpoint
	refused "criu 3.10 is too old: 3.11 is needed"
	export FAKE_CRIU=3.15
	run checkpoint --network-lock nftables
	refused "criu 3.15 is too old for network_lock, which needs 3.17"
	export FAKE_CRIU=blind
	run checkpoint --pre-dump
	refused "memory cannot be tracked on this host"
	run checkpoint --lazy-pages
	refused "lazy-pages is not possible"
	[ "$(status_of "$ID")" = running ]
}

@test "features says that checkpoints are possible" {
	[ "$(rt features | jq -r '.annotations["org.opencontainers.runc.checkpoint.enabled"]')" = true ]
}

# ---- restore ---------------------------------------------------------------------------------

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
