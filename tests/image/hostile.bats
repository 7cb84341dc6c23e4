#!/usr/bin/env bats
# Images whose makers want to do harm (hostile_image): what they cost, print and order.
load lade

setup() {
	image_setup
	export HOME=$PWD XDG_RUNTIME_DIR=$PWD XDG_CONFIG_HOME=$PWD no_proxy=127.0.0.1
	unset REGISTRY_AUTH_FILE DOCKER_CONFIG
}
teardown() {
	exec 7>&-
	[ -z "${SERVER-}" ] || wait "$SERVER"
	release_bundles
	image_teardown
}

hostile() {
	"$IMAGE_TESTS/hostile_image" "$1" layout
}

pull() {
	lade pull -q oci:layout:hostile:latest
}

# The KiB that are allocated below a directory of the store.
used() {
	local size
	size=$(du -sk "$STORE/$1")
	echo "${size%%[[:space:]]*}"
}

@test "a hole that is linked to from the layer above stays a hole" {
	hostile sparse_below
	ok pull
	[ "$(used layers)" -lt 1024 ]
	ok lade bundle --rootfs copy hostile "$DIR"
	[ "$(stat -c %s "$DIR/rootfs/linked")" = $((4 << 30)) ]
}

@test "an image of twenty thousand layers is refused" {
	hostile many_layers
	fails 125 pull
	says "20000 layers"
	nothing_is_committed
}

@test "a layer cannot fill the memory with names of directories" {
	hostile many_directories
	fails 125 pull
	says "too many directories"
	nothing_is_committed
}

@test "labels for hooks and device interfaces are not passed on" {
	hostile labels
	ok pull
	ok lade bundle hostile "$DIR"
	[ "$(jq -r '.annotations | keys[]' "$DIR/config.json" | grep -v ^org.opencontainers)" = \
		harmless ]
}

@test "warnings about an image hold nothing that commands a terminal" {
	hostile terminal
	ok pull
	ok lade bundle hostile "$DIR"
	[[ "$output" == *"not passed on"* ]]
	nothing "$(LC_ALL=C grep $'\x1b\|\xc2\x9b\|\x7f' <<<"$output")"
}

@test "a promised size that never comes holds no disk space" {
	hostile promise
	mkfifo end says
	"$IMAGE_TESTS/fault_registry.py" layout requests <end >says 3>&- &
	SERVER=$!
	exec 7>end
	read -r MAIN _ <says
	fails 125 lade pull -q --retry-delay 10ms "$MAIN/demo:1" 7>&-
	says "than it promised"
	[ "$(used ingest)" -lt 1024 ]
}

@test "release leaves a directory alone that took the place of the bundle's" {
	hostile labels
	ok pull
	ok lade bundle --rootfs copy hostile "$DIR"
	rm -r "$DIR"
	mkdir "$DIR.new"
	mv "$DIR.new" "$DIR"
	mkdir "$DIR/rootfs"
	touch "$DIR/rootfs/precious" "$DIR/config.json"
	ok lade release "$DIR"
	says "left alone"
	[ -e "$DIR/rootfs/precious" ]
	[ -e "$DIR/config.json" ]
	nothing "$(below bundles)"
}
