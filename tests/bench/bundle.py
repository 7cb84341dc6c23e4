"""A docker-like bundle whose program is the static `floor`, and the floor's own seccomp filter."""
import json
import os
import re
import shutil
import struct
import sys

CAPABILITIES = ("CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE "
                "NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP")
MASKED = ("/proc/acpi /proc/asound /proc/scsi /sys/firmware /sys/devices/virtual/powercap "
          "/proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats "
          "/proc/sched_debug")
READONLY = "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger"
MOUNTS = """
/proc           proc   proc   nosuid,noexec,nodev
/dev            tmpfs  tmpfs  nosuid,strictatime,mode=755,size=65536k
/dev/pts        devpts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5
/sys            sysfs  sysfs  nosuid,noexec,nodev,ro
/sys/fs/cgroup  cgroup cgroup nosuid,noexec,nodev,relatime,ro
/dev/mqueue     mqueue mqueue nosuid,noexec,nodev
/dev/shm        tmpfs  shm    nosuid,noexec,nodev,mode=1777,size=65536k
"""
DEVICES = "1:3 1:5 1:7 1:8 1:9 5:0 5:2 136:*"


def seccomp(source):
    """Docker's profile as the program has it: one list, kept in one place."""
    text = open(os.path.join(source, "src/image/bundle/seccomp.c")).read()
    rows = re.search(r"allowed\[\] = \{(.*?)\};", text, re.S)[1]
    names = " ".join(re.findall(r'"([^"]*)"', rows)).split()
    return {
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
        if os.uname().machine == "x86_64" else [],
        "syscalls": [
            {"names": names, "action": "SCMP_ACT_ALLOW"},
            {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
             "args": [{"index": 0, "value": 0x7e020000, "valueTwo": 0,
                       "op": "SCMP_CMP_MASKED_EQ"}]},
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW",
             "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]},
        ] + [{"names": ["personality"], "action": "SCMP_ACT_ALLOW",
              "args": [{"index": 0, "value": value, "op": "SCMP_CMP_EQ"}]}
             for value in (0, 8, 0x20000, 0x20008, 0xffffffff)],
    }


def device_rules():
    rules = [{"allow": False, "access": "rwm"},
             {"allow": True, "type": "c", "access": "m"}, {"allow": True, "type": "b", "access": "m"}]
    for device in DEVICES.split():
        major, minor = device.split(":")
        rules.append({"allow": True, "type": "c", "major": int(major), "access": "rwm",
                      **({} if minor == "*" else {"minor": int(minor)})})
    return rules


def config(source, cgroup, args):
    capabilities = ["CAP_" + name for name in CAPABILITIES.split()]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0}, "args": args, "cwd": "/", "noNewPrivileges": True,
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "capabilities": {kind: capabilities for kind in ("bounding", "effective", "permitted")},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        },
        "root": {"path": "rootfs"},
        "hostname": "bench",
        "mounts": [{"destination": row[0], "type": row[1], "source": row[2],
                    "options": row[3].split(",")}
                   for row in (line.split() for line in MOUNTS.strip().split("\n"))],
        "linux": {
            "cgroupsPath": cgroup,
            "resources": {"devices": device_rules()},
            "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount",
                                                       "cgroup")],
            "maskedPaths": MASKED.split(), "readonlyPaths": READONLY.split(),
            "seccomp": seccomp(source),
        },
    }


def make_rootfs(path, floor):
    for name in ("proc", "dev", "sys"):
        os.makedirs(os.path.join(path, name), exist_ok=True)
    shutil.copy(floor, os.path.join(path, "floor"))


def make_bundle(directory, source, floor, cgroup, args):
    make_rootfs(os.path.join(directory, "rootfs"), floor)
    with open(os.path.join(directory, "config.json"), "w") as file:
        json.dump(config(source, cgroup, args), file)
    return directory


# ---- the floor's filter: the same verdicts as a compiled one, found by halves ----------------------

LOAD, JUMP, RETURN, ALU = 0x20, 0x05, 0x06, 0x04
COMPARE = {0x15: int.__eq__, 0x25: int.__gt__, 0x35: int.__ge__, 0x45: int.__and__}


def verdict(program, data):
    """What a program of classic BPF says to the words `data` of a struct seccomp_data."""
    at, accumulator = 0, 0
    while True:
        code, yes, no, value = program[at]
        at += 1
        if code == LOAD:
            accumulator = data[value // 4]
        elif code == RETURN:
            return value
        elif code == JUMP:
            at += value
        elif code in COMPARE:
            at += yes if COMPARE[code](accumulator, value) else no
        elif code & 7 == ALU and code & 0xf0 == 0x50:
            accumulator &= value
        else:
            raise ValueError(f"instruction {code:#x}")


def halves(ranges):
    if len(ranges) == 1:
        return [(RETURN, 0, 0, ranges[0][1])]
    middle = len(ranges) // 2
    left, right = halves(ranges[:middle]), halves(ranges[middle:])
    return [(0x35, len(left), 0, ranges[middle][0])] + left + right


def shortest_filter(compiled, architecture=0xc000003e, numbers=1024):
    """Ranges of system call numbers with one verdict (arguments taken as 0), one architecture."""
    program = list(struct.iter_unpack("HBBI", compiled))
    ranges = []
    for number in range(numbers):
        action = verdict(program, [number, architecture] + [0] * 14)
        if not ranges or ranges[-1][1] != action:
            ranges.append((number, action))
    short = [(LOAD, 0, 0, 4), (0x15, 1, 0, architecture), (RETURN, 0, 0, 0x80000000),
             (LOAD, 0, 0, 0)] + halves(ranges)
    return b"".join(struct.pack("HBBI", *instruction) for instruction in short)


if __name__ == "__main__":  # bundle.py CGROUP ARG…: print config.json
    here = os.path.dirname(os.path.abspath(__file__))
    print(json.dumps(config(os.path.dirname(os.path.dirname(here)), sys.argv[1], sys.argv[2:])))
