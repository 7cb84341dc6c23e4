#!/usr/bin/env bats
# lade pull from registries that redirect, refuse, break off and lie (fault_registry.py).
load lade

setup_file() { image_setup_file; }
setup() {
	image_setup
	export HOME=$PWD XDG_RUNTIME_DIR=$PWD XDG_CONFIG_HOME=$PWD
	export no_proxy=127.0.0.1
	unset REGISTRY_AUTH_FILE DOCKER_CONFIG
}
teardown() {
	exec 7>&-
	[ -z "${FAULTY_PID-}" ] || wait "$FAULTY_PID"
	image_teardown
}

# faulty [OPTION…]: sets MAIN, OTHER (host:port), LOG. It ends when descriptor 7 is closed.
faulty() {
	LOG=$PWD/requests
	: >"$LOG"
	mkfifo end says
	"$IMAGE_TESTS/fault_registry.py" "$LAYOUT" "$LOG" "$@" <end >says 3>&- &
	FAULTY_PID=$!
	exec 7>end
	read -r MAIN OTHER <says
	[ -n "$OTHER" ]
}

pull() {
	lade pull -q --retry-delay 10ms "$@" 7>&-
}

# refused [OPTION…] -- TEXT…: one line, which says all of that, and nothing but whole blobs in the
# store.
refused() {
	local text options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	fails 125 pull "${options[@]}" "$MAIN/demo:1"
	[ "${#lines[@]}" = 1 ] || { echo "several lines: $output"; return 1; }
	[[ "$output" != *[[:cntrl:]]* ]] || { echo "control characters: $output"; return 1; }
	for text; do
		[[ "$output" == *"$text"* ]] || { echo "got: $output"; echo "not: $text"; return 1; }
	done
	nothing_is_committed
}

pulled() {
	ok pull "$@" "$MAIN/demo:1"
	[[ "$output" =~ ^[0-9a-f]{64}$ ]]
}

# requests PATTERN…: how many requests match all of them.
requests() {
	local pattern found
	found=$(<"$LOG")
	for pattern; do
		found=$(grep -e "$pattern" <<<"$found" || true)
	done
	grep -c . <<<"$found" || true
}

# ---- redirects

@test "a redirect is followed, without the credentials" {
	faulty --auth basic --fault redirect-layers
	pulled --creds somebody:secret
	[ "$(requests ^main /blobs/ authorization=Basic)" -ge 4 ]
	[ "$(requests ^other)" = 3 ]
	[ "$(requests ^other authorization=-)" = 3 ]
}

@test "a redirect is followed, without the token" {
	faulty --auth bearer --fault redirect-layers
	pulled
	[ "$(requests ^main /blobs/ authorization=Bearer)" -ge 4 ]
	[ "$(requests '^other GET /v2/')" = 3 ]
	[ "$(requests '^other GET /v2/' authorization=-)" = 3 ]
}

@test "where a redirect leads to nobody is told a password" {
	faulty --auth basic --fault redirect-challenged
	refused --creds somebody:secret -- "$OTHER" 401
	[ "$(requests ^other)" -ge 1 ]
	[ "$(requests ^other authorization=-)" = "$(requests ^other)" ]
}

@test "redirects in a circle end" {
	faulty --fault redirect-loop
	refused -- "redirected more than 10 times" "$MAIN"
	[ "$(requests ^main)" = 11 ]
}

@test "redirects to what is not http are refused" {
	local fault
	for fault in ftp file nowhere; do
		faulty --fault "redirect-$fault"
		refused -- redirected "$MAIN"
		exec 7>&-
		wait "$FAULTY_PID"
		rm end says
	done
}

@test "an unverified https registry is not asked by http because of where it redirects" {
	certificate
	faulty --tls both.pem --fault redirect-down
	refused --retry -1 --tls-verify=false --creds somebody:secret -- "127.0.0.1:1/"
	[ "$(requests ^main)" = 1 ]
}

@test "a redirect from https to http is refused" {
	certificate
	faulty --tls both.pem --fault redirect
	refused --cert-dir "$PWD/certs" --tls-verify=true -- "from https to http" "$MAIN"
	[ "$(requests ^other)" = 0 ]
}

certificate() {
	mkdir certs
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout key.pem \
		-out certs/ca.crt -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	cat certs/ca.crt key.pem >both.pem
}

# ---- who may

@test "of several challenges in one header the Basic one is answered" {
	faulty --auth basic
	pulled --creds somebody:secret
	[ "$(requests authorization=Basic:c29tZWJvZHk6c2VjcmV0)" -ge 5 ]
}

