#!/usr/bin/env bats
# lade bundle, unpack, release: the files, the config, and what is left of them.
load lade


setup_file() {
	image_setup_file
	STORE=$BATS_FILE_TMPDIR/store
	lade pull -q "oci:$BATS_FILE_TMPDIR/layout:demo:latest"
}
setup() {
	image_setup
	STORE=$BATS_FILE_TMPDIR/store
}
teardown() {
	release_bundles
	image_teardown
}

config() {
	jq -r "$1" "$DIR/config.json"
}

# The rootfs has what make_image says, in the form that layers over layers give it.
check_tree() {
	local root=$1
	[ -x "$root/bin/busybox" ]
	[ "$(readlink "$root/lib")" = usr/lib ]
	[ ! -e "$root/srv/removed" ]
	[ ! -e "$root/srv/removed-dir" ]
	[ "$(ls "$root/srv/opaque")" = new ]
	[ "$(stat -c %a "$root/srv/opaque")" = 750 ]
	[ "$(cat "$root/srv/changed")" = "second version" ]
	[ "$(cat "$root/srv/becomes-file")" = "a file now" ]
	[ "$(cat "$root/srv/becomes-dir/below")" = "a directory now" ]
	[ "$root/usr/share/linked" -ef "$root/usr/share/original" ]
	[ "$(getfattr --only-values -n user.lade.test "$root/usr/share/marked" 2>/dev/null)" = kept ]
	[[ "$(stat -c %y "$root/usr/share/precise")" == *.123456789* ]]
	[ "$(stat -c %u:%g:%a "$root/usr/share/owned")" = 1000:29:640 ]
	[ "$(stat -c %a "$root/usr/bin/set-id")" = 6755 ]
	[ "$(readlink "$root/usr/lib/dangling")" = /nowhere/at/all ]
	[ -p "$root/srv/pipe" ]
	[ "$(stat -c %t:%T "$root/srv/null")" = 1:3 ]
	[ "$(stat -c %a "$root/tmp")" = 1777 ]
	[ "$(stat -c %a "$root/etc/shadow")" = 0 ]
	[ "$(stat -c %a "$root")" = 755 ]
	nothing "$(find "$root" -name ".wh.*")"
}

@test "an overlay bundle has the image's tree" {
	ok lade bundle --rootfs overlay demo "$DIR"
	[ "$(stat -f -c %T "$DIR/rootfs")" = overlayfs ]
	check_tree "$DIR/rootfs"
}

@test "a copied bundle has the image's tree" {
	ok lade bundle --rootfs copy demo "$DIR"
	[ -z "$(mounts_below "$DIR")" ]
	check_tree "$DIR/rootfs"
}

@test "unpack, overlay and copy give the same tree" {
	ok lade unpack demo plain
	ok lade bundle --rootfs overlay demo one
	ok lade bundle --rootfs copy demo two
	tree plain >plain.list
	tree one/rootfs >one.list
	tree two/rootfs >two.list
	diff plain.list two.list
	diff plain.list one.list
}

@test "the tree is what umoci unpacks" {
	command -v umoci >/dev/null || skip "no umoci"
	make_image --name plain layout # umoci knows no zstd
	umoci --log error unpack --image layout:plain umoci
	ok lade pull -q oci:layout:plain
	ok lade unpack plain plain
	tree plain >plain.list
	tree umoci/rootfs >umoci.list
	diff plain.list umoci.list
}

@test "config.json follows the conversion rules" {
	ok lade bundle demo "$DIR"
	[ "$(config .process.args[0])" = /bin/sh ]
	[ "$(config '.process.env | join(" ")')" = "PATH=/usr/bin:/bin LADE_TEST=yes HOME=/root" ]
	[ "$(config .process.cwd)" = /root ]
	[ "$(config .process.user.uid)" = 0 ]
	[ "$(config .process.terminal)" != true ]
	[ "$(config .root.path)" = rootfs ]
	[ "$(config '.annotations["org.opencontainers.image.title"]')" = demo ]
	[ "$(config '.annotations["org.opencontainers.image.stopSignal"]')" = SIGQUIT ]
	[ "$(config '.annotations["org.opencontainers.image.exposedPorts"]')" = 80/tcp ]
	[ "$(config '.process.capabilities.bounding | length')" = 14 ]
	[ "$(config '.process.rlimits // [] | length')" = 0 ]
	[ "$(stat -c %a "$DIR")" = 700 ]
}

@test "a command behind the directory replaces Cmd" {
	ok lade bundle demo "$DIR" ls -l /srv
	[ "$(config '.process.args | join(" ")')" = "ls -l /srv" ]
}

@test "users are the image's own" {
	make_image --name user --user user layout
	ok lade bundle oci:layout:user "$DIR"
	[ "$(config .process.user.uid)" = 1000 ]
	[ "$(config '.process.user.additionalGids | join(" ")')" = "10 29" ]
	[ "$(config '.process.capabilities.effective // [] | length')" = 0 ]
	[[ "$(config '.process.env | join(" ")')" == *HOME=/home/user ]]
}

