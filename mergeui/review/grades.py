"""How sure a link between two contacts is: the channel that they share, and their names. Pure.

A shared channel alone may belong to a family, an office or the next owner of a number; what tells
them apart is the names. How often each grade is right was measured: docs/grades.md.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from mergeui.invent import Contact
from mergeui.review.addresses import used_by_many
from mergeui.review.evidence import CROWD, Link, unlinked
from mergeui.review.names import MOST_NAMES, names_agree
from mergeui.review.text import shortened

# Up to so many members each pair is drawn; beyond, only which channel holds whom (web/chain.py).
DRAWN_IN_PAIRS = 8
LONGEST_ADDRESS = 120


class Grade(TextChoices):
    """How sure a link is, the surest first. Stored with a group and used in bookmarks."""

    FULL = "full", _("Channel and full name agree")
    PART = "part", _("Channel and part of the name agree")
    MISSING = "missing", _("Channel, a name missing or incomplete")
    UNLINKED = "unlinked", _("No channel in common")
    CONFLICT = "conflict", _("Channel, names conflict")

    @property
    def rank(self) -> int:
        """Its place, 0 for the surest."""
        return _RANKS[self]


_RANKS = {grade: place for place, grade in enumerate(Grade)}

# Right 999 times in 1,000 on made-up contacts: what may be decided without a long look.
SURE = (Grade.FULL, Grade.PART)
# What has to be looked at one by one: names that conflict (wrong 3 times in 4), or no grade yet.
BARRED = ("", Grade.CONFLICT)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contacts that share a channel, by their places in the group, and how sure that is."""

    one: int
    other: int
    grade: Grade


@dataclass(frozen=True, slots=True)
class GradedLink:
    """A shared channel, the places of those who hold it, and the weakest grade among them."""

    link: Link
    holders: tuple[int, ...]
    grade: Grade
    pairs: tuple[Pair, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is stored with a group; the pairs of a large group are left out.

        `many`: the address looks like one that several people use.
        """
        return {
            "type": self.link.type,
            "channel": self.link.channel,
            "address": shortened(self.link.address, LONGEST_ADDRESS),
            "grade": self.grade.value,
            "many": len(self.holders) >= CROWD or used_by_many(self.link.address),
            "holders": list(self.holders),
            "pairs": [[pair.one, pair.other, pair.grade.value] for pair in self.pairs],
        }


def _grade(one: str, other: str) -> Grade:
    return Grade(names_agree(one, other).value)


class Grader:
    """Grades the links of one group."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self.contacts = contacts
        self._names = [(contact.name or "").strip() for contact in contacts]

    def pair(self, one: int, other: int) -> Grade:
        """The grade of a channel that the contacts at these places share."""
        return _grade(*sorted((self._names[one], self._names[other])))

    def links(self, found: Sequence[Link]) -> tuple[GradedLink, ...]:
        """Each shared channel with its grades, in the order given."""
        place = {contact.id: n for n, contact in enumerate(self.contacts)}
        return tuple(
            self._link(link, tuple(sorted(place[holder] for holder in link.holders)))
            for link in found
        )

    def _link(self, link: Link, holders: tuple[int, ...]) -> GradedLink:
        pairs: tuple[Pair, ...] = ()
        if len(self.contacts) <= DRAWN_IN_PAIRS:
            pairs = tuple(Pair(a, b, self.pair(a, b)) for a, b in combinations(holders, 2))
        return GradedLink(link, holders, self._among(holders), pairs)

    def _among(self, places: Iterable[int]) -> Grade:
        """The weakest grade of any two of these, as if all shared a channel."""
        held = Counter(self._names[place] for place in places)
        distinct = sorted(held)
        if len(distinct) > MOST_NAMES:
            return Grade.CONFLICT
        grades = [_grade(name, name) for name in distinct if held[name] > 1]
        grades += [_grade(*two) for two in combinations(distinct, 2)]
        return weakest(grades)

    def group(self, found: Sequence[Link]) -> Grade:
        """The weakest link of the whole group.

        Names that conflict count wherever they stand, linked directly or over others: a merge
        makes one contact of all. A contact that shares nothing makes a group unlinked.
        """
        grade = self._among(range(len(self.contacts)))
        if grade is not Grade.CONFLICT and unlinked(self.contacts, found):
            return Grade.UNLINKED
        return grade


def weakest(grades: Iterable[Grade]) -> Grade:
    """The least sure of some grades; the surest of all for none."""
    return max(grades, key=lambda grade: grade.rank, default=Grade.FULL)
