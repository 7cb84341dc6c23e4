# faults.bash -- what the fault tests share, on top of the runtime tests' bundle.
# shellcheck shell=bash disable=SC1091
source "${BASH_SOURCE[0]%/*}/../runtime/bundle.bash"

# attempt COMMAND…: run it with a pipe as standard output, which every process that it leaves has
# open, too. The status is in $status, what it said in $said.
attempt() {
	exec 8< <(exec "$@" </dev/null 2>"$BATS_TEST_TMPDIR/said" 3>&-)
	status=0
	# A command that was killed is no news for the shell to tell.
	{ wait $! || status=$?; } 2>/dev/null
	said=$(<"$BATS_TEST_TMPDIR/said")
}

# No process has the attempt's standard output any more.
nobody_left() {
	timeout 5 cat <&8 >/dev/null || { echo "a process is left"; return 1; }
}

# Neither state (also no hidden one but the cache of filters), nor cgroup, nor mount.
no_trace_left() {
	local left
	left=$(ls -A "$ROOT")
	left=${left#.cache}
	[ -z "$left" ] || { echo "state is left: $left"; return 1; }
	for left in /sys/fs/cgroup{,/*}"$CGROUP"; do
		[ ! -e "$left" ] || { echo "a cgroup is left: $left"; return 1; }
	done
	! grep -F "$BUNDLE" /proc/self/mountinfo || { echo "a mount is left"; return 1; }
}

# The attempt failed with one line of its own, and left nothing.
failed_cleanly() {
	[ "$status" = 1 ] || { echo "status $status: $said"; return 1; }
	[[ "$said" == coffer:* && "$said" != *$'\n'* ]] || { echo "says: $said"; return 1; }
	nobody_left && no_trace_left
}

# Whatever became of the attempt: `delete --force` succeeds, and then nothing is left.
deleted_by_force() {
	rt delete --force "$ID" && nobody_left && no_trace_left
}

# calls_of COMMAND…: "CALL K" a line for the system calls that it makes itself: the K-th of its kind.
# What the loader does before main is left out.
calls_of() {
	strace -o "$BATS_TEST_TMPDIR/calls" "$@" </dev/null >/dev/null 3>&- || return
	awk -F'(' '!/^[a-z]/ || $1 == "exit_group" { next }
		{ count[$1]++ }
		main { print $1, count[$1] }
		/^fcntl\(2, F_GETFD/ { main = 1 }' "$BATS_TEST_TMPDIR/calls"
}

# every N: every N-th line; FAULTS=all tries them all.
every() {
	[ "${FAULTS-}" = all ] && set -- 1
	awk -v n="$1" 'NR % n == 1 || n == 1'
}

# with_fault FAULT CALL K COMMAND…: attempt it under strace: FAULT is "signal=KILL" or "error=EMFILE".
with_fault() {
	local fault=$1 call=$2 count=$3
	shift 3
	attempt strace -qq -o "$BATS_TEST_TMPDIR/trace" -e "inject=$call:$fault:when=$count" "$@"
}

needs_coffer() {
	is coffer || skip "faults of coffer's"
}

needs_strace() {
	strace -qq -o /dev/null true 2>/dev/null || skip "nothing can be traced here"
}
