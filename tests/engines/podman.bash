# podman.bash -- podman and buildah in a room: contrib/podman/coffer.conf is installed there; what is
# added here is for the room (no systemd) and for machines without CAP_SYS_RESOURCE.
# shellcheck shell=bash
load engine

make_podman() {
	make_room "$@"
	in_room sh -c 'cat >/etc/containers/containers.conf.d/room.conf' <<-CONF
		[containers]
		# Where CAP_SYS_RESOURCE is missing, podman's default limits cannot be raised.
		default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
	CONF
	# podman limits processes unless told otherwise.
	has_controller pids || in_room sed -i '/default_ulimits/i pids_limit = 0' /etc/containers/containers.conf.d/room.conf
	if is runc; then
		in_room sed -i /nocgroup/d /etc/containers/containers.conf.d/coffer.conf
	fi
	podman load --quiet --input "$BATS_FILE_TMPDIR/image.tar"
}

# Containers are removed one by one while the room lives: their cgroups must go, too.
leave_podman() {
	podman pod rm --all --force --time 0 >/dev/null
	podman rm --all --force --time 0 >/dev/null
	leave_room
	forget_cgroups libpod_parent coffer-test-podman podman_probe
}

podman() {
	in_room podman "$@"
}

# A container that says "ready" and sleeps; TERM ends it with 7.
start_sleeper() {
	local name=$1
	shift
	podman run -d --name "$name" --network none "$@" $IMAGE \
		sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	wait_until has_said "$name" ready
}

has_said() {
	[[ "$(podman logs "$1" 2>&1)" == *"$2"* ]]
}

state_of() {
	podman inspect "$1" --format '{{.State.Status}} {{.State.ExitCode}}'
}
