#!/usr/bin/env bats
# lade prune, tree, df, exists, and images for several platforms: what people do with the store.
load lade
load registry

setup_file() {
	image_setup_file
	make_image --index --name multi "$BATS_FILE_TMPDIR/multi"
	make_image --text two --name two "$BATS_FILE_TMPDIR/two"
}
setup() {
	image_setup
	MULTI=$BATS_FILE_TMPDIR/multi
}
teardown() {
	stop_registry
	image_teardown
}

id_of() { lade inspect --format '{{.Id}}' "$1"; }

@test "exists tells by its status: 0, 1, and 125 for a store that is none" {
	lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade exists demo
	[ -z "$output" ]
	fails 1 lade image exists nosuch
	[ -z "$output" ]
	mkdir other && touch other/file
	STORE=$PWD/other fails 125 lade exists demo
}

@test "prune takes images without a name, and -a those without a bundle" {
	local id
	lade pull -q "oci:$LAYOUT:demo:latest"
	lade pull -q "oci:$BATS_FILE_TMPDIR/two"
	id=$(id_of two)
	lade untag two
	ok lade prune --filter until=2000-01-01
	[ -z "$output" ]
	ok lade image prune -f
	[ "$output" = "$id" ]
	fails 1 lade exists "$id"
	lade bundle demo "$DIR"
	ok lade prune -a
	[ -z "$output" ]
	lade release "$DIR"
	id=$(id_of demo)
	ok lade prune -a --filter label=nosuch
	[ -z "$output" ]
	ok lade prune -a </dev/null
	[ "$output" = "$id" ]
	store_is_empty
}

@test "prune asks on a terminal, and leaves all there without a yes" {
	type -P script >/dev/null || skip "no script(1)"
	lade pull -q "oci:$LAYOUT:demo:latest"
	lade untag demo
	run script -qec "$LADE --root $STORE prune" /dev/null <<<n
	[[ "$output" == *"[y/N]"* ]]
	[ -n "$(lade images -q)" ]
	run script -qec "$LADE --root $STORE prune" /dev/null <<<y
	store_is_empty
}

@test "tree shows layers with their sizes, and whose they are" {
	lade pull -q "oci:$LAYOUT:demo:latest"
	lade pull -q "oci:$BATS_FILE_TMPDIR/two"
	lade tag demo quay.io/team/demo:1
	ok lade tree demo
	[[ "${lines[0]}" =~ ^Image\ ID:\ [0-9a-f]{12}$ ]]
	[ "${lines[1]}" = "Tags:     [localhost/demo:latest quay.io/team/demo:1]" ]
	[[ "${lines[2]}" =~ ^Size:\ +1\.[0-9]+MB$ && "${lines[3]}" = "Image Layers" ]]
	[[ "${lines[4]}" =~ ^├──\ ID:\ [0-9a-f]{12}\ Size:\ 1\.[0-9]+MB$ ]]
	[[ "${lines[6]}" =~ ^└──\ ID:\ [0-9a-f]{12}\ Size:\ 10\.24kB\ Top\ Layer\ of:\ \[localhost/demo:latest\ quay.io/team/demo:1\]$ ]]
	[ "${#lines[@]}" = 7 ]
}

@test "tree --whatrequires shows what stands on an image" {
	make_image --compression mixed --fill 1 --name big big
	lade pull -q "oci:$LAYOUT:demo:latest"
	lade pull -q oci:big
	ok lade tree --whatrequires demo
	[[ "${lines[4]}" == "└── ID: "*"Top Layer of: [localhost/demo:latest]" ]]
	[[ "${lines[5]}" == "    └── ID: "*"Top Layer of: [localhost/big:latest]" ]]
	[ "${#lines[@]}" = 6 ]
}

@test "df: what is shared counts once, what a bundle uses is not reclaimable" {
	local one two
	lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade df
	[[ "${lines[0]}" =~ ^TYPE\ +TOTAL\ +ACTIVE\ +SIZE\ +RECLAIMABLE$ ]]
	[[ "${lines[1]}" =~ ^Images\ +1\ +0\ +[0-9.]+\ MB\ +[0-9.]+\ MB\ \(100%\)$ ]]
	one=$(lade df --format json | jq '.[0].RawSize')
	make_image --compression mixed --text two --name two again
	lade pull -q oci:again
	lade bundle demo "$DIR"
	two=$(lade df --format json | jq '.[0].RawSize')
	((two > one && two < one + one / 2))
	ok lade system df --format '{{.Type}} {{.Total}} {{.Active}}'
	[[ "${lines[0]}" = "Images 2 1" && "${lines[1]}" = "Bundles 1 1" ]]
	((0 < $(lade df --format json | jq '.[0].RawReclaimable') && $(lade df --format json | jq '.[0].RawReclaimable') < two / 2))
	ok lade df -v
	[[ "$output" == *"SHARED SIZE"*"localhost/two"*"Bundles space usage"*"$DIR"* ]]
	fails 125 lade df -v --format json
}

