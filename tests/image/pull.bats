#!/usr/bin/env bats
# lade pull from an OCI layout: what comes in, what is refused, what is left.
load lade

setup_file() { image_setup_file; }
setup() { image_setup; }
teardown() { image_teardown; }

@test "pull prints the image's ID alone on standard output" {
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	[[ "$output" =~ ^[0-9a-f]{64}$ ]]
	[ "$output" = "$(lade images -q --no-trunc | sed 's/sha256://')" ]
}

@test "progress is a line a layer where there is no terminal, nothing with -q" {
	lade pull "oci:$LAYOUT" >id 2>progress
	[ "$(grep -c '^Layer [0-9a-f]\{12\} done' progress)" = 3 ]
	lade pull "oci:$LAYOUT" 2>progress >again
	[ "$(grep -c '^Layer [0-9a-f]\{12\} exists' progress)" = 3 ]
	cmp id again
	lade pull -q "oci:$LAYOUT" 2>progress >again
	[ ! -s progress ]
}

@test "progress is a bar a layer and a total on a terminal" {
	script -qec "$LADE --root $STORE pull oci:$LAYOUT" /dev/null >screen
	[ "$(grep -c '\[==============================\].*done' screen)" -ge 4 ]
	grep -q '^3/3 .*done' screen
	TERM=dumb script -qec "$LADE --root $STORE-2 pull oci:$LAYOUT" /dev/null >screen
	lacks $'\e' "$(cat screen)"
}

@test "push, copy, save and load show the same progress, -q shows none" {
	local command
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	for command in "push demo oci:one:x" "copy oci:$LAYOUT oci:two:x" "save -o saved.tar demo" "load -i saved.tar"; do
		[[ "$command" != load* ]] || lade rmi --all --force
		script -qec "$LADE --root $STORE $command" /dev/null >screen
		grep -q '\[===.*\(done\|exists\)' screen || { cat screen; false; }
		grep -q '^[0-9]/[0-9] .*done' screen
		rm -rf one two
		[[ "$command" != load* ]] || lade rmi --all --force
		lade $command >/dev/null 2>said
		[[ "$(cat said)" == *"Layer "*" done, "* ]] || { cat said; false; }
		lacks $'\e' "$(cat said)"
		rm -rf one two
		[[ "$command" != load* ]] || lade rmi --all --force
		lade ${command/ / -q } >/dev/null 2>said
		[ ! -s said ] || { cat said; false; }
	done
}

@test "the store is an OCI layout that other tools read" {
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	[ "$(jq -r .imageLayoutVersion "$STORE/oci-layout")" = 1.0.0 ]
	jq -e '.manifests | length >= 1' "$STORE/index.json"
	ok skopeo inspect --raw "oci:$STORE:$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$STORE/index.json")"
	for blob in "$STORE"/blobs/sha256/*; do
		[ "$(digest_of "$blob")" = "${blob##*/}" ]
	done
}

@test "the store is closed to others" {
	ok lade pull -q "oci:$LAYOUT"
	[ "$(stat -c %a "$STORE")" = 700 ]
}

@test "every compression unpacks to the same tree" {
	for how in gzip zstd none; do
		make_image --compression $how layout-$how
		ok lade pull -q "oci:layout-$how:demo:latest"
		ok lade unpack localhost/demo:latest "tree-$how"
		tree "tree-$how" >"list-$how"
	done
	cmp list-gzip list-zstd
	cmp list-gzip list-none
	[ "$(find "$STORE/layers" -mindepth 1 -maxdepth 1 | wc -l)" = 3 ]
}

@test "of an index the entry for this machine is taken, or for --platform" {
	make_image --index layout
	ok lade pull -q oci:layout
	ok lade inspect localhost/demo
	[ "$(jq -r '.[0].Architecture' <<<"$output")" = "$(dpkg --print-architecture)" ]
	ok lade pull -q --platform linux/arm64 oci:layout
	ok lade inspect localhost/demo
	[ "$(jq -r '.[0].Architecture' <<<"$output")" = arm64 ]
	fails 125 lade pull -q --platform linux/s390x oci:layout
	says s390x
}

