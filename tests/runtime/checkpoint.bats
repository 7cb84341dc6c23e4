#!/usr/bin/env bats
# checkpoint against a criu that only listens (fake_criu): what it is asked, what is made of its
# answers, and that the container goes on when it fails. Real dumps: checkpoint_criu.bats.
load fake_criu

checkpoint() {
	rt checkpoint --image-path "$IMAGE" "$@" "$ID" 3>&-
}

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
