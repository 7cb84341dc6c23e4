#!/usr/bin/env bats
# podman of an ordinary user: everything in the user's own namespaces. The user exists in the room alone.
load podman

USER_ID=54321

setup_file() {
	make_podman
	in_room sh -eu -c '
		echo "coffertest:x:$1:$1::/run/user/$1:/bin/sh" >>/etc/passwd
		echo "coffertest:x:$1:" >>/etc/group
		echo coffertest:300000:65536 | tee -a /etc/subuid >>/etc/subgid
		install -d -m 700 -o $1 -g $1 /run/user/$1 /run/user/$1/run
		install -m 644 "$2" /run/image.tar' sh $USER_ID "$BATS_FILE_TMPDIR/image.tar"
	delegate_cgroup
	rootless load --quiet --input /run/image.tar
}

teardown_file() {
	rootless rm --all --force --time 0 >/dev/null
	leave_podman
	forget_cgroups coffer-test-user
}

# A v2 tree can be given to users: theirs is below this one.
CGROUP=/sys/fs/cgroup/coffer-test-user

delegate_cgroup() {
	on_v2 || return 0
	in_room sh -euc '
		mkdir $1 $1/session
		for name in $(cat $1/cgroup.controllers); do echo +$name >$1/cgroup.subtree_control; done
		chown $2:$2 $1 $1/cgroup.procs $1/cgroup.subtree_control $1/cgroup.threads
		chown -R $2:$2 $1/session' sh $CGROUP $USER_ID
}

as_user() {
	local home=/run/user/$USER_ID
	nsenter --target "$ROOM" --mount --net --pid --wdns=$home -- \
		sh -c '[ ! -d $1 ] || echo $$ >$1/session/cgroup.procs; shift; exec "$@"' sh $CGROUP \
		setpriv --reuid $USER_ID --regid $USER_ID --clear-groups \
		env -i PATH="$PATH" HOME=$home XDG_RUNTIME_DIR=$home/run TERM=xterm "$@" 3>&-
}

rootless() {
	as_user podman "$@"
}

run_here() {
	rootless run --rm --network none "$@"
}

state_of() {
	rootless inspect "$1" --format '{{.State.Status}} {{.State.ExitCode}}'
}

@test "run: output, exit codes, the container's root is the user" {
	run run_here $IMAGE sh -c 'id -u; cat /proc/self/uid_map; exit 3'
	ends 3
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" =~ \ $USER_ID\  ]]
	run run_here $IMAGE nosuchprogram
	ends 127
	run run_here $IMAGE /etc/passwd
	ends 126
}

@test "a detached container: exec, logs, top, kill, restart, stop, rm" {
	rootless run -d --name d --network none $IMAGE sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	wait_until eval '[ "$(rootless logs d)" = ready ]'
	[ "$(rootless exec d echo executed)" = executed ]
	run rootless exec d nosuchprogram
	ends 127
	[[ "$(rootless top d)" == *sh* ]]
	rootless restart --time 5 d
	rootless stop --time 5 d
	[ "$(state_of d)" = "exited 7" ]
	rootless start d
	rootless kill --signal KILL d
	rootless wait d
	[ "$(state_of d)" = "exited 137" ]
	rootless rm d
}

@test "with a control group of the user's: pause, statistics, limits, nothing left" {
	on_v2 || skip "v1 hierarchies are not given to users"
	rootless run -d --name g --network none $IMAGE sleep 1000
	rootless pause g
	[ "$(state_of g)" = "paused 0" ]
	rootless unpause g
	run rootless stats --no-stream --format '{{.Name}} {{.CPUPerc}}' g
	ends 0
	says g
	rootless rm --force --time 0 g
	[ -z "$(in_room find $CGROUP -name 'libpod-*')" ]
}

@test "terminals" {
	run as_user "$BATS_TEST_DIRNAME/typist" "podman run --rm -it --network none $IMAGE sh -c 'tty; echo type; read x; echo got \$x; sleep 0.2'" type 'word\r'
	ends 0
	says /dev/pts/0 "got word"
	rootless run -d --name t --network none $IMAGE sleep 1000
	run as_user "$BATS_TEST_DIRNAME/typist" "podman exec -it t sh -c 'tty; sleep 0.2; exit 8'"
	ends 8
	says /dev/pts/
	rootless rm --force --time 0 t
}

@test "user namespaces: keep-id and auto" {
	[ "$(run_here --userns keep-id $IMAGE id -u)" = $USER_ID ]
	[ "$(run_here --userns auto $IMAGE id -u)" = 0 ]
	run run_here --user 1000:1000 $IMAGE sh -c 'id -u; touch /tmp/x && stat -c %u /tmp/x'
	[ "$(echo $output)" = "1000 1000" ]
}

@test "networks: the user's own by slirp4netns, and the host's" {
	run rootless run --rm $IMAGE ip address
	ends 0
	says tap0
	[ "$(rootless run --rm --network host $IMAGE readlink /proc/self/ns/net)" = "$(in_room readlink /proc/self/ns/net)" ]
}

@test "pods and volumes" {
	rootless pod create --name p --network none --infra-image $IMAGE --infra-command 'sleep 1000'
	rootless run -d --pod p --name a $IMAGE sleep 1000
	[ "$(rootless exec a hostname)" = p ]
	rootless pod rm --force --time 0 p
	[[ "$(run_here -v vol:/etc $IMAGE cat /etc/passwd)" == *root* ]]
	rootless volume rm vol
}

@test "capabilities, seccomp, read-only roots, --privileged stays within the user's namespace" {
	[[ "$(run_here --cap-drop all $IMAGE grep CapEff /proc/self/status)" == *0000000000000000 ]]
	[[ "$(run_here $IMAGE grep Seccomp: /proc/self/status)" == *2 ]]
	run run_here --read-only $IMAGE touch /x
	says "Read-only"
	run run_here --privileged $IMAGE sh -c 'mount -t tmpfs x /tmp && echo mounted'
	says mounted
}

@test "the runtime's state is kept below XDG_RUNTIME_DIR" {
	is coffer || skip "the directory is named after the runtime"
	rootless run -d --name where --network none $IMAGE sleep 1000
	in_room test -d "/run/user/$USER_ID/run/coffer/$(rootless inspect where --format '{{.Id}}')"
	rootless rm --force --time 0 where
}

@test "a Deployment of two replicas (contrib/kubernetes/deployment.yaml)" {
	# Without cgroup v2 podman refuses limits of users.
	sed '/resources:/,/cpu:/d' "$BATS_TEST_DIRNAME/../../contrib/kubernetes/deployment.yaml" >"$BATS_TEST_TMPDIR/deployment.yaml"
	in_room install -m 644 "$BATS_TEST_TMPDIR/deployment.yaml" /run/deployment.yaml
	rootless kube play --network none /run/deployment.yaml
	[ "$(rootless ps --quiet --filter name=sleeper | wc -l)" -ge 2 ]
	rootless kube down /run/deployment.yaml
}

@test "building an image runs its commands under the runtime" {
	as_user sh -c "mkdir -p build && printf 'FROM $IMAGE\nRUN id -u >/built\n' >build/Containerfile"
	rootless build --quiet --network none --isolation oci -t localhost/built build
	[ "$(run_here localhost/built cat /built)" = 0 ]
}
