"""Entries of the history as ready rows, and all that is kept of one."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mergeui.accounts.models import Role
from mergeui.audit.actor import NOBODY
from mergeui.audit.describe import describe
from mergeui.audit.models import Check, Entry
from mergeui.retold import retold
from mergeui.review.text import visible
from mergeui.web.excerpts import excerpt
from mergeui.web.facts import FACTS
from mergeui.web.when import clock, day, exact, number, short_day

# Who acts without a role, by what is kept of them.
OTHERS = {"system": gettext_noop("system"), "nobody": gettext_noop("nobody")}
# Facts that hold ids of contacts (audit/actions.py).
CONTACT_IDS = {"primary", "sources", "members", "merged", "unasked", "contacts"}
# What has a place of its own on the page, in the order of the page.
DOCUMENTS = (
    ("contacts", gettext_noop("The contacts as they were then")),
    ("call", gettext_noop("The call, exactly")),
    ("answer", gettext_noop("The answer, exactly")),
    ("evidence", gettext_noop("What was read back")),
    ("differences", gettext_noop("What differed")),
    ("filters", gettext_noop("What was asked for")),
)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as one row."""

    name: str
    url: str
    time: str
    moment: str
    sentence: str
    links: list[tuple[str, str]]
    erased: bool
    beyond: bool  # Invent merged more than was asked for


@dataclass(frozen=True, slots=True)
class Document:
    """Something kept as JSON, with a title; `left_out` says how much of it is not in the text."""

    title: str
    text: str
    left_out: str


@dataclass(frozen=True, slots=True)
class Detail:
    """All that is kept of an entry; `codes` with the page of each that has one, or empty."""

    rows: list[tuple[str, str]]
    codes: list[tuple[str, list[tuple[str, str]]]]
    documents: list[Document]


def row(entry: Entry) -> EntryRow:
    """One row of the list."""
    return EntryRow(
        name=_("Entry {number}").format(number=entry.number),
        url=reverse("history_entry", args=[entry.number]),
        time=clock(entry.at),
        moment=exact(entry.at),
        sentence=visible(describe(entry)),
        links=_links(entry),
        erased=entry.is_erased,
        beyond=bool(entry.facts.get("unasked")),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """An entry in the story of one request or contact. `iso` is for machines."""

    name: str
    url: str
    iso: str
    moment: str
    short_day: str
    clock: str
    sentence: str
    hash: str


def story(entries: Iterable[Entry]) -> list[Step]:
    """Entries as the steps of a story, in the order given."""
    return [
        Step(
            name=_("Entry {number}").format(number=entry.number),
            url=reverse("history_entry", args=[entry.number]),
            iso=entry.at.isoformat(),
            moment=exact(entry.at, to_second=True),
            short_day=short_day(entry.at),
            clock=f"{timezone.localtime(entry.at):%H:%M:%S}",
            sentence=visible(describe(entry)),
            hash=entry.hash,
        )
        for entry in entries
    ]


def verified(check: Check | None) -> str:
    """How far the history was verified, and whether it held."""
    if check is None:
        return _("Not verified yet: the worker does it")
    if check.broken:
        return _("Broken, as of {moment}").format(moment=exact(check.at))
    return _("Verified up to entry {number} on {moment}").format(
        number=number(check.number), moment=exact(check.at)
    )


def _links(entry: Entry) -> list[tuple[str, str]]:
    if entry.request_pk is not None:
        words = _("Request {number}").format(number=entry.request_pk)
        return [(reverse("request", args=[entry.request_pk]), words)]
    if entry.group_pk is not None:
        words = _("Group {number}").format(number=entry.group_pk)
        return [(reverse("group", args=[entry.group_pk]), words)]
    if entry.bulk_pk is not None:
        words = _("Bulk decision {number}").format(number=entry.bulk_pk)
        return [(reverse("bulk", args=[entry.bulk_pk]), words)]
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


def detail(entry: Entry, *, whole: bool = False) -> Detail:
    """Who, when, from where, what exactly; of long documents the beginning unless `whole`."""
    personal = entry.personal
    rows = [
        (_("When"), exact(entry.at, to_second=True)),
        (_("Who"), _who(entry)),
        (_("From"), entry.address),
        (_("Action"), entry.action_label),
        (_("Note"), _note(entry)),
        (_("Names"), _names(personal.get("names"))),
        (_("Name typed"), _text(personal.get("username"))),
    ]
    # What programs wrote for programs is shown as it is kept.
    codes = [
        *((_words(key), _parts(key, value)) for key, value in entry.facts.items()),
        (_("Web request"), _parts("", entry.request_id)),
        (_("Hash"), _parts("", entry.hash)),
    ]
    documents = [
        _document(_(title), personal[key], whole=whole)
        for key, title in DOCUMENTS
        if personal.get(key)
    ]
    rows.insert(0, (_("Number"), str(entry.number)))
    return Detail(_given(rows), [(name, parts) for name, parts in codes if parts], documents)


def _given(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, visible(value)) for name, value in rows if value]


def _note(entry: Entry) -> str:
    """What a person wrote as it was written; what the desk said, in the reader's language."""
    note = _text(entry.personal.get("note"))
    return retold(note) if entry.actor_id is None else note


def _who(entry: Entry) -> str:
    role = entry.actor_role
    label = str(Role(role).label) if role in Role.values else _(OTHERS.get(role, role))
    name = _(NOBODY) if entry.actor_id is None and entry.actor_name == NOBODY else entry.actor_name
    return f"{name} ({label.lower()})"


def _words(key: str) -> str:
    """The name of a fact; one that has no words yet as it is stored."""
    return str(FACTS.get(key) or key.replace("_", " ").capitalize())


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _parts(key: str, value: Any) -> list[tuple[str, str]]:
    """A fact in words, and where each leads: ids of contacts to what is known of them."""
    if key not in CONTACT_IDS:
        text = visible(_text(value))
        return [(text, "")] if text else []
    ids = value if isinstance(value, list) else [value]
    return [(visible(one), contact_url(one)) for one in ids if isinstance(one, str) and one]


def contact_url(contact_id: str) -> str:
    """The page of a contact; empty for an id that no address can hold."""
    try:
        return reverse("contact", args=[contact_id])
    except NoReverseMatch:
        return ""


def _names(names: Any) -> str:
    if isinstance(names, dict):
        return ", ".join(f"{name} ({contact_id})" for contact_id, name in names.items())
    return _text(names)


def _document(title: str, value: Any, *, whole: bool) -> Document:
    shown = excerpt(json.dumps(value, indent=2, ensure_ascii=False), whole=whole)
    text = "\n".join(visible(line) for line in shown.text.splitlines())
    return Document(title, text, shown.left_out)


def batches(found: Any, size: int = 500) -> Iterator[Entry]:
    """Entries of a look-up, batch by batch: `found(before)` gives those before a number."""
    before = None
    while batch := list(_first(found(before), size)):
        yield from batch
        before = batch[-1].number


def _first(entries: Any, size: int) -> Iterable[Entry]:
    some: Iterable[Entry] = entries[:size]
    return some
