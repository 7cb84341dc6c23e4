#!/usr/bin/env python3
"""Layers that try to get out of their directory. TAP.

Every case is an archive, what must come of it, and the rule over all: nothing outside the root
changes, not a byte, a mode, a time or an attribute. layers.py APPLY_LAYER"""
import ctypes
import os
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading

APPLY = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("top_builddir", ".") + \
    "/tests/attack/apply_layer"
RIGHTS = ["user-xattrs"] + ([] if os.geteuid() == 0 else ["single-id"])
TYPES = {"file": b"0", "hard": b"1", "link": b"2", "char": b"3", "block": b"4", "dir": b"5",
         "fifo": b"6", "long": b"L", "longlink": b"K"}


class Archive:
    """A tar with exactly what is asked for."""

    def __init__(self):
        self.bytes = b""

    def raw(self, name, kind, data=b"", size=None, **fields):
        info = tarfile.TarInfo("n")
        info.type = TYPES[kind]
        info.mode = fields.get("mode", 0o755 if kind == "dir" else 0o644)
        info.mtime = fields.get("mtime", 1000)
        info.linkname = ""
        info.devmajor, info.devminor = fields.get("device", (0, 0))
        info.size = len(data) if size is None else size
        block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
        block[0:100] = name[:100].ljust(100, b"\0")
        block[157:257] = fields.get("target", b"")[:100].ljust(100, b"\0")
        if "size_field" in fields:
            block[124:136] = fields["size_field"]
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        self.bytes += bytes(block) + data + b"\0" * (-len(data) % 512)
        return self

    def pax(self, **records):
        data = b""
        for key, value in records.items():
            rest = b" " + key.replace("__", ".").encode() + b"=" + value + b"\n"
            length = len(rest)
            while length != len(rest) + len(str(length)):
                length += 1
            data += str(length).encode() + rest
        self.bytes += self.typed(b"x", data)
        return self

    @staticmethod
    def typed(flag, data):
        info = tarfile.TarInfo("pax")
        info.type, info.size = flag, len(data)
        return info.tobuf(tarfile.USTAR_FORMAT) + data + b"\0" * (-len(data) % 512)

    def add(self, name, kind="file", data=b"x", **fields):
        name, target = os.fsencode(name), os.fsencode(fields.pop("target", ""))
        records = {}
        if len(name) > 100:
            records["path"] = name
        if len(target) > 100:
            records["linkpath"] = target
        if records:
            self.pax(**records)
        return self.raw(name, kind, data if kind == "file" else b"", target=target, **fields)

    def end(self):
        return self.bytes + b"\0" * 1024


class Sandbox:
    """outer/victim.d/secret, outer/victim and the root: outer/in/root."""

    def __init__(self):
        self.outer = tempfile.mkdtemp(prefix="lade-attack-")
        self.root = self.outer + "/in/root"
        self.victims = self.outer + "/victim.d"
        self.victim = self.outer + "/victim"
        os.makedirs(self.root)
        os.mkdir(self.victims)
        for path in (self.victim, self.victims + "/secret"):
            with open(path, "w") as file:
                file.write("secret")
            os.chmod(path, 0o600)
        for path in (self.victims, self.victims + "/secret", self.victim, self.outer + "/in",
                     self.outer):
            os.utime(path, ns=(10**18, 10**18))

    def picture(self):
        """Everything there is to know of what is outside the root."""
        seen = {}
        for folder, folders, files in os.walk(self.outer):
            if folder == self.outer + "/in":
                folders[:] = []
            for path in [folder] + [folder + "/" + name for name in files]:
                status = os.lstat(path)
                seen[path] = (status.st_mode, status.st_uid, status.st_gid, status.st_size,
                              status.st_mtime_ns, status.st_nlink, status.st_ino,
                              [(name, os.getxattr(path, name, follow_symlinks=False)) for name in
                               os.listxattr(path, follow_symlinks=False)],
                              open(path, "rb").read() if stat.S_ISREG(status.st_mode) else None)
        return seen

    def apply(self, archive, *words):
        blob = self.outer + "/in/blob"
        with open(blob, "wb") as file:
            file.write(archive if isinstance(archive, bytes) else archive.end())
        os.utime(self.outer + "/in", ns=(10**18, 10**18))
        before = self.picture()
        done = subprocess.run([APPLY, *RIGHTS, *words, blob, self.root], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)
        os.utime(self.outer + "/in", ns=(10**18, 10**18))
        assert self.picture() == before, "something outside the root changed"
        assert done.returncode in (0, 1), done.stdout
        return done.returncode, done.stdout.rstrip(b"\n").decode(errors="surrogateescape")

    def inside(self, name):
        return os.path.join(self.root, name)

    def listing(self):
        return sorted(os.path.relpath(os.path.join(folder, name), self.root)
                      for folder, folders, files in os.walk(self.root)
                      for name in folders + files)


