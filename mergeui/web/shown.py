"""What stands in a cell of the compared contacts, as ready words and styles. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a cell: a text, perhaps with a safe address and further details.

    `channel` names its channel where the line does not. `pieces` are (text, whether its letters
    differ), `told` says the same for those who don't see the marks. `iso` makes it a moment: the
    text is its age, `title` the exact time.
    """

    text: str
    channel: str = ""
    note: str = ""
    title: str = ""
    href: str = ""
    details: tuple[tuple[str, str], ...] = ()
    pieces: tuple[tuple[str, bool], ...] = ()
    told: str = ""
    iso: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell: items or labels (class, name), and its style."""

    style: str
    items: tuple[Item, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