@test "an image of another platform is taken with a warning" {
	make_image --arch s390x layout
	ok lade pull -q oci:layout
	[[ "$output" == *"the image is for linux/s390x"* ]]
}

@test "Docker's media types are images too" {
	make_image --docker --index layout
	ok lade pull -q oci:layout
	ok lade unpack localhost/demo tree
	[ -e tree/bin/busybox ]
}

@test "a hard link to a file of a lower layer is made" {
	make_image --lower-link layout
	ok lade pull -q oci:layout
	ok lade unpack localhost/demo tree
	cmp tree/srv/lower-link tree/usr/share/original
	ok lade pull -q oci:layout
}

@test "a layout with several images wants a name, @N is a place in its index" {
	make_image --name one --text one layout
	make_image --name two --text two layout
	fails 125 lade pull -q oci:layout
	says "layout has 2 images: name one (there is: one, two)"
	fails 125 lade pull -q oci:layout:three
	says 'layout has no image "three" (there is: one, two)'
	ok lade pull -q oci:layout:two
	ok lade unpack localhost/two tree
	[ "$(cat tree/var/version)" = two ]
	ok lade pull -q oci:layout:@0
}

@test "a layout that is not there or no layout is one clear line" {
	fails 125 lade pull -q oci:nowhere
	says "cannot open the image layout nowhere"
	mkdir empty
	fails 125 lade pull -q oci:empty
	says "cannot open empty/oci-layout"
	[ "${#lines[@]}" = 1 ]
	nothing_is_committed
}

# damage FILE: change one byte in the middle.
damage() {
	local size
	size=$(stat -c %s "$1")
	printf '\xff' | dd of="$1" bs=1 seek=$((size / 2)) conv=notrunc status=none
	[ "$(digest_of "$1")" != "${1##*/}" ]
}

layer_of() {
	jq -r ".layers[$2].digest" "$1/blobs/sha256/$(jq -r '.manifests[0].digest' "$1/index.json" | cut -d: -f2)" |
		cut -d: -f2
}

@test "a corrupted layer is refused by its digest, and nothing is kept" {
	for how in gzip zstd none; do
		make_image --compression $how layout-$how
		damage "layout-$how/blobs/sha256/$(layer_of layout-$how 0)"
		fails 125 lade pull -q "oci:layout-$how"
		[[ "$output" == *digest* ]] || { echo "$output"; false; }
		[[ "$output" == *"$(layer_of layout-$how 0 | cut -c 1-12)"* ]]
		[ "${#lines[@]}" = 1 ]
		nothing_is_committed
	done
}

@test "a truncated layer is refused by its size" {
	make_image layout
	truncate -s -1 "layout/blobs/sha256/$(layer_of layout 1)"
	fails 125 lade pull -q oci:layout
	[[ "$output" == *"bytes, not the"* ]]
	nothing_is_committed
}

@test "a corrupted config or manifest is refused" {
	make_image layout
	local manifest config
	manifest=$(jq -r '.manifests[0].digest' layout/index.json | cut -d: -f2)
	config=$(jq -r .config.digest "layout/blobs/sha256/$manifest" | cut -d: -f2)
	cp "layout/blobs/sha256/$config" saved
	damage "layout/blobs/sha256/$config"
	fails 125 lade pull -q oci:layout
	says "blob sha256:$config is damaged"
	cp saved "layout/blobs/sha256/$config"
	damage "layout/blobs/sha256/$manifest"
	fails 125 lade pull -q oci:layout
	says "blob sha256:$manifest is damaged"
	nothing_is_committed
}

@test "a config that lies about a layer's content is refused" {
	make_image --wrong-diff-id layout
	fails 125 lade pull -q oci:layout
	says "but the image's config says sha256:0000"
	nothing_is_committed
}

