#!/usr/bin/env bats
# lade push and copy: the same bytes wherever they go, and others' tools read them.
load lade
load registry

setup_file() { image_setup_file; }
setup() { image_setup; }
teardown() {
	stop_registry || true
	image_teardown
}

# The manifest of a layout's image, verbatim.
manifest_of() {
	skopeo inspect --raw "$@"
}

raw_digest() {
	sha256sum | cut -d ' ' -f 1
}

@test "push sends an image to a registry, byte for byte" {
	start_registry
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade push -q --digestfile digest localhost/demo "$REGISTRY/team/demo:1"
	manifest_of --tls-verify=false "docker://$REGISTRY/team/demo:1" >there
	[ "sha256:$(raw_digest <there)" = "$(cat digest)" ]
	cmp there "$STORE/blobs/sha256/$(raw_digest <there)"
	ok skopeo copy -q --preserve-digests --src-tls-verify=false "docker://$REGISTRY/team/demo:1" oci:back:1
	for blob in back/blobs/sha256/*; do
		cmp "$blob" "$STORE/blobs/sha256/${blob##*/}"
	done
}

@test "push without a destination goes to where the image's name says" {
	start_registry
	push "$LAYOUT" demo:1
	ok lade pull -q "$REGISTRY/demo:1"
	ok lade tag "$REGISTRY/demo:1" "$REGISTRY/other:2"
	ok lade push "$REGISTRY/other:2"
	[[ "$output" == *"exists"* ]] # mounted from the repository it was pulled from
	ok skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/other:2"
}

@test "what the registry has already is not sent again" {
	start_registry
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade push localhost/demo "$REGISTRY/demo:1"
	[ "$(grep -c '^Layer .* done' <<<"$output")" -ge 3 ]
	ok lade push localhost/demo "$REGISTRY/demo:2"
	[ "$(grep -c '^Layer .* done' <<<"$output")" = 0 ]
}

@test "push with credentials, and words that help without them" {
	htpasswd -Bbn somebody secret >htpasswd
	start_registry REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test \
		REGISTRY_AUTH_HTPASSWD_PATH="$PWD/htpasswd"
	export HOME=$PWD XDG_RUNTIME_DIR=$PWD
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	fails 125 lade push -q localhost/demo "$REGISTRY/demo:1"
	says "lade login $REGISTRY"
	ok lade push -q --creds somebody:secret localhost/demo "$REGISTRY/demo:1"
}

@test "an image that the store does not have cannot be pushed" {
	fails 125 lade push -q nothing 127.0.0.1:1/demo
	says "nothing: no such image"
}

@test "copy carries an image through every transport with its digest unchanged" {
	local from=oci:$LAYOUT:demo:latest to
	start_registry
	want=$(manifest_of "$from" | raw_digest)
	for to in "docker://$REGISTRY/a:1" oci:layout:one dir:flat oci-archive:archive.tar:one \
		"docker://$REGISTRY/b:2"; do
		ok lade copy -q "$from" "$to"
		[ "$(manifest_of --tls-verify=false "$to" | raw_digest)" = "$want" ] || { echo "$to"; false; }
		from=$to
	done
	[ "$(cat flat/version)" = "Directory Transport Version: 1.1" ]
}

@test "a docker-archive holds the same config and layers for docker, podman and skopeo" {
	ok lade copy -q "oci:$LAYOUT:demo:latest" docker-archive:saved.tar:demo:1
	config=$(manifest_of "oci:$LAYOUT:demo:latest" | jq -r .config.digest)
	[ "$(tar -xOf saved.tar manifest.json | jq -r '.[0].Config')" = "${config#sha256:}.json" ]
	[ "$(tar -xOf saved.tar manifest.json | jq -r '.[0].RepoTags[0]')" = docker.io/library/demo:1 ]
	ok lade inspect docker-archive:saved.tar:demo:1
	ok skopeo copy -q docker-archive:saved.tar oci:back:1
	[ "$(skopeo inspect --config oci:back:1 | jq -c .rootfs)" = \
		"$(skopeo inspect --config "oci:$LAYOUT:demo:latest" | jq -c .rootfs)" ]
}

@test "a docker-archive straight from a registry has the layers' bytes" {
	start_registry
	push "$LAYOUT" demo:1
	ok lade copy -q "docker://$REGISTRY/demo:1" docker-archive:saved.tar:demo:1
	ok skopeo copy -q docker-archive:saved.tar oci:back:1
	for layer in $(tar -tf saved.tar | grep '\.tar$'); do
		[ "$(tar -xOf saved.tar "$layer" | raw_digest).tar" = "$layer" ]
	done
	[ "$(tar -tf saved.tar | grep -c '\.tar$')" = 3 ]
}

