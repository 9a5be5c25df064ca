"""A page of one heading and nothing else, answered as late as one likes: the floor of any page."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!doctype html><html lang=en><meta charset=utf-8><title>One</title><h1>One heading</h1>"


class Heading(BaseHTTPRequestHandler):
    """Answers `/12.5` after 12.5 milliseconds, and whatever is no number with 404."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        try:
            time.sleep(float(self.path[1:]) / 1000)
        except ValueError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing of what it answers."""


@contextmanager
def heading() -> Iterator[str]:
    """Its server, while the block runs; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Heading) as server:
        # A connection that a browser holds open must not hold the end up.
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
