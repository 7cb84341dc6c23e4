#!/usr/bin/env bats
# coffer mounts: add mounts to a running container, and take them away.
load bundle
bats_require_minimum_version 1.5.0

setup_file() { common_setup_file; }

setup() {
	is coffer crun || skip "runc has no such verb"
	common_setup
	VOLUME=$BATS_TEST_TMPDIR/volume
	MOUNTS=$BATS_TEST_TMPDIR/mounts.json
	mkdir "$VOLUME"
	echo content >"$VOLUME/file"
}

teardown() {
	common_teardown
	umount -R -l "$VOLUME" 2>/dev/null || true
}

# mounts JSON…: the file.
mounts() {
	jq -n '$ARGS.positional' --jsonargs -- "$@" >"$MOUNTS"
}

bind() {
	jq -nc --arg source "$VOLUME" --arg at "$1" \
		'{destination: $at, type: "bind", source: $source, options: $ARGS.positional}' --args -- "${@:2}"
}

inside() {
	rt exec "$ID" /bin/sh -c "$1" 3>&-
}

mounted() {
	inside 'cat /proc/self/mountinfo' | awk -v at="$1" '$5 == at { found = 1 } END { exit !found }'
}

user_namespace() {
	config '.linux.namespaces += [{"type":"user"}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

@test "a bind and a tmpfs are added, with their options, and removed again" {
	start_sleeper
	mounts "$(bind /made/data rbind ro nosuid)" \
		'{"destination":"/t","type":"tmpfs","source":"tmpfs","options":["ro","noexec","size=64k"]}'
	rt mounts add "$ID" "$MOUNTS"
	[ "$(inside 'cat /made/data/file')" = content ]
	run inside 'grep -E " /(made/data|t) " /proc/self/mountinfo; touch /made/data/x; touch /t/x'
	[[ "${lines[0]}" =~ ro,nosuid ]] || { echo "$output"; false; }
	[[ "${lines[1]}" =~ ro,noexec.*size=64k ]]
	[[ "${lines[2]}" =~ "Read-only" ]]
	[[ "${lines[3]}" =~ "Read-only" ]]
	! grep -F "$BUNDLE" /proc/self/mountinfo || false
	rt mounts remove "$ID" "$MOUNTS"
	! mounted /made/data || false
	! mounted /t || false
	rt delete --force "$ID"
	nothing_left
}

@test "the file may be an object with mounts, or standard input" {
	start_sleeper
	jq -n --argjson mount "$(bind /data rbind)" '{mounts: [$mount]}' | rt mounts add "$ID" -
	mounted /data
	mounts "$(bind /data rbind)"
	rt mounts remove "$ID" "$MOUNTS"
	! mounted /data
}

@test "a file is bound on a missing file, and a link copied" {
	is coffer || skip "coffer's"
	start_sleeper
	ln -s /etc/passwd "$VOLUME/link"
	mounts "{\"destination\":\"/a/b/file\",\"source\":\"$VOLUME/file\",\"options\":[\"bind\"]}" \
		"{\"destination\":\"/a/link\",\"source\":\"$VOLUME/link\",\"options\":[\"bind\",\"copy-symlink\"]}"
	rt mounts add "$ID" "$MOUNTS"
	[ "$(inside 'cat /a/b/file; readlink /a/link')" = "content
/etc/passwd" ]
}

@test "a created and a paused container get mounts as well" {
	is coffer || skip "coffer's"
	args /bin/sh -c 'cat /data/file /again/file > /seen; exec sleep 1000'
	create_container
	mounts "$(bind /data rbind)"
	rt mounts add "$ID" "$MOUNTS"
	rt pause "$ID"
	mounts "$(bind /again rbind)"
	rt mounts add "$ID" "$MOUNTS"
	rt resume "$ID"
	rt start "$ID"
	wait_until test -s "$BUNDLE/rootfs/seen"
	[ "$(wc -l <"$BUNDLE/rootfs/seen")" = 2 ]
}

@test "propagation: what the host mounts later shows in a slave, not in a private mount" {
	is coffer || skip "coffer's"
	mount -t tmpfs tmpfs "$VOLUME"
	mount --make-shared "$VOLUME"
	mkdir "$VOLUME/sub"
	start_sleeper
	mounts "$(bind /slave rbind rslave)" "$(bind /private rbind rprivate)"
	rt mounts add "$ID" "$MOUNTS"
	mount -t tmpfs tmpfs "$VOLUME/sub"
	mounted /slave/sub
	! mounted /private/sub || false
	# … and not the other way round
	inside 'mount -t tmpfs tmpfs /slave' || true
	[ "$(grep -c " $VOLUME" /proc/self/mountinfo)" = 2 ]
}

@test "user namespace: files of an id-mapped bind and of a tmpfs are the container's root's" {
	is coffer || skip "coffer's"
	mount -t tmpfs -o mode=755 tmpfs "$VOLUME"
	touch "$VOLUME/root"
	user_namespace
	start_sleeper
	mounts "$(bind /data rbind idmap)" "$(bind /relative bind 'idmap=uids=@0-7-1;gids=@0-8-1')" \
		'{"destination":"/t","type":"tmpfs","source":"tmpfs"}'
	rt mounts add "$ID" "$MOUNTS"
	run inside 'stat -c %u:%g /data/root /relative/root /t; touch /data/made /t/made && stat -c %u /t/made'
	[ "${lines[*]}" = "0:0 7:8 0:0 0" ] || { echo "$output"; false; }
	[ "$(stat -c %u "$VOLUME/made")" = 0 ]
	rt mounts remove "$ID" "$MOUNTS"
	! mounted /data || false
	! mounted /relative || false
	! mounted /t
}

@test "a new procfs shows the container's processes, not the host's" {
	is coffer || skip "coffer's"
	config '.mounts |= map(select(.destination != "/proc")) | del(.linux.maskedPaths, .linux.readonlyPaths)'
	start_sleeper
	mounts '{"destination":"/proc","type":"proc","source":"proc"}'
	rt mounts add "$ID" "$MOUNTS"
	[ "$(inside 'tr "\0" " " </proc/1/cmdline')" = "/bin/sleep 1000 " ]
}

@test "of several mounts all are added, or none" {
	is coffer || skip "coffer's"
	start_sleeper
	mounts "$(bind /one rbind)" "$(bind /one/file/two rbind)"
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts\[1\]\.destination.*cannot bind on "/one/file/two".*not a directory'
	! mounted /one || false
	mounts "$(bind /one rbind)" '{"destination":"/two","type":"tmpfs","source":"t","options":["nonsense"]}'
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts\[1\].*cannot mount tmpfs \(tmpfs: Unknown parameter .nonsense.\)'
	! mounted /one || false
	[ "$(jq '.mounts | length' "$ROOT/$ID/state.json")" = 0 ]
}

@test "mounts added twice to one place are removed one by one" {
	is coffer || skip "coffer's"
	start_sleeper
	mounts "$(bind /data rbind)"
	rt mounts add "$ID" "$MOUNTS"
	mounts '{"destination":"/data","type":"tmpfs","source":"tmpfs"}'
	rt mounts add "$ID" "$MOUNTS"
	! inside 'cat /data/file' || false
	rt mounts remove "$ID" "$MOUNTS"
	inside 'cat /data/file'
	rt mounts remove "$ID" "$MOUNTS"
	! inside 'cat /data/file' || false
	run rt mounts remove "$ID" "$MOUNTS"
	refused 'mounts\[0\]\.destination.*"/data" was not added to the container'
}

@test "what create has mounted is not removed, nor what the container mounts on top" {
	is coffer || skip "coffer's"
	config '.process.capabilities[] += ["CAP_SYS_ADMIN"]'
	start_sleeper
	mounts '{"destination":"/dev/shm","type":"tmpfs"}'
	run rt mounts remove "$ID" "$MOUNTS"
	refused 'was not added'
	mounts "$(bind /data rbind)"
	rt mounts add "$ID" "$MOUNTS"
	inside 'mount -t tmpfs tmpfs /data'
	run rt mounts remove "$ID" "$MOUNTS"
	refused 'mounts\[0\]\.destination.*cannot unmount "/data" \(what is there is not the mount that was added\)'
	mounted /data
}

@test "mistakes are told with their place, and change nothing" {
	is coffer || skip "coffer's words"
	echo '[]' >"$BATS_TEST_TMPDIR/none.json"
	run rt mounts add "$ID" "$BATS_TEST_TMPDIR/none.json"
	refused 'container does not exist'
	start_sleeper
	run rt mounts put "$ID" "$MOUNTS"
	refused '"put" is neither add nor remove'
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts.json.*[Nn]o such file'
	mounts '{"destination":"/data","type":"bind","options":["bind"]}'
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts\[0\].*a bind mount needs a source'
	mounts "$(bind /data rbind nosuch)"
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts\[0\].options\[1\].*unknown mount option "nosuch"'
	mounts '{"destination":"/proc/sys","source":"/","options":["bind"]}'
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts\[0\].destination.*inside /proc'
	echo '[{"destination":7}]' >"$MOUNTS"
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts\[0\].destination \(line 1:17\).*expected a string'
	echo '[{"destination":"/x","type":"tmpfs"}' >"$MOUNTS"
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts.json \(line'
	echo '[{"destination":"/x","options":["bind"]}]' >"$MOUNTS"
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts\[0\] \(line 1:2\).*needs a source'
	echo '{}' >"$MOUNTS"
	run rt mounts add "$ID" "$MOUNTS"
	refused 'mounts.*is required and missing'
	rt kill "$ID" KILL
	wait_until has_status "$ID" stopped
	mounts "$(bind /data rbind)"
	run rt mounts add "$ID" "$MOUNTS"
	refused 'cannot change the mounts of a stopped container'
}

# reads_standard_input PID: it, or a child of its, waits in read(2).
reads_standard_input() {
	grep -qs '^0 0x0 ' "/proc/$1/syscall" $(sed "s|[0-9]\+|/proc/&/syscall|g" "/proc/$1/task/$1/children")
}

@test "delete --force does not wait for a file of mounts that is still being written" {
	start_sleeper
	mkfifo "$BATS_TEST_TMPDIR/slow"
	rt mounts add "$ID" - <"$BATS_TEST_TMPDIR/slow" 3>&- &
	local adding=$!
	exec 7>"$BATS_TEST_TMPDIR/slow"
	wait_until reads_standard_input "$adding"
	timeout 20 "$RUNTIME" --root "$ROOT" delete --force "$ID" 7>&-
	exec 7>&-
	wait "$adding" || true
}

@test "a destination is the same place however it is written" {
	start_sleeper
	mounts "$(bind //a/./b/ rbind)"
	rt mounts add "$ID" "$MOUNTS"
	mounted /a/b
	mounts "$(bind /a/b rbind)"
	rt mounts remove "$ID" "$MOUNTS"
	! mounted /a/b
}

@test "what was removed stays removed when another one fails" {
	start_sleeper
	mounts "$(bind /a rbind)" "$(bind /b rbind)"
	rt mounts add "$ID" "$MOUNTS"
	rt exec --cap CAP_SYS_ADMIN "$ID" /bin/umount /b 3>&-
	run rt mounts remove "$ID" "$MOUNTS"
	[ "$status" != 0 ]
	[[ "$output" == *"/b"* ]]
	! mounted /a || false
	mounts "$(bind /a rbind)"
	run rt mounts remove "$ID" "$MOUNTS"
	[[ "$output" == *"was not added"* ]]
}

# swap: as long as it lives, what is a file in /d is a FIFO the next moment; to open that is to wait for ever.
swap() {
	exec python3 - "$BUNDLE/rootfs" 3>&- <<-'PY'
		import ctypes, os, sys
		exchange = ctypes.CDLL(None).renameat2
		os.chdir(sys.argv[1])
		os.mkdir("e")
		for number in range(2):
		    open(f"d/{number}", "w").write("x")
		    os.mkfifo(f"e/{number}")
		print("swapping", flush=True)
		while True:
		    for number in range(2):
		        exchange(-100, b"d/%d" % number, -100, b"e/%d" % number, 2)
	PY
}

@test "tmpcopyup of a directory whose files become FIFOs meanwhile opens none of them" {
	is coffer || skip "crun has no such option for it"
	mkdir "$BUNDLE/rootfs/d"
	start_sleeper
	swap >"$BATS_TEST_TMPDIR/swap" &
	local swapper=$! try
	wait_until grep -q swapping "$BATS_TEST_TMPDIR/swap"
	mounts '{"destination": "/d", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]}'
	for try in $(seq 30); do
		run timeout 20 "$RUNTIME" --root "$ROOT" mounts add "$ID" "$MOUNTS"
		[ "$status" = 0 ] || [[ "$status" = 1 && "$output" == *tmpcopyup* ]] || { kill "$swapper"; echo "$try: $status $output"; false; }
		[ "$status" != 0 ] || rt mounts remove "$ID" "$MOUNTS"
	done
	kill "$swapper"
}
