#!/usr/bin/env bats
# lade images, inspect, rmi, gc: podman's words, columns and exit codes.
load lade

setup_file() { image_setup_file; }
setup() {
	image_setup
	lade pull -q "oci:$LAYOUT:demo:latest" >id
	ID=$(cat id)
}
teardown() { image_teardown; }

@test "images has podman's columns" {
	ok lade images
	[[ "${lines[0]}" =~ ^REPOSITORY\ +TAG\ +IMAGE\ ID\ +CREATED\ +SIZE$ ]]
	[[ "${lines[1]}" =~ ^localhost/demo\ +latest\ +${ID:0:12}\ +[0-9]+\ (months|years)\ ago\ +[0-9.]+\ [kMG]?B$ ]]
	[ "${#lines[@]}" = 2 ]
	ok lade images --noheading --digests
	[[ "${lines[0]}" =~ ^localhost/demo\ +latest\ +sha256:[0-9a-f]{64}\ +${ID:0:12} ]]
	ok lade images --no-trunc -n
	[[ "${lines[0]}" == *" sha256:$ID "* ]]
}

@test "images -q prints each ID once" {
	make_image --compression mixed --name other again
	ok lade pull -q oci:again:other
	ok lade images -q
	[ "$output" = "${ID:0:12}" ]
	ok lade images -q --no-trunc
	[ "$output" = "sha256:$ID" ]
}

@test "images NAME lists those whose repository ends in it" {
	ok lade images -q demo
	[ "$output" = "${ID:0:12}" ]
	ok lade images -q localhost/demo:latest
	[ "$output" = "${ID:0:12}" ]
	ok lade images -q demo:other
	[ -z "$output" ]
	ok lade images -q emo
	[ -z "$output" ]
}

@test "images --format json has podman's fields" {
	ok lade images --format json
	[ "$(jq -r '.[0].Id' <<<"$output")" = "$ID" ]
	[ "$(jq -r '.[0].RepoTags[0]' <<<"$output")" = localhost/demo:latest ]
	[ "$(jq -r '.[0].Names[0]' <<<"$output")" = localhost/demo:latest ]
	[ "$(jq -r '.[0].Created' <<<"$output")" = 1704067200 ]
	[[ "$(jq -r '.[0].RepoDigests[0]' <<<"$output")" == localhost/demo@sha256:* ]]
	[ "$(jq -r '.[0].Containers' <<<"$output")" = 0 ]
}

@test "an empty store lists nothing" {
	STORE=$PWD/other
	ok lade images
	[ "${#lines[@]}" = 1 ]
	ok lade images --format json
	[ "$(jq length <<<"$output")" = 0 ]
}

@test "inspect shows config, layers and names" {
	ok lade inspect demo
	[ "$(jq -r '.[0].Id' <<<"$output")" = "$ID" ]
	[ "$(jq -r '.[0].Config.WorkingDir' <<<"$output")" = /root ]
	[ "$(jq -r '.[0].Config.Labels["org.opencontainers.image.title"]' <<<"$output")" = demo ]
	[ "$(jq -r '.[0].RootFS.Layers | length' <<<"$output")" = 3 ]
	[ "$(jq -r '.[0].RepoTags[0]' <<<"$output")" = localhost/demo:latest ]
	[ "$(jq -r '.[0].Created' <<<"$output")" = 2024-01-01T00:00:00Z ]
	[ "$(jq -r '.[0].Config.ExposedPorts["80/tcp"]' <<<"$output")" = '{}' ]
}

@test "an image is found by name, ID, first digits and digest" {
	local what digest
	digest=$(lade inspect demo | jq -r '.[0].Digest')
	for what in demo demo:latest localhost/demo localhost/demo:latest "$ID" "${ID:0:12}" \
		"${ID:0:3}" "sha256:$ID" "$digest" "localhost/demo@$digest"; do
		ok lade inspect "$what"
	done
}

@test "inspect of an image that is not there prints the others and fails" {
	fails 125 eval 'lade inspect demo nosuch 2>told'
	[ "$(jq length <<<"$output")" = 1 ]
	grep -q nosuch told
}

@test "rmi removes the name, and what it held" {
	ok lade rmi demo
	[ "${lines[0]}" = "Untagged: localhost/demo:latest" ]
	[ "${lines[1]}" = "Deleted: $ID" ]
	store_is_empty
}

@test "rmi of one name of several keeps the image" {
	make_image --compression mixed --name other again
	ok lade pull -q oci:again:other
	ok lade rmi demo
	[ "$output" = "Untagged: localhost/demo:latest" ]
	ok lade unpack other tree
}

@test "rmi by ID with several names wants --force" {
	make_image --compression mixed --name other again
	ok lade pull -q oci:again:other
	fails 125 lade rmi "$ID"
	ok lade rmi --force "$ID"
	store_is_empty
}

@test "rmi: 1 for an image that does not exist, 0 with --ignore" {
	fails 1 lade rmi nosuch
	says nosuch
	ok lade rmi --ignore nosuch
	fails 1 lade rmi nosuch demo
	store_is_empty
}

@test "rmi: 2 for an image that a bundle uses, --force takes the name and the bundle lives" {
	ok lade bundle demo "$DIR"
	fails 2 lade rmi demo
	ok lade rmi --force demo
	[ -x "$DIR/rootfs/bin/busybox" ]
	ok lade gc
	[ -x "$DIR/rootfs/bin/busybox" ]
	ok lade release "$DIR"
	ok lade gc
	store_is_empty
}

@test "rmi --all removes every image" {
	make_image --text two --name two again
	ok lade pull -q oci:again:two
	ok lade rmi --all
	store_is_empty
}

@test "gc removes what no image needs, and nothing else" {
	make_image --text two layout
	ok lade pull -q oci:layout
	ok lade gc
	ok lade unpack demo tree
	[ "$(cat tree/var/version)" = two ]
	ok lade rmi demo
	ok lade gc
	[[ "$output" == "Removed 0 blobs"* ]] || { echo "$output"; false; }
}

@test "gc does not disturb a lade at work" {
	exec 9<"$STORE/lock"
	flock -s 9
	fails 125 lade gc
	exec 9<&-
	ok lade gc
}
