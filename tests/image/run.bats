#!/usr/bin/env bats
# lade run and the flags that lade bundle shares with it, under a real runtime.
load lade
load registry

setup_file() {
	image_setup_file
	"$LADE" --root "$BATS_FILE_TMPDIR/store" pull -q "oci:$BATS_FILE_TMPDIR/layout:demo:latest"
}

setup() {
	image_setup
	STORE=$BATS_FILE_TMPDIR/store
	RUNTIME=$(type -P "$RUNTIME")
	NAME=lade-test-$BATS_TEST_NUMBER-$$
}

teardown() {
	"$RUNTIME" delete --force "$NAME" 2>/dev/null || true
	rmdir /sys/fs/cgroup/*/coffer-test-lade 2>/dev/null || true
	stop_registry || true
	image_teardown
}

# A run in a place of its own below the cgroup root.
lrun() {
	lade run -q --runtime "$RUNTIME" --name "$NAME" --cgroup-parent /coffer-test-lade "$@"
}

nothing_is_left() {
	[ -z "$(ls "$STORE/containers")" ]
	[ -z "$(mounts_below "$STORE")" ]
	[ -z "$(ls "$STORE/bundles")" ]
}

config() {
	ok lade bundle "$@" localhost/demo "$DIR"
}

@test "run prints what the program prints, ends as it ends, and leaves nothing" {
	ok lrun localhost/demo /bin/sh -c 'echo hello; id -u'
	[ "$output" = $'hello\n0' ]
	fails 7 lrun localhost/demo /bin/sh -c 'exit 7'
	fails 137 lrun localhost/demo /bin/sh -c 'sh -c "kill -9 \$\$"; exit $?'
	nothing_is_left
}

@test "run pulls what is missing, and --pull never does not" {
	start_registry
	push "$LAYOUT" fresh:1
	fails 125 lrun --pull never "$REGISTRY/fresh:1" /bin/true
	says "no such image"
	ok lrun "$REGISTRY/fresh:1" /bin/sh -c 'echo here'
	[ "$output" = here ]
}

@test "a program that is not there ends with 127, one that cannot be executed with 126" {
	fails 127 lrun localhost/demo /nothing
	says "/nothing"
	fails 126 lrun localhost/demo /etc/passwd
	fails 125 lrun --runtime /nothing localhost/demo /bin/true
	fails 125 lrun --cap-add nonsense localhost/demo /bin/true
	says "--cap-add nonsense: there is no such capability"
	nothing_is_left
}

@test "run -i hands over standard input, without it there is none" {
	[ "$(echo words | lrun -i localhost/demo /bin/cat)" = words ]
	[ "$(echo words | lrun localhost/demo /bin/cat)" = "" ]
}

@test "run -t gives a terminal" {
	script -qec "$LADE --root $STORE run -q --runtime $RUNTIME --name $NAME --cgroup-parent /coffer-test-lade -it localhost/demo /bin/sh -c 'tty; echo \$TERM'" /dev/null >screen
	grep -q /dev/ screen
	grep -q xterm screen
	nothing_is_left
}

@test "a detached run stays until it is deleted, and takes its bundle along" {
	ok lrun -d --pidfile "$PWD/pid" --output said localhost/demo /bin/sh -c 'echo here; exec sleep 100'
	[ "$output" = "$NAME" ]
	kill -0 "$(cat pid)"
	[ "$("$RUNTIME" state "$NAME" | jq -r .status)" = running ]
	for _ in $(seq 100); do grep -q here said && break; sleep 0.05; done
	ok "$RUNTIME" delete --force "$NAME"
	nothing_is_left
	fails 127 lrun -d localhost/demo /nothing
	says /nothing
	nothing_is_left
}

@test "a signal for lade is a signal for the program" {
	"$LADE" --root "$STORE" run -q --runtime "$RUNTIME" --name "$NAME" --cgroup-parent /coffer-test-lade localhost/demo /bin/sh -c 'trap "exit 42" TERM; echo ready; while :; do sleep 0.05; done' >out 3>&- &
	for _ in $(seq 200); do grep -q ready out && break; sleep 0.05; done
	kill -TERM $!
	code=0
	wait $! || code=$?
	[ "$code" = 42 ]
	nothing_is_left
}

@test "twenty replicas run at once, each for itself, on one copy of the layers" {
	before=$(find "$STORE/layers" -maxdepth 1 | wc -l)
	for i in $(seq 20); do
		lade run -q --runtime "$RUNTIME" --name "$NAME-$i" --cgroup-parent /coffer-test-lade \
			localhost/demo /bin/sh -c "echo $i > /mine; sleep 0.2; cat /mine; hostname" >"out.$i" 3>&- &
	done
	wait
	for i in $(seq 20); do
		[ "$(head -1 "out.$i")" = "$i" ]
	done
	[ "$(tail -qn 1 out.* | sort -u | wc -l)" = 20 ]
	[ "$(find "$STORE/layers" -maxdepth 1 | wc -l)" = "$before" ]
	nothing_is_left
}

@test "environment, directory, user, hostname, umask and limits" {
	export FROM_CALLER=yes
	ok lrun -e A=1 -e A=2 -e FROM_CALLER -e MISSING_ONE -w /tmp -u 12:34 -h box --umask 077 \
		--ulimit nofile=55:66 --group-add 77 localhost/demo \
		/bin/sh -c 'echo $A $FROM_CALLER ${MISSING_ONE-unset}; pwd; id -u; id -g; id -G; hostname; umask; ulimit -n; ulimit -Hn'
	[ "${lines[*]}" = "2 yes unset /tmp 12 34 34 77 box 0077 55 66" ]
}

@test "--entrypoint takes the place of the image's, and of its command" {
	ok lrun --entrypoint /bin/echo localhost/demo a b
	[ "$output" = "a b" ]
	ok lrun --entrypoint '["/bin/echo", "x y"]' localhost/demo z
	[ "$output" = "x y z" ]
	fails 125 lrun --entrypoint '' localhost/demo
}

@test "volumes, binds and tmpfs; read-only ones cannot be written to" {
	mkdir shared
	echo outside >shared/file
	ok lrun -v "$PWD/shared:/data" -v ./shared:/again:ro --tmpfs /scratch:size=1m \
		--mount type=bind,src="$PWD/shared/file",dst=/one,ro --mount type=tmpfs,dst=/mem,tmpfs-size=2m \
		localhost/demo /bin/sh -c 'cat /data/file /one; echo inside > /data/new; echo x > /again/no || echo refused; echo x > /one || echo refused; df -k /scratch /mem | tail -2'
	[ "$(cat shared/new)" = inside ]
	[ "$(grep -c refused <<<"$output")" = 2 ]
	[[ "$output" == *" 1024 "* ]]
	[[ "$output" == *" 2048 "* ]]
	fails 125 lrun -v named:/data localhost/demo /bin/true
	says "named volumes"
	fails 125 lrun -v /tmp:relative localhost/demo /bin/true
	fails 125 lrun -v /tmp:/data:nonsense localhost/demo /bin/true
}

@test "--read-only, with and without writable places" {
	ok lrun --read-only localhost/demo /bin/sh -c 'echo x > /file || echo refused; echo x > /tmp/file && echo written'
	[[ "$output" == *refused* && "$output" == *written* ]]
	ok lrun --read-only --read-only-tmpfs=false localhost/demo /bin/sh -c 'echo x > /tmp/file || echo refused'
	[[ "$output" == *refused* ]]
}

@test "capabilities: added, dropped, all, none, and by name for who is not root" {
	config --cap-drop ALL --cap-add net_admin
	[ "$(jq -c '.process.capabilities | [.bounding, .effective, .ambient]' "$DIR/config.json")" = '[["CAP_NET_ADMIN"],["CAP_NET_ADMIN"],null]' ]
	ok lade release "$DIR"
	config --cap-drop CHOWN -u 5 --cap-add SYS_TIME
	[ "$(jq -c '.process.capabilities | [.effective, .ambient, (.bounding | index("CAP_CHOWN"))]' "$DIR/config.json")" = '[["CAP_SYS_TIME"],["CAP_SYS_TIME"],null]' ]
	ok lade release "$DIR"
}

@test "security options change what they name" {
	cat >profile.json <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
		 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
		              {"names": ["getpid"], "action": "SCMP_ACT_ERRNO", "includes": {"arches": ["s390"]}}]}
	END
	ok lrun --security-opt seccomp=profile.json localhost/demo /bin/sh -c 'mkdir /new 2>&1 || echo refused'
	[[ "$output" == *refused* ]]
	ok lrun --security-opt seccomp=unconfined --security-opt no-new-privileges localhost/demo \
		/bin/sh -c 'grep -E "^(Seccomp|NoNewPrivs):" /proc/self/status'
	[[ "$output" == *NoNewPrivs:*1* && "$output" == *Seccomp:*0* ]]
	config --security-opt mask=/etc/one:/etc/two --security-opt unmask=/proc/kcore --security-opt label=type:web_t
	[ "$(jq -c '[.linux.maskedPaths | (index("/etc/one") != null), (index("/proc/kcore") != null)]' "$DIR/config.json")" = '[true,false]' ]
	[ "$(jq -r .process.selinuxLabel "$DIR/config.json")" = system_u:system_r:web_t:s0 ]
	ok lade release "$DIR"
	fails 125 lrun --security-opt nonsense=1 localhost/demo /bin/true
	says "--security-opt nonsense=1"
}

@test "a device of the host, with its permissions" {
	ok lrun --device /dev/zero:/dev/nothing:r localhost/demo /bin/sh -c 'head -c 3 /dev/nothing | wc -c; ls -l /dev/nothing'
	[[ "${lines[0]}" == 3 && "${lines[1]}" == c* ]]
	fails 125 lrun --device /etc/passwd localhost/demo /bin/true
	says "is no device"
}

@test "namespaces of the host, and by path" {
	ok lrun --network host --uts host --pid host localhost/demo /bin/sh -c 'for n in net uts pid; do readlink /proc/self/ns/$n; done'
	[ "$output" = "$(readlink /proc/self/ns/net /proc/self/ns/uts /proc/self/ns/pid)" ]
	ok lrun --ipc /proc/self/ns/ipc localhost/demo readlink /proc/self/ns/ipc
	[ "$output" = "$(readlink /proc/self/ns/ipc)" ]
	fails 125 lrun --network nonsense localhost/demo /bin/true
	says "--network nonsense"
	fails 125 lrun --uts host --hostname x localhost/demo /bin/true
}

@test "resources become limits of the control group" {
	config -m 64m --memory-reservation 32m --cpus 1.5 --cpu-shares 512 --pids-limit 50 --cpuset-cpus 0
	[ "$(jq -c '.linux.resources | [.memory.limit, .memory.swap, .memory.reservation, .cpu.quota, .cpu.period, .cpu.shares, .cpu.cpus, .pids.limit]' "$DIR/config.json")" = \
		'[67108864,134217728,33554432,150000,100000,512,"0",50]' ]
	ok lade release "$DIR"
	fails 125 lrun --cpus none localhost/demo /bin/true
	fails 125 lrun -m 64m --memory-swap 32m localhost/demo /bin/true
}

@test "annotations, labels, sysctls and the size of /dev/shm" {
	config --annotation a=b -l c=d --sysctl net.ipv4.ip_forward=1 --shm-size 3m
	[ "$(jq -c '[.annotations.a, .annotations.c, .linux.sysctl["net.ipv4.ip_forward"]]' "$DIR/config.json")" = '["b","d","1"]' ]
	jq -e '.mounts[] | select(.destination == "/dev/shm") | .options | index("size=3145728")' "$DIR/config.json"
	ok lade release "$DIR"
}
