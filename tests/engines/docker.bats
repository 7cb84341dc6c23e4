#!/usr/bin/env bats
# Docker with contrib/docker/daemon.json installed: coffer is the default runtime. Debian's docker.io, in
# a room of its own, where its bridge and its firewall rules stay.
load engine

setup_file() {
	make_room
	# The further flags are for machines without CAP_SYS_RESOURCE, and for cleaning up.
	in_room dockerd --oom-score-adjust 0 --cgroup-parent /coffer-test-docker \
		--exec-opt native.cgroupdriver=cgroupfs --add-runtime added=/usr/local/bin/coffer \
		</dev/null >"$BATS_FILE_TMPDIR/dockerd.log" 2>&1 &
	wait_until docker_answers || { tail -20 "$BATS_FILE_TMPDIR/dockerd.log"; return 1; }
	docker load --quiet --input "$BATS_FILE_TMPDIR/image.tar"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	local all
	all=$(docker ps --all --quiet)
	# shellcheck disable=SC2086
	[ -z "$all" ] || docker rm --force $all >/dev/null
	leave_room
	forget_cgroups coffer-test-docker
}

docker() {
	in_room /usr/bin/docker "$@"
}

docker_answers() {
	docker version >/dev/null 2>&1
}

run_here() {
	docker run --rm --network none "$@"
}

# A container that says "ready" and sleeps; TERM ends it with 7.
start_sleeper() {
	local name=$1
	shift
	docker run -d --name "$name" --network none "$@" $IMAGE \
		sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	wait_until has_said "$name" ready
}

has_said() {
	[[ "$(docker logs "$1" 2>&1)" == *"$2"* ]]
}

state_of() {
	docker inspect "$1" --format '{{.State.Status}} {{.State.ExitCode}}'
}

@test "docker info and version name the runtime" {
	[ "$(docker info --format '{{.DefaultRuntime}}')" = coffer ]
	run docker version
	ends 0
	says coffer: "Version:"
}

@test "run prints the program's output and ends with its exit code" {
	run run_here $IMAGE sh -c 'echo from inside; exit 3'
	ends 3
	[ "$output" = "from inside" ]
	[ "$(run_here --runtime added $IMAGE echo yes)" = yes ]
	[ "$(echo through | run_here -i $IMAGE cat)" = through ]
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
}

@test "what the daemon or the runtime refuses ends with 125" {
	run run_here --sysctl net.ipv4.ip_default_ttl=nonumber $IMAGE true
	ends 125
	says ip_default_ttl
	run run_here --runtime nosuchruntime $IMAGE true
	ends 125
}

@test "run -it has a terminal, its keys and sizes arrive" {
	run on_terminal "/usr/bin/docker run --rm -it --network none $IMAGE sh -c 'tty; echo type; read x; stty size; echo got \$x; exit 4'" \
		type 'size=30x100' '' 'word\r'
	ends 4
	says /dev/pts/0 "got word"
	run on_terminal "/usr/bin/docker run --rm -it --network none $IMAGE sh -c 'trap \"stty size; exit 6\" WINCH; echo ready; while :; do sleep 0.1; done'" \
		ready size=33x111
	[ "$status" = 6 ]
}

@test "detach keys leave the container running, attach comes back to it" {
	run on_terminal "/usr/bin/docker run -it --name keys --network none $IMAGE sh -c 'echo ready; while read x; do echo got \$x; done'" \
		ready '\x10\x11'
	ends 0
	[ "$(state_of keys)" = "running 0" ]
	run on_terminal "/usr/bin/docker attach keys" '' '\ragain\r' 'got again' '\x10\x11'
	docker rm -f keys
}

@test "a detached container: logs, top, stats, pause, restart, stop, start, kill, wait" {
	start_sleeper day
	run docker top day
	ends 0
	says "sleep 0.1"
	run docker stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' day
	ends 0
	[[ "$output" =~ ^day\ [1-9] ]] || ! has_controller pids
	docker pause day
	[ "$(state_of day)" = "paused 0" ]
	docker unpause day
	docker restart --time 5 day
	wait_until eval '[ "$(docker logs day | grep -c ready)" = 2 ]'
	docker stop --time 5 day
	[ "$(state_of day)" = "exited 7" ]
	docker start day
	[ "$(state_of day)" = "running 0" ]
	docker kill day
	[ "$(docker wait day)" = 137 ]
	run docker kill day
	ends 1
	says "is not running"
	docker rm day
}

