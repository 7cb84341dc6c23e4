#!/usr/bin/env bats
# registries.conf(5) as podman and skopeo read it: mirrors, rewriting, blocking, short names.
load lade
load registry

setup_file() { image_setup_file; }
setup() {
	image_setup
	command -v docker-registry >/dev/null || skip "no docker-registry"
	export HOME=$PWD XDG_RUNTIME_DIR=$PWD
}
teardown() {
	stop_registry
	stop_another
	image_teardown
}

# registries <<END: what registries.conf says in this test.
registries() {
	cat >"$CONTAINERS_REGISTRIES_CONF"
}

# An example.com that is here, with a mirror.
with_mirror() {
	registries <<-END
		[[registry]]
		prefix = "example.com/team"
		location = "$REGISTRY/inside"
		[[registry.mirror]]
		location = "$ANOTHER/copy"
		${1-}
	END
}

push_to() {
	skopeo copy -q --preserve-digests --dest-tls-verify=false "oci:$LAYOUT:demo:latest" "docker://$1"
}

# skopeo's word on the same file.
skopeo_takes() {
	skopeo --registries-conf "$CONTAINERS_REGISTRIES_CONF" inspect --raw "docker://$1" >/dev/null
}

@test "a mirror that has the image is asked alone, and the image keeps its name" {
	start_registry
	start_another
	with_mirror
	push_to "$ANOTHER/copy/demo:1"
	ok lade pull -q example.com/team/demo:1
	ok lade images -n
	[[ "$output" =~ ^example.com/team/demo\ +1\  ]]
	nothing "$(grep 'GET /v2/inside' "$REGISTRY_LOG")"
	ok lade inspect docker://example.com/team/demo:1
	[[ "${lines[0]}" == *"its tags cannot be listed"* ]]
}

@test "what the mirror lacks comes from the primary place, and so when the mirror is down" {
	start_registry
	start_another
	with_mirror 'insecure = true'
	sed -i '/inside/a insecure = true' "$CONTAINERS_REGISTRIES_CONF"
	push_to "$REGISTRY/inside/demo:1"
	ok lade pull -q example.com/team/demo:1
	skopeo_takes example.com/team/demo:1
	ok lade rmi --all
	stop_another || true
	ok lade pull -q example.com/team/demo:1
}

@test "what no place has is an error that lists what was tried" {
	start_registry
	start_another
	with_mirror
	fails 125 lade pull -q example.com/team/demo:1
	[ "${#lines[@]}" = 1 ]
	says "none of 2 places has it: $ANOTHER/copy/demo:1 ("
	says "; $REGISTRY/inside/demo:1 ("
	says "not found"
}

@test "mirrors may be for digests, or for tags, only" {
	start_registry
	start_another
	local digest
	push_to "$REGISTRY/inside/demo:1"
	push_to "$ANOTHER/copy/demo:1"
	digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/inside/demo:1")
	with_mirror 'pull-from-mirror = "digest-only"'
	ok lade inspect --raw docker://example.com/team/demo:1
	nothing "$(grep 'GET /v2/copy/demo/manifests/1 ' "$ANOTHER_LOG")"
	ok lade inspect --raw "docker://example.com/team/demo@$digest"
	nothing "$(grep "GET /v2/inside/demo/manifests/$digest" "$REGISTRY_LOG")"
	with_mirror 'pull-from-mirror = "tag-only"'
	ok lade inspect --raw "docker://example.com/team/demo@$digest"
	grep -q "GET /v2/inside/demo/manifests/$digest" "$REGISTRY_LOG"
}

@test "pushes go where the name says, past mirrors and rewriting" {
	start_registry
	start_another
	registries <<-END
		[[registry]]
		prefix = "$REGISTRY"
		location = "$ANOTHER"
	END
	ok lade copy -q "oci:$LAYOUT:demo:latest" "docker://$REGISTRY/pushed:1"
	skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/pushed:1" >/dev/null
	nothing "$(grep pushed "$ANOTHER_LOG")"
}

