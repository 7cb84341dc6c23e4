#!/usr/bin/env python3
"""proxy.py LOG HOST:PORT -- a proxy for plain http, which takes every request to HOST:PORT; TLS it
tunnels nowhere. Prints its own HOST:PORT; a line of LOG is a request: METHOD URL."""
import http.server
import sys
import urllib.error
import urllib.parse
import urllib.request

LOG, TARGET = sys.argv[1:3]
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Proxy(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def note(self):
        with open(LOG, "a", encoding="utf-8") as log:
            print(self.command, self.path, file=log)

    def do_CONNECT(self):
        self.note()
        self.send_error(403)

    def do_GET(self):
        self.note()
        url = urllib.parse.urlsplit(self.path)
        request = urllib.request.Request("http://%s%s?%s" % (TARGET, url.path, url.query))
        request.add_header("Accept", self.headers.get("Accept") or "*/*")
        try:
            answer = direct.open(request)
        except urllib.error.HTTPError as error:
            answer = error
        body = answer.read()
        self.send_response(answer.status)
        for name in ("Content-Type", "Docker-Content-Digest"):
            if answer.headers.get(name):
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
print("127.0.0.1:%d" % server.server_address[1], flush=True)
server.serve_forever()
