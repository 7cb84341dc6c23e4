# lade.bash -- what every image test stands on: a store of its own, a layout to pull from, and the
# promise that nothing is left behind.
# shellcheck shell=bash disable=SC2034,SC2154

: "${LADE:=lade}"
LADE=$(type -P "$LADE") || { echo "no lade: set LADE or PATH" >&2; exit 1; }
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
	# What this machine says about registries is not the tests' business.
	export CONTAINERS_REGISTRIES_CONF=$BATS_TEST_TMPDIR/registries.conf
	: >"$CONTAINERS_REGISTRIES_CONF"
	export CONTAINERS_POLICY_JSON=$BATS_TEST_TMPDIR/policy.json
	echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$CONTAINERS_POLICY_JSON"
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

# release_bundles [--force]: all that the store knows.
release_bundles() {
	local record
	for record in "$STORE"/bundles/*/record.json; do
		[ ! -e "$record" ] || lade release "$@" "$(jq -r .path "$record")"
	done
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

# lacks WORD TEXT
lacks() {
	[[ "$2" != *"$1"* ]] || { echo "there is $1 in: $2"; return 1; }
}

# Everything about a tree that an image can say, a line a file.
tree() {
	"$IMAGE_TESTS/tree" "$@"
}

# below DIR…: what is in the store's directories.
below() {
	(cd "$STORE" && find "$@" -mindepth 1 -maxdepth 1 2>/dev/null)
}

nothing() {
	[ -z "$1" ] || { echo "left: $1"; return 1; }
}

# No name, no tree; what is there of blobs is whole, and the collector takes it.
nothing_is_committed() {
	local blob
	nothing "$(lade images -q)"
	nothing "$(below layers bundles)"
	for blob in $(below blobs/sha256); do
		[ "$(digest_of "$STORE/$blob")" = "${blob##*/}" ] || { echo "not whole: $blob"; return 1; }
	done
	lade gc >/dev/null
	store_is_empty
}

# The store holds no name, no blob, no tree, nothing begun.
store_is_empty() {
	nothing "$(lade images -q)"
	nothing "$(below blobs/sha256 layers bundles ingest)"
}

digest_of() {
	local digest
	digest=$(sha256sum "$1")
	echo "${digest%% *}"
}
