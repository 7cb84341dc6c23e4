#!/usr/bin/env bats
# buildah and podman build: every RUN is a container of the runtime.
load podman

setup_file() {
	make_podman
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	in_room buildah rm --all >/dev/null
	leave_podman
}

working_container() {
	in_room buildah from --name "$1" $IMAGE >/dev/null
}

run_in() {
	in_room buildah run --isolation oci "$@"
}

@test "buildah run: output, exit code, environment, user, directory" {
	working_container r
	run run_in --runtime /usr/local/bin/coffer r -- sh -c 'echo from inside; exit 3'
	[ "$status" = 3 ] || [ "$status" = 1 ]
	says "from inside" "exit status 3"
	[ "$(run_in --runtime-flag log-format=text r -- echo flagged)" = flagged ]
	[ "$(run_in --env A=b --user 1000 --workingdir /tmp r -- sh -c 'echo $A; id -u; pwd' | tr '\n' ' ')" = "b 1000 /tmp " ]
}

@test "buildah run passes standard input" {
	working_container i
	[ "$(echo through | run_in i -- cat)" = through ]
}

@test "buildah run -t has a terminal" {
	working_container t
	run on_terminal "buildah run --isolation oci -t t -- sh -c 'tty; echo type; read x; echo got \$x'" type 'word\r'
	ends 0
	says /dev/pts/0 "got word"
}

@test "buildah run with a missing program, volumes, capabilities, other namespaces" {
	working_container m
	run run_in m -- nosuchprogram
	[ "$status" != 0 ]
	says "nosuchprogram"
	mkdir v
	echo content >v/file
	[ "$(run_in -v "$PWD/v:/data:ro" m -- cat /data/file)" = content ]
	run run_in --cap-drop CAP_CHOWN --cap-add CAP_SYS_ADMIN m -- grep CapEff /proc/self/status
	ends 0
	[ "$(run_in --network host m -- readlink /proc/self/ns/net)" = "$(in_room readlink /proc/self/ns/net)" ]
}

@test "what buildah run changes is committed" {
	working_container c
	run_in c -- sh -c 'echo kept >/kept'
	in_room buildah commit --quiet c localhost/committed
	[ "$(podman run --rm --network none localhost/committed cat /kept)" = kept ]
}

@test "bud runs a Containerfile: users, environment, cache mounts, stages" {
	cat >Containerfile <<-FILE
		FROM $IMAGE AS first
		ENV WORD=passed
		RUN echo \$WORD >/made && id -u >>/made
		RUN --mount=type=cache,target=/cache echo x >/cache/y && test -e /cache/y
		USER 1000
		RUN id -u >/tmp/user
		FROM $IMAGE
		COPY --from=first /made /tmp/user /
		RUN ls /proc/self/fd | wc -l >/descriptors
	FILE
	run in_room buildah bud --isolation oci --network none --runtime /usr/local/bin/coffer --quiet -t localhost/bud .
	ends 0
	[ "$(podman run --rm --network none localhost/bud cat /made /user | tr '\n' ' ')" = "passed 0 1000 " ]
	[ "$(podman run --rm --network none localhost/bud cat /descriptors)" -le 4 ]
}

@test "a failing RUN fails the build and says how" {
	printf 'FROM %s\nRUN exit 9\n' $IMAGE >Containerfile
	run in_room buildah bud --isolation oci --network none -t localhost/failed .
	[ "$status" != 0 ]
	says "exit status 9"
}

@test "podman build uses the runtime, too" {
	printf 'FROM %s\nRUN echo built >/built\n' $IMAGE >Containerfile
	podman build --quiet --network none --isolation oci -t localhost/pb .
	[ "$(podman run --rm --network none localhost/pb cat /built)" = built ]
}
