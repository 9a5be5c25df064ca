"""What the contacts of a group share, where they differ. Pure: contacts in, rows out.

One column a contact, in the order given; every row says in words how its cells relate, so that
colour is never the only sign.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mergeui.invent import Channel, Contact
from mergeui.review.evidence import Link, links, sentence
from mergeui.review.risk import Caution, cautions
from mergeui.review.text import channel_address, channel_name, display_name, shortened, visible


class Verdict(StrEnum):
    """How the cells of a row relate; the value serves as a style's name."""

    SAME = "same"
    SHARED = "shared"
    DIFFERENT = "different"
    SINGLE = "single"
    EMPTY = "empty"


class Kind(StrEnum):
    """What stands in the cells of a row."""

    TEXT = "text"
    MOMENT = "moment"
    CHANNEL = "channel"
    LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Label:
    """A segment on a contact. `shared`: another contact has it too."""

    name: str
    color: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One contact's part of a row.

    `text` is what to show first, empty when there is nothing. `marked` says that it is one of the
    values that agree in a row where not all do. `details` are further (name, value) pairs of a
    channel; `link` is as received and not to be trusted.
    """

    text: str = ""
    moment: datetime | None = None
    marked: bool = False
    details: tuple[tuple[str, str], ...] = ()
    link: str = ""
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute of all contacts. `words` is the verdict in words."""

    label: str
    kind: Kind
    verdict: Verdict
    words: str
    cells: tuple[Cell, ...]
    note: str = ""

    @property
    def foldable(self) -> bool:
        """Whether it tells nothing to decide by: the same, or nothing, in every column."""
        return self.verdict in {Verdict.SAME, Verdict.EMPTY}


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that the compare page shows of its contacts."""

    contacts: tuple[Contact, ...]
    names: tuple[str, ...]
    person: tuple[Row, ...]
    channels: tuple[Row, ...]
    segments: Row
    links: tuple[Link, ...]
    reasons: tuple[str, ...]
    cautions: tuple[Caution, ...] = field(default=())

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row, in the order of the page."""
        return (*self.person, *self.channels, self.segments)


def compare(contacts: Sequence[Contact]) -> Comparison:
    """Compares two or more contacts, the recommended primary first."""
    found = links(contacts)
    return Comparison(
        contacts=tuple(contacts),
        names=tuple(display_name(contact) for contact in contacts),
        person=_person(contacts),
        channels=_channels(contacts),
        segments=_segments(contacts),
        links=found,
        reasons=tuple(sentence(link, contacts) for link in found),
        cautions=cautions(contacts, found),
    )


def _person(contacts: Sequence[Contact]) -> tuple[Row, ...]:
    return (
        _text_row("Name", contacts, lambda c: visible(shortened(c.name or "", 512))),
        _text_row("Messages", contacts, _reach),
        _text_row(
            "Blocked", contacts, lambda c: _since("Blocked", c.blocked_at) if c.blocked else "No"
        ),
        _text_row("Your team", contacts, lambda c: "Admin in Invent" if c.is_admin else "No"),
        _moment_row("Created", contacts, lambda c: c.created_at),
        _moment_row("Last updated", contacts, lambda c: c.updated_at),
        _text_row(
            "Contact id", contacts, lambda c: visible(c.id), note="Each contact has its own."
        ),
    )


def _reach(contact: Contact) -> str:
    if contact.unsubscribed is None:
        return "Not said by Invent"
    if not contact.unsubscribed:
        return "Receives messages"
    reason = contact.unsubscribe_reason or contact.unsubscribe_feedback
    why = f": {visible(shortened(reason, 200))}" if reason else ""
    return _since("Unsubscribed", contact.unsubscribed_at) + why


def _since(what: str, moment: datetime | None) -> str:
    return f"{what} since {moment.day} {moment:%B %Y}" if moment else what


def _text_row(
    label: str, contacts: Sequence[Contact], read: Callable[[Contact], str], note: str = ""
) -> Row:
    texts = [read(contact).strip() for contact in contacts]
    verdict, words, agreeing = _judge(texts)
    cells = tuple(Cell(text=text, marked=text in agreeing) for text in texts)
    return Row(label, Kind.TEXT, verdict, words, cells, note)


