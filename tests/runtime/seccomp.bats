#!/usr/bin/env bats
# linux.seccomp: actions on the real kernel, the agent of SCMP_ACT_NOTIFY, what is newer than a profile.
load bundle

setup_file() {
	common_setup_file
	compile call.c "$BATS_FILE_TMPDIR/rootfs/bin/call"
}
setup() {
	common_setup
	AGENT=$BATS_TEST_TMPDIR/agent.sock
	SEEN=$BATS_TEST_TMPDIR/seen
}
teardown() {
	[ -z "${agent_pid:-}" ] || kill "$agent_pid" 2>/dev/null || true
	common_teardown
}

# profile JSON: of linux.seccomp.
profile() {
	config --argjson profile "$1" '.linux.seccomp = $profile'
}

# denying ACTION [ERRNO]: everything is allowed but getcwd (79) and mkdir (83).
denying() {
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getcwd"],"action":"'"$1"'"'"${2:+,\"errnoRet\":$2}"'}]}'
}

# agent ANSWER: one listens at $AGENT from now on.
agent() {
	: >"$SEEN"
	python3 "$BATS_TEST_DIRNAME/seccomp_agent.py" "$AGENT" "$SEEN" "$1" 3>&- &
	agent_pid=$!
	wait_until test -S "$AGENT"
}

# notifying CALL…: those calls are the agent's.
notifying() {
	config --arg agent "$AGENT" '.linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW","listenerPath":$agent,
		"listenerMetadata":"what it is for", "syscalls":[{"names":$ARGS.positional,"action":"SCMP_ACT_NOTIFY"}]}' --args -- "$@"
}

no_new_privileges() {
	config --argjson yes "$1" '.process.noNewPrivileges = $yes'
}

# The n-th state document that the agent got.
state_seen() {
	jq -s "map(select(.state))[$1]" "$SEEN"
}

# ---- actions -------------------------------------------------------------------------------------

@test "ERRNO gives the number of its rule, EPERM without one" {
	args /bin/call 79
	denying SCMP_ACT_ERRNO
	run run_container
	[ "$output" = "errno 1" ]
	denying SCMP_ACT_ERRNO 13
	run run_container
	[ "$output" = "errno 13" ]
	denying SCMP_ACT_ERRNO 0
	run run_container
	[ "$output" = 0 ]
}

@test "profiles that differ in nothing but the number are not mixed up" {
	local number
	args /bin/call 79
	for number in 2 13 38 2; do
		denying SCMP_ACT_ERRNO $number
		run run_container
		[ "$output" = "errno $number" ] || { echo "$number: $output"; is crun && skip "crun's cache leaves the number out"; false; }
	done
}

@test "the default action has its own number" {
	args /bin/call 79 -- 102 -- 39
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}'
	run run_container
	[ "${lines[*]}" = "errno 14 0 0" ] || [ "${lines[0]}" = "errno 34" ]
	profile "$(allow_list '.defaultErrnoRet = 71')"
	run run_container
	[ "${lines[*]}" = "errno 71 errno 71 0" ] || { echo "$output"; false; }
}

@test "KILL, KILL_THREAD, KILL_PROCESS and TRAP end the program with SIGSYS" {
	local action
	args /bin/call 79
	for action in KILL KILL_THREAD KILL_PROCESS TRAP; do
		denying SCMP_ACT_$action
		run run_container
		[ "$status" = 159 ] || { echo "$action: $status $output"; false; }
	done
}

@test "TRACE without a tracer is ENOSYS" {
	args /bin/call 79
	denying SCMP_ACT_TRACE 5
	run run_container
	[ "$output" = "errno 38" ]
}

@test "LOG and ALLOW let the call through" {
	args /bin/call 39
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpid"],"action":"SCMP_ACT_LOG"}]}'
	run run_container
	[ "$output" = 0 ]
	profile "$(allow_list '.')"
	run run_container
	[ "$output" = 0 ]
}