@test "stop kills what does not listen to TERM; signals arrive by name" {
	docker run -d --name deaf --network none $IMAGE sh -c 'trap "" TERM; trap "echo hup" HUP; echo ready; while :; do sleep 0.1; done'
	wait_until has_said deaf ready
	docker kill --signal HUP deaf
	wait_until has_said deaf hup
	docker stop --time 1 deaf
	[ "$(state_of deaf)" = "exited 137" ]
	docker rm deaf
}

@test "exec: output, exit codes, users, directories, terminals, detached" {
	start_sleeper exe
	[ "$(docker exec exe echo executed)" = executed ]
	run docker exec exe sh -c 'exit 9'
	ends 9
	run docker exec exe nosuchprogram
	[ "$status" = 127 ] || [ "$status" = 126 ]
	says "nosuchprogram"
	run docker exec exe /etc/passwd
	ends 126
	[ "$(docker exec --user 1000:1000 --workdir /tmp --env A=b exe sh -c 'id -u; pwd; echo $A' | tr '\n' ' ')" = "1000 /tmp b " ]
	[ "$(echo piped | docker exec -i exe cat)" = piped ]
	run on_terminal "/usr/bin/docker exec -it exe sh -c 'tty; exit 8'"
	ends 8
	says /dev/pts/
	docker exec -d exe sh -c 'echo detached >/tmp/f'
	wait_until docker exec exe grep -q detached /tmp/f
	docker rm -f exe
}

@test "cp goes in and out" {
	start_sleeper copy
	echo in >file
	docker cp file copy:/data/file
	[ "$(docker exec copy cat /data/file)" = in ]
	docker exec copy sh -c 'echo out >/data/file'
	docker cp copy:/data/file back
	[ "$(cat back)" = out ]
	docker rm -f copy
}

@test "limits arrive in the container's control group, and bite" {
	needs_controllers memory cpu pids cpuset
	run run_here --memory 64m --cpus 0.5 --cpu-shares 512 --pids-limit 33 --cpuset-cpus 0 $IMAGE sh -c '
		cd /sys/fs/cgroup
		cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares pids/pids.max cpuset/cpuset.cpus ||
		cat memory.max cpu.max cpu.weight pids.max cpuset.cpus'
	ends 0
	says 67108864 50000 33
	run run_here --pids-limit 5 $IMAGE sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
	says fork
	run docker run --name oom --network none --memory 20m --memory-swap 20m $IMAGE sh -c 'x=xxxxxxxx; while :; do x=$x$x; done'
	ends 137
	[ "$(docker inspect oom --format '{{.State.OOMKilled}}')" = true ]
	docker rm oom
}

@test "limits are changed while it runs" {
	needs_controllers memory cpu pids cpuset
	start_sleeper grown --memory 64m --memory-swap 64m
	docker update --memory 96m --memory-swap 96m --cpus 0.7 --pids-limit 44 --cpuset-cpus 0 grown
	run docker exec grown sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us pids/pids.max || cat memory.max cpu.max pids.max'
	says 100663296 70000 44
	docker update --restart no grown
	docker rm -f grown
}

@test "capabilities, the default seccomp profile, no-new-privileges, one's own profile" {
	run run_here $IMAGE grep -E 'CapEff|Seccomp:|NoNewPrivs' /proc/self/status
	[[ "$output" =~ CapEff:.00000000a80425fb.*NoNewPrivs:.0.*Seccomp:.2 ]]
	run run_here --cap-drop all --cap-add chown $IMAGE grep CapEff /proc/self/status
	[[ "$output" =~ CapEff:.0000000000000001 ]]
	run run_here --security-opt seccomp=unconfined --security-opt no-new-privileges $IMAGE grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
	[[ "$output" =~ NoNewPrivs:.1.*Seccomp:.0 ]]
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]}' >profile
	run run_here --security-opt seccomp=profile $IMAGE busybox mkdir /tmp/d
	says "Permission denied"
	run run_here $IMAGE sh -c 'mount -t tmpfs x /tmp; busybox unshare -U true'
	says "not permitted"
}

