"""The stand-in over a socket: a threaded HTTP/1.1 server with kept connections."""

from __future__ import annotations

import io
import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

from mergeui.sandbox.faults import Drop, Hang
from mergeui.sandbox.http import Environ

WsgiApp = Callable[[Environ, Any], Iterable[bytes]]

logger = logging.getLogger("mergeui.sandbox")


class Server(ThreadingHTTPServer):
    """Serves a WSGI app on `host`:`port`, a thread a connection; port 0 picks a free one."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, app: WsgiApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self.app = app
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        """The address to call."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def server_bind(self) -> None:
        """Bind, without asking the name service for the host's name as the base class does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Keep track of the connection, so that closing can end it."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that ended."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; an error of the app is."""
        error = sys.exception()
        if not isinstance(error, OSError):
            logger.error("The stand-in failed to answer a request", exc_info=error)

    def close(self) -> None:
        """Stop, and end all connections."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """One connection: requests are read, handed to the app, and answered in one packet."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    timeout = 120
    server: Server

    def do_any(self) -> None:
        """Answer one request."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self.close_connection = True
            self.send_error(411)
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            # The client is gone in the middle. What came is no request: without its body, a merge
            # would even be the one that names no sources.
            self.close_connection = True
            return
        try:
            for part in self.server.app(self._environ(body), self._start):
                self.wfile.write(part)
        except Hang as hang:
            self.server.stopping.wait(hang.seconds)
            self.close_connection = True
        except Drop:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_any

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def _environ(self, body: bytes) -> Environ:
        path, _, query = self.path.partition("?")
        return {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_name,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **{
                f"HTTP_{name.upper().replace('-', '_')}": value
                for name, value in self.headers.items()
            },
        }

    def version_string(self) -> str:
        """The Server header."""
        return "sandbox"

    def log_message(self, format: str, *args: Any) -> None:
        """No log of requests: addresses hold personal data, and a sync has thousands."""


@contextmanager
def running(app: WsgiApp, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve the app from a thread while the block runs; gives the base URL."""
    server = Server(app, host, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.close()
        thread.join()
