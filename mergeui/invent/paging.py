"""Lists a page at a time (invent-api.md, Pagination)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mergeui.invent.errors import LIST, Malformed, Unavailable
from mergeui.said import Said

SAME_PAGE = Said("Invent could not be read: it sends the same page again and again.")
NO_END = Said("Invent could not be read: its list has no end.")

T = TypeVar("T")

MAX_TAKE = 100
# A million entries: far more than any org, and an end to a server that never runs out of pages.
MAX_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, with `count` as the vendor's total when it gave one.

    `take` is how many entries a full page has, by the vendor's word or else as asked for.
    `unreadable` holds the entries that had not the documented shape: they are in the list, so
    what is missing from `items` has not vanished.
    """

    items: tuple[T, ...]
    number: int
    take: int
    count: int | None
    unreadable: tuple[Malformed, ...] = ()

    @property
    def size(self) -> int:
        """How many entries came, readable or not."""
        return len(self.items) + len(self.unreadable)


def read_page(
    value: Any,
    headers: Mapping[str, str],
    *,
    number: int,
    take: int,
    read: Callable[[Any], T],
    tolerate: bool,
) -> Page[T]:
    """The page in the clean JSON `value`; raises Malformed when it is no list.

    An entry that can't be read raises Malformed too, unless they are to be tolerated: then only
    when not a single one can be read.
    """
    if not isinstance(value, list):
        raise Malformed("the list", LIST(), value)
    found: list[T] = []
    unreadable: list[Malformed] = []
    for entry in value:
        try:
            found.append(read(entry))
        except Malformed as error:
            unreadable.append(error)
    if unreadable and not (tolerate and found):
        raise unreadable[0]
    full = _number(headers.get("pagination-take"))
    full = full if full and full <= take else take
    count = _number(headers.get("pagination-count"))
    return Page(tuple(found), number, full, count, tuple(unreadable))


def pages(fetch: Callable[[int], Page[T]], identify: Callable[[T], object]) -> Iterator[Page[T]]:
    """The pages that are not empty, in order, until an empty one or a short last one.

    A short page with a `count` that says more is not the last: the vendor may give fewer than
    asked for. Raises Unavailable when the same page comes twice, as from a server that ignores
    `page`, and when there is no end.
    """
    seen: set[int] = set()
    received = 0
    for number in range(1, MAX_PAGES + 1):
        page = fetch(number)
        if not page.size:
            return
        mark = hash(tuple(map(identify, page.items)))
        if mark in seen:
            raise Unavailable(SAME_PAGE())
        seen.add(mark)
        yield page
        received += page.size
        if page.size < page.take and (page.count is None or received >= page.count):
            return
    raise Unavailable(NO_END())


def check_page(page: int, take: int) -> None:
    """Raise ValueError unless Invent would take these (400 otherwise)."""
    if page < 1 or not 1 <= take <= MAX_TAKE:
        raise ValueError(f"page must be at least 1 and take 1 to {MAX_TAKE}, not {page} and {take}")


def _number(text: str | None) -> int | None:
    # isdecimal alone also takes digits of other scripts, and a header may be of any length.
    return int(text) if text and len(text) <= 9 and text.isascii() and text.isdecimal() else None
