#!/usr/bin/env bats
# lade config: a new image with other settings; what was not named is as it was, byte for byte.
load lade

setup() {
	image_setup
	make_image --name demo:latest layout
	# Members that nobody here knows, in a form that nobody here writes.
	python3 - layout <<-'EOF2'
		import hashlib, json, sys
		layout = sys.argv[1]
		def load(name): return open(layout + "/" + name).read()
		def blob(entry): return "blobs/" + entry["digest"].replace(":", "/")
		def store(entry, text):
		    data = text.encode()
		    entry.update(digest="sha256:" + hashlib.sha256(data).hexdigest(), size=len(data))
		    open(layout + "/" + blob(entry), "wb").write(data)
		index = json.loads(load("index.json"))
		manifest = json.loads(load(blob(index["manifests"][0])))
		config = load(blob(manifest["config"]))
		config = config.replace('{\n', '{ "x-first" : [1.50,  {"é": "\\u00e9"}] ,\n', 1)
		config = config.replace('"StopSignal"', '"Memory"  :  1e3, "StopSignal"', 1)
		store(manifest["config"], config)
		manifest["x-unknown"] = {"kept": True}
		manifest["annotations"] = {"old": "1", "both": "1"}
		store(index["manifests"][0], json.dumps(manifest, indent=3))
		open(layout + "/index.json", "w").write(json.dumps(index))
	EOF2
	ok lade pull -q oci:layout:demo:latest
}
teardown() {
	image_teardown
}

manifest() {
	skopeo inspect --raw "oci:$STORE:$1"
}

blob_of() {
	local digest
	digest=$(manifest "$1" | jq -r .config.digest)
	cat "$STORE/blobs/sha256/${digest#sha256:}"
}

config() {
	blob_of "$1" | jq -c "$2"
}

@test "every setting is where the image specification has it" {
	ok lade config demo --tag new --config.user user:audio --config.workingdir /srv --config.stopsignal SIGINT \
		--config.exposedports 443/tcp --config.env A=b --config.env "C=d e" --config.entrypoint /bin/sh \
		--config.entrypoint -c --config.cmd "echo hi" --config.volume /data --config.label k=v=w \
		--created 2001-02-03T04:05:06Z --author "A. Uthor" --platform.os linux --platform.arch arm \
		--platform.variant v7 --manifest.annotation note=yes
	new=localhost/new:latest
	[ "${#lines[0]}" = 64 ]
	[ "$(config $new '.config | [.User, .WorkingDir, .StopSignal]')" = '["user:audio","/srv","SIGINT"]' ]
	[ "$(config $new '.config.ExposedPorts')" = '{"80/tcp":{},"443/tcp":{}}' ]
	[ "$(config $new '.config.Env')" = '["PATH=/usr/bin:/bin","LADE_TEST=yes","A=b","C=d e"]' ]
	[ "$(config $new '.config | [.Entrypoint, .Cmd]')" = '[["/bin/sh","-c"],["echo hi"]]' ]
	[ "$(config $new '.config.Volumes')" = '{"/data":{}}' ]
	[ "$(config $new '.config.Labels')" = '{"org.opencontainers.image.title":"demo","k":"v=w"}' ]
	[ "$(config $new '[.created, .author, .os, .architecture, .variant]')" = '["2001-02-03T04:05:06Z","A. Uthor","linux","arm","v7"]' ]
	[ "$(manifest $new | jq -c .annotations)" = '{"old":"1","both":"1","note":"yes"}' ]
	[ "$(manifest $new | jq -c .layers)" = "$(manifest localhost/demo:latest | jq -c .layers)" ]
	[ "$(config $new '.history[-1] | [.created_by, .author, .empty_layer]')" = '["lade config","A. Uthor",true]' ]
}

