#!/usr/bin/env bats
# The image tool's own suites, run with AddressSanitizer, LeakSanitizer and
# UndefinedBehaviorSanitizer.
load memory

SUITES=$BATS_TEST_DIRNAME/../image

setup_file() { build_sanitized; }

@test "pulls touch no wrong memory and leak nothing" {
	passes "$SUITES/pull.bats"
}

@test "bundles touch no wrong memory and leak nothing" {
	passes "$SUITES/bundle.bats"
}

@test "images, rmi and gc touch no wrong memory and leak nothing" {
	passes "$SUITES/images.bats"
}

@test "registries and their failures touch no wrong memory and leak nothing" {
	passes "$SUITES/registry.bats" "$SUITES/faults.bats"
}

@test "hostile layers touch no wrong memory and leak nothing" {
	passes "$SUITES/hostile.bats"
}
