#!/usr/bin/env bats
# containerd and docker exchange images with lade: through a registry and through archives.
load containerd
load ../image/lade

setup_file() {
	local work=$BATS_FILE_TMPDIR
	make_containerd
	in_room dockerd --oom-score-adjust 0 --containerd "$SOCKET" --exec-opt native.cgroupdriver=cgroupfs \
		</dev/null >"$work/dockerd.log" 2>&1 &
	cat >"$work/registry.yml" <<-END
		version: 0.1
		storage: { filesystem: { rootdirectory: $work/registry } }
		http: { addr: "127.0.0.1:5000", secret: test }
	END
	in_room docker-registry serve "$work/registry.yml" </dev/null >"$work/registry.log" 2>&1 &
	wait_until docker_answers || { tail -20 "$work/dockerd.log"; return 1; }
	make_image --compression gzip "$work/gzip"
	make_image --compression mixed "$work/layout"
	make_image --compression gzip --index "$work/index"
	STORE=$work/store
	lade pull -q "oci:$work/layout:demo:latest" >"$work/id"
	lade unpack demo "$work/tree"
	tree "$work/tree" | grep -v '^\. ' >"$work/expected"
}

setup() {
	HERE=$BATS_FILE_TMPDIR
	STORE=$BATS_TEST_TMPDIR/store
	REGISTRY=127.0.0.1:5000
	ID=$(cat "$HERE/id")
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	leave_containerd
}

lade() {
	in_room "$LADE" --root "$STORE" "$@"
}

ctr() {
	in_room ctr "$@"
}

docker() {
	in_room /usr/bin/docker "$@"
}

docker_answers() {
	docker version >/dev/null 2>&1 && in_room curl -sf http://127.0.0.1:5000/v2/ >/dev/null
}

is_demo() {
	in_room "$IMAGE_TESTS/tree" "$1" | grep -v '^\. ' | diff "$HERE/expected" -
}

# What containerd made of an image.
ctr_has_demo() {
	mkdir -p mounted
	ctr images mount "$1" "$PWD/mounted" >/dev/null
	is_demo mounted || { ctr images unmount "$PWD/mounted"; return 1; }
	ctr images unmount "$PWD/mounted" >/dev/null
}

lade_has_demo() {
	[ "$(lade inspect "$1" | jq -r '.[0].Id')" = "$ID" ]
	rm -rf unpacked
	ok lade unpack "$1" unpacked
	is_demo unpacked
}

digest_in() {
	jq -r '.manifests[0].digest' "$HERE/$1/index.json"
}

@test "containerd pulls what lade pushed: gzip, zstd and plain layers" {
	ok lade copy -q "oci:$HERE/layout:demo:latest" "docker://$REGISTRY/ctr:1"
	ok ctr images pull --plain-http "$REGISTRY/ctr:1"
	ctr images ls | grep -q "$REGISTRY/ctr:1 .*$(digest_in layout)"
	ctr_has_demo "$REGISTRY/ctr:1"
}

@test "containerd imports what lade saves" {
	local form
	ok lade pull -q "oci:$HERE/layout:demo:latest"
	for form in docker-archive oci-archive; do
		ok lade save -q --format $form -o $form.tar localhost/demo
		ok ctr images import $form.tar
		ctr images ls -q | grep -qx localhost/demo:latest || { ctr images ls; return 1; }
		ctr_has_demo localhost/demo:latest
		ctr images rm localhost/demo:latest
	done
}

@test "lade loads what containerd exports: one platform, all platforms, several images" {
	ok lade copy -q --all "oci:$HERE/index:demo:latest" "docker://$REGISTRY/multi:1"
	ok ctr images pull --plain-http --all-platforms "$REGISTRY/multi:1"
	ok lade copy -q "oci:$HERE/layout:demo:latest" "docker://$REGISTRY/one:1"
	ok ctr images pull --plain-http "$REGISTRY/one:1"
	ok ctr images export one.tar "$REGISTRY/multi:1"
	ok lade load -q -i one.tar
	lade_has_demo "$REGISTRY/multi:1"
	ok lade rmi --all --force
	ok ctr images export --all-platforms all.tar "$REGISTRY/multi:1"
	ok lade load -q -i all.tar
	lade_has_demo "$REGISTRY/multi:1"
	ok lade copy -q --all oci-archive:all.tar oci:back:x
	for blob in "$HERE"/index/blobs/sha256/*; do
		cmp "$blob" "back/blobs/sha256/${blob##*/}"
	done
	ok lade rmi --all --force
	ok ctr images export both.tar "$REGISTRY/multi:1" "$REGISTRY/one:1"
	ok lade load -q -i both.tar
	lade_has_demo "$REGISTRY/multi:1"
	lade_has_demo "$REGISTRY/one:1"
}

@test "lade pulls what containerd pushed" {
	ok ctr images import --base-name localhost/x "$BATS_FILE_TMPDIR/image.tar"
	ok ctr images push --plain-http "$REGISTRY/pushed:1" $IMAGE
	ok lade pull -q "$REGISTRY/pushed:1"
	ok lade unpack "$REGISTRY/pushed:1" unpacked
	[ -x unpacked/bin/busybox ]
}

@test "docker pulls what lade pushed, and loads what lade saves" {
	ok lade copy -q "oci:$HERE/gzip:demo:latest" "docker://$REGISTRY/docker:1"
	ok docker pull -q "$REGISTRY/docker:1"
	[ "$(docker image inspect --format '{{.Id}}' "$REGISTRY/docker:1")" = "sha256:$ID" ]
	ok lade pull -q "oci:$HERE/layout:demo:latest"
	ok lade save -q -o saved.tar localhost/demo
	ok docker load -q -i saved.tar
	[ "$(docker image inspect --format '{{.Id}}' localhost/demo:latest)" = "sha256:$ID" ]
	docker create --name made "$ID"
	docker export made | tar -tf - | grep -qx bin/busybox
	docker rm made
}

@test "lade loads what docker saves, and pulls what docker pushes" {
	ok lade copy -q "oci:$HERE/gzip:demo:latest" "docker://$REGISTRY/saved:1"
	ok docker pull -q "$REGISTRY/saved:1"
	docker tag "$REGISTRY/saved:1" localhost/second:2
	ok docker save -o saved.tar "$REGISTRY/saved:1" localhost/second:2
	ok lade load -q -i saved.tar
	lade_has_demo "$REGISTRY/saved:1"
	lade_has_demo localhost/second:2
	ok lade rmi --all --force
	docker tag "$REGISTRY/saved:1" "$REGISTRY/again:1"
	ok docker push -q "$REGISTRY/again:1"
	ok lade pull -q "$REGISTRY/again:1"
	lade_has_demo "$REGISTRY/again:1"
}
