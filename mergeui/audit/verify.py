"""Does the history still say what it said? Follows the whole chain, batch by batch."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import DatabaseError

from mergeui.audit import canonical, rows
from mergeui.audit.actions import Action
from mergeui.audit.anchor import Anchor
from mergeui.audit.models import Entry, Erasure
from mergeui.audit.rows import Row
from mergeui.said import Said

START = Anchor(0, canonical.GENESIS)


# Why the chain breaks, as it completes "Entry 12: …".
ENDS_EARLY = Said("the history ends at {last}, but entry {number} had been noted")
ENTRY_MISSING = Said("entry {number} is missing")
ENTRIES_MISSING = Said("entries {first} to {last} are missing")
NOT_AS_NOTED = Said(
    "its hash is not the one that had been noted: it, or one before it, was rewritten"
)
CANT_BE_READ = Said("the database can't read it: {error}")
SWAPPED = Said("what was written as entry {number} is in its place")
CHANGED = Said("its content is not what was hashed")
FORKED = Said("it follows entry {number} instead of entry {due}")
REWRITTEN = Said("it was changed and hashed anew: entry {number} still follows what it was before")
NO_START = Said("it is no start")
WRITTEN_WITHOUT = Said("it has personal data, and was written without any")
NOT_AS_HASHED = Said("its personal data are not what was hashed")
ERASED_BY_NONE = Said("its personal data are gone, and no erasure names it")


class Break(NamedTuple):
    """Where the chain breaks first: the entry's number, a word for what it is, and a sentence.

    `kind`: changed, missing, swapped, rewritten, forked, payload, cut, foreign or unreadable.
    """

    number: int
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Verification:
    """How many entries hold after the start, up to which one, how many were erased lawfully."""

    entries: int
    head: Anchor
    redacted: int
    broken: Break | None

    @property
    def holds(self) -> bool:
        """Whether nothing is broken."""
        return self.broken is None


class _Broken(Exception):
    def __init__(self, number: int, kind: str, why: str) -> None:
        super().__init__(why)
        self.found = Break(number, kind, why)


def verify(
    *,
    start: Anchor = START,
    until: int | None = None,
    anchors: Iterable[Anchor] = (),
    progress: Callable[[int], object] = lambda number: None,
) -> Verification:
    """Checks every entry after `start` (the head of an earlier verification), in order.

    `until` is the number of the last entry to check; without it, the last one that there is.

    With `anchors`, a chain that was cut before one or rebuilt differently is found too.
    `progress` is told the last number of each batch. Memory stays the same whatever the size.
    """
    walk = _Walk(start)
    found: Break | None = None
    try:
        _starts_at_one()
        for noted in (start, *anchors):
            if broken := meets(noted):
                raise _Broken(*broken)
        walk.to(head().number if until is None else until, progress)
    except _Broken as raised:
        found = raised.found
    reached = Anchor(walk.number, walk.hash)
    return Verification(walk.number - start.number, reached, walk.redacted, found)


class _Walk:
    """How far the chain was followed and holds: up to the entry `number`, which has this `hash`.

    `gone` are the entries since the last batch that had personal data and have none: (number, hash
    of the entry before).
    """

    def __init__(self, start: Anchor) -> None:
        self.number, self.hash, self.redacted = start.number, start.hash, 0
        self.gone: list[tuple[int, str]] = []

    def to(self, last: int, progress: Callable[[int], object]) -> None:
        """Goes on to the entry `last`, batch by batch, so that no cursor stays open for long.

        Raises _Broken where the chain breaks, also for an entry that the database can't even read:
        a byte that is no UTF-8, a damaged page.
        """
        size, before = rows.BATCH, -1
        while before < self.number < last:
            before = self.number
            try:
                with closing(rows.read(before, min(size, last - before))) as entries:
                    broken = self.over(entries)
            except DatabaseError as error:
                if size == 1:
                    why = CANT_BE_READ(error=canonical.one_line(error, 200))
                    raise _Broken(self.number + 1, "unreadable", why) from error
                size, before = 1, -1  # which one?
                continue
            self.look_at_erasures()
            progress(self.number)
            if isinstance(broken, Row):
                raise _broken_link(broken, self.number + 1, self.hash)
            if broken:
                raise _Broken(*broken)

    def over(self, entries: Iterable[tuple[Any, ...]]) -> Row | Break | None:
        """Follows the chain over these entries; gives what breaks it.

        Without a call of ours for what is as it should be: a million of them take a second. Nothing
        is asked of the database while it still sends.
        """
        number, last_hash = self.number, self.hash
        try:
            for row in entries:
                at, mac, data = row[1], row[11], row[15]
                if len(at) != canonical.MOMENT:
                    at = canonical.stored_moment(at)
                lines = "\n".join((canonical.FORMAT, str(number + 1), at, *row[2:13])).encode()
                as_hashed = sha256(lines).hexdigest() == row[13]
                if not as_hashed or row[12] != last_hash or row[0] != number + 1:
                    return Row._make(row)
                if data is not None:
                    if not mac:
                        return Break(number + 1, "payload", WRITTEN_WITHOUT())
                    if not _as_hashed(mac, row[14], data):
                        return Break(number + 1, "payload", NOT_AS_HASHED())
                elif mac:
                    self.gone.append((number + 1, last_hash))
                number, last_hash = number + 1, row[13]
        finally:
            self.number, self.hash = number, last_hash
        return None

    def look_at_erasures(self) -> None:
        """Whether what is gone was erased lawfully. Raises _Broken for the first that was not.

        A mark alone proves nothing: the entry that it names stands in the chain, came later, and
        says itself what it erased.
        """
        gone, self.gone = self.gone, []
        by = dict(
            Erasure.objects.filter(entry_id__in=[number for number, _ in gone]).values_list(
                "entry_id", "by_id"
            )
        )
        erased = {entry.number: _erased_by(entry) for entry in _erasing(set(by.values()))}
        for number, hash_before in gone:
            if by.get(number, 0) <= number or number not in erased.get(by[number], ()):
                self.number, self.hash = number - 1, hash_before
                raise _Broken(number, "payload", ERASED_BY_NONE())
            self.redacted += 1


def _erasing(numbers: set[int]) -> Iterable[Entry]:
    return Entry.objects.filter(number__in=numbers, action=Action.PAYLOAD_ERASED)


def _erased_by(entry: Entry) -> set[int]:
    """The numbers that this erasure says it erased."""
    numbers = entry.facts.get("numbers")
    return set(numbers) if isinstance(numbers, list) else set()


def _as_hashed(mac: str, key: str, data: str) -> bool:
    """Whether these personal data are those that the entry was written with."""
    try:
        return canonical.quick_mac(key, data) == mac
    except ValueError:  # the key is none
        return False


def _digest(row: Row, number: int) -> str:
    """The hash that the row has under this number."""
    at = canonical.stored_moment(row.at)
    return canonical.entry_hash("\n".join((canonical.FORMAT, str(number), at, *row[2:13])))


def _starts_at_one() -> None:
    foreign = Entry.objects.filter(number__lt=1).values_list("number", flat=True).first()
    if foreign is not None:
        raise _Broken(foreign, "foreign", "the history starts at 1")


def head() -> Anchor:
    """The last entry as it is now: an anchor, or a high-water mark, to be kept elsewhere."""
    last = Entry.objects.order_by("-number").values_list("number", "hash").first()
    return Anchor(*last) if last else START


def meets(noted: Anchor) -> Break | None:
    """Whether the database still has what was noted earlier: None, or what became of it.

    Quick, at any size: it looks at one entry. "cut" is also what a restored backup looks like.
    """
    if not noted.number:
        return None
    found = Entry.objects.filter(number=noted.number).values_list("hash", flat=True).first()
    if found is None and (last := head().number) < noted.number:
        why = ENDS_EARLY(last=last, number=noted.number)
        return Break(last + 1, "cut", why)
    if found is None:
        return Break(noted.number, "missing", ENTRY_MISSING(number=noted.number))
    if found != noted.hash:
        why = NOT_AS_NOTED()
        return Break(noted.number, "rewritten", why)
    return None


def _broken_link(row: Row, due: int, last_hash: str) -> _Broken:
    """Why this row does not follow: asked only once, so it may take a second."""
    if row.number != due:
        last = row.number - 1
        alone = due == last
        why = ENTRY_MISSING(number=due) if alone else ENTRIES_MISSING(first=due, last=last)
        return _Broken(due, "missing", why)
    if _digest(row, due) != row.hash:
        for other in range(1, head().number + 1):
            if _digest(row, other) == row.hash:
                return _Broken(due, "swapped", SWAPPED(number=other))
        return _Broken(due, "changed", CHANGED())
    other_entry = Entry.objects.filter(hash=row.previous_hash).first()
    if other_entry is not None:
        why = FORKED(number=other_entry.number, due=due - 1)
        return _Broken(due, "forked", why)
    why = REWRITTEN(number=due)
    return _Broken(due - 1, "rewritten", why) if due > 1 else _Broken(1, "cut", NO_START())
