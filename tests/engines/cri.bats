#!/usr/bin/env bats
# containerd's CRI plugin, with the runtime handler of contrib/containerd/coffer.toml: what a kubelet asks
# for, without one.
load containerd

setup_file() {
	make_containerd
	in_room ctr --namespace k8s.io images import "$BATS_FILE_TMPDIR/image.tar"
	mkdir "$BATS_FILE_TMPDIR/logs"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	LOGS=$BATS_FILE_TMPDIR/logs/$BATS_TEST_NUMBER
	PODS=$BATS_TEST_TMPDIR/pods
	mkdir -p "$LOGS"
}

# Every pod of the test, as the kubelet does: stop, remove.
teardown() {
	local pod failed=0
	[ -e "$PODS" ] || return 0
	while read -r pod; do
		remove_pod "$pod" </dev/null || { echo "not removed: $(named "$pod")"; failed=1; }
	done <"$PODS"
	return "$failed"
}

remove_pod() {
	cri StopPodSandbox "{\"pod_sandbox_id\":\"$1\"}" >/dev/null &&
		cri RemovePodSandbox "{\"pod_sandbox_id\":\"$1\"}" >/dev/null
}

# Whose id is that? note ID WORD…; named ID
note() {
	echo "$*, $BATS_TEST_DESCRIPTION" >>"$BATS_FILE_TMPDIR/names"
}

named() {
	grep "^$1" "$BATS_FILE_TMPDIR/names" || echo "$1, of nobody here"
}

teardown_file() {
	leave_containerd
}

cri() {
	in_room "$BATS_TEST_DIRNAME/cri" $SOCKET "$@"
}

