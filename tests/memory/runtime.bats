#!/usr/bin/env bats
# The runtime's own suites, run with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer.
load memory

SUITES=$BATS_TEST_DIRNAME/../runtime

setup_file() { build_sanitized; }

@test "the life of containers touches no wrong memory and leaks nothing" {
	passes "$SUITES/lifecycle.bats"
}

@test "exec and terminals touch no wrong memory and leak nothing" {
	passes "$SUITES/exec.bats" "$SUITES/terminal.bats"
}

@test "mounts, also of running containers, touch no wrong memory and leak nothing" {
	passes "$SUITES/mounts.bats" "$SUITES/live_mounts.bats"
}

@test "processes, hooks and cgroups touch no wrong memory and leak nothing" {
	passes "$SUITES/process.bats" "$SUITES/hooks.bats" "$SUITES/cgroup.bats"
}

@test "what fails touches no wrong memory and leaks nothing" {
	passes "$SUITES/errors.bats"
}

@test "users without privilege and hostile images touch no wrong memory and leak nothing" {
	passes "$SUITES/rootless.bats" "$SUITES/isolation.bats"
}

@test "escapes of other runtimes touch no wrong memory and leak nothing" {
	passes "$SUITES/../attack/runtime.bats"
}