CASES = []


def case(function):
    CASES.append(function)
    return function


def refused(box, archive, reason, *words):
    code, line = box.apply(archive, *words)
    assert code == 1 and line == "layer test: " + reason, line


def harmless(box, archive, names, *words):
    code, line = box.apply(archive, *words)
    assert code == 0, line
    assert box.listing() == sorted(names), box.listing()
    return line


# ---- names ----

@case
def absolute_names_stay_inside(box):
    harmless(box, Archive().add(box.victim, data=b"evil"),
             [os.path.join(*box.victim.strip("/").split("/")[:depth + 1])
              for depth in range(len(box.victim.strip("/").split("/")))])


@case
def dot_dot_in_a_name_is_refused(box):
    for name in ("../victim", "a/../../victim", "..", "/../victim", "a/..", "./../x"):
        refused(box, Archive().add(name), 'the entry "%s" has ".." in it' % name)


@case
def dot_dot_in_a_pax_name_is_refused(box):
    archive = Archive().pax(path=b"../victim").add("fine")
    refused(box, archive, 'the entry "../victim" has ".." in it')


@case
def dot_dot_in_a_gnu_long_name_is_refused(box):
    archive = Archive().raw(b"././@LongLink", "long", b"../victim\0").add("fine")
    refused(box, archive, 'the entry "../victim" has ".." in it')


@case
def long_names_are_refused_or_made(box):
    refused(box, Archive().add("n" * 256), 'the entry "%s…" is too long' % ("n" * 60))
    refused(box, Archive().add("/".join(["d"] * 2100)),
            'the entry "%s…" is too long' % ("d/" * 30))
    code, line = box.apply(Archive().add("/".join(["d"] * 2000), "dir"))
    assert code == 0, line


@case
def terminal_escapes_do_not_reach_the_terminal(box):
    code, line = box.apply(Archive().add("\x1b[31m/../x"))
    assert code == 1 and "\x1b" not in line and "?[31m" in line, line


@case
def entries_of_the_root_must_be_directories(box):
    for name in (".", "./", "/", "//", "./."):
        for kind in ("link", "hard", "file", "fifo"):
            archive = Archive().add("f").add(name, kind, data=b"", target=box.victims)
            if kind == "file" and name.endswith("/"):
                continue  # old tars: a directory
            refused(box, archive, "the archive's entry for the root is not a directory")
    os.unlink(box.inside("f"))
    harmless(box, Archive().add("./", "dir", mode=0o700), [])


# ---- symbolic links ----

def gone(name, reason="no such file or directory"):
    return 'cannot get to the directory of "%s": openat2: %s' % (name, reason)


@case
def a_planted_absolute_link_leads_nowhere(box):
    refused(box, Archive().add("d", "link", target=box.victims).add("d/x"), gone("d/x"))
    refused(box, Archive().add("e", "link", target=box.victims).add("e/x/y"), gone("e/x/y"))


@case
def a_planted_relative_link_ends_at_the_root(box):
    harmless(box, Archive().add("d", "link", target="../../../../../../..").add("d/x"), ["d", "x"])


@case
def a_link_of_a_lower_layer_leads_nowhere(box):
    os.symlink(box.victims, box.inside("d"))
    for words in ([], ["merged"]):
        refused(box, Archive().add("d/secret"), gone("d/secret"), *words)


@case
def chains_of_links_stay_inside(box):
    archive = Archive().add("a", "link", target="b/../c").add("b", "link", target="/") \
        .add("c", "link", target="../../../d").add("d", "dir").add("a/x")
    harmless(box, archive, ["a", "b", "c", "d", "d/x"])


@case
def loops_of_links_end(box):
    refused(box, Archive().add("a", "link", target="b").add("b", "link", target="a").add("a/x"),
            gone("a/x", "too many levels of symbolic links"))


@case
def a_file_replaces_a_link_and_does_not_follow_it(box):
    for words in ([], ["merged"]):
        archive = Archive().add("f", "link", target=box.victim).add("f", data=b"evil") \
            .add("g", "link", target=box.victim).add("g", "fifo") \
            .add("h", "link", target=box.victims).add("h", "dir", mode=0o777)
        harmless(box, archive, ["f", "g", "h"], *words)
        assert stat.S_ISREG(os.lstat(box.inside("f")).st_mode)
        assert stat.S_ISDIR(os.lstat(box.inside("h")).st_mode)


