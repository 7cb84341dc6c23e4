#!/usr/bin/env bats
# policy.json(5): what is rejected, whose signatures are needed, and what fails closed. Where skopeo has
# the same files, it says the same.
load lade
load registry

setup_file() { image_setup_file; }
setup() {
	image_setup
	command -v docker-registry >/dev/null || skip "no docker-registry"
	export HOME=$PWD XDG_RUNTIME_DIR=$PWD XDG_CONFIG_HOME=$PWD/config
	export TMPDIR=$PWD/scratch
	mkdir -p config/containers/registries.d "$TMPDIR"
	start_registry
	push "$LAYOUT" team/demo:1
	IMAGE=$REGISTRY/team/demo:1
	skopeo inspect --raw --tls-verify=false "docker://$IMAGE" >manifest.json
	MANIFEST=sha256:$(digest_of manifest.json)
}
teardown() {
	[ -z "${GNUPGHOME-}" ] || gpgconf --kill all
	stop_registry
	stop_another
	image_teardown
}

# policy <<END: the policy of this test.
policy() {
	cat >"$CONTAINERS_POLICY_JSON"
}

# requires REQUIREMENT: of everything in the registry.
requires() {
	policy <<<"{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{\"$REGISTRY\":[$1]}}}"
}

# signatures_at KEY VALUE: what registries.d says of the registry.
signatures_at() {
	printf 'docker:\n  %s:\n    %s: %s\n' "$REGISTRY" "$1" "$2" >config/containers/registries.d/test.yaml
}

# Both take it, or both refuse it.
both_take() {
	ok lade copy -q "docker://$1" "dir:$PWD/by-lade"
	run skopeo --policy "$CONTAINERS_POLICY_JSON" --registries.d "$PWD/config/containers/registries.d" \
		copy -q --src-tls-verify=false "docker://$1" "dir:$PWD/by-skopeo"
	# Debian's skopeo has no sigstore.
	[ "$status" = 0 ] || [[ "$output" == *"sigstore disabled"* ]] || { echo "skopeo: $output"; return 1; }
}
both_refuse() {
	run skopeo --policy "$CONTAINERS_POLICY_JSON" --registries.d "$PWD/config/containers/registries.d" \
		copy -q --src-tls-verify=false "docker://$1" "dir:$PWD/refused"
	[ "$status" != 0 ] || { echo "skopeo takes it"; return 1; }
	fails 125 lade copy -q "docker://$1" "dir:$PWD/refused-here"
	[ ! -e refused-here/manifest.json ]
}

# payload TYPE NAME [DIGEST]
payload() {
	printf '{"critical":{"type":"%s","image":{"docker-manifest-digest":"%s"},"identity":{"docker-reference":"%s"}},"optional":{}}' \
		"$1" "${3-$MANIFEST}" "$2"
}

make_gpg_key() {
	export GNUPGHOME=$PWD/gpg
	mkdir -m 700 gpg
	gpg --batch --quiet --passphrase '' --quick-gen-key "signer@example.com" default default never 2>/dev/null
	gpg --batch --export "signer@example.com" >key.gpg
}

# gpg_sign NAME [DIGEST]: signature-1 in the lookaside store.
gpg_sign() {
	local directory=$PWD/lookaside/team/demo@${MANIFEST/:/=}
	mkdir -p "$directory"
	payload "atomic container signature" "$@" |
		gpg --batch --quiet --yes --pinentry-mode loopback --passphrase '' -u signer@example.com --sign \
			-o "$directory/signature-1"
}

make_sigstore_key() {
	openssl ecparam -name prime256v1 -genkey -noout -out signer.pem
	openssl ec -in signer.pem -pubout -out signer.pub 2>/dev/null
}

# Ed25519 hashes by itself.
sign() {
	if openssl pkey -in signer.pem -noout -text | grep -q ED25519; then
		openssl pkeyutl -sign -inkey signer.pem -rawin -in "$1"
	else
		openssl dgst -sha256 -sign signer.pem "$1"
	fi
}

