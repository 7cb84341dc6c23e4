#!/usr/bin/env bats
# What the command line means: forms of options, outputs as runc's, exit codes, the log's targets,
# completion. Which flags there are: cli_table.bats.
load bundle
bats_require_minimum_version 1.5.0

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "options come before and behind the container, with blank or =, short ones joined" {
	is coffer || skip "each has its own parser"
	args /bin/sleep 1000
	rt run "$ID" --detach --bundle="$BUNDLE" </dev/null >/dev/null 2>&1 3>&-
	run rt list -qf=table
	[ "$output" = "$ID" ]
	run rt kill "$ID" KILL --all
	[ "$status" = 0 ]
	wait_until has_status "$ID" stopped
	rt delete -f=true "$ID"
	rt run -db"$BUNDLE" -- "$ID" </dev/null >/dev/null 2>&1 3>&-
	rt delete --force=true --regex "^$ID\$"
	run rt run --detach=maybe "$ID"
	refused '--detach.*maybe'
	nothing_left
}

# With pids, times and the program's own name made alike.
normalized() {
	sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' -e "s/\b$(rt state "$ID" | jq .pid)\b/PID/g" \
		-e 's/ +[0-9]+ [0-9]{2}:[0-9]{2} / C STIME /' -e 's/ +/ /g'
}

print_all() {
	local RUNTIME=$1 ROOT=$2
	start_sleeper >/dev/null
	{
		rt list; rt list --quiet; rt list --format json | jq -S 'map(del(.ociVersion))'
		rt state "$ID" | jq -S 'del(.owner, .ociVersion)'; rt ps --format json "$ID"; rt ps "$ID"; rt ps "$ID" -o comm,pid
	} | normalized
	rt delete --force "$ID"
	rt list; rt list --format json; rt list --quiet
}

@test "list, state and ps print what runc prints" {
	is coffer || skip "compares coffer with runc"
	command -v runc >/dev/null || skip "no runc here"
	config '.annotations = {"b": "2", "a": "1"}'
	print_all "$(command -v runc)" "$BATS_TEST_TMPDIR/runc" >"$BATS_TEST_TMPDIR/theirs"
	print_all "$RUNTIME" "$ROOT" >"$BATS_TEST_TMPDIR/ours"
	diff "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
}

@test "spec and spec --rootless write what runc writes" {
	is coffer || skip "compares coffer with runc"
	command -v runc >/dev/null || skip "no runc here"
	local name flag
	for flag in "" --rootless; do
		for name in runc "$RUNTIME"; do
			mkdir -p "$BATS_TEST_TMPDIR/$(basename "$name")$flag"
			"$name" spec $flag --bundle "$BATS_TEST_TMPDIR/$(basename "$name")$flag"
		done
		diff <(jq -S 'del(.ociVersion, .hostname)' "$BATS_TEST_TMPDIR/runc$flag/config.json") \
			<(jq -S 'del(.ociVersion, .hostname)' "$BATS_TEST_TMPDIR/coffer$flag/config.json")
	done
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/coffer/config.json")" = "$(stat -c %a "$BATS_TEST_TMPDIR/runc/config.json")" ]
	(umask 077 && "$RUNTIME" spec --bundle "$BATS_TEST_TMPDIR" -f private.json)
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/private.json")" = 600 ]
}

@test "a config.json for spec --rootless runs for an ordinary user's root alone" {
	is crun && skip "not what crun writes"
	local home=$BATS_TEST_TMPDIR/user
	mkdir "$home"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$home/rootfs"
	chown -R 1000:1000 "$home"
	chmod 755 "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" "$BATS_RUN_TMPDIR"
	cd "$home"
	local as_user=(setpriv --reuid 1000 --regid 1000 --clear-groups env XDG_RUNTIME_DIR="$home")
	"${as_user[@]}" "$RUNTIME" spec --rootless
	jq '.process.terminal = false | .process.args = ["id", "-u"] | del(.process.rlimits)' config.json >new && mv new config.json
	run "${as_user[@]}" "$RUNTIME" run "$ID"
	[ "$output" = 0 ]
}

@test "kill takes numbers, names in both cases with and without SIG, and real-time signals" {
	sh_args 'trap "echo got >> /log" USR1 34 37; echo ready > /log; while :; do sleep 0.05; done'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -s "$BUNDLE/rootfs/log"
	local signal count=1
	for signal in 10 USR1 SIGUSR1 usr1 sigusr1 RTMIN SIGRTMIN+3 34; do
		case $signal in *RT*) is runc && continue ;; usr1 | sigusr1) is crun && continue ;; esac
		rt kill "$ID" $signal
		count=$((count + 1))
		wait_until has_lines "$BUNDLE/rootfs/log" $count
	done
	rt kill "$ID" 0 # only asks whether it runs
	is coffer || return 0 # runc takes none for TERM, crun sends nothing
	for signal in 65 -1 SIG FOO RTMIN+99 1x ''; do
		run rt kill "$ID" "$signal"
		[ "$status" = 1 ] || { echo "'$signal': $status $output"; false; }
	done
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
}

has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

