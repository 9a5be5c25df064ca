"""Pages of bare JSON arrays with their counts in the headers (invent-api.md, Pagination)."""

from __future__ import annotations

from collections.abc import Sequence

from mergeui.sandbox.directory import Json, encode
from mergeui.sandbox.faults import Faults
from mergeui.sandbox.http import Refused, Reply, Request

MOST_PER_PAGE = 100


def page_bounds(faults: Faults, request: Request) -> tuple[int, int]:
    """The page asked for and how many a page has; raises Refused with 400."""
    page = _number(request.query.get("page", "1"), "page")
    take = _number(request.query.get("take", str(MOST_PER_PAGE)), "take")
    if take > MOST_PER_PAGE:
        raise Refused(400, f"take must not be greater than {MOST_PER_PAGE}.")
    return (1 if faults.ignore_page else page), min(take, max(1, faults.most_per_page))


def page_reply(
    faults: Faults, entries: Sequence[bytes | Json], count: int, page: int, take: int
) -> Reply:
    """A page of JSON values, encoded or not."""
    encoded = (entry if isinstance(entry, bytes) else encode(entry) for entry in entries)
    reply = Reply.json_bytes(with_odd_values(faults, b"[" + b",".join(encoded) + b"]"))
    if faults.pagination_headers:
        reply.headers |= {
            "pagination-count": str(count),
            "pagination-page": str(page),
            "pagination-take": str(take),
        }
    return reply


def with_odd_values(faults: Faults, body: bytes) -> bytes:
    """The body with a channel type and a colour that no list knows, by a switch."""
    if not faults.unknown_enums:
        return body
    new_type = body.replace(b'"type":"gmail"', b'"type":"carrier_pigeon"')
    return new_type.replace(b'"color":"red"', b'"color":"infrared"')


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10) or int(text) < 1:
        raise Refused(400, f"{name} must be a whole number from 1.")
    return int(text)
