# conformance.bash -- what the tests of the specification's sentences share. They say nothing about the
# words of an error: they run against $RUNTIME = coffer, runc or crun (see `report`).
# shellcheck shell=bash
load ../runtime/bundle

# runs SCRIPT: a container that runs the shell script; $status, $output, $lines as `run` leaves them.
runs() {
	sh_args "$1"
	run run_container
}

# The container ran and ended with 0.
succeeded() {
	[ "$status" = 0 ] || { echo "status $status: $output"; return 1; }
}

# shows LINE: the last run succeeded and printed this line.
shows() {
	local line
	succeeded || return 1
	for line in "${lines[@]}"; do
		[ "$line" = "$1" ] && return 0
	done
	echo "no line '$1': $output"
	return 1
}

# create_fails: the configuration is an error of create, and nothing is left of the attempt.
create_fails() {
	if rt create --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1; then
		rt delete --force "$ID"
		echo "created: $(cat "$BATS_TEST_TMPDIR/out")"
		return 1
	fi
	nothing_left
}

# run_fails: an error before the program runs.
run_fails() {
	args /bin/echo RAN
	run run_container
	if [ "$status" = 0 ] || [[ "$output" == *RAN* ]]; then
		echo "ran: $output"
		return 1
	fi
}

# mount_of PATH: the mountinfo line of a mount of the container, from $output.
mount_of() {
	grep -E "^[0-9]+ [0-9]+ [0-9]+:[0-9]+ [^ ]+ $1 " <<<"$output" | tail -1
}

# attributes_of PATH: the mount's own options: "rw,nosuid,relatime".
attributes_of() {
	mount_of "$1" | cut -d' ' -f6
}

# propagation_of PATH: "shared:N", "master:N", "unbindable" or nothing (private).
propagation_of() {
	mount_of "$1" | cut -d' ' -f7 | grep -v '^-$' || true
}
