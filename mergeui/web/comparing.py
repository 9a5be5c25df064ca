"""The compare page's columns and rows as ready words and styles. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.invent import Contact
from mergeui.review.compare import Comparison
from mergeui.review.rows import About, Cell, Kind, Row, Verdict
from mergeui.review.spelling import told
from mergeui.review.text import lent_by
from mergeui.web.cells import drawn, letters
from mergeui.web.labels import segment_class
from mergeui.web.links import safe_address
from mergeui.web.shown import Item, Shown
from mergeui.web.when import ago, exact, short_day
from mergeui.web.when import number as figure

# A colour only where it helps to decide; the words stand in every row.
MARKS = {
    Verdict.SHARED: "mark mark-info",
    Verdict.ALIKE: "mark mark-line",
    Verdict.DIFFERENT: "mark mark-risk",
}
QUIET = "soft small"
IN_HEAD = {About.ID}
# More contacts stand below each other, a row each, with a column for the channels of the most.
MOST_SIDE_BY_SIDE = 4
MOST_OWN_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Picked:
    """What is chosen on the page: as typed, or what the desk suggests to begin with."""

    primary: str = ""
    sources: tuple[str, ...] = ()
    acknowledged: bool = False
    risks: str | None = None
    note: str = ""
    seen: tuple[str, ...] = ()
    until: str = ""

    @classmethod
    def typed(cls, fields: QueryDict) -> Self:
        """The choice of a form that was sent."""
        return cls(
            primary=fields.get("primary", ""),
            sources=tuple(fields.getlist("sources")),
            acknowledged=bool(fields.get("acknowledge")),
            risks=fields.get("risks"),
            note=fields.get("note", ""),
            seen=tuple(fields.getlist("seen")),
            until=fields.get("until", ""),
        )

    @classmethod
    def suggested(cls, comparison: Comparison) -> Self:
        """The recommended primary; the others are ticked only when nothing speaks against it."""
        ids = [contact.id for contact in comparison.contacts]
        return cls(primary=ids[0], sources=() if comparison.cautions else tuple(ids[1:]))

    def ticking(self, wish: str, comparison: Comparison) -> Self:
        """The choice with every other contact ticked ("all") or with none ("none")."""
        if wish not in {"all", "none"}:
            return self
        others = [c.id for c in comparison.contacts if c.id != self.primary]
        return replace(self, sources=tuple(others) if wish == "all" else (), acknowledged=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A contact at the head of its column.

    `news` says what happened since it was looked at; `words` what became of it, in a `style`.
    `part` is the merge that it is put into where a group is split, `seat` its place there.
    `digit` is the key that keeps it, `letter` the one that merges it into another. `number` is its
    place, as the warnings say it, where another is called the same. `borrowed` says which channel
    its name is from, where it has none of its own.
    """

    contact_id: str
    name: str
    url: str
    raw_url: str = ""
    recommended: bool = False
    primary: bool = False
    source: bool = False
    news: str = ""
    words: str = ""
    style: str = "line"
    part: str = ""
    seat: int = 0
    digit: str = ""
    letter: str = ""
    number: str = ""
    borrowed: str = ""

    @property
    def called(self) -> str:
        """Its name and number, for who can't see in which column a button stands."""
        return f"{self.name} ({self.number})" if self.number else self.name


@dataclass(frozen=True, slots=True)
class Line:
    """One attribute of all contacts: a row of the table, or a column of the long one.

    `fold`: it tells nothing to decide by.
    """

    about: About
    label: str
    style: str
    words: str
    note: str
    fold: bool
    cells: tuple[Shown, ...]

    @property
    def html(self) -> SafeString:
        """The cells as they stand beside each other."""
        return SafeString("".join(map(drawn, self.cells)))


def lines(comparison: Comparison, now: datetime) -> list[Line]:
    """The attributes, what matters most for the decision first.

    The channels that one contact has alone are one line, so that a large group stays short; of many
    contacts so are the shared ones but for the first few, which most have.
    """
    rows = [row for row in comparison.rows if row.about not in IN_HEAD]
    alone = [n for n, row in enumerate(rows) if row.kind is Kind.CHANNEL and _alone(row)]
    common = [n for n, row in enumerate(rows) if row.kind is Kind.CHANNEL and not _alone(row)]
    crowd = common[MOST_OWN_COLUMNS:] if many(comparison.contacts) else []
    found: list[Line] = []
    for number, row in enumerate(rows):
        if number in crowd[:1]:
            words = ngettext("{count} channel", "{count} channels", len(crowd))
            words = words.format(count=len(crowd))
            # Alike is not the same: a number at two networks may be two people's.
            alike = any(rows[n].verdict is Verdict.ALIKE for n in crowd)
            label = _("Further shared or alike") if alike else _("Further shared")
            found.append(_together([rows[n] for n in crowd], label, words))
        elif number in alone[:1]:
            found.append(_together([rows[n] for n in alone], _("Other channels"), _("Only in one")))
        elif number not in {*crowd, *alone}:
            found.append(_line(row, now))
    return found


