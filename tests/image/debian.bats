#!/usr/bin/env bats
# The main job on a real system: Debian, made by mmdebstrap, two gzip layers, pushed by skopeo to
# Debian's docker-registry, pulled, bundled and run; replicas that do not see each other.
load lade
load registry

setup_file() {
	command -v docker-registry >/dev/null || skip "no docker-registry"
	local work=$BATS_FILE_TMPDIR
	mmdebstrap --quiet --variant=minbase --include=procps bookworm "$work/system.tar"
	"$IMAGE_TESTS/make_system_image" "$work/system.tar" "$work/layout"
	BATS_TEST_TMPDIR=$work start_registry
	push "$work/layout" debian:12
	echo "$REGISTRY $REGISTRY_PID" >"$work/where"
	"$LADE" --root "$work/store" pull -q "$REGISTRY/debian:12" >"$work/id"
}

teardown_file() {
	local address pid
	read -r address pid <"$BATS_FILE_TMPDIR/where" || return 0
	kill "$pid"
}

setup() {
	read -r REGISTRY _ <"$BATS_FILE_TMPDIR/where"
	IMAGE=$REGISTRY/debian:12
	STORE=$BATS_FILE_TMPDIR/store
	ROOT=$BATS_TEST_TMPDIR/state
	RUNTIME=$(command -v "$RUNTIME")
}

teardown() {
	local id dir
	for id in $(coffer list -q); do
		coffer delete --force "$id"
	done
	for dir in "$BATS_TEST_TMPDIR"/*/config.json; do
		[ -e "$dir" ] && lade release "$(dirname "$dir")"
	done
	find /sys/fs/cgroup -depth -type d -path "*/coffer-test-debian-*" -exec rmdir {} \; 2>/dev/null || true
}

coffer() {
	"$RUNTIME" --root "$ROOT" "$@" 3>&-
}

bundle() {
	lade bundle "$IMAGE" "$BATS_TEST_TMPDIR/$1" "${@:2}"
	jq --arg path "/coffer-test-debian-$$/$1" '.linux.cgroupsPath = $path' \
		<"$BATS_TEST_TMPDIR/$1/config.json" >"$BATS_TEST_TMPDIR/new"
	cp "$BATS_TEST_TMPDIR/new" "$BATS_TEST_TMPDIR/$1/config.json"
}

# A digest of every file of the image: names, owners, modes, content.
digest_of_layers() {
	(cd "$STORE/layers" && find . -printf '%p %U:%G %m %l\n' | sort
		find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum
}

@test "the image is listed with its size and id" {
	ok lade images --format json
	jq -e --slurpfile id <(jq -R . "$BATS_FILE_TMPDIR/id") 'length == 1' <<<"$output"
	ok lade images
	[[ "$output" == *"$REGISTRY/debian"*12* ]]
}

@test "coffer run prints the container's os-release" {
	bundle one cat /etc/os-release
	ok coffer run -b "$BATS_TEST_TMPDIR/one" c1
	[[ "$output" == *"Debian GNU/Linux 12"* ]]
}

@test "the life cycle, with runc's outputs and exit codes" {
	bundle two sleep 1000
	coffer create -b "$BATS_TEST_TMPDIR/two" c2 </dev/null >/dev/null 2>&1
	[ "$(coffer state c2 | jq -r .status)" = created ]
	coffer start c2
	[ "$(coffer state c2 | jq -r .status)" = running ]
	[ "$(coffer exec c2 dpkg-query -W -f '${Status}' base-files)" = "install ok installed" ]
	[[ "$(coffer list)" == *c2*running* ]]
	coffer kill c2 KILL
	for _ in $(seq 100); do
		[ "$(coffer state c2 | jq -r .status)" = stopped ] && break
		sleep 0.05
	done
	coffer delete c2
	run coffer state c2
	[ "$status" = 1 ]
}

@test "two containers at once, each with its own view, the image untouched" {
	local before
	before=$(digest_of_layers)
	bundle a sh -c 'echo a > /marker; rm /etc/debian_version; sleep 1000'
	bundle b sh -c 'test ! -e /marker && cat /etc/debian_version; sleep 1000'
	coffer run -d -b "$BATS_TEST_TMPDIR/a" a </dev/null >/dev/null 2>&1
	coffer run -d -b "$BATS_TEST_TMPDIR/b" b </dev/null >/dev/null 2>&1
	for _ in $(seq 100); do
		coffer exec a test -e /marker && break
		sleep 0.05
	done
	coffer exec a test ! -e /etc/debian_version
	coffer exec b test -e /etc/debian_version
	coffer exec b test ! -e /marker
	[ "$(digest_of_layers)" = "$before" ]
}

@test "the bundle runs under runc as it is" {
	bundle three cat /etc/debian_version
	ok runc --root "$BATS_TEST_TMPDIR/runc" run -b "$BATS_TEST_TMPDIR/three" c3
	[[ "$output" == 12* ]]
}
