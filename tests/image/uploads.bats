#!/usr/bin/env bats
# lade push to registries that break off, forget, refuse (upload_registry.py); blobs that need not be
# sent; several at the same time.
load lade
load registry

setup_file() {
	make_image --compression gzip --fill 40 "$BATS_FILE_TMPDIR/layout"
	"$LADE" --root "$BATS_FILE_TMPDIR/store" pull -q "oci:$BATS_FILE_TMPDIR/layout:demo:latest"
}

setup() {
	image_setup
	cp -a --reflink=auto "$BATS_FILE_TMPDIR/store" "$STORE"
	export HOME=$PWD XDG_RUNTIME_DIR=$PWD XDG_CONFIG_HOME=$PWD no_proxy=127.0.0.1
	unset REGISTRY_AUTH_FILE DOCKER_CONFIG
	BLOBS=5 # four layers and a config
}

teardown() {
	exec 7>&-
	[ -z "${FAULTY_PID-}" ] || wait "$FAULTY_PID"
	stop_registry || true
	image_teardown
}

# faulty [FAULT]: sets MAIN (host:port) and LOG. It ends when descriptor 7 is closed.
faulty() {
	LOG=$PWD/requests
	: >"$LOG"
	mkfifo end says
	"$IMAGE_TESTS/upload_registry.py" "$LOG" ${1:+--fault "$1"} <end >says 3>&- &
	FAULTY_PID=$!
	exec 7>end
	read -r MAIN <says
}

pushes() {
	lade push -q --retry-delay 10ms "$@" localhost/demo "$MAIN/demo:1" 7>&-
}

# All blobs are there, each was completed once.
pushed() {
	ok pushes
	[ "$(requests ^stored)" = $BLOBS ] || { cat "$LOG"; return 1; }
	[ "$(tail -1 "$LOG" | cut -d' ' -f1,2)" = "PUT /v2/demo/manifests/1" ]
}

requests() {
	grep -c -e "$1" "$LOG" || true
}

@test "a blob goes in one PUT, the manifest last" {
	faulty
	pushed
	[ "$(requests ^PATCH)" = 0 ]
	[ "$(requests ^POST)" = $BLOBS ]
}

@test "an upload that breaks goes on where the registry says it stopped, in pieces" {
	faulty breaks
	pushed
	[ "$(requests '^PUT .*length=419')" = 1 ]
	[ "$(requests '^PATCH .*length=16777216 range=209')" = 1 ] || { cat "$LOG"; false; }
	[ "$(requests '^PATCH')" = 2 ]
}

@test "a piece that breaks goes on where it broke" {
	faulty breaks-again
	pushed
	[ "$(requests '^GET .*uploads')" = 2 ]
}

@test "an upload that breaks for good is given up" {
	faulty breaks-for-good
	fails 125 pushes --retry 2
	says "/blobs/uploads/"
	[ "$(requests 'manifests/1')" = 0 ]
}

@test "an upload that the registry has forgotten begins again" {
	faulty forgets
	pushed
	[ "$(requests ^POST)" = $((BLOBS + 1)) ]
}

@test "a registry that counts otherwise (416) is asked again" {
	faulty miscounts
	pushed
	[ "$(requests '^GET .*uploads')" = 2 ]
}

@test "pieces are as large as the registry wants them" {
	faulty wants-large-pieces
	pushed
	[ "$(requests '^PATCH .*length=20971520')" = 1 ]
}

@test "a body that is too large for something on the way is sent in smaller ones" {
	faulty too-large
	pushed
	[ "$(requests '^PATCH .*length=4194304')" = 10 ]
}

@test "a body that is too large however small is refused" {
	faulty too-large-for-all
	fails 125 pushes
	says 413
}

@test "too many requests, and trouble: tried again" {
	faulty busy
	pushed
}

@test "a registry in trouble is sent the blob again" {
	faulty trouble
	pushed
}

@test "a refused blob is told with the registry's words, and no name is given" {
	faulty denied
	fails 125 pushes
	says DENIED
	[ "$(requests manifests/1)" = 0 ]
}

@test "an upload goes on at no other host" {
	faulty elsewhere
	fails 125 pushes
	says "at another host"
}

@test "a manifest that the registry stores as another is told" {
	faulty wrong-digest
	fails 125 pushes
	says "the registry stored"
}

@test "several blobs go at the same time" {
	faulty not-alone
	pushed
}

@test "when one upload fails the others are broken off" {
	faulty one-fails
	fails 125 pushes
	says DENIED
	[ "$(requests 'manifests/1')" = 0 ]
	for _ in {1..100}; do
		[ "$(requests '^hung up')" = 0 ] || break
		sleep 0.1
	done
	[ "$(requests '^hung up')" -ge 1 ]
}

@test "what the store saw in another repository of the registry is mounted from there" {
	start_registry
	ok lade push -q localhost/demo "$REGISTRY/one:1"
	grep -q " $REGISTRY/one$" "$STORE/origins"
	ok lade push localhost/demo "$REGISTRY/two:1"
	[ "$(grep -c exists <<<"$output")" -ge 4 ]
	lacks " done," "$output"
	ok skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/two:1"
	ok lade rmi --all --force
	[ ! -s "$STORE/origins" ]
}

@test "a repository that gives nothing is no obstacle" {
	faulty
	printf '%s %s/gone\n' "$(jq -r '.layers[0].digest' "$STORE/blobs/sha256/$(jq -r '.manifests[0].digest' "$STORE/index.json" | cut -d: -f2)")" "$MAIN" >"$STORE/origins"
	pushed
	[ "$(requests 'POST .*from=gone')" = 1 ]
	[ "$(requests ^DELETE)" = 1 ] # the upload that came instead of a mount
}
