# fake_criu.bash -- checkpoint and restore against a criu that only listens.
# shellcheck shell=bash
load bundle

setup_file() { common_setup_file; }

setup() {
	common_setup
	is coffer || skip "the protocol's other end is coffer's own"
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$BATS_TEST_DIRNAME/fake_criu" "$BATS_TEST_TMPDIR/bin/criu"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export FAKE_CRIU='' FAKE_CRIU_LOG=$BATS_TEST_TMPDIR/asked
	IMAGE=$BATS_TEST_TMPDIR/image HOST=''
}

teardown() {
	common_teardown
	[ -z "$HOST" ] || kill "$HOST"
}

# asked TYPE: the options of that request.
asked() {
	jq -c "select(.type == \"$1\") | .options" "$FAKE_CRIU_LOG"
}

# asks OPTION JSON: the last request had that option.
asks() {
	local value
	value=$(jq -sc "map(select(.options)) | last | .options[\"$1\"]" "$FAKE_CRIU_LOG")
	[ "$value" = "$2" ] || { echo "$1 is $value, not $2"; return 1; }
}

# asks_all <<OPTION JSON…: the last request had all of them.
asks_all() {
	local option value
	while read -r option value; do
		asks "$option" "$value"
	done
}

notified() {
	jq -r 'select(.notified) | .notified' "$FAKE_CRIU_LOG" | paste -sd ' '
}
