"""A long list of duplicate groups in a file, page by page, and a transport that serves it.

Apart from the sandbox, because a benchmark of memory must not hold the world that it reads.
"""

import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from mergeui.sandbox.directory import Json, encode
from mergeui.sandbox.maker import Maker
from mergeui.sandbox.names import pick_name

TAKE = 100
# Answers a minute, evenly spread, 0 for no limit. The desk's own budget lets a burst through before
# it makes anybody wait, so a short run by it would not be like the minutes of a long one.
PER_MINUTE = 0
# Most groups are pairs, few are large: five contacts a group on the average.
SIZES, WEIGHTS = (2, 3, 4, 6, 10, 20, 40, 64), (480, 200, 120, 90, 60, 30, 15, 5)
# Rows of so many different groups; the ids and addresses in them are new for each.
PATTERNS = 400
_MARK = re.compile(rb"(contact|channel)_\w{22}|person\d+@")


def write(path: Path, groups: int, seed: int = 1) -> None:
    """Writes the pages of a world of `groups` groups with two channels and up to three segments."""
    make = Maker(seed)
    dice = random.Random(seed)
    patterns = [encode(_group(make, dice, number)) for number in range(PATTERNS)]
    with path.open("wb") as file:
        for start in range(0, groups, TAKE):
            some = (_renewed(dice, dice.choice(patterns)) for _ in range(min(TAKE, groups - start)))
            file.write(b"[%b]\n" % b",".join(some))


def _group(make: Maker, dice: random.Random, number: int) -> Json:
    name = pick_name(make.pick)
    address = f"person{number}@example.com"
    primary, *duplicates = (
        make.contact(name.variant(make.pick), [make.by_email(address), make.by_chat(name)])
        for _ in range(dice.choices(SIZES, WEIGHTS)[0])
    )
    return {"primary": primary, "duplicates": duplicates}


def _renewed(dice: random.Random, group: bytes) -> bytes:
    """The same group with ids and an address that no other has."""
    address = b"person%d@" % dice.getrandbits(48)

    def other(match: re.Match[bytes]) -> bytes:
        kind = match.group(1)
        return b"%b_%022x" % (kind, dice.getrandbits(88)) if kind else address

    return _MARK.sub(other, group)


class Listing(httpx.BaseTransport):
    """Answers every request with the page that it asks for, out of the file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._starts = list(self._lines())
        self._due = time.monotonic()

    def _lines(self) -> Iterator[int]:
        start = 0
        for line in self._file:
            yield start
            start += len(line)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One page; an empty one after the last."""
        if PER_MINUTE:
            time.sleep(max(0.0, self._due - time.monotonic()))
            self._due += 60 / PER_MINUTE
        number = int(request.url.params["page"]) - 1
        if number >= len(self._starts):
            return httpx.Response(200, content=b"[]")
        self._file.seek(self._starts[number])
        return httpx.Response(200, content=self._file.readline())

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