@test "kill without a signal is SIGTERM" {
	sh_args 'trap "exit 7" TERM; echo ready > /log; while :; do sleep 0.05; done'
	rt create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" </dev/null >/dev/null 2>&1 3>&-
	rt start "$ID"
	wait_until test -s "$BUNDLE/rootfs/log"
	rt kill "$ID"
	wait_until has_status "$ID" stopped
}

@test "usage errors end with 1, say what is wrong, and nothing is printed to standard output" {
	is coffer || skip "crun ends with 64, runc with 1 or 3"
	local words
	for words in no-such-command --no-such-flag 'run --no-such-flag' run 'run a b' state 'state a b' start kill 'kill a b c' \
		delete exec 'list a' 'ps' 'spec a' pause resume '--log-format xml list' 'list --format xml' '--root' 'help no-such-command'; do
		# shellcheck disable=SC2086
		run --separate-stderr "$RUNTIME" $words
		[ "${words%% *}" = exec ] && [ "$status" = 255 ] && status=1
		[ "$status" = 1 ] || { echo "$words: $status"; false; }
		[ -z "$output" ]
		# shellcheck disable=SC2154
		[ "${#stderr_lines[@]}" = 1 ] && [[ "$stderr" == coffer:* ]] || { echo "$words: $stderr"; false; }
	done
}

@test "--log writes to a file, with and without file:, to the journal and to syslog" {
	is coffer || skip "runc takes a path only"
	local target
	for target in "$BATS_TEST_TMPDIR/a" "file:$BATS_TEST_TMPDIR/b"; do
		run "$RUNTIME" --root "$ROOT" --log "$target" state no-such-container
		[ "$status" = 1 ]
		grep -q 'level=error msg=.*no-such-container' "${target#file:}"
	done
	# In a mount namespace of our own, with daemons of our own.
	cat >"$BATS_TEST_TMPDIR/daemons" <<-'PYTHON'
		import os, socket, subprocess, sys
		runtime, state, directory = sys.argv[1:]
		for target, path in (("syslog:ident", "/dev/log"), ("journald:ident", "/run/systemd/journal/socket")):
		    os.makedirs(os.path.dirname(path), exist_ok=True)
		    daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		    daemon.bind(path)
		    daemon.settimeout(10)
		    subprocess.run([runtime, "--root", state, "--log", target, "state", "no-such-container"], stderr=subprocess.DEVNULL)
		    print(target, daemon.recv(65536).replace(b"\n", b" ").decode(errors="replace"))
	PYTHON
	run unshare --mount --propagation private bash -c 'mount -t tmpfs run /run && mount -t tmpfs dev /dev && exec python3 "$@"' bash \
		"$BATS_TEST_TMPDIR/daemons" "$RUNTIME" "$ROOT" "$BATS_TEST_TMPDIR"
	[[ "$output" =~ syslog:ident\ .*ident.*no-such-container ]] || { echo "$output"; false; }
	[[ "$output" =~ journald:ident\ .*MESSAGE=.*no-such-container ]]
	[[ "$output" =~ SYSLOG_IDENTIFIER=ident ]]
}

@test "--rootless true leaves out cgroups that cannot be made, false and root's auto do not" {
	is coffer || skip "crun ignores --rootless, runc leaves out others"
	args /bin/true
	config '.mounts |= map(select(.type != "cgroup"))'
	local wish
	for wish in true auto false; do
		run unshare --mount --propagation private bash -c '
			for tree in $(findmnt -rno TARGET -t cgroup,cgroup2); do mount -o remount,bind,ro $tree; done
			exec "$@"' bash "$RUNTIME" --rootless $wish --root "$ROOT" run --bundle "$BUNDLE" "$ID"
		case $wish in
		true) [ "$status" = 0 ] ;;
		*) [ "$status" = 1 ] && [[ "$output" == *cgroup* ]] ;;
		esac || { echo "$wish: $status $output"; false; }
		nothing_left
	done
}

# completions WORD…: what bash offers for the last word.
completions() {
	bash -c 'source <(coffer completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _coffer; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

@test "completion offers verbs, then the verb's options; its scripts are sound" {
	is coffer || skip "coffer's own command"
	[ "$(completions coffer sta | sort | paste -sd' ')" = "start state" ]
	completions coffer --root /x run --de | grep -qx -- --detach
	completions coffer delete -- | grep -qx -- --regex
	! completions coffer delete -- | grep -qx -- --detach || false
	"$RUNTIME" completion bash | bash -n
	! command -v zsh >/dev/null || "$RUNTIME" completion zsh | zsh -n || false
	! command -v fish >/dev/null || "$RUNTIME" completion fish | fish -n || false
	run "$RUNTIME" completion tcsh
	refused 'tcsh'
}

@test "--version names program, version and specification, as docker and podman read them" {
	run "$RUNTIME" --version
	[ "$status" = 0 ]
	[[ "${lines[0]}" =~ ^$runtime_name\ version\ [0-9]+\.[0-9]+ ]]
	[[ "$output" =~ spec:\ [0-9]+\.[0-9]+ ]]
}
