#!/usr/bin/env bats
# lade pull from a registry: plain, by digest, with credentials, by TLS, and from a broken one.
load lade
load registry

setup_file() { image_setup_file; }
setup() {
	image_setup
	command -v docker-registry >/dev/null || skip "no docker-registry"
}
teardown() {
	stop_registry
	image_teardown
}

layers_of() {
	jq -r '.layers[].digest' "$1/blobs/sha256/$(jq -r '.manifests[0].digest' "$1/index.json" | cut -d: -f2)"
}

gets_of_blobs() {
	grep -c '"GET /v2/[^ ]*/blobs/' "$REGISTRY_LOG" || true
}

@test "a registry on the loopback address is pulled from by plain http" {
	start_registry
	push "$LAYOUT" group/demo:1
	ok lade pull -q "$REGISTRY/group/demo:1"
	[[ "$output" =~ ^[0-9a-f]{64}$ ]]
	ok lade images -n
	[[ "$output" =~ ^$REGISTRY/group/demo\ +1\  ]]
	ok lade bundle "$REGISTRY/group/demo:1" "$DIR"
	[ "$(cat "$DIR/rootfs/srv/changed")" = "second version" ]
	ok lade release "$DIR"
}

@test "the blobs are kept as they were served" {
	start_registry
	push "$LAYOUT" demo:1
	ok lade pull -q "docker://$REGISTRY/demo:1"
	local layer
	for layer in $(layers_of "$LAYOUT"); do
		cmp "$STORE/blobs/sha256/${layer#sha256:}" "$LAYOUT/blobs/sha256/${layer#sha256:}"
	done
}

@test "what the store has is not fetched again" {
	start_registry
	push "$LAYOUT" demo:1
	ok lade pull -q "$REGISTRY/demo:1"
	local before
	before=$(gets_of_blobs)
	make_image --compression mixed --text two layout
	push "$PWD/layout" demo:2
	ok lade pull -q "$REGISTRY/demo:2"
	ok lade pull -q "$REGISTRY/demo:1"
	[ $(($(gets_of_blobs) - before)) -le 3 ]
}

@test "an image is pulled by digest" {
	start_registry
	push "$LAYOUT" demo:1
	local digest
	digest=$(jq -r '.manifests[0].digest' "$LAYOUT/index.json")
	ok lade pull -q "$REGISTRY/demo@$digest"
	ok lade inspect "$REGISTRY/demo@$digest"
	[ "$(jq -r '.[0].Digest' <<<"$output")" = "$digest" ]
}

@test "of a registry's index the entry for this machine is taken" {
	start_registry
	make_image --index layout
	push layout demo:1
	ok lade pull -q "$REGISTRY/demo:1"
	ok lade inspect "$REGISTRY/demo:1"
	[ "$(jq -r '.[0].Architecture' <<<"$output")" = "$(dpkg --print-architecture)" ]
}

@test "a registry that is down is one clear line" {
	fails 125 lade pull -q --retry -1 127.0.0.1:1/demo
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == *127.0.0.1:1* ]]
	[[ "$output" == *onnect* ]]
	nothing_is_committed
}

@test "an image or tag that does not exist is named" {
	start_registry
	push "$LAYOUT" demo:1
	fails 125 lade pull -q "$REGISTRY/demo:2"
	[[ "$output" == *"demo"*"2"* ]]
	[ "${#lines[@]}" = 1 ]
	fails 125 lade pull -q "$REGISTRY/nosuch"
	[[ "$output" == *nosuch* ]]
	nothing_is_committed
}

