#!/usr/bin/env bats
# config.md: version, root, process, users, limits, capabilities, annotations, values that are none.
load conformance

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

# refused_without JQ-PATH…: config.json without that value is an error.
refused_without() {
	local path
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/whole.json"
	for path; do
		jq "del($path)" "$BATS_TEST_TMPDIR/whole.json" >"$BUNDLE/config.json"
		run_fails || { echo "without $path"; return 1; }
	done
}

# refused_with JQ-CHANGE…: each is an error.
refused_with() {
	local change
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/whole.json"
	for change; do
		jq "$change" "$BATS_TEST_TMPDIR/whole.json" >"$BUNDLE/config.json"
		run_fails || { echo "with $change"; return 1; }
	done
}

@test "ociVersion is required and a semantic version" {
	refused_without .ociVersion
	refused_with '.ociVersion = "first"' '.ociVersion = "1"' '.ociVersion = ""'
}

@test "every published version 1 is accepted, another major version is not" {
	local version
	args /bin/true
	for version in 1.0.0 1.0.2 1.1.0 1.2.0 1.2.1 1.3.0; do
		config --arg version $version '.ociVersion = $version'
		run run_container
		succeeded
	done
	refused_with '.ociVersion = "2.0.0"'
}

@test "root and root.path are required" {
	refused_without .root .root.path
}

@test "root.path need not be called rootfs, absolute or relative to the bundle" {
	mv "$BUNDLE/rootfs" "$BUNDLE/other"
	config '.root.path = "other"'
	runs 'echo relative'
	shows relative
	config --arg path "$BUNDLE/other" '.root.path = $path'
	runs 'echo absolute'
	shows absolute
}

@test "root.path must be a directory that exists" {
	refused_with '.root.path = "nothing"' '.root.path = "config.json"'
}

@test "root.readonly makes the root read-only" {
	config '.root.readonly = true'
	runs 'touch /file 2>/dev/null || echo read-only'
	shows read-only
}

@test "mounts need a destination" {
	refused_with '.mounts += [{"type":"tmpfs","source":"tmpfs"}]'
}

@test "process is required to start" {
	config 'del(.process)'
	run rt run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
}

@test "consoleSize without a terminal is ignored" {
	config '.process.terminal = false | .process.consoleSize = {"height": 10, "width": 20}'
	runs 'echo fine'
	shows fine
}

@test "consoleSize needs height and width" {
	config '.process.terminal = true | .process.consoleSize = {"height": 10, "width": 20}'
	refused_without .process.consoleSize.height .process.consoleSize.width
}

@test "cwd is required, absolute, and where the program begins" {
	config '.process.cwd = "/tmp"'
	runs pwd
	shows /tmp
	refused_without .process.cwd
	refused_with '.process.cwd = "tmp"' '.process.cwd = ""'
}

@test "args has at least one entry, which is found as execvp finds it" {
	args busybox echo found
	run run_container
	shows found
	config '.process.args = []'
	run run_container
	[ "$status" != 0 ]
	config 'del(.process.args)'
	run run_container
	[ "$status" != 0 ]
}

@test "rlimits are as configured: soft and hard" {
	config '.process.rlimits = [{"type":"RLIMIT_CORE","soft":1024,"hard":2048},{"type":"RLIMIT_NOFILE","soft":100,"hard":200}]'
	runs 'grep -E "^Max (core|open)" /proc/self/limits | tr -s " "'
	succeeded
	[ "${lines[0]}" = "Max core file size 1024 2048 bytes " ]
	[ "${lines[1]}" = "Max open files 100 200 files " ]
}

@test "an rlimit needs type, soft and hard" {
	config '.process.rlimits = [{"type":"RLIMIT_CORE","soft":1024,"hard":2048}]'
	refused_without '.process.rlimits[0].type'
	refused_without '.process.rlimits[0].soft' '.process.rlimits[0].hard'
}

@test "an rlimit that the kernel does not know is an error" {
	refused_with '.process.rlimits = [{"type":"RLIMIT_X","soft":1,"hard":1}]'
}

@test "two rlimits of one type are an error" {
	refused_with '.process.rlimits = [{"type":"RLIMIT_CORE","soft":1,"hard":1},{"type":"RLIMIT_CORE","soft":2,"hard":2}]'
}

@test "a capability that nobody knows is told by name" {
	config '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	runs 'echo RAN'
	[[ "$output" == *CAP_NO_SUCH* ]]
}

