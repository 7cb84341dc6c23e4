#!/usr/bin/env bats
# lade repack: what changed in a bundle is a layer of a new image, and nothing else is.
load lade

setup_file() {
	make_image --name demo:latest "$BATS_FILE_TMPDIR/layout"
}
setup() {
	image_setup
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	DEMO=$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$STORE/index.json")
}
teardown() {
	release_bundles
	image_teardown
}

entries() {
	"$IMAGE_TESTS/entries" "$@"
}

names() {
	entries "$STORE" "localhost/$1" | cut -d' ' -f1
}

manifest() {
	local digest
	digest=$(jq -r --arg name "$1" '.manifests[]
		| select(.annotations["org.opencontainers.image.ref.name"] == $name) | .digest' "$STORE/index.json")
	cat "$STORE/blobs/sha256/${digest#sha256:}"
}

config_of() {
	local digest
	digest=$(manifest "$1" | jq -r .config.digest)
	cat "$STORE/blobs/sha256/${digest#sha256:}"
}

# Something of everything that a layer can say.
change() {
	local root=$1
	echo new >"$root/etc/new"
	ln "$root/etc/new" "$root/etc/new-too"
	rm "$root/srv/changed"
	rm -r "$root/srv/opaque"
	mkdir "$root/srv/opaque"
	echo again >"$root/srv/opaque/again"
	rm -r "$root/srv/becomes-dir"
	ln -s /somewhere "$root/srv/becomes-dir"
	rm "$root/srv/becomes-file"
	mkdir -m 711 "$root/srv/becomes-file"
	chmod 600 "$root/etc/group"
	chown 5:6 "$root/etc/os-release"
	echo longer >>"$root/var/version"
	mknod "$root/srv/block" b 7 3
	mkfifo "$root/srv/another-pipe"
	cp "$root/bin/busybox" "$root/bin/capable"
	setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 "$root/bin/capable"
	setfattr -n user.note -v hello "$root/etc/passwd"
	truncate -s 1M "$root/srv/sparse"
	echo data >>"$root/srv/sparse"
	cp -p "$root/usr/share/precise" "$root/usr/share/copy"
	find "$root" -newer "$LAYOUT/oci-layout" ! -type l -exec touch -h -d 2024-05-06T07:08:09.25Z {} +
	touch -h -d 2024-05-06T07:08:09.25Z "$root/srv/becomes-dir"
}

@test "a new image has the changes of an overlay bundle" {
	ok lade bundle --rootfs overlay demo "$DIR"
	change "$DIR/rootfs"
	tree "$DIR/rootfs" >changed.list
	ok lade repack "$DIR" new:1
	[ "${#lines[0]}" = 64 ]
	ok lade unpack new:1 plain
	tree plain >new.list
	diff changed.list new.list
	ok lade bundle --rootfs overlay new:1 second
	tree second/rootfs >second.list
	diff changed.list second.list
}

@test "overlay and copy give the same layer, byte for byte" {
	export SOURCE_DATE_EPOCH=1800000000
	for driver in overlay copy; do
		ok lade bundle --rootfs $driver demo $driver
		change $driver/rootfs
		ok lade repack $driver $driver:1
		entries "$STORE" localhost/$driver:1 >$driver.list
	done
	diff overlay.list copy.list
	[ "$(manifest localhost/overlay:1 | digest_of /dev/stdin)" = "$(manifest localhost/copy:1 | digest_of /dev/stdin)" ]
}

@test "the entries are those that umoci finds, and umoci unpacks the same tree" {
	command -v umoci >/dev/null || skip "no umoci"
	make_image --name plain layout
	umoci --log error unpack --image layout:plain theirs
	ok lade bundle --rootfs copy demo "$DIR"
	change theirs/rootfs
	change "$DIR/rootfs"
	umoci --log error repack --image layout:repacked theirs
	ok lade repack "$DIR" ours:1
	# umoci removes what is below a directory that is a link now, too
	entries --files layout repacked | grep -v "^srv/becomes-dir/" >theirs.list
	entries --files "$STORE" localhost/ours:1 >ours.list
	diff theirs.list ours.list
	ok lade copy -q store:localhost/ours:1 oci:layout:ours
	umoci --log error unpack --image layout:ours of-ours
	tree of-ours/rootfs >of-ours.list
	tree "$DIR/rootfs" >changed.list
	diff changed.list of-ours.list
}

@test "the layer holds what changed, the way to it, and explicit whiteouts, in order" {
	ok lade bundle --rootfs overlay demo "$DIR"
	echo more >>"$DIR/rootfs/usr/share/original"
	rm -r "$DIR/rootfs/srv/opaque" "$DIR/rootfs/srv/pipe"
	mkdir "$DIR/rootfs/srv/opaque"
	ok lade repack "$DIR" new:1
	[ "$(names new:1 | tr '\n' ' ')" = ". srv srv/opaque srv/opaque/.wh.new srv/.wh.pipe usr usr/share usr/share/original " ]
}

@test "what was touched and put back is no change" {
	for driver in overlay copy; do
		ok lade bundle --rootfs $driver demo $driver
		touch -r $driver/rootfs/etc/passwd saved
		: >>$driver/rootfs/etc/passwd
		touch -r saved $driver/rootfs/etc/passwd
		chmod 600 $driver/rootfs/etc/group
		chmod 644 $driver/rootfs/etc/group
		ok lade --log-level info repack $driver $driver:same
		[[ "$output" == *"nothing was changed in $driver"* ]]
		[ "$(manifest localhost/$driver:same)" = "$(manifest "$DEMO")" ]
	done
}

@test "a change that keeps size and time is found all the same" {
	ok lade bundle --rootfs copy demo "$DIR"
	printf '9\n' >"$DIR/rootfs/var/version"
	touch -d 2024-01-01T00:00:00Z "$DIR/rootfs/var/version"
	ok lade repack "$DIR" new:1
	[ "$(names new:1 | tr '\n' ' ')" = ". var var/version " ]
}

@test "the documents keep what they had, with one step and one layer more" {
	ok lade bundle demo "$DIR"
	echo x >"$DIR/rootfs/x"
	SOURCE_DATE_EPOCH=1700000000 ok lade repack --history.author me --history.comment "why not" "$DIR" new:1
	[ "$(config_of localhost/new:1 | jq -c .config)" = "$(config_of "$DEMO" | jq -c .config)" ]
	[ "$(config_of localhost/new:1 | jq -r .created)" = 2023-11-14T22:13:20Z ]
	[ "$(config_of localhost/new:1 | jq -c '.history[-1]')" = '{"created":"2023-11-14T22:13:20Z","created_by":"lade repack","author":"me","comment":"why not"}' ]
	[ "$(config_of localhost/new:1 | jq '.history | length')" = 4 ]
	[ "$(manifest localhost/new:1 | jq -c '.layers[:3]')" = "$(manifest "$DEMO" | jq -c .layers)" ]
	ok lade repack --no-history "$DIR" none:1
	[ "$(config_of localhost/none:1 | jq '.history | length')" = 3 ]
	ok lade repack --history.created 2001-02-03T04:05:06Z --history.created_by hand "$DIR" by:1
	[ "$(config_of localhost/by:1 | jq -c '.history[-1] | [.created, .created_by, .author]')" = '["2001-02-03T04:05:06Z","hand","lade"]' ]
	fails 125 lade repack --history.created yesterday "$DIR" by:2
	says "--history.created yesterday: it is a time like 2024-01-31T12:00:00Z"
}

@test "SOURCE_DATE_EPOCH is the latest time there is, and a bad one is told" {
	ok lade bundle demo "$DIR"
	echo x >"$DIR/rootfs/x"
	SOURCE_DATE_EPOCH=1700000000 ok lade repack "$DIR" new:1
	[ "$(entries "$STORE" localhost/new:1 | awk '$1 == "x" { print $5 }')" = 1700000000.000000000 ]
	SOURCE_DATE_EPOCH=soon fails 125 lade repack "$DIR" new:2
	says "SOURCE_DATE_EPOCH=soon: it is seconds since 1970"
}

@test "masked paths and the image's volumes stay out" {
	cp -a "$LAYOUT" layout # umoci writes to it, for its owner alone
	umoci config --image layout:demo:latest --tag volumes --config.volume /srv/opaque 2>/dev/null ||
		skip "no umoci"
	ok lade pull -q oci:layout:volumes
	ok lade bundle volumes "$DIR"
	echo x >"$DIR/rootfs/srv/opaque/x"
	echo x >"$DIR/rootfs/etc/secret"
	rm "$DIR/rootfs/etc/shadow"
	echo x >"$DIR/rootfs/etcetera"
	ok lade repack --mask-path /etc/ "$DIR" new:1
	[ "$(names new:1 | tr '\n' ' ')" = ". etcetera " ]
	ok lade repack --mask-path etc --no-mask-volumes "$DIR" new:2
	[ "$(names new:2 | tr '\n' ' ')" = ". etcetera srv srv/opaque srv/opaque/x " ]
}

@test "compression is that of the layer below, or as told" {
	ok lade bundle demo "$DIR"
	echo x >"$DIR/rootfs/x"
	for how in gzip zstd none auto; do
		ok lade repack --compress $how "$DIR" new:$how
		ok lade unpack new:$how $how
		[ "$(cat $how/x)" = x ]
	done
	[[ "$(manifest localhost/new:gzip | jq -r '.layers[-1].mediaType')" == *.tar+gzip ]]
	[[ "$(manifest localhost/new:zstd | jq -r '.layers[-1].mediaType')" == *.tar+zstd ]]
	[[ "$(manifest localhost/new:none | jq -r '.layers[-1].mediaType')" == *.tar ]]
	[[ "$(manifest localhost/new:auto | jq -r '.layers[-1].mediaType')" == *.tar+gzip ]]
	fails 125 lade repack --compress xz "$DIR" new:xz
}

@test "an image of docker's gets a layer of docker's kind" {
	make_image --docker --name docker layout
	ok lade pull -q oci:layout:docker
	ok lade bundle docker "$DIR"
	echo x >"$DIR/rootfs/x"
	ok lade repack "$DIR" new:1
	[ "$(manifest localhost/new:1 | jq -r '.layers[-1].mediaType')" = application/vnd.docker.image.rootfs.diff.tar.gzip ]
	ok lade unpack new:1 plain
}

@test "skopeo and podman read what repack wrote" {
	ok lade bundle demo "$DIR"
	change "$DIR/rootfs"
	ok lade repack "$DIR" new:1
	skopeo inspect "oci:$STORE:localhost/new:1" >/dev/null
	skopeo copy -q "oci:$STORE:localhost/new:1" oci:copy:new
	command -v podman >/dev/null || skip "no podman"
	mkdir run storage
	podman() {
		command podman --root "$PWD/storage" --runroot "$PWD/run" --storage-driver vfs "$@"
	}
	podman pull -q oci:copy:new >id
	tree "$DIR/rootfs" | sed '1d; s/\.[0-9]* / /' >ours.list
	tree "$(podman image mount "$(cat id)")" | sed '1d; s/\.[0-9]* / /' >theirs.list
	podman image unmount -a >/dev/null
	podman rmi -a -f >/dev/null
	diff ours.list theirs.list
}

@test "a running container is told, not repacked" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	for driver in overlay copy; do
		ok lade bundle --rootfs $driver demo $driver /bin/sleep 1000
		"$RUNTIME" run --detach --bundle $driver lade-repack-$$ </dev/null >/dev/null 2>&1
		fails 125 lade repack $driver new:1
		"$RUNTIME" delete --force lade-repack-$$
		says "a container still runs on this bundle"
		ok lade repack $driver new:1
	done
}

