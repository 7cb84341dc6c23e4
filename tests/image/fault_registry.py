#!/usr/bin/env python3
"""fault_registry.py LAYOUT LOG [--fault NAME] [--auth basic|bearer] [--tls PEM] -- a registry that
serves the first image of a layout as demo:1, with one fault.

Two servers on the loopback address, the registry and `other`, to which it redirects and where
tokens are given; their HOST:PORT are the two words of the one line on stdout. Every request is
a line of LOG: SERVER METHOD PATH authorization=… range=…  ("-": not sent). It ends with its stdin."""

import argparse
import base64
import collections
import http.server
import json
import re
import ssl
import sys
import threading
import time

USER = "somebody:secret"
TOKEN = "the-token"


class Image:
    def __init__(self, layout):
        self.layout = layout
        with open(layout + "/index.json", encoding="ascii") as file:
            self.entry = json.load(file)["manifests"][0]
        manifest = json.loads(self.blob(self.entry["digest"]))
        self.layers = [layer["digest"] for layer in manifest["layers"]]

    def blob(self, digest):
        with open("%s/blobs/%s" % (self.layout, digest.replace(":", "/")), "rb") as file:
            return file.read()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name):
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name

    def handle_error(self, request, client_address):
        pass  # lade hangs up whenever it has seen enough

    def where(self):
        return "127.0.0.1:%d" % self.server_address[1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), promised=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self):
        self.wfile.flush()
        self.close_connection = True

    def refuse(self, status, code="DENIED", message="not for you", headers=()):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.answer(status, body, headers)

    def redirect(self, url, status=307):
        self.answer(status, b"look there", [("Location", url)])

    def begin(self):
        """How many bytes the client has already."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        return int(found.group(1)) if found else 0

    def send_rest(self, data):
        begin = self.begin()
        if begin == 0:
            self.answer(200, data)
        elif begin >= len(data):
            self.answer(416)
        else:
            self.answer(206, data[begin:], [
                ("Content-Range", "bytes %d-%d/%d" % (begin, len(data) - 1, len(data)))])

    def serve(self):
        if self.kind == "manifest":
            self.answer(200, self.data(), [("Content-Type", image.entry["mediaType"])])
        else:
            self.send_rest(self.data())

    def data(self):
        return image.blob(self.digest)

    def find(self):
        """Sets kind and digest; False: there is no such thing."""
        found = re.fullmatch(r"/v2/demo/(manifests|blobs)/([^/?]+)", self.path.split("?")[0])
        if not found:
            return False
        self.digest = image.entry["digest"] if found.group(2) == "1" else found.group(2)
        self.kind = "layer" if self.digest in image.layers else "config"
        if found.group(1) == "manifests":
            self.kind = "manifest"
        return self.digest.startswith("sha256:")

    def do_GET(self):
        with lock:
            print(self.server.name, self.command, self.path,
                  "authorization=" + (self.headers.get("Authorization") or "-").replace(" ", ":"),
                  "range=" + (self.headers.get("Range") or "-"), file=log, flush=True)
            seen[self.server, self.path] += 1
            self.nth = seen[self.server, self.path]
        if self.path.startswith("/token"):
            give_token(self)
        elif "/tags/list" in self.path:
            list_tags(self)
        elif not self.find():
            self.refuse(404, "NAME_UNKNOWN", "no such thing")
        elif self.server is other:
            (elsewhere.get(options.fault) or Handler.serve)(self)
        elif is_authorized(self):
            (faults.get(options.fault) or Handler.serve)(self)

    do_HEAD = do_GET


# ---- who may ---------------------------------------------------------------------------------

def basic():
    return "Basic " + base64.b64encode(USER.encode()).decode()


def give_token(request):
    given = request.headers.get("Authorization")
    if options.fault == "no-token":
        request.answer(200, b'{"expires_in": 60}')
    elif options.fault == "token-trouble" and request.nth == 1:
        request.refuse(503)
    elif given not in (None, basic()):
        request.refuse(401, "UNAUTHORIZED", "wrong password")
    else:
        with lock:
            seen["tokens"] += 1
            token = TOKEN + (str(seen["tokens"]) if options.fault == "tokens-expire" else "")
        request.answer(200, json.dumps({"access_token": token, "expires_in": 1}).encode())


def is_worn_out(given):
    """Tokens that are good for one request."""
    if not given or not given.startswith("Bearer " + TOKEN):
        return True
    with lock:
        seen[given] += 1
        return seen[given] > 1


def is_authorized(request):
    given = request.headers.get("Authorization")
    challenges = {
        "basic": ["Negotiate", 'Digest realm="x, Basic y", nonce="a\\"b", Basic realm="test, \\"q\\""'],
        "bearer": ['Bearer realm="http://%s/token?from=here",service="the service",'
                   'scope="repository:demo:pull"' % other.where()],
    }
    wanted = {"basic": basic(), "bearer": "Bearer " + TOKEN}
    if options.fault == "tokens-expire":
        allowed = not is_worn_out(given)
    else:
        allowed = not options.auth or given == wanted[options.auth]
    if allowed:
        return True
    request.refuse(401, "UNAUTHORIZED", "who are you",
                   [("WWW-Authenticate", value) for value in challenges[options.auth]])
    return False


def list_tags(request):
    """Two pages, each the next of the other."""
    page = "b" if "last=a" in request.path else "a"
    request.answer(200, json.dumps({"name": "demo", "tags": [page]}).encode(), [
        ("Link", '</v2/demo/tags/list?n=1&last=%s>; rel="next"' % page)])


def schema_1(request):
    """What registries of long ago serve."""
    request.answer(200, json.dumps({
        "schemaVersion": 1, "name": "demo", "tag": "1", "architecture": "amd64",
        "fsLayers": [{"blobSum": image.layers[0]}], "history": [{"v1Compatibility": "{}"}],
    }).encode(), [("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws")])


# ---- the faults ------------------------------------------------------------------------------

def only(kind, fault, normal=Handler.serve):
    """A fault of one kind of thing: manifest, config, layer."""
    return lambda request: (fault if request.kind == kind else normal)(request)


def first(fault, then=Handler.serve):
    """A fault of the first answer for a thing."""
    return lambda request: (fault if request.nth == 1 else then)(request)


def status(number, code="DENIED", message="not for you", headers=()):
    return lambda request: request.refuse(number, code, message, headers)


def elsewhere_by(scheme):
    return lambda request: request.redirect("%s://%s%s" % (scheme, other.where(), request.path))


def half(request):
    data = request.data()
    request.answer(200, data[:len(data) // 2], promised=len(data))
    request.hang_up()


def short(request):
    """A document without its end, and its length told so."""
    request.answer(200, request.data()[:-10], [("Content-Type", image.entry["mediaType"])])


def hang(request):
    """Says that something comes, and nothing does until the client hangs up."""
    print("hangs", file=log, flush=True)
    request.send_response(200)
    request.send_header("Content-Length", str(len(request.data())))
    request.end_headers()
    request.rfile.read(1)
    request.hang_up()


def slowly(request):
    """In many small pieces, each on its way alone."""
    data = request.data()
    request.answer(200, b"", promised=len(data))
    for at in range(0, len(data), 4096):
        request.wfile.write(data[at:at + 4096])
        request.wfile.flush()
        time.sleep(0.002)


def whole(request):
    request.answer(200, request.data())


def wrong_range(request):
    data = request.data()
    request.answer(206, data, [("Content-Range", "bytes 0-%d/%d" % (len(data) - 1, len(data)))])


def nothing(request):
    request.answer(206 if request.begin() else 200, b"", promised=len(request.data()),
                   headers=[("Content-Range", "bytes %d-" % request.begin())])
    request.hang_up()


def wrong_bytes(request):
    data = bytearray(request.data())
    data[len(data) // 2] ^= 0xff
    request.answer(200, bytes(data))


def too_many(request):
    request.answer(200, request.data() + b"more")


def endless(request):
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    while True:
        request.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def many_parameters(request):
    """What a parser that copies the rest of the header for each value dies of."""
    request.refuse(401, headers=[("WWW-Authenticate", 'Bearer ' + 'a="",' * 15000)])


faults = {
    "redirect": elsewhere_by("http"),
    "redirect-layers": only("layer", elsewhere_by("http")),
    "redirect-challenged": only("layer", elsewhere_by("http")),
    "redirect-down": lambda request: request.redirect("https://127.0.0.1:1/"),
    "redirect-loop": lambda request: request.redirect(request.path, 302),
    "redirect-ftp": elsewhere_by("ftp"),
    "redirect-nowhere": lambda request: request.answer(302),
    "redirect-file": lambda request: request.redirect("file:///etc/passwd", 301),
    "busy": first(status(429, "TOOMANYREQUESTS", "slow", [("Retry-After", "1")])),
    "busy-until-date": first(status(429, "TOOMANYREQUESTS", "slow",
                                    [("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")])),
    "trouble": first(status(503)),
    "trouble-408": first(status(408)),
    "trouble-500": first(status(500)),
    "trouble-502": first(lambda request: request.answer(502, b"<html>bad gateway</html>")),
    "trouble-504": first(status(504)),
    "too-busy": status(429, "TOOMANYREQUESTS", "slow", [("Retry-After", "0")]),
    "slow": only("layer", slowly),
    "hangs": only("layer", hang),
    "short-manifest": only("manifest", short),
    "broken-manifest": only("manifest", first(half)),
    "redirect-broken": only("layer", elsewhere_by("http")),
    "redirect-refused": only("layer", elsewhere_by("http")),
    "trouble-for-good": status(500, "UNKNOWN", "disk on fire"),
    "broken": only("layer", first(half)),
    "broken-whole": only("layer", first(half, whole)),
    "broken-wrong-range": only("layer", first(half, wrong_range)),
    "broken-for-good": only("layer", first(half, nothing)),
    "too-many-bytes": only("layer", too_many),
    "wrong-manifest": only("manifest", wrong_bytes),
    "wrong-config": only("config", wrong_bytes),
    "wrong-layer": only("layer", wrong_bytes),
    "schema-1": only("manifest", schema_1),
    "endless": only("manifest", endless),
    "endless-layer": only("layer", endless),
    "status-401": status(401, "UNAUTHORIZED", "who are you"),
    "status-403": status(403),
    "status-404": status(404, "MANIFEST_UNKNOWN", "manifest unknown"),
    "rude": status(403, "DENIED", "\x1b]0;mine\x07\x1b[31mred\r\nlade: all is well\x7f\x9b"),
    "html": lambda request: request.answer(404, b"<html>" + b"\x1b[2J" * 50000),
    "many-parameters": many_parameters,
}
elsewhere = {
    "redirect-broken": first(half),
    "redirect-refused": status(403, "ExpiredToken", "the URL has expired"),
    "redirect-challenged": status(401, headers=[(
        "WWW-Authenticate", 'Basic realm="give me your password"')]),
}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layout")
    parser.add_argument("log")
    parser.add_argument("--fault")
    parser.add_argument("--auth", choices=["basic", "bearer"])
    parser.add_argument("--tls", help="a PEM file with certificate and key")
    return parser.parse_args()


options = parse()
image = Image(options.layout)
log = open(options.log, "a", encoding="utf-8")
lock = threading.Lock()
seen = collections.Counter()
main, other = Server("main"), Server("other")
if options.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.tls)
    main.socket = context.wrap_socket(main.socket, server_side=True, do_handshake_on_connect=False)
for server in (main, other):
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(main.where(), other.where(), flush=True)
sys.stdin.read()
