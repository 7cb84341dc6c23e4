#!/usr/bin/env bats
# Ids: bundles for user namespaces of root's, and unpacking with other owners. The layers are shared and stay
# as they are.
load lade

setup_file() {
	make_image --name demo:latest "$BATS_FILE_TMPDIR/layout"
}
setup() {
	image_setup
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" 2>/dev/null || true
}
teardown() {
	release_bundles
	image_teardown
}

layers() {
	for layer in "$STORE"/layers/*; do
		tree "$layer"
	done
}

# Where the kernel can, by an overlay; elsewhere lade says so and copies.
mapped_bundle() {
	local driver=$1
	shift
	run lade bundle --rootfs "$driver" "$@"
	[[ "$output" != *"takes no layers with mapped ids"* ]] || skip "$output"
	[[ "$output" != *"does not map ids"* ]] || skip "$output"
	[ "$status" = 0 ] || { echo "$output"; return 1; }
}

script='stat -c "%u:%g" / /etc/passwd /usr/share/owned; id -u; touch /srv/mine; chown 33:34 /srv/mine; echo more >>/usr/share/owned; chown 5 /srv/changed'
expected=$'0:0\n0:0\n1000:29\n0'

check_mapped() {
	local driver=$1
	layers >before.list
	mapped_bundle "$driver" --uidmap 0:100000:65536 --gidmap 0:200000:65536 demo "$DIR" /bin/sh -c "$script"
	[ "$(jq -c '.linux.uidMappings' "$DIR/config.json")" = '[{"containerID":0,"hostID":100000,"size":65536}]' ]
	[ "$(jq -c '.linux.gidMappings' "$DIR/config.json")" = '[{"containerID":0,"hostID":200000,"size":65536}]' ]
	[ "$(stat -c %u:%g "$DIR/rootfs/usr/share/owned")" = 101000:200029 ]
	command -v "$RUNTIME" >/dev/null || return 0
	ok "$RUNTIME" --root "$BATS_TEST_TMPDIR/state" run --bundle "$DIR" lade-test-$$ </dev/null
	[ "$output" = "$expected" ]
	[ "$(stat -c %u:%g "$DIR/rootfs/srv/mine")" = 100033:200034 ]
	layers >after.list
	diff before.list after.list
	ok lade repack "$DIR" new:1
	"$IMAGE_TESTS/entries" --files "$STORE" localhost/new:1 | cut -d' ' -f1,4 >entries.list
	diff - entries.list <<-END
		srv/changed 5:0
		srv/mine 33:34
		usr/share/owned 1000:29
	END
	ok lade release "$DIR"
	[ ! -e "$DIR" ]
}

@test "an overlay shows the shared layers with the ids of the container's user namespace" {
	check_mapped overlay
}

@test "a copy has them on disk" {
	check_mapped copy
}

@test "such a bundle runs under runc, too" {
	command -v runc >/dev/null || skip "no runc"
	for driver in overlay copy; do
		mapped_bundle $driver --uidmap 0:100000:65536 demo $driver /bin/sh -c "$script"
		ok runc --root "$BATS_TEST_TMPDIR/state" run --bundle $driver lade-test-$$ </dev/null
		[ "$output" = "$expected" ]
	done
}

@test "capabilities of files hold in the user namespace" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	ok lade bundle --rootfs copy demo first
	mkdir first/rootfs/capable
	cp first/rootfs/bin/busybox first/rootfs/capable/grep
	setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 first/rootfs/capable/grep
	ok lade repack first new:1
	for driver in copy overlay; do
		mapped_bundle $driver --uidmap 0:100000:65536 --user user new:1 $driver /capable/grep CapPrm /proc/self/status
		run "$RUNTIME" --root "$BATS_TEST_TMPDIR/state" run --bundle $driver lade-test-$$ </dev/null
		[[ "$output" == *0000000000002000 ]] || { echo "$driver: $output"; return 1; }
	done
}

@test "maps that cannot be are told, and nothing is left" {
	fails 125 lade bundle --uidmap 0:100000 --userns host demo "$DIR"
	says "--userns host does not go with --uidmap and --gidmap"
	fails 125 lade bundle --uidmap 1:100000:5 demo "$DIR"
	says "--uidmap: id 0 of the container has to be mapped, too"
	fails 125 lade bundle --uidmap zero:100000:5 demo "$DIR"
	says "it is INSIDE:OUTSIDE[:SIZE]"
	fails 125 lade bundle --rootfs copy --uidmap 0:100000:5 demo "$DIR"
	says "is in no map"
	fails 125 lade bundle --rootfs runtime --uidmap 0:100000:65536 demo "$DIR"
	says "--rootfs overlay or copy can map them"
	[ ! -e "$DIR" ]
	nothing "$(below bundles)"
	chmod -R a+rX "$STORE"
	run setpriv --reuid 12345 --regid 12345 --clear-groups env HOME="$BATS_TEST_TMPDIR" "$LADE" --root "$BATS_TEST_TMPDIR/nowhere" bundle --uidmap 0:1:1 demo x
	[ "$status" = 125 ]
}

@test "--userns auto takes ids that no other bundle has" {
	unshare --mount true 2>/dev/null || skip "needs mount namespaces"
	echo "containers:500000:150000" >sub
	in_room() {
		unshare --mount --propagation private sh -c 'touch /etc/subuid /etc/subgid
			mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && exec "$@"' sub "$@"
	}
	first_of() {
		jq -r '.linux.uidMappings[0] | "\(.containerID) \(.hostID) \(.size)"' "$1/config.json"
	}
	for name in one two; do
		in_room "$LADE" --root "$STORE" bundle --rootfs copy --userns auto demo $name &
	done
	wait
	[ "$(first_of one; first_of two)" = $'0 500000 65536\n0 565536 65536' ] ||
		[ "$(first_of two; first_of one)" = $'0 500000 65536\n0 565536 65536' ]
	ok in_room "$LADE" --root "$STORE" bundle --rootfs copy --userns auto:size=2000 demo three
	[ "$(first_of three)" = "0 631072 2000" ]
	[ "$(stat -c %u three/rootfs/etc/passwd)" = 631072 ]
	fails 125 in_room "$LADE" --root "$STORE" bundle --rootfs copy --userns auto demo four
	says "no 65536 are left for a bundle"
	[ ! -e four ]
	taken=$(first_of one)
	ok lade release one
	ok in_room "$LADE" --root "$STORE" bundle --rootfs copy --userns auto demo four
	[ "$(first_of four)" = "$taken" ]
	fails 125 lade bundle --userns auto:many demo five
	says "it is auto or auto:size=N"
}

@test "lade run has them, too" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	ok lade run --runtime "$RUNTIME" --uidmap 0:100000:65536 demo /bin/sh -c 'cat /proc/self/uid_map; stat -c %u /etc/passwd'
	[[ "$output" == *100000*65536$'\n'0 ]]
}

# ---- unpack ----------------------------------------------------------------------------------------

@test "unpack --uid-map gives the files to others, as umoci does" {
	ok lade unpack --uid-map 0:100000:65536 --gid-map 0:200000:65536 demo ours
	[ "$(stat -c %u:%g ours/usr/share/owned)" = 101000:200029 ]
	[ "$(stat -c %u:%g ours)" = 100000:200000 ]
	command -v umoci >/dev/null || skip "no umoci"
	umoci --log error unpack --uid-map 0:100000:65536 --gid-map 0:200000:65536 --image "$LAYOUT:demo:latest" theirs ||
		skip "umoci maps no ids here"
	tree ours >ours.list
	tree theirs/rootfs >theirs.list
	diff theirs.list ours.list
	fails 125 lade unpack --uid-map 0:100000:10 demo narrow
	says "is in no map"
	[ ! -e narrow ]
	fails 125 lade unpack --uid-map 0 demo narrow
	says "--uid-map 0: it is INSIDE:OUTSIDE[:SIZE]"
}

@test "unpack --rootless gives everything to the caller, devices are empty files" {
	ok lade unpack --rootless demo ours
	[ "$(find ours ! -user 0 -o ! -group 0)" = "" ]
	[ -f ours/srv/null ]
	[ "$(stat -c %a:%s ours/srv/null)" = 0:0 ]
	[ -p ours/srv/pipe ]
	[ "$(cat ours/srv/changed)" = "second version" ]
}

@test "unpack --keep-dirlinks writes through a link to a directory, as umoci does" {
	ok lade bundle --rootfs copy demo "$DIR"
	rm "$DIR/rootfs/lib"
	mkdir "$DIR/rootfs/lib"
	echo new >"$DIR/rootfs/lib/new"
	ok lade repack --history.created 2024-01-01T00:00:00Z "$DIR" new:1
	ok lade unpack new:1 plain
	[ -d plain/lib ] && [ ! -L plain/lib ]
	ok lade unpack --keep-dirlinks new:1 kept
	[ "$(readlink kept/lib)" = usr/lib ]
	[ "$(cat kept/usr/lib/new)" = new ]
	[ "$(readlink kept/usr/lib/dangling)" = /nowhere/at/all ]
	command -v umoci >/dev/null || skip "no umoci"
	ok lade copy -q store:localhost/new:1 oci:layout:new
	umoci --log error unpack --keep-dirlinks --image layout:new theirs
	tree kept | grep -vE "^(usr/)?lib " >ours.list
	tree theirs/rootfs | grep -vE "^(usr/)?lib " >theirs.list
	diff theirs.list ours.list
}
