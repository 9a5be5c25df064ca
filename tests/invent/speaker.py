"""A server that speaks byte for byte what a test tells it to, and remembers what it heard."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Act = Callable[[socket.socket], None]


@dataclass
class Heard:
    """The address of the server, and the bytes of each connection that was made to it."""

    url: str
    connections: list[bytes] = field(default_factory=list)


def say(text: bytes) -> Act:
    """Answer with these bytes and end the connection."""
    return lambda connection: connection.sendall(text)


def answer(status: int, body: bytes = b"{}", headers: bytes = b"") -> Act:
    """A whole HTTP answer."""
    length = str(len(body)).encode()
    start = b"HTTP/1.1 %d Said\r\nContent-Length: %b\r\n" % (status, length)
    return say(start + headers + b"\r\n" + body)


def hang_up(connection: socket.socket) -> None:
    """End the connection without a word."""


def reset(connection: socket.socket) -> None:
    """Break the connection off, as when a machine on the way restarts."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stay_silent(connection: socket.socket) -> None:
    """Wait until the other side gives up."""
    connection.settimeout(5)
    with suppress(OSError):
        connection.recv(1)


@contextmanager
def speaking(*acts: Act) -> Iterator[Heard]:
    """Serve one connection for each act, in order; the last act serves all further ones."""
    listener = socket.create_server(("127.0.0.1", 0))
    heard = Heard(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def serve() -> None:
        number = 0
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                heard.connections.append(_request(connection))
                acts[min(number, len(acts) - 1)](connection)
            number += 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _request(connection: socket.socket) -> bytes:
    connection.settimeout(2)
    got = b""
    while b"\r\n\r\n" not in got and not got.startswith(b"\x16"):
        part = connection.recv(65536)
        if not part:
            return got
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = (int(lengths[0].split(b":")[1]) if lengths else 0) - len(body)
    while missing > 0:
        part = connection.recv(65536)
        got, missing = got + part, missing - len(part)
    return got
