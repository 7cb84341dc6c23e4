#!/usr/bin/env python3
"""upload_registry.py LOG [--fault NAME] -- a registry in memory that takes uploads, with one fault.

Its HOST:PORT is the one line on stdout. Every request is a line of LOG: METHOD PATH length=… range=…
(Content-Range), and "stored DIGEST" when a blob is complete. It ends with its stdin."""

import argparse
import collections
import hashlib
import http.server
import json
import sys
import threading
import urllib.parse

PIECE = 1 << 16


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code, headers=()):
        self.answer(status, headers, json.dumps({"errors": [{"code": code, "message": "no"}]}).encode())

    def hang_up(self):
        self.close_connection = True

    def begin(self):
        length = int(self.headers.get("Content-Length") or 0)
        parts = urllib.parse.urlsplit(self.path)
        self.path, self.query = parts.path, urllib.parse.parse_qs(parts.query)
        self.left = length
        with lock:
            print(self.command, self.path, *("%s=%s" % (k, v[0]) for k, v in self.query.items()),
                  "length=%d" % length, "range=" + (self.headers.get("Content-Range") or "-"),
                  file=log, flush=True)

    def receive(self, most=None):
        """What of the body there is, at most so much."""
        while self.left and (most is None or most > 0):
            data = self.rfile.read(min(PIECE, self.left, most or PIECE))
            if not data:
                break
            self.left -= len(data)
            most = most if most is None else most - len(data)
            yield data

    def upload(self):
        return uploads.get(self.path.rsplit("/", 1)[1])

    def location(self, name):
        host = "http://127.0.0.1:1" if options.fault == "elsewhere" else ""
        return ("Location", "%s/v2/demo/blobs/uploads/%s?state=%d" % (host, name, len(uploads)))

    # ---- what a registry does ------------------------------------------------------------------

    def do_HEAD(self):
        self.begin()
        found = self.path.rsplit("/", 1)[1] in stored
        self.answer(200 if found else 404)

    def do_GET(self):
        self.begin()
        if "/uploads/" not in self.path:
            self.refuse(404, "MANIFEST_UNKNOWN")
        elif self.upload() is None or options.fault == "forgets":
            self.refuse(404, "BLOB_UPLOAD_UNKNOWN")
        else:
            count = len(self.upload())
            if options.fault == "miscounts" and once("miscount"):
                count -= 1000
            self.answer(204, [("Range", "0-%d" % max(count - 1, 0)), self.location(self.path.rsplit("/", 1)[1])])

    def do_DELETE(self):
        self.begin()
        uploads.pop(self.path.rsplit("/", 1)[1], None)
        self.answer(204)

    def do_POST(self):
        self.begin()
        if options.fault == "mounts" and self.query.get("from") == ["known"]:
            stored[self.query["mount"][0]] = b""
            self.answer(201)
            return
        with lock:
            seen["uploads"] += 1
            name = str(seen["uploads"])
            uploads[name] = bytearray()
        headers = [self.location(name)]
        if options.fault == "wants-large-pieces":
            headers.append(("OCI-Chunk-Min-Length", str(20 << 20)))
        self.answer(202, headers)

    def do_PATCH(self):
        self.begin()
        begin = int((self.headers.get("Content-Range") or "0-").split("-")[0])
        if begin != len(self.upload()):
            for _ in self.receive():
                pass
            self.refuse(416, "BLOB_UPLOAD_INVALID")
            return
        (faults.get(options.fault, {}).get("PATCH") or Handler.append)(self)

    def append(self):
        for data in self.receive():
            self.upload().extend(data)
        self.answer(202, [self.location(self.path.rsplit("/", 1)[1])])

    def do_PUT(self):
        self.begin()
        if "/manifests/" in self.path:
            data = b"".join(self.receive())
            digest = "sha256:" + ("0" * 64 if options.fault == "wrong-digest" else hashlib.sha256(data).hexdigest())
            self.answer(201, [("Docker-Content-Digest", digest)])
            return
        if self.upload() is None:
            for _ in self.receive():
                pass
            self.refuse(404, "BLOB_UPLOAD_UNKNOWN")
            return
        (faults.get(options.fault, {}).get("PUT") or Handler.close_upload)(self)

    def close_upload(self):
        for data in self.receive():
            self.upload().extend(data)
        digest = self.query["digest"][0]
        if "sha256:" + hashlib.sha256(self.upload()).hexdigest() != digest:
            self.refuse(400, "DIGEST_INVALID")
            return
        with lock:
            stored[digest] = True
            print("stored", digest, file=log, flush=True)
        self.answer(201, [("Docker-Content-Digest", digest)])


# ---- faults ------------------------------------------------------------------------------------

def large(fault):
    """Of bodies of a MiB and more."""
    return lambda request: (fault if request.left >= 1 << 20 else Handler.close_upload)(request)


def once(name):
    with lock:
        seen[name] += 1
        return seen[name] == 1


def first(fault, then=Handler.close_upload):
    return lambda request: (fault if once(request.command) else then)(request)


def half(request):
    for data in request.receive(request.left // 2):
        request.upload().extend(data)
    request.hang_up()


def status(number, code, headers=()):
    def refuse(request):
        for _ in request.receive():
            pass
        request.refuse(number, code, headers)
    return refuse


def too_large(most):
    return lambda request: (status(413, "SIZE_INVALID") if request.left > most else
                            Handler.append if request.command == "PATCH" else Handler.close_upload)(request)


def not_alone(request):
    """Goes on only when another upload has begun, too."""
    if once("first"):
        request.close_upload()  # the config, which goes before the others
        return
    if not once("alone"):
        waiting.set()
    if waiting.wait(60):
        request.close_upload()
    else:
        status(403, "ALONE")(request)


def one_fails(request):
    """The largest is refused when another is on its way, which never gets an answer."""
    if once("first"):
        request.close_upload()  # the config, which goes before the others
        return
    if request.left >= 1 << 20:
        waiting.wait(60)
        status(403, "DENIED")(request)
        return
    waiting.set()
    for _ in request.receive():
        pass
    request.rfile.read(1)  # until the client hangs up
    with lock:
        print("hung up", file=log, flush=True)
    request.hang_up()


faults = {
    "breaks": {"PUT": large(first(half))},
    "breaks-again": {"PUT": large(first(half)), "PATCH": first(half, Handler.append)},
    "breaks-for-good": {"PUT": large(half), "PATCH": half},
    "forgets": {"PUT": large(first(half))},
    "miscounts": {"PUT": large(first(half))},
    "wants-large-pieces": {"PUT": large(first(half))},
    "too-large": {"PUT": too_large(4 << 20), "PATCH": too_large(4 << 20)},
    "too-large-for-all": {"PUT": too_large(1 << 18), "PATCH": too_large(1 << 18)},
    "busy": {"PUT": first(status(429, "TOOMANYREQUESTS", [("Retry-After", "0")]))},
    "trouble": {"PUT": first(status(503, "UNAVAILABLE"))},
    "denied": {"PUT": status(403, "DENIED")},
    "not-alone": {"PUT": not_alone},
    "one-fails": {"PUT": one_fails},
}

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("log")
parser.add_argument("--fault")
options = parser.parse_args()
log = open(options.log, "a", encoding="utf-8")
lock = threading.Lock()
seen = collections.Counter()
uploads, stored = {}, {}
waiting = threading.Event()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.handle_error = lambda *_: None
threading.Thread(target=server.serve_forever, daemon=True).start()
print("127.0.0.1:%d" % server.server_address[1], flush=True)
sys.stdin.read()