@test "a number for an action that takes none is refused with its path" {
	is runc crun && skip "not in this version"
	denying SCMP_ACT_KILL 5
	run run_container
	refused 'linux.seccomp.syscalls\[0\].errnoRet'
	profile '{"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":5}'
	run run_container
	refused 'linux.seccomp.defaultErrnoRet'
}

# ---- architectures, arguments, flags -------------------------------------------------------------

@test "a rule holds for every architecture that is listed, and others are killed" {
	[ "$(uname -m)" = x86_64 ] || skip "calls of x86"
	"$BATS_FILE_TMPDIR/rootfs/bin/call" --32 20 2>/dev/null | grep -qx 0 || skip "this kernel has no 32 bit calls"
	args /bin/call 39 -- --32 20 # getpid
	profile '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],
		"syscalls":[{"names":["getpid"],"action":"SCMP_ACT_ERRNO","errnoRet":17}]}'
	run run_container
	[ "${lines[*]}" = "errno 17 errno 17" ] || { echo "$output"; false; }
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64"]'
	run run_container
	[ "$status" = 159 ]
	[ "$output" = "errno 17" ]
}

@test "every architecture of the specification is taken, those of other hosts are no error" {
	is runc crun && skip "not all in this version"
	args /bin/call 79
	denying SCMP_ACT_ERRNO 9
	config --argjson all "$(rt features | jq .linux.seccomp.archs)" '.linux.seccomp.architectures = $all'
	[ "$(jq '.linux.seccomp.architectures | length' "$BUNDLE/config.json")" = 23 ]
	run run_container
	[ "${lines[-1]}" = "errno 9" ] || { echo "$output"; false; }
}

@test "conditions on several arguments must all hold, of those on one any may" {
	args /bin/call 95 1 2 -- 95 1 3 -- 95 2 2 -- 95 4 0 # umask reads one argument
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["umask"],"action":"SCMP_ACT_ERRNO","errnoRet":6,
		"args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":1,"value":2,"op":"SCMP_CMP_EQ"}]}]}'
	run run_container
	[ "${lines[*]}" = "errno 6 0 0 0" ]
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["umask"],"action":"SCMP_ACT_ERRNO","errnoRet":6,
		"args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]}]}'
	run run_container
	[ "${lines[*]}" = "errno 6 errno 6 errno 6 0" ]
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["umask"],"action":"SCMP_ACT_ERRNO","errnoRet":6,
		"args":[{"index":0,"value":6,"valueTwo":4,"op":"SCMP_CMP_MASKED_EQ"}]}]}'
	run run_container
	[ "${lines[*]}" = "0 0 0 errno 6" ]
}

@test "every flag of the specification is taken" {
	local flag
	args /bin/call 79
	denying SCMP_ACT_ERRNO 9
	for flag in TSYNC LOG SPEC_ALLOW WAIT_KILLABLE_RECV; do
		is runc && continue # not in 1.1
		is crun && [ $flag = WAIT_KILLABLE_RECV ] && continue
		config --arg flag SECCOMP_FILTER_FLAG_$flag '.linux.seccomp.flags = [$flag]'
		run run_container
		[ "$output" = "errno 9" ] || { echo "$flag: $output"; false; }
	done
	config '.linux.seccomp.flags = []'
	run run_container
	[ "$output" = "errno 9" ]
}

@test "speculation stays as it is unless a profile says otherwise" {
	is crun && skip "crun's cache leaves flags out"
	args /bin/grep Speculation_Store_Bypass /proc/self/status
	denying SCMP_ACT_ERRNO 9
	run run_container
	[ "$status" = 0 ]
	[[ "$output" != *"force mitigated"* ]]
}

# ---- what is newer than the profile --------------------------------------------------------------

