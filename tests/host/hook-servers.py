#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hook-servers.py FOLDER: what the examples of hooks talk to, on ports of its own; prints HTTP SMTP.

HTTP: POST /hook is kept as FOLDER/hook. Below /s3 an object store, as far as rclone needs it: PUT, GET, HEAD of
objects, the list of a bucket; objects are files in FOLDER/s3, and each PUT is a line in FOLDER/puts. SMTP: a mail is
kept as FOLDER/mail.
"""
import hashlib
import http.server
import os
import socketserver
import sys
import threading
import urllib.parse

folder = sys.argv[1]


class Http(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def object(self):
        return os.path.join(folder, urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/"))

    def do_POST(self):
        with open(os.path.join(folder, "hook"), "ab") as out:
            out.write(self.body())
        self.answer(200)

    def do_PUT(self):
        data = self.body()
        os.makedirs(os.path.dirname(self.object()), exist_ok=True)
        with open(self.object(), "wb") as out:
            out.write(data)
        with open(os.path.join(folder, "puts"), "a", encoding="utf-8") as out:
            out.write(self.path + "\n")
        self.answer(200, ETag='"%s"' % hashlib.md5(data).hexdigest())

    def do_GET(self):
        if not os.path.isfile(self.object()):
            if "list-type" in self.path or "prefix" in self.path or self.path.endswith("/"):
                xml = b'<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
                self.answer(200, xml, Content_Type="application/xml")
            else:
                self.answer(404)
            return
        with open(self.object(), "rb") as data:
            body = data.read()
        self.answer(200, body, ETag='"%s"' % hashlib.md5(body).hexdigest(), Content_Length=str(len(body)),
                    Last_Modified="Sun, 22 Nov 2026 21:45:01 GMT")

    do_HEAD = do_GET


class Smtp(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 test")
        for line in self.rfile:
            word = line.strip().upper()
            if word == b"DATA":
                self.say("354 go on")
                with open(os.path.join(folder, "mail"), "wb") as out:
                    for text in self.rfile:
                        if text == b".\r\n":
                            break
                        out.write(text)
            if word == b"QUIT":
                self.say("221 bye")
                return
            self.say("250 good")


http_server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Http)
smtp_server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp)
threading.Thread(target=smtp_server.serve_forever, daemon=True).start()
print(http_server.server_address[1], smtp_server.server_address[1], flush=True)
http_server.serve_forever()
