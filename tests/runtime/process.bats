#!/usr/bin/env bats
# The process object: user, capabilities, limits, environment, seccomp (config.md "Process").
load bundle

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

inside() {
	sh_args "$1"
	run run_container
	[ "$status" = 0 ] || { echo "status $status: $output"; return 1; }
}

@test "user, group and additional groups are as configured" {
	config '.process.user = {"uid":1000,"gid":1001,"additionalGids":[5,6]}'
	inside 'id -u; id -g; grep Groups /proc/self/status'
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = 1001 ]
	[[ "${lines[2]}" =~ 5\ 6 ]]
}

@test "capabilities are exactly those configured" {
	config '.process.capabilities = {"bounding":["CAP_KILL","CAP_CHOWN"],"effective":["CAP_KILL"],
		"permitted":["CAP_KILL","CAP_CHOWN"]}'
	inside 'grep Cap /proc/self/status | tr "\t" " "'
	[[ "$output" == *"CapInh: 0000000000000000"* ]]
	[[ "$output" == *"CapPrm: 0000000000000021"* ]]
	[[ "$output" == *"CapBnd: 0000000000000021"* ]]
	[[ "$output" == *"CapAmb: 0000000000000000"* ]]
}

@test "without capabilities there are none" {
	config 'del(.process.capabilities)'
	inside 'grep -E "Cap(Prm|Eff|Bnd)" /proc/self/status | tr "\t" " "'
	[[ "$output" == *"CapPrm: 0000000000000000"*"CapEff: 0000000000000000"*"CapBnd: 0000000000000000"* ]]
}

@test "an ordinary user has no effective capability unless ambient" {
	config '.process.user = {"uid":1000,"gid":1000}
		| .process.capabilities = {"bounding":["CAP_KILL"],"effective":["CAP_KILL"],"permitted":["CAP_KILL"]}'
	inside 'grep CapEff /proc/self/status'
	[[ "$output" == *0000000000000000 ]]
	config '.process.capabilities |= (.inheritable = ["CAP_KILL"] | .ambient = ["CAP_KILL"])'
	inside 'grep CapEff /proc/self/status'
	[[ "$output" == *0000000000000020 ]]
}

@test "no_new_privs is set when asked for, and only then" {
	config '.process.noNewPrivileges = true'
	inside 'grep NoNewPrivs /proc/self/status'
	[[ "$output" == *1 ]]
	config '.process.noNewPrivileges = false'
	inside 'grep NoNewPrivs /proc/self/status'
	[[ "$output" == *0 ]]
}

@test "rlimits are set" {
	config '.process.rlimits = [{"type":"RLIMIT_NOFILE","soft":100,"hard":200},{"type":"RLIMIT_CORE","soft":0,"hard":0}]'
	inside 'ulimit -Sn; ulimit -Hn; ulimit -c'
	[ "${lines[*]}" = "100 200 0" ]
}

@test "the environment is exactly the configured one" {
	config '.process.env = ["PATH=/bin", "HOME=/nowhere", "A=b=c"]'
	inside 'env | sort'
	[[ "$output" == *"A=b=c"*"HOME=/nowhere"*"PATH=/bin"* ]]
	SECRET=x inside 'env'
	[[ "$output" != *SECRET* ]]
}

@test "HOME comes from the container's passwd file when it is not set" {
	config '.process.env = ["PATH=/bin"] | .process.user = {"uid":1000,"gid":1000}'
	inside 'echo $HOME'
	[ "$output" = /home/user ]
}

@test "the working directory is the configured one, made when missing" {
	config '.process.cwd = "/some/where"'
	inside 'pwd'
	[ "$output" = /some/where ]
}

@test "the umask is the configured one, 0022 by default" {
	inside 'umask'
	[ "$output" = 0022 ]
	config '.process.user.umask = 63'
	inside 'umask'
	[ "$output" = 0077 ]
}

@test "oomScoreAdj is set" {
	config '.process.oomScoreAdj = 100'
	inside 'cat /proc/self/oom_score_adj'
	[ "$output" = 100 ]
}

@test "a program is found in PATH of the configured environment" {
	mkdir "$BUNDLE/rootfs/opt"
	printf '#!/bin/sh\necho found\n' >"$BUNDLE/rootfs/opt/mine"
	chmod +x "$BUNDLE/rootfs/opt/mine"
	config '.process.env = ["PATH=/nowhere:/opt"]'
	args mine
	run run_container
	[ "$output" = found ]
}

