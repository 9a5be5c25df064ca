"""The rows of a comparison: one attribute of all contacts, a cell a contact. Pure.

Every row says in words how its cells relate, so that colour is never the only sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from mergeui.review.spelling import Piece


class Verdict(StrEnum):
    """How the cells of a row relate; the value serves as a style's name.

    `alike`: the same in another spelling, or nearly so; never to be counted as the same.
    """

    SAME = "same"
    SHARED = "shared"
    ALIKE = "alike"
    DIFFERENT = "different"
    SINGLE = "single"
    EMPTY = "empty"


class Kind(StrEnum):
    """What stands in the cells of a row."""

    TEXT = "text"
    MOMENT = "moment"
    CHANNEL = "channel"
    LABELS = "labels"


class About(StrEnum):
    """What a row is about, whatever its label says in which language."""

    NAME = "name"
    MESSAGES = "messages"
    BLOCKED = "blocked"
    TEAM = "team"
    CREATED = "created"
    UPDATED = "updated"
    ID = "id"
    CHANNEL = "channel"
    SEGMENTS = "segments"


DECISIVE = {About.MESSAGES, About.BLOCKED, About.TEAM}


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
    values that agree in a row where not all do. `pieces` are the text again, with the letters
    marked that differ from the one that it is almost the same as; empty when there is none such.
    `channel` names a channel's type, `details` are further (name, value) pairs of it; `link` is as
    received and not to be trusted.
    """

    text: str = ""
    channel: str = ""
    moment: datetime | None = None
    marked: bool = False
    pieces: tuple[Piece, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    link: str = ""
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute of all contacts. `words` is the verdict in words.

    `hint` says of a channel which other row may be the same, where one contact has both.
    """

    about: About
    label: str
    kind: Kind
    verdict: Verdict
    words: str
    cells: tuple[Cell, ...]
    note: str = ""
    hint: str = ""

    @property
    def foldable(self) -> bool:
        """Whether it tells nothing to decide by: the same, or nothing, in every column."""
        return self.verdict in {Verdict.SAME, Verdict.EMPTY}

    @property
    def rank(self) -> int:
        """Its place by what matters for the decision: the lower, the further up."""
        if self.kind is Kind.CHANNEL:
            return {Verdict.SAME: 2, Verdict.SHARED: 2, Verdict.ALIKE: 3}.get(self.verdict, 4)
        if self.foldable:
            return 6
        if self.about in DECISIVE:
            return 0
        if self.about is About.NAME:
            return 1
        return 5


def judge(texts: Sequence[str]) -> tuple[Verdict, str, set[str]]:
    """Verdict, its words, and the values that two or more (but not all) agree on."""
    given = [text for text in texts if text]
    if not given:
        return Verdict.EMPTY, _("Empty in all"), set()
    if len(set(texts)) == 1:
        words = _("Same in all") if len(texts) > 2 else _("Same in both")
        return Verdict.SAME, words, set()
    if len(given) == 1:
        return Verdict.SINGLE, _("Only in one"), set()
    agreeing = {text for text in given if given.count(text) > 1}
    if agreeing:
        most = max(given.count(text) for text in agreeing)
        if len(set(given)) == 1:
            words = _("Same in {most} of {all}").format(most=most, all=len(texts))
            return Verdict.SHARED, words, agreeing
        words = _("Different; {most} of {all} agree").format(most=most, all=len(texts))
        return Verdict.DIFFERENT, words, agreeing
    return Verdict.DIFFERENT, _("Different"), set()