@test "what is not named stays byte for byte, known or not" {
	ok lade config demo --tag new --config.user me --no-history
	diff <(blob_of localhost/demo:latest | tr , '\n') <(blob_of localhost/new:latest | tr , '\n') >differs || true
	[ "$(grep -c '^>' differs)" -le 2 ]
	blob_of localhost/new:latest | grep -qF '"x-first" : [1.50,  {"é": "\u00e9"}] ,'
	blob_of localhost/new:latest | grep -qF '"Memory"  :  1e3,'
	[ "$(manifest localhost/new:latest | jq -c '."x-unknown"')" = '{"kept":true}' ]
	ok lade config demo --tag same --no-history
	[ "$(blob_of localhost/same:latest)" = "$(blob_of localhost/demo:latest)" ]
}

@test "without --tag the new image has the old one's name" {
	ok lade tag demo kept
	old=$(lade images -q --no-trunc kept)
	ok lade config demo --config.user me
	[ "$(config localhost/demo:latest .config.User)" = '"me"' ]
	[ "$(config localhost/kept:latest .config.User)" = null ]
	ok lade untag kept
	fails 125 lade config "${old#sha256:}" --config.user you
	says "give the new one a name: --tag NAME"
	ok lade config "${old#sha256:}" --tag older --config.user you
}

@test "a variable and a label are replaced by their names, --clear forgets first" {
	ok lade config demo --tag new --config.env LADE_TEST=no --config.label org.opencontainers.image.title=other
	[ "$(config localhost/new:latest '.config.Env')" = '["PATH=/usr/bin:/bin","LADE_TEST=no"]' ]
	[ "$(config localhost/new:latest '.config.Labels')" = '{"org.opencontainers.image.title":"other"}' ]
	ok lade config new --clear config.env --clear config.labels --clear config.cmd --clear config.exposedports \
		--clear config.entrypoint --clear config.volume --clear manifest.annotations --config.env ONLY=1
	[ "$(config localhost/new:latest '.config.Env')" = '["ONLY=1"]' ]
	[ "$(config localhost/new:latest '.config | [.Labels, .Cmd, .ExposedPorts]')" = '[{},[],{}]' ]
	[ "$(manifest localhost/new:latest | jq -c .annotations)" = '{}' ]
}

@test "the new image runs as it was told" {
	command -v "$RUNTIME" >/dev/null || skip "no $RUNTIME"
	ok lade config demo --tag new --config.user user --config.workingdir /srv --config.env GREETING=hello \
		--clear config.cmd --config.entrypoint /bin/sh --config.entrypoint -c --config.cmd 'echo $GREETING; id -un; pwd'
	ok lade run new
	[ "$output" = $'hello\nuser\n/srv' ]
}

@test "umoci reads the same out of it as out of its own" {
	command -v umoci >/dev/null || skip "no umoci"
	settings=(--config.user user --config.env A=b --config.label k=v --config.cmd ls --config.volume /data
		--config.workingdir / --author me --created 2001-02-03T04:05:06Z)
	umoci --log error config --image layout:demo:latest --tag theirs --no-history "${settings[@]}" 2>/dev/null ||
		umoci --log error config --image layout:theirs --no-history "${settings[@]}" || skip "umoci wants another name"
	ok lade config demo --tag ours --no-history "${settings[@]}"
	ours=$(skopeo inspect --config "oci:$STORE:localhost/ours:latest" | jq -S .)
	theirs=$(skopeo inspect --config oci:layout:theirs | jq -S .)
	[ "$ours" = "$theirs" ] || {
		diff <(echo "$ours") <(echo "$theirs")
		return 1
	}
}

@test "what cannot be is told" {
	fails 125 lade config demo --clear config.everything
	says "--clear config.everything: it is one of config.env, config.entrypoint"
	fails 125 lade config demo --config.env LONELY
	says "--config.env LONELY: it is NAME=VALUE"
	fails 125 lade config demo --config.exposedports http
	says "--config.exposedports http: it is PORT, PORT/tcp or PORT/udp"
	fails 125 lade config demo --config.volume data
	says "--config.volume data: it is an absolute path"
	fails 125 lade config demo --created today
	says "--created today: it is a time like"
	fails 125 lade config nothing
	says "lade pull nothing"
	make_image --docker --name docker docker
	ok lade pull -q oci:docker:docker
	fails 125 lade config docker --manifest.annotation a=b
	says "Docker's manifest format, which has no annotations"
	ok lade config docker --config.user user
}
