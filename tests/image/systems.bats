#!/usr/bin/env bats
# Real systems out of Debian's packages: pushed to Debian's docker-registry, pulled, bundled, and doing
# their job under coffer in a network of their own.
load lade
load registry

setup_file() {
	command -v docker-registry >/dev/null || skip "no docker-registry"
	[ "$(id -u)" = 0 ] || skip "needs root"
	local work=$BATS_FILE_TMPDIR name
	"$IMAGE_TESTS/make_services" "$work"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout "$work/key.pem" -out "$work/cert.pem" \
		-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	mkdir "$work/certs" "$work/tls"
	cp "$work/cert.pem" "$work/certs/ca.crt"
	BATS_TEST_TMPDIR=$work start_registry
	echo "$REGISTRY $REGISTRY_PID" >"$work/plain"
	BATS_TEST_TMPDIR=$work/tls start_registry REGISTRY_HTTP_TLS_CERTIFICATE="$work/cert.pem" \
		REGISTRY_HTTP_TLS_KEY="$work/key.pem"
	echo "$REGISTRY $REGISTRY_PID" >"$work/secure"
	STORE=$work/store
	read -r REGISTRY _ <"$work/plain"
	for name in debian python nginx; do
		lade copy -q "oci:$work/layout:$name" "docker://$REGISTRY/$name:12"
		lade pull -q "$REGISTRY/$name:12"
		lade tag "$REGISTRY/$name:12" "$name"
	done
	read -r REGISTRY _ <"$work/secure"
	for name in redis postgres; do
		lade copy -q --tls-verify=true --cert-dir "$work/certs" "oci:$work/layout:$name" "docker://$REGISTRY/$name:12"
		lade pull -q --tls-verify=true --cert-dir "$work/certs" "$REGISTRY/$name:12"
		lade tag "$REGISTRY/$name:12" "$name"
	done
}

teardown_file() {
	local pid file
	for file in "$BATS_FILE_TMPDIR"/{plain,secure}; do
		read -r _ pid <"$file" && kill "$pid"
	done
}

setup() {
	STORE=$BATS_FILE_TMPDIR/store
	DIR=$BATS_TEST_TMPDIR/bundle
	ROOT=$BATS_TEST_TMPDIR/state
	RUNTIME=$(type -P "$RUNTIME")
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	local dir
	"$RUNTIME" --root "$ROOT" delete --force "$NAME" 2>/dev/null || true
	for dir in "$BATS_TEST_TMPDIR"/*/config.json; do
		[ -e "$dir" ] && lade release "$(dirname "$dir")"
	done
	find /sys/fs/cgroup -depth -type d -path "*/coffer-test-systems-*" -exec rmdir {} \; 2>/dev/null || true
}

coffer() {
	"$RUNTIME" --root "$ROOT" "$@" 3>&-
}

# bundle NAME [OPTION…] [-- COMMAND…]: of that image, in a control group of the test's own.
bundle() {
	local name=$1
	shift
	NAME=lade-test-$name-$$
	IMAGE=localhost/$name
	local options=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	ok lade bundle --cgroup-parent "/coffer-test-systems-$$" "${options[@]}" "$IMAGE" "$DIR" "${@:2}"
}

# In the background, as a service runs.
start() {
	coffer run --detach --bundle "$DIR" "$NAME" </dev/null >"$BATS_TEST_TMPDIR/log" 2>&1
	PID=$(coffer state "$NAME" | jq .pid)
}

# eventually COMMAND…: when the service has begun its work.
eventually() {
	for _ in {1..300}; do
		"$@" >/dev/null 2>&1 && return
		[ "$(coffer state "$NAME" | jq -r .status)" = running ] || break
		sleep 0.1
	done
	cat "$BATS_TEST_TMPDIR/log"
	"$@"
}

# stop SIGNAL: it ends by itself.
stop() {
	coffer kill "$NAME" "$1"
	for _ in {1..300}; do
		[ "$(coffer state "$NAME" | jq -r .status)" = stopped ] && return
		sleep 0.1
	done
	return 1
}

page() {
	nsenter --target "$PID" --net curl -sf --noproxy '*' http://127.0.0.1/
}

redis() {
	"${REDIS_RUNTIME[@]}" exec "$NAME" redis-cli "$@" 3>&-
}

sql() {
	coffer exec "$NAME" psql -XAtq postgres "$@"
}

@test "five systems share one base layer, and every blob is what was pushed" {
	local blob layers
	layers=$(below layers | wc -l)
	[ "$layers" = 5 ]
	for blob in "$BATS_FILE_TMPDIR"/layout/blobs/sha256/*; do
		cmp "$blob" "$STORE/blobs/sha256/${blob##*/}"
	done
}