@test "an anonymous token is fetched once and sent with everything" {
	faulty --auth bearer
	pulled
	[ "$(requests '^other GET /token?from=here&service=the%20service&scope=repository%3Ademo%3Apull ')" = 1 ]
	[ "$(requests ^other authorization=-)" = 1 ]
	[ "$(requests ^main authorization=Bearer:the-token)" -ge 5 ]
	[ "$(requests ^main authorization=Basic)" = 0 ]
}

@test "credentials buy a token, the registry does not see them" {
	faulty --auth bearer
	pulled --creds somebody:secret
	[ "$(requests ^other /token account=somebody authorization=Basic)" = 1 ]
	[ "$(requests ^main authorization=Basic)" = 0 ]
}

@test "a token that has expired is replaced" {
	faulty --auth bearer --fault tokens-expire
	pulled
	[ "$(requests ^main authorization=Bearer)" -ge 5 ]
	[ "$(requests '^other GET /token')" -ge 5 ]
}

@test "a token service that refuses is told" {
	faulty --auth bearer
	refused --creds somebody:wrong -- 401 "$MAIN"
	lacks wrong "$output"
}

@test "a token service without a token is told" {
	faulty --auth bearer --fault no-token
	refused -- "no token" "$OTHER"
}

@test "a token service in trouble is asked again" {
	faulty --auth bearer --fault token-trouble
	pulled
}

@test "a password is not sent to a token service by http when the registry has https" {
	certificate
	faulty --tls both.pem --auth bearer
	refused --cert-dir "$PWD/certs" --tls-verify=true --creds somebody:secret -- "not https"
	[ "$(requests ^other)" = 0 ]
}

@test "a challenge with thousands of parameters costs no memory" {
	faulty --fault many-parameters
	(ulimit -v 400000 && "$LADE" --version) >/dev/null 2>&1 || skip "a sanitizer needs more address space"
	(ulimit -v 400000 && pull "$MAIN/demo:1") 2>said && false
	grep -q realm said || { cat said; false; }
}

# ---- refusals

@test "401 is told in the registry's words" {
	faulty --fault status-401
	refused --
	[ "$output" = "lade: http://$MAIN/v2/demo/manifests/1: unauthorized: status 401 (UNAUTHORIZED: who are you) (log in with lade login $MAIN, or give --creds)" ] || { echo "$output"; false; }
}

@test "403 is told in the registry's words" {
	faulty --fault status-403
	refused --
	[ "$output" = "lade: http://$MAIN/v2/demo/manifests/1: forbidden: status 403 (DENIED: not for you)" ] || { echo "$output"; false; }
	[ "$(requests ^main)" = 1 ]
}

@test "404 is told in the registry's words" {
	faulty --fault status-404
	refused --
	[ "$output" = "lade: http://$MAIN/v2/demo/manifests/1: not found: status 404 (MANIFEST_UNKNOWN: manifest unknown)" ] || { echo "$output"; false; }
	[ "$(requests ^main)" = 1 ]
}

@test "what a registry says cannot write on the terminal" {
	faulty --fault rude
	refused -- "status 403 (DENIED: " "lade: all is well"
}

@test "an error page is not shown" {
	faulty --fault html
	refused -- "status 404"
	lacks html "$output"
}

# ---- another try

@test "too many requests: Retry-After is obeyed" {
	faulty --fault busy
	pulled --retry-delay 10m
}

@test "too many requests: Retry-After as a date" {
	faulty --fault busy-until-date
	pulled --retry-delay 10m
}

@test "a registry in trouble is asked again" {
	faulty --fault trouble
	pulled
}

@test "a registry in any kind of trouble is asked again: 408, 500, 502, 504" {
	local kind
	for kind in 408 500 502 504; do
		faulty --fault trouble-$kind
		pulled
		[ "$(requests ^main)" -ge 10 ]
		exec 7>&-
		wait "$FAULTY_PID"
		rm end says
		lade rmi --all
	done
}

@test "a registry that stays too busy is given up with its own words" {
	faulty --fault too-busy
	refused --retry 2 -- TOOMANYREQUESTS "$MAIN"
	[ "$(requests ^main)" = 3 ]
}

@test "a registry that stays in trouble is given up" {
	faulty --fault trouble-for-good
	refused --retry 2 -- "status 500 (UNKNOWN: disk on fire)"
	[ "$(requests ^main)" = 3 ]
}

layer_sizes() {
	jq -r '.layers[].size' "$LAYOUT/blobs/sha256/$(jq -r '.manifests[0].digest' "$LAYOUT/index.json" | cut -d: -f2)"
}

@test "a blob that breaks off goes on where it broke" {
	faulty --fault broken
	pulled
	local size
	for size in $(layer_sizes); do
		[ "$(requests ^main "range=bytes=$((size / 2))-\$")" = 1 ]
	done
	ok lade bundle "$MAIN/demo:1" "$DIR"
	[ "$(cat "$DIR/rootfs/srv/changed")" = "second version" ]
	ok lade release "$DIR"
}

