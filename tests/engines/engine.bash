# engine.bash -- what every engine test stands on: a room (see `room`) of its own for each file of tests,
# an image of busybox, and the promise that nothing is left behind: the engine, its shims and its
# containers end with the room's pid namespace, mounts and network devices with the others.
# shellcheck shell=bash

: "${RUNTIME:=coffer}"
RUNTIME=$(command -v "$RUNTIME" || echo "$RUNTIME")
runtime_name=$(basename "$RUNTIME")
IMAGE=localhost/bb:1

# is NAME…: is the runtime under test one of these?
is() {
	local name
	for name; do
		[ "$runtime_name" = "$name" ] && return 0
	done
	return 1
}

# A room with what VIEW (host, legacy or unified) shows of the control groups.
make_room() {
	local view=${1:-${VIEW:-host}} outside
	[ "$view" != host ] || ! is crun || view=legacy
	# It dies with the process of this file of tests, whatever becomes of that.
	setpriv --pdeathsig KILL unshare --mount --net --pid --fork --kill-child=KILL --mount-proc \
		"$(dirname "${BASH_SOURCE[0]}")/room" "$view" "$RUNTIME" "$BATS_FILE_TMPDIR/ready" \
		</dev/null >"$BATS_FILE_TMPDIR/room.log" 2>&1 3>&- &
	outside=$!
	wait_until test -e "$BATS_FILE_TMPDIR/ready" || { cat "$BATS_FILE_TMPDIR/room.log"; return 1; }
	ROOM=$(cat "/proc/$outside/task/$outside/children")
	export ROOM=${ROOM% }
	make_archive
}

leave_room() {
	[ -n "${ROOM-}" ] || return 0
	kill -KILL "$ROOM"
	wait_until test ! -e "/proc/$ROOM"
}

# in_room COMMAND…: as root, in this directory; enter COMMAND…: with the caller's descriptor 3.
in_room() {
	enter "$@" 3>&-
}

enter() {
	nsenter --target "$ROOM" --mount --net --pid --wdns="$PWD" -- env HOME=/run/home "$@"
}

# on_v2: is /sys/fs/cgroup a v2 tree in the room? needs_controllers NAME…: skips where one is missing.
on_v2() {
	[ "$(in_room stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
}

has_controller() {
	if on_v2; then
		in_room grep -qw "$1" /sys/fs/cgroup/cgroup.controllers
	else
		in_room test -d "/sys/fs/cgroup/$1"
	fi
}

needs_controllers() {
	local name
	for name; do
		has_controller "$name" || skip "no controller $name in this view"
	done
}

# forget_cgroups NAME…: remove what engines leave of their parents' directories.
forget_cgroups() {
	local name
	for name; do
		find /sys/fs/cgroup -depth -type d -path "*/$name*" -exec rmdir {} + 2>/dev/null || true
	done
}

# $BATS_FILE_TMPDIR/image is a busybox with a few users; image.tar in the same place an archive of it as
# `docker save` makes them: $IMAGE, and one whose program sleeps for pods (localhost/pause:1).
make_archive() {
	local root=$BATS_FILE_TMPDIR/image archive=$BATS_FILE_TMPDIR/archive applet digest
	mkdir -p "$root"/{bin,etc,tmp,root,proc,sys,dev,data} "$archive"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in sh ls cat echo sleep id true false hostname tty touch grep kill ps env mount stat wget \
		head readlink nslookup nc ip wc dd stty printf seq pwd; do
		ln -sf busybox "$root/bin/$applet"
	done
	chmod 1777 "$root/tmp"
	printf 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$root/etc/group"
	tar -C "$root" --numeric-owner --owner 0 --group 0 -cf "$archive/layer.tar" .
	digest=$(sha256sum <"$archive/layer.tar" | cut -d' ' -f1)
	write_image_config '["/bin/sh"]' >"$archive/bb.json"
	write_image_config '["/bin/sleep","1000000"]' >"$archive/pause.json"
	cat >"$archive/manifest.json" <<-JSON
		[{"Config":"bb.json","RepoTags":["$IMAGE"],"Layers":["layer.tar"]},
		 {"Config":"pause.json","RepoTags":["localhost/pause:1"],"Layers":["layer.tar"]}]
	JSON
	tar -C "$archive" -cf "$BATS_FILE_TMPDIR/image.tar" .
}

write_image_config() {
	cat <<-JSON
		{"architecture":"$(dpkg --print-architecture)","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":$1},
		 "created":"2026-01-01T00:00:00Z","rootfs":{"type":"layers","diff_ids":["sha256:$digest"]},
		 "history":[{"created":"2026-01-01T00:00:00Z","created_by":"tests"}]}
	JSON
}

# wait_until COMMAND…: bounded, for what another process does.
wait_until() {
	local try
	for try in $(seq 200); do
		"$@" && return 0
		sleep 0.05
	done
	echo "never true: $*"
	return 1
}

# says WORD…: the last output has all of these.
says() {
	local word
	for word; do
		[[ "$output" == *"$word"* ]] || { echo "no \"$word\" in: $output"; return 1; }
	done
}

# ends STATUS: the last `run` ended with it.
ends() {
	[ "$status" = "$1" ] || { echo "status $status: $output"; return 1; }
}

# on_terminal COMMAND-LINE [SEEN KEYS]…: see `typist`.
on_terminal() {
	in_room "$BATS_TEST_DIRNAME/typist" "$@"
}
