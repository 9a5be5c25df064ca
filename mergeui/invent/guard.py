"""No merge call leaves this machine unless its final bytes name its sources (design.md, rule 6).

A body without `source_contact_ids` merges everything that Invent has detected, and a merge can't
be undone. So the last thing before the network looks at what is really about to be sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import httpx

from mergeui.invent.errors import InvalidMerge
from mergeui.said import Said

MAX_SOURCES = 50
CALL_EXTENSION = "mergeui.merge_call"

NO_SOURCES = Said("A merge needs its sources named: a tuple of ids, not empty.")
TOO_MANY = Said("A merge takes {most} sources at most, not {number}.")
NO_ID = Said("A merge was asked for with something that is no id: {error}.")
REPEATED = Said("A merge names each source once; one is repeated.")
ITSELF = Said("The primary of a merge can't be one of its sources.")
NOT_PREPARED = Said("A merge call may only be sent by send_merge.")
STOPPED = Said("A merge call was stopped: its {what} is not what was asked for.")

_KEY = "source_contact_ids"
_READING_METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class MergeCall:
    """One merge call, ready to be stored and then sent: all of it but the key."""

    primary_id: str
    source_ids: tuple[str, ...]
    method: str
    url: str
    body: str


def quoted_id(contact_id: object) -> str:
    """`contact_id` as one segment of a path; raises ValueError when it could be anything else.

    Ids are opaque (invent-api.md, Conventions), but a slash, `.` or `..` would lead to another
    address even when quoted, because proxies and servers undo the quoting before they route.
    """
    if not isinstance(contact_id, str) or not contact_id:
        raise ValueError("an id must be text and not empty")
    if contact_id in (".", "..") or not contact_id.isprintable() or "\ufffd" in contact_id:
        raise ValueError(f"{ascii(contact_id)[:60]} can't be an id")
    if "/" in contact_id or "\\" in contact_id:
        raise ValueError(f"{ascii(contact_id)[:60]} can't be an id: it holds a slash")
    return quote(contact_id, safe="")


def merge_body(primary_id: str, source_ids: tuple[str, ...]) -> str:
    """The JSON body of a merge; raises InvalidMerge unless Invent's rules for it are kept.

    1 to 50 distinct ids without the primary (invent-api.md, POST …/merge).
    """
    if not isinstance(source_ids, tuple) or not source_ids:
        raise InvalidMerge(NO_SOURCES())
    if len(source_ids) > MAX_SOURCES:
        raise InvalidMerge(TOO_MANY(most=MAX_SOURCES, number=len(source_ids)))
    try:
        for contact_id in (primary_id, *source_ids):
            quoted_id(contact_id)
    except ValueError as error:
        raise InvalidMerge(NO_ID(error=error)) from error
    if len(set(source_ids)) != len(source_ids):
        raise InvalidMerge(REPEATED())
    if primary_id in source_ids:
        raise InvalidMerge(ITSELF())
    return json.dumps({_KEY: list(source_ids)}, separators=(",", ":"))


class GuardedTransport(httpx.BaseTransport):
    """Passes requests on to `inner`, and merges only when they are exactly what was asked for."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; raises InvalidMerge before anything is sent."""
        if _may_merge(request):
            _check(request)
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the transport within."""
        self._inner.close()


def _segments(request: httpx.Request) -> list[str]:
    path = request.url.raw_path.partition(b"?")[0].decode("ascii")
    return [segment for segment in path.split("/") if segment]


def _may_merge(request: httpx.Request) -> bool:
    # Wider than the one address, so that no variant of it (a slash at the end, another case, an
    # escaped letter) slips by; no other address of the vendor has such a segment.
    writes = request.method not in _READING_METHODS
    return writes and any(unquote(part).lower() == "merge" for part in _segments(request))


def _check(request: httpx.Request) -> None:
    call = request.extensions.get(CALL_EXTENSION)
    if not isinstance(call, MergeCall):
        raise InvalidMerge(NOT_PREPARED())
    content = request.read()
    wanted_headers = {"content-type": "application/json", "content-length": str(len(content))}
    segments = _segments(request)
    for wrong, what in (
        (request.method != "POST" or call.method != "POST", "method"),
        (str(request.url) != call.url, "address"),
        (segments[-3:] != ["contacts", quoted_id(call.primary_id), "merge"], "primary"),
        (any(request.headers.get(k) != v for k, v in wanted_headers.items()), "headers"),
        ("transfer-encoding" in request.headers, "headers"),
        ("content-encoding" in request.headers, "headers"),
        (content != merge_body(call.primary_id, call.source_ids).encode(), "body"),
        (_decoded(content) != [(_KEY, list(call.source_ids))], "sources"),
    ):
        if wrong:
            raise InvalidMerge(STOPPED(what=what))
    # The transport sends the stream, not the content: make them one and the same.
    request.stream = httpx.ByteStream(content)


def _decoded(content: bytes) -> Any:
    # Pairs instead of a dict, so that a repeated key can't hide behind the last one.
    try:
        return json.loads(content, object_pairs_hook=list)
    except ValueError:
        return None