# Start a pod on the host's network; print its id. pod NAME [JQ-CHANGES]
pod() {
	local request answer
	request=$(jq -n --arg name "$1" --arg logs "$LOGS" "{runtime_handler: \"coffer\", config: {
		metadata: {name: \$name, uid: (\$name + \"-uid\"), namespace: \"default\", attempt: 0},
		log_directory: \$logs, linux: {cgroup_parent: \"/$PARENT\",
		security_context: {namespace_options: {network: \"NODE\", pid: \"CONTAINER\"}}}}} ${2:+| $2}")
	jq .config <<<"$request" >"$BATS_TEST_TMPDIR/$1.json"
	answer=$(cri RunPodSandbox "$request") || return
	jq -r .podSandboxId <<<"$answer" | tee -a "$PODS"
	note "$(jq -r .podSandboxId <<<"$answer")" pod "$1"
}

# Create a container in a pod; print its id. container POD POD-NAME NAME SCRIPT [JQ-CHANGES]
container() {
	local request answer
	request=$(jq -n --arg pod "$1" --slurpfile sandbox "$BATS_TEST_TMPDIR/$2.json" --arg name "$3" --arg script "$4" "{
		pod_sandbox_id: \$pod, sandbox_config: \$sandbox[0], config: {metadata: {name: \$name},
		image: {image: \"localhost/bb:1\"}, command: [\"sh\", \"-c\", \$script], log_path: (\$name + \".log\"),
		linux: {security_context: {namespace_options: \$sandbox[0].linux.security_context.namespace_options}}}} ${5:+| $5}")
	answer=$(cri CreateContainer "$request") || return
	jq -r .containerId <<<"$answer"
	note "$(jq -r .containerId <<<"$answer")" container "$3" in pod "$2"
}

start() {
	cri StartContainer "{\"container_id\":\"$1\"}" >/dev/null
}

# run_in_pod NAME SCRIPT [CONTAINER-CHANGES [POD-CHANGES]]: run to its end, print what was logged.
run_in_pod() {
	local pod container
	pod=$(pod "$1" "${4-}") || return
	container=$(container "$pod" "$1" main "$2" "${3-}") || return
	start "$container" || return
	wait_until has_state "$container" CONTAINER_EXITED
	logged "$LOGS/main.log"
	return "$(status "$container" .exitCode)"
}

status() {
	cri ContainerStatus "{\"container_id\":\"$1\"}" | jq -r ".status$2"
}

has_state() {
	[ "$(status "$1" .state)" = "$2" ]
}

logged() {
	sed -E 's/^[^ ]+ (stdout|stderr) [FP] //' "$1"
}

# exec_in CONTAINER TIMEOUT WORD…: the answer of ExecSync.
exec_in() {
	local id=$1 timeout=$2
	shift 2
	cri ExecSync "$(jq -n --arg id "$id" --argjson timeout "$timeout" \
		'{container_id: $id, timeout: $timeout, cmd: $ARGS.positional}' --args -- "$@")"
}

SLEEPER='trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'

@test "the version is asked for, the runtime is ready" {
	[ "$(cri Version | jq -r .runtimeName)" = containerd ]
	[ "$(cri Status | jq -r '.status.conditions[] | select(.type == "RuntimeReady").status')" = true ]
}

@test "a container's life: create, start, exec, stats, stop, remove" {
	local pod id
	pod=$(pod life)
	id=$(container "$pod" life main "$SLEEPER")
	has_state "$id" CONTAINER_CREATED
	start "$id"
	has_state "$id" CONTAINER_RUNNING

	run exec_in "$id" 5 sh -c 'echo out; echo err >&2; exit 9'
	ends 0
	[ "$(jq -r '.stdout, .stderr | @base64d' <<<"$output" | tr '\n' ' ')" = "out  err  " ]
	[ "$(jq .exitCode <<<"$output")" = 9 ]
	run exec_in "$id" 1 sleep 30
	[ "$status" != 0 ]
	says "timeout 1s exceeded"
	run exec_in "$id" 5 nosuchprogram
	[ "$status" != 0 ]
	says nosuchprogram "not found"
	[ "$(exec_in "$id" 5 ps | jq -r '.stdout | @base64d' | grep -c 'sleep 30')" = 0 ]

	run cri ContainerStats "{\"container_id\":\"$id\"}"
	ends 0
	[ "$(jq -r .stats.cpu.usageCoreNanoSeconds.value <<<"$output")" -gt 0 ]
	[ "$(jq -r .stats.memory.workingSetBytes.value <<<"$output")" -gt 0 ] || [ ! -e /sys/fs/cgroup/memory ]

	cri StopContainer "{\"container_id\":\"$id\",\"timeout\":5}"
	[ "$(status "$id" .exitCode)" = 7 ]
	cri StopContainer "{\"container_id\":\"$id\",\"timeout\":5}"
	run exec_in "$id" 5 true
	[ "$status" != 0 ]
	cri RemoveContainer "{\"container_id\":\"$id\"}"
	cri RemoveContainer "{\"container_id\":\"$id\"}"
	run cri ContainerStatus "{\"container_id\":\"$id\"}"
	[ "$status" != 0 ]
	says "not found"
}

@test "logs are in the CRI's format" {
	run run_in_pod logs 'echo out; echo err >&2; printf partial'
	ends 0
	[ "$(grep -cE '^[0-9-]+T[0-9:.]+(Z|[+-][0-9:]+) stdout F out$' "$LOGS/main.log")" = 1 ]
	[ "$(grep -cE ' stderr F err$' "$LOGS/main.log")" = 1 ]
	[ "$(grep -cE ' stdout [FP] partial$' "$LOGS/main.log")" = 1 ]
}

@test "StopContainer sends TERM, and KILL to what does not listen" {
	local pod id
	pod=$(pod deaf)
	id=$(container "$pod" deaf main 'trap "" TERM; while :; do sleep 0.1; done')
	start "$id"
	cri StopContainer "{\"container_id\":\"$id\",\"timeout\":1}"
	[ "$(status "$id" .exitCode)" = 137 ]
}

@test "a missing program fails StartContainer with exit code 128" {
	local pod id
	pod=$(pod missing)
	id=$(container "$pod" missing main true '.config.command = ["nosuchprogram"]')
	run start "$id"
	[ "$status" != 0 ]
	says nosuchprogram "not found"
	[ "$(status "$id" .exitCode)" = 128 ]
	[ "$(status "$id" .reason)" = StartError ]
}

@test "an unknown handler is refused" {
	run pod unknown '.runtime_handler = "nosuchhandler"'
	[ "$status" != 0 ]
	says nosuchhandler
}

@test "limits are set, and changed by UpdateContainerResources" {
	"$RUNTIME" update --help >/dev/null 2>&1 || skip "this runtime has no update"
	local pod id
	pod=$(pod limits)
	id=$(container "$pod" limits main "$SLEEPER" '.config.linux.resources = {memory_limit_in_bytes: 67108864, cpu_quota: 50000, cpu_period: 100000, cpu_shares: 512, cpuset_cpus: "0"}')
	start "$id"
	run exec_in "$id" 5 sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpuset/cpuset.cpus || cat memory.max cpu.max'
	[[ "$(jq -r '.stdout | @base64d' <<<"$output" | tr '\n' ' ')" =~ ^67108864\ 50000\  ]]
	cri UpdateContainerResources "{\"container_id\":\"$id\",\"linux\":{\"memory_limit_in_bytes\":100663296,\"cpu_quota\":70000,\"cpu_period\":100000}}"
	run exec_in "$id" 5 sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us || cat memory.max cpu.max'
	[[ "$(jq -r '.stdout | @base64d' <<<"$output" | tr '\n' ' ')" =~ ^100663296\ 70000\  ]]
}

@test "what takes more memory than its limit is OOMKilled" {
	local pod id
	pod=$(pod greedy)
	id=$(container "$pod" greedy main 'x=xxxxxxxx; while :; do x=$x$x; done' '.config.linux.resources = {memory_limit_in_bytes: 20971520}')
	start "$id"
	wait_until has_state "$id" CONTAINER_EXITED
	[ "$(status "$id" .exitCode)" = 137 ]
	[ "$(status "$id" .reason)" = OOMKilled ]
}

@test "security contexts: users, groups, capabilities, seccomp, no-new-privileges, masked and read-only paths" {
	run run_in_pod secure 'id; grep -E "CapEff|CapAmb|Seccomp:|NoNewPrivs" /proc/self/status; wc -c </proc/keys 2>&1; touch /x 2>&1' \
		'.config.linux.security_context += {run_as_user: {value: 1000}, run_as_group: {value: 1000}, supplemental_groups: [55],
		 capabilities: {drop_capabilities: ["ALL"], add_capabilities: ["CHOWN"]}, no_new_privs: true, readonly_rootfs: true,
		 seccomp: {profile_type: "RuntimeDefault"}, masked_paths: ["/proc/keys"], readonly_paths: ["/proc/sys"]}'
	says uid=1000 gid=1000 55 "NoNewPrivs:	1" "Seccomp:	2" "CapAmb:	0000000000000000" "Read-only file system"
	[[ "$output" =~ CapEff:.0000000000000000 ]]
}

@test "a privileged container has the caller's capabilities and its devices" {
	run run_in_pod privileged 'grep CapEff /proc/self/status; ls /dev/null /dev/full; mount -t tmpfs x /tmp && echo mounted' \
		'.config.linux.security_context.privileged = true' '.config.linux.security_context.privileged = true'
	ends 0
	says "$(grep CapBnd /proc/self/status | cut -f2)" mounted
}

@test "mounts: read-only, propagation; environment, working directory, a device" {
	mkdir source
	echo content >source/file
	run run_in_pod mounts 'cat file; echo $WORD; touch x 2>&1; grep /data /proc/self/mountinfo; echo x >/dev/full' \
		".config += {working_dir: \"/data\", envs: [{key: \"WORD\", value: \"passed\"}],
		 mounts: [{container_path: \"/data\", host_path: \"$PWD/source\", readonly: true, propagation: \"PROPAGATION_HOST_TO_CONTAINER\"}],
		 devices: [{container_path: \"/dev/full\", host_path: \"/dev/full\", permissions: \"rw\"}]}"
	says content passed "Read-only file system" master: "No space left"
}

@test "a terminal" {
	run run_in_pod terminal 'tty; stty -a | grep -c .' '.config += {tty: true, stdin: true}'
	says /dev/pts/0
}

@test "pods of one's own network by CNI, their names, their shared process namespace" {
	local pod a b
	pod=$(pod town '.config.hostname = "lighthouse" | .config.linux.security_context.namespace_options = {network: "POD", pid: "POD"}')
	[[ "$(cri PodSandboxStatus "{\"pod_sandbox_id\":\"$pod\"}" | jq -r .status.network.ip)" == 10.99.0.* ]]
	a=$(container "$pod" town a "$SLEEPER")
	b=$(container "$pod" town b "$SLEEPER")
	start "$a"
	start "$b"
	output=$(exec_in "$a" 5 sh -c 'hostname; ip address; ps' | jq -r '.stdout | @base64d')
	says lighthouse 10.99.0. "sleep 1000000"
	local namespaces='for kind in net ipc uts pid; do readlink /proc/self/ns/$kind; done'
	[ "$(exec_in "$a" 5 sh -c "$namespaces" | jq .stdout)" = "$(exec_in "$b" 5 sh -c "$namespaces" | jq .stdout)" ]
}

@test "the host's process namespace" {
	run run_in_pod hostpid 'cat /proc/1/comm' '.config.linux.security_context.namespace_options.pid = "NODE"' \
		'.config.linux.security_context.namespace_options.pid = "NODE"'
	[ "$output" = catatonit ]
}

@test "two replicas of two containers at once; stopping a pod stops what runs in it" {
	local name pods=() ids=() id
	for name in replica-0 replica-1; do
		pods+=("$(pod $name)")
		for id in web log; do
			ids+=("$(container "${pods[-1]}" $name $id "$SLEEPER")")
		done
	done
	for id in "${ids[@]}"; do
		start "$id" &
	done
	wait
	[ "$(cri ListContainers '{"filter":{"state":{"state":"CONTAINER_RUNNING"}}}' | jq '.containers | length')" = 4 ]
	cri StopPodSandbox "{\"pod_sandbox_id\":\"${pods[0]}\"}"
	[ "$(cri ListContainers '{"filter":{"state":{"state":"CONTAINER_RUNNING"}}}' | jq '.containers | length')" = 2 ]
	[ "$(cri PodSandboxStatus "{\"pod_sandbox_id\":\"${pods[0]}\"}" | jq -r .status.state)" = SANDBOX_NOTREADY ]
}

# What is left of whom, who is in there, and what containerd said last.
tell_left() {
	local path
	for path in $(in_room find /run/containerd/coffer/k8s.io -mindepth 1 -maxdepth 1 -not -name '.*') \
		$(find /sys/fs/cgroup -type d -path "*/$PARENT/*"); do
		echo "$path: $(named "$(basename "$path")"), processes: $(xargs -n 1 -I '{}' sh -c \
			'echo {} $(cat /proc/{}/comm)' <"$path/cgroup.procs" 2>/dev/null)"
	done
	tail -40 "$BATS_FILE_TMPDIR/containerd.log"
}

@test "nothing of removed pods is left: the runtime's state, control groups, mounts" {
	[ -z "$(in_room find /run/containerd/coffer/k8s.io -mindepth 1 -maxdepth 1 -not -name '.*')" ] || { tell_left; false; }
	[ -z "$(find /sys/fs/cgroup -type d -path "*/$PARENT/*")" ] || { tell_left; false; }
	[ "$(in_room grep -c io.containerd.runtime.v2.task /proc/self/mountinfo)" = 0 ]
}
