#!/usr/bin/env bats
# lade among its peers: skopeo, podman, buildah and umoci read what lade wrote, lade reads what they
# wrote; blobs byte for byte, trees file for file. containerd and docker: tests/engines/images.bats.
load lade
load registry

# Four layouts of one image: the same config and the same layers, packed differently.
setup_file() {
	local work=$BATS_FILE_TMPDIR
	image_setup_file
	make_image --compression gzip "$work/gzip"
	make_image --compression zstd "$work/zstd"
	make_image --compression gzip --docker "$work/docker"
	make_image --compression mixed --index "$work/index"
	BATS_TEST_TMPDIR=$work start_registry
	echo "$REGISTRY $REGISTRY_PID" >"$work/where"
	"$LADE" --root "$work/store" pull -q "oci:$work/layout:demo:latest" >"$work/id"
	"$LADE" --root "$work/store" unpack demo "$work/tree"
	tree "$work/tree" >"$work/expected"
}

teardown_file() {
	local pid
	read -r _ pid <"$BATS_FILE_TMPDIR/where"
	kill "$pid"
}

setup() {
	image_setup
	HERE=$BATS_FILE_TMPDIR
	read -r REGISTRY _ <"$HERE/where"
	ID=$(cat "$HERE/id")
}

teardown() {
	image_teardown
}

# Stores of their own, and none of the machine's.
podman() {
	command podman --root "$PWD/p" --runroot "$PWD/r" --storage-driver vfs "$@"
}

buildah() {
	command buildah --root "$PWD/p" --runroot "$PWD/r" --storage-driver vfs "$@"
}

# is_whole LAYOUT DIR: skopeo's dir: form holds each of the layout's blobs, the same bytes.
is_whole() {
	local blob name
	for blob in "$1"/blobs/sha256/*; do
		name=$2/${blob##*/}
		[ -e "$name" ] || name=$2/manifest.json
		cmp "$blob" "$name"
	done
}

# The tree of the test's image, whoever unpacked it (the root directory's time is his own).
is_demo() {
	diff <(grep -v '^\. ' "$HERE/expected") <(tree "$1" | grep -v '^\. ')
}

# A tree whose times lost their fractions on the way.
tree_by_seconds() {
	tree "$1" | grep -v '^\. ' | sed -E 's/([0-9]+)\.[0-9]{9} /\1 /'
}

# comes_as SOURCE ID: lade pulls it, it has that ID, and unpacks to the test's tree.
comes_as() {
	ok lade rmi --all --force
	ok lade pull -q --tls-verify=false "$1"
	[ "$output" = "$2" ] || { echo "ID $output, not $2"; return 1; }
	rm -rf unpacked
	ok lade unpack "$2" unpacked
	is_demo unpacked
}

# ---- what lade wrote ---------------------------------------------------------------------------

@test "skopeo reads all that lade copies: the same blobs out of every form" {
	local form from to
	for form in layout gzip zstd docker; do
		from=oci:$HERE/$form:demo:latest
		for to in "docker://$REGISTRY/skopeo/$form:1" "oci:l-$form:x" "oci-archive:a-$form.tar:x" "dir:d-$form"; do
			ok lade copy -q "$from" "$to"
			[ "$form ${to%%:*}" != "docker oci" ] || continue # skopeo looks for OCI's types alone in layouts
			[ "$form ${to%%:*}" != "docker oci-archive" ] || continue
			rm -rf back
			ok skopeo copy -q --preserve-digests --src-tls-verify=false "$to" dir:back
			is_whole "$HERE/$form" back
			from=$to
		done
	done
}

@test "skopeo reads an index that lade copied, with all its platforms" {
	local to
	for to in "docker://$REGISTRY/skopeo/index:1" oci:l:x oci-archive:a.tar:x dir:d; do
		ok lade copy -q --all "oci:$HERE/index:demo:latest" "$to"
		rm -rf back
		ok skopeo copy -q --multi-arch all --preserve-digests --src-tls-verify=false "$to" oci:back:x
		for blob in "$HERE"/index/blobs/sha256/*; do
			cmp "$blob" "back/blobs/sha256/${blob##*/}"
		done
	done
}

