# bundle.bash -- what every runtime test stands on: a busybox root filesystem, a bundle of it, the
# runtime under test ($RUNTIME: coffer, runc or crun), and the promise that nothing is left behind.
# shellcheck shell=bash disable=SC2034

: "${RUNTIME:=coffer}"
RUNTIME=$(command -v "$RUNTIME" || echo "$RUNTIME")
runtime_name=$(basename "$RUNTIME")
# Who makes cgroups: cgroupfs, or systemd where that runs the host (or the user's session).
: "${CGROUP_DRIVER:=cgroupfs}"
case $CGROUP_DRIVER in
systemd) CGROUP_PARENT=/coffertest$$.slice driver_options=(--systemd-cgroup) ;;
*) CGROUP_PARENT=/coffer-test-$$ driver_options=() ;;
esac

# needs_root, needs_cgroupfs: leave out what is about root's rights, or about this driver's paths.
needs_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

needs_cgroupfs() {
	[ "$CGROUP_DRIVER" = cgroupfs ] || skip "about the cgroupfs driver"
}

# is NAME…: is the runtime under test one of these?
is() {
	local name
	for name; do
		[ "$runtime_name" = "$name" ] && return 0
	done
	return 1
}

make_rootfs() {
	local root=$1 applet
	mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,root,usr/bin}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in sh cat ls echo sleep true false id env pwd stat mount umount hostname kill mkdir \
		touch rm ln readlink test tty stty ps head tail grep seq dd sync chmod chown mknod \
		cut tr wc sort uname date printf ulimit nice ionice chrt taskset find xargs; do
		ln -s busybox "$root/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$root/etc/group"
	mkdir -p "$root/home/user"
	[ "$(id -u)" != 0 ] || chown 1000:1000 "$root/home/user"
}

# One root filesystem a file of tests, copied for each bundle.
common_setup_file() {
	make_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

# A fresh bundle in $BUNDLE and a fresh state directory in $ROOT; $ID is the container's name.
common_setup() {
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	ROOT=$BATS_TEST_TMPDIR/state
	ID=test-$BATS_TEST_NUMBER-$$
	choose_cgroup
	mkdir -p "$BUNDLE" "$ROOT"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$BUNDLE/rootfs"
	if [ "$(id -u)" = 0 ]; then
		"$RUNTIME" spec --bundle "$BUNDLE"
	else
		"$RUNTIME" spec --rootless --bundle "$BUNDLE"
	fi
	config --arg cgroup "$CGROUPS_PATH" '.process.terminal = false | .root.readonly = false
		| .linux.cgroupsPath = $cgroup | del(.process.rlimits)'
}

# cgroups_path_of NAME: what config.json says for another container, beside this one's.
cgroups_path_of() {
	if [ "$CGROUP_DRIVER" = systemd ]; then
		echo "${CGROUP_PARENT#/}:coffer:$1"
	else
		echo "${CGROUPS_PATH%/*}/$1"
	fi
}

# $CGROUPS_PATH is what config.json says, $CGROUP where that is below the place of all cgroups.
choose_cgroup() {
	if [ "$CGROUP_DRIVER" = systemd ]; then
		CGROUPS_PATH=${CGROUP_PARENT#/}:coffer:$ID
		CGROUP=$CGROUP_PARENT/coffer-$ID.scope
	else
		CGROUP=$CGROUP_PARENT/$ID
		CGROUPS_PATH=$CGROUP
		# A user's absolute paths are the host's, relative ones are below what was delegated.
		[ "$(id -u)" = 0 ] || CGROUPS_PATH=${CGROUP#/}
	fi
}

common_teardown() {
	local id
	for id in $(rt list -q 2>/dev/null); do
		rt delete --force "$id" 2>/dev/null || true
	done
	find /sys/fs/cgroup -depth -type d -path "*$CGROUP_PARENT*" -exec rmdir {} \; 2>/dev/null || true
	[ "$CGROUP_DRIVER" != systemd ] || service_manager stop "${CGROUP_PARENT#/}" 2>/dev/null || true
}

# systemctl of whose cgroups these are.
service_manager() {
	if [ "$(id -u)" = 0 ]; then systemctl "$@"; else systemctl --user "$@"; fi
}

rt() {
	"$RUNTIME" --root "$ROOT" "${driver_options[@]}" "$@"
}

# config JQ-ARGUMENTS…: change config.json.
config() {
	jq "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.new" || return
	mv "$BUNDLE/config.new" "$BUNDLE/config.json"
}

# compile SOURCE TARGET: a static program out of tests/; tests/vm/run brings those that the guest has no
# compiler for.
compile() {
	local ready
	ready=$BUILD_DIR/programs/$(basename "$1" .c)
	if command -v cc >/dev/null; then
		cc -static -O1 -o "$2" "$BATS_TEST_DIRNAME/$1"
	else
		cp "$ready" "$2"
	fi
}

# args WORD…: what the container runs.
args() {
	config '.process.args = $ARGS.positional' --args -- "$@"
}

# sh_args SCRIPT: the container runs a shell script.
sh_args() {
	args /bin/sh -c "$1"
}

# run_container: foreground run; `run run_container` keeps status and output.
run_container() {
	rt run --bundle "$BUNDLE" "$ID"
}

create_container() {
	rt create --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
}

# Start a container that sleeps; it is running afterwards.
start_sleeper() {
	args /bin/sleep 1000
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- ||
		{ cat "$BATS_TEST_TMPDIR/err"; return 1; }
}

status_of() {
	rt state "$1" | jq -r .status
}

# wait_until COMMAND…: bounded, for what another process does.
wait_until() {
	local try
	for try in $(seq 100); do
		"$@" && return 0
		sleep 0.05
	done
	echo "never true: $*"
	return 1
}

has_status() {
	[ "$(status_of "$1")" = "$2" ]
}

# Nothing of the container is left: no state, no process, no cgroup, no mount.
nothing_left() {
	[ -z "$(ls "$ROOT" 2>/dev/null)" ] || { echo "state is left: $(ls "$ROOT")"; return 1; }
	! find /sys/fs/cgroup -type d -path "*$CGROUP*" 2>/dev/null | grep . || return 1
	! grep -F "$BUNDLE" /proc/self/mountinfo || return 1
}

# refused PATTERN: the last `run` failed with exactly one line that matches.
refused() {
	[ "$status" -ne 0 ] || { echo "succeeded: $output"; return 1; }
	[[ "$output" =~ $1 ]] || { echo "says: $output"; return 1; }
	if is coffer; then
		[ "${#lines[@]}" = 1 ] || { echo "more than one line: $output"; return 1; }
	fi
}

# receive SOCKET FILE: one descriptor that comes over the socket; what it is goes to FILE.
receive() {
	cat >"$BATS_TEST_TMPDIR/receive.py" <<-'PY'
		import array, os, socket, sys
		server = socket.socket(socket.AF_UNIX)
		server.bind(sys.argv[1])
		server.listen(1)
		connection, _ = server.accept()
		_, control, _, _ = connection.recvmsg(100, 1000)
		fd = array.array("i", control[0][2][:4])[0]
		pids = [line for line in open(f"/proc/self/fdinfo/{fd}") if line.startswith("Pid:")]
		with open(sys.argv[2], "w") as out:
		    out.write(pids[0].split()[1] if pids else os.readlink(f"/proc/self/fd/{fd}"))
	PY
	python3 "$BATS_TEST_TMPDIR/receive.py" "$1" "$2" 3>&- &
	RECEIVER=$!
	wait_until test -S "$1"
}
