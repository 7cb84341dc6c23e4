# memory.bash -- a build with sanitizers, made once beside the build under test, and suites run with it.
# shellcheck shell=bash disable=SC2034,SC2154

MEMORY_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOURCE=$(dirname "$(dirname "$MEMORY_TESTS")")
SANITIZED=${BUILD_DIR:+$BUILD_DIR/sanitized}

# Configured the first time, brought up to date each time; two files of tests do not make it at once.
build_sanitized() {
	[ -n "$SANITIZED" ] || skip "needs BUILD_DIR, a build of coffer"
	mkdir -p "$SANITIZED"
	(
		flock 9
		cd "$SANITIZED" || exit
		[ -f Makefile ] || "$SOURCE/configure" -q --enable-asan || exit
		make -s -j"$(nproc)" coffer lade
	) >"$SANITIZED/build.log" 2>&1 9>"$SANITIZED/lock" || { tail -20 "$SANITIZED/build.log"; return 1; }
}

# passes FILE…: these suites pass with the sanitized programs, which find nothing. What they find
# goes to files, since a test that expects a failure would not tell it from one.
passes() {
	local report=$BATS_TEST_TMPDIR/report
	run env -u BATS_RUN_TMPDIR -u BATS_SUITE_TMPDIR -u BATS_FILE_TMPDIR -u BATS_TEST_TMPDIR \
		-u BATS_TEST_FILTER -u BATS_ROOT BATS_TMPDIR="$BATS_TEST_TMPDIR" \
		COFFER="$SANITIZED/coffer" RUNTIME="$SANITIZED/coffer" LADE="$SANITIZED/lade" \
		PATH="$SANITIZED:$PATH" BUILD_DIR="$SANITIZED" \
		ASAN_OPTIONS="log_path=$report:exitcode=99:detect_leaks=1" \
		UBSAN_OPTIONS="log_path=$report:print_stacktrace=1" \
		bats --tap "$@"
	# A test that limits the address space finds out that a sanitizer cannot start in it.
	find "$BATS_TEST_TMPDIR" -name 'report.*' -exec grep -q ReserveShadowMemoryRange {} \; -delete
	if compgen -G "$report.*" >/dev/null; then
		head -40 "$report".*
		return 1
	fi
	[ "$status" = 0 ] || { grep -A 12 '^not ok' <<<"$output"; return 1; }
	grep -q '^ok' <<<"$output"
}