# The specification: a runtime should not fail when capabilities cannot be granted. runc and crun do.
@test "--privileged, of run and exec, gives what the engine itself has, also where that is not all" {
	local all
	all=$(grep CapBnd /proc/self/status | cut -f2)
	[ -z "$(tr -d 01f3 <<<"$all")" ] || is coffer || skip "runc and crun want all capabilities"
	run run_here --privileged $IMAGE sh -c 'mount -t tmpfs x /tmp && echo mounted; ls /dev/full; grep CapEff /proc/self/status'
	ends 0
	says mounted /dev/full
	(((0x${output##*[[:space:]]} & ~0x$all) == 0 && (0x${output##*[[:space:]]} & 0x200000) != 0))
	start_sleeper lowly
	[ "$(docker exec --privileged lowly grep CapEff /proc/self/status)" = "${lines[-1]}" ]
	docker rm -f lowly
}

@test "users, groups, names, limits, kernel settings, devices" {
	run run_here --user 1000:1000 --group-add 55 --hostname lighthouse --ulimit nofile=300:400 --sysctl net.ipv4.ip_default_ttl=77 \
		--device /dev/full $IMAGE sh -c 'id; hostname; ulimit -Sn; ulimit -Hn; cat /proc/sys/net/ipv4/ip_default_ttl; echo x >/dev/full'
	says uid=1000 55 lighthouse 300 400 77 "No space left"
	run run_here --init $IMAGE cat /proc/1/comm
	says docker-init
}

@test "root file systems and volumes: read-only, tmpfs, shm size, binds" {
	run run_here --read-only --tmpfs /data:size=1m $IMAGE sh -c 'touch /data/x && touch /x'
	says "Read-only file system"
	run run_here --shm-size 3m $IMAGE sh -c 'mount | grep /dev/shm'
	says size=3072k
	mkdir source
	echo content >source/file
	run run_here -v "$PWD/source:/data:ro" $IMAGE sh -c 'cat /data/file; echo x >/data/file'
	says content "Read-only"
	[[ "$(run_here -v named:/etc $IMAGE cat /etc/passwd)" == *root* ]]
	docker volume rm named
}

@test "namespaces of the host and of other containers" {
	[ "$(run_here --uts host $IMAGE hostname)" = "$(hostname)" ]
	[ "$(run_here --pid host $IMAGE cat /proc/1/comm)" = catatonit ]
	start_sleeper names --ipc shareable
	run run_here --pid container:names --ipc container:names $IMAGE ps
	says "sleep 0.1"
	docker rm -f names
}

@test "descriptors of the engine stay out of the container" {
	run run_here $IMAGE ls /proc/self/fd
	ends 0
	[ "$(echo $output)" = "0 1 2 3" ] # 3 is what ls reads
}

@test "a health check turns healthy and unhealthy" {
	start_sleeper health --health-cmd 'test ! -e /tmp/ill' --health-interval 500ms --health-retries 1
	wait_until eval '[ "$(docker inspect health --format "{{.State.Health.Status}}")" = healthy ]'
	docker exec health touch /tmp/ill
	wait_until eval '[ "$(docker inspect health --format "{{.State.Health.Status}}")" = unhealthy ]'
	docker rm -f health
}

@test "restart policies start it again, events tell of it" {
	local before
	before=$(date +%s)
	docker run -d --name again --restart on-failure:2 --network none $IMAGE sh -c 'echo once; exit 1'
	wait_until eval '[ "$(docker logs again | grep -c once)" = 3 ]'
	run docker events --since "$before" --until "$(($(date +%s) + 1))" --filter container=again --format '{{.Action}}'
	says create start die
	docker rm -f again
}

@test "bridges: published ports, names on a network of the user's" {
	docker network create town
	docker run -d --name server --network town -p 127.0.0.1:8080:80 $IMAGE sh -c 'echo served >/tmp/x; while :; do nc -l -p 80 </tmp/x; done'
	run docker run --rm --network town $IMAGE sh -c 'for i in 1 2 3 4 5; do nc -w 2 server 80 </dev/null && break; sleep 0.2; done'
	says served
	wait_until eval '[ "$(in_room busybox nc -w 2 127.0.0.1 8080 </dev/null 2>&1)" = served ]'
	docker rm -f server
	docker network rm town
}

@test "docker build runs its commands under the runtime" {
	printf 'FROM %s\nENV WORD=passed\nRUN echo $WORD >/made && id -u >>/made\nUSER 1000\nRUN id -u >/tmp/user\n' $IMAGE >Dockerfile
	DOCKER_BUILDKIT=0 docker build --quiet --network none -t built .
	[ "$(run_here built cat /made /tmp/user | tr '\n' ' ')" = "passed 0 1000 " ]
	printf 'FROM %s\nRUN exit 9\n' $IMAGE >Dockerfile
	DOCKER_BUILDKIT=0 run docker build --network none .
	[ "$status" != 0 ]
	says "returned a non-zero code: 9"
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

@test "nothing of removed containers is left: control groups, the runtime's state" {
	run find /sys/fs/cgroup -type d -path '*/coffer-test-docker/*'
	[ -z "$output" ] || { echo "$output"; false; }
	[ -z "$(in_room find /run/docker/runtime-coffer/moby -mindepth 1 -maxdepth 1)" ]
}
