"""The history as lines of text: one entry at a time, so that memory does not grow with it."""

import csv
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import dropwhile

from django.utils import translation

from mergeui.audit.describe import describe
from mergeui.audit.models import Entry

BATCH = 500  # entries held in memory at a time

COLUMNS = (
    "number",
    "at",
    "action",
    "actor",
    "role",
    "address",
    "request_id",
    "subject",
    "sentence",
    "facts",
    "erased",
    "hash",
)

# A spreadsheet takes such a cell for a formula; the second line is what it makes of the full-width
# forms. Python's csv does not care.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def everything(*, since: datetime | None = None, until: datetime | None = None) -> Iterator[Entry]:
    """All entries of the installation, oldest first; `since` is included, `until` is not.

    Batch by batch, so that no transaction and no cursor stays open while somebody reads slowly.
    """
    # Not joined: PostgreSQL would read the payloads from the first one on for each batch.
    wanted = Entry.objects.prefetch_related("payload").order_by("number")
    last = 0
    if since is not None:
        earlier = Entry.objects.filter(at__lt=since).order_by("-at", "-number")
        last = earlier.values_list("number", flat=True).first() or 0
    while batch := list(wanted.filter(number__gt=last)[:BATCH]):
        for entry in batch:
            if until is not None and entry.at >= until:
                return
            yield entry
        last = batch[-1].number


def rows(entries: Iterable[Entry], form: str) -> Iterator[str]:
    """The entries as text, a line each with its line end: `form` is "jsonl" or "csv".

    JSONL holds an entry exactly as it is stored, its personal data too; CSV holds its sentence, and
    nothing in it is taken for a formula. Give entries with their payloads selected. Raises KeyError
    for another form.
    """
    return FORMS[form](entries)


def _jsonl(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        payload = entry.stored
        plain = {
            "number": entry.number,
            "at": entry.at.isoformat(),
            "action": entry.action,
            "organization": entry.organization_id,
            "actor": entry.actor_id,
            "actor_name": entry.actor_name,
            "actor_role": entry.actor_role,
            "address": entry.address,
            "request_id": entry.request_id,
            "subject": entry.subject,
            "payload_mac": entry.payload_mac,
            "previous_hash": entry.previous_hash,
            "hash": entry.hash,
            "erased": entry.is_erased,
        }
        head = json.dumps(plain, ensure_ascii=False)[:-1]
        # The stored text itself: parsed and written again, it might come out differently.
        data = "null" if payload is None else payload.data_text
        yield f'{head}, "facts": {entry.facts_text}, "personal": {data}}}\n'


def _csv(entries: Iterable[Entry]) -> Iterator[str]:
    line: list[str] = []
    writer = csv.writer(_Into(line))
    writer.writerow(COLUMNS)
    yield line.pop()
    for entry in entries:
        cells = (
            entry.number,
            entry.at.isoformat(),
            entry.action,
            entry.actor_name,
            entry.actor_role,
            entry.address,
            entry.request_id,
            entry.subject,
            in_english(entry),
            entry.facts_text,
            "yes" if entry.is_erased else "",
            entry.hash,
        )
        writer.writerow([harmless(str(cell)) for cell in cells])
        yield line.pop()


def in_english(entry: Entry) -> str:
    """The entry's sentence in one language, whoever takes the file away: two files can be compared.

    The language is set for each sentence, because somebody else's page may be made between two
    lines of a file in the same thread.
    """
    with translation.override("en"):
        return describe(entry)


def harmless(cell: str) -> str:
    """`cell` with an apostrophe before it when a spreadsheet would take it for a formula.

    Whatever does not show before the first sign may be dropped on the way there.
    """
    shown = dropwhile(lambda char: unicodedata.category(char)[0] in "CZ", cell)
    return f"'{cell}" if cell.startswith(_FORMULA) or next(shown, "") in _FORMULA else cell


class _Into:
    """What csv.writer writes to: the line it made, for us to yield."""

    def __init__(self, line: list[str]) -> None:
        self.write = line.append


FORMS: dict[str, Callable[[Iterable[Entry]], Iterator[str]]] = {"jsonl": _jsonl, "csv": _csv}
