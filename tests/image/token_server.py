#!/usr/bin/env python3
"""A token service for Debian's docker-registry (distribution's token specification):

    token_server.py KEY CERTIFICATE LOG

KEY signs, CERTIFICATE is what the registry trusts. somebody:secret may read and write everything,
nobody in particular may read what begins with public/. A refresh token, "refresh-me", is as good as
the password. Prints HOST:PORT; logs one line a request: METHOD, user, scopes."""
import base64
import http.server
import json
import subprocess
import sys
import time
import urllib.parse

KEY, CERTIFICATE, LOG = sys.argv[1:4]


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def certificate():
    return "".join(line for line in open(CERTIFICATE).read().splitlines() if "-----" not in line)


def sign(claims):
    header = {"alg": "RS256", "typ": "JWT", "x5c": [certificate()]}
    text = encode(json.dumps(header).encode()) + b"." + encode(json.dumps(claims).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", KEY], input=text,
                               capture_output=True, check=True).stdout
    return (text + b"." + encode(signature)).decode()


def granted(user, scope):
    kind, name, actions = scope.rsplit(":", 1)[0].split(":", 1) + [scope.rsplit(":", 1)[1]]
    wanted = actions.split(",")
    if not user:
        wanted = ["pull"] if "pull" in wanted and name.startswith("public/") else []
    return {"type": kind, "name": name, "actions": wanted}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def give(self, method, user, form):
        scopes = form.get("scope", [])
        with open(LOG, "a") as log:
            print(method, user or "-", " ".join(scopes), file=log)
        now = int(time.time())
        claims = {"iss": "tests", "sub": user or "", "aud": form.get("service", [""])[0],
                  "exp": now + 300, "nbf": now - 10, "iat": now, "jti": str(time.time_ns()),
                  "access": [granted(user, scope) for scope in scopes]}
        token = sign(claims)
        self.reply(200, {"token": token, "access_token": token, "expires_in": 300})

    def do_GET(self):
        form = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        given = self.headers.get("Authorization")
        if given and given != "Basic " + base64.b64encode(b"somebody:secret").decode():
            self.reply(401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong password"}]})
        else:
            self.give("GET", "somebody" if given else None, form)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        form = urllib.parse.parse_qs(self.rfile.read(length).decode())
        if form.get("grant_type") == ["refresh_token"] and form["refresh_token"] == ["refresh-me"]:
            self.give("POST", "somebody", form)
        else:
            self.reply(401, {"errors": [{"code": "UNAUTHORIZED", "message": "who?"}]})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