@test "credentials given by hand are for the registry that was named, not for its mirrors" {
	htpasswd -Bbn somebody secret >htpasswd
	start_registry
	start_another REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test \
		REGISTRY_AUTH_HTPASSWD_PATH="$PWD/htpasswd"
	with_mirror
	push_to "$REGISTRY/inside/demo:1"
	skopeo copy -q --dest-tls-verify=false --dest-creds somebody:secret "oci:$LAYOUT:demo:latest" \
		"docker://$ANOTHER/copy/demo:1"
	ok lade inspect --raw --creds somebody:secret docker://example.com/team/demo:1
	nothing "$(grep 'GET /v2/copy.* 200 ' "$ANOTHER_LOG")"
	ok lade login -u somebody -p secret "$ANOTHER"
	ok lade inspect --raw docker://example.com/team/demo:1
	grep -q 'GET /v2/copy.* 200 ' "$ANOTHER_LOG"
}

@test "a blocked name is neither pulled nor pushed, by lade as by skopeo" {
	start_registry
	push_to "$REGISTRY/demo:1"
	registries <<-END
		[[registry]]
		location = "$REGISTRY/demo"
		blocked = true
	END
	fails 125 lade pull -q "$REGISTRY/demo:1"
	says "$REGISTRY/demo:1: the registry $REGISTRY/demo is blocked by $CONTAINERS_REGISTRIES_CONF"
	fails 125 lade copy -q "oci:$LAYOUT:demo:latest" "docker://$REGISTRY/demo:2"
	says "is blocked by"
	fails 125 lade tags "$REGISTRY/demo"
	skopeo_takes "$REGISTRY/demo:1" && false
	ok lade copy -q "oci:$LAYOUT:demo:latest" "docker://$REGISTRY/other:2"
}

@test "insecure = true takes a certificate that nobody knows, and no other option" {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem \
		-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	start_registry REGISTRY_HTTP_TLS_CERTIFICATE="$PWD/cert.pem" REGISTRY_HTTP_TLS_KEY="$PWD/key.pem"
	push_to "$REGISTRY/demo:1"
	registries <<-END
		[[registry]]
		location = "$REGISTRY"
		insecure = true
	END
	ok lade inspect --raw "docker://$REGISTRY/demo:1"
	ok lade tags "$REGISTRY/demo"
	skopeo_takes "$REGISTRY/demo:1"
	fails 125 lade inspect --raw --tls-verify=true "docker://$REGISTRY/demo:1"
	registries <<<''
	fails 125 lade inspect --raw "docker://$REGISTRY/demo:1"
	says certificate
}

@test "a short name is its alias, in the store too" {
	start_registry
	push_to "$REGISTRY/team/long:1"
	registries <<-END
		[aliases]
		"short" = "$REGISTRY/team/long"
	END
	ok lade pull -q short:1
	ok lade images -n
	[[ "$output" =~ ^$REGISTRY/team/long\ +1\  ]]
	ok lade history short:1
	ok lade tags short
	[ "$output" = 1 ]
	ok lade rmi short:1
}

@test "a short name is looked for in the search registries, in their order" {
	start_registry
	start_another
	push_to "$ANOTHER/team/demo:1"
	registries <<<"unqualified-search-registries = [\"$REGISTRY\", \"$ANOTHER\"]"
	ok lade pull -q team/demo:1
	ok lade images -n
	[[ "$output" =~ ^$ANOTHER/team/demo\ +1\  ]]
	grep -q 'GET /v2/team/demo/manifests/1' "$REGISTRY_LOG"
	fails 125 lade pull -q team/other:1
	says "team/other:1: none of 2 places has it"
	ok lade search --format json demo
	[ "$(jq -r '.[].Name' <<<"$output")" = "$ANOTHER/team/demo" ]
}

