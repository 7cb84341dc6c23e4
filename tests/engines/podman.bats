#!/usr/bin/env bats
# podman as root: one container at a time, from run to rm. See `room` for where this happens.
load podman

setup_file() {
	make_podman
}

# conmon leaves a file named oom where it was started.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	leave_podman
}

run_here() {
	podman run --rm --network none "$@"
}

@test "podman info names the runtime and its version" {
	run podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}'
	ends 0
	says "coffer /usr/local/bin/coffer " version
}

@test "run prints the program's output and ends with its exit code" {
	run run_here $IMAGE sh -c 'echo from inside; exit 3'
	ends 3
	[ "$output" = "from inside" ]
}

@test "--runtime PATH works as well" {
	run podman --runtime /usr/local/bin/coffer run --rm --network none $IMAGE echo yes
	ends 0
	[ "$output" = yes ]
}

@test "--runtime-flag goes before the verb" {
	[ "$(run_with_flag log-format=text $IMAGE echo yes)" = yes ]
	run run_with_flag nosuchflag $IMAGE echo no
	[ "$status" != 0 ]
}

run_with_flag() {
	podman --runtime-flag "$1" run --rm --network none "${@:2}"
}

@test "a program that is missing ends with 127, one that cannot be executed with 126" {
	run run_here $IMAGE nosuchprogram
	ends 127
	run run_here $IMAGE /no/such
	ends 127
	run run_here $IMAGE /etc/passwd
	ends 126
	run run_here $IMAGE /etc
	ends 126
	run run_here --user 1000 $IMAGE /root
	ends 126
}

@test "without JSON from the runtime, 126 and 127 are told from its plain words" {
	cp "$RUNTIME" plain
	run podman --runtime "$PWD/plain" run --rm --network none $IMAGE nosuchprogram
	ends 127
	run podman --runtime "$PWD/plain" run --rm --network none $IMAGE /etc/passwd
	ends 126
}

@test "what the runtime refuses ends with 126 or 125 and is told in one line" {
	run run_here --sysctl kernel.nosuchsetting=1 $IMAGE true
	[ "$status" = 125 ] || [ "$status" = 126 ] || [ "$status" = 127 ]
	says nosuchsetting
	run podman run --nosuchoption $IMAGE
	ends 125
}

@test "standard input is passed on" {
	[ "$(echo through | run_here -i $IMAGE cat)" = through ]
}

# The programs live on a little: conmon 2.1 may lose what a terminal's program wrote when it ends within
# milliseconds of its start.
@test "run -it has a terminal, of the right size, and its keys arrive" {
	run on_terminal "podman run --rm -it --network none $IMAGE sh -c 'tty; echo type; read x; stty size; echo got \$x; sleep 0.2; exit 4'" \
		type 'size=30x100' '' 'word\r'
	ends 4
	says /dev/pts/0 "30 100" "got word"
}

@test "ctrl-C ends what runs on a terminal" {
	run on_terminal "podman run --rm -it --network none $IMAGE sh -c 'trap \"exit 5\" INT; echo ready; while :; do sleep 0.1; done'" ready '\x03'
	ends 5
}

@test "detach keys leave the container running, attach comes back to it" {
	run on_terminal "podman run -it --name keys --network none $IMAGE sh -c 'echo ready; while read x; do echo got \$x; done'" \
		ready '\x10\x11'
	ends 0
	[ "$(state_of keys)" = "running 0" ]
	run on_terminal "podman attach keys" '' 'again\r' 'got again' '\x10\x11'
	ends 0
	podman rm -f -t 0 keys
}

@test "a terminal's new size arrives" {
	run on_terminal "podman run --rm -it --network none $IMAGE sh -c 'trap \"stty size; sleep 0.2; exit 6\" WINCH; echo ready; while :; do sleep 0.1; done'" \
		ready size=33x111
	ends 6
	says "33 111"
}

@test "a detached container: logs, top, stats, exec, pause, restart, stop" {
	start_sleeper d
	run podman top d pid comm
	ends 0
	says sh
	run podman stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' d
	ends 0
	[[ "$output" =~ ^d\ [1-9] ]] || ! has_controller pids
	podman pause d
	[ "$(state_of d)" = "paused 0" ]
	run podman exec d true
	[ "$status" != 0 ]
	podman unpause d
	podman restart --time 5 d
	wait_until eval '[ "$(podman logs d | grep -c ready)" = 2 ]'
	podman stop --time 5 d
	[ "$(state_of d)" = "exited 7" ]
	podman start d
	[ "$(state_of d)" = "running 0" ]
	podman kill --signal KILL d
	[ "$(podman wait d)" = 137 ]
	run podman kill d
	[ "$status" != 0 ]
	podman rm d
}

