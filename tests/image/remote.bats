#!/usr/bin/env bats
# What is asked of a registry beside images: logins, lists, searches, deletions.
load lade
load registry

setup_file() { image_setup_file; }
setup() {
	image_setup
	mkdir run
	export HOME=$PWD XDG_RUNTIME_DIR=$PWD/run
	unset REGISTRY_AUTH_FILE DOCKER_CONFIG XDG_CONFIG_HOME
}
teardown() {
	stop_registry || true
	[ -z "${TOKENS_PID-}" ] || kill "$TOKENS_PID"
	image_teardown
}

start_locked_registry() {
	htpasswd -Bbn somebody secret >htpasswd
	start_registry REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test \
		REGISTRY_AUTH_HTPASSWD_PATH="$PWD/htpasswd"
}

# A registry that believes a token service of the tests.
start_registry_with_tokens() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout token.key -out token.pem \
		-subj /CN=tokens 2>/dev/null
	mkfifo tokens.pipe
	"$IMAGE_TESTS/token_server.py" token.key token.pem tokens.log >tokens.pipe 2>tokens.err 3>&- &
	TOKENS_PID=$!
	read -r TOKENS <tokens.pipe
	start_registry REGISTRY_AUTH=token REGISTRY_AUTH_TOKEN_REALM="http://$TOKENS/token" \
		REGISTRY_AUTH_TOKEN_SERVICE=tests REGISTRY_AUTH_TOKEN_ISSUER=tests \
		REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE="$PWD/token.pem"
}

# docker-credential-tests keeps one secret in a file.
make_credential_helper() {
	mkdir -p bin
	cat >bin/docker-credential-tests <<-'END'
		#!/bin/sh
		echo "$1" >>"$HOME/helper.log"
		case $1 in
		store) cat >"$HOME/kept" ;;
		erase) rm -f "$HOME/kept" ;;
		get) if [ -f "$HOME/kept" ]; then cat "$HOME/kept"; else
			echo "credentials not found in native keychain"; exit 1; fi ;;
		esac
	END
	chmod +x bin/docker-credential-tests
	PATH=$PWD/bin:$PATH
}