@test "short-name-mode enforcing refuses to choose, and says between what" {
	registries <<-END
		unqualified-search-registries = ["a.example", "b.example"]
		short-name-mode = "enforcing"
	END
	fails 125 lade pull -q demo
	says 'the short name "demo" may mean a.example/demo, b.example/demo, and short-name-mode is enforcing'
}

@test "credentials are for one registry: with a short name that several may have they are refused" {
	registries <<-END
		unqualified-search-registries = ["a.example", "b.example"]
		short-name-mode = "disabled"
	END
	fails 125 lade pull -q --creds user:secret demo
	says '"demo" may be at a.example or at b.example: say for which one the credentials are'
}

@test "a wildcard is about the end of a host's name, whatever it begins with" {
	registries <<-END
		[[registry]]
		prefix = "*.localhost"
		blocked = true
	END
	fails 125 lade pull -q a.localhost.localhost:5731/x
	says "is blocked by"
}

@test "a policy that cannot be read is an error, not none" {
	unset CONTAINERS_POLICY_JSON XDG_CONFIG_HOME
	mkdir -p .config/containers
	ln -s /nonexistent/policy .config/containers/policy.json
	fails 125 lade pull -q "oci:$LAYOUT:demo:latest"
	says .config/containers/policy.json "no such file"
}

@test "a file that is wrong is refused with line and column; version 1 with words that help" {
	registries <<<$'\n[[registry]]\nlocation = "a.io\n'
	fails 125 lade pull -q a.io/x
	says "$CONTAINERS_REGISTRIES_CONF (line 3:12): the string does not end in its line"
	registries <<<$'[registries.search]\nregistries = ["a.io"]'
	fails 125 lade pull -q a.io/x
	says "(line 1:2): this is version 1 of the format"
	says "unqualified-search-registries ="
}

@test "a key that nobody knows is warned of" {
	start_registry
	push_to "$REGISTRY/demo:1"
	registries <<<$'unqualified-search-registry = ["a.io"]'
	ok lade inspect --raw "docker://$REGISTRY/demo:1"
	[[ "$output" == *'(line 1:31): unknown key "unqualified-search-registry"'* ]]
}

@test "drop-ins come after the main file, in the order of their names; an override comes last" {
	start_registry
	push_to "$REGISTRY/three/demo:1"
	unset CONTAINERS_REGISTRIES_CONF
	export XDG_CONFIG_HOME=$PWD/config
	mkdir -p config/containers/registries.conf.d
	echo 'aliases = { demo = "127.0.0.1:1/one/demo", more = "127.0.0.1:1/more" }' >config/containers/registries.conf
	echo "aliases.demo = '$REGISTRY/three/demo'" >config/containers/registries.conf.d/20.conf
	echo 'aliases.demo = "127.0.0.1:1/two/demo"' >config/containers/registries.conf.d/10.conf
	echo 'broken' >config/containers/registries.conf.d/30.not
	ok lade pull -q demo:1
	echo 'aliases.demo = "127.0.0.1:1/four/demo"' >last.conf
	CONTAINERS_REGISTRIES_CONF_OVERRIDE=$PWD/last.conf fails 125 lade pull -q demo:1
	says "127.0.0.1:1/"
}

@test "credential-helpers of registries.conf are asked, the auth files where they say so" {
	htpasswd -Bbn somebody secret >htpasswd
	start_registry REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test \
		REGISTRY_AUTH_HTPASSWD_PATH="$PWD/htpasswd"
	skopeo copy -q --dest-tls-verify=false --dest-creds somebody:secret "oci:$LAYOUT:demo:latest" \
		"docker://$REGISTRY/demo:1"
	mkdir bin
	cat >bin/docker-credential-test <<-'END'
		#!/bin/sh
		read -r host
		printf '{"ServerURL":"%s","Username":"somebody","Secret":"secret"}' "$host"
	END
	chmod +x bin/docker-credential-test
	PATH=$PWD/bin:$PATH
	registries <<<'credential-helpers = ["containers-auth.json", "test"]'
	ok lade inspect --raw "docker://$REGISTRY/demo:1"
	registries <<<'credential-helpers = ["containers-auth.json"]'
	fails 125 lade inspect --raw "docker://$REGISTRY/demo:1"
	says "unauthorized"
}

