# registry.bash -- Debian's docker-registry on a port of the loopback address.
# shellcheck shell=bash disable=SC2034,SC2154

# start_registry [NAME=VALUE…]: its environment. Sets REGISTRY (host:port) and REGISTRY_FILES.
start_registry() {
	local log=$BATS_TEST_TMPDIR/registry.log
	REGISTRY_FILES=$BATS_TEST_TMPDIR/registry
	mkdir -p "$REGISTRY_FILES"
	cat >"$BATS_TEST_TMPDIR/registry.yml" <<-END
		version: 0.1
		storage: { filesystem: { rootdirectory: $REGISTRY_FILES } }
		http: { addr: "127.0.0.1:0", secret: test }
	END
	mkfifo "$BATS_TEST_TMPDIR/registry.pipe"
	env "$@" docker-registry serve "$BATS_TEST_TMPDIR/registry.yml" \
		>"$BATS_TEST_TMPDIR/registry.pipe" 2>&1 3>&- &
	REGISTRY_PID=$!
	exec 8<"$BATS_TEST_TMPDIR/registry.pipe"
	while read -r -u 8 line; do
		echo "$line" >>"$log"
		[[ "$line" =~ listening\ on\ ([0-9.]+:[0-9]+) ]] && break
	done
	REGISTRY=${BASH_REMATCH[1]}
	cat <&8 >>"$log" 3>&- &
	exec 8<&-
	REGISTRY_LOG=$log
	[ -n "$REGISTRY" ]
}

stop_registry() {
	[ -n "${REGISTRY_PID-}" ] && kill "$REGISTRY_PID" 2>/dev/null && wait "$REGISTRY_PID" 2>/dev/null
	REGISTRY_PID=
}

# push LAYOUT NAME [OPTION…]: by skopeo
push() {
	local layout=$1 name=$2
	shift 2
	skopeo copy -q --multi-arch all --preserve-digests --dest-tls-verify=false "$@" "oci:$layout" "docker://$REGISTRY/$name"
}

# The file that the registry serves for that digest.
registry_blob() {
	local hex=${1#sha256:}
	echo "$REGISTRY_FILES/docker/registry/v2/blobs/sha256/${hex:0:2}/$hex/data"
}

# start_another [NAME=VALUE…]: one more registry. Sets ANOTHER (host:port), ANOTHER_FILES, ANOTHER_LOG.
start_another() {
	local first=${REGISTRY-} files=${REGISTRY_FILES-} log=${REGISTRY_LOG-} pid=${REGISTRY_PID-}
	local top=$BATS_TEST_TMPDIR
	BATS_TEST_TMPDIR=$top/another
	mkdir -p "$BATS_TEST_TMPDIR"
	start_registry "$@"
	BATS_TEST_TMPDIR=$top
	ANOTHER=$REGISTRY ANOTHER_FILES=$REGISTRY_FILES ANOTHER_LOG=$REGISTRY_LOG ANOTHER_PID=$REGISTRY_PID
	REGISTRY=$first REGISTRY_FILES=$files REGISTRY_LOG=$log REGISTRY_PID=$pid
}

stop_another() {
	[ -n "${ANOTHER_PID-}" ] && kill "$ANOTHER_PID" 2>/dev/null && wait "$ANOTHER_PID" 2>/dev/null
	ANOTHER_PID=
}
