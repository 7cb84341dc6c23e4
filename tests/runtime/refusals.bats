#!/usr/bin/env bats
# The form of every refusal, of every verb: one line; the flag, the JSON path or the container first; then what
# was being done, the system call and the reason, each once.
load bundle
bats_require_minimum_version 1.5.0

setup_file() { common_setup_file; }
setup() { common_setup; is coffer || skip "a form of coffer's"; }
teardown() { common_teardown; }

# told PLACE COMMAND…: the command fails with one line on standard error, with this place in it and no
# stack of prefixes: WHERE: WHAT: CALL: REASON has four parts behind the program's name, a hint none of its own.
told() {
	local place=$1 parts
	shift
	run --separate-stderr rt "$@"
	[ "$status" != 0 ] || { echo "$*: succeeded"; return 1; }
	[ -z "$output" ] || { echo "$*: prints to standard output: $output"; return 1; }
	# shellcheck disable=SC2154
	[ "${#stderr_lines[@]}" = 1 ] || { echo "$*: ${#stderr_lines[@]} lines: $stderr"; return 1; }
	[[ "$stderr" == coffer:\ * ]] || { echo "$*: $stderr"; return 1; }
	[[ "$stderr" == *"$place"* ]] || { echo "$*: no '$place': $stderr"; return 1; }
	# "config.json: PATH (line N:M): what: call: reason" at most.
	parts=$(sed -E 's/"[^"]*"//g; s/\([^)]*\)//g' <<<"$stderr" | grep -o ': ' | wc -l)
	case $stderr in *'exec: "'*) parts=$((parts - 1)) ;; esac # runc's words, which engines read
	[ "$parts" -le 5 ] || { echo "$*: a stack of prefixes: $stderr"; return 1; }
	[ -z "$(sed -E 's/: /\n/g' <<<"${stderr,,}" | sort | uniq -d)" ] || { echo "$*: says something twice: $stderr"; return 1; }
}

@test "a flag's value that is none names the flag" {
	local verb
	for verb in create run; do
		told --preserve-fds $verb --preserve-fds many "$ID"
		told --preserve-fds $verb --preserve-fds -1 "$ID"
		told --bundle $verb "$ID" --bundle
		told --no-pivot $verb --no-pivot=perhaps "$ID"
	done
	told --preserve-fds exec --preserve-fds x "$ID" true
	told --format list --format xml
	told --format ps --format xml "$ID"
	told --regex kill --regex '[' TERM
	told --regex delete --regex '['
	told --log-level --log-level loud list
	told --log-format --log-format xml list
	told --rootless --rootless maybe list
	told --cgroup-manager --cgroup-manager none list
	told no-such-flag state --no-such-flag
	told FOO kill "$ID" FOO
	told /no/such/log --log /no/such/log list
}

@test "a container that is not there is named, whatever the verb" {
	local verb
	for verb in start state kill delete pause resume ps exec update; do
		case $verb in
		exec) told no-such-container exec no-such-container true ;;
		update) told no-such-container update --pids-limit 5 no-such-container ;;
		*) told no-such-container $verb no-such-container ;;
		esac
	done
}

@test "an id that is none is named, whatever the verb" {
	local verb
	for verb in start state kill delete pause resume ps create run; do
		case $verb in
		create | run) told ../x $verb --bundle "$BUNDLE" ../x ;;
		*) told ../x $verb ../x ;;
		esac
	done
	told ../x exec ../x true
	told ../x update --pids-limit 5 ../x
}

@test "a verb that does not fit the container's state names the container" {
	args /bin/sleep 1000
	create_container
	told "$ID" resume "$ID"
	told "$ID" create --bundle "$BUNDLE" "$ID"
	rt start "$ID"
	told "$ID" start "$ID"
	told "$ID" delete "$ID"
	told "$ID" resume "$ID"
	rt pause "$ID"
	told "$ID" pause "$ID"
	told "$ID" start "$ID"
	told "$ID" exec "$ID" true
	rt resume "$ID"
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	told "$ID" kill "$ID" TERM
	told "$ID" start "$ID"
	told "$ID" exec "$ID" true
	told "$ID" pause "$ID"
}

