#!/usr/bin/env bats
# Additional stores: what others have below the user's own store is used and never written.
load lade

setup_file() {
	image_setup_file
	"$LADE" --root "$BATS_FILE_TMPDIR/shared" pull -q "oci:$BATS_FILE_TMPDIR/layout:demo:latest"
	make_image --index --name multi "$BATS_FILE_TMPDIR/multi"
	"$LADE" --root "$BATS_FILE_TMPDIR/shared" pull -q --all-platforms "oci:$BATS_FILE_TMPDIR/multi:multi"
}
setup() {
	image_setup
	unset LADE_ADDITIONAL_STORES
	SHARED=$BATS_FILE_TMPDIR/shared
	export XDG_CONFIG_HOME=$PWD/config
	(cd "$SHARED" && find . -printf '%P %m %T@ %s\n' | sort) >before
}
teardown() {
	diff before <(cd "$SHARED" && find . -printf '%P %m %T@ %s\n' | sort)
	image_teardown
}

lade() {
	"$LADE" --root "$STORE" --additional-store "$SHARED" "$@"
}

@test "images of an additional store are listed read-only, and found" {
	ok lade images --sort repository --format '{{.Repository}} {{.ReadOnly}}'
	[ "$output" = $'localhost/demo true\nlocalhost/multi true' ]
	ok lade images --filter readonly=true -q
	[ "${#lines[@]}" = 1 ] || [ "${#lines[@]}" = 2 ]
	[ "$(lade images --format json | jq -r '.[0].ReadOnly')" = true ]
	ok lade inspect --platform linux/arm64 --format '{{.Architecture}}' multi
	[ "$output" = arm64 ]
	ok lade exists demo
	ok lade tree demo
	ok lade history demo
	ok lade save -q -o demo.tar demo
	nothing "$(below blobs/sha256 layers)"
}

@test "its layers are the lowerdirs of bundles, copied nowhere" {
	lade bundle demo "$DIR"
	[ -x "$DIR/rootfs/bin/busybox" ]
	grep -q "lowerdir[^ ]*$SHARED/layers/" /proc/self/mountinfo
	nothing "$(below blobs/sha256 layers)"
	ok lade run demo cat /var/version
	[ "$output" = 1 ]
	ok lade gc
	[ -x "$DIR/rootfs/bin/busybox" ]
	ok lade check
	ok lade release "$DIR"
	ok lade unpack demo un
	ok lade diff demo
	ok lade export -o ex.tar demo
}

@test "a pull takes from it what is there, and brings what is not" {
	make_image --compression mixed --text two --name two two
	ok lade pull -q oci:two
	ok lade pull -q "oci:$LAYOUT:demo:latest"
	[ "$(below layers | wc -l)" = 1 ]
	ok lade run two cat /var/version
	[ "$output" = two ]
	ok lade check
	ok lade rmi two demo
	ok lade images --format '{{.ReadOnly}}'
	[ "$output" = $'true\ntrue' ]
	nothing "$(below blobs/sha256 layers)"
}

@test "rmi, untag and prune leave it alone, and say so" {
	fails 125 lade rmi demo
	says "in an additional store: it is read-only"
	fails 125 lade rmi -f "$(lade images -q demo)"
	fails 125 lade untag demo
	says "additional"
	ok lade rmi -a
	ok lade prune -a
	ok lade tag demo mine
	ok lade rmi mine
	[ "$output" = "Untagged: localhost/mine:latest" ] || { echo "$output"; false; }
	ok lade df --format '{{.Type}} {{.Total}}'
	[ "${lines[0]}" = "Images 0" ]
	ok lade exists demo
}

@test "a name of one's own comes first" {
	make_image --compression mixed --text two --name demo two
	ok lade pull -q oci:two:demo
	ok lade run demo cat /var/version
	[ "$output" = two ]
	[ "$(lade images --filter reference=demo --format '{{.ReadOnly}}')" = false ]
	ok lade rmi demo
	ok lade run demo cat /var/version
	[ "$output" = 1 ]
}

@test "the environment and storage.conf name them, too; what is none is refused" {
	ok env LADE_ADDITIONAL_STORES="$SHARED" "$LADE" --root "$STORE" exists demo
	fails 1 "$LADE" --root "$STORE" exists demo
	mkdir -p config/lade
	cat >config/lade/storage.conf <<-END
		[storage]
		[storage.options]
		additionalimagestores = [ "$SHARED" ]
	END
	ok "$LADE" --root "$STORE" exists demo
	ok env LADE_ADDITIONAL_STORES= "$LADE" --root "$STORE" images
	fails 125 "$LADE" --root "$STORE" --additional-store "$PWD/nosuch" images
	says "cannot open the additional store"
	mkdir empty
	fails 125 "$LADE" --root "$STORE" --additional-store "$PWD/empty" images
	echo '[storage' >config/lade/storage.conf
	fails 125 "$LADE" --root "$STORE" images
	says "storage.conf (line 1:"
	ok "$LADE" --root "$SHARED" --additional-store "$SHARED" exists demo
}