def _alone(row: Row) -> bool:
    return row.verdict is Verdict.SINGLE


def many(contacts: Sequence[object]) -> bool:
    """Whether the contacts stand below each other, a row each."""
    return len(contacts) > MOST_SIDE_BY_SIDE


def borrowed(contact: Contact) -> str:
    """Where the name in the head is from, when the row of names has none."""
    channel = lent_by(contact)
    return _("Name from {channel}").format(channel=channel) if channel else ""


def left_out(comparison: Comparison) -> str:
    """What the rows don't have of very many channels and segments; empty when they have all."""
    channels, segments = comparison.left_out
    parts = []
    if channels:
        words = ngettext("{count} more channel", "{count} more channels", channels)
        parts.append(words.format(count=figure(channels)))
    if segments:
        words = ngettext("{count} more segment", "{count} more segments", segments)
        parts.append(words.format(count=figure(segments)))
    told = _("Left out here: {what}.")
    return told.format(what=", ".join(parts)) if parts else ""


def folded(lines: Sequence[Line], *, many: bool = False) -> str:
    """What a switch says that shows the folded lines; empty when there are none."""
    count = sum(line.fold for line in lines)
    if not count:
        return ""
    if many:
        words = ngettext(
            "Show {count} column that is the same in all",
            "Show {count} columns that are the same in all",
            count,
        )
    else:
        words = ngettext(
            "Show {count} row that is the same in all",
            "Show {count} rows that are the same in all",
            count,
        )
    return words.format(count=count)


def _line(row: Row, now: datetime) -> Line:
    channel = row.kind is Kind.CHANNEL
    style = MARKS.get(row.verdict, QUIET)
    if channel and row.verdict is Verdict.SAME:
        style = MARKS[Verdict.SHARED]
    if row.kind is Kind.MOMENT:
        style = QUIET
    return Line(
        about=row.about,
        label=row.label,
        style=style,
        words=row.words,
        note=row.note or row.hint,
        fold=row.foldable and not channel,
        cells=tuple(_cell(cell, row, now) for cell in row.cells),
    )


def _cell(cell: Cell, row: Row, now: datetime) -> Shown:
    style = "cell-shared" if cell.marked else ""
    if row.kind is Kind.LABELS:
        return Shown(style, labels=tuple((segment_class(x.color), x.name) for x in cell.labels))
    if not cell.text:
        return Shown("cell-empty")
    if cell.moment:
        moment = cell.moment
        age, iso = ago(moment, now), moment.isoformat()
        return Shown(style, (Item(age, note=short_day(moment), title=exact(moment), iso=iso),))
    # One address on several channels: each cell says on which.
    several = bool(cell.channel) and cell.channel != row.label
    return Shown(style, (_item(cell, with_channel=several),))


def _item(cell: Cell, *, with_channel: bool = False, note: str = "") -> Item:
    href = safe_address(cell.link)
    details = cell.details
    if cell.link and not href:
        details = (*details, (_("Link, not to be followed"), cell.link[:200]))
    differs = told(cell.pieces)
    return Item(
        cell.text,
        channel=cell.channel if with_channel else "",
        note=note,
        href=href,
        details=details,
        pieces=tuple((piece.text, piece.differs) for piece in cell.pieces),
        told=_("differs in: {letters}").format(letters=differs) if differs else "",
    )


def _together(rows: Sequence[Row], label: str, words: str) -> Line:
    """One line for several channels, each named in its cells."""
    cells = []
    for column in range(len(rows[0].cells)):
        held = [(row, row.cells[column]) for row in rows if row.cells[column].text]
        items = tuple(
            _item(cell, with_channel=True, note=row.hint if _alone(row) else row.words)
            for row, cell in held
        )
        cells.append(Shown("" if items else "cell-empty", items))
    return Line(About.CHANNEL, label, QUIET, words, "", False, tuple(cells))


def table(
    columns: Sequence[Column], lines: Sequence[Line], *, long: bool = False
) -> dict[str, Any]:
    """What partials/table.html shows: a column a contact, or of many contacts a row a contact.

    `long`: a row a contact, however few they are.
    """
    below = long or many(columns)
    context: dict[str, Any] = {"columns": columns, "lines": lines, "many": below}
    if context["many"]:
        # The name stands at the head of the row, with its marks.
        named = next(line for line in lines if line.about is About.NAME)
        rest = [line for line in lines if line is not named]
        context |= {"lines": rest, "named": named, "across": _across(columns, named, rest)}
    return {**context, "folded": folded(context["lines"], many=context["many"])}


def _across(
    columns: Sequence[Column], named: Line, lines: Sequence[Line]
) -> list[tuple[Column, SafeString, SafeString]]:
    """The same the other way round: a row a contact, with its name (empty when nobody gave it one)
    and its cells as they stand in the table."""
    rows = []
    for number, column in enumerate(columns):
        items = named.cells[number].items
        cells = (drawn(line.cells[number], below=True, fold=line.fold) for line in lines)
        name = letters(items[0]) if items else SafeString()
        rows.append((column, name, SafeString("".join(cells))))
    return rows