@test "what exec is given and cannot have is named" {
	start_sleeper
	told --user exec --user x "$ID" true
	told --user exec --user 4294967295 "$ID" true
	told --additional-gids exec --additional-gids x "$ID" true
	told "--cap: unknown capability \"CAP_NO_SUCH" exec --cap CAP_NO_SUCH "$ID" true
	told '--cwd: "relative' exec --cwd relative "$ID" true
	told /no/such/process exec --process /no/such/process "$ID"
	echo '{"args":["true"],"cwd":5}' >"$BATS_TEST_TMPDIR/process"
	told "$BATS_TEST_TMPDIR/process: cwd" exec --process "$BATS_TEST_TMPDIR/process" "$ID"
	echo '{"args":["true"],"cwd":"relative"}' >"$BATS_TEST_TMPDIR/process"
	told "$BATS_TEST_TMPDIR/process: cwd" exec --process "$BATS_TEST_TMPDIR/process" "$ID"
	echo '{' >"$BATS_TEST_TMPDIR/process"
	told "$BATS_TEST_TMPDIR/process" exec --process "$BATS_TEST_TMPDIR/process" "$ID"
	told '--env: "NOVALUE' exec --env NOVALUE "$ID" true
	told /no/such/program exec "$ID" /no/such/program
	told /no/such/socket exec --tty --detach --console-socket /no/such/socket "$ID" true
	told /no/such/dir exec --detach --pid-file /no/such/dir/pid "$ID" true
	told no/such/group exec --cgroup no/such/group "$ID" true
}

@test "a configuration's refusal has file, path, line and column, whether the check, the plan, the kernel or the container refuses" {
	local path change
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/whole.json"
	while IFS='|' read -r path change; do
		jq "$change" "$BATS_TEST_TMPDIR/whole.json" >"$BUNDLE/config.json"
		[ "$path" = process.args ] || args /bin/true
		told "config.json: $path" run --bundle "$BUNDLE" "$ID" || { echo "$change"; false; }
		[[ "$stderr" =~ \(line\ [0-9]+:[0-9]+\) ]] || { echo "no line: $stderr"; false; }
		nothing_left
	done <<-'ROWS'
		process.args|.process.args = []
		process.args|.process.args = ["/no/such/program"]
		process.cwd|.process.cwd = "/bin/busybox"
		process.user.uid|.process.user.uid = -1
		process.rlimits[0]|.process.rlimits = [{"type":"RLIMIT_NOFILE","soft":10000000000,"hard":10000000000}]
		process.apparmorProfile|.process.apparmorProfile = "no-such-profile"
		process.selinuxLabel|.process.selinuxLabel = "no:such:label:s0"
		process.ioPriority|.process.ioPriority = {"class": "IOPRIO_CLASS_X", "priority": 0}
		root.path|.root.path = "nothing"
		mounts[7].source|.mounts += [{"destination":"/m","type":"bind","source":"/no/such","options":["bind"]}]
		mounts[7]|.mounts += [{"destination":"/m","type":"nosuchfs","source":"x"}]
		mounts[7]|.mounts += [{"destination":"/m","type":"tmpfs","source":"x","options":["no-such-option"]}]
		mounts[7].options|.mounts += [{"destination":"/m","type":"bind","source":"/tmp","options":["bind","no-such-option"]}]
		mounts[7]|.mounts += [{"destination":"/etc/passwd/x","type":"tmpfs","source":"x"}]
		hostname|.linux.namespaces |= map(select(.type != "uts"))
		linux.namespaces|.linux.namespaces |= map(if .type == "network" then .path = "/no/such" else . end)
		linux.namespaces|.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)
		linux.uidMappings|.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{"containerID":0,"hostID":0,"size":0}] | .linux.gidMappings = .linux.uidMappings
		linux.sysctl|.linux.sysctl = {"net.nosuch": "1"}
		linux.sysctl|.linux.sysctl = {"net.ipv4.ip_forward": "many"}
		linux.devices[0]|.linux.devices = [{"type":"c","path":"/etc/passwd/x","major":1,"minor":3}]
		linux.resources.memory|.linux.resources.memory = {"swappiness": 1000}
		linux.resources.hugepageLimits[0]|.linux.resources.hugepageLimits = [{"pageSize":"3MB","limit":1}]
		linux.resources.unified|.linux.resources.unified = {"nosuch.key": "1"}
		linux.resources.cpu.cpus|.linux.resources.cpu = {"cpus": "1000-1001"}
		linux.cgroupsPath|.linux.cgroupsPath = "/"
		linux.seccomp|.linux.seccomp = {"defaultAction": "SCMP_ACT_X"}
		linux.netDevices|.linux.netDevices = {"nosuchdevice": {}}
		linux.rootfsPropagation|.linux.rootfsPropagation = "everywhere"
		linux.personality|.linux.personality = {"domain": "BSD"}
		hooks.prestart[0]|.hooks.prestart = [{"path":"/bin/false"}]
		hooks.createContainer[0]|.hooks.createContainer = [{"path":"/no/such/hook"}]
		hooks.startContainer[0]|.hooks.startContainer = [{"path":"/no/such/hook"}]
		hooks.poststart[0]|.hooks.poststart = [{"path":"/bin/false"}]
	ROWS
}