@case
def modes_and_times_of_links_do_not_reach_their_targets(box):
    harmless(box, Archive().add("f", "link", target=box.victim, mode=0o777, mtime=5)
             .add("d", "link", target=box.victims, mode=0o777, mtime=5), ["d", "f"])


@case
def attributes_of_links_do_not_reach_their_targets(box):
    records = {"SCHILY__xattr__user__evil": b"1", "SCHILY__xattr__trusted__evil": b"1",
               "SCHILY__xattr__security__capability":
               b"\x01\0\0\x02\xff\xff\xff\xff" + b"\0" * 12}
    harmless(box, Archive().pax(**records).add("f", "link", target=box.victim), ["f"])


@case
def a_directory_that_became_a_link_gets_no_late_times(box):
    archive = Archive().add("d/", "dir", mtime=7).add("d/x") \
        .add("d", "link", target=box.victims)
    harmless(box, archive, ["d"])


@case
def a_remembered_directory_is_forgotten_when_replaced(box):
    archive = Archive().add("d/a").add("d", "link", target=box.victims).add("d/b")
    refused(box, archive, gone("d/b"))
    assert box.listing() == ["d"]


@case
def magic_links_are_not_followed(box):
    for target in ("/proc/self/root", "/proc/self/cwd", "/proc/self/fd/3/../.."):
        refused(box, Archive().add("p", "link", target=target).add("p/x"), gone("p/x"))


@case
def a_fifo_or_a_file_is_no_directory(box):
    for kind in ("fifo", "file"):
        refused(box, Archive().add("f", kind).add("f/x"), gone("f/x", "not a directory"))


# ---- hard links ----

def missing(name, target):
    return 'the hard link "%s" goes to "%s", which does not exist' % (name, target)


@case
def hard_links_to_the_host_find_nothing(box):
    target = box.victim.lstrip("/")
    refused(box, Archive().add("x", "hard", target=box.victim), missing("x", target), "merged")
    line = harmless(box, Archive().add("x", "hard", target=box.victim), [])
    assert line.endswith(" needs-parents"), line


@case
def dot_dot_in_the_target_of_a_hard_link_is_refused(box):
    for target in ("../../victim", "a/../../../victim", ".."):
        refused(box, Archive().add("x", "hard", target=target),
                'the target of a hard link "%s" has ".." in it' % target)


@case
def hard_links_through_links_stay_inside(box):
    archive = Archive().add("s", "link", target=box.outer).add("x", "hard", target="s/victim")
    refused(box, archive, missing("x", "s/victim"), "merged")
    archive = Archive().add("a/b/c/up", "link", target="../..") \
        .add("a/b/escape", "link", target="c/up/../../../..") \
        .add("y", "hard", target="a/b/escape/victim")
    refused(box, archive, missing("y", "a/b/escape/victim"), "merged")


@case
def a_hard_link_to_a_link_links_the_link(box):
    archive = Archive().add("s", "link", target=box.victim) \
        .add("x", "hard", target="s", mode=0o777, mtime=5)
    harmless(box, archive, ["s", "x"])
    assert os.readlink(box.inside("x")) == box.victim
    archive.add("x", data=b"evil")
    harmless(box, archive, ["s", "x"])
    assert open(box.inside("x")).read() == "evil"


@case
def hard_links_to_directories_are_refused(box):
    refused(box, Archive().add("d/", "dir").add("x", "hard", target="d"),
            'the hard link "x" goes to a directory')
    refused(box, Archive().add("x", "hard", target="/"), missing("x", ""), "merged")


@case
def a_hard_link_to_itself_is_nothing(box):
    harmless(box, Archive().add("a", data=b"1").add("a", "hard", target="a"), ["a"])
    assert open(box.inside("a")).read() == "1"


@case
def hard_links_into_lower_layers_stay_in_them(box):
    lower = box.outer + "/in/lower"
    os.mkdir(lower)
    os.symlink(box.outer, lower + "/s")
    os.symlink(box.victim, lower + "/f")
    refused(box, Archive().add("x", "hard", target="s/victim"), missing("x", "s/victim"),
            "lower=" + lower)
    harmless(box, Archive().add("x", "hard", target="f"), ["x"], "lower=" + lower)
    assert os.readlink(box.inside("x")) == box.victim


# ---- whiteouts ----