@test "what a container wrote is in the image" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	ok lade bundle demo "$DIR" /bin/sh -c 'echo from inside >/srv/inside; rm /etc/shadow'
	"$RUNTIME" run --bundle "$DIR" lade-repack-$$ </dev/null
	ok lade repack "$DIR" new:1
	ok lade run new:1 /bin/sh -c 'cat /srv/inside; test -e /etc/shadow || echo gone'
	[ "$output" = $'from inside\ngone' ]
}

@test "a user's bundle: the ids of his user namespace are the container's again" {
	local user=12345 home=$BATS_TEST_TMPDIR/home
	as_user() { (cd / && setpriv --reuid $user --regid $user --clear-groups env HOME="$home" "$LADE" --root "$home/store" "$@"); }
	mkdir "$home"
	chown $user "$home"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" 2>/dev/null || true
	setpriv --reuid $user --regid $user --clear-groups test -r "$LAYOUT/index.json" ||
		skip "the tests' directory is closed to others"
	ok as_user pull -q "oci:$LAYOUT:demo:latest"
	ok as_user bundle demo "$home/bundle"
	root=$home/bundle/rootfs
	rm "$root/srv/changed"
	echo x >"$root/srv/by-root"
	echo x >"$root/srv/by-daemon"
	cp "$root/bin/busybox" "$root/srv/capable"
	chown $user:$user "$root/srv/by-root" "$root/srv/capable"
	chown 200004:200006 "$root/srv/by-daemon"
	setfattr -n security.capability -v 0x010000030020000000000000000000000000000039300000 "$root/srv/capable"
	fails 125 as_user repack "$home/bundle" new:1
	says "/srv/by-daemon: its owner 200004 is none of the container's"
	for map in uidMappings gidMappings; do
		jq ".linux.$map += [{containerID: 1, hostID: 200000, size: 1000}]" "$home/bundle/config.json" >config.new
		cat config.new >"$home/bundle/config.json"
	done
	ok as_user repack "$home/bundle" new:1
	entries "$home/store" localhost/new:1 | awk '$1 != "." { print $1, $4, $7 }' >entries.list
	diff - entries.list <<-EOF
		srv 0:0 -
		srv/by-daemon 5:7 -
		srv/by-root 0:0 -
		srv/capable 0:0 security.capability=0100000200200000000000000000000000000000
		srv/.wh.changed 0:0 -
	EOF
	ok as_user release "$home/bundle"
	ok as_user bundle new:1 "$home/bundle"
	[ ! -e "$root/srv/changed" ]
	[ -e "$root/srv/by-daemon" ]
	ok as_user release "$home/bundle"
}

