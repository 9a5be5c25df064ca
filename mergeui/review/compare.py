"""What the contacts of a group share, where they differ. Pure: contacts in, rows out.

One column a contact, in the order given; the rows come in the order of what matters for the
decision.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from mergeui.dates import day, short_day
from mergeui.invent import Contact
from mergeui.review.aligned import channel_rows, distinct_channels
from mergeui.review.evidence import Link, links, sentence
from mergeui.review.risk import Caution, ToldApart, called, cautions
from mergeui.review.rows import About, Cell, Kind, Label, Row, Verdict, judge
from mergeui.review.scripts import mixes_scripts
from mergeui.review.spelling import Piece, closest, pieces, relation
from mergeui.review.text import display_name, shortened, visible

# What a page can hold of a contact that has thousands.
MOST_CHANNELS = 200
MOST_SEGMENTS = 60


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that the compare page shows of its contacts.

    `left_out` are the numbers of channels and of segments that no row has.
    """

    contacts: tuple[Contact, ...]
    names: tuple[str, ...]
    person: tuple[Row, ...]
    channels: tuple[Row, ...]
    segments: Row
    links: tuple[Link, ...]
    reasons: tuple[str, ...]
    cautions: tuple[Caution, ...] = field(default=())
    left_out: tuple[int, int] = (0, 0)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row, what matters most for the decision first: consent that differs, names that
        differ, shared channels, what may be the same, the rest, and what is the same in all."""
        every = (*self.person[:4], *self.channels, self.segments, *self.person[4:])
        return tuple(sorted(every, key=lambda row: row.rank))


def compare(
    contacts: Sequence[Contact],
    said: Sequence[ToldApart] = (),
    *,
    by_hand: bool = False,
    whole: bool = True,
) -> Comparison:
    """Compares two or more contacts, the recommended primary first.

    `said` is what people said of pairs of them (pairs.said_of). `by_hand`: people put them
    together, which is a risk of its own. Not `whole`, the rows have of very many channels and
    segments the first ones; links and risks are found in all.
    """
    found = links(contacts)
    channels = None if whole else MOST_CHANNELS
    segments = None if whole else MOST_SEGMENTS
    names = called(contacts)
    return Comparison(
        contacts=tuple(contacts),
        names=tuple(display_name(contact) for contact in contacts),
        person=_person(contacts),
        channels=channel_rows(contacts, channels),
        segments=_segments(contacts, segments),
        links=found,
        reasons=tuple(sentence(link, contacts, names) for link in found),
        cautions=cautions(contacts, found, said, by_hand=by_hand),
        left_out=(0, 0) if whole else _left_out(contacts),
    )


def _left_out(contacts: Sequence[Contact]) -> tuple[int, int]:
    """How many channels and segments are more than the rows have."""
    every = sum(len(contact.channels) for contact in contacts)
    channels = max(0, distinct_channels(contacts) - MOST_CHANNELS) if every > MOST_CHANNELS else 0
    held = (len({segment.id for segment in contact.segments}) for contact in contacts)
    return channels, sum(max(0, count - MOST_SEGMENTS) for count in held)


def _person(contacts: Sequence[Contact]) -> tuple[Row, ...]:
    return (
        _name_row(contacts),
        _text_row(About.MESSAGES, _("Messages"), contacts, _reach),
        _text_row(About.BLOCKED, _("Blocked"), contacts, _blocked),
        _text_row(
            About.TEAM,
            _("Your team"),
            contacts,
            lambda c: _("Admin in Invent") if c.is_admin else _("No"),
        ),
        _moment_row(About.CREATED, _("Created"), contacts, lambda c: c.created_at),
        _moment_row(About.UPDATED, _("Last updated"), contacts, lambda c: c.updated_at),
        _text_row(
            About.ID,
            _("Contact id"),
            contacts,
            lambda c: visible(c.id),
            note=_("Each contact has its own."),
        ),
    )


def _name_row(contacts: Sequence[Contact]) -> Row:
    """The names, the letters marked in which they differ from one that is almost the same."""
    texts = [visible(shortened(contact.name or "", 512)).strip() for contact in contacts]
    verdict, words, agreeing = judge(texts)
    distinct = list(dict.fromkeys(text for text in texts if text))
    if len(distinct) == 2 and (how := relation(*distinct)):
        words = f"{how}; {_most(texts, agreeing)}" if agreeing else how
    marks = {text: _marks(text, distinct) for text in distinct}
    cells = tuple(
        Cell(text=text, marked=text in agreeing, pieces=marks.get(text, ())) for text in texts
    )
    return Row(About.NAME, _("Name"), Kind.TEXT, verdict, words, cells, _foreign(contacts))


def _foreign(contacts: Sequence[Contact]) -> str:
    if not any(mixes_scripts(contact.name or "") for contact in contacts):
        return ""
    return _("Mixes scripts: a letter in ⟨⟩ only looks like those beside it.")


def _most(texts: Sequence[str], agreeing: set[str]) -> str:
    most = max(texts.count(text) for text in agreeing)
    return _("{most} of {all} agree").format(most=most, all=len(texts))


def _marks(text: str, distinct: Sequence[str]) -> tuple[Piece, ...]:
    near = closest(text, distinct)
    # Where capitals alone differ, the words say it better than a mark on every letter.
    return pieces(text, near) if near and near.casefold() != text.casefold() else ()


def _blocked(contact: Contact) -> str:
    if not contact.blocked:
        return _("No")
    if contact.blocked_at is None:
        return _("Blocked")
    return _("Blocked since {day}").format(day=day(contact.blocked_at))


def _reach(contact: Contact) -> str:
    if contact.unsubscribed is None:
        return _("Not said by Invent")
    if not contact.unsubscribed:
        return _("Receives messages")
    reason = contact.unsubscribe_reason or contact.unsubscribe_feedback
    why = f": {visible(shortened(reason, 200))}" if reason else ""
    words = _("Unsubscribed")
    if contact.unsubscribed_at:
        words = _("Unsubscribed since {day}").format(day=day(contact.unsubscribed_at))
    return words + why


def _text_row(
    about: About,
    label: str,
    contacts: Sequence[Contact],
    read: Callable[[Contact], str],
    note: str = "",
) -> Row:
    texts = [read(contact).strip() for contact in contacts]
    verdict, words, agreeing = judge(texts)
    cells = tuple(Cell(text=text, marked=text in agreeing) for text in texts)
    return Row(about, label, Kind.TEXT, verdict, words, cells, note)


def _moment_row(
    about: About,
    label: str,
    contacts: Sequence[Contact],
    read: Callable[[Contact], datetime | None],
) -> Row:
    moments = [read(contact) for contact in contacts]
    verdict, words, _agreeing = judge([m.isoformat() if m else "" for m in moments])
    cells = tuple(Cell(text=short_day(m) if m else "", moment=m) for m in moments)
    return Row(about, label, Kind.MOMENT, verdict, words, cells)


def _segments(contacts: Sequence[Contact], most: int | None) -> Row:
    held: dict[str, int] = {}
    for contact in contacts:
        for segment_id in {segment.id for segment in contact.segments}:
            held[segment_id] = held.get(segment_id, 0) + 1
    cells = tuple(
        Cell(
            text=", ".join(s.name or s.id for s in contact.segments),
            labels=tuple(
                Label(visible(shortened(s.name or s.id, 80)), s.color or "neutral", held[s.id] > 1)
                for s in list({s.id: s for s in contact.segments}.values())[:most]
            ),
        )
        for contact in contacts
    )
    sets = [" ".join(sorted({s.id for s in contact.segments})) for contact in contacts]
    verdict, words, _agreeing = judge(sets)
    if verdict is Verdict.DIFFERENT and any(count > 1 for count in held.values()):
        words = _("Some shared, some different")
    return Row(About.SEGMENTS, _("Segments"), Kind.LABELS, verdict, words, cells)
