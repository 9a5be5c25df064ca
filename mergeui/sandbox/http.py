"""The little HTTP that the stand-in needs, on bare WSGI."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from mergeui.sandbox.directory import encode
from mergeui.sandbox.faults import Drop

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

LONGEST_BODY = 1024 * 1024


@dataclass(slots=True)
class Request:
    """What a handler looks at."""

    method: str
    segments: list[str]
    query: dict[str, str]
    body: bytes
    authorization: str
    client: str

    @classmethod
    def read(cls, environ: Environ) -> Request:
        """The request in a WSGI environment."""
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        length = min(int(environ.get("CONTENT_LENGTH") or 0), LONGEST_BODY)
        return cls(
            method=environ["REQUEST_METHOD"],
            segments=_path(environ.get("PATH_INFO", "")).strip("/").split("/"),
            query={name: values[-1] for name, values in query.items()},
            body=environ["wsgi.input"].read(length) if length else b"",
            authorization=environ.get("HTTP_AUTHORIZATION", ""),
            client=environ.get("REMOTE_ADDR", ""),
        )

    def json(self) -> Any:
        """The body as JSON; raises Refused with 400."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refused(400, "The body is not JSON.") from error


@dataclass(slots=True)
class Reply:
    """An answer. With `cut` the connection ends half-way through the body."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Reply:
        """An answer with a JSON body."""
        return cls.json_bytes(encode(value), status)

    @classmethod
    def json_bytes(cls, body: bytes, status: int = 200) -> Reply:
        """An answer with JSON that is encoded already."""
        return cls(status, body, {"Content-Type": "application/json; charset=utf-8"})

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        """The answer the WSGI way."""
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        status = f"{self.status} {_phrase(self.status)}"
        start_response(status, list(headers.items()))
        return self._first_half() if self.cut else [self.body]

    def _first_half(self) -> Iterator[bytes]:
        yield self.body[: len(self.body) // 2]
        raise Drop


class Refused(Exception):
    """A request that is answered with an error status and a word about it.

    What the bodies of the vendor's errors look like is unknown: this is one guess.
    """

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        body = {"statusCode": status, "message": message, "error": _phrase(status)}
        self.reply = Reply.json(body, status)
        self.reply.headers |= {name.replace("_", "-"): value for name, value in headers.items()}


def _path(path: str) -> str:
    # WSGI has the path's bytes as Latin-1; httpx's in-process transport has the real text.
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        return path


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
