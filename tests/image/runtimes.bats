#!/usr/bin/env bats
# Bundles of every kind, under every runtime that is here; and roots that the runtime mounts.
load lade

setup_file() {
	image_setup_file
}
setup() {
	image_setup
	ok lade pull -q "oci:$LAYOUT:demo:latest"
}
teardown() {
	release_bundles --force
	image_teardown
}

# a_home_of USER DIR: he can go there, and to the layout.
a_home_of() {
	mkdir "$2"
	chown "$1" "$2"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" 2>/dev/null || true
}

# As the test's $user, whose $home it is.
as_user() {
	# shellcheck disable=SC2154
	(cd / && setpriv --reuid "$user" --regid "$user" --clear-groups env HOME="$home" XDG_RUNTIME_DIR="$home" "$@")
}

# crun does not start where cgroup v1 and v2 are mixed.
crun_here() {
	if [ -d /sys/fs/cgroup/unified ]; then
		"${BATS_TEST_DIRNAME}/../runtime/on_legacy" crun "$@"
	else
		crun "$@"
	fi
}

# under RUNTIME DIR: the container's output.
under() {
	local run=$1
	[ "$1" = crun ] && run=crun_here
	"$run" --root "$BATS_TEST_TMPDIR/state" run --bundle "$2" "lade-test-$$-$RANDOM" </dev/null
}

script='cat /srv/changed; ls /srv/opaque; test -e /srv/removed || echo gone; stat -c %U /usr/share/owned; echo mine >/srv/mine; cat /srv/mine'
expected=$'second version\nnew\ngone\nuser\nmine'

@test "bundles of files run unchanged under coffer, runc and crun" {
	for driver in overlay copy; do
		ok lade bundle --rootfs $driver demo $driver /bin/sh -c "$script"
		sum=$(sha256sum <$driver/config.json)
		for runtime in "$RUNTIME" runc crun; do
			command -v "$runtime" >/dev/null || continue
			run under "$runtime" $driver
			[ "$output" = "$expected" ] || { echo "$driver, $runtime: $output"; return 1; }
			rm -f $driver/rootfs/srv/mine
		done
		[ "$(sha256sum <$driver/config.json)" = "$sum" ]
		ok lade release $driver
	done
}

