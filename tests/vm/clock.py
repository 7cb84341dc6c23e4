#!/usr/bin/env python3
"""clock.py: print the frequency of this host's time stamp counter in kHz; fails where there is none
that is constant.

An emulated guest sees the host's counter. Left alone it measures it against an emulated timer, and on
a busy host the result has been twelve times too slow, and with it every time-out in the guest."""
import ctypes
import mmap
import platform
import sys
import time

if platform.machine() != "x86_64" or "constant_tsc" not in open("/proc/cpuinfo").read():
    sys.exit(1)
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("0f3148c1e2204809d0c3"))  # rdtsc; shl rdx,32; or rax,rdx; ret
counter = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


def sample():
    """The tightest of a few pairs of the clock and the counter."""
    taken = ((now(), counter(), now()) for _ in range(20))
    return min((after - before, (before + after) // 2, ticks) for before, ticks, after in taken)[1:]


first = sample()
time.sleep(0.05)
last = sample()
print(round((last[1] - first[1]) * 1e6 / (last[0] - first[0])))
