#!/usr/bin/env bats
# libcoffer as a program sees it: installed, found by pkg-config, linked, used.
load bundle

setup_file() {
	common_setup_file
	[ -n "${BUILD_DIR-}" ] || skip "needs BUILD_DIR, a build of coffer"
	make -C "$BUILD_DIR" install DESTDIR="$BATS_FILE_TMPDIR/installed" >"$BATS_FILE_TMPDIR/install.log" 2>&1 ||
		{ cat "$BATS_FILE_TMPDIR/install.log"; return 1; }
	cat >"$BATS_FILE_TMPDIR/program.c" <<-'C'
		#include <coffer.h>
		#include <stdio.h>
		#include <stdlib.h>

		int main(int argc, char **argv)
		{
			struct coffer_container container = { .root = argv[1], .id = "lib", .bundle = argv[2] };
			char *command[] = { "/bin/sh", "-c", "exit 5", NULL };
			struct coffer_error error;
			char *json, *stats;
			int code;

			if (coffer_start(argv[1], "nosuch", &error) == 0)
				return 1;
			printf("%s\n", error.message);
			if (coffer_create(&container, &error) || coffer_start(argv[1], "lib", &error) ||
			    coffer_exec(argv[1], "lib", command, &code, &error) ||
			    coffer_update(argv[1], "lib", "{\"cpu\": {\"shares\": 0}}", &error) ||
			    coffer_stats(argv[1], "lib", &stats, &error) ||
			    coffer_state(argv[1], "lib", &json, &error) ||
			    coffer_delete(argv[1], "lib", 1, &error)) {
				printf("%s\n", error.message);
				return 1;
			}
			printf("%s", stats);
			free(stats);
			printf("%d\n%s", code, json);
			free(json);
			return 0;
		}
	C
}
setup() { common_setup; }
teardown() { common_teardown; }

@test "a program makes, starts, enters and deletes a container" {
	is coffer || skip "libcoffer is coffer's"
	local flags libdir
	libdir=$(dirname "$(find "$BATS_FILE_TMPDIR/installed" -name coffer.pc)")
	export PKG_CONFIG_PATH=$libdir PKG_CONFIG_SYSROOT_DIR=$BATS_FILE_TMPDIR/installed
	flags=$(pkg-config --cflags --libs --static coffer)
	# shellcheck disable=SC2086
	gcc -o "$BATS_TEST_TMPDIR/program" "$BATS_FILE_TMPDIR/program.c" $flags
	args /bin/sleep 1000
	run "$BATS_TEST_TMPDIR/program" "$ROOT" "$BUNDLE" </dev/null 3>&-
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "${lines[0]}" == *"does not exist"* ]]
	[[ "${lines[1]}" == '{"type":"stats","id":"lib","data":{"cpu":{'* ]]
	[ "${lines[2]}" = 5 ]
	[[ "$output" == *'"status": "running"'* ]]
	nothing_left
}

@test "make install puts the programs, the init image, the header and the pages in their places" {
	is coffer || skip "coffer's own files"
	cd "$BATS_FILE_TMPDIR/installed/usr/local"
	local file
	for file in bin/coffer bin/lade libexec/coffer/init-image include/coffer.h lib/libcoffer.a share/man/man8/coffer.8 share/man/man1/lade.1; do
		[ -e "$file" ] || { echo "missing: $file"; find . -type f; false; }
	done
}
