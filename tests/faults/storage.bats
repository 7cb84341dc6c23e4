#!/usr/bin/env bats
# File systems that are full or read-only, and a config.json that is no file to read.
load faults

setup_file() { common_setup_file; }
setup() { common_setup; needs_coffer; args /bin/sleep 1000; }
teardown() {
	common_teardown
	umount "$BATS_TEST_TMPDIR/small" 2>/dev/null || true
}

# small_filesystem OPTIONS: $ROOT is a tmpfs of that size.
small_filesystem() {
	ROOT=$BATS_TEST_TMPDIR/small
	mkdir -p "$ROOT"
	umount "$ROOT" 2>/dev/null || true
	mount -t tmpfs -o "mode=755,$1" tmpfs "$ROOT"
}

attempt_create() {
	attempt timeout 10 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
}

@test "create fails cleanly wherever the state's file system has no inode left" {
	local inodes
	for inodes in $(seq 30); do
		small_filesystem "nr_inodes=$inodes"
		attempt_create
		[ "$status" != 0 ] || break
		failed_cleanly || { echo "with $inodes inodes"; return 1; }
		[[ "$said" == *"no space left on device"* ]]
	done
	[ "$inodes" -gt 3 ] && [ "$inodes" -lt 30 ]
	[ "$(status_of "$ID")" = created ]
	deleted_by_force
}

@test "create fails cleanly where the state's file system has no block left" {
	small_filesystem size=16k
	dd if=/dev/zero of="$ROOT/.cache" bs=4k count=4 2>/dev/null
	attempt_create
	failed_cleanly
	[[ "$said" == *'cannot write "state.json": write: no space left on device' ]]
}

@test "a container lives on a full file system, and is deleted from it" {
	small_filesystem size=64k
	start_sleeper
	dd if=/dev/zero of="$ROOT/.cache" bs=4k 2>/dev/null || true
	[ "$(status_of "$ID")" = running ]
	rt exec "$ID" true
	rt pause "$ID"
	rt resume "$ID"
	[ "$(rt list -q)" = "$ID" ]
	rt delete --force "$ID"
	no_trace_left
}

@test "a created container is started on a full file system" {
	small_filesystem size=64k
	create_container
	dd if=/dev/zero of="$ROOT/.cache" bs=4k 2>/dev/null || true
	rt start "$ID"
	[ "$(status_of "$ID")" = running ]
	rt delete --force "$ID"
	no_trace_left
}

@test "a read-only state directory has no container, and none is made" {
	small_filesystem ro
	attempt_create
	failed_cleanly
	[[ "$said" == *"read-only file system" ]]
	[ -z "$(rt list -q)" ]
	run rt state "$ID"
	refused 'does not exist'
	rt delete --force "$ID"
}

@test "what lives in a state directory that became read-only is seen and killed, and deleted later" {
	small_filesystem size=1m
	start_sleeper
	mount -o remount,ro "$ROOT"
	[ "$(status_of "$ID")" = running ]
	[ "$(rt list -q)" = "$ID" ]
	run rt start "$ID"
	[ "$status" = 1 ]
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	run rt delete "$ID"
	refused 'read-only file system'
	run rt delete --force "$ID"
	refused 'read-only file system'
	mount -o remount,rw "$ROOT"
	rt delete "$ID"
	no_trace_left
}

@test "a pid file that cannot be written undoes the create" {
	mkdir "$BATS_TEST_TMPDIR/pids" "$BATS_TEST_TMPDIR/small"
	mount -t tmpfs -o ro tmpfs "$BATS_TEST_TMPDIR/small"
	local file
	for file in small/pid pids nosuch/pid; do
		attempt timeout 10 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" \
			--pid-file "$BATS_TEST_TMPDIR/$file" "$ID"
		failed_cleanly
	done
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/pids")" ]
}

@test "a log that cannot be opened is an error" {
	attempt "$RUNTIME" --root "$ROOT" --log "$BATS_TEST_TMPDIR/nosuch/log" create --bundle "$BUNDLE" "$ID"
	failed_cleanly
	[[ "$said" == *'cannot open the log "'*'": open: no such file or directory' ]]
}

@test "a mount point that has no room in a full root filesystem is named" {
	small_filesystem size=2m,nr_inodes=80
	mkdir "$ROOT/rootfs"
	cp -a "$BUNDLE/rootfs/." "$ROOT/rootfs"
	local i
	for i in $(seq 80); do
		: >"$ROOT/rootfs/tmp/$i" || break
	done 2>/dev/null
	config --arg root "$ROOT/rootfs" '.root.path = $root
		| .mounts += [{"destination": "/new/data", "type": "tmpfs", "source": "tmpfs"}]'
	ROOT=$BATS_TEST_TMPDIR/state
	attempt_create
	failed_cleanly
	[[ "$said" == *'mounts['*'/new/data'*"no space left on device" ]]
}

@test "a config.json that is a FIFO, a directory, a device or a loop is refused at once" {
	local kind
	rm "$BUNDLE/config.json"
	for kind in 'mkfifo' 'mkdir' 'ln -s config.json' 'ln -s /dev/zero' 'ln -s /dev/tty' 'ln -s nosuch'; do
		# shellcheck disable=SC2086 # words of a command
		$kind "$BUNDLE/config.json"
		attempt_create
		failed_cleanly || { echo "of $kind"; return 1; }
		[[ "$said" == *config.json* ]]
		rm -rf "$BUNDLE/config.json"
	done
}

@test "a config.json without end, or larger than any, is refused" {
	local megabytes
	for megabytes in 17 64; do
		{
			printf '{"ociVersion": "1.0.2", "annotations": {"a": "'
			head -c $((megabytes << 20)) /dev/zero | tr '\0' x
			printf '"}}'
		} >"$BUNDLE/config.json"
		attempt_create
		failed_cleanly
		[[ "$said" == *'"config.json" is larger than '* ]]
	done
	truncate -s 1T "$BUNDLE/config.json"
	attempt_create
	failed_cleanly
}

@test "a config.json that may not be read is refused" {
	chmod 000 "$BUNDLE/config.json"
	attempt setpriv --bounding-set=-dac_override,-dac_read_search \
		"$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	failed_cleanly
	[[ "$said" == *'"config.json": open: permission denied' ]]
}

@test "spec on a full file system leaves no half file" {
	small_filesystem size=4k,nr_inodes=10
	dd if=/dev/zero of="$ROOT/full" bs=4k count=1 2>/dev/null
	run "$RUNTIME" spec --bundle "$ROOT"
	refused 'cannot write "config.json": write: no space left on device'
	[ "$(ls -A "$ROOT")" = full ]
	mount -o remount,ro "$ROOT"
	run "$RUNTIME" spec --bundle "$ROOT"
	refused 'cannot write "config.json": open: read-only file system'
}

@test "a state.json that is broken is named, and hides no other container" {
	local broken
	start_sleeper
	mkdir "$ROOT/broken"
	: >"$ROOT/broken/lock"
	for broken in '' '{' '{"id": 5}' '[]' "$(printf '\377')"; do
		printf %s "$broken" >"$ROOT/broken/state.json"
		run rt state broken
		refused 'broken/state.json'
		# What it holds is not known: nothing may be lost by force.
		run rt delete --force broken
		refused 'broken/state.json'
		run rt list -q
		[ "$status" = 0 ]
		[[ "$output" == *"$ID"* && "$output" == *broken/state.json* ]]
	done
}
