#!/usr/bin/env bats
# Every verb under valgrind's memcheck, which also finds what sanitizers do not: the use of memory
# that was never written. It does not know all system calls; a verb that ends early for that reason
# must still have touched no wrong memory and have leaked nothing.
load ../runtime/bundle

setup_file() {
	common_setup_file
	command -v valgrind >/dev/null || skip "needs valgrind"
}

setup() { common_setup; }
teardown() { common_teardown; }

# checked WORD…: run coffer under memcheck; its status goes to $status.
checked() {
	run valgrind -q --error-exitcode=99 --leak-check=full \
		--show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
		--log-file="$BATS_TEST_TMPDIR/valgrind.%p" \
		"$RUNTIME" --root "$ROOT" "$@" </dev/null
	[ "$status" != 99 ] || { echo "$*:"; cat "$BATS_TEST_TMPDIR"/valgrind.*; return 1; }
}

# works WORD…: and it succeeds.
works() {
	checked "$@"
	[ "$status" = 0 ] || { echo "$*: $output"; return 1; }
}

docker_like() {
	PYTHONDONTWRITEBYTECODE=1 python3 "$BATS_TEST_DIRNAME/../bench/bundle.py" "$CGROUP" \
		/bin/sleep 1000 >"$BUNDLE/config.json"
}

@test "plan and check read only what was written" {
	works plan "$BUNDLE"
	works plan --format json "$BUNDLE"
	works check "$BUNDLE"
	docker_like
	works plan "$BUNDLE"
	works check "$BUNDLE"
	config '.process.args = [] | .mounts[0].destination = 5'
	checked check "$BUNDLE"
	[ "$status" = 1 ]
	echo '{"ociVersion": "1.0.2", "process": {' >"$BUNDLE/config.json"
	checked check "$BUNDLE"
	[ "$status" = 1 ]
}

@test "--version, --help, features, spec and completion read only what was written" {
	works --version
	works --help
	works features
	mkdir "$BATS_TEST_TMPDIR/empty"
	works spec --bundle "$BATS_TEST_TMPDIR/empty"
	works completion bash
	checked no-such-verb
	[ "$status" = 1 ]
}

@test "create and run read only what was written" {
	docker_like
	checked create --bundle "$BUNDLE" "$ID"
	rt delete --force "$ID"
	checked run --detach --bundle "$BUNDLE" "$ID"
	rt delete --force "$ID"
	config '.mounts[1].options += ["no-such-option"]'
	checked run --detach --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
}

@test "verbs on a running container read only what was written" {
	docker_like
	create_container
	checked start "$ID"
	[ "$status" = 0 ] || rt start "$ID"
	works list
	works list --format json
	works list --quiet
	checked state "$ID"
	checked exec "$ID" /bin/true
	checked ps "$ID"
	checked update --cpu-share 512 "$ID"
	checked events --stats "$ID"
	checked pause "$ID"
	checked resume "$ID"
	checked kill "$ID" KILL
	checked delete --force "$ID"
	checked state "$ID"
}