@test "a user that the image does not have is an error, nothing is left" {
	make_image --name ghost --user ghost layout
	fails 125 lade bundle oci:layout:ghost "$DIR"
	says "the image's user ghost is not in its /etc/passwd"
	[ ! -e "$DIR" ]
	[ -z "$(mounts_below "$BATS_TEST_TMPDIR")" ]
	[ -z "$(ls "$STORE/bundles")" ]
	for number in 4294967295 4294967296; do
		make_image --name ghost --user $number layout
		fails 125 lade bundle oci:layout:ghost "$DIR"
		says "is not an id"
	done
}

@test "the image cannot take variables or runtime annotations" {
	make_image --name bad --env SECRET --env 'AWS_*' --label run.oci.handler=wasm \
		--label org.systemd.property.X=1 --label fine=yes layout
	SECRET=mine ok lade bundle oci:layout:bad "$DIR"
	lacks mine "$(cat "$DIR/config.json")"
	[ "$(config '.process.env | map(select(startswith("SECRET") or startswith("AWS"))) | length')" = 0 ]
	[ "$(config '.annotations["run.oci.handler"]')" = null ]
	[ "$(config '.annotations["org.systemd.property.X"]')" = null ]
	[ "$(config '.annotations.fine')" = yes ]
}

@test "an image without a command wants one" {
	make_image --name none --no-command layout
	fails 125 lade bundle oci:layout:none "$DIR"
	says "the image names no command to run"
	[ ! -e "$DIR" ]
	ok lade bundle oci:layout:none "$DIR" /bin/true
}

@test "an image that is not in the store says how to get it" {
	fails 125 lade bundle debian:nosuch "$DIR"
	says "lade pull debian:nosuch"
	[ ! -e "$DIR" ]
}

@test "two bundles of one image share its layers and nothing else" {
	find "$STORE/layers" -type f -exec sha256sum {} + | sort >before
	ok lade bundle demo one
	ok lade bundle demo two
	echo mine >one/rootfs/srv/changed
	rm one/rootfs/usr/share/original
	[ "$(cat two/rootfs/srv/changed)" = "second version" ]
	[ -e two/rootfs/usr/share/original ]
	find "$STORE/layers" -type f -exec sha256sum {} + | sort >after
	cmp before after
	[ "$(stat -c %m one/rootfs)" != "$(stat -c %m two/rootfs)" ]
}

@test "a bundle fits into an empty directory, not into a full one" {
	mkdir "$DIR"
	ok lade bundle demo "$DIR"
	ok lade release "$DIR"
	mkdir "$DIR"
	touch "$DIR/mine"
	fails 125 lade bundle demo "$DIR"
	says "is not empty (there is mine)"
	[ "$(ls "$DIR")" = mine ]
}

@test "a parent directory that is missing is an error" {
	fails 125 lade bundle demo no/such/dir
	says "cannot make no/such/dir"
}

@test "release takes everything away" {
	for driver in overlay copy; do
		ok lade bundle --rootfs $driver demo "$DIR"
		echo data >"$DIR/rootfs/srv/data"
		ok lade release "$DIR"
		[ ! -e "$DIR" ]
		[ -z "$(mounts_below "$BATS_TEST_TMPDIR")" ]
		[ -z "$(ls "$STORE/bundles")" ]
	done
}

@test "release keeps files that are not the bundle's" {
	ok lade bundle demo "$DIR"
	touch "$DIR/mine"
	ok lade release "$DIR"
	[ "$(ls "$DIR")" = mine ]
}

@test "release works when the mount or the directory is gone" {
	ok lade bundle --rootfs overlay demo "$DIR"
	umount "$DIR/rootfs"
	ok lade release "$DIR"
	ok lade bundle --rootfs overlay demo "$DIR"
	umount "$DIR/rootfs"
	rm -rf "$DIR"
	ok lade release "$DIR"
	[ -z "$(ls "$STORE/bundles")" ]
}

@test "release of something else is an error" {
	mkdir "$DIR"
	fails 125 lade release "$DIR"
	says "$DIR"
	[ -d "$DIR" ]
}

@test "release refuses while a process lives in the rootfs, in whatever mount namespace" {
	ok lade bundle --rootfs overlay demo "$DIR"
	mkfifo ready
	unshare --mount --propagation private chroot "$DIR/rootfs" /bin/sh -c 'echo; exec sleep 1000' >ready 3>&- &
	local holder=$!
	read -r _ <ready
	fails 125 lade release "$DIR"
	says "a container still runs on this bundle"
	[ -e "$DIR/rootfs/bin/sh" ]
	kill "$holder"
	wait "$holder" || true
	ok lade release "$DIR"
}