@test "a missing program is an error of create, in the words that engines parse" {
	args /no/such/program
	run rt create --bundle "$BUNDLE" "$ID"
	refused '(no such file or directory|No such file or directory)'
	! is coffer || refused 'exec: "/no/such/program": stat /no/such/program: no such file or directory' || false
	nothing_left
	args nosuchprogram
	run rt create --bundle "$BUNDLE" "$ID"
	refused 'executable file .* ?not found in \$PATH'
	nothing_left
}

@test "a file that is not executable is refused: permission denied" {
	args /etc/passwd
	run run_container
	refused '[Pp]ermission denied'
	nothing_left
}

@test "descriptors that the caller left open stay out of the container, of exec, too" {
	sh_args 'ls /proc/self/fd'
	run run_container 10</etc/passwd 111</etc/passwd
	[ "$(echo $output)" = "0 1 2 3" ] # 3 is what ls reads
	rt delete --force "$ID"
	start_sleeper
	run rt exec "$ID" ls /proc/self/fd 10</etc/passwd 111</etc/passwd
	[ "$(echo $output)" = "0 1 2 3" ]
}

@test "a directory is refused as execve(2) would: permission denied, of which docker makes 126" {
	args /etc
	run run_container
	is runc || refused '[Pp]ermission denied'
	nothing_left
	args sub
	mkdir "$BUNDLE/rootfs/bin/sub"
	run run_container
	refused 'not found in \$PATH'
	nothing_left
}

@test "a missing interpreter is named" {
	is coffer || skip "an error text of coffer's"
	printf '#!/no/such/shell\n' >"$BUNDLE/rootfs/bin/script"
	chmod +x "$BUNDLE/rootfs/bin/script"
	args /bin/script
	run run_container
	refused '/no/such/shell'
	nothing_left
}

@test "seccomp: errnoRet of each rule is kept, also when rules differ in nothing else" {
	local errno
	for errno in 2 13 38; do
		config --argjson errno $errno '.linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW",
			"architectures":["SCMP_ARCH_X86_64"],
			"syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":$errno}]}'
		sh_args 'mkdir /tmp/x 2>&1; true'
		run run_container
		case $errno in
		2) [[ "$output" == *"No such file"* ]] ;;
		13) [[ "$output" == *"ermission denied"* ]] ;;
		38) [[ "$output" == *"not implemented"* ]] ;;
		esac || { is crun && skip "a defect of crun: filters with different errnoRet are mixed up"; echo "errno $errno: $output"; false; }
	done
}

@test "seccomp: a filter with no_new_privs works for an ordinary user" {
	config '.process.noNewPrivileges = true | .process.user = {"uid":1000,"gid":1000}
		| .linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW",
		"syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}'
	inside 'grep Seccomp: /proc/self/status; mkdir /tmp/y 2>&1; true'
	[[ "${lines[0]}" == *2 ]]
	[[ "$output" == *"not permitted"* ]]
}

@test "seccomp: killing a process ends the container with SIGSYS" {
	config '.linux.namespaces |= map(select(.type != "pid")) | .linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW",
		"syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_KILL_PROCESS"}]}'
	args /bin/mkdir /tmp/z
	run run_container
	[ "$status" = 159 ]
}

@test "the session keyring is the container's own" {
	inside 'cat /proc/keys 2>/dev/null | grep -c "_ses.'"$ID"'" || true'
	[ "$status" = 0 ]
}

@test "a caller's /dev/null is the container's own in there, for exec too" {
	sh_args 'for fd in 0 1 2; do stat -L -c %d /proc/self/fd/$fd; done >/said; stat -c %d /dev >>/said; sleep 1000'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>/dev/null 3>&-
	wait_until sh -c "[ \$(grep -c . '$BUNDLE/rootfs/said') = 4 ]"
	[ "$(sed -n '1p;3p' "$BUNDLE/rootfs/said" | sort -u)" = "$(sed -n 4p "$BUNDLE/rootfs/said")" ]
	is runc || [ "$(rt exec "$ID" /bin/stat -L -c %d /proc/self/fd/0 </dev/null)" = "$(sed -n 4p "$BUNDLE/rootfs/said")" ]
}
