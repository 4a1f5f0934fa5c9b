"""A web server on 127.0.0.1 that serves one file, well or badly."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Serves `data` under any path; `faults` says what is wrong with the next answers, in order.

    A fault is None, the number of an error ("503"), "ends N" (the connection ends after N bytes of
    the answer), "stalls N", or the address that the answer redirects to. `versions` are other data
    and tags that come first. `requests` keeps the Range header of every request.
    """

    daemon_threads = True

    def __init__(self, data):
        super().__init__(("127.0.0.1", 0), Handler)
        self.data, self.tag, self.ranges, self.chunked = data, '"1"', True, False
        self.faults, self.versions, self.requests = [], [], []
        self.closing = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/files/tiny.tgz"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.requests.append(self.headers.get("Range"))
        fault = server.faults.pop(0) if server.faults else None
        kind, _, number = (fault or "").partition(" ")
        self.close_connection = True
        if kind.isdecimal():
            self.send_error(int(kind))
        elif "://" in kind:
            self.send_response(302)
            self.send_header("Location", kind)
            self.end_headers()
        else:
            self.send_part(kind, int(number or 0))

    def send_part(self, kind, number):
        server = self.server
        body, tag = server.versions.pop(0) if server.versions else (server.data, server.tag)
        if server.ranges and self.headers.get("If-Range") == tag:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            body = body[start:]
        else:
            self.send_response(200)
        if tag:
            self.send_header("ETag", tag)
        if server.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            self.send_header("Content-Length", str(len(body)))
            framed = body
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(framed[:number] if kind else framed)
            self.wfile.flush()
        if kind == "stalls":
            server.closing.wait(60)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve(data):
    """Give a running `Server`."""
    with Server(data) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()