@case
def whiteouts_through_links_delete_nothing(box):
    for words in ([], ["merged"]):
        for name in ("d/.wh.secret", "d/.wh..wh..opq"):
            archive = Archive().add("d", "link", target=box.victims).add(name)
            code, line = box.apply(archive, *words)
            assert code == (0 if words else 1), line
        archive = Archive().add("up", "link", target="../../..").add("up/.wh.victim")
        assert box.apply(archive, *words)[0] == 0


@case
def whiteouts_of_dot_and_dot_dot_are_refused(box):
    for words in ([], ["merged"]):
        for name in (".wh..", ".wh...", "d/.wh...", ".wh."):
            refused(box, Archive().add("d/keep").add(name),
                    'the whiteout "%s" names nothing' % name, *words)


@case
def a_whiteout_of_a_link_removes_the_link(box):
    os.symlink(box.victims, box.inside("d"))
    harmless(box, Archive().add(".wh.d"), [], "merged")


@case
def a_tree_with_links_is_removed_without_following_them(box):
    os.mkdir(box.inside("t"))
    os.symlink(box.victims, box.inside("t/d"))
    os.symlink(box.victim, box.inside("t/f"))
    os.mkdir(box.inside("u"))
    os.symlink(box.victims, box.inside("u/d"))
    harmless(box, Archive().add(".wh.t").add("u/.wh..wh..opq"), ["u"], "merged")


# ---- two readings of one archive ----

@case
def a_pax_size_hides_no_entries_from_anybody(box):
    smuggled = Archive().add("smuggled").bytes
    archive = Archive().pax(size=b"%d" % len(smuggled)).raw(b"f", "file", smuggled, size=0)
    harmless(box, archive.add("after"), ["after", "f"])
    assert open(box.inside("f"), "rb").read() == smuggled


@case
def a_pax_header_is_about_the_entry_and_not_about_its_long_name(box):
    archive = Archive().pax(size=b"3").raw(b"././@LongLink", "long", b"long-name\0") \
        .raw(b"cut", "file", b"abc", size=0).add("after")
    harmless(box, archive, ["after", "long-name"])


@case
def impossible_sizes_are_refused(box):
    negative = b"\xff" * 12
    huge = b"\x80" + b"\xff" * 11
    for field in (negative, huge, b"-0000000001\0", b"junk       \0"):
        refused(box, Archive().raw(b"f", "file", b"x", size_field=field),
                "the archive is broken: an entry of impossible size")


@case
def data_of_entries_that_have_none_is_refused(box):
    for kind, flag in (("hard", "1"), ("link", "2"), ("fifo", "6"), ("dir", "5")):
        archive = Archive().add("a").raw(b"x", kind, Archive().add("smuggled").bytes, target=b"a")
        refused(box, archive,
                "the archive is broken: an entry of type '%s' has 1024 bytes of data" % flag)


@case
def an_archive_behind_the_end_is_not_read(box):
    harmless(box, Archive().add("a").end() + Archive().add("b").end(), ["a"])


# ---- somebody moves the tree while it is written ----

@case
def a_directory_that_is_swapped_with_a_link_all_the_time(box):
    """The link leads to a directory of the same name inside the root, or, for who forgets the
    root, to the victims."""
    os.mkdir(box.inside("d"))
    os.mkdir(box.inside("victim.d"))
    os.symlink("../../victim.d", box.inside("e"))
    archive = Archive()
    for number in range(300):
        archive.add("d/%d" % number).add("x/%d" % number).add("d/.wh.secret")
        archive.add("d/s%d" % number, "dir", mode=0o777)
    libc = ctypes.CDLL(None, use_errno=True)
    ended = threading.Event()

    def swap():
        while not ended.is_set():
            libc.renameat2(-100, box.inside("d").encode(), -100, box.inside("e").encode(), 2)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        code, line = box.apply(archive, "merged")
    finally:
        ended.set()
        swapper.join()
    assert code == 0, line
    assert len(box.listing()) == 904, len(box.listing())


def main():
    print("1..%d" % len(CASES))
    failed = 0
    for number, function in enumerate(CASES, 1):
        box = Sandbox()
        try:
            function(box)
            verdict = "ok"
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            verdict = "not ok"
            failed += 1
            for row in repr(error).split("\n"):
                print("# " + row)
        finally:
            subprocess.run(["rm", "-rf", box.outer], check=False)
        print("%s %d - %s" % (verdict, number, function.__name__.replace("_", " ")))
    return 1 if failed else 0


sys.exit(main())
