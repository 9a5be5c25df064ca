"""Entries of the history as ready rows, and all that is kept of one."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.review.text import visible
from mergeui.web.when import day, exact

# What has a place of its own on the page, in the order of the page.
DOCUMENTS = (
    ("contacts", "The contacts as they were then"),
    ("call", "The call, exactly"),
    ("answer", "The answer, exactly"),
    ("evidence", "What was read back"),
    ("differences", "What differed"),
    ("filters", "What was asked for"),
)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as one row."""

    number: int
    url: str
    time: str
    moment: str
    sentence: str
    links: list[tuple[str, str]]
    erased: bool


@dataclass(frozen=True, slots=True)
class Document:
    """Something kept as JSON, with a title."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Detail:
    """All that is kept of an entry."""

    rows: list[tuple[str, str]]
    documents: list[Document]


def row(entry: Entry) -> EntryRow:
    """One row of the list."""
    return EntryRow(
        number=entry.number,
        url=reverse("history_entry", args=[entry.number]),
        time=f"{entry.at:%H:%M}",
        moment=exact(entry.at),
        sentence=visible(describe(entry)),
        links=_links(entry),
        erased=entry.is_erased,
    )


def _links(entry: Entry) -> list[tuple[str, str]]:
    if entry.request_pk is not None:
        return [(reverse("request", args=[entry.request_pk]), f"Request {entry.request_pk}")]
    if entry.group_pk is not None:
        return [(reverse("group", args=[entry.group_pk]), f"Group {entry.group_pk}")]
    return []


def days(entries: Sequence[Entry]) -> list[tuple[str, list[EntryRow]]]:
    """The rows by the day that they belong to, in the order given."""
    found: list[tuple[str, list[EntryRow]]] = []
    for entry in entries:
        when = day(entry.at)
        if not found or found[-1][0] != when:
            found.append((when, []))
        found[-1][1].append(row(entry))
    return found


def detail(entry: Entry) -> Detail:
    """Who, when, from where, what exactly."""
    personal = entry.personal
    rows = [
        ("When", exact(entry.at)),
        ("Who", f"{entry.actor_name} ({entry.actor_role})"),
        ("From", entry.address),
        ("Action", entry.action_label),
        ("Note", _text(personal.get("note"))),
        *((_words(key), _text(value)) for key, value in entry.facts.items()),
        ("Names", _names(personal.get("names"))),
        ("Name typed", _text(personal.get("username"))),
        ("Web request", entry.request_id),
        ("Hash", entry.hash),
    ]
    documents = [
        Document(title, _json(personal[key])) for key, title in DOCUMENTS if personal.get(key)
    ]
    shown = [(name, visible(value)) for name, value in rows if value]
    return Detail([("Number", str(entry.number)), *shown], documents)


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _names(names: Any) -> str:
    if isinstance(names, dict):
        return ", ".join(f"{name} ({contact_id})" for contact_id, name in names.items())
    return _text(names)


def _json(value: Any) -> str:
    lines = json.dumps(value, indent=2, ensure_ascii=False).splitlines()
    return "\n".join(visible(line) for line in lines)


def batches(found: Any, size: int = 500) -> Iterator[Entry]:
    """Entries of a look-up, batch by batch: `found(before)` gives those before a number."""
    before = None
    while batch := list(_first(found(before), size)):
        yield from batch
        before = batch[-1].number


def _first(entries: Any, size: int) -> Iterable[Entry]:
    some: Iterable[Entry] = entries[:size]
    return some