@test "podman pulls what lade pushed: the same ID, the same tree" {
	local form
	for form in layout zstd docker; do
		ok lade pull -q "oci:$HERE/$form:demo:latest"
		ok lade push -q demo "$REGISTRY/podman/$form:1"
		ok podman pull -q --tls-verify=false "$REGISTRY/podman/$form:1"
		[ "$output" = "$ID" ]
	done
	is_demo "$(podman image mount "$ID")"
	podman image umount "$ID"
}

@test "podman loads what lade saves, in every form" {
	local form
	ok lade pull -q "oci:$HERE/layout:demo:latest"
	for form in docker-archive oci-archive oci-dir docker-dir; do
		ok lade save -q --format "$form" -o "saved-$form" localhost/demo
		ok podman load -q -i "saved-$form"
		ok podman rmi -f "$ID"
	done
}

@test "buildah builds on what lade pushed" {
	ok lade copy -q "oci:$HERE/layout:demo:latest" "docker://$REGISTRY/buildah/from:1"
	ok buildah from -q --tls-verify=false --name work "docker://$REGISTRY/buildah/from:1"
	is_demo "$(buildah mount work)"
}

@test "umoci unpacks what lade wrote" {
	ok lade copy -q "oci:$HERE/gzip:demo:latest" oci:out:one
	ok lade pull -q "oci:$HERE/gzip:demo:latest"
	ok lade save -q --format oci-dir -o saved localhost/demo
	umoci --log error unpack --image out:one one
	is_demo one/rootfs
	umoci --log error unpack --image "saved:$(umoci ls --layout saved)" two
	is_demo two/rootfs
}

# ---- what they wrote ---------------------------------------------------------------------------

@test "lade reads all that skopeo copies" {
	local to
	for to in "docker://$REGISTRY/from/skopeo:1" oci:l:x oci-archive:a.tar:x dir:d docker-archive:d.tar:localhost/demo:1; do
		ok skopeo copy -q --dest-tls-verify=false "oci:$HERE/gzip:demo:latest" "$to"
		comes_as "$to" "$ID"
	done
}

@test "lade reads what skopeo packs anew: v2s2, zstd, zstd:chunked" {
	ok skopeo copy -q --format v2s2 "oci:$HERE/gzip:demo:latest" dir:v2s2
	comes_as dir:v2s2 "$ID"
	local form
	for form in gzip zstd zstd:chunked; do
		ok skopeo copy -q --dest-compress-format "$form" --dest-compress --dest-tls-verify=false \
			"oci:$HERE/layout:demo:latest" "docker://$REGISTRY/from/packed-${form/:/-}:1"
		comes_as "docker://$REGISTRY/from/packed-${form/:/-}:1" "$ID"
	done
}

@test "lade loads what podman saves, in every form and several at once" {
	local form
	ok lade copy -q "oci:$HERE/gzip:demo:latest" "docker://$REGISTRY/to/podman:1"
	ok podman pull -q --tls-verify=false "$REGISTRY/to/podman:1"
	ok podman tag "$ID" localhost/demo:1 localhost/other:2
	for form in docker-archive oci-archive docker-dir oci-dir; do
		ok podman save -q --format "$form" -o "saved-$form" localhost/demo:1
		ok lade rmi --all --force
		ok lade load -q -i "saved-$form"
		[ "$(lade images -q --no-trunc)" = "sha256:$ID" ]
	done
	ok podman save -q --multi-image-archive -o both localhost/demo:1 localhost/other:2
	ok lade load -q -i both
	[[ "$output" == *localhost/demo:1*localhost/other:2* ]]
	rm -rf unpacked
	ok lade unpack localhost/other:2 unpacked
	is_demo unpacked
}

