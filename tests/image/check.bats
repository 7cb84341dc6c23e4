#!/usr/bin/env bats
# lade check: what is broken in the store is found, said, and repaired where something tells how.
load lade
load registry

setup_file() { image_setup_file; }
setup() {
	image_setup
	lade pull -q "oci:$LAYOUT:demo:latest" >/dev/null
}
teardown() {
	stop_registry || true
	image_teardown
}

# The blob of the layer N (from 0), and its unpacked tree.
blob_of() {
	jq -r ".layers[$1].digest" "$STORE/blobs/sha256/$(jq -r '.manifests[0].digest' "$STORE/index.json" | cut -d: -f2)" |
		cut -d: -f2
}
tree_of() {
	echo "$STORE/layers/$(lade inspect --format "{{index .RootFS.Layers $1}}" demo | cut -d: -f2)"
}

# A check that says more than a pipe holds (64 KiB) does not get further than the blobs while nobody
# reads: it has begun when this returns, and goes on with the_check_ends.
a_check_begins() {
	touch "$STORE/blobs/sha256/"{1..500}"$(printf -- '-%.0s' {1..240})"
	mkfifo port
	lade check "$@" >port 2>&1 3>&- &
	CHECK=$!
	exec 8<port
	read -r _ <&8
}

# The lines of interest become $output, the status $status.
the_check_ends() {
	output=$(grep -v "its name is no digest" <&8)
	exec 8<&-
	status=0
	wait "$CHECK" || status=$?
}

well() {
	ok lade check "$@"
	[[ "${lines[-1]}" == *": all is well" ]]
}

@test "a store that is whole is well, also with every kind of image" {
	make_image --lower-link --name link link
	make_image --index --name multi multi
	lade pull -q oci:link >/dev/null
	lade pull -q --all-platforms oci:multi >/dev/null
	lade bundle demo "$DIR"
	well
	[[ "$output" =~ ^Checked\ [0-9]+\ blobs,\ 3\ images,\ [0-9]+\ layers,\ 1\ bundles ]]
	well --quick
	lade release "$DIR"
	STORE=$PWD/new well
}

@test "a blob with other content is found; a layout tells nothing of where it came from" {
	local blob
	blob=$(blob_of 0)
	printf X | dd of="$STORE/blobs/sha256/$blob" bs=1 seek=500 conv=notrunc status=none
	fails 1 lade check
	[[ "${lines[0]}" == "blob sha256:$blob: its content has the digest sha256:"* ]]
	[[ "${lines[-1]}" == *": 1 wrong, 0 repaired" ]]
	ok lade check --quick
	fails 1 lade system check --repair
	[[ "$output" == *"not repaired: localhost/demo:latest is of no registry"* ]]
	[ -e "$STORE/blobs/sha256/$blob" ]
}

@test "blobs that are missing or cut are found by a quick look" {
	local blob
	blob=$(blob_of 1)
	truncate -s -1 "$STORE/blobs/sha256/$blob"
	fails 1 lade check --quick
	says "1 wrong"
	[[ "$output" == *"image localhost/demo:latest: its blob sha256:$blob is of another size"* ]]
	rm "$STORE/blobs/sha256/$blob"
	fails 1 lade check --quick
	[[ "$output" == *"its blob sha256:$blob is missing"* ]]
}

@test "a layer's tree is compared file by file with its blob, and unpacked again" {
	local tree
	tree=$(tree_of 0)
	for damage in "chmod 600 $tree/etc/passwd" "rm $tree/etc/group" "touch $tree/etc/new" \
		"sed -i s/root/toor/ $tree/etc/passwd" "chown 5 $tree/bin/busybox" \
		"ln -sfn wrong $tree/lib" "setfattr -n user.x -v y $tree/etc/passwd"; do
		$damage
		fails 1 lade check
		[[ "${lines[0]}" == "layer sha256:${tree##*/}: /"* ]] || { echo "$damage: $output"; return 1; }
		ok lade check --repair
		[[ "${lines[0]}" == *": repaired" && "${lines[-1]}" == *": 1 repaired" ]]
		well
	done
	nothing "$(below ingest)"
}

@test "whiteouts and opaque marks belong to a tree" {
	local tree whiteout
	tree=$(tree_of 1)
	whiteout=$(find "$tree" -type c | head -1)
	rm "$whiteout"
	fails 1 lade check
	[[ "${lines[0]}" == *"/${whiteout#"$tree"/} is missing"* ]]
	ok lade check -r
	[ -c "$whiteout" ]
	well
}