def _moment_row(
    label: str, contacts: Sequence[Contact], read: Callable[[Contact], datetime | None]
) -> Row:
    moments = [read(contact) for contact in contacts]
    verdict, words, _ = _judge([m.isoformat() if m else "" for m in moments])
    cells = tuple(Cell(text=f"{m.day} {m:%b %Y}" if m else "", moment=m) for m in moments)
    return Row(label, Kind.MOMENT, verdict, words, cells)


def _judge(texts: Sequence[str]) -> tuple[Verdict, str, set[str]]:
    """Verdict, its words, and the values that two or more (but not all) agree on."""
    given = [text for text in texts if text]
    if not given:
        return Verdict.EMPTY, "Empty in all", set()
    if len(set(texts)) == 1:
        return Verdict.SAME, "Same in all" if len(texts) > 2 else "Same in both", set()
    if len(given) == 1:
        return Verdict.SINGLE, "Only in one", set()
    agreeing = {text for text in given if given.count(text) > 1}
    if agreeing:
        most = max(given.count(text) for text in agreeing)
        if len(set(given)) == 1:
            return Verdict.SHARED, f"Same in {most} of {len(texts)}", agreeing
        return Verdict.DIFFERENT, f"Different; {most} of {len(texts)} agree", agreeing
    return Verdict.DIFFERENT, "Different", set()


def _channels(contacts: Sequence[Contact]) -> tuple[Row, ...]:
    """A row for each distinct channel, those that most contacts share first."""
    # By column, not by id: the same contact may stand beside itself, as seen before and now.
    held: dict[tuple[str, str], dict[int, Channel]] = {}
    for column, contact in enumerate(contacts):
        for channel in contact.channels:
            key = (channel.type, channel.user_id or f"\0{contact.id}{channel.id}")
            held.setdefault(key, {}).setdefault(column, channel)
    ordered = sorted(held.items(), key=lambda item: (-len(item[1]), item[0][0] == "internal"))
    return tuple(_channel_row(type_, holders, len(contacts)) for (type_, _), holders in ordered)


def _channel_row(type_: str, holders: dict[int, Channel], everyone: int) -> Row:
    count = len(holders)
    if count == everyone:
        verdict, words = Verdict.SAME, "Shared by both" if everyone == 2 else "Shared by all"
    elif count > 1:
        verdict, words = Verdict.SHARED, f"Shared by {count} of {everyone}"
    else:
        verdict, words = Verdict.SINGLE, "Only in one"
    cells = tuple(
        _channel_cell(holders[column], shared=count > 1) if column in holders else Cell()
        for column in range(everyone)
    )
    note = "Internal channels never link contacts." if type_ == "internal" else ""
    return Row(channel_name(type_), Kind.CHANNEL, verdict, words, cells, note)


def _channel_cell(channel: Channel, *, shared: bool) -> Cell:
    address = channel_address(channel)
    given = {
        "Name": channel.name,
        "User name": channel.username,
        "E-mail": channel.email,
        "Phone": channel.phone,
        "Country": channel.country,
        "Language": channel.language,
        "User id": channel.user_id,
    }
    details = tuple(
        (name, visible(shortened(value, 320)))
        for name, value in given.items()
        if value and visible(shortened(value, 320)) != address
    )
    return Cell(text=address, marked=shared, details=details, link=channel.link or "")


def _segments(contacts: Sequence[Contact]) -> Row:
    held: dict[str, int] = {}
    for contact in contacts:
        for segment_id in {segment.id for segment in contact.segments}:
            held[segment_id] = held.get(segment_id, 0) + 1
    cells = tuple(
        Cell(
            text=", ".join(s.name or s.id for s in contact.segments),
            labels=tuple(
                Label(visible(shortened(s.name or s.id, 80)), s.color or "neutral", held[s.id] > 1)
                for s in {s.id: s for s in contact.segments}.values()
            ),
        )
        for contact in contacts
    )
    sets = [" ".join(sorted({s.id for s in contact.segments})) for contact in contacts]
    verdict, words, _ = _judge(sets)
    if verdict is Verdict.DIFFERENT and any(count > 1 for count in held.values()):
        words = "Some shared, some different"
    return Row("Segments", Kind.LABELS, verdict, words, cells)