upload() {
	local place
	place=$(curl -sfi -X POST "http://$REGISTRY/v2/team/demo/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p')
	curl -sf -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" \
		"$place&digest=sha256:$(digest_of "$1")"
}

# sigstore_sign NAME [DIGEST]: as cosign attaches it.
sigstore_sign() {
	payload "cosign container image signature" "$@" >payload
	printf '{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(digest_of payload)" >config.sig
	upload payload
	upload config.sig
	jq -n --arg payload "sha256:$(digest_of payload)" --argjson payload_size "$(stat -c %s payload)" \
		--arg config "sha256:$(digest_of config.sig)" --argjson config_size "$(stat -c %s config.sig)" \
		--arg signature "$(sign payload | base64 -w 0)" '{
			schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
			config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: $config_size},
			layers: [{mediaType: "application/vnd.dev.cosign.simplesigning.v1+json",
				digest: $payload, size: $payload_size,
				annotations: {"dev.cosignproject.cosign/signature": $signature}}]}' >sig.json
	curl -sf -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @sig.json \
		"http://$REGISTRY/v2/team/demo/manifests/${MANIFEST/:/-}.sig"
}

@test "without a policy, and with one that says so, every image is taken" {
	ok lade pull -q "$IMAGE"
	requires '{"type":"insecureAcceptAnything"}'
	both_take "$IMAGE"
}

@test "a rejected image is not pulled, copied or loaded, and nothing of it is kept" {
	requires '{"type":"reject"}'
	both_refuse "$IMAGE"
	fails 125 lade pull -q "$IMAGE"
	says "$IMAGE: refused by $CONTAINERS_POLICY_JSON (line 1:"
	says "such images are rejected"
	nothing_is_committed
	fails 125 lade pull -q "oci:$LAYOUT"
	ok skopeo --insecure-policy copy -q "oci:$LAYOUT:demo:latest" oci-archive:archive.tar
	fails 125 lade load -q -i archive.tar
	fails 125 lade run "$IMAGE"
	nothing_is_committed
}

@test "a scope of files is the place that was named, also for what is in an archive" {
	ok skopeo --insecure-policy copy -q "oci:$LAYOUT:demo:latest" oci-archive:archive.tar
	policy <<-END
		{"default":[{"type":"reject"}],"transports":{
			"oci":{"$LAYOUT":[{"type":"insecureAcceptAnything"}]},
			"oci-archive":{"$PWD/archive.tar":[{"type":"insecureAcceptAnything"}]}}}
	END
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade load -q -i archive.tar
	ok lade copy -q store:localhost/demo:latest "oci:$PWD/out:x" # what the store has was taken already
	fails 125 lade pull -q "oci:$PWD/out:x"
}

@test "another policy is named by --signature-policy" {
	requires '{"type":"insecureAcceptAnything"}'
	echo '{"default":[{"type":"reject"}]}' >other.json
	fails 125 lade pull -q --signature-policy other.json "$IMAGE"
	says "refused by other.json (line 1:13)"
	ok lade pull -q "$IMAGE"
}

@test "a policy that is wrong lets nothing in" {
	policy <<<$'{"default":[{"type":"insecureAcceptAnything"}],\n"transport":{}}'
	both_refuse "$IMAGE"
	says "$CONTAINERS_POLICY_JSON (line 2:13): unknown key \"transport\""
	ok lade tags "$REGISTRY/team/demo" # takes nothing
}

@test "what is not implemented fails closed, and says what" {
	make_sigstore_key
	requires '{"type":"sigstoreSigned","fulcio":{"caPath":"/ca","oidcIssuer":"x","subjectEmail":"y"}}'
	fails 125 lade pull -q "$IMAGE"
	says "fulcio is not implemented here, so no image meets it"
	requires "{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/signer.pub\",\"rekorPublicKeyPath\":\"$PWD/signer.pub\"}"
	fails 125 lade pull -q "$IMAGE"
	says "rekorPublicKey is not implemented here"
	nothing_is_committed
}