@test "a renamed directory is taken from the mounted tree" {
	ok lade bundle --rootfs overlay demo "$DIR"
	umount "$DIR/rootfs"
	record=$(echo "$STORE"/bundles/*/)
	lowers=$(jq -r '[.layers[] | sub("sha256:"; "'"$STORE"'/layers/")] | reverse | join(":")' "$record/record.json")
	mount -t overlay -o "redirect_dir=on,metacopy=on,lowerdir=$lowers,upperdir=$record/upper,workdir=$record/work" \
		overlay "$DIR/rootfs" || skip "overlayfs has no redirect_dir here"
	mv "$DIR/rootfs/usr/share" "$DIR/rootfs/usr/moved"
	chmod 600 "$DIR/rootfs/bin/busybox"
	tree "$DIR/rootfs" >moved.list
	ok lade repack "$DIR" new:1
	ok lade unpack new:1 plain
	tree plain >plain.list
	diff moved.list plain.list
	umount "$DIR/rootfs"
	fails 125 lade repack "$DIR" new:2
	says "rootfs is not mounted"
}

@test "a name that no layer can hold is told" {
	ok lade bundle demo "$DIR"
	echo x >"$DIR/rootfs/srv/.wh.x"
	fails 125 lade repack "$DIR" new:1
	says "/srv/.wh.x: in a layer that name would remove another file"
	[ -z "$(lade images -q new)" ]
	nothing "$(below ingest)"
}

@test "names in any bytes, long ones, and sockets" {
	ok lade bundle demo "$DIR"
	long=$(printf 'x%.0s' {1..255})
	mkdir -p "$DIR/rootfs/srv/$long/$long"
	echo x >"$DIR/rootfs/srv/$long/$long/$long"
	printf x >"$DIR/rootfs/srv/"$'caf\xc3\xa9'
	printf y >"$DIR/rootfs/srv/"$'raw\xff\xfe'
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$DIR/rootfs/srv/s"
	ok lade repack "$DIR" new:1
	rm "$DIR/rootfs/srv/s"
	ok lade unpack new:1 plain
	(cd "$DIR/rootfs" && find . | LC_ALL=C sort) >ours.list
	(cd plain && find . | LC_ALL=C sort) >plain.list
	diff ours.list plain.list
}

@test "a file of holes is one again, and zeros do not make a bomb of a layer" {
	ok lade bundle demo "$DIR"
	truncate -s 300M "$DIR/rootfs/srv/holes"
	echo end >>"$DIR/rootfs/srv/holes"
	printf 'begin' | dd of="$DIR/rootfs/srv/holes" conv=notrunc status=none
	ok lade repack --compress gzip "$DIR" new:1
	ok lade bundle --rootfs copy new:1 second
	[ "$(stat -c %s second/rootfs/srv/holes)" = $((300 * 1024 * 1024 + 4)) ]
	[ "$(stat -c %b second/rootfs/srv/holes)" -lt 1000 ]
	[ "$(head -c 5 second/rootfs/srv/holes)" = begin ]
	[ "$(tail -c 4 second/rootfs/srv/holes)" = end ]
	fails 125 lade repack --compress zstd "$DIR" new:2
	says "--compress gzip"
}

@test "a file larger than a layer may be is told, not written" {
	ok lade bundle --rootfs copy demo "$DIR"
	truncate -s 15T "$DIR/rootfs/srv/huge" || skip "not on this file system"
	fails 125 timeout -k 1 60 "$LADE" --root "$STORE" repack "$DIR" new:1
	says "/srv/huge"
	says "larger than a layer may be"
	fails 125 timeout -k 1 60 "$LADE" --root "$STORE" export -o huge.tar "$DIR"
	says "larger than a layer may be"
	nothing "$(ls huge.tar* 2>/dev/null)"
}

@test "a large file of holes can be interrupted" {
	local pid
	ok lade bundle --rootfs copy demo "$DIR"
	truncate -s 900G "$DIR/rootfs/srv/holes" || skip "not on this file system"
	mkfifo pipe
	timeout -k 1 60 "$LADE" --root "$STORE" export "$DIR" >pipe 2>told 3>&- &
	pid=$!
	exec 9<pipe
	head -c 10M <&9 >/dev/null # it is at it
	kill -TERM "$pid"
	cat <&9 >/dev/null
	exec 9<&-
	status=0; wait "$pid" || status=$?
	[ "$status" = 143 ]
	grep -q interrupted told
}

@test "a container's own user.overlay.opaque hides nothing" {
	[ "$(id -u)" = 0 ] || skip "a user's overlayfs obeys it"
	ok lade bundle --rootfs overlay demo "$DIR"
	setfattr -n user.overlay.opaque -v y "$DIR/rootfs/srv" || skip "not on this kernel"
	touch "$DIR/rootfs/srv/new"
	ok lade repack "$DIR" new:1
	[ "$(names new:1 | tr '\n' ' ')" = ". srv srv/new " ]
}

@test "a directory that is too deep for a layer is told" {
	ok lade bundle --rootfs copy demo "$DIR"
	python3 - "$DIR/rootfs/srv" <<-'PY'
		import os, sys
		os.chdir(sys.argv[1])
		for _ in range(60):
		    os.mkdir("d" * 100)
		    os.chdir("d" * 100)
	PY
	fails 125 lade repack "$DIR" new:1
	says "deeper than a layer's can be"
}

@test "only bundles of this store can be repacked" {
	mkdir other
	fails 125 lade repack other new:1
	says "there is no bundle of this store at"
}
