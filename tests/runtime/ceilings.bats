#!/usr/bin/env bats
# What verbs may ask of the kernel, and how large things may be: numbers that do not depend on the
# machine's speed, a little above what they are. Each is of a docker-like container whose filter is
# in the cache already; a cgroup v1 host is allowed something more for each hierarchy.
load bundle

COUNTS=$BATS_TEST_DIRNAME/../bench/counts.py

setup_file() {
	common_setup_file
	is coffer || skip "the ceilings are coffer's"
}

setup() {
	common_setup
	PYTHONDONTWRITEBYTECODE=1 python3 "$BATS_TEST_DIRNAME/../bench/bundle.py" "$CGROUP" /bin/true \
		>"$BUNDLE/config.json"
	HIERARCHIES=0
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] ||
		HIERARCHIES=$(awk '$3 == "cgroup" && $2 ~ "^/sys/fs/cgroup/"' /proc/self/mounts | wc -l)
}

teardown() { common_teardown; }

# shellcheck disable=SC2154
# count WORD…: the counts of one command, in $calls, $forks, $execs, $libraries.
count() {
	local counts=$BATS_TEST_TMPDIR/counts
	"$COUNTS" "$counts" "$RUNTIME" --root "$ROOT" "$@" </dev/null
	eval "$(tr ' ' '\n' <"$counts")" # calls=N forks=N execs=N libraries=N
	echo "$*: calls=$calls forks=$forks execs=$execs libraries=$libraries"
}

# at_most CALLS A-HIERARCHY FORKS EXECS: the last count keeps its ceilings, and libc is the only
# library.
at_most() {
	[ "$calls" -le $(($1 + $2 * HIERARCHIES)) ]
	[ "$forks" -le "$3" ]
	[ "$execs" -le "$4" ]
	[ "$libraries" = 1 ]
}

sleeper() {
	config '.process.args = ["/bin/sleep", "1000"]'
	create_container
	rt start "$ID"
}

@test "--version and --help are little more than a program's start" {
	count --version
	at_most 45 0 0 1
	count --help
	at_most 45 0 0 1
}

@test "a run is one clone3, the init image and the program" {
	run_container
	count run --bundle "$BUNDLE" "$ID"
	at_most 485 25 1 3
}

@test "create is one clone3 and the init image, start and delete no process at all" {
	create_container
	rt delete --force "$ID"
	count create --bundle "$BUNDLE" "$ID"
	at_most 390 24 1 2
	count start "$ID"
	at_most 82 3 0 1
	wait_until has_status "$ID" stopped
	count delete "$ID"
	at_most 82 6 0 1
}

@test "exec is one clone3, the init image, its fork and the program" {
	sleeper
	count exec "$ID" /bin/true
	at_most 285 10 2 3
}

@test "state, list, kill and delete --force of a running container read what they need once" {
	sleeper
	count state "$ID"
	at_most 76 3 0 1
	count list
	at_most 76 3 0 1
	count kill "$ID" CONT
	at_most 60 0 0 1
	count delete --force "$ID"
	at_most 120 7 0 1
}

@test "list asks little more for each further container" {
	local name first
	sleeper
	count list
	first=$calls
	for name in a b c d; do
		config --arg cgroup "$CGROUP-$name" '.linux.cgroupsPath = $cgroup'
		rt create --bundle "$BUNDLE" "$ID-$name" </dev/null >/dev/null 2>&1
	done
	count list
	[ $((calls - first)) -le $((4 * (35 + HIERARCHIES))) ]
}

@test "a container of /bin/true starts with a memory limit of 512 KiB" {
	local controller
	controller=$(grep -w memory /proc/cgroups | cut -f 4)
	[ "${controller:-0}" = 1 ] && [ -d /sys/fs/cgroup/memory ] ||
		skip "no memory controller of cgroup v1 here"
	config '.linux.resources.memory = {"limit": 524288}'
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
}
