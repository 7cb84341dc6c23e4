# lade.bash -- what every image test stands on: a store of its own, a layout to pull from, and the
# promise that nothing is left behind.
# shellcheck shell=bash disable=SC2034,SC2154

: "${LADE:=lade}"
LADE=$(command -v "$LADE" || echo "$LADE")
: "${RUNTIME:=coffer}"

IMAGE_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

make_image() {
	"$IMAGE_TESTS/make_image" "$@"
}

# One layout a file of tests.
image_setup_file() {
	make_image --compression mixed "$BATS_FILE_TMPDIR/layout"
}

image_setup() {
	LAYOUT=$BATS_FILE_TMPDIR/layout
	STORE=$BATS_TEST_TMPDIR/store
	DIR=$BATS_TEST_TMPDIR/bundle
	cd "$BATS_TEST_TMPDIR" || return
}

image_teardown() {
	local left mount
	left=$(mounts_below "$BATS_TEST_TMPDIR")
	for mount in $left; do
		umount "$mount"
	done
}

lade() {
	"$LADE" --root "$STORE" "$@"
}

mounts_below() {
	awk -v below="$1/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | tac
}

# run COMMAND…, and it must succeed or fail with a status.
ok() {
	run "$@"
	[ "$status" = 0 ] || { echo "status $status: $output"; return 1; }
}

fails() {
	local expected=$1
	shift
	run "$@"
	[ "$status" = "$expected" ] || { echo "status $status, not $expected: $output"; return 1; }
}

# The last line of the output must hold the text.
says() {
	[[ "${lines[-1]}" == *"$1"* ]] || { echo "got: $output"; echo "not: $1"; return 1; }
}

# Everything about a tree that an image can say, a line a file.
tree() {
	"$IMAGE_TESTS/tree" "$@"
}

# The store holds no name, no blob, no tree, nothing begun.
store_is_empty() {
	local left
	left=$(find "$STORE/blobs/sha256" "$STORE/layers" "$STORE/bundles" -mindepth 1 -maxdepth 1 2>/dev/null)
	[ -z "$left" ] || { echo "left: $left"; return 1; }
	[ -z "$(lade images -q)" ]
}

digest_of() {
	local digest
	digest=$(sha256sum "$1")
	echo "${digest%% *}"
}