@test "stop kills what does not listen to TERM" {
	podman run -d --name deaf --network none $IMAGE sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	podman stop --time 1 deaf
	[ "$(state_of deaf)" = "exited 137" ]
	podman rm deaf
}

@test "signals by name and number reach the program" {
	podman run -d --name s --network none $IMAGE sh -c 'trap "echo hup" HUP; trap "echo usr" USR1; echo ready; while :; do sleep 0.05; done'
	wait_until has_said s ready
	podman kill --signal HUP s
	wait_until has_said s hup
	podman kill --signal 10 s
	wait_until has_said s usr
	podman rm -f -t 0 s
}

@test "exec: output, exit codes, users, directories, terminals, detached" {
	start_sleeper x
	[ "$(podman exec x echo executed)" = executed ]
	run podman exec x sh -c 'exit 9'
	ends 9
	run podman exec x nosuchprogram
	ends 127
	run podman exec x /etc/passwd
	ends 126
	[ "$(podman exec --user 1000:1000 --workdir /tmp --env A=b x sh -c 'id -u; pwd; echo $A' | tr '\n' ' ')" = "1000 /tmp b " ]
	[ "$(echo piped | podman exec -i x cat)" = piped ]
	run on_terminal "podman exec -it x sh -c 'tty; sleep 0.2; exit 8'"
	ends 8
	says /dev/pts/
	podman exec -d x sh -c 'echo detached >/tmp/f'
	wait_until podman exec x grep -q detached /tmp/f
	run podman exec --privileged x grep CapEff /proc/self/status
	ends 0
	[ "$(enter podman exec --preserve-fds 1 x cat /proc/self/fd/3 3</etc/hostname)" = "$(cat /etc/hostname)" ]
	podman rm -f -t 0 x
	run podman exec x true
	ends 125
}

@test "cp goes in and out, of a running and of a stopped container" {
	start_sleeper c
	echo in >file
	podman cp file c:/data/file
	[ "$(podman exec c cat /data/file)" = in ]
	podman exec c sh -c 'echo out >/data/file'
	podman stop --time 5 c
	podman cp c:/data/file back
	[ "$(cat back)" = out ]
	podman rm c
}

@test "events tell of the container's life" {
	podman run -d --name e --network none $IMAGE true
	podman wait e
	run podman events --stream=false --filter container=e --format '{{.Status}}'
	ends 0
	says create init start died
	podman rm e
}

@test "a health check runs in the container" {
	start_sleeper h --health-cmd 'test -e /tmp/well' --health-interval disable
	run podman healthcheck run h
	[ "$status" != 0 ]
	podman exec h touch /tmp/well
	run podman healthcheck run h
	ends 0
	podman rm -f -t 0 h
}

@test "limits arrive in the container's control group" {
	needs_controllers memory cpu pids cpuset
	run run_here --memory 64m --cpus 0.5 --cpu-shares 512 --pids-limit 33 --cpuset-cpus 0 $IMAGE sh -c '
		cd /sys/fs/cgroup
		cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares pids/pids.max cpuset/cpuset.cpus ||
		cat memory.max cpu.max cpu.weight pids.max cpuset.cpus'
	ends 0
	says 67108864 50000 33
}

@test "limits are changed while it runs" {
	needs_controllers memory cpu pids cpuset
	start_sleeper u --memory 64m
	run podman update --memory 96m --cpus 0.7 --pids-limit 44 u
	[ "$status" = 0 ] || run podman update --memory 96m --cpus 0.7 u
	ends 0
	run podman exec u sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us || cat memory.max cpu.max'
	says 100663296 70000
	podman rm -f -t 0 u
}

@test "limits bite: pids, and memory by the OOM killer with 137" {
	needs_controllers memory cpu pids cpuset
	run run_here --pids-limit 5 $IMAGE sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
	says fork
	run podman run --name oom --network none --memory 20m --memory-swap 20m $IMAGE sh -c 'x=xxxxxxxx; while :; do x=$x$x; done'
	ends 137
	podman rm oom
}

@test "devices: what was given works, what was not is refused" {
	run run_here --device /dev/full $IMAGE sh -c 'echo x >/dev/full'
	says "No space left"
	run run_here --cap-add mknod $IMAGE sh -c 'mknod /tmp/k c 1 2 2>/dev/null || busybox mknod /tmp/k c 1 2; cat /tmp/k'
	[ "$status" != 0 ]
	says "not permitted"
}