# An authority, and registry.pem and client.cert/.key by it.
make_certificates() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -subj /CN=test-ca 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=localhost 2>/dev/null |
		openssl x509 -req -days 2 -CA ca.pem -CAkey ca.key -set_serial 1 -out cert.pem \
			-extfile <(echo subjectAltName=IP:127.0.0.1) 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -keyout client.key -subj /CN=client 2>/dev/null |
		openssl x509 -req -days 2 -CA ca.pem -CAkey ca.key -set_serial 2 -out client.cert 2>/dev/null
}

@test "certs.d: authorities and our own certificate, for that very host and port" {
	make_certificates
	start_registry REGISTRY_HTTP_TLS_CERTIFICATE="$PWD/cert.pem" REGISTRY_HTTP_TLS_KEY="$PWD/key.pem" \
		REGISTRY_HTTP_TLS_CLIENTCAS="[ \"$PWD/ca.pem\" ]"
	export XDG_CONFIG_HOME=$PWD/config
	local certs=config/containers/certs.d/$REGISTRY
	fails 125 lade tags "$REGISTRY/demo"
	says certificate
	mkdir -p "config/containers/certs.d/127.0.0.1" "$certs"
	cp ca.pem client.cert client.key config/containers/certs.d/127.0.0.1/
	cp ca.pem "$certs/ca.crt"
	fails 125 lade inspect --raw "docker://$REGISTRY/demo:1"
	lacks "status 404" "$output"
	cp client.cert "$certs/"
	fails 125 lade inspect --raw "docker://$REGISTRY/demo:1"
	says "client.cert has no key"
	cp client.key "$certs/"
	fails 125 lade inspect --raw "docker://$REGISTRY/demo:1"
	says "status 404"
	ok lade copy -q "oci:$LAYOUT:demo:latest" "docker://$REGISTRY/demo:1"
}

# start_proxy: a proxy for http; every request is a line of PROXY_LOG. Sets PROXY.
start_proxy() {
	PROXY_LOG=$PWD/proxied
	: >"$PROXY_LOG"
	mkfifo proxy.says
	"$IMAGE_TESTS/proxy.py" "$PROXY_LOG" "$REGISTRY" >proxy.says 3>&- &
	PROXY_PID=$!
	read -r PROXY <proxy.says
}

@test "proxies: of the environment, not for what NO_PROXY names; of registries.conf, for that registry" {
	start_registry
	push_to "$REGISTRY/demo:1"
	start_proxy
	local try=(lade inspect --raw --retry=-1 --tls-verify=false docker://registry.invalid/demo:1)
	HTTP_PROXY=http://$PROXY HTTPS_PROXY=http://$PROXY ok "${try[@]}"
	grep -q '^CONNECT registry.invalid:443' "$PROXY_LOG"
	grep -q '^GET http://registry.invalid/v2/demo/manifests/1' "$PROXY_LOG"
	http_proxy=http://$PROXY https_proxy=http://$PROXY ok "${try[@]}"
	: >"$PROXY_LOG"
	NO_PROXY=.invalid HTTP_PROXY=http://$PROXY HTTPS_PROXY=http://$PROXY fails 125 "${try[@]}"
	HTTP_PROXY=http://$PROXY HTTPS_PROXY=http://$PROXY ok lade inspect --raw "docker://$REGISTRY/demo:1"
	[ ! -s "$PROXY_LOG" ]
	registries <<-END
		[[registry]]
		location = "registry.invalid"
		insecure = true
		proxy = "http://$PROXY"
	END
	NO_PROXY='*' ok lade inspect --raw docker://registry.invalid/demo:1
	grep -q '^GET http://registry.invalid/v2/demo/manifests/1' "$PROXY_LOG"
	kill "$PROXY_PID"
}