@test "login keeps credentials that the registry takes, for skopeo too, in a file of its owner's" {
	start_locked_registry
	fails 125 lade login -u somebody -p wrong "$REGISTRY"
	[ ! -e run/containers/auth.json ]
	lacks wrong "$output"
	ok lade login -u somebody --password-stdin "$REGISTRY" <<<secret
	[ "$output" = "Login Succeeded!" ]
	[ "$(stat -c %a run/containers/auth.json)" = 600 ]
	[ "$(jq -r ".auths[\"$REGISTRY\"].auth" run/containers/auth.json | base64 -d)" = somebody:secret ]
	ok lade login --get-login "$REGISTRY"
	[ "$output" = somebody ]
	ok skopeo copy -q --dest-tls-verify=false "oci:$LAYOUT:demo:latest" "docker://$REGISTRY/demo:1"
	ok lade pull -q "$REGISTRY/demo:1"
}

@test "logout forgets one registry, or all, and keeps what else is in the file" {
	mkdir -p run/containers
	cat >run/containers/auth.json <<-'END'
		{"auths": {"a.example": {"auth": "YTpi"}, "b.example": {"auth": "YzpkCg=="}}, "credHelpers": {}}
	END
	ok lade logout a.example
	[ "$(jq -c '.auths | keys' run/containers/auth.json)" = '["b.example"]' ]
	fails 125 lade logout a.example
	says "not logged into a.example"
	ok lade logout --all
	[ "$(jq -c .auths run/containers/auth.json)" = '{}' ]
	echo '{"auths": {}, "somethingNew": 1}' >new.json
	fails 125 lade logout --authfile new.json b.example
	says somethingNew
}

@test "what skopeo logs into, lade knows" {
	start_locked_registry
	ok skopeo login --tls-verify=false -u somebody -p secret "$REGISTRY"
	push "$LAYOUT" demo:1
	ok lade pull -q "$REGISTRY/demo:1"
	ok lade logout "$REGISTRY"
	fails 125 lade pull -q "$REGISTRY/demo:1"
}

@test "a credential helper keeps, tells and erases the secret" {
	start_locked_registry
	make_credential_helper
	mkdir -p run/containers
	echo '{"credsStore": "tests"}' >run/containers/auth.json
	ok lade login -u somebody -p secret "$REGISTRY"
	[ "$(jq -r .Secret kept)" = secret ]
	lacks secret "$(cat run/containers/auth.json)"
	push "$LAYOUT" demo:1 --dest-creds somebody:secret
	ok lade pull -q "$REGISTRY/demo:1"
	ok lade logout "$REGISTRY"
	[ ! -e kept ]
	fails 125 lade pull -q "$REGISTRY/demo:1"
	echo '{"credsStore": "nowhere"}' >run/containers/auth.json
	fails 125 lade pull -q "$REGISTRY/demo:1"
	[[ "${lines[0]}" == *"docker-credential-nowhere is not installed"* ]]
	says "unauthorized"
}

@test "a credential helper that is not installed is warned of, and public images are pulled" {
	start_registry
	push "$LAYOUT" demo:1
	mkdir -p run/containers
	echo '{"credsStore": "nowhere"}' >run/containers/auth.json
	ok lade pull -q "$REGISTRY/demo:1"
	[[ "${lines[0]}" == *"docker-credential-nowhere is not installed"* ]]
}

@test "a helper for the host is asked before the file, and login leaves no second password" {
	make_credential_helper
	mkdir -p run/containers
	echo '{"ServerURL": "h.example", "Username": "new", "Secret": "s"}' >kept
	echo '{"auths": {"h.example": {"auth": "b2xkOnB3"}}, "credHelpers": {"h.example": "tests"}}' >run/containers/auth.json
	ok lade login --get-login h.example
	[ "$output" = new ]
}

@test "a password from standard input is all of it" {
	htpasswd -Bbn key $'line one\nline two' >htpasswd
	start_registry REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test \
		REGISTRY_AUTH_HTPASSWD_PATH="$PWD/htpasswd"
	ok lade login -u key --password-stdin "$REGISTRY" <<<$'line one\nline two'
}

@test "tokens: for reading, for writing, for mounting, by password and without" {
	start_registry_with_tokens
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	fails 125 lade push -q localhost/demo "$REGISTRY/public/demo:1"
	ok lade push -q --creds somebody:secret localhost/demo "$REGISTRY/public/demo:1"
	grep -q '^GET somebody .*repository:public/demo:.*push' tokens.log
	ok lade rmi --all
	ok lade pull -q "$REGISTRY/public/demo:1"
	tail -1 tokens.log | grep -q '^GET - repository:public/demo:pull$'
	ok lade push --creds somebody:secret "$REGISTRY/public/demo:1" "$REGISTRY/private/demo:1"
	[ "$(grep -c '^Layer .* exists' <<<"$output")" -ge 3 ] # mounted, with a token for both
	fails 125 lade pull -q "$REGISTRY/private/demo:1"
	says "lade login"
	ok lade pull -q --creds somebody:secret "$REGISTRY/private/demo:1"
}

@test "an identity token is exchanged by POST, and is no password" {
	start_registry_with_tokens
	mkdir -p run/containers
	printf '{"auths":{"%s":{"identitytoken":"refresh-me"}}}' "$REGISTRY" >run/containers/auth.json
	ok lade copy -q "oci:$LAYOUT:demo:latest" "docker://$REGISTRY/private/demo:1"
	grep -q '^POST somebody ' tokens.log
	lacks GET "$(cat tokens.log)"
}

@test "tags and catalog list everything, page after page" {
	start_registry
	push "$LAYOUT" team/demo:1
	for tag in 2 3 4; do
		ok lade copy -q "docker://$REGISTRY/team/demo:1" "docker://$REGISTRY/team/demo:$tag"
	done
	ok lade copy -q "docker://$REGISTRY/team/demo:1" "docker://$REGISTRY/other:1"
	ok lade tags "$REGISTRY/team/demo"
	[ "$(sort <<<"$output" | tr '\n' ' ')" = "1 2 3 4 " ]
	ok lade catalog "$REGISTRY"
	[ "${lines[*]}" = "other team/demo" ]
	fails 125 lade tags "$REGISTRY/nothing"
	ok lade search "$REGISTRY/dem"
	[[ "$output" == *"$REGISTRY/team/demo"* ]]
	[[ "$output" != *other* ]]
	ok lade search --format json "$REGISTRY/other"
	[ "$(jq -r '.[0].Name' <<<"$output")" = "$REGISTRY/other" ]
	ok lade search --list-tags --limit 2 "$REGISTRY/team/demo"
	[ "${#lines[@]}" = 3 ]
}

@test "delete by digest takes the manifest, and needs a tag or a digest" {
	start_registry REGISTRY_STORAGE_DELETE_ENABLED=true
	push "$LAYOUT" demo:1
	digest=$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/demo:1" | sha256sum | cut -d ' ' -f 1)
	fails 125 lade delete "$REGISTRY/demo"
	ok lade delete "$REGISTRY/demo@sha256:$digest"
	fails 125 lade pull -q "$REGISTRY/demo:1"
	stop_registry || true
	rm registry.pipe
	start_registry
	push "$LAYOUT" demo:1
	fails 125 lade delete "$REGISTRY/demo@sha256:$digest"
	says "does not allow deleting"
}

@test "referrers are found by the tag that stands for the API" {
	start_registry
	push "$LAYOUT" demo:1
	digest=$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/demo:1" | sha256sum | cut -d ' ' -f 1)
	ok lade referrers --format json "$REGISTRY/demo:1"
	[ "$(jq -c .manifests <<<"$output")" = '[]' ]
	mkdir -p index/blobs/sha256
	printf '{"imageLayoutVersion":"1.0.0"}' >index/oci-layout
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"artifactType":"application/x-sbom"}]}' \
		"$digest" "$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/demo:1" | wc -c)" >list
	curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary @list \
		"http://$REGISTRY/v2/demo/manifests/sha256-$digest"
	ok lade referrers "$REGISTRY/demo:1"
	[[ "${lines[1]}" == *application/x-sbom* ]]
	ok lade referrers --format json --artifact-type application/x-other "$REGISTRY/demo:1"
	[ "$(jq -c .manifests <<<"$output")" = '[]' ]
}

