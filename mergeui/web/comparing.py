"""The compare page's columns and rows as ready words and styles. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from django.http import QueryDict

from mergeui.invent import Contact
from mergeui.review.compare import Cell, Comparison, Kind, Row, Verdict
from mergeui.web.labels import segment_class
from mergeui.web.links import safe_address
from mergeui.web.when import exact, plural

# A colour only where it helps to decide; the words stand in every row.
MARKS = {Verdict.SHARED: "mark mark-info", Verdict.DIFFERENT: "mark mark-risk"}
QUIET = "soft small"
IN_HEAD = {"Contact id"}


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


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a cell: a text, perhaps with a safe address and further details."""

    text: str
    title: str = ""
    href: str = ""
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell: items or labels (class, name), and its style."""

    style: str
    items: tuple[Item, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table. `fold`: it tells nothing to decide by."""

    label: str
    style: str
    words: str
    note: str
    fold: bool
    cells: tuple[Shown, ...]


def lines(comparison: Comparison) -> list[Line]:
    """The rows of the table: who it is, what links them, what each has alone, and since when."""
    shared = [row for row in comparison.channels if row.verdict is not Verdict.SINGLE]
    alone = [row for row in comparison.channels if row.verdict is Verdict.SINGLE]
    person = [row for row in comparison.person if row.label not in IN_HEAD]
    dates = [row for row in person if row.kind is Kind.MOMENT]
    return [
        *(_line(row) for row in person if row.kind is not Kind.MOMENT),
        *(_line(row) for row in shared),
        *([_own_channels(alone, comparison.contacts)] if alone else []),
        _line(comparison.segments),
        *(_line(row) for row in dates),
    ]


def folded(lines: Sequence[Line]) -> str:
    """What a switch says that shows the folded rows; empty when there are none."""
    count = sum(line.fold for line in lines)
    return f"{plural(count, 'row')} that {'is' if count == 1 else 'are'} the same" if count else ""


def _line(row: Row) -> Line:
    channel = row.kind is Kind.CHANNEL
    style = MARKS.get(row.verdict, QUIET)
    if channel:
        style = "mark mark-info"
    if row.kind is Kind.MOMENT:
        style = QUIET
    return Line(
        label=row.label,
        style=style,
        words=row.words,
        note=row.note,
        fold=row.foldable and not channel,
        cells=tuple(_cell(cell, row) for cell in row.cells),
    )


def _cell(cell: Cell, row: Row) -> Shown:
    style = "cell-shared" if cell.marked else ""
    if row.kind is Kind.LABELS:
        return Shown(style, labels=tuple((segment_class(x.color), x.name) for x in cell.labels))
    if not cell.text:
        return Shown("cell-empty")
    title = exact(cell.moment) if cell.moment else ""
    return Shown(style, (_item(cell, title=title),))


def _item(cell: Cell, *, title: str = "", before: str = "") -> Item:
    href = safe_address(cell.link)
    details = cell.details
    if cell.link and not href:
        details = (*details, ("Link, not to be followed", cell.link[:200]))
    return Item(f"{before}{cell.text}", title, href, details)


def _own_channels(rows: Sequence[Row], contacts: Sequence[Contact]) -> Line:
    """One row for all channels that one contact has alone, so that a large group stays short."""
    cells = []
    for column in range(len(contacts)):
        held = [(row.label, row.cells[column]) for row in rows if row.cells[column].text]
        items = tuple(_item(cell, before=f"{label} ") for label, cell in held)
        cells.append(Shown("" if items else "cell-empty", items))
    return Line("Other channels", QUIET, "Only in one", "", False, tuple(cells))