@test "lade pulls what podman pushes: OCI and Docker, gzip and zstd" {
	local format compression
	ok lade copy -q "oci:$HERE/gzip:demo:latest" "docker://$REGISTRY/to/podman:1"
	ok podman pull -q --tls-verify=false "$REGISTRY/to/podman:1"
	for format in oci v2s2; do
		for compression in gzip zstd; do
			[ "$format $compression" != "v2s2 zstd" ] || continue # Docker's manifests have no name for it
			ok podman push -q --tls-verify=false --format $format --compression-format $compression \
				"$ID" "$REGISTRY/from/podman:$format-$compression"
			comes_as "$REGISTRY/from/podman:$format-$compression" "$ID"
		done
	done
}

@test "lade pulls what podman build made: files, owners, environment, user" {
	printf 'FROM scratch\nCOPY --chown=7:8 one /dir/one\nCOPY tree /tree\nENV A=b\nUSER 7:8\nLABEL l=x\nCMD ["/dir/one"]\n' >Containerfile
	echo content >one
	mkdir -p tree/deep && ln -s deep tree/link && echo x >tree/deep/file
	local format
	for format in oci docker; do
		ok podman build -q --isolation chroot --format $format -t localhost/built:$format .
		id=$output
		ok podman push -q --tls-verify=false --format ${format/docker/v2s2} localhost/built:$format "$REGISTRY/from/build:$format"
		ok lade pull -q "$REGISTRY/from/build:$format"
		[ "$output" = "$id" ]
		ok lade bundle --rootfs copy "$REGISTRY/from/build:$format" "b-$format"
		[ "$(stat -c %u:%g "b-$format/rootfs/dir/one")" = 7:8 ]
		[ "$(readlink "b-$format/rootfs/tree/link")" = deep ]
		[ "$(jq -c '[.process.args, .process.user.uid, .process.user.gid]' "b-$format/config.json")" = '[["/dir/one"],7,8]' ]
		jq -e '.process.env | index("A=b")' "b-$format/config.json"
		jq -e '.annotations.l == "x"' "b-$format/config.json"
		ok lade release "b-$format"
	done
}

@test "lade pulls what buildah commits and pushes, and keeps whiteouts" {
	ok skopeo copy -q --dest-tls-verify=false "oci:$HERE/gzip:demo:latest" "docker://$REGISTRY/from/base:1"
	ok buildah from -q --tls-verify=false --name work "docker://$REGISTRY/from/base:1"
	dir=$(buildah mount work)
	rm "$dir/etc/passwd"
	rm -r "${dir:?}/var" && mkdir "$dir/var" && echo new >"$dir/var/new"
	tree_by_seconds "$dir" >want
	buildah umount work
	local format
	for format in oci docker; do
		ok buildah commit -q --format $format work "localhost/changed:$format"
		ok buildah push -q --tls-verify=false --format ${format/docker/v2s2} "localhost/changed:$format" "docker://$REGISTRY/from/buildah:$format"
		ok lade pull -q "$REGISTRY/from/buildah:$format"
		ok lade unpack "$REGISTRY/from/buildah:$format" "u-$format"
		tree_by_seconds "u-$format" | diff want -
	done
}

@test "lade pulls what umoci makes: a new layout, inserted files, repacked changes, several tags" {
	umoci --log error init --layout u
	umoci --log error new --image u:first
	mkdir -p in && echo inserted >in/file
	umoci --log error insert --image u:first in /data
	umoci --log error config --image u:first --tag second --config.cmd /data/file --config.user 5:6 --config.env A=b
	umoci --log error unpack --image u:second b
	echo added >b/rootfs/data/added
	rm b/rootfs/data/file
	touch -d @1700000000 b/rootfs/data/added b/rootfs/data # umoci rounds
	tree_by_seconds b/rootfs >want
	umoci --log error repack --image u:third b
	ok lade pull -q oci:u:first
	ok lade pull -q oci:u:third
	ok lade unpack "$output" out
	tree_by_seconds out | diff want -
	ok lade load -q -i u
	[ "${#lines[@]}" = 3 ]
}