@test "debian: a shell, a package manager, users by name" {
	bundle debian --user _apt -- sh -c 'id -un && . /etc/os-release && echo $VERSION_ID && dpkg-query -W base-files'
	ok coffer run --bundle "$DIR" "$NAME"
	[ "${lines[0]}" = _apt ]
	[ "${lines[1]}" = 12 ]
	[[ "${lines[2]}" == base-files* ]]
}

@test "python prints JSON, under coffer, runc and crun" {
	bundle python -- -c 'import json, sys; print(json.dumps({"version": sys.version_info[:2], "ok": True}))'
	ok coffer run --bundle "$DIR" "$NAME"
	jq -e '.ok and .version[0] == 3' <<<"$output"
	ok runc --root "$BATS_TEST_TMPDIR/runc" run --bundle "$DIR" "$NAME"
	jq -e .ok <<<"$output"
	if ok crun --root "$BATS_TEST_TMPDIR/crun" run --bundle "$DIR" "$NAME"; then
		jq -e .ok <<<"$output"
	else
		[[ "$output" == *cgroup* ]] # Debian's crun refuses hybrid hosts
	fi
}

@test "python's tree is that of overlayfs: whiteouts, opaque directories, hard links, devices" {
	bundle python
	tree "$DIR/rootfs" >got
	diff "$BATS_FILE_TMPDIR/expected-python" got
	[ "$(ls -A "$DIR/rootfs/etc/apt")" = alone ]
	[ ! -e "$DIR/rootfs/etc/issue.net" ]
	[ "$DIR/rootfs/usr/bin/python3.11" -ef "$DIR/rootfs/usr/bin/python-twin" ]
	[ "$DIR/rootfs/etc/issue" -ef "$DIR/rootfs/etc/issue.twin" ]
}

@test "nginx's tree is the same by overlay and by copy, capabilities too" {
	bundle nginx
	tree "$DIR/rootfs" >overlay
	diff "$BATS_FILE_TMPDIR/expected-nginx" overlay
	[ "$(getcap "$DIR/rootfs/usr/sbin/nginx")" = "$DIR/rootfs/usr/sbin/nginx cap_net_bind_service=ep" ]
	ok lade bundle --rootfs copy "$IMAGE" copied
	tree copied/rootfs >copy
	diff overlay copy
}

@test "nginx serves a page on port 80 as www-data: by the capability of its file" {
	bundle nginx
	start
	eventually page
	[ "$(page)" = "a page of nginx" ]
	[ "$(coffer exec "$NAME" id -un)" = www-data ]
	stop QUIT
}

@test "without the capability nginx may not listen on port 80" {
	bundle nginx --cap-drop NET_BIND_SERVICE
	run coffer run --bundle "$DIR" "$NAME"
	[ "$status" != 0 ]
}

@test "redis answers PING, SET and GET, and keeps what it has across a restart" {
	REDIS_RUNTIME=("$RUNTIME" --root "$ROOT")
	bundle redis
	start
	eventually redis PING
	[ "$(redis PING)" = PONG ]
	[ "$(redis SET greeting hello)" = OK ]
	[ "$(redis GET greeting)" = hello ]
	[ "$(redis SAVE)" = OK ]
	[ "$(stat -c %U "$DIR/rootfs/var/lib/redis/dump.rdb")" != root ]
	stop TERM
	coffer delete "$NAME"
	start
	eventually redis PING
	[ "$(redis GET greeting)" = hello ]
}

@test "redis answers under runc from the same kind of bundle" {
	REDIS_RUNTIME=(runc --root "$BATS_TEST_TMPDIR/runc")
	coffer() {
		runc --root "$BATS_TEST_TMPDIR/runc" "$@" 3>&-
	}
	bundle redis
	start
	eventually redis PING
	[ "$(redis PING)" = PONG ]
	coffer delete --force "$NAME"
}

@test "postgres: initdb as its user, tables, a query over TCP, an orderly end" {
	bundle postgres
	start
	eventually sql -c 'select 1'
	sql -c 'create table t (n int, word text)' -c "insert into t values (1, 'one'), (2, 'two')"
	[ "$(sql -c 'select sum(n), string_agg(word, chr(43) order by n) from t')" = "3|one+two" ]
	[ "$(sql -c 'select current_user')" = postgres ]
	[ "$(coffer exec "$NAME" sh -c 'stat -c %U:%a $PGDATA')" = postgres:700 ]
	[ "$(coffer exec "$NAME" pg_isready -h 127.0.0.1)" = "127.0.0.1:5432 - accepting connections" ]
	stop INT
	grep -q "database system is shut down" "$BATS_TEST_TMPDIR/log"
}

@test "lade run does the same in one line" {
	NAME=lade-test-run-$$
	ok lade run --runtime "$RUNTIME" --name "$NAME" --cgroup-parent "/coffer-test-systems-$$" localhost/python \
		-c 'import json; print(json.dumps([1, 2]))'
	[ "$output" = "[1, 2]" ]
}
