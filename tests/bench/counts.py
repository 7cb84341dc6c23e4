#!/usr/bin/env python3
"""count FILE COMMAND…: what COMMAND asks of the kernel, from strace(1), into FILE as "calls=N forks=N
execs=N libraries=N": system calls of all its processes, processes and threads made, programs
executed, shared libraries opened. Exits as COMMAND does."""
import os
import re
import select
import signal
import subprocess
import sys
import tempfile

CALL = re.compile(r"^\d+ +(\w+)\(")


def count(lines):
    counts = dict(calls=0, forks=0, execs=0, libraries=0)
    for line in lines:
        call = CALL.match(line)
        if not call:
            continue
        counts["calls"] += 1
        counts["forks"] += call[1] in ("clone", "clone3", "fork", "vfork")
        counts["execs"] += call[1] in ("execve", "execveat")
        counts["libraries"] += bool(re.search(r'^\d+ +open(at)?\(.*\.so[.0-9]*",.* = \d+$', line))
    return counts


def run(command):
    """The tracer (a grandchild) is let go when the command has ended: a container that waits for
    its start does not end."""
    with tempfile.NamedTemporaryFile("r", errors="replace") as trace:
        process = subprocess.Popen(["strace", "-D", "-I1", "-f", "-o", trace.name, "--"] + command,
                                   start_new_session=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        status = process.wait()
        stop_tracer(process.pid)
        return status, count(trace)


def stop_tracer(session):
    """The command led a session of its own; what is left in its group is the tracer."""
    tracers = [int(name) for name in os.listdir("/proc") if name.isdigit() and
               in_group(name, session)]
    for pid in tracers:
        pidfd = os.pidfd_open(pid)
        signal.pidfd_send_signal(pidfd, signal.SIGTERM)
        select.select([pidfd], [], [])
        os.close(pidfd)


def in_group(name, group):
    try:
        with open(f"/proc/{name}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[2]) == group
    except OSError:
        return False


if __name__ == "__main__":
    code, found = run(sys.argv[2:])
    with open(sys.argv[1], "w") as file:
        print(" ".join(f"{name}={number}" for name, number in found.items()), file=file)
    sys.exit(code if code >= 0 else 128 - code)
