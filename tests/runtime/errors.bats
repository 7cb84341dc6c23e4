#!/usr/bin/env bats
# Bad input is the normal case: one clear line, a non-zero exit, nothing left behind.
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; args /bin/true; }
teardown() { common_teardown; }

# refuses JQ PATTERN: with that change to config.json, create fails with such a line.
refuses() {
	local status_before
	config "$1"
	run rt create --bundle "$BUNDLE" "$ID"
	refused "$2"
	nothing_left
}

@test "no bundle, no config.json" {
	run rt create --bundle /no/such/bundle "$ID"
	refused '/no/such/bundle'
	rm "$BUNDLE/config.json"
	run rt create --bundle "$BUNDLE" "$ID"
	refused 'config.json.*([Nn]o such file|not found)'
	nothing_left
}

@test "config.json that is not JSON: line and column" {
	is coffer || skip "an error text of coffer's"
	printf '{\n  "ociVersion": "1.0.2",\n  oops\n}\n' >"$BUNDLE/config.json"
	run rt create --bundle "$BUNDLE" "$ID"
	refused 'config.json.*3:[0-9]'
	nothing_left
}

@test "a wrong type: path, line and column" {
	is coffer || skip "an error text of coffer's"
	refuses '.process.cwd = 5' 'config.json: process.cwd \(line [0-9]+:[0-9]+\): expected a string'
}

@test "an unknown namespace" {
	refuses '.linux.namespaces += [{"type":"nosuch"}]' 'nosuch|namespace'
}

@test "an unknown capability" {
	is runc && skip "runc warns and goes on"
	refuses '.process.capabilities.bounding += ["CAP_NOSUCH"]' 'CAP_NOSUCH'
	! is coffer || refused 'process.capabilities.bounding\[[0-9]+\]'
}

@test "a namespace path that is none" {
	refuses '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)' '.'
}

@test "a root filesystem that is not there" {
	refuses '.root.path = "nosuch"' 'nosuch'
}

@test "a bind source that is not there names both ends" {
	refuses '.mounts += [{"destination":"/data","type":"bind","source":"/no/such/source","options":["rbind"]}]' \
		'/no/such/source'
	! is coffer || refused 'mounts\[[0-9]+\].*/no/such/source.*no such file or directory'
}

@test "a mount type that the kernel does not know" {
	refuses '.mounts += [{"destination":"/data","type":"nosuchfs","source":"x"}]' 'nosuchfs'
}

@test "a mount option that the file system does not know" {
	refuses '.mounts += [{"destination":"/data","type":"tmpfs","source":"x","options":["nosuch=1"]}]' 'data|nosuch'
}

@test "a sysctl of the host's" {
	refuses '.linux.sysctl = {"kernel.core_pattern": "x"}' 'core_pattern'
	refuses '.linux.sysctl = {"net.ipv4.../../kernel/core_pattern": "x"}' '.'
}

@test "an rlimit of no known type" {
	refuses '.process.rlimits = [{"type":"RLIMIT_NOSUCH","soft":1,"hard":1}]' 'RLIMIT_NOSUCH|rlimit'
}

@test "a seccomp action of no known name" {
	refuses '.linux.seccomp = {"defaultAction":"SCMP_ACT_NOSUCH"}' 'SCMP_ACT_NOSUCH|[Aa]ction'
}

@test "the user 4294967295 is nobody" {
	is crun && skip "a defect of crun: it stays root"
	refuses '.process.user = {"uid":4294967295,"gid":0}' '.'
}

@test "a hostname without a uts namespace" {
	refuses '.hostname = "x" | .linux.namespaces |= map(select(.type != "uts"))' '[Uu][Tt][Ss]|hostname'
}

@test "a terminal without a console socket cannot be created" {
	refuses '.process.terminal = true' 'console.socket'
}

@test "an option that is unknown is named" {
	run rt create --nosuch "$ID"
	refused 'nosuch' || [ "$status" = 64 ]
}

@test "a command that is unknown is named" {
	run rt nosuch
	[ "$status" != 0 ]
	[[ "$output" == *nosuch* ]]
}

@test "--log with --log-format json gets the error as podman and containerd read it" {
	config '.root.path = "nosuch"'
	run "$RUNTIME" --root "$ROOT" --log "$BATS_TEST_TMPDIR/log" --log-format json create --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	tail -1 "$BATS_TEST_TMPDIR/log" | jq -e '.level == "error" and (.msg | contains("nosuch")) and (.time | length > 10)'
}

@test "what is in the log already stays there: engines read its last line" {
	echo earlier >"$BATS_TEST_TMPDIR/log"
	config '.root.path = "nosuch"'
	run "$RUNTIME" --root "$ROOT" --log "$BATS_TEST_TMPDIR/log" --log-format json create --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	[ "$(head -1 "$BATS_TEST_TMPDIR/log")" = earlier ]
	tail -1 "$BATS_TEST_TMPDIR/log" | jq -e .msg
}

@test "a failure inside the container leaves no process, mount, cgroup or state" {
	refuses '.mounts += [{"destination":"/proc/self/x","type":"tmpfs","source":"x"}]' '.'
}