@test "a layer that was changed does not get into a docker-archive" {
	cp -r "$LAYOUT" bad
	layer=$(manifest_of "oci:bad:demo:latest" | jq -r '.layers[-1].digest')
	chmod u+w "bad/blobs/sha256/${layer#sha256:}"
	printf X | dd of="bad/blobs/sha256/${layer#sha256:}" bs=1 seek=20 conv=notrunc 2>/dev/null
	fails 125 lade copy -q oci:bad:demo:latest docker-archive:saved.tar:demo:1
	[ ! -e saved.tar ]
}

@test "a docker-archive refuses what it cannot hold: foreign layers, artifacts" {
	cp -r "$LAYOUT" foreign
	manifest_of "oci:foreign:demo:latest" | jq -c '.layers[0].mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
		| .layers[0].urls = ["http://127.0.0.1:1/x"]' | tr -d '\n' >changed
	digest=$(raw_digest <changed)
	cp changed "foreign/blobs/sha256/$digest"
	jq -c --arg d "sha256:$digest" --argjson s "$(stat -c %s changed)" '.manifests = [.manifests[0] | .digest = $d | .size = $s]' "$LAYOUT/index.json" >foreign/index.json
	fails 125 lade copy -q oci:foreign docker-archive:saved.tar:demo:1
	says "docker-archive: cannot hold layer"
	ok lade copy -q oci:foreign oci:again:1
}

@test "two copies into one layout do not mix their blobs" {
	make_image --fill 8 --text one one
	make_image --fill 8 --text two two
	lade copy -q oci:one:demo:latest oci:both:one 3>&- &
	lade copy -q oci:two:demo:latest oci:both:two
	wait $!
	for blob in both/blobs/sha256/*; do
		[ "$(raw_digest <"$blob")" = "${blob##*/}" ]
	done
	[ "$(jq '.manifests | length' both/index.json)" = 2 ]
}

@test "a name without end in an archive costs nothing" {
	python3 -c 'import tarfile; t = tarfile.open("long.tar", "w", format=tarfile.PAX_FORMAT); i = tarfile.TarInfo("a/" * 100000); t.addfile(i)'
	(ulimit -v 1000000; ! "$LADE" --root "$STORE" load -q -i long.tar 2>said)
	grep -q "has no manifest.json" said
}

@test "what a private mask makes stays private" {
	(umask 077; lade copy -q "oci:$LAYOUT:demo:latest" docker-archive:private.tar:demo:1)
	[ "$(stat -c %a private.tar)" = 600 ]
}

@test "an index is copied whole with --all, and pushed so" {
	make_image --compression mixed --index multi
	start_registry
	ok lade copy -q --all oci:multi:demo:latest "docker://$REGISTRY/multi:1"
	[ "$(manifest_of --tls-verify=false "docker://$REGISTRY/multi:1" | jq '.manifests | length')" = 2 ]
	ok skopeo copy -q --multi-arch all --src-tls-verify=false "docker://$REGISTRY/multi:1" oci:back:1
	ok lade copy -q "oci:multi:demo:latest" "docker://$REGISTRY/single:1"
	[ "$(manifest_of --tls-verify=false "docker://$REGISTRY/single:1" | jq 'has("manifests")')" = false ]
}

@test "an artifact of an unknown type is copied as it is" {
	mkdir -p art/blobs/sha256
	printf '{"imageLayoutVersion":"1.0.0"}' >art/oci-layout
	put() { local d; d=$(sha256sum "$1" | cut -d ' ' -f 1); cp "$1" "art/blobs/sha256/$d"; echo "$d"; }
	printf '{}' >empty
	printf 'hello' >data
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x-thing","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:%s","size":2},"layers":[{"mediaType":"application/x-data","digest":"sha256:%s","size":5}]}' \
		"$(put empty)" "$(put data)" >manifest
	printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"annotations":{"org.opencontainers.image.ref.name":"thing"}}]}' \
		"$(put manifest)" "$(stat -c %s manifest)" >art/index.json
	start_registry
	ok lade copy -q oci:art:thing "docker://$REGISTRY/thing:1"
	ok lade copy -q "docker://$REGISTRY/thing:1" oci:back:thing
	cmp manifest "back/blobs/sha256/$(raw_digest <manifest)"
	cmp data "back/blobs/sha256/$(raw_digest <data)"
}

