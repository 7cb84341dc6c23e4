#!/usr/bin/env bats
# A root that is mounted for the container alone: the first mount of config.json, an overlay on "/".
load bundle
bats_require_minimum_version 1.5.0

setup_file() { common_setup_file; }

setup() {
	common_setup
	LAYERS=$BATS_TEST_TMPDIR/layers
	mkdir -p "$LAYERS"/{upper,work,above/etc}
	rm -r "$BUNDLE/rootfs"
	mkdir "$BUNDLE/rootfs"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$LAYERS/base"
	echo above >"$LAYERS/above/etc/layer"
	mknod "$LAYERS/above/etc/group" c 0 0
	overlay
}

teardown() { common_teardown; }

# overlay OPTIONS…: the root of the container.
overlay() {
	config --arg lower "lowerdir=$LAYERS/above:$LAYERS/base" --arg upper "upperdir=$LAYERS/upper" \
		--arg work "workdir=$LAYERS/work" \
		'.mounts = [{destination: "/", type: "overlay", source: "overlay", options: ([$lower, $upper, $work] + $ARGS.positional)}]
			+ [.mounts[] | select(.destination != "/")]' --args -- "$@"
}

on_host() {
	grep -F "$LAYERS" /proc/self/mountinfo
}

@test "the container has the layers, together, and writes to its upper directory" {
	sh_args 'cat /etc/layer; test -e /etc/group || echo hidden; echo mine >/etc/mine; grep -c " / / .* overlay " /proc/self/mountinfo'
	run -0 run_container
	[ "$output" = $'above\nhidden\n1' ]
	[ "$(cat "$LAYERS/upper/etc/mine")" = mine ]
	[ ! -e "$LAYERS/base/etc/mine" ]
	nothing_left
}

@test "nothing of it shows on the host, while it runs and after" {
	start_sleeper
	run on_host
	[ "$status" = 1 ]
	[ -z "$(ls -A "$BUNDLE/rootfs")" ]
	rt exec "$ID" cat /etc/layer >out
	[ "$(cat out)" = above ]
	rt delete --force "$ID"
	run on_host
	[ "$status" = 1 ]
	[ -z "$(ls -A "$BUNDLE/rootfs")" ]
	nothing_left
}

@test "the other mounts, masks and a read-only root come on top" {
	config '.root.readonly = true'
	sh_args 'touch /x 2>/dev/null || echo readonly; mount | grep -c " on / "; ls /proc/self >/dev/null && echo proc; touch /dev/shm/x && echo shm'
	run -0 run_container
	[ "$output" = $'readonly\n1\nproc\nshm' ]
	[ -z "$(ls "$LAYERS/upper" | grep x)" ]
	nothing_left
}

@test "create, start, state and delete know it" {
	sh_args 'echo started >/etc/started; sleep 1000'
	create_container
	[ "$(status_of "$ID")" = created ]
	rt start "$ID"
	wait_until test -e "$LAYERS/upper/etc/started"
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	rt delete "$ID"
	nothing_left
}

@test "in a user namespace of root's the kernel shows root's own marks" {
	config '.linux.namespaces += [{"type":"user"}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$LAYERS"
	mkdir "$LAYERS/base/opaque" "$LAYERS/above/opaque"
	touch "$LAYERS/base/opaque/old"
	setfattr -n trusted.overlay.opaque -v y "$LAYERS/above/opaque"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	sh_args 'ls /opaque; echo mine >/etc/mine'
	run -0 run_container
	is coffer || skip "$runtime_name mounts in the user namespace, where root's marks mean nothing"
	[ "$output" = "" ]
	[ "$(stat -c %u "$LAYERS/upper/etc/mine")" = 100000 ]
	nothing_left
}

@test "many layers, and long paths" {
	is coffer || skip "about coffer's way to name layers"
	list=
	for number in $(seq 60); do
		mkdir -p "$LAYERS/$number"
		echo "$number" >"$LAYERS/$number/number-$number"
		list=$LAYERS/$number:$list
	done
	config --arg lower "lowerdir=$list$LAYERS/base" '.mounts[0].options[0] = $lower'
	sh_args 'cat /number-* | wc -l; cat /number-60'
	run -0 run_container
	[ "$output" = $'60\n60' ]
	long=$LAYERS/$(printf 'x%.0s' {1..250})
	mkdir "$long" "$long/"{a,b}
	echo a >"$long/a/long"
	config --arg lower "lowerdir=$long/a:$long/b:$LAYERS/base" '.mounts[0].options[0] = $lower'
	sh_args 'cat /long'
	run -0 run_container
	[ "$output" = a ]
}

@test "colons and commas in paths" {
	is coffer || skip "runc puts options together as they are"
	mkdir "$LAYERS/a:b,c" "$LAYERS/u,p"
	echo odd >"$LAYERS/a:b,c/odd"
	config --arg lower "lowerdir=$LAYERS/a\\:b\\,c:$LAYERS/base" '.mounts[0].options[0] = $lower'
	sh_args 'cat /odd; touch /made'
	run -0 run_container
	[ "$output" = odd ]
	config --arg upper "upperdir=$LAYERS/u\\,p" '.mounts[0].options[1] = $upper'
	run run_container
	# Before Linux 6.5 fsconfig(2) takes no comma in a value of overlayfs.
	[[ "$output" != *comma* ]] || skip "$output"
	[ "$status" = 0 ]
	[ -e "$LAYERS/u,p/made" ]
}

@test "a layer that is missing is told, and nothing is left" {
	config '.mounts[0].options[0] = "lowerdir=/no/such/layer:/neither"'
	run run_container
	is coffer || [ "$status" != 0 ]
	! is coffer || refused 'mounts\[0\].*overlay.*no such file or directory'
	nothing_left
}

@test "checkpoint and restore say that they cannot" {
	is coffer || skip "about coffer's words"
	start_sleeper
	run rt checkpoint --image-path "$BATS_TEST_TMPDIR/image" "$ID"
	refused "the container's root is an overlay of its own"
	[ "$(status_of "$ID")" = running ]
	rt delete --force "$ID"
	mkdir "$BATS_TEST_TMPDIR/image"
	run rt restore --image-path "$BATS_TEST_TMPDIR/image" --bundle "$BUNDLE" "$ID"
	refused "the container's root is an overlay of its own"
	nothing_left
}

@test "a user does it in his own namespaces" {
	user=12345
	[ "$(id -u)" = 0 ] || skip "needs root to become a user"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	chown -R $user:$user "$BATS_TEST_TMPDIR"
	as_user() { (cd / && setpriv --reuid $user --regid $user --clear-groups "$@"); }
	as_user "$RUNTIME" --version >/dev/null || skip "the tests' directory is closed to others"
	rm "$BUNDLE/config.json"
	as_user "$RUNTIME" spec --rootless --bundle "$BUNDLE"
	config '.process.terminal = false | .root.readonly = false'
	overlay userxattr
	sh_args 'cat /etc/layer; id -u; test -e /etc/group || echo hidden; echo mine >/etc/mine'
	run -0 as_user "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$output" = $'above\n0\nhidden' ]
	[ "$(stat -c %u "$LAYERS/upper/etc/mine")" = $user ]
	run on_host
	[ "$status" = 1 ]
}
