#!/usr/bin/env bats
# features.md and features-linux.md: what `features` says is true.
load conformance

setup_file() { common_setup_file; }
setup() { common_setup; "$RUNTIME" features >"$BATS_TEST_TMPDIR/features" || true; }
teardown() { common_teardown; }

features() {
	jq -e "$@" "$BATS_TEST_TMPDIR/features"
}

# each JQ-LIST CHANGE: for each element ($it) of the list, a container with that change is created, or what fails is
# the kernel's.
each() {
	local it tried=
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/whole.json"
	while read -r it; do
		tried=1
		jq --arg it "$it" "$2" "$BATS_TEST_TMPDIR/whole.json" >"$BUNDLE/config.json"
		"$3" "$it" || { echo "$it: $output"; return 1; }
	done < <(features -r "$1[]")
	[ -n "$tried" ]
}

# The runtime's own check of a configuration, without the kernel: the word is not what is refused.
recognised() {
	args /bin/true
	run run_container
	[ "$status" = 0 ] || [[ "$output" != *"$1"* ]]
}

accepted() {
	args /bin/true
	run run_container
	[ "$status" = 0 ]
}

@test "the document does not depend on the call, and holds no null" {
	"$RUNTIME" features | diff - "$BATS_TEST_TMPDIR/features"
	features '[.. | select(. == null)] == []'
	(cd / && env -i "$RUNTIME" features) | diff - "$BATS_TEST_TMPDIR/features"
}

@test "ociVersionMin and ociVersionMax are accepted as ociVersion, the first is not above the second" {
	local version
	args /bin/true
	for version in .ociVersionMin .ociVersionMax; do
		config --arg version "$(features -r $version)" '.ociVersion = $version'
		run run_container
		succeeded
	done
	[ "$(features -r '.ociVersionMin, .ociVersionMax' | sort -V | head -1)" = "$(features -r .ociVersionMin)" ]
}

@test "the document has no properties but the specification's" {
	features '(keys - ["ociVersionMin","ociVersionMax","hooks","mountOptions","linux","annotations","potentiallyUnsafeConfigAnnotations"]) == []
		and (.linux | keys - ["namespaces","capabilities","cgroup","seccomp","apparmor","selinux","intelRdt","memoryPolicy","mountExtensions","netDevices"]) == []
		and (.linux.cgroup | keys - ["v1","v2","systemd","systemdUser","rdma"]) == []
		and (.linux.seccomp | keys - ["enabled","actions","operators","archs","knownFlags","supportedFlags"]) == []'
}

@test "the hooks it names are run" {
	each .hooks '.hooks[$it] = [{"path": "/bin/true"}]' ran_a_hook
}

ran_a_hook() {
	[ "$1" != startContainer ] || config '.hooks.startContainer[0].path = "/bin/busybox" | .hooks.startContainer[0].args = ["true"]'
	accepted
}

@test "the mount options it names are recognised, and none is the file system's" {
	each .mountOptions '.mounts += [{"destination":"/m","type":"bind","source":"/tmp","options":["rbind",$it]}]' option_recognised
	features '.mountOptions | index("size") == null and index("mode") == null and index("uid") == null'
}

# What is not possible for this bind is refused with the reason, an option that is unknown as unknown.
option_recognised() {
	args /bin/true
	run run_container
	[[ "$output" != *"not known"* ]] && [[ "$output" != *unknown* ]] && [[ "$output" != *"filesystem-specific"* ]]
}

@test "annotations are a map of strings with keys that are not empty" {
	features '.annotations | type == "object" and all(to_entries[]; (.key | length > 0) and (.value | type == "string"))'
}

@test "the namespaces it names are recognised" {
	each .linux.namespaces '.linux.namespaces = ([{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":$it}] | unique)
		| if $it == "user" then .linux.uidMappings = [{"containerID":0,"hostID":0,"size":65536}] | .linux.gidMappings = .linux.uidMappings else . end' recognised
}

@test "the capabilities it names are recognised" {
	features '.linux.capabilities | length > 37 and index("CAP_CHECKPOINT_RESTORE") != null'
	config --argjson all "$(features .linux.capabilities)" '.process.capabilities.bounding = $all'
	sh_args 'echo RAN'
	run run_container
	shows RAN
}

@test "the seccomp actions it names are recognised" {
	# An agent that is not there is refused by its own name, not by the action's.
	each .linux.seccomp.actions '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/nowhere", "syscalls": [{"names": ["swapoff"], "action": $it}]}' recognised
}

@test "the seccomp operators it names are recognised" {
	each .linux.seccomp.operators '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapoff"], "action": "SCMP_ACT_ERRNO",
		"args": [{"index": 0, "value": 1, "valueTwo": 1, "op": $it}]}]}' accepted
}

@test "the seccomp architectures it names are recognised" {
	each .linux.seccomp.archs '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": [$it], "syscalls": [{"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}]}' recognised
}

@test "the seccomp flags it names are recognised, and those it supports work" {
	each .linux.seccomp.knownFlags '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "flags": [$it], "syscalls": [{"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}]}' recognised
	cp "$BATS_TEST_TMPDIR/whole.json" "$BUNDLE/config.json"
	each .linux.seccomp.supportedFlags '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "flags": [$it], "syscalls": [{"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}]}' recognised
}

@test "the memory policies it names are recognised, and their flags" {
	each .linux.memoryPolicy.modes '.linux.memoryPolicy = ({"mode": $it} + if $it == "MPOL_DEFAULT" or $it == "MPOL_LOCAL" then {} else {"nodes": "0"} end)' recognised
	cp "$BATS_TEST_TMPDIR/whole.json" "$BUNDLE/config.json"
	each .linux.memoryPolicy.flags '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": [$it]}' recognised
}

@test "mountExtensions.idmap is true where uidMappings and gidMappings are recognised" {
	features '.linux.mountExtensions.idmap.enabled == true'
}