@test "signedBy: an image with a GPG signature in the lookaside store is taken, no other" {
	make_gpg_key
	requires "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"$PWD/key.gpg\"}"
	signatures_at lookaside "file://$PWD/lookaside"
	both_refuse "$IMAGE"
	says "a signature is required, and there is none"
	gpg_sign "$IMAGE"
	both_take "$IMAGE"
	ok lade pull -q "$IMAGE"
	nothing "$(ls "$TMPDIR")"
}

@test "signedBy: another name, another digest, another key and a changed signature are refused" {
	make_gpg_key
	requires "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"$PWD/key.gpg\"}"
	signatures_at lookaside "file://$PWD/lookaside"
	local signature=lookaside/team/demo@${MANIFEST/:/=}/signature-1
	gpg_sign "$REGISTRY/team/demo:2"
	both_refuse "$IMAGE"
	says "the signature is for the name \"$REGISTRY/team/demo:2\""
	gpg_sign "$IMAGE" "sha256:$(printf x | sha256sum | cut -d ' ' -f 1)"
	both_refuse "$IMAGE"
	says "the signature is for sha256:"
	gpg_sign "$IMAGE"
	printf 'X' | dd of="$signature" bs=1 seek=120 conv=notrunc status=none
	both_refuse "$IMAGE"
	payload "atomic container signature" "$IMAGE" >"$signature"
	both_refuse "$IMAGE"
	says "not a message with"
	gpg_sign "$IMAGE"
	gpg --batch --quiet --passphrase '' --quick-gen-key "other@example.com" default default never 2>/dev/null
	gpg --batch --export "other@example.com" >key.gpg
	both_refuse "$IMAGE"
	says "the GPG signature is not good"
}

@test "signedBy: several signatures, one of them good; identities; keys in the policy; a store on the web" {
	make_gpg_key
	signatures_at lookaside "file://$PWD/lookaside"
	gpg_sign "example.com/signed/demo:7"
	local directory=$PWD/lookaside/team/demo@${MANIFEST/:/=} requirement
	mv "$directory/signature-1" "$directory/signature-2"
	gpg_sign "example.com/another/demo:7"
	requirement="\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyData\":\"$(base64 -w 0 key.gpg)\""
	requires "{$requirement}"
	both_refuse "$IMAGE"
	requires "{$requirement,\"signedIdentity\":{\"type\":\"exactReference\",\"dockerReference\":\"example.com/signed/demo:7\"}}"
	both_take "$IMAGE"
	requires "{$requirement,\"signedIdentity\":{\"type\":\"exactRepository\",\"dockerRepository\":\"example.com/signed/demo\"}}"
	both_take "$IMAGE"
	requires "{$requirement,\"signedIdentity\":{\"type\":\"remapIdentity\",\"prefix\":\"$REGISTRY/team\",\"signedPrefix\":\"example.com/signed\"}}"
	both_refuse "$IMAGE"
	both_take "$REGISTRY/team/demo@$MANIFEST"
	: >web.log
	python3 -u -m http.server --bind 127.0.0.1 --directory lookaside 0 >web.log 2>&1 3>&- &
	local server=$!
	timeout 10 tail -f -n +1 --pid=$server web.log | grep -q -m 1 port
	signatures_at lookaside "http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' web.log)"
	both_take "$REGISTRY/team/demo@$MANIFEST" || { kill $server; false; }
	kill $server
}

# strangers WORDS: what is in signature-1 is no reason to take the image, and for the next signature none not to.
strangers() {
	fails 125 timeout 60 lade copy -q "docker://$IMAGE" "dir:$PWD/refused-here"
	says "$1"
	nothing "$(pgrep -f "gpg-agent --homedir $TMPDIR/lade-")"
	nothing "$(ls "$TMPDIR")"
	cp good "$DIRECTORY/signature-2"
	ok lade copy -q "docker://$IMAGE" "dir:$PWD/by-lade"
	rm "$DIRECTORY/signature-2"
}