# allow_list JQ: what call and coffer need, by name; the newest is 436 (close_range).
allow_list() {
	jq -n '{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"action":"SCMP_ACT_ALLOW","names":[
		"access","arch_prctl","brk","capset","chdir","close","close_range","dup2","dup3","epoll_create1","epoll_ctl","epoll_pwait",
		"execve","exit","exit_group","fchdir","fchown","fcntl","fstat","fstatfs","futex","getdents64","geteuid","getegid","getgid",
		"getpid","getppid","getrandom","gettid","ioctl","lseek","lstat","madvise","mmap","mprotect","munmap","nanosleep",
		"newfstatat","open","openat","openat2","pipe2","prctl","prlimit64","pread64","read","readlink","readlinkat","recvmsg","rseq",
		"rt_sigaction","rt_sigprocmask","rt_sigreturn","sched_getaffinity","sched_yield","sendmsg","set_robust_list",
		"set_tid_address","setgid","setgroups","setresgid","setresuid","setuid","sigaltstack","stat","statfs","statx","tgkill",
		"uname","wait4","waitid","write","writev"]}]} | '"$1"
}

@test "calls that are newer than all that a profile names do not exist, older ones are denied" {
	is crun && skip "only runc and coffer do that"
	args /bin/call 79 -- 450 -- 600
	profile "$(allow_list .)"
	run run_container
	[ "${lines[*]}" = "errno 1 errno 38 errno 38" ] || { echo "$output"; false; }
	profile "$(allow_list '.defaultAction = "SCMP_ACT_KILL_PROCESS"')"
	args /bin/call 450
	run run_container
	[ "$output" = "errno 38" ]
}

@test "naming a newer call makes everything before it old" {
	is crun && skip "only runc and coffer do that"
	args /bin/call 434 -- 437 -- 438 -- 439 -- 440 # up to faccessat2 (439)
	profile "$(allow_list '.syscalls += [{"names":["faccessat2"],"action":"SCMP_ACT_ERRNO","errnoRet":3}]')"
	run run_container
	[ "${lines[0]}" = "errno 1" ]
	[ "${lines[2]}" = "errno 1" ]
	[ "${lines[3]}" = "errno 3" ]
	[ "${lines[4]}" = "errno 38" ]
}

# ---- the agent -----------------------------------------------------------------------------------

@test "an agent gets the listener and answers the calls of run" {
	local yes
	for yes in true false; do
		rm -f "$AGENT"
		agent 'errno 17'
		notifying mkdir
		no_new_privileges $yes
		sh_args 'mkdir /tmp/wanted; test -d /tmp/wanted || echo none'
		run run_container
		[[ "$output" == *"File exists"*none ]] || { echo "$output"; cat "$SEEN"; false; }
		[ "$(jq -r 'select(.call) | .path' "$SEEN")" = /tmp/wanted ]
		kill "$agent_pid"
	done
}

@test "the agent's document is the specification's" {
	agent continue
	notifying mkdir
	config '.annotations = {"a.key":"a value"}'
	args /bin/sleep 1000
	rt run --detach --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until test -s "$SEEN"
	state_seen 0
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(jq -s '.[0].descriptors' "$SEEN")" = 1 ]
	[ "$(state_seen 0 | jq -r .state.ociVersion)" = "$(rt state "$ID" | jq -r .ociVersion)" ]
	[ "$(state_seen 0 | jq -c .state.fds)" = '["seccompFd"]' ]
	[ "$(state_seen 0 | jq -r .state.pid)" = "$pid" ]
	[ "$(state_seen 0 | jq -r .state.metadata)" = "what it is for" ]
	[ "$(state_seen 0 | jq -r .state.state.id)" = "$ID" ]
	[ "$(state_seen 0 | jq -r .state.state.pid)" = "$pid" ]
	[ "$(state_seen 0 | jq -r .state.state.bundle)" = "$BUNDLE" ]
	[ "$(state_seen 0 | jq -r '.state.state.annotations["a.key"]')" = "a value" ]
	[[ "$(state_seen 0 | jq -r .state.state.status)" =~ ^(creating|created|running)$ ]]
}

