"""Does the history still say what it said? Reads the whole chain, a thousand entries at a time.

Plain SQL, the same on SQLite and PostgreSQL: the ORM would take half of the time, and an auditor
can run the statement.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import DatabaseError, connection

from mergeui.audit import canonical
from mergeui.audit.actions import Action
from mergeui.audit.anchor import Anchor
from mergeui.audit.models import Entry, Erasure
from mergeui.said import Said

BATCH = 1000  # entries to a query
PORTION = 100  # entries made into objects at a time: more would not stay in the processor's cache
START = Anchor(0, canonical.GENESIS)

# The bound stands twice, because PostgreSQL would read the payloads from the first one on.
_ROWS = """
SELECT number, CAST(at AS text), action, COALESCE(CAST(organization_id AS text), ''),
    COALESCE(CAST(actor_id AS text), ''), actor_name, actor_role, address, request_id, subject,
    facts_text, payload_mac, previous_hash, hash, key, data_text
FROM audit_entry
LEFT JOIN audit_payload ON entry_id = number AND entry_id > %s
WHERE number > %s
ORDER BY number
LIMIT %s
"""


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


class _Row(NamedTuple):
    """What _ROWS selects. Only _broken_link reads it by name: naming a million rows takes time."""

    number: int
    at: str
    action: str
    organization: str
    actor: str
    actor_name: str
    actor_role: str
    address: str
    request_id: str
    subject: str
    facts: str
    payload_mac: str
    previous_hash: str
    hash: str
    key: str | None
    data: str | None


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
    `progress` is told the last number of each batch. Memory: BATCH entries, whatever the size.
    """
    number, last_hash, redacted = start.number, start.hash, 0
    found: Break | None = None
    try:
        _starts_at_one()
        for noted in (start, *anchors):
            if broken := meets(noted):
                raise _Broken(*broken)
        for row in _rows(start.number, head().number if until is None else until):
            due = number + 1
            if row[0] != due or row[12] != last_hash or _digest(row, due) != row[13]:
                raise _broken_link(_Row._make(row), due, last_hash)
            if row[11] or row[15] is not None:
                redacted += _payload(due, row[11], row[14], row[15])
            number, last_hash = due, row[13]
            if number % BATCH == 0:
                progress(number)
    except _Broken as raised:
        found = raised.found
    progress(number)
    return Verification(number - start.number, Anchor(number, last_hash), redacted, found)


def _digest(row: tuple[Any, ...], number: int) -> str:
    """The hash that the row has under this number."""
    at = canonical.stored_moment(row[1])
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


def _rows(after: int, last: int) -> Iterator[tuple[Any, ...]]:
    """The entries after one number up to another.

    Batch by batch, so that no cursor stays open for long. Raises _Broken for an entry that the
    database can't even read: a byte that is no UTF-8, a damaged page.
    """
    size, before = BATCH, -1
    while before < after < last:
        before = after
        try:
            for row in _read(after, min(size, last - after)):
                yield row
                after = row[0]
        except DatabaseError as error:
            if size == 1:
                why = CANT_BE_READ(error=canonical.one_line(error, 200))
                raise _Broken(after + 1, "unreadable", why) from error
            size, before = 1, -1  # which one?


def _read(after: int, count: int) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [after, after, count])
        while rows := cursor.fetchmany(PORTION):
            yield from rows


def _broken_link(row: _Row, due: int, last_hash: str) -> _Broken:
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


def _payload(number: int, mac: str, key: str | None, data: str | None) -> int:
    """1 when the personal data were lawfully erased, 0 when they are as hashed. Raises _Broken."""
    if not mac:
        raise _Broken(number, "payload", "it has personal data, and was written without any")
    if data is None or key is None:
        if number in _erased_together_with(number):
            return 1
        raise _Broken(number, "payload", "its personal data are gone, and no erasure names it")
    try:
        holds = canonical.payload_mac(key, data) == mac
    except ValueError:
        holds = False
    if not holds:
        raise _Broken(number, "payload", "its personal data are not what was hashed")
    return 0


def _erased_together_with(number: int) -> set[int]:
    """The numbers that the erasure of this entry says it erased; empty without such an entry.

    The mark alone proves nothing: the entry that it names stands in the chain.
    """
    mark = Erasure.objects.filter(entry_id=number).select_related("by").first()
    if mark is None or mark.by.action != Action.PAYLOAD_ERASED or mark.by_id <= number:
        return set()
    numbers = mark.by.facts.get("numbers")
    return set(numbers) if isinstance(numbers, list) else set()