@test "a root for the runtime to mount: nothing shows on the host, under coffer and runc" {
	ok lade bundle --rootfs runtime demo "$DIR" /bin/sh -c "$script"
	[ -z "$(ls -A "$DIR/rootfs")" ]
	[ "$(jq -c '.mounts[0] | [.destination, .type]' "$DIR/config.json")" = '["/","overlay"]' ]
	for runtime in "$RUNTIME" runc; do
		command -v "$runtime" >/dev/null || continue
		run under "$runtime" "$DIR"
		[ "$output" = "$expected" ] || { echo "$runtime: $output"; return 1; }
		[ -z "$(mounts_below "$BATS_TEST_TMPDIR")" ]
		[ -z "$(ls -A "$DIR/rootfs")" ]
	done
	[ -e "$STORE"/bundles/*/upper/srv/mine ]
	ok lade release "$DIR"
	[ ! -e "$DIR" ]
	nothing "$(below bundles)"
}

@test "crun, which cannot mount such a root, refuses it" {
	command -v crun >/dev/null || skip "no crun"
	ok lade bundle --rootfs runtime demo "$DIR" /bin/sh -c "$script"
	run under crun "$DIR"
	[ "$status" != 0 ]
	[[ "$output" == *overlay* ]]
}

@test "users by name are found in the layers, through links and whiteouts" {
	make_image --name user --user user layout
	ok lade pull -q oci:layout:user
	ok lade bundle --rootfs runtime user "$DIR"
	[ "$(jq -c '.process.user | [.uid, .additionalGids]' "$DIR/config.json")" = '[1000,[10,29]]' ]
	[[ "$(jq -c .process.env "$DIR/config.json")" == *HOME=/home/user* ]]
	ok lade bundle user linked
	mkdir linked/rootfs/usr/etc
	for file in passwd group; do
		mv linked/rootfs/etc/$file linked/rootfs/usr/etc
		ln -s ../lib/../etc/$file linked/rootfs/usr/lib/$file
		ln -s /lib/$file linked/rootfs/etc/$file
	done
	ok lade repack linked new:1
	ok lade bundle --rootfs runtime new:1 second
	[ "$(jq -c '.process.user | [.uid, .additionalGids]' second/config.json)" = '[1000,[10,29]]' ]
	rm linked/rootfs/etc/passwd
	mkfifo linked/rootfs/etc/passwd
	ok lade repack linked new:2
	fails 125 lade bundle --rootfs runtime new:2 third
	says "the image's /etc/passwd is not a regular file"
	rm linked/rootfs/etc/passwd
	ln -s passwd linked/rootfs/etc/passwd
	ok lade repack linked new:3
	fails 125 lade bundle --rootfs runtime new:3 third
	says "too many levels of symbolic links"
	rm linked/rootfs/etc/passwd
	ok lade repack linked new:4
	fails 125 lade bundle --rootfs runtime new:4 third
	says "the image's user user is not in its /etc/passwd"
	[ ! -e third ]
}

@test "such a bundle is in use while its container runs, wherever it is mounted" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	ok lade bundle --rootfs runtime demo "$DIR" /bin/sh -c 'echo late >/srv/late; sleep 1000'
	"$RUNTIME" run --detach --bundle "$DIR" "lade-test-$$" </dev/null >/dev/null 2>&1
	for verb in release "repack $DIR new:1"; do
		# shellcheck disable=SC2086
		fails 125 lade ${verb/release/release $DIR}
		[[ "${lines[-1]}" == *"a container still runs on this bundle"* ]] || {
			"$RUNTIME" delete --force "lade-test-$$"
			echo "$verb: $output"
			return 1
		}
	done
	"$RUNTIME" delete --force "lade-test-$$"
	ok lade repack "$DIR" new:1
	ok lade release "$DIR"
	ok lade unpack new:1 plain
	[ "$(cat plain/srv/late)" = late ]
}

# in_use DRIVER: its bundle is neither repacked nor released, and the process that has it is told.
in_use() {
	for verb in release "repack $1 new:1"; do
		# shellcheck disable=SC2086
		fails 125 lade ${verb/release/release $1} || return 1
		says "a container still runs on this bundle (process " || return 1
	done
}

@test "a bundle is in use also where the container's process has changed its root" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	local driver process result
	for driver in overlay copy runtime; do
		ok lade bundle --rootfs $driver demo $driver /bin/sh -c \
			'mkdir /dev/out && cp /bin/busybox /dev/out && exec chroot /dev/out /busybox sleep 1000'
		"$RUNTIME" run --detach --bundle $driver "lade-test-$$" </dev/null >/dev/null 2>&1
		process=$("$RUNTIME" state "lade-test-$$" | jq .pid)
		timeout 20 sh -c 'until [ -e "/proc/$1/root/busybox" ]; do sleep 0.05; done' - "$process"
		result=0
		in_use $driver || result=1
		"$RUNTIME" delete --force "lade-test-$$"
		[ $result = 0 ]
		ok lade release $driver
	done
}

@test "a bundle that the runtime mounts is in use also in a store with an odd name" {
	[ "$(basename "$RUNTIME")" = coffer ] || skip "runc puts options together as they are"
	local result=0
	STORE=$BATS_TEST_TMPDIR/'a,b:c\d e'
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade bundle --rootfs runtime demo "$DIR" /bin/sleep 1000
	run sh -c '"$1" run --detach --bundle "$2" "$3" </dev/null >/dev/null 2>odd.err' - "$RUNTIME" "$DIR" "lade-test-$$"
	# Before Linux 6.5 fsconfig(2) takes no comma in a value of overlayfs.
	! grep comma odd.err || skip "a comma"
	[ "$status" = 0 ]
	in_use "$DIR" || result=1
	"$RUNTIME" delete --force "lade-test-$$"
	[ $result = 0 ]
	ok lade release "$DIR"
}

@test "an overlay in a store with an odd name" {
	STORE=$BATS_TEST_TMPDIR/'a,b:c\d e'
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade bundle --rootfs overlay demo "$DIR"
	echo mine >"$DIR/rootfs/srv/mine"
	[ "$(cat "$STORE"/bundles/*/upper/srv/mine)" = mine ]
	ok lade repack "$DIR" new:1
	ok lade release "$DIR"
}

