#!/usr/bin/env bats
# lade mount, lade unmount: images to look into, read-only, and nothing left behind.
load lade

setup_file() { image_setup_file; }
setup() {
	image_setup
	[ "$(id -u)" = 0 ] || skip "only root mounts"
	lade pull -q "oci:$LAYOUT:demo:latest" >id
	ID=$(cat id)
}
teardown() { image_teardown; }

@test "mount prints a path that shows the image, and takes no writes" {
	ok lade mount demo
	[ -x "$output/bin/busybox" ]
	[ "$(cat "$output/var/version")" = 1 ]
	lade unpack demo un
	diff <(tree "$output") <(tree un)
	! touch "$output/new" 2>/dev/null || false
	[ "$(lade image mount demo)" = "$output" ]
	ok lade mount
	[ "$output" = "localhost/demo:latest $STORE/mounts/$(lade inspect --format '{{.Digest}}' demo | cut -d: -f2)/rootfs" ]
	ok lade mount --format json
	[ "$(jq -r '.[0] | .id + " " + .Repositories[0]' <<<"$output")" = "$ID localhost/demo:latest" ]
	[ -d "$(jq -r '.[0].mountpoint' <<<"$output")/bin" ]
	ok lade unmount demo
	[ "$output" = "$ID" ]
	nothing "$(mounts_below "$STORE")"
	nothing "$(below mounts bundles)"
	ok lade mount
	[ -z "$output" ]
	ok lade rmi demo
	store_is_empty
}

@test "a mounted image is in use: rmi says 2, gc and prune keep it" {
	local path
	path=$(lade mount demo)
	fails 2 lade rmi demo
	[[ "$output" == *"demo is mounted at"*"lade unmount"* ]]
	ok lade prune -a
	ok lade untag demo
	ok lade gc
	[ -x "$path/bin/busybox" ]
	[ "$(lade images --filter containers=true -q)" = "${ID:0:12}" ]
	ok lade umount "$ID"
	ok lade prune
	store_is_empty
}

@test "several at once, --all, images of one layer and of none" {
	make_image --compression mixed --text two --name two two
	lade pull -q oci:two >/dev/null
	mkdir root && echo x >root/file
	tar -C root -cf root.tar .
	lade import root.tar one >/dev/null
	ok lade mount demo two
	[ "${#lines[@]}" = 2 ]
	[[ "${lines[1]}" == "localhost/two:latest $STORE/mounts/"* ]]
	[ "$(cat "$(lade mount one)/file")" = x ]
	ok lade unmount -a
	[ "${#lines[@]}" = 3 ]
	ok lade mount -a
	[ "${#lines[@]}" = 3 ]
	[ "$(mounts_below "$STORE" | wc -l)" = 3 ]
	fails 125 lade unmount nosuch
	ok lade image unmount --all
	nothing "$(mounts_below "$STORE")$(below mounts bundles)"
	fails 125 lade unmount demo
	says "is not mounted"
	ok lade unmount -f demo
	fails 125 lade unmount
	fails 125 lade mount -a demo
}

@test "a mount that the machine's end took is made again, or forgotten" {
	local path
	path=$(lade mount demo)
	umount "$path"
	ok lade mount
	[ -z "$output" ]
	ok lade mount demo
	[ "$output" = "$path" ]
	[ -x "$path/bin/busybox" ]
	umount "$path"
	ok lade unmount -a
	nothing "$(below mounts bundles)"
}

@test "an image in use is not unmounted" {
	local path
	path=$(lade mount demo)
	exec 7<"$path/var/version"
	fails 125 lade unmount demo
	says "busy"
	exec 7<&-
	ok lade unmount demo
}

@test "who may not mount is told what to do" {
	type -P setpriv >/dev/null || skip "no setpriv"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	mkdir -m 777 theirs
	run setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_DATA_HOME \
		"$LADE" --root "$PWD/theirs/store" pull -q "oci:$LAYOUT:demo:latest"
	[ "$status" = 0 ] || skip "the user cannot run lade here: $output"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$LADE" --root "$PWD/theirs/store" mount demo
	[ "$status" = 125 ]
	says "only root mounts"
	nothing "$(ls theirs/store/mounts theirs/store/bundles 2>/dev/null | grep -v :)"
}