@test "history shows the steps, newest first" {
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	ok lade history localhost/demo
	[ "${lines[0]%% *}" = ID ]
	ok lade history --format json localhost/demo
	[ "$(jq length <<<"$output")" = "$(skopeo inspect --config "oci:$LAYOUT:demo:latest" | jq '.history | length')" ]
	ok lade history -q --no-trunc localhost/demo
	[ "${lines[0]}" = "$(lade images -q --no-trunc)" ]
}

@test "inspect looks at images anywhere without fetching their layers" {
	start_registry
	push "$LAYOUT" demo:1
	ok lade inspect "docker://$REGISTRY/demo:1"
	[ "$(jq -r '.[0].Name' <<<"$output")" = "$REGISTRY/demo" ]
	[ "$(jq -c '.[0].RepoTags' <<<"$output")" = '["1"]' ]
	[ "$(jq -r '.[0].Layers | length' <<<"$output")" = 3 ]
	lade inspect --raw "docker://$REGISTRY/demo:1" >raw
	cmp raw <(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/demo:1")
	lade inspect --config "oci:$LAYOUT:demo:latest" >config
	cmp config "$LAYOUT/blobs/sha256/$(sha256sum <config | cut -d ' ' -f 1)"
	[ -z "$(ls "$STORE/blobs/sha256")" ]
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	cmp config <(lade inspect --config localhost/demo)
	fails 125 lade inspect "docker://$REGISTRY/nothing:1"
}
