#!/usr/bin/env bats
# Where the file system can share extents, a copied root filesystem costs none: XFS in a file.
load lade

setup_file() { image_setup_file; }
setup() { image_setup; }
teardown() { image_teardown; }

@test "a copied root filesystem shares its extents with the store where the file system can" {
	command -v mkfs.xfs >/dev/null || skip "no mkfs.xfs"
	truncate -s 400M disk
	mkfs.xfs -q disk
	mkdir mounted
	cat >inside <<-'SH'
		mount -o loop disk mounted || exit 77
		"$LADE" --root "$PWD/mounted/store" pull -q "oci:$LAYOUT:demo:latest" >/dev/null &&
		"$LADE" --root "$PWD/mounted/store" bundle --rootfs copy localhost/demo "$PWD/mounted/bundle" &&
		sync && filefrag -v "$PWD/mounted/bundle/rootfs/bin/busybox"
	SH
	LADE=$LADE LAYOUT=$LAYOUT run unshare --mount --propagation private bash inside
	[ "$status" != 77 ] || skip "no loop device, or no XFS in this kernel"
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ "$output" == *shared* ]] || { echo "$output"; false; }
}
