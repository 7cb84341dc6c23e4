# containerd.bash -- containerd in a room, with contrib/containerd/coffer.toml in its configuration.
# shellcheck shell=bash
load engine

SOCKET=/run/containerd/containerd.sock

# What is added to the drop-in is for the room (no registry, no AppArmor), and for machines without
# CAP_SYS_RESOURCE.
make_containerd() {
	# Whose containers are below it must be told from those of other runs on this host.
	export PARENT=coffer-test-containerd-$$-room
	forget_cgroups "$PARENT"
	make_room "$@"
	has_controller cpu || { echo "containerd gives every container a share of cpu, which this view has not"; return 1; }
	in_room sh -c 'cat - "$1" >/etc/containerd/config.toml' sh "$BATS_TEST_DIRNAME/../../contrib/containerd/coffer.toml" <<-TOML
		version = 2
		oom_score = 0
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "localhost/pause:1"
		  disable_apparmor = true
		  restrict_oom_score_adj = true
		[plugins."io.containerd.grpc.v1.cri".containerd]
		  default_runtime_name = "coffer"
		  snapshotter = "overlayfs"
		[plugins."io.containerd.grpc.v1.cri".cni]
		  bin_dir = "/usr/lib/cni"
	TOML
	in_room sh -c 'cat >/etc/cni/net.d/10-bridge.conflist' <<-JSON
		{"cniVersion": "0.4.0", "name": "bridge", "plugins": [
		 {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipam": {"type": "host-local", "subnet": "10.99.0.0/24"}},
		 {"type": "loopback"}]}
	JSON
	in_room containerd </dev/null >"$BATS_FILE_TMPDIR/containerd.log" 2>&1 &
	wait_until in_room ctr version >/dev/null 2>&1 || { tail -20 "$BATS_FILE_TMPDIR/containerd.log"; return 1; }
}

# The last processes of the room may still be dying when it is gone: until then their cgroups stay.
leave_containerd() {
	leave_room
	wait_until forgotten
}

forgotten() {
	forget_cgroups "$PARENT"
	[ -z "$(find /sys/fs/cgroup -type d -path "*/$PARENT*")" ]
}