@test "capabilities, seccomp and no-new-privileges are podman's" {
	run run_here --cap-drop all --cap-add chown $IMAGE grep Cap /proc/self/status
	[[ "$output" =~ CapEff:.0000000000000001 ]]
	run run_here $IMAGE grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
	[[ "$output" =~ NoNewPrivs:.0.*Seccomp:.2 ]]
	run run_here --security-opt seccomp=unconfined --security-opt no-new-privileges $IMAGE grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
	[[ "$output" =~ NoNewPrivs:.1.*Seccomp:.0 ]]
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]}' >profile
	run run_here --security-opt seccomp=profile $IMAGE sh -c 'busybox mkdir /tmp/d'
	says "Permission denied"
}

@test "--privileged gives what the caller has" {
	run run_here --privileged $IMAGE sh -c 'grep CapEff /proc/self/status; ls /dev | wc -l; mount -t tmpfs x /tmp && echo mounted'
	ends 0
	says "$(grep CapBnd /proc/self/status | cut -f2)" mounted
}

@test "users and groups" {
	[ "$(run_here --user 1000:1000 --group-add 55 $IMAGE id | cut -d' ' -f1,2)" = "uid=1000(user) gid=1000(user)" ]
	[[ "$(run_here --user user --group-add 55 $IMAGE id)" == *55* ]]
}

@test "root file systems: read-only, tmpfs, shm size, an unpacked one" {
	run run_here --read-only --tmpfs /data:size=1m $IMAGE sh -c 'touch /data/x && touch /x'
	says "Read-only file system"
	run run_here --shm-size 3m $IMAGE sh -c 'mount | grep /dev/shm'
	says size=3072k
	cp -a "$BATS_FILE_TMPDIR/image" unpacked
	[ "$(run_here --rootfs "$PWD/unpacked" /bin/echo unpacked)" = unpacked ]
}

@test "volumes: read-only binds, propagation, named volumes get the image's content" {
	mkdir source
	echo content >source/file
	run run_here -v "$PWD/source:/data:ro" $IMAGE sh -c 'cat /data/file; echo x >/data/file'
	says content "Read-only"
	run run_here --mount "type=bind,source=$PWD/source,target=/data,bind-propagation=rshared" $IMAGE sh -c 'grep /data /proc/self/mountinfo'
	says shared:
	[[ "$(run_here -v named:/etc $IMAGE cat /etc/passwd)" == *root* ]]
	podman volume rm named
}

@test "kernel settings, host names, limits, umask, masked paths" {
	[ "$(run_here --sysctl net.ipv4.ip_default_ttl=77 $IMAGE cat /proc/sys/net/ipv4/ip_default_ttl)" = 77 ]
	[ "$(run_here --hostname lighthouse $IMAGE hostname)" = lighthouse ]
	[ "$(run_here --ulimit nofile=300:400 --ulimit nproc=4096:4096 $IMAGE sh -c 'ulimit -Sn; ulimit -Hn' | tr '\n' ' ')" = "300 400 " ]
	[ "$(run_here --umask 0027 $IMAGE sh -c umask)" = 0027 ]
	[ "$(run_here --security-opt mask=/etc/passwd $IMAGE sh -c 'wc -c </etc/passwd')" = 0 ]
	run run_here --security-opt unmask=ALL $IMAGE sh -c 'wc -l </proc/kcore >/dev/null; ls /proc/acpi | wc -l; grep -c /proc/ /proc/self/mountinfo'
	[ "${lines[-1]}" = 0 ]
}

@test "namespaces of the host and of others are joined" {
	[ "$(run_here --uts host $IMAGE hostname)" = "$(hostname)" ]
	[[ "$(run_here --pid host $IMAGE sh -c 'cat /proc/1/comm')" == catatonit ]]
	start_sleeper n --hostname joined
	[ "$(run_here --pid container:n --ipc container:n --uts container:n $IMAGE sh -c 'hostname; grep -c ready /proc/1/cmdline' | tr '\n' ' ')" = "joined 1 " ]
	podman rm -f -t 0 n
	[ "$(run_here --cgroupns private $IMAGE sh -c 'grep -c "/libpod" /proc/self/cgroup' || true)" = 0 ]
	run_here --init $IMAGE true
}

@test "a user namespace by --uidmap, and one by --userns=auto" {
	run run_here --uidmap 0:200000:1000 --gidmap 0:200000:1000 $IMAGE sh -c 'id -u; cat /proc/self/uid_map'
	ends 0
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" == *200000* ]]
	in_room sh -c 'echo containers:1000000:262144 | tee -a /etc/subuid >>/etc/subgid'
	run run_here --userns auto $IMAGE sh -c 'id -u; cat /proc/self/uid_map; touch /x'
	ends 0
	[[ "${lines[1]}" =~ 10[0-9]{5} ]]
}

@test "--cgroups disabled makes no control group" {
	! is runc || skip "runc cannot go without" || false
	run run_here --cgroups disabled $IMAGE cat /proc/self/cgroup
	ends 0
	[[ "$output" != *libpod* ]]
}