@test "a tree that is gone is unpacked again, one that needs its parents too" {
	local tree
	make_image --lower-link --name link link
	lade pull -q oci:link >/dev/null
	rm -rf "$STORE"/layers/*
	fails 1 lade check
	[[ "${lines[0]}" == *"is not unpacked" ]]
	ok lade check --repair
	well
	ok lade unpack link un
	lade run demo true
}

@test "a tree that a bundle stands on is not exchanged under it" {
	local tree
	tree=$(tree_of 0)
	lade bundle demo "$DIR"
	chmod 600 "$tree/etc/passwd"
	fails 1 lade check --repair
	[[ "${lines[0]}" == *"has the mode 0600 instead of 0644: not repaired: the bundle $DIR stands on it"* ]]
	ok lade release "$DIR"
	ok lade check --repair
	well
}

@test "a bundle that is made during a check keeps its tree, and its root what is in it" {
	local tree
	tree=$(tree_of 0)
	chmod 600 "$tree/etc/passwd"
	a_check_begins --repair
	ok lade bundle --rootfs overlay demo "$DIR"
	the_check_ends
	[ "$status" = 1 ]
	[[ "$output" == *"layer sha256:${tree##*/}: "*": not repaired: the bundle $DIR stands on it"* ]]
	[ "$(stat -c %a "$DIR/rootfs/etc/passwd")" = 600 ]
	nothing "$(below ingest)"
	ok lade release "$DIR"
}

@test "a tree is not exchanged while another lade uses the store" {
	chmod 600 "$(tree_of 0)/etc/passwd"
	exec 9<"$STORE/lock"
	flock -s 9
	fails 1 lade check --repair
	[[ "${lines[0]}" == *": not repaired: the store "*" is used by another lade" ]]
	nothing "$(below ingest)"
	exec 9<&-
	ok lade check --repair
	well
}

@test "an image that is removed during a check, and a bundle, are no matter" {
	make_image --text two --name other other
	make_image --index --name multi multi
	lade pull -q oci:other >/dev/null
	lade pull -q --all-platforms oci:multi >/dev/null
	lade bundle --rootfs copy demo "$DIR"
	a_check_begins
	ok lade rmi other multi
	ok lade release "$DIR"
	the_check_ends
	[ "$status" = 1 ]
	[[ "$output" =~ ^Checked\ [0-9]+\ blobs,\ 1\ images,\ [0-9]+\ layers,\ 0\ bundles:\ 500\ wrong ]] ||
		{ echo "$output"; false; }
}

@test "broken, cut and missing blobs are fetched again from the registry they came from" {
	type -P docker-registry >/dev/null || skip "no docker-registry"
	local image blob manifest
	start_registry
	make_image --index --name multi multi
	push "$LAYOUT:demo:latest" team/app:1
	push multi:multi team/multi:1
	lade rmi demo
	lade pull -q "$REGISTRY/team/app:1" >/dev/null
	lade pull -q --all-platforms "$REGISTRY/team/multi:1" >/dev/null
	well
	for blob in "$STORE"/blobs/sha256/*; do
		printf X | dd of="$blob" bs=1 seek=100 conv=notrunc status=none
	done
	fails 1 lade check
	ok lade check --repair
	well
	for blob in "$STORE"/blobs/sha256/*; do
		rm "$blob"
		ok lade check --repair --quick
		[ -e "$blob" ] || { echo "not back: $blob"; return 1; }
	done
	well
	[ "$(lade images -q | wc -l)" = 2 ]
	[ "$(lade images --filter manifest=true -q | wc -l)" = 1 ]
	stop_registry || true
	blob=$(find "$STORE/blobs/sha256" -type f | head -1)
	printf Y | dd of="$blob" bs=1 seek=100 conv=notrunc status=none
	fails 1 lade check --repair --retry=-1
	[[ "$output" == *"not repaired: "* ]]
	[ -e "$blob" ]
	nothing "$(below ingest)"
}

@test "index.json that cannot be read is said, and a bundle whose directory is gone" {
	lade bundle --rootfs copy demo "$DIR"
	rm -rf "$DIR"
	fails 1 lade check --quick
	[[ "${lines[0]}" == "bundle $DIR: its directory is gone"* ]]
	echo '{' >"$STORE/index.json"
	fails 1 lade check
	[[ "${lines[0]}" == "store: index.json "* ]]
}