@test "credentials: none, wrong, --creds, --authfile" {
	htpasswd -Bbn somebody secret >htpasswd
	start_registry REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test \
		REGISTRY_AUTH_HTPASSWD_PATH="$PWD/htpasswd"
	push "$LAYOUT" demo:1 --dest-creds somebody:secret
	export HOME=$PWD XDG_RUNTIME_DIR=$PWD
	fails 125 lade pull -q "$REGISTRY/demo:1"
	[ "${#lines[@]}" = 1 ]
	fails 125 lade pull -q --creds somebody:wrong "$REGISTRY/demo:1"
	lacks wrong "$output"
	nothing_is_committed
	ok lade pull -q --creds somebody:secret "$REGISTRY/demo:1"
	ok lade rmi --all
	printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$(printf somebody:secret | base64)" >auth.json
	ok lade pull -q --authfile "$PWD/auth.json" "$REGISTRY/demo:1"
	ok lade rmi --all
	mkdir -p containers
	cp auth.json containers/auth.json
	ok lade pull -q "$REGISTRY/demo:1"
}

@test "TLS: unknown authority, --cert-dir, --tls-verify=false" {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem \
		-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	start_registry REGISTRY_HTTP_TLS_CERTIFICATE="$PWD/cert.pem" REGISTRY_HTTP_TLS_KEY="$PWD/key.pem"
	push "$LAYOUT" demo:1
	fails 125 lade pull -q --tls-verify=true "$REGISTRY/demo:1"
	[[ "$output" == *certificate* ]] || { echo "$output"; false; }
	nothing_is_committed
	mkdir certs
	cp cert.pem certs/ca.crt
	ok lade pull -q --tls-verify --cert-dir "$PWD/certs" "$REGISTRY/demo:1"
	ok lade rmi --all
	ok lade pull -q --tls-verify=false "$REGISTRY/demo:1"
}

@test "without any known authority plain http works, and TLS says what to install" {
	export SSL_CERT_FILE=$BATS_TEST_TMPDIR/nothing
	start_registry
	push "$LAYOUT" demo:1
	ok lade pull -q "$REGISTRY/demo:1"
	stop_registry || true
	rm "$BATS_TEST_TMPDIR/registry.pipe"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem \
		-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	start_registry REGISTRY_HTTP_TLS_CERTIFICATE="$PWD/cert.pem" REGISTRY_HTTP_TLS_KEY="$PWD/key.pem"
	fails 125 lade pull -q --tls-verify=true "$REGISTRY/demo:1"
	[[ "$output" == *"install ca-certificates"* ]] || { echo "$output"; false; }
	SSL_CERT_FILE=$PWD/cert.pem ok lade pull -q --tls-verify=true "$REGISTRY/demo:1"
}

@test "a registry that serves wrong bytes is refused by digest, nothing is kept" {
	start_registry
	push "$LAYOUT" demo:1
	local layer file
	for layer in $(layers_of "$LAYOUT"); do
		file=$(registry_blob "$layer")
		cp "$file" saved
		printf '\xff\xfe' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") / 2)) conv=notrunc status=none
		fails 125 lade pull -q --retry -1 "$REGISTRY/demo:1"
		[[ "$output" == *digest* ]] || { echo "$output"; false; }
		[ "${#lines[@]}" = 1 ]
		nothing_is_committed
		cp saved "$file"
	done
	ok lade pull -q "$REGISTRY/demo:1"
}

@test "a registry that serves too few bytes is refused, nothing is kept" {
	start_registry
	push "$LAYOUT" demo:1
	local file
	file=$(registry_blob "$(layers_of "$LAYOUT" | head -1)")
	truncate -s $(($(stat -c %s "$file") / 2)) "$file"
	fails 125 lade pull -q --retry -1 "$REGISTRY/demo:1"
	[ "${#lines[@]}" = 1 ]
	nothing_is_committed
}

@test "a registry that lost a layer is told by the layer's digest" {
	start_registry
	push "$LAYOUT" demo:1
	local layer
	layer=$(layers_of "$LAYOUT" | tail -1)
	rm "$(registry_blob "$layer")"
	fails 125 lade pull -q --retry -1 "$REGISTRY/demo:1"
	[[ "$output" == *"${layer:0:19}"* ]] || { echo "$output"; false; }
	nothing_is_committed
}
