#!/usr/bin/env bats
# podman where systemd manages control groups: on a real host (tests/vm has some), outside any room, with
# a store of its own and no network.
load engine

setup_file() {
	systemd_here || return 0
	make_archive
	export CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf
	sed "s|\"/usr/bin/coffer\", \"/usr/local/bin/coffer\"|\"$RUNTIME\"|" "$BATS_TEST_DIRNAME/../../contrib/podman/coffer.conf" >"$CONTAINERS_CONF"
	sed -i '/^\[engine\]/a cgroup_manager = "systemd"\nevents_logger = "file"' "$CONTAINERS_CONF"
	podman load --quiet --input "$BATS_FILE_TMPDIR/image.tar"
}

systemd_here() {
	[ -d /run/systemd/system ] && [ "$(id -u)" = 0 ]
}

setup() {
	systemd_here || skip "no systemd here, or not its user"
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	systemd_here || return 0
	podman rm --all --force --time 0 >/dev/null
	podman rmi --all --force >/dev/null
	podman system reset --force >/dev/null 2>&1 || true
	awk -v below="$BATS_FILE_TMPDIR/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | tac | xargs -r -n1 umount
}

podman() {
	local store=$BATS_FILE_TMPDIR/podman
	command podman --root "$store/root" --runroot "$store/run" --tmpdir "$store/tmp" --storage-driver overlay "$@" 3>&-
}

scope_of() {
	echo "libpod-$(podman inspect "$1" --format '{{.Id}}').scope"
}

@test "a container is a scope with its limits; update changes them; it goes with the container" {
	podman run -d --name s --network none --memory 64m --pids-limit 33 $IMAGE sleep 1000
	local scope
	scope=$(scope_of s)
	[ "$(systemctl show --property MemoryMax --value "$scope")" = 67108864 ]
	[ "$(systemctl show --property TasksMax --value "$scope")" = 33 ]
	[[ "$(systemctl show --property ControlGroup --value "$scope")" == /machine.slice/* ]]
	[[ "$(cat "/proc/$(podman inspect s --format '{{.State.Pid}}')/cgroup")" == *"$scope"* ]]
	podman update --memory 96m s
	[ "$(systemctl show --property MemoryMax --value "$scope")" = 100663296 ]
	podman rm --force --time 0 s
	wait_until eval "! systemctl is-active --quiet '$scope'"
	[ -z "$(find /sys/fs/cgroup -type d -name "$scope")" ]
}

@test "exec is in the scope; pause, top, stats, stop" {
	podman run -d --name x --network none $IMAGE sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done'
	[[ "$(podman exec x cat /proc/self/cgroup)" == *"0::/"* ]]
	podman pause x
	[ "$(podman inspect x --format '{{.State.Status}}')" = paused ]
	podman unpause x
	[[ "$(podman top x)" == *sleep* ]]
	[[ "$(podman stats --no-stream --format '{{.Name}} {{.PIDs}}' x)" =~ ^x\ [1-9] ]]
	podman stop --time 10 x
	[ "$(podman inspect x --format '{{.State.ExitCode}}')" = 7 ]
	podman rm x
}

@test "what takes more memory than its limit is killed" {
	run podman run --rm --network none --memory 20m --memory-swap 20m $IMAGE sh -c 'x=xxxxxxxx; while :; do x=$x$x; done'
	ends 137
}

@test "a health check has a timer of systemd's" {
	local id
	id=$(podman run -d --name h --network none --health-cmd 'test -e /tmp/well' --health-interval 1h $IMAGE sh -c 'echo >/tmp/well; sleep 1000')
	systemctl list-timers --all --no-legend --full | grep -q "$id"
	wait_until podman healthcheck run h
	[ "$(podman inspect h | jq -r '.[0].State | .Health // .Healthcheck | .Status')" = healthy ]
	podman rm --force --time 0 h
}

@test "an image whose program is systemd's own kind of init gets its control group writable: --systemd=always" {
	run podman run --rm --network none --systemd always $IMAGE sh -c 'mount | grep -E "on /(run|tmp|run/lock) "; mount | grep /sys/fs/cgroup'
	ends 0
	says "on /run " cgroup
}