@test "a capability that cannot be granted is a warning, not an error" {
	config '.process.capabilities = {"bounding": ["CAP_KILL", "CAP_CHOWN"], "permitted": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL", "CAP_CHOWN"]}'
	sh_args 'grep CapEff /proc/self/status'
	run setpriv --bounding-set -chown "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	succeeded
	[[ "$output" =~ CapEff:[[:space:]]*0000000000000020 ]] || { echo "$output"; false; }
	[[ "${output^^}" == *CHOWN* ]] || { echo "no warning: $output"; false; }
}

@test "oomScoreAdj is set" {
	config '.process.oomScoreAdj = 321'
	runs 'cat /proc/self/oom_score_adj'
	shows 321
}

@test "without oomScoreAdj it stays what the caller has" {
	config 'del(.process.oomScoreAdj)'
	sh_args 'cat /proc/self/oom_score_adj'
	run bash -c 'echo 123 > /proc/self/oom_score_adj && exec "$@"' bash "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	shows 123
}

@test "a scheduler has a policy" {
	config '.process.scheduler = {"policy": "SCHED_BATCH", "nice": 5}'
	runs 'cut -d" " -f19,41 /proc/self/stat' # nice; policy, 3 is batch
	shows '5 3'
	refused_without .process.scheduler.policy
}

@test "an ioPriority has a class and a priority" {
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 6}'
	runs 'ionice -p $$'
	succeeded
	[[ "$output" == *best-effort*6* ]]
	refused_without .process.ioPriority.class
}

@test "without execCPUAffinity an executed process keeps the cgroup's CPUs" {
	start_sleeper
	run rt exec "$ID" /bin/grep Cpus_allowed_list /proc/self/status
	[ "$status" = 0 ]
	[ "${output##*	}" = "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(rt state "$ID" | jq .pid)/status")" ]
}

@test "execCPUAffinity.final is where an executed process runs" {
	local cpu
	cpu=$(sed -n 's/^Cpus_allowed_list:\t\([0-9]*\).*/\1/p' /proc/self/status)
	config --arg cpu "$cpu" '.process.execCPUAffinity = {"initial": $cpu, "final": $cpu}'
	start_sleeper
	run rt exec "$ID" /bin/grep Cpus_allowed_list /proc/self/status
	[ "$status" = 0 ]
	[ "${output##*	}" = "$cpu" ]
}

@test "user.uid and user.gid are the program's ids" {
	config '.process.user = {"uid": 1234, "gid": 5678, "additionalGids": [10, 20], "umask": 63}'
	runs 'id -u; id -g; id -G; umask'
	succeeded
	[ "${lines[*]}" = "1234 5678 5678 10 20 0077" ]
}

@test "annotations are a map of strings with keys that are not empty" {
	refused_with '.annotations = ["a"]' '.annotations = {"a": 1}'
	refused_with '.annotations = {"": "empty"}'
}

@test "unknown annotations and annotations of the specification are kept and do no harm" {
	config '.annotations = {"org.example.unknown": "1", "org.opencontainers.image.os": "linux",
		"org.opencontainers.image.architecture": "amd64", "org.opencontainers.image.stopSignal": "SIGUSR1"}'
	args /bin/sleep 1000
	create_container
	rt state "$ID" | jq -e '.annotations | .["org.example.unknown"] == "1" and .["org.opencontainers.image.stopSignal"] == "SIGUSR1"'
}

@test "unknown properties are ignored" {
	config '.unknown = {"a": 1} | .process.unknown = true | .linux.unknown = [] | .mounts[0].unknown = "x"'
	runs 'echo fine'
	shows fine
}

@test "values that are invalid are errors" {
	refused_with '.process.user.uid = "root"' '.mounts = {}' '.root.readonly = "yes"' \
		'.linux.namespaces = [{"type":"disk"}]' '.hostname = 1' '.process.user.uid = -1'
}

@test "values that are out of range are errors" {
	refused_with '.process.oomScoreAdj = 1001' '.process.user.uid = 4294967295'
	refused_with '.linux.devices = [{"type":"x","path":"/dev/x","major":1,"minor":3}]' '.linux.rootfsPropagation = "everywhere"' \
		'.linux.seccomp = {"defaultAction": "SCMP_ACT_NOTHING"}' '.linux.personality = {"domain": "BSD"}'
}
