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

@test "images --format takes a template, and says where a field does not exist" {
	ok lade images --format '{{.Repository}}:{{.Tag}} {{.ID}} {{.CreatedAt}} {{.ReadOnly}} {{.Labels}}'
	[ "$output" = "localhost/demo:latest ${ID:0:12} 2024-01-01 00:00:00 +0000 UTC false map[org.opencontainers.image.title:demo]" ]
	ok lade images --format 'table {{.ID}}\t{{.Tag}}'
	[[ "${lines[0]}" =~ ^IMAGE\ ID\ +TAG$ && "${lines[1]}" =~ ^${ID:0:12}\ +latest$ ]]
	ok lade images --format '{{json .Names}}'
	[ "$output" = '["localhost/demo:latest"]' ]
	fails 125 lade images --format '{{.ID}} {{.Foo}}'
	says 'column 11: no field "Foo" here'
}

@test "images, inspect and history print by a template what podman prints" {
	local podman template
	type -P podman >/dev/null || skip "no podman"
	podman="podman --root $PWD/pod --runroot $PWD/podrun --storage-driver vfs"
	lade save -q --format oci-archive -o demo.tar demo
	$podman load -q -i demo.tar || skip "podman cannot load here"
	lade tag demo quay.io/team/demo:1
	$podman tag localhost/demo quay.io/team/demo:1
	for template in '{{.ID}} {{.Repository}} {{.Tag}} {{.Digest}} {{.Created}} {{.CreatedAt}} {{.CreatedSince}}' \
		'{{.Labels}} {{.ReadOnly}} {{.Names}} {{.Dangling}} {{.Containers}}' \
		'table {{.ID}}\t{{.Repository}}:{{.Tag}}\t{{.Digest}}' '{{.ID}}\t{{upper .Tag}}'; do
		diff <(lade images --format "$template" | sort) <($podman images --format "$template" | sort)
	done
	for template in '{{.Config.Env}} {{.Os}}/{{.Architecture}} {{.ID}}' '{{json .Config.Cmd}}' \
		'{{index .Config.Labels "org.opencontainers.image.title"}} {{.Created}}' \
		'{{range .RootFS.Layers}}{{.}} {{end}}{{.Config.ExposedPorts}}' \
		'{{(index .History 0).CreatedBy}} {{len .History}} {{if .Config.Cmd}}cmd{{else}}none{{end}}'; do
		diff <(lade inspect --format "$template" demo) <($podman inspect --format "$template" demo)
	done
	diff <(lade history --format '{{.ID}} {{.Created}} {{.CreatedBy}}' demo) \
		<($podman history --format '{{.ID}} {{.Created}} {{.CreatedBy}}' demo)
	diff <(lade images --filter reference='de*' -q) <($podman images --filter reference='de*' -q)
	for template in label=org.opencontainers.image.title dangling=true until=24h until=2020-01-01 \
		before=demo since=demo readonly=true reference='quay.io/*/*' containers=false; do
		diff <(lade images --filter "$template" -q) <($podman images --filter "$template" -q)
	done
}

@test "images --filter: by name, label, time, use" {
	ok lade images -q --filter reference='dem*' --filter label=org.opencontainers.image.title=demo
	[ "$output" = "${ID:0:12}" ]
	ok lade images -q --filter label!=org.opencontainers.image.title
	[ -z "$output" ]
	ok lade images -q --filter until=24h --filter dangling=false --filter containers=false
	[ "$output" = "${ID:0:12}" ]
	ok lade untag demo
	ok lade images -n --filter dangling=true
	[[ "$output" =~ ^\<none\>\ +\<none\>\ +${ID:0:12} ]]
	fails 125 lade images --filter colour=red
	says 'no key "colour" here: there are after, before'
}

@test "images --sort and --history" {
	make_image --text two --name zwei again
	ok lade pull -q oci:again:zwei
	ok lade tag zwei localhost/alt:1
	ok lade images --sort repository --format '{{.Repository}}'
	[ "$output" = $'localhost/alt\nlocalhost/demo\nlocalhost/zwei' ]
	ok lade images --sort tag --format '{{.Tag}}'
	[ "${lines[0]}" = 1 ]
	ok lade images --history
	[[ "${lines[0]}" == *HISTORY && "$output" == *"localhost/alt:1, localhost/zwei:latest"* ]]
}

@test "podman's two words mean the same: image ls, image rm, image inspect" {
	ok lade image ls -q
	[ "$output" = "${ID:0:12}" ]
	ok lade image inspect --format '{{.Id}}' demo
	[ "$output" = "$ID" ]
	ok lade image tag demo other
	ok lade image --help
	[[ "$output" == *"inspect"* ]]
	fails 125 lade image fly
	says 'unknown command "image fly"'
	ok lade image rm other demo
	store_is_empty
}

# completions WORD…: what bash offers for the last word, as bash takes the words apart.
completions() {
	PATH=$(dirname "$LADE"):$PATH LADE_STORE=$STORE bash -c 'lade() { command lade --root "$LADE_STORE" "$@"; }
		source <(lade completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lade; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

@test "completion offers verbs, options, their values and the images of the store" {
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	lade tag localhost/demo:latest 127.0.0.1:5000/team/other:2
	[ "$(completions lade pu | sort | paste -sd' ')" = "pull push" ]
	completions lade push --force | grep -qx -- --force-compression
	[ "$(completions lade push --compression-format "" | sort | paste -sd' ')" = "gzip zstd" ]
	[ "$(completions lade --log-format "" | sort | paste -sd' ')" = "json text" ]
	[ -z "$(completions lade push --authfile "")" ] # files are bash's own
	completions lade push loc | grep -qx localhost/demo:latest
	[ "$(completions lade run localhost/demo : la)" = latest ]
	[ "$(completions lade run localhost/demo :)" = latest ]
	[ "$(completions lade inspect 127.0.0.1 : 5000/te)" = 5000/team/other:2 ]
	[ -z "$(completions lade login loc)" ]
}

@test "completion scripts are sound" {
	"$LADE" completion bash | bash -n
	! command -v zsh >/dev/null || "$LADE" completion zsh | zsh -n || false
	! command -v fish >/dev/null || "$LADE" completion fish | fish -n || false
	"$LADE" completion zsh | grep -q 'compression-format=.*(gzip zstd)'
	"$LADE" completion fish | grep -q "seen_subcommand_from push' -l compression-format -r -f -a 'gzip zstd'"
}

@test "rmi: in use says 2 whatever else failed, anything else 125 before 1; --no-prune keeps the blobs" {
	lade bundle demo "$DIR"
	fails 2 lade rmi nosuch demo
	fails 2 lade rmi -a
	lade release "$DIR"
	lade tag demo other
	fails 125 lade rmi nosuch "$ID"
	fails 1 lade rmi -f nosuch
	ok lade rmi -i nosuch
	ok lade rmi --no-prune demo other
	[ -n "$(below blobs/sha256)" ]
	ok lade gc
	store_is_empty
}