@test "save and load: docker and OCI archives, directories, standard input and output" {
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	id=$(lade images -q --no-trunc)
	ok lade save -q -o docker.tar localhost/demo
	ok lade save -q --format oci-archive -o oci.tar localhost/demo
	ok lade save -q --format oci-dir -o ocidir localhost/demo
	ok lade save -q --format docker-dir -o dockerdir localhost/demo
	lade save -q localhost/demo >stdout.tar
	cmp docker.tar stdout.tar
	for saved in docker.tar oci.tar ocidir; do
		ok lade rmi --all --force
		ok lade load -q -i "$saved"
		[ "$output" = "Loaded image: localhost/demo:latest" ]
		[ "$(lade images -q --no-trunc)" = "$id" ]
	done
	ok lade rmi --all --force
	lade load -q <docker.tar
	[ "$(lade images -q --no-trunc)" = "$id" ]
	ok lade rmi --all --force
	ok lade load -q -i dockerdir
	[ "$(lade images -q --no-trunc)" = "$id" ]
}

@test "several images in one archive keep their names" {
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade tag localhost/demo:latest localhost/demo:second quay.io/team/demo:3
	ok lade save -q -o all.tar localhost/demo:latest localhost/demo:second quay.io/team/demo:3
	ok skopeo inspect docker-archive:all.tar:quay.io/team/demo:3
	ok lade rmi --all --force
	ok lade load -q -i all.tar
	[ "${#lines[@]}" = 3 ]
	[ "$(lade images -n | awk '{print $1 ":" $2}' | sort | tr '\n' ' ')" = \
		"localhost/demo:latest localhost/demo:second quay.io/team/demo:3 " ]
}

@test "podman loads what lade saves, and lade what podman saves" {
	podman() { command podman --root "$PWD/p" --runroot "$PWD/r" --storage-driver vfs "$@"; }
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade save -q -o docker.tar localhost/demo
	ok podman load -q -i docker.tar
	ok podman save -q --format oci-archive -o podman-oci.tar localhost/demo
	ok podman save -q -o podman-docker.tar localhost/demo
	ok lade rmi --all --force
	for saved in podman-oci.tar podman-docker.tar; do
		ok lade load -q -i "$saved"
		[ "$output" = "Loaded image: localhost/demo:latest" ]
	done
}

@test "an archive that is none, that is cut, or that lacks a layer is refused" {
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade save -q -o good.tar localhost/demo
	head -c 100000 /dev/urandom >noise.tar
	fails 125 lade load -q -i noise.tar
	head -c "$(($(stat -c %s good.tar) / 2))" good.tar >cut.tar
	fails 125 lade load -q -i cut.tar
	mkdir un && tar -C un -xf good.tar && rm "un/$(tar -tf good.tar | grep 'tar$' | head -1)"
	tar -C un -cf lacks.tar .
	fails 125 lade load -q -i lacks.tar
	says "lacks.tar has no "
	fails 125 lade load -q -i missing.tar
	[ -z "$(find "${TMPDIR:-/var/tmp}" -maxdepth 1 -name 'lade-*' -newer good.tar)" ]
}

@test "tag gives names, untag takes them, the image stays" {
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	id=$(lade images -q)
	ok lade tag localhost/demo:latest new:1 quay.io/a/b:2
	ok lade inspect quay.io/a/b:2
	ok lade inspect new:1
	ok lade untag localhost/demo:latest
	fails 125 lade inspect localhost/demo:latest
	ok lade untag "$id"
	[ "$(lade images -n | awk '{print $1, $2, $3}')" = "<none> <none> $id" ]
	ok lade tag "$id" again
	[ "$(lade images -n | awk '{print $1, $2, $3}')" = "localhost/again latest $id" ]
	fails 125 lade tag nothing x
	fails 125 lade tag again "bad name"
}

# The formats of a layout's layers, in their order.
formats_of() {
	manifest_of "$1" | jq -r '.layers[].mediaType' | sed 's/.*tar//; s/^$/none/' | paste -sd' '
}

@test "--compression-format packs layers anew: another digest, the same ID and tree" {
	local form
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	id=$output
	lade unpack demo want
	for form in gzip zstd; do
		ok lade push -q --compression-format $form demo "oci:$form:x"
		[ "$(formats_of oci:$form:x)" = "+$form +$form +$form" ]
		[ "$(manifest_of oci:$form:x | jq -r .config.digest)" = "sha256:$id" ]
		ok lade rmi --all --force
		ok lade pull -q oci:$form:x
		[ "$output" = "$id" ]
		ok lade unpack "$id" $form-tree
		diff <(tree want) <(tree $form-tree)
		lade tag "$id" demo
	done
	ok skopeo copy -q oci:gzip:x oci:back:x
}

