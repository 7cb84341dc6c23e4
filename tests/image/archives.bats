#!/usr/bin/env bats
# lade import, export, diff: root filesystems from and to archives, and where images differ.
load lade

setup_file() { image_setup_file; }
setup() {
	image_setup
	lade pull -q "oci:$LAYOUT:demo:latest" >id
	ID=$(cat id)
}
teardown() {
	[ -z "${SERVER-}" ] || kill "$SERVER" 2>/dev/null || true
	image_teardown
}

@test "export writes all files of an image, the same bytes every time" {
	ok lade export -o demo.tar demo
	lade export demo >again.tar
	cmp demo.tar again.tar
	lade unpack demo unpacked
	mkdir extracted
	tar -C extracted --xattrs --xattrs-include='*' -xpf demo.tar
	diff <(tree unpacked) <(tree extracted)
	fails 125 lade export -o x.tar nosuch
	says "neither a bundle nor an image"
	nothing "$(ls x.tar* 2>/dev/null)"
}

@test "export of a bundle has what its container changed" {
	lade bundle demo "$DIR"
	echo new >"$DIR/rootfs/new"
	rm "$DIR/rootfs/etc/os-release"
	ok lade export -o bundle.tar "$DIR"
	tar -tf bundle.tar >names
	grep -qx new names
	! grep -q os-release names || false
	! grep -q '\.wh\.' names || false
	ok lade release "$DIR"
}

@test "import makes an image of an archive: plain, gzip, zstd, from a file or standard input" {
	local how
	lade export -o demo.tar demo
	gzip -nk demo.tar
	zstd -q demo.tar
	for how in demo.tar demo.tar.gz demo.tar.zst; do
		ok lade import "$how" "again:${how##*.}"
		[[ "$output" =~ ^[0-9a-f]{64}$ ]]
		rm -rf un
		lade unpack "again:${how##*.}" un
		diff <(tar -tf demo.tar | wc -l) <(find un | wc -l)
		[ "$(lade inspect --format '{{len .RootFS.Layers}} {{.RootFS.Layers}}' "again:${how##*.}")" = "1 [sha256:$(digest_of demo.tar)]" ]
	done
	ok lade image import - stdin <demo.tar.gz
	ok lade import -m other - <demo.tar.gz
	[ "$(lade images --filter dangling=true -q | wc -l)" = 1 ]
	ok lade run again:tar cat /var/version
	[ "$output" = 1 ]
}

@test "import: Dockerfile's instructions, message, platform, and no clock but SOURCE_DATE_EPOCH" {
	mkdir root && echo hello >root/file
	tar -C root -cf root.tar .
	export SOURCE_DATE_EPOCH=1704067200
	ok lade import -c 'CMD ["/bin/sh","-c","a b"]' -c 'ENTRYPOINT /bin/run x' -c 'ENV A=1 B="two words"' \
		-c 'ENV A 3 and more' -c LABEL=blue=image -c 'EXPOSE 80 53/udp' -c 'USER 7:8' -c 'VOLUME ["/a b"]' \
		-c 'WORKDIR /srv' -c 'STOPSIGNAL SIGUSR1' -c 'ONBUILD RUN x' -m 'a message' \
		--arch arm64 --variant v8 root.tar made
	lade inspect made >made.json
	[ "$(jq -c '.[0].Config.Cmd' made.json)" = '["/bin/sh","-c","a b"]' ]
	[ "$(jq -c '.[0].Config.Entrypoint' made.json)" = '["/bin/sh","-c","/bin/run x"]' ]
	[ "$(jq -c '.[0].Config.Env' made.json)" = '["A=3 and more","B=two words"]' ]
	[ "$(jq -c '.[0].Config.Labels' made.json)" = '{"blue":"image"}' ]
	[ "$(jq -c '.[0].Config.ExposedPorts' made.json)" = '{"80/tcp":{},"53/udp":{}}' ]
	[ "$(jq -c '.[0].Config.Volumes' made.json)" = '{"/a b":{}}' ]
	[ "$(jq -r '.[0].Config | .User + .WorkingDir + .StopSignal + .OnBuild[0]' made.json)" = "7:8/srvSIGUSR1RUN x" ]
	[ "$(jq -r '.[0] | .Comment + .Architecture + .Variant + .Created' made.json)" = "a messagearm64v82024-01-01T00:00:00Z" ]
	ok lade import -m x root.tar one
	ok lade import -m x root.tar two
	[ "$(lade images -q one)" = "$(lade images -q two)" ]
}

@test "what is no archive is no image" {
	lade export -o demo.tar demo
	head -c 100000 demo.tar >cut.tar
	: >empty
	echo rubbish >rubbish
	printf '\3757zXZ\0rubbish' >x.tar.xz
	for file in cut.tar empty rubbish x.tar.xz nosuch; do
		fails 125 lade import "$file" bad
	done
	fails 125 lade import x.tar.xz
	says "compressed with xz"
	fails 125 lade import -c 'FLY /' demo.tar
	says '"FLY /" is no instruction'
	for change in 'ENV A' 'WORKDIR srv' 'CMD ["a"' 'CMD' 'EXPOSE x'; do
		fails 125 lade import -c "$change" demo.tar
	done
	fails 1 lade exists bad
	ok lade rmi demo
	ok lade gc
	store_is_empty
}

@test "import from a URL" {
	lade export -o demo.tar demo
	gzip -n demo.tar
	mkfifo port
	python3 -u - >port 3>&- <<-'END' &
		import http.server
		class Handler(http.server.SimpleHTTPRequestHandler):
		    def do_GET(self):
		        if self.path == "/moved":
		            self.send_response(302)
		            self.send_header("Location", "/demo.tar.gz")
		            self.end_headers()
		        else:
		            super().do_GET()
		    def log_message(self, *rest):
		        pass
		server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
		print(server.server_port)
		server.serve_forever()
	END
	SERVER=$!
	read -r PORT <port
	ok lade import "http://127.0.0.1:$PORT/moved" web
	ok lade run web cat /var/version
	[ "$output" = 1 ]
	fails 125 lade import "http://127.0.0.1:$PORT/nosuch"
	says "not found"
	fails 125 lade import "http://user:word@127.0.0.1:$PORT/demo.tar.gz"
}

@test "diff shows what the last layer changes, and where two images differ" {
	local podman
	ok lade diff demo
	[[ "$output" == *$'A /var/version'* && "${lines[0]}" = "C /srv" ]]
	ok lade image diff --format json demo
	[ "$(jq -c '.added' <<<"$output")" = '["/srv/becomes-dir/below","/var/version"]' ]
	make_image --compression mixed --text two --name two two
	lade pull -q oci:two
	ok lade diff two demo
	[ "$output" = $'C /var\nC /var/version' ]
	ok lade diff demo demo
	[ -z "$output" ]
	mkdir root && tar -C root -cf root.tar .
	lade import -q root.tar nothing
	ok lade diff nothing demo
	[[ "$output" == *$'D /bin\nD /dev\n'* && "$output" != *busybox* ]]
	ok lade diff demo nothing
	[[ "$output" == *"A /bin/busybox"* ]]
	type -P podman >/dev/null || skip "no podman"
	podman="podman --root $PWD/pod --runroot $PWD/podrun --storage-driver vfs"
	lade save -q --format oci-archive -o demo.tar demo
	$podman load -q -i demo.tar || skip "podman cannot load here"
	diff <(lade diff demo) <($podman image diff demo | LC_ALL=C sort -k2)
}
