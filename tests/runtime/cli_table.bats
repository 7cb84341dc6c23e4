#!/usr/bin/env bats
# The command line, against cli_table.tsv: all of runc's and crun's that has a meaning here.
load bundle

TABLE=$BATS_TEST_DIRNAME/cli_table.tsv

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

# rows: the table without its comments, one row a line, fields separated by "|" (none is empty: "-").
rows() {
	grep -v '^#' "$TABLE" | sed 's/\t\t/\t-\t/g' | tr '\t' '|'
}

# flags_of PROGRAM [VERB]: the flags its own help names, one a line.
flags_of() {
	"$@" --help 2>&1 | grep -E '^ +-' | grep -oE '(^| |,)--?[a-zA-Z?][a-z0-9-]*' | tr -d ' ,' | sort -u
}

@test "every flag of the table is accepted, or is refused with a reason in the table" {
	local verb flag value peers decision output
	while IFS='|' read -r verb flag value peers decision; do
		# Nothing is done: no such container, no such bundle, one argument too many.
		set -- "$flag"
		[ "$value" = - ] || set -- "$flag" "${value/DIR/$BATS_TEST_TMPDIR}"
		case $verb in
		-) set -- "$@" state no-such-container ;;
		list | spec) set -- "$verb" "$@" too many ;;
		exec) set -- --root "$ROOT" "$verb" "$@" no-such-container true ;;
		*) set -- --root "$ROOT" "$verb" "$@" --no-such-option no-such-container ;;
		esac
		output=$("$COFFER" "$@" 2>&1 </dev/null) || true
		case $decision in
		yes) [[ "$output" != *"option $flag"* ]] && [[ "$output" != *"$flag:"* ]] ;;
		*) [[ "$output" == *"$flag"* ]] ;;
		esac || { echo "$verb $flag $value ($peers: $decision): $output"; false; }
	done < <(rows)
}

@test "no flag of an installed runc or crun is missing in the table" {
	local peer verb flag found=
	for peer in runc crun; do
		command -v $peer >/dev/null || continue
		found=1
		for verb in $(rows | cut -d"|" -f1 | sort -u); do
			[ "$verb" = - ] || $peer "$verb" --help >/dev/null 2>&1 || continue
			for flag in $(flags_of "$peer" ${verb#-}); do
				case $verb$flag in
				-*) ;;
				*--help | *-h | *--usage | *-\?) continue ;; # of every verb, see below
				esac
				rows | grep -q "^$verb|$flag|.*$peer" || { echo "$peer $verb $flag is not in the table"; false; }
			done
		done
	done
	[ -n "$found" ] || skip "no runc and no crun here"
}

@test "every verb has a help that names its options, by all the ways that runc and crun have" {
	local verb flag way
	for verb in $(rows | cut -d'|' -f1 | sort -u | grep -v '^-'); do
		for way in "$verb --help" "$verb -h" "$verb -?" "$verb --usage" "help $verb"; do
			# shellcheck disable=SC2086
			run "$COFFER" $way
			[ "$status" = 0 ]
			[[ "${lines[0]}" == "coffer $verb: "* ]] || { echo "$way: $output"; false; }
		done
	done
	run "$COFFER"
	[ "$status" = 0 ]
	[[ "$output" == *Commands:* ]]
	run "$COFFER" help no-such-command
	refused 'no-such-command'
}

@test "every verb of runc and crun is there" {
	local verb verbs=(create start state kill delete run exec list ps pause resume update events checkpoint restore mounts spec features)
	for verb in "${verbs[@]}"; do
		run "$COFFER" "$verb" --help
		[ "$status" = 0 ] || { echo "$verb: $output"; false; }
	done
	for verb in "mounts add" "mounts remove"; do
		# shellcheck disable=SC2086
		run "$COFFER" --root "$ROOT" $verb no-such-container /dev/null
		[[ "$output" == *no-such-container* ]] || { echo "$verb: $output"; false; }
	done
}
