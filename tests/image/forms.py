#!/usr/bin/env python3
"""Both forms of a layer mean the same: random layers, applied one on top of the other (merged), and
each alone (overlay form) and put together by the kernel's overlayfs. TAP. forms.py APPLY_LAYER"""
import ctypes
import io
import os
import random
import stat
import subprocess
import sys
import tarfile
import tempfile

APPLY = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("top_builddir", ".") + \
    "/tests/attack/apply_layer"
ROUNDS, CLONE_NEWNS, MS_REC_PRIVATE = 60, 0x20000, 0x44000
libc = ctypes.CDLL(None, use_errno=True)


def random_tree(dice, depth=0):
    """{name: None (a file) or a tree}"""
    return {name: random_tree(dice, depth + 1) if depth < 3 and dice.random() < 0.5 else None
            for name in "abcd" if dice.random() < 0.5}


def entries_of(dice, tree, path=""):
    """Parents first; whiteouts anywhere among the entries of their directory."""
    groups = []
    for name, below in tree.items():
        kind = "dir" if below is not None else dice.choice(["file", "file", "link", "fifo"])
        groups.append([(path + name, kind)])
        if kind == "dir":
            groups[-1] += entries_of(dice, below, path + name + "/")
    for name in "abcd":
        if dice.random() < 0.25:
            groups.append([(path + ".wh." + name, "file")])
    if dice.random() < 0.25:
        groups.append([(path + ".wh..wh..opq", "file")])
    dice.shuffle(groups)
    return [entry for group in groups for entry in group]


def archive(dice, number):
    blob = io.BytesIO()
    with tarfile.open(fileobj=blob, mode="w") as tar:
        for path, kind in entries_of(dice, random_tree(dice)):
            info = tarfile.TarInfo(path)
            info.mode = dice.choice([0o755, 0o700, 0o711])
            info.type = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE,
                         "fifo": tarfile.FIFOTYPE}[kind]
            info.linkname = "somewhere" if kind == "link" else ""
            data = b"layer %d" % number if kind == "file" and "/.wh." not in "/" + path else b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return blob.getvalue()


def view(root):
    seen = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            if not os.path.lexists(path):
                continue  # overlayfs lists whiteouts of a directory that only one layer has
            status = os.lstat(path)
            content = open(path).read() if stat.S_ISREG(status.st_mode) else \
                os.readlink(path) if stat.S_ISLNK(status.st_mode) else None
            seen[os.path.relpath(path, root)] = (oct(status.st_mode), content)
    return seen


def apply(blob, directory, *words):
    done = subprocess.run([APPLY, *words, blob, directory], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout


def visible(trees):
    """overlayfs does not look whether a lowerdir's root is opaque: who mounts must (rootfs)."""
    for number, tree in enumerate(trees, 1):
        if "trusted.overlay.opaque" in os.listxattr(tree):
            # a single lowerdir needs a second one: an empty directory
            os.makedirs(tree + "-nothing", exist_ok=True)
            return trees[:number] + [tree + "-nothing"]
    return trees


def compare(seed, top):
    dice = random.Random(seed)
    merged, joined, trees = top + "/merged", top + "/joined", []
    os.mkdir(merged)
    os.mkdir(joined)
    for number in range(dice.randint(2, 4)):
        blob, tree = "%s/blob%d" % (top, number), "%s/tree%d" % (top, number)
        with open(blob, "wb") as file:
            file.write(archive(dice, number))
        os.mkdir(tree)
        apply(blob, tree)
        apply(blob, merged, "merged")
        trees.insert(0, tree)
    options = "lowerdir=" + ":".join(visible(trees))
    if libc.mount(b"overlay", joined.encode(), b"overlay", 1, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    try:
        left, right = view(merged), view(joined)
    finally:
        libc.umount2(joined.encode(), 2)
    different = {path: (left.get(path), right.get(path)) for path in {**left, **right}
                 if left.get(path) != right.get(path)}
    assert not different, different


def main():
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS) != 0 or \
            libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None) != 0:
        print("1..1\nok 1 - both forms mean the same # SKIP only root may mount overlayfs")
        return 0
    print("1..%d" % ROUNDS)
    failed = 0
    for seed in range(ROUNDS):
        top = tempfile.mkdtemp(prefix="lade-forms-")
        try:
            compare(seed, top)
            print("ok %d - both forms of random layers %d mean the same" % (seed + 1, seed))
        except AssertionError as error:
            failed += 1
            print("# %r" % error)
            print("not ok %d - both forms of random layers %d mean the same" % (seed + 1, seed))
        finally:
            subprocess.run(["rm", "-rf", top], check=False)
    return 1 if failed else 0


sys.exit(main())