# among_strangers: a good signature, and a place for others.
among_strangers() {
	make_gpg_key
	requires "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"$PWD/key.gpg\"}"
	signatures_at lookaside "file://$PWD/lookaside"
	DIRECTORY=$PWD/lookaside/team/demo@${MANIFEST/:/=}
	gpg_sign "$IMAGE"
	mv "$DIRECTORY/signature-1" good
}

@test "signedBy: of a message that unpacks to more than a signature may have, no more is taken" {
	among_strangers
	head -c 64M /dev/zero | gpg --batch --quiet --store -o "$DIRECTORY/signature-1"
	strangers "what the GPG signature signs has more than 1048576 bytes"
}

@test "signedBy: an encrypted message starts no agent and asks for no passphrase, wherever it hides" {
	among_strangers
	payload "atomic container signature" "$IMAGE" |
		gpg --batch --quiet --pinentry-mode loopback --passphrase x -c -o encrypted
	cp encrypted "$DIRECTORY/signature-1"
	strangers "not a message with a GPG signature and nothing else"
	gpg --batch --quiet --enarmor -o "$DIRECTORY/signature-1" --yes encrypted
	strangers "not a message with a GPG signature and nothing else"
	python3 -c 'import sys, zlib
deflate = zlib.compressobj(wbits=-15)
sys.stdout.buffer.write(b"\xa3\x01" + deflate.compress(open("encrypted", "rb").read()) + deflate.flush())' \
		>"$DIRECTORY/signature-1"
	strangers "not a message with"
}

@test "signedBy: a message in armor is none, one of pieces of packets is one" {
	among_strangers
	payload "atomic container signature" "$IMAGE" |
		gpg --batch --quiet --pinentry-mode loopback --passphrase '' -u signer@example.com --clear-sign -o "$DIRECTORY/signature-1"
	both_refuse "$IMAGE"
	payload "atomic container signature" "$IMAGE" >payload
	truncate -s 100K payload
	tr '\0' ' ' <payload | gpg --batch --quiet --yes --pinentry-mode loopback --passphrase '' \
		-u signer@example.com -z 0 --sign -o "$DIRECTORY/signature-1"
	both_take "$IMAGE"
}

@test "signedBy: a signature of more than 1 MiB is one that is wrong; what comes behind a good one is not read" {
	among_strangers
	truncate -s 2M "$DIRECTORY/signature-1"
	strangers "is larger than 1048576 bytes"
	cp good "$DIRECTORY/signature-1"
	mkdir "$DIRECTORY/signature-2"
	ok lade copy -q "docker://$IMAGE" "dir:$PWD/by-lade"
	local number
	for number in {1..9}; do
		rm -rf "$DIRECTORY/signature-$number"
		truncate -s 2M "$DIRECTORY/signature-$number"
	done
	cp good "$DIRECTORY/signature-10"
	fails 125 lade copy -q "docker://$IMAGE" "dir:$PWD/refused-here"
	says "the image has more than 8388608 bytes of signatures"
}

@test "signedBy: keys that hold the same one, once with another end" {
	among_strangers
	cp good "$DIRECTORY/signature-1"
	gpg --batch --quiet --pinentry-mode loopback --passphrase '' \
		--quick-set-expire "$(gpg --list-keys --with-colons | sed -n '/^fpr/{s/fpr:*//;s/://;p;q}')" 2y
	gpg --batch --export signer@example.com >renewed.gpg
	requires "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPaths\":[\"$PWD/key.gpg\",\"$PWD/renewed.gpg\",\"$PWD/key.gpg\"]}"
	both_take "$IMAGE"
	echo none >renewed.gpg
	fails 125 lade copy -q "docker://$IMAGE" "dir:$PWD/refused-here"
	says "renewed.gpg"
}