@test "an executed process is introduced with its own pid" {
	agent 'errno 17'
	notifying mkdir
	start_sleeper
	run rt exec --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" /bin/sh -c 'mkdir /tmp/wanted'
	[[ "$output" == *"File exists"* ]]
	[ "$(state_seen 1 | jq -r .state.pid)" = "$(cat "$BATS_TEST_TMPDIR/pid")" ] || { is crun && skip "crun says 0"; false; }
	[ "$(state_seen 1 | jq -r .state.state.pid)" = "$(rt state "$ID" | jq .pid)" ] || is runc crun
	[ "$(state_seen 1 | jq -r .state.state.id)" = "$ID" ]
}

@test "create and start introduce the container" {
	agent 'errno 17'
	notifying mkdir
	sh_args 'mkdir /tmp/wanted 2>/tmp/said; sleep 1000'
	create_container
	rt start "$ID" </dev/null >/dev/null 2>&1 3>&-
	wait_until grep -q 'File exists' "$BUNDLE/rootfs/tmp/said" || wait_until grep -q wanted "$SEEN"
	[ "$(state_seen 0 | jq -r .state.pid)" = "$(rt state "$ID" | jq .pid)" ]
}

@test "the calls of the start itself may be the agent's" {
	local yes
	is runc && skip "runc 1.1 waits for its own reads"
	agent continue
	notifying execve openat open read close fchdir setresuid capset prctl
	args /bin/call 39
	for yes in true false; do
		no_new_privileges $yes
		run run_container
		[ "$status" = 0 ] || { echo "$output"; cat "$SEEN"; false; }
		grep -q '"call": 59,' "$SEEN"
	done
}

@test "the listener stays out of the container" {
	agent continue
	notifying mkdir
	sh_args 'ls /proc/self/fd; readlink /proc/self/fd/*'
	run run_container
	[ "$(echo "${lines[@]:0:4}")" = "0 1 2 3" ] || { echo "$output"; false; } # 3 is what ls reads
	[[ "$output" != *seccomp* ]]
}

@test "a startContainer hook is under the filter" {
	is crun && skip "crun's hook is not"
	agent 'errno 17'
	notifying mkdir
	no_new_privileges false
	config '.hooks.startContainer = [{"path":"/bin/sh","args":["sh","-c","mkdir /tmp/by-hook; test ! -e /tmp/by-hook"]}]'
	args /bin/true
	run run_container
	[ "$status" = 0 ] || { echo "$output"; false; }
	grep -q by-hook "$SEEN"
}

@test "an agent that goes away leaves ENOSYS, not a program that waits" {
	agent drop
	notifying getcwd
	args /bin/call 79
	run run_container
	[ "$output" = "errno 38" ]
}

@test "without an agent at the socket nothing is started" {
	notifying mkdir
	args /bin/true
	run run_container
	refused 'seccomp|agent.sock'
	! is coffer || [[ "$output" == *linux.seccomp.listenerPath* ]] || false
	nothing_left
	python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$AGENT" # nobody listens
	run run_container
	refused 'connect'
	nothing_left
}

@test "NOTIFY without the socket of an agent is refused" {
	args /bin/true
	notifying mkdir
	config 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
	is crun && skip "crun then has no listener"
	run run_container
	refused 'listenerPath|seccomp'
	nothing_left
}

@test "NOTIFY by default, or for the calls that hand over the listener, is refused with its path" {
	is crun && skip "crun does not look"
	args /bin/true
	notifying mkdir
	config '.linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY"'
	run run_container
	refused 'linux.seccomp.defaultAction|SCMP_ACT_NOTIFY cannot be used as default action'
	notifying mkdir write
	run run_container
	refused 'linux.seccomp.syscalls\[0\].action|SCMP_ACT_NOTIFY cannot be used for the write syscall'
	is runc && return
	notifying mkdir sendmsg
	run run_container
	refused 'linux.seccomp.syscalls\[0\].action.*sendmsg'
}

@test "a filter that keeps its own listener in is refused" {
	is runc crun && skip "they send with other calls"
	agent continue
	profile "$(allow_list '.syscalls[0].names -= ["sendmsg"] | .syscalls += [{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]
		| .listenerPath = "'"$AGENT"'"')"
	run run_container
	refused 'linux.seccomp.*sendmsg'
}