@test "a pull goes on where an earlier one broke" {
	faulty --fault broken
	fails 125 pull --retry -1 --jobs 1 "$MAIN/demo:1"
	[ "${#lines[@]}" = 1 ]
	nothing "$(lade images -q)"
	[ "$(requests range=bytes=)" = 0 ]
	pulled --jobs 1
	# The config and each layer twice.
	[ "$(requests ^main /blobs/)" = 8 ]
	[ "$(requests range=bytes=)" = 3 ]
}

@test "a registry that knows no ranges may send all of it again" {
	faulty --fault broken-whole
	pulled
	[ "$(requests range=bytes=)" = 3 ]
}

@test "a range that was not asked for is refused" {
	faulty --fault broken-wrong-range
	refused -- "bytes from 0 instead of"
}

@test "a blob that breaks off for good is given up" {
	faulty --fault broken-for-good
	refused --retry 2 --jobs 1 -- "$MAIN" sha256:
}

@test "a blob that breaks off behind a redirect goes on there, by the registry's leave" {
	faulty --auth basic --fault redirect-broken
	pulled --creds somebody:secret
	[ "$(requests ^other range=bytes=)" = 3 ]
	[ "$(requests ^main range=bytes= authorization=Basic)" = 3 ]
	[ "$(requests ^other authorization=Basic)" = 0 ]
}

@test "a refusal behind a redirect is told with its URL" {
	faulty --fault redirect-refused
	refused -- "$OTHER" "the URL has expired"
}

@test "a manifest that breaks off is asked for again" {
	faulty --fault broken-manifest
	pulled
}

@test "a manifest without its end is refused" {
	faulty --fault short-manifest
	refused -- "premature EOF"
}

@test "a slow registry is waited for" {
	faulty --fault slow
	pulled
}

@test "a registry that hangs is left at once when the user wants it" {
	faulty --fault hangs
	"$LADE" --root "$STORE" pull -q "$MAIN/demo:1" 3>&- 7>&- &
	local lade=$!
	for _ in {1..200}; do
		[ "$(requests ^hangs)" = 0 ] || break
		sleep 0.05
	done
	kill -INT $lade
	wait $lade || [ $? = 130 ]
	nothing_is_committed
}

# ---- lies

@test "wrong bytes of a manifest asked for by digest" {
	faulty --fault wrong-manifest
	fails 125 pull "$MAIN/demo@$(jq -r '.manifests[0].digest' "$LAYOUT/index.json")"
	[[ "$output" == *"$MAIN"*digest* ]] || { echo "$output"; false; }
	[ "${#lines[@]}" = 1 ]
	nothing_is_committed
}

@test "wrong bytes of a config" {
	faulty --fault wrong-config
	refused -- "another digest" "$MAIN"
}

@test "wrong bytes of a layer" {
	faulty --fault wrong-layer
	refused -- "another digest" "$MAIN"
}

@test "a layer with more bytes than promised" {
	faulty --fault too-many-bytes
	refused -- "more than the promised" "$MAIN"
}

@test "a layer without end" {
	faulty --fault endless-layer
	refused -- "more than the promised" "$MAIN"
}

@test "a manifest without end" {
	faulty --fault endless
	refused -- "more than 4194304 bytes" "$MAIN"
}

@test "a schema 1 image is refused with words that help" {
	faulty --fault schema-1
	refused -- "a Docker schema 1 manifest: this format is no longer supported" \
		"pull and push it again with a newer tool"
}

@test "a list of tags whose pages lead to each other ends" {
	faulty
	ok lade tags "$MAIN/demo"
	[ "${#lines[@]}" = 3 ]
}

@test "indexes that list the same thing without end have a limit" {
	local entry index
	mkdir -p many/blobs/sha256
	cp -r "$LAYOUT/oci-layout" many/
	cp "$LAYOUT"/blobs/sha256/* many/blobs/sha256/
	entry=$(jq -c '.manifests[0] | {mediaType, digest, size}' "$LAYOUT/index.json")
	jq -n --argjson entry "$entry" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
		manifests: [range(5000) | $entry]}' >index
	index=$(digest_of index)
	cp index "many/blobs/sha256/$index"
	jq -n --arg digest "sha256:$index" --argjson size "$(stat -c %s index)" '{schemaVersion: 2, manifests: [
		{mediaType: "application/vnd.oci.image.index.v1+json", digest: $digest, size: $size}]}' >many/index.json
	fails 125 lade copy -q --all oci:many oci:copied
	says "the indexes list more than 4096 documents"
}
