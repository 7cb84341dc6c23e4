#!/usr/bin/env bats
# features: the document of features.md and features-linux.md, and that it is true.
load bundle

setup_file() { common_setup_file; }

setup() {
	is crun && skip "crun 1.8 has no features"
	common_setup
	"$RUNTIME" features >"$BATS_TEST_TMPDIR/features.json"
}

teardown() { is crun || common_teardown; }

SCHEMA=$BATS_TEST_DIRNAME/../lint/runtime-schema/features-schema.json

validate() {
	python3 "$BATS_TEST_DIRNAME/validate.py" "$SCHEMA" linux.memoryPolicy \
		linux.intelRdt.schemata linux.intelRdt.monitoring
}

# feature JQ
feature() {
	jq -er "$1" "$BATS_TEST_TMPDIR/features.json"
}

# The names of a list, one a line.
names() {
	feature "$1[]"
}

@test "the document is that of the schema and has nothing else" {
	run validate <"$BATS_TEST_TMPDIR/features.json"
	[ "$status" = 0 ] || { echo "$output"; false; }
}

@test "the validator finds what is missing, of the wrong type, or unknown" {
	run validate <<<'{"ociVersionMin": "1.0.0"}'
	[[ "$output" == *"ociVersionMax is missing"* ]]
	run validate <<<'{"ociVersionMin": "1.0.0", "ociVersionMax": "1.0.0", "hooks": [1]}'
	[[ "$output" == *"hooks[0]: not of type string"* ]]
	run validate <<<'{"ociVersionMin": "1.0.0", "ociVersionMax": "1.0.0", "linux": {"cgroup": {"v3": true}}}'
	[[ "$output" == *"linux.cgroup.v3: not in the schema"* ]]
}

@test "every property of the specification is there" {
	is coffer || skip "others leave some out"
	feature '.ociVersionMin and .ociVersionMax and .hooks and .mountOptions and .annotations
		and .potentiallyUnsafeConfigAnnotations
		and (.linux | .namespaces and .capabilities and .memoryPolicy.modes and .memoryPolicy.flags
			and (.cgroup | has("v1") and has("v2") and has("systemd") and has("systemdUser") and has("rdma"))
			and (.seccomp | has("enabled") and .actions and .operators and .archs and .knownFlags and .supportedFlags)
			and (.apparmor | has("enabled")) and (.selinux | has("enabled"))
			and (.intelRdt | has("enabled") and has("schemata") and has("monitoring"))
			and (.mountExtensions.idmap | has("enabled")) and (.netDevices | has("enabled")))'
}

@test "the first and the last version are accepted as ociVersion" {
	local version
	args /bin/true
	for version in "$(feature .ociVersionMin)" "$(feature .ociVersionMax)"; do
		config --arg version "$version" '.ociVersion = $version'
		run run_container
		[ "$status" = 0 ] || { echo "$version: $output"; false; }
	done
}

# Accepted by the checks of the whole document: check JQ-ARGUMENTS…
accepts() {
	config "$@"
	run "$RUNTIME" check "$BUNDLE"
	[ "$status" = 0 ] || { echo "$*: $output"; return 1; }
}

@test "what is listed is recognised: hooks, namespaces, capabilities" {
	is coffer || skip "by coffer check"
	local name
	for name in $(names .hooks); do
		accepts --arg name "$name" '.hooks = {($name): [{"path": "/bin/true"}]}'
		[[ "$output" != *"unknown"* ]] || { echo "$output"; false; }
	done
	for name in $(names .linux.namespaces); do
		accepts --arg name "$name" 'del(.hooks) | del(.hostname)
			| .linux.namespaces = ([{"type": "mount"}, {"type": $name}] | unique)
			| if $name == "user" then .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}]
				| .linux.gidMappings = .linux.uidMappings
			  else del(.linux.uidMappings, .linux.gidMappings) end'
	done
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces = [{"type": "mount"}]'
	accepts --argjson names "$(feature .linux.capabilities)" '.process.capabilities.bounding = $names'
}

@test "what is listed is recognised: mount options" {
	is coffer || skip "by coffer plan"
	local name
	for name in $(names .mountOptions); do
		# Those that need id maps, or another mount.
		case $name in idmap | ridmap | remount) continue ;; esac
		config --arg name "$name" '.mounts += [{"destination": "/m", "source": "/srv"}
			+ if $name == "tmpcopyup" then {"type": "tmpfs", "options": [$name]}
			  else {"type": "none", "options": ["bind", $name]} end]'
		run "$RUNTIME" plan "$BUNDLE"
		[ "$status" = 0 ] || { echo "$name: $output"; false; }
		config 'del(.mounts[-1])'
	done
}

@test "what is listed is recognised: seccomp and memory policies" {
	is coffer || skip "by coffer check"
	local name
	for name in $(names .linux.seccomp.actions); do
		[ "$name" = SCMP_ACT_NOTIFY ] && continue # needs somebody who listens
		accepts --arg name "$name" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
			"syscalls": [{"names": ["mkdir"], "action": $name}]}'
	done
	for name in $(names .linux.seccomp.operators); do
		accepts --arg name "$name" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls":
			[{"names": ["mkdir"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 1, "op": $name}]}]}'
	done
	accepts --argjson archs "$(feature .linux.seccomp.archs)" \
		--argjson flags "$(feature .linux.seccomp.knownFlags)" '.linux.seccomp =
		{"defaultAction": "SCMP_ACT_ALLOW", "architectures": $archs, "flags": $flags}'
	for name in $(names .linux.memoryPolicy.modes); do
		accepts --arg name "$name" '.linux.memoryPolicy = {"mode": $name}
			| if $name | test("DEFAULT|LOCAL") then . else .linux.memoryPolicy.nodes = "0" end'
	done
	for name in $(names .linux.memoryPolicy.flags); do
		accepts --arg name "$name" '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": [$name]}'
	done
}

@test "annotations name the versions, and what in a config.json changes what coffer does" {
	is coffer || skip "each has its own"
	feature '.annotations["org.coffer.version"]'
	[[ "$(feature '.annotations["io.github.seccomp.libseccomp.version"]')" =~ ^2\. ]]
	names .potentiallyUnsafeConfigAnnotations | grep -qx run.oci.keep_original_groups
}