# ---- what is no image --------------------------------------------------------------------------

# put LAYOUT FILE TYPE: a blob; prints its descriptor.
put() {
	local digest size
	digest=$(digest_of "$2")
	size=$(stat -c %s "$2")
	mkdir -p "$1/blobs/sha256"
	cp "$2" "$1/blobs/sha256/$digest"
	jq -nc --arg type "$3" --arg digest "sha256:$digest" --argjson size "$size" '{mediaType: $type, digest: $digest, size: $size}'
}

# A layout of one entry.
layout_of() {
	echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
	jq -c '{schemaVersion: 2, manifests: [. + {annotations: {"org.opencontainers.image.ref.name": "it"}}]}' >"$1/index.json"
}

OCI=application/vnd.oci

@test "an artifact goes everywhere as it is: its types, its subject, its annotations, unknown fields" {
	printf '{}' >empty
	head -c 100000 /dev/urandom >data
	jq -n --argjson config "$(put art empty $OCI.empty.v1+json)" --argjson data "$(put art data application/x-data)" \
		--argjson subject "$(jq '.manifests[0] | del(.annotations)' "$HERE/gzip/index.json")" '{schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: "application/x-thing", config: $config,
		layers: [$data + {annotations: {"a": "b"}, unknown: [1, {"x": null}]}], subject: $subject, annotations: {"made": "here"}, unknown: 1.50}' >manifest
	put art manifest $OCI.image.manifest.v1+json | layout_of art
	local from=oci:art:it to
	ok lade copy -q "oci:$HERE/gzip:demo:latest" "docker://$REGISTRY/art:1"
	for to in "docker://$REGISTRY/art:2" oci:l:it oci-archive:a.tar:it dir:d oci:back:it; do
		ok lade copy -q "$from" "$to"
		from=$to
	done
	cmp manifest d/manifest.json
	for blob in art/blobs/sha256/*; do
		cmp "$blob" "back/blobs/sha256/${blob##*/}"
	done
	ok lade referrers "$REGISTRY/art@$(jq -r '.manifests[0].digest' "$HERE/gzip/index.json")"
	[[ "$output" == *application/x-thing* ]] || { echo "$output"; false; }
	ok skopeo copy -q --preserve-digests --src-tls-verify=false "docker://$REGISTRY/art:2" dir:s
	is_whole art s
}

@test "an index with attestations: the image is found, all of it is copied" {
	local platform
	cp -r "$HERE/gzip" att
	printf '{"_type":"https://in-toto.io/Statement/v0.1"}' >statement
	printf '{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(digest_of statement)" >config
	jq -nc --argjson config "$(put att config $OCI.image.config.v1+json)" --argjson layer "$(put att statement application/vnd.in-toto+json)" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: [$layer]}' >attestation
	platform=$(skopeo inspect --config "oci:att:demo:latest" | jq -c '{os, architecture}')
	jq -c --argjson platform "$platform" --argjson attestation "$(put att attestation $OCI.image.manifest.v1+json)" '.manifests[0] | del(.annotations) as $image
		| {schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
			$attestation + {annotations: {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": $image.digest},
				platform: {os: "unknown", architecture: "unknown"}},
			$image + {platform: $platform}]}' "$HERE/gzip/index.json" >index
	put att index $OCI.image.index.v1+json | layout_of att
	comes_as oci:att:it "$ID"
	local from=oci:att:it to
	for to in "docker://$REGISTRY/att:1" oci:l:it oci-archive:a.tar:it dir:d oci:back:it; do
		ok lade copy -q --all "$from" "$to"
		from=$to
	done
	for blob in att/blobs/sha256/*; do
		cmp "$blob" "back/blobs/sha256/${blob##*/}"
	done
	comes_as "docker://$REGISTRY/att:1" "$ID"
}
