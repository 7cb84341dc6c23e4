#!/usr/bin/env python3
"""seccomp_agent.py SOCKET LOG ANSWER: a seccomp agent (config-linux.md "Seccomp").

Of each connection it takes one container process state and a listener, writes the document as one
line to LOG, and answers all system calls that come: ANSWER is "continue", "errno N" or "value N".
What it was asked about goes to LOG too: {"call": NUMBER, "pid": PID, "path": first argument as text}.
"drop" closes the listener at once.
"""
import array
import fcntl
import json
import os
import socket
import struct
import sys
import threading

NOTIFICATION = struct.Struct("=QIIiIQ6Q")
RESPONSE = struct.Struct("=QqiI")
RECEIVE = 0xC0502100
SEND = 0xC0182101
CONTINUE = 1

log_lock = threading.Lock()


def log(document):
    with log_lock, open(sys.argv[2], "a", encoding="utf-8") as file:
        file.write(json.dumps(document) + "\n")


def text_of(pid, address):
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            memory.seek(address)
            return memory.read(256).split(b"\0")[0].decode(errors="replace")
    except (OSError, ValueError, OverflowError):
        return ""


def answer(listener):
    kind, _, number = sys.argv[3].partition(" ")
    if kind == "drop":
        os.close(listener)
        return
    while True:
        buffer = bytearray(NOTIFICATION.size)
        try:
            fcntl.ioctl(listener, RECEIVE, buffer)
        except OSError:
            break
        fields = NOTIFICATION.unpack(buffer)
        log({"call": fields[3], "pid": fields[1], "path": text_of(fields[1], fields[6])})
        response = {
            "continue": (fields[0], 0, 0, CONTINUE),
            "errno": (fields[0], 0, -int(number or 0), 0),
            "value": (fields[0], int(number or 0), 0, 0),
        }[kind]
        try:
            fcntl.ioctl(listener, SEND, bytearray(RESPONSE.pack(*response)))
        except OSError:
            pass
    os.close(listener)


def serve(connection):
    data, control, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(64))
    listeners = array.array("i", control[0][2]) if control else []
    while chunk := connection.recv(65536):
        data += chunk
    if not data:  # the start failed
        return
    log({"state": json.loads(data), "descriptors": len(listeners)})
    for listener in listeners:
        answer(listener)


def main():
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1] + ".new")
    server.listen(8)
    os.rename(sys.argv[1] + ".new", sys.argv[1])  # whoever sees it can connect
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