@test "a layer that is missing is named" {
	make_image layout
	local layer
	layer=$(layer_of layout 2)
	rm "layout/blobs/sha256/$layer"
	fails 125 lade pull -q oci:layout
	says "$layer"
	nothing_is_committed
}

@test "a FIFO in a layout is refused, not waited for" {
	make_image layout
	local layer
	layer=$(layer_of layout 0)
	rm "layout/blobs/sha256/$layer"
	mkfifo "layout/blobs/sha256/$layer"
	fails 125 timeout 20 "$LADE" --root "$STORE" pull -q oci:layout
	says "is not a regular file"
}

@test "a digest that is a path is refused before it is used" {
	make_image layout
	jq '.manifests[0].digest = "sha256:../../../../etc/passwd"' layout/index.json >changed
	cp changed layout/index.json
	fails 125 lade pull -q oci:layout
	says "digest"
}

@test "a full disk is one clear line, leaves nothing, and the next pull succeeds" {
	make_image --fill 12 layout
	mkdir small
	mount -t tmpfs -o size=8m tmpfs small
	STORE=$PWD/small/store
	fails 125 lade pull -q oci:layout
	[[ "$output" == *"no space left on device"* ]] || { echo "$output"; false; }
	nothing_is_committed
	mount -o remount,size=64m small
	ok lade pull -q oci:layout
	ok lade gc
	umount small
}

@test "an interrupted pull leaves no image and the next one succeeds" {
	make_image --fill 64 layout
	mkfifo progress
	"$LADE" --root "$STORE" pull oci:layout >out 2>progress 3>&- &
	local pid=$!
	read -r _ <progress
	kill -INT $pid || true
	wait $pid || [ $? = 130 ]
	[ -s out ] || nothing_is_committed
	ok lade pull -q oci:layout
	ok lade gc
	[ -z "$(find "$STORE/ingest" -mindepth 1)" ]
}

@test "a pull that is killed leaves only what gc removes" {
	make_image --fill 64 layout
	mkfifo progress
	"$LADE" --root "$STORE" pull oci:layout >out 2>progress 3>&- &
	local pid=$!
	read -r _ <progress
	kill -KILL $pid || true
	wait $pid || true
	ok lade gc
	[ -s out ] || store_is_empty
	ok lade pull -q oci:layout
	ok lade unpack demo tree
}

@test "two pulls of one image at once share the work" {
	make_image --fill 8 layout
	"$LADE" --root "$STORE" pull -q oci:layout >first 2>&1 &
	local pid=$!
	"$LADE" --root "$STORE" pull -q oci:layout >second 2>&1
	wait $pid
	cmp first second
	[ "$(lade images -q | wc -l)" = 1 ]
}

@test "a name that moves to another image leaves the old one without a name" {
	make_image --text one layout
	ok lade pull -q oci:layout
	make_image --text two layout
	ok lade pull -q oci:layout
	ok lade images --format json
	[ "$(jq '[.[] | select(.Names | length > 0)] | length' <<<"$output")" = 1 ]
}

@test "usage errors are told in one line with status 125" {
	fails 125 lade pull
	says "pull needs"
	fails 125 lade pull --no-such-option x
	says "no-such-option"
	fails 125 lade pull --platform bad/bad/bad/bad oci:x
	fails 125 lade frobnicate
	says 'unknown command "frobnicate"'
	fails 125 lade pull -q 'demo:bad tag'
	[ "${#lines[@]}" = 1 ]
}

@test "--help and --version work everywhere" {
	ok lade --version
	[[ "$output" == "lade version "* ]]
	ok lade --help
	[[ "$output" == *"fetch an image"* ]]
	for verb in pull images inspect bundle release unpack rmi gc completion; do
		ok lade $verb --help
		[ -n "$output" ]
	done
	ok lade completion bash
	[[ "$output" == *pull* ]]
}