@test "signedBy: a check that takes its time ends with the first signal, and gpg with it" {
	among_strangers
	python3 -c 'import sys, zlib
def packed(piece, times):
    deflate = zlib.compressobj(9, wbits=-15)
    first = deflate.compress(piece[0]) + deflate.flush(zlib.Z_FULL_FLUSH)
    again = deflate.compress(piece[1]) + deflate.flush(zlib.Z_FULL_FLUSH)
    return b"\xa3\x01", first, again
zeros = bytes(1 << 24)
_, first, again = packed((b"\xfc\xff\xff\xff\xff\xff" + zeros, zeros), 0)
_, outer, more = packed((b"\xa3\x01" + first, again * 64), 0)
sys.stdout.buffer.write(b"\xa3\x01" + outer + more * 100)' >"$DIRECTORY/signature-1"
	"$LADE" --root "$STORE" copy -q "docker://$IMAGE" "dir:$PWD/refused-here" 2>errors 3>&- &
	local lade=$! home
	timeout 30 bash -c 'until pgrep -n -f "$TMPDIR/[l]ade-.* --output"; do sleep 0.1; done' >gpg.pid
	home=$(tr '\0' '\n' <"/proc/$(cat gpg.pid)/cmdline" | grep "^$TMPDIR/lade-")
	kill -TERM "$lade"
	local status=0
	wait "$lade" || status=$?
	[ "$status" = 143 ]
	grep -q interrupted errors
	[ -n "$home" ] && [ ! -e "$home" ]
	timeout 10 tail --pid="$(cat gpg.pid)" -f /dev/null
}

@test "sigstoreSigned: an image with a signature attached to it is taken, no other" {
	make_sigstore_key
	requires "{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/signer.pub\"}"
	signatures_at use-sigstore-attachments true
	both_refuse "$IMAGE"
	says "a signature is required, and there is none"
	sigstore_sign "$IMAGE"
	both_take "$IMAGE"
	ok lade pull -q "$IMAGE"
	signatures_at use-sigstore-attachments false
	both_refuse "$IMAGE"
}

@test "sigstoreSigned: another name, another digest, another key are refused; cosign's names want matchRepository" {
	make_sigstore_key
	signatures_at use-sigstore-attachments true
	requires "{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/signer.pub\"}"
	sigstore_sign "$REGISTRY/team/demo"
	both_refuse "$IMAGE"
	requires "{\"type\":\"sigstoreSigned\",\"keyData\":\"$(base64 -w 0 signer.pub)\",\"signedIdentity\":{\"type\":\"matchRepository\"}}"
	both_take "$IMAGE"
	sigstore_sign "$REGISTRY/team/demo" "sha256:$(printf x | sha256sum | cut -d ' ' -f 1)"
	both_refuse "$IMAGE"
	says "the signature is for sha256:"
	sigstore_sign "$REGISTRY/team/demo"
	make_sigstore_key
	requires "{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/signer.pub\",\"signedIdentity\":{\"type\":\"matchRepository\"}}"
	both_refuse "$IMAGE"
	says "the signature is by none of the keys"
}

@test "sigstoreSigned: RSA and Ed25519 keys, one of several" {
	signatures_at use-sigstore-attachments true
	make_sigstore_key
	cp signer.pub other.pub
	local kind
	for kind in rsa ed25519; do
		openssl genpkey -algorithm $kind -out signer.pem 2>/dev/null
		openssl pkey -in signer.pem -pubout -out signer.pub
		requires "{\"type\":\"sigstoreSigned\",\"keyPaths\":[\"$PWD/other.pub\",\"$PWD/signer.pub\"]}"
		sigstore_sign "$IMAGE"
		ok lade copy -q "docker://$IMAGE" "dir:$PWD/$kind"
		requires "{\"type\":\"sigstoreSigned\",\"keyDatas\":[\"$(base64 -w 0 other.pub)\"]}"
		fails 125 lade copy -q "docker://$IMAGE" "dir:$PWD/not-$kind"
		says "the signature is by none of the keys"
	done
	echo rubbish >signer.pub
	requires "{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/signer.pub\"}"
	fails 125 lade pull -q "$IMAGE"
	says "signer.pub is not a public key in PEM"
	requires "{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/nowhere\"}"
	fails 125 lade pull -q "$IMAGE"
	says "nowhere"
	nothing_is_committed
}