@test "pull --all-platforms keeps the index whole, and its name means it" {
	ok lade pull -q --all-platforms "oci:$MULTI:multi"
	ok lade images --filter manifest=true --format '{{.Digest}}'
	[ "$output" = "$(jq -r '.manifests[0].digest' "$MULTI/index.json")" ]
	ok lade inspect --format '{{.Architecture}}' multi
	[ "$output" = "$(jq -r .architecture <<<"$(lade inspect --config multi)")" ]
	for arch in amd64 arm64; do
		ok lade inspect --platform "linux/$arch" --format '{{.Architecture}}' multi
		[ "$output" = "$arch" ]
		ok lade unpack --platform "linux/$arch" multi "$arch"
		[ -x "$arch/bin/busybox" ]
	done
	fails 125 lade inspect --platform linux/s390x multi
	[[ "$output" == *"not for linux/s390x (lade pull --platform linux/s390x localhost/multi:latest)"* ]]
	ok skopeo copy -q --multi-arch all --preserve-digests "oci:$STORE:localhost/multi:latest" oci:out:x
	[ "$(jq -r '.manifests[0].digest' out/index.json)" = "$(jq -r '.manifests[0].digest' "$MULTI/index.json")" ]
	ok lade copy -q --all-platforms store:multi oci:out2:x
	diff <(find out/blobs -type f -printf '%P\n' | sort) <(find out2/blobs -type f -printf '%P\n' | sort)
	ok lade tag multi other
	ok lade rmi multi
	ok lade gc
	ok lade inspect --platform linux/arm64 other
	ok lade rmi other
	store_is_empty
}

@test "an image of an index that a bundle uses is not removed" {
	lade pull -q --all-platforms "oci:$MULTI:multi"
	ok lade bundle --platform linux/arm64 multi "$DIR"
	fails 2 lade rmi multi
	ok lade images -q --filter containers=true
	[ -n "$output" ]
	ok lade release "$DIR"
	ok lade rmi multi
	store_is_empty
}

@test "what an index lists beside images travels with it" {
	local hex
	skopeo copy -q --multi-arch all --preserve-digests "oci:$MULTI:multi" oci:att:att
	python3 - att <<-'END'
		import hashlib, json, sys
		root = sys.argv[1]
		def blob(data):
		    hex = hashlib.sha256(data).hexdigest()
		    open(f"{root}/blobs/sha256/{hex}", "wb").write(data)
		    return {"digest": "sha256:" + hex, "size": len(data)}
		def document(value, kind):
		    return dict(blob(json.dumps(value).encode()), mediaType=kind)
		top = json.load(open(root + "/index.json"))
		index = json.load(open(f"{root}/blobs/sha256/{top['manifests'][0]['digest'][7:]}"))
		statement = dict(blob(b'{"statement": true}'), mediaType="application/vnd.in-toto+json")
		config = document({"architecture": "unknown", "os": "unknown", "config": {},
		                   "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}},
		                  "application/vnd.oci.image.config.v1+json")
		manifest = document({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		                     "config": config, "layers": [statement]},
		                    "application/vnd.oci.image.manifest.v1+json")
		manifest["platform"] = {"os": "unknown", "architecture": "unknown"}
		index["manifests"].insert(0, manifest)
		entry = document(index, "application/vnd.oci.image.index.v1+json")
		entry["annotations"] = top["manifests"][0]["annotations"]
		json.dump({"schemaVersion": 2, "manifests": [entry]}, open(root + "/index.json", "w"))
		open("statement", "w").write(statement["digest"][7:])
	END
	ok lade pull -q --all-platforms oci:att:att
	ok lade inspect --format '{{.Os}}' att
	[ "$output" = linux ]
	ok lade gc
	hex=$(cat statement)
	[ -e "$STORE/blobs/sha256/$hex" ]
	ok lade copy -q --all-platforms store:att oci:out:x
	[ -e "out/blobs/sha256/$hex" ]
	ok lade rmi att
	store_is_empty
}

@test "pull --all-tags fetches every tag of a repository" {
	type -P docker-registry >/dev/null || skip "no docker-registry"
	start_registry
	push "$LAYOUT:demo:latest" team/app:1
	push "$BATS_FILE_TMPDIR/two:two" team/app:2
	push "$LAYOUT:demo:latest" team/other:1
	ok lade pull -q --all-tags "$REGISTRY/team/app"
	[ "${#lines[@]}" = 2 ]
	ok lade images --sort tag --format '{{.Repository}}:{{.Tag}}'
	[ "$output" = "$REGISTRY/team/app:1"$'\n'"$REGISTRY/team/app:2" ]
	fails 125 lade pull -q -a "$REGISTRY/team/app:1"
	says "without a tag"
}