@test "a control group's parent can be chosen" {
	run run_here --cgroup-parent /coffer-test-podman --cgroupns host $IMAGE cat /proc/self/cgroup
	ends 0
	says /coffer-test-podman/
}

@test "hooks of a hooks directory run, and a failing one is told" {
	mkdir hooks
	echo '{"version":"1.0.0","hook":{"path":"/bin/sh","args":["sh","-c","cat >'"$PWD"'/state"]},"when":{"always":true},"stages":["prestart"]}' >hooks/a.json
	run podman --hooks-dir "$PWD/hooks" run --rm --network none $IMAGE echo ran
	ends 0
	[ "$(jq -r .status state)" = creating ] || [ "$(jq -r .status state)" = created ]
	echo '{"version":"1.0.0","hook":{"path":"/bin/false"},"when":{"always":true},"stages":["createRuntime"]}' >hooks/b.json
	run podman --hooks-dir "$PWD/hooks" run --rm --network none $IMAGE echo ran
	[ "$status" != 0 ]
	says hook
}

@test "descriptors that the caller left open stay out of the container" {
	exec 10</etc/hostname 17</etc/passwd
	run run_here $IMAGE ls /proc/self/fd
	exec 10<&- 17<&-
	ends 0
	[ "$(echo $output)" = "0 1 2 3" ] # 3 is what ls reads
}

@test "--preserve-fds and socket activation hand descriptors over" {
	echo handed over >file
	run enter podman run --rm --network none --preserve-fds 1 $IMAGE cat /proc/self/fd/3 3<file
	ends 0
	[ "$output" = "handed over" ]
	run enter sh -c "LISTEN_FDS=1 LISTEN_PID=\$\$ exec podman run --rm --network none $IMAGE sh -c 'echo \$LISTEN_FDS \$LISTEN_PID; cat <&3'" 3<file
	ends 0
	[ "$(echo $output)" = "1 1 handed over" ]
}

@test "--sdnotify=container lets the container tell when it is ready" {
	in_room /usr/bin/python3 - <<-'PYTHON'
		import os, socket, subprocess
		path = "/run/notify.sock"
		box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		box.bind(path)
		box.settimeout(20)
		script = "echo -n READY=1 | nc -w 1 -uU $NOTIFY_SOCKET || echo socket at $NOTIFY_SOCKET; test -S $NOTIFY_SOCKET"
		out = subprocess.run(["podman", "run", "--rm", "--network", "none", "--sdnotify=container",
			"localhost/bb:1", "sh", "-c", script], env=dict(os.environ, NOTIFY_SOCKET=path))
		assert out.returncode == 0
	PYTHON
}

@test "ten at once" {
	local i
	for i in 0 1 2 3 4 5 6 7 8 9; do
		run_here $IMAGE sh -c "exit $i" &
		pids[i]=$!
	done
	for i in 0 1 2 3 4 5 6 7 8 9; do
		status=0
		wait "${pids[i]}" || status=$?
		ends $i
	done
}

# podman does not ask the runtime to delete it then.
@test "a container whose monitor was killed can still be removed; the runtime's delete removes the rest" {
	local id
	start_sleeper m
	id=$(podman inspect m --format '{{.Id}}')
	in_room kill -KILL "$(podman inspect m --format '{{.State.ConmonPid}}')"
	podman rm -f -t 0 m || podman rm -f -t 0 m # since podman 5 the first says that the monitor is gone
	run podman inspect m
	[ "$status" != 0 ]
	in_room coffer delete --force "$id"
	in_room coffer delete --force "$id"
}

@test "nothing of a removed container is left in the control groups" {
	run find /sys/fs/cgroup -type d -name 'libpod-*'
	[ -z "$output" ] || { echo "$output"; false; }
}

@test "container checkpoint and restore: the program goes on, also out of an exported image" {
	command -v criu >/dev/null && criu check >/dev/null 2>&1 || skip "criu cannot work here"
	podman run -d --name counting --network none $IMAGE sh -c 'i=0; while :; do echo $((i += 1)); sleep 0.2; done'
	podman container checkpoint counting
	before=$(podman logs counting | tail -1)
	podman container restore counting
	wait_until eval "[ \"\$(podman logs counting | tail -1)\" -gt $before ]"
	podman container checkpoint --export "$PWD/image.tar.gz" counting
	podman rm --force --time 0 counting
	podman container restore --import "$PWD/image.tar.gz" --name other
	before=$(podman logs other | tail -1)
	wait_until eval "[ \"\$(podman logs other | tail -1)\" -gt $before ]"
	podman rm --force --time 0 other
}