@test "start of a container whose agent has gone fails, and it may be tried again" {
	is runc crun && skip "they meet the agent at create"
	agent continue
	notifying mkdir
	args /bin/sleep 1000
	create_container
	kill "$agent_pid"
	rm "$AGENT"
	run rt start "$ID"
	refused 'seccomp agent.*connect'
	[ "$(status_of "$ID")" = created ]
	agent continue
	rt start "$ID" </dev/null >/dev/null 2>&1 3>&-
	[ "$(status_of "$ID")" = running ]
}

# ---- crun's annotations --------------------------------------------------------------------------

@test "the agent may be named by annotation or by environment" {
	is runc && skip "crun's annotation"
	agent 'errno 17'
	notifying mkdir
	config 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
	sh_args 'mkdir /tmp/wanted'
	config --arg agent "$AGENT" '.annotations["run.oci.seccomp.receiver"] = $agent'
	run run_container
	[[ "$output" == *"File exists"* ]] || { echo "$output"; false; }
	config 'del(.annotations)'
	RUN_OCI_SECCOMP_RECEIVER=$AGENT run run_container
	[[ "$output" == *"File exists"* ]] || { echo "$output"; false; }
	config '.annotations["run.oci.seccomp.receiver"] = "not/absolute"'
	run run_container
	refused 'run.oci.seccomp.receiver.*not an absolute path|not an absolute path'
}

@test "an unknown system call is skipped, or an error when the annotation says so" {
	is runc && skip "crun's annotation"
	args /bin/call 79
	denying SCMP_ACT_ERRNO 9
	config '.linux.seccomp.syscalls[0].names += ["no_such_call"]'
	run run_container
	[[ "$output" == *"errno 9" ]]
	config '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "1"'
	run run_container
	refused 'no_such_call'
	! is coffer || [[ "$output" == *"linux.seccomp.syscalls[0]"* ]]
}

# program INSTRUCTION…: "code jt jf k" each, in base64.
program() {
	python3 -c 'import base64,struct,sys
print(base64.b64encode(b"".join(struct.pack("=HBBI", *(int(n, 0) for n in i.split())) for i in sys.argv[1:])).decode())' "$@"
}

@test "a program of somebody else's is loaded as it is" {
	is runc && skip "crun's annotation"
	args /bin/call 79 -- 39
	denying SCMP_ACT_ERRNO 9
	config --arg raw "$(program '0x20 0 0 0' '0x15 0 1 79' '0x06 0 0 0x50015' '0x06 0 0 0x7fff0000')" \
		'.annotations["run.oci.seccomp_bpf_data"] = $raw'
	run run_container
	[ "${lines[*]}" = "errno 21 0" ] || { echo "$output"; false; }
	is crun && return
	config 'del(.linux.seccomp)'
	run run_container
	[ "${lines[*]}" = "errno 21 0" ] || { echo "$output"; false; }
	config '.annotations["run.oci.seccomp_bpf_data"] = "!"'
	run run_container
	refused 'annotations\["run.oci.seccomp_bpf_data"\].*not base64'
	config '.annotations["run.oci.seccomp_bpf_data"] = "AAAA"'
	run run_container
	refused 'annotations\["run.oci.seccomp_bpf_data"\].*3 bytes'
	config --arg raw "$(program '0x20 0 0 0')" '.annotations["run.oci.seccomp_bpf_data"] = $raw'
	run run_container
	refused 'cannot load the seccomp filter'
	nothing_left
}

@test "a program of somebody else's may have an agent" {
	is runc crun && skip "crun's annotation, without this"
	agent 'errno 17'
	args /bin/call 83
	config --arg raw "$(program '0x20 0 0 0' '0x15 0 1 83' '0x06 0 0 0x7fc00000' '0x06 0 0 0x7fff0000')" \
		--arg agent "$AGENT" '.annotations = {"run.oci.seccomp_bpf_data": $raw, "run.oci.seccomp.receiver": $agent}'
	run run_container
	[ "$output" = "errno 17" ] || { echo "$output"; false; }
}