@test "release refuses while a process lives in the rootfs whose first thread has ended" {
	local holder
	ok lade bundle --rootfs overlay demo "$DIR"
	python3 -c '
import ctypes, os, platform, sys, threading, time
number = {"x86_64": 60, "aarch64": 93, "riscv64": 93}[platform.machine()]
call = ctypes.CDLL(None).syscall
os.chroot(sys.argv[1])
threading.Thread(target=time.sleep, args=(1000,)).start()
call(number, 0)' "$DIR/rootfs" 3>&- &
	holder=$!
	timeout 20 sh -c 'until grep -q "^State:.Z" "/proc/$1/status"; do sleep 0.05; done' - "$holder"
	run lade release "$DIR"
	kill -KILL "$holder"
	wait "$holder" || true
	[ "$status" = 125 ]
	says "a container still runs on this bundle"
	ok lade release "$DIR"
}

@test "release does not mind mount namespaces that only have a copy of the mount" {
	ok lade bundle --rootfs overlay demo "$DIR"
	mkfifo ready hold
	unshare --mount --propagation private sh -c 'echo >ready; cat hold' 3>&- &
	local holder=$!
	read -r _ <ready
	ok lade release "$DIR"
	echo >hold
	wait $holder
}

@test "unpack refuses a directory that is not empty and leaves nothing when it fails" {
	mkdir full
	touch full/mine
	fails 125 lade unpack demo full
	[ "$(ls full)" = mine ]
	mkdir small
	mount -t tmpfs -o size=1m tmpfs small
	fails 125 lade unpack demo small/tree
	[[ "$output" == *"no space left on device"* ]]
	[ -z "$(ls small)" ]
	umount small
}

@test "a copied bundle on a full disk leaves nothing" {
	mkdir small
	mount -t tmpfs -o size=1m tmpfs small
	fails 125 lade bundle --rootfs copy demo small/bundle
	[[ "$output" == *"no space left on device"* ]]
	[ -z "$(ls small)" ]
	[ -z "$(ls "$STORE/bundles")" ]
	umount small
}

@test "the bundle runs under runc" {
	command -v runc >/dev/null || skip "no runc"
	ok lade bundle demo "$DIR"
	ok runc --root "$BATS_TEST_TMPDIR/runc" run -b "$DIR" "lade-test-$$"
	[ "${lines[0]}" = "Hello from the lade demo image" ]
}

@test "the bundle runs under \$RUNTIME" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	ok lade bundle demo "$DIR"
	ok "$RUNTIME" --root "$BATS_TEST_TMPDIR/runtime" run -b "$DIR" "lade-test-$$"
	[ "${lines[0]}" = "Hello from the lade demo image" ]
}

@test "a container makes no namespaces: the seccomp profile is docker's" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	ok lade bundle demo "$DIR" /bin/sh -c 'unshare -U true; echo status $?'
	[ "$(config '.linux.seccomp.defaultAction')" = SCMP_ACT_ERRNO ]
	ok "$RUNTIME" --root "$BATS_TEST_TMPDIR/runtime" run -b "$DIR" "lade-test-$$"
	[[ "$output" == *"Operation not permitted"*"status 1" ]]
}

@test "two containers of one image run at once, each with its own files" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	local name
	for name in one two; do
		ok lade bundle demo $name /bin/sh -c "echo $name >/srv/mine; cat /srv/mine; cat /srv/changed"
	done
	for name in one two; do
		ok "$RUNTIME" --root "$BATS_TEST_TMPDIR/runtime" run -b $name "lade-test-$name-$$"
		[ "${lines[0]}" = $name ]
		[ "$(cat $name/rootfs/srv/mine)" = $name ]
	done
}

@test "a user without rights pulls, bundles by copy and releases" {
	local user=12345 home=$BATS_TEST_TMPDIR/home
	mkdir -p "$home"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" 2>/dev/null || true
	make_image --compression mixed layout
	chown $user "$home"
	as_user() { (cd / && setpriv --reuid $user --regid $user --clear-groups env HOME="$home" "$LADE" --root "$home/store" "$@"); }
	setpriv --reuid $user --regid $user --clear-groups test -r "$PWD/layout/index.json" ||
		skip "the tests' directory is closed to others"
	ok as_user pull -q "oci:$PWD/layout"
	ok as_user bundle demo "$home/bundle"
	[ "$(stat -c %u "$home/bundle/rootfs/usr/share/owned")" = $user ]
	[ ! -e "$home/bundle/rootfs/srv/removed" ]
	[ "$(ls "$home/bundle/rootfs/srv/opaque")" = new ]
	[ "$(jq -r '.linux.uidMappings[0].hostID' "$home/bundle/config.json")" = $user ]
	[ "$(jq -r '[.linux.namespaces[].type] | index("user") != null' "$home/bundle/config.json")" = true ]
	[ "$(jq '.linux.resources' "$home/bundle/config.json")" = null ]
	ok as_user release "$home/bundle"
	[ ! -e "$home/bundle" ]
	ok as_user rmi demo
}
