#!/usr/bin/env bats
# The files of contrib that no engine of the other tests reads: they parse, and agree with each other.
load engine

CONTRIB=$BATS_TEST_DIRNAME/../../contrib

@test "the handler has one name: RuntimeClass, Deployment, containerd, CRI-O" {
	grep -qx 'handler: coffer' "$CONTRIB/kubernetes/runtimeclass.yaml"
	grep -qx ' *runtimeClassName: coffer' "$CONTRIB/kubernetes/deployment.yaml"
	run /usr/bin/python3 - "$CONTRIB" <<-'PYTHON'
		import sys, tomllib
		def read(path):
		    return tomllib.load(open(f"{sys.argv[1]}/{path}", "rb"))
		cri = read("containerd/coffer.toml")["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]["coffer"]
		crio = read("kubernetes/10-coffer.conf")["crio"]["runtime"]["runtimes"]["coffer"]
		podman = read("podman/coffer.conf")["engine"]
		assert cri["options"]["BinaryName"] == crio["runtime_path"] == "/usr/local/bin/coffer"
		assert crio["runtime_path"] in podman["runtimes"][podman["runtime"]]
	PYTHON
	ends 0
	[ "$(jq -r '.runtimes[."default-runtime"].path' "$CONTRIB/docker/daemon.json")" = /usr/local/bin/coffer ]
}

@test "conmon drives the runtime as CRI-O does: its own root, a log, an exit file" {
	local id=coffer-test-conmon-$$ work=$BATS_TEST_TMPDIR
	make_archive
	mkdir -p "$work"/{exits,persist,sockets}
	"$RUNTIME" spec --bundle "$work"
	jq --arg root "$BATS_FILE_TMPDIR/image" --arg cgroup "/coffer-test-conmon/$id" '.root = {path: $root, readonly: true}
		| .process.terminal = false | .process.args = ["sh", "-c", "echo logged; exit 5"] | .process.env = ["PATH=/bin"]
		| .linux.cgroupsPath = $cgroup | del(.process.rlimits)' "$work/config.json" >"$work/new"
	mv "$work/new" "$work/config.json"
	conmon -b "$work" -c "$id" --exit-dir "$work/exits" -l "$work/log" --log-level info -n "$id" -P "$work/conmon.pid" \
		-p "$work/pid" --persist-dir "$work/persist" --socket-dir-path "$work/sockets" -r "$RUNTIME" --runtime-arg "--root=$work/root" -u "$id" 3>&-
	wait_until test -s "$work/pid"
	"$RUNTIME" --root="$work/root" start "$id"
	wait_until test -s "$work/exits/$id"
	[ "$(cat "$work/exits/$id")" = 5 ]
	[[ "$(cat "$work/log")" == *"stdout F logged" ]]
	[ "$("$RUNTIME" --root="$work/root" state "$id" | jq -r .status)" = stopped ]
	run "$RUNTIME" --root="$work/root" kill "$id" KILL
	[ "$status" != 0 ]
	"$RUNTIME" --root="$work/root" delete "$id"
	"$RUNTIME" --root="$work/root" delete --force "$id"
	forget_cgroups coffer-test-conmon
}
