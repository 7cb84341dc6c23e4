#!/usr/bin/env python3
"""person.py STORY COMMAND…: somebody at a terminal runs COMMAND and does what STORY says.

The command is the leader of a session whose controlling terminal is a new pty of 41 by 117. A story
that goes wrong, or waits longer than 20 seconds, ends with status 1 and what was on the screen.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 20


def size_of(rows, columns):
    return struct.pack("HHHH", rows, columns, 0, 0)


class Person:
    def __init__(self, command, **files):
        self.screen = b""
        self.master, self.slave = pty.openpty()
        self.resize(41, 117)
        self.before = termios.tcgetattr(self.slave)
        files = {name: files.get(name, self.slave) for name in ("stdin", "stdout", "stderr")}
        self.process = subprocess.Popen(command, preexec_fn=self.take_terminal, close_fds=True, **files)

    def take_terminal(self):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size_of(rows, columns))

    def type(self, text):
        os.write(self.master, text.encode())

    def look(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            self.screen += os.read(self.master, 4096)
        except OSError:
            return False
        return True

    def wait_for(self, text, since=0):
        end = time.monotonic() + PATIENCE
        while text.encode() not in self.screen[since:]:
            if time.monotonic() > end:
                self.complain(f"never saw {text!r}")
            self.look(0.1)

    def wait_until(self, what, question):
        end = time.monotonic() + PATIENCE
        while not question():
            if time.monotonic() > end:
                self.complain(f"never {what}")
            self.look(0.02)

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.before

    def ends_with(self, status):
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            if time.monotonic() > end:
                self.complain("it does not end")
            self.look(0.05)
        while self.look(0):
            pass
        if self.process.returncode != status:
            self.complain(f"ended with {self.process.returncode}, not {status}")
        if not self.is_restored():
            self.complain("the terminal is not as it was")

    def complain(self, what):
        print(f"{what}; on the screen: {self.screen[-2000:]!r}")
        if self.process.poll() is None:
            self.process.kill()
        sys.exit(1)

    def expect(self, what, truth):
        if not truth:
            self.complain(f"not so: {what}")


# ---- stories -------------------------------------------------------------------------------------


def runs(command):
    """It is raw while the program runs, and as before when that has ended."""
    person = Person(command)
    person.wait_for("ready")
    person.wait_until("raw", person.is_raw)
    person.type("go\r")
    person.wait_for("got go")
    person.ends_with(3)


def fails(command):
    """Nothing was started."""
    Person(command).ends_with(int(os.environ["STATUS"]))


def is_killed(command):
    """Somebody else kills the container: $KILL."""
    person = Person(command)
    person.wait_for("ready")
    person.wait_until("raw", person.is_raw)
    subprocess.run(["/bin/sh", "-c", os.environ["KILL"]], check=True)
    person.ends_with(137)


def interrupts(command):
    """Control-C is the container's."""
    person = Person(command)
    person.wait_for("ready")
    person.wait_until("raw", person.is_raw)
    person.type("\x03")
    person.wait_for("interrupted")
    person.ends_with(5)


def signals(command):
    """Signals go on to the container."""
    person = Person(command)
    person.wait_for("ready")
    person.wait_until("raw", person.is_raw)
    person.process.send_signal(signal.SIGUSR1)
    person.wait_for("user signal")
    person.process.send_signal(signal.SIGTERM)
    person.wait_for("terminated")
    person.ends_with(6)


def resizes(command):
    """The size is there from the first moment, and follows."""
    person = Person(command)
    person.wait_for("41 117")
    person.wait_until("raw", person.is_raw)
    for rows, columns in ((50, 200), (10, 20)):
        person.resize(rows, columns)
        person.wait_for(f"{rows} {columns}")
    person.type("\r")
    person.ends_with(0)


def stops_and_goes_on(command):
    """Stopped, the terminal in somebody else's hands, and continued."""
    person = Person(command)
    person.wait_for("ready")
    person.wait_until("raw", person.is_raw)
    person.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, person.process.pid, os.WSTOPPED | os.WNOWAIT)
    termios.tcsetattr(person.slave, termios.TCSANOW, person.before)
    person.resize(33, 44)
    person.process.send_signal(signal.SIGCONT)
    person.wait_until("raw again", person.is_raw)
    person.type("go\r")
    person.wait_for("got go")
    person.ends_with(3)


def hangs_up(command):
    """The terminal is gone; so is the container."""
    person = Person(command)
    person.wait_for("ready")
    person.wait_until("raw", person.is_raw)
    os.close(person.slave)
    os.close(person.master)
    try:
        person.process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        person.process.kill()
        print("it does not end")
        sys.exit(1)


def reads_slowly(command):
    """Much output, little reading: nothing is lost."""
    reader, writer = os.pipe()
    person = Person(command, stdout=writer)
    os.close(writer)
    count = 0
    while chunk := os.read(reader, 7001):
        count += len(chunk)
        if count < 300000:
            time.sleep(0.002)
    person.ends_with(0)
    person.expect(f"{count} bytes are all", count == int(os.environ["BYTES"]))


def does_not_read(command):
    """Nobody reads at all: signals work nevertheless, and so does ending it."""
    reader, writer = os.pipe()
    person = Person(command, stdout=writer)
    os.close(writer)
    time.sleep(0.3)  # let the pipe, the relay and the pty run full
    person.process.send_signal(signal.SIGUSR1)
    person.wait_until("signalled", lambda: os.path.exists(os.environ["MARK"]))
    subprocess.run(["/bin/sh", "-c", os.environ["KILL"]], check=True)
    # The first may still go to the container.
    while person.process.poll() is None:
        person.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
    person.ends_with(137)
    os.close(reader)


def types_nothing(command):
    """Standard input is no terminal and at its end; the output is one."""
    person = Person(command, stdin=subprocess.DEVNULL)
    person.wait_for("41 117")
    person.ends_with(3)
    person.expect("one carriage return a line", b"\r\r" not in person.screen)


def pipes_in(command):
    """Standard input is a pipe that ends."""
    reader, writer = os.pipe()
    person = Person(command, stdin=reader)
    os.close(reader)
    os.write(writer, b"go\n")
    os.close(writer)
    person.wait_for("got go")
    person.ends_with(3)


def interrupts_from_outside(command):
    """Standard input is no terminal: Control-C is the terminal's, a signal."""
    person = Person(command, stdin=subprocess.DEVNULL)
    person.wait_for("ready")
    person.type("\x03")
    person.wait_for("interrupted")
    person.ends_with(5)


if __name__ == "__main__":
    STORIES = {
        story.__name__: story
        for story in (
            runs, fails, is_killed, interrupts, signals, resizes, stops_and_goes_on, hangs_up,
            reads_slowly, does_not_read, types_nothing, pipes_in, interrupts_from_outside,
        )
    }
    STORIES[sys.argv[1]](sys.argv[2:])
