#!/usr/bin/env python3
"""unpack_kernel.py BZIMAGE VMLINUX: take the ELF kernel out of a bzImage.

qemu enters an uncompressed kernel by its PVH note: nothing is then decompressed by the emulated
processor. The payload is where the boot protocol says (Documentation/arch/x86/boot.rst):
(setup_sects + 1) * 512 + payload_offset, payload_length bytes, the last four of which are its
size."""
import lzma
import struct
import subprocess
import sys
import zlib

source, target = sys.argv[1:3]
image = open(source, "rb").read()
if image[0x202:0x206] != b"HdrS":
    sys.exit(f"{source}: not a bzImage")
start = ((image[0x1F1] or 4) + 1) * 512 + struct.unpack_from("<I", image, 0x248)[0]
payload = image[start: start + struct.unpack_from("<I", image, 0x24C)[0] - 4]


def zstd(data):
    return subprocess.run(["zstd", "-qdc"], input=data, stdout=subprocess.PIPE, check=True).stdout


kinds = {
    b"\x28\xb5\x2f\xfd": zstd,
    b"\xfd7zX": lambda data: lzma.LZMADecompressor().decompress(data),
    b"\x1f\x8b": lambda data: zlib.decompressobj(31).decompress(data),
}
for magic, unpack in kinds.items():
    if payload.startswith(magic):
        open(target, "wb").write(unpack(payload))
        sys.exit(0)
sys.exit(f"{source}: a payload of an unknown kind: {payload[:6].hex()}")