@test "a user's root is mounted in his namespaces: no copy, no mount on the host" {
	local user=12345 home=$BATS_TEST_TMPDIR/home
	a_home_of $user "$home"
	as_user test -r "$LAYOUT/index.json" || skip "the tests' directory is closed to others"
	user_lade() { as_user "$LADE" --root "$home/store" "$@"; }
	ok user_lade pull -q "oci:$LAYOUT:demo:latest"
	ok user_lade bundle --rootfs runtime demo "$home/bundle" /bin/sh -c \
		'cat /srv/changed; ls /srv/opaque; test -e /srv/removed || echo gone; rm -f /srv/pipe; echo mine >/srv/mine; id -u'
	for runtime in "$RUNTIME" runc; do
		command -v "$runtime" >/dev/null || continue
		run as_user "$runtime" --root "$home/state" run --bundle "$home/bundle" "lade-test-$$" </dev/null
		[[ "$output" == $'second version\nnew\ngone\n'*0 ]] || { echo "$runtime: $output"; return 1; }
	done
	[ -z "$(mounts_below "$home")" ]
	ok user_lade repack "$home/bundle" new:1
	ok user_lade release "$home/bundle"
	[ ! -e "$home/bundle" ]
	[ -z "$(ls "$home/store/bundles")" ]
	ok user_lade run --rootfs runtime --runtime "$RUNTIME" new:1 /bin/sh -c 'cat /srv/mine; test -e /srv/pipe || echo removed'
	[ "$output" = $'mine\nremoved' ]
	[ -z "$(ls "$home/store/bundles")" ]
	# It is what lade run does by itself where coffer is the runtime.
	[ "$(basename "$RUNTIME")" = coffer ] || return 0
	ok user_lade run --runtime "$RUNTIME" demo /bin/sh -c 'grep " / / " /proc/self/mountinfo'
	[[ "$output" == *" - overlay overlay "* ]]
	ok user_lade run --rootfs copy --runtime "$RUNTIME" demo /bin/sh -c 'grep " / / " /proc/self/mountinfo || echo copy'
	[[ "$output" != *" - overlay "* ]]
	[ -z "$(ls "$home/store/bundles")" ]
}

@test "a user's bundle is in use also where the container's process has changed its root" {
	local user=12345 home=$BATS_TEST_TMPDIR/home process result=0
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	a_home_of $user "$home"
	as_user test -r "$LAYOUT/index.json" || skip "the tests' directory is closed to others"
	lade() { as_user "$LADE" --root "$home/store" "$@"; }
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade bundle --rootfs runtime demo "$home/bundle" /bin/sh -c \
		'mkdir /dev/out && cp /bin/busybox /dev/out && exec chroot /dev/out /busybox sleep 1000'
	as_user "$RUNTIME" --root "$home/state" run --detach --bundle "$home/bundle" "lade-test-$$" </dev/null >/dev/null 2>&1
	process=$(as_user "$RUNTIME" --root "$home/state" state "lade-test-$$" | jq .pid)
	timeout 20 sh -c 'until [ -e "/proc/$1/root/busybox" ]; do sleep 0.05; done' - "$process"
	in_use "$home/bundle" || result=1
	as_user "$RUNTIME" --root "$home/state" delete --force "lade-test-$$"
	[ $result = 0 ]
	ok lade release "$home/bundle"
}

@test "a user repacks and removes what his container's other ids made" {
	local user=12345 home=$BATS_TEST_TMPDIR/home
	command -v newuidmap >/dev/null || skip "no newuidmap"
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	a_home_of $user "$home"
	{ cat /etc/passwd; echo "lade-test:x:$user:$user::$home:/bin/sh"; } >passwd
	echo "lade-test:300000:65536" >sub
	# shellcheck disable=SC2016
	as_user() {
		unshare --mount --propagation private sh -c 'touch /etc/subuid /etc/subgid
			mount --bind passwd /etc/passwd && mount --bind sub /etc/subuid && mount --bind sub /etc/subgid &&
			cd / && exec setpriv --reuid "$0" --regid "$0" --clear-groups "$@"' $user env HOME="$home" XDG_RUNTIME_DIR="$home" "$@"
	}
	as_user test -r "$LAYOUT/index.json" || skip "the tests' directory is closed to others"
	user_lade() { as_user "$LADE" --root "$home/store" "$@"; }
	ok user_lade pull -q "oci:$LAYOUT:demo:latest"
	for driver in copy runtime; do
		ok user_lade bundle --rootfs $driver demo "$home/$driver" /bin/sh -c \
			'mkdir -p /srv/a/b; touch /srv/a/b/c; chown -R 33:34 /srv/a; chmod 700 /srv/a/b'
		ok as_user "$RUNTIME" --root "$home/state" run --bundle "$home/$driver" "lade-test-$$" </dev/null
		[ "$(find "$home" -user 300032 | wc -l)" = 3 ]
		ok user_lade repack "$home/$driver" new:$driver
		"$IMAGE_TESTS/entries" "$home/store" localhost/new:$driver | cut -d' ' -f1,4 >entries.list
		diff - entries.list <<-END
			. 0:0
			srv 0:0
			srv/a 33:34
			srv/a/b 33:34
			srv/a/b/c 33:34
		END
		ok user_lade release "$home/$driver"
		[ ! -e "$home/$driver" ]
		[ -z "$(ls "$home/store/bundles")" ]
		[ -z "$(find "$home" -user 300032)" ]
	done
}