@test "layers that have the format stay as they are, unless --force-compression or a level says otherwise" {
	make_image --compression gzip same
	manifest_of oci:same:demo:latest >before
	ok lade copy -q --compression-format gzip oci:same:demo:latest oci:kept:x
	manifest_of oci:kept:x | cmp before -
	ok lade copy -q --compression-format gzip --force-compression oci:same:demo:latest oci:forced:x
	! manifest_of oci:forced:x | cmp -s before - || false
	ok lade copy -q --compression-format zstd --compression-level 1 oci:same:demo:latest oci:one:x
	ok lade copy -q --compression-format zstd --compression-level 19 oci:same:demo:latest oci:nineteen:x
	size() { manifest_of "$1" | jq '[.layers[].size] | add'; }
	[ "$(size oci:nineteen:x)" -lt "$(size oci:one:x)" ]
	ok lade copy -q --compression-format zstd --compression-level 1 oci:same:demo:latest oci:again:x
	cmp <(manifest_of oci:one:x) <(manifest_of oci:again:x)
}

@test "an index whose layers are packed anew refers to the new manifests" {
	make_image --compression mixed --index multi
	ok lade copy -q --all --compression-format zstd oci:multi:demo:latest oci:packed:x
	ok skopeo copy -q --multi-arch all oci:packed:x oci:back:x
	for digest in $(manifest_of oci:packed:x | jq -r '.manifests[].digest'); do
		[ "$(jq -r '.layers[].mediaType' "packed/blobs/sha256/${digest#sha256:}" | sort -u)" = application/vnd.oci.image.layer.v1.tar+zstd ]
	done
}

@test "what cannot be packed so is told: Docker's layers in zstd, archives of Docker's, levels" {
	make_image --docker docker
	fails 125 lade copy -q --compression-format zstd oci:docker:demo:latest oci:out:x
	says "no layers in zstd"
	ok lade pull -q oci:docker:demo:latest
	fails 125 lade save -q --compression-format gzip -o out.tar demo
	says "uncompressed"
	ok lade save -q --compression-format gzip --force-compression --format oci-archive -o out.tar demo
	fails 125 lade copy -q --compression-format gzip --compression-level 10 oci:docker oci:out:x
	says "levels 1 to 9"
	fails 125 lade copy -q --compression-level 3 oci:docker oci:out:x
	says "needs --compression-format"
}

@test "an image that has no name in its archive is loaded without one" {
	local id
	lade pull -q "oci:$LAYOUT:demo:latest" >id
	id=$(cat id)
	lade save -q --format oci-archive -o named.tar demo
	lade rmi demo
	mkdir un && tar -C un -xf named.tar
	jq -c 'del(.manifests[].annotations)' un/index.json >index && cp index un/index.json
	tar -C un -cf nameless.tar .
	ok lade load -q -i nameless.tar
	[ "$output" = "Loaded image: sha256:$id" ]
	ok lade images -n
	[[ "${#lines[@]}" = 1 && "$output" =~ ^\<none\>\ +\<none\>\ +${id:0:12} ]]
	ok lade load -q -i named.tar
	ok lade load -q -i nameless.tar
	ok lade images --format '{{.Repository}}'
	[ "$output" = localhost/demo ]
	lade save -q -o docker.tar demo
	lade rmi demo
	rm -rf un && mkdir un && tar -C un -xf docker.tar
	jq -c '.[].RepoTags = null' un/manifest.json >manifest && cp manifest un/manifest.json
	tar -C un -cf nameless.tar .
	ok lade load -q -i nameless.tar
	[ "$(lade images --format '{{.Repository}}')" = "<none>" ]
}

@test "loading and saving through pipes end with the first signal, and leave nothing" {
	local pid
	lade pull -q "oci:$LAYOUT:demo:latest" >id
	lade save -q -o demo.tar demo
	mkdir tmp && export TMPDIR=$PWD/tmp
	mkfifo pipe
	exec 9<>pipe
	"$LADE" --root "$STORE" load -q <pipe >told 2>&1 3>&- 9>&- &
	pid=$!
	head -c 500000 demo.tar >&9
	kill -TERM "$pid"
	status=0; wait "$pid" || status=$?
	[ "$status" = 143 ]
	grep -q interrupted told
	nothing "$(ls tmp)"
	exec 9>&-
	exec 9<>pipe
	"$LADE" --root "$STORE" save -q demo >pipe 2>told 3>&- 9>&- &
	pid=$!
	head -c 1000 <&9 >/dev/null
	kill -TERM "$pid"
	status=0; wait "$pid" || status=$?
	[ "$status" = 143 ]
	exec 9>&-
	nothing "$(ls tmp)"
}

@test "an archive that holds more than anybody sends is refused" {
	truncate -s 200M zeros
	tar -cf - zeros | zstd -q >bomb.tar.zst
	rm zeros
	mkdir tmp && export TMPDIR=$PWD/tmp
	fails 125 lade load -q -i bomb.tar.zst
	says "refused"
	nothing "$(ls tmp)"
}