@test "sigstore signatures are read from a lookaside store too, as podman writes them there" {
	make_sigstore_key
	requires "{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/signer.pub\"}"
	signatures_at lookaside "file://$PWD/lookaside"
	local directory=$PWD/lookaside/team/demo@${MANIFEST/:/=}
	mkdir -p "$directory"
	payload "cosign container image signature" "$IMAGE" >payload
	printf '\0sigstore-json\n{"mimeType":"%s","payload":"%s","annotations":{"%s":"%s"}}' \
		application/vnd.dev.cosign.simplesigning.v1+json "$(base64 -w 0 payload)" \
		dev.cosignproject.cosign/signature "$(sign payload | base64 -w 0)" >"$directory/signature-1"
	ok lade pull -q "$IMAGE"
}

@test "a directory has its signatures beside it, and no name of its own" {
	make_gpg_key
	requires "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"$PWD/key.gpg\"}"
	signatures_at lookaside "file://$PWD/lookaside"
	gpg_sign "$IMAGE"
	both_take "$IMAGE"
	[ -e by-skopeo/signature-1 ]
	local requirement="\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"$PWD/key.gpg\""
	policy <<<"{\"default\":[{$requirement}]}"
	fails 125 lade pull -q "dir:$PWD/by-skopeo"
	policy <<<"{\"default\":[{$requirement,\"signedIdentity\":{\"type\":\"exactReference\",\"dockerReference\":\"$IMAGE\"}}]}"
	ok lade pull -q "dir:$PWD/by-skopeo"
	rm by-skopeo/signature-1
	fails 125 lade pull -q "dir:$PWD/by-skopeo"
	says "a signature is required, and there is none"
}

@test "all requirements of a scope must be met" {
	make_sigstore_key
	signatures_at use-sigstore-attachments true
	sigstore_sign "$IMAGE"
	requires "{\"type\":\"insecureAcceptAnything\"},{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/signer.pub\"}"
	both_take "$IMAGE"
	requires "{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/signer.pub\"},{\"type\":\"reject\"}"
	both_refuse "$IMAGE"
}

@test "registries.d that is wrong, or says one thing twice, is an error" {
	make_sigstore_key
	requires "{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/signer.pub\"}"
	printf 'docker:\n\t%s: x\n' "$REGISTRY" >config/containers/registries.d/test.yaml
	fails 125 lade pull -q "$IMAGE"
	says "registries.d/test.yaml (line 2:1): a tab in the indentation"
	signatures_at use-sigstore-attachments true
	cp config/containers/registries.d/test.yaml config/containers/registries.d/two.yaml
	both_refuse "$IMAGE"
	says "registries.d/test.yaml (line 2) too"
}

@test "a mirror's image is judged by its own name" {
	start_another
	skopeo copy -q --preserve-digests --dest-tls-verify=false "oci:$LAYOUT:demo:latest" "docker://$ANOTHER/copy/demo:1"
	printf '[[registry]]\nprefix = "%s"\nlocation = "%s"\n[[registry.mirror]]\nlocation = "%s"\n' \
		example.com/team "$REGISTRY/team" "$ANOTHER/copy" >"$CONTAINERS_REGISTRIES_CONF"
	policy <<<"{\"default\":[{\"type\":\"insecureAcceptAnything\"}],\"transports\":{\"docker\":{\"example.com\":[{\"type\":\"reject\"}]}}}"
	fails 125 lade pull -q example.com/team/demo:1
	says "example.com/team/demo:1: refused by"
	policy <<<"{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{\"example.com\":[{\"type\":\"insecureAcceptAnything\"}]}}}"
	ok lade pull -q example.com/team/demo:1
}
