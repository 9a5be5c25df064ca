"""What links the members of a group, as a picture in words: for the top of its page.

From what is stored with the group (review/grades.py): nothing is compared while a page is drawn.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.review.grades import DRAWN_IN_PAIRS, Grade, weakest
from mergeui.review.risk import numbered
from mergeui.review.text import shortened
from mergeui.web.when import number

LONGEST_PATH = 5
MOST_CHANNELS = 4
MOST_NAMES = 7
LONGEST_NAME = 40
MOST_APART = 2
STYLES = {
    Grade.FULL: "good",
    Grade.PART: "part",
    Grade.MISSING: "line",
    Grade.UNLINKED: "line",
    Grade.CONFLICT: "bad",
}

Stored = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Tie:
    """What two neighbours have in common: (channel, address, whether many use it), and how sure."""

    channels: tuple[tuple[str, str, bool], ...]
    style: str
    words: str


@dataclass(frozen=True, slots=True)
class Hub:
    """One channel and who holds it: names with how often each is there."""

    channel: str
    address: str
    many: bool
    style: str
    words: str
    holders: tuple[tuple[str, str], ...]
    more: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Either a `path` (name, tie to the next; the last has none) or `hubs`, and in sentences who is
    `apart`."""

    path: tuple[tuple[str, Tie | None], ...]
    hubs: tuple[Hub, ...]
    more: str
    apart: tuple[str, ...]

    @property
    def drawn(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.path or self.hubs)


def grade_words() -> dict[str, str]:
    """Each grade in two or three words."""
    return {
        Grade.FULL: _("Names agree"),
        Grade.PART: _("Names agree in part"),
        Grade.MISSING: _("A name missing or incomplete"),
        Grade.UNLINKED: _("No channel in common"),
        Grade.CONFLICT: _("Names conflict"),
    }


def chain(stored: Stored, names: Sequence[str]) -> Chain:
    """The picture of a group, from its graded links and the names of its members in order.

    Of a large one those with one name are counted, not told apart.
    """
    short: Sequence[str] = [shortened(name, LONGEST_NAME) for name in names]
    if len(names) <= DRAWN_IN_PAIRS:
        short = numbered(names, short)
    order = _path(stored, len(names))
    path = _along(stored, order, short) if order else ()
    shown = () if path else stored[:MOST_CHANNELS]
    more = 0 if path else len(stored) - len(shown)
    words = ngettext("and {count} more channel", "and {count} more channels", more)
    return Chain(
        path=path,
        hubs=tuple(_hub(link, short) for link in shown),
        more=words.format(count=number(more)) if more else "",
        apart=_apart(stored, short),
    )


def told(sentences: Sequence[str], stored: Stored) -> list[str]:
    """The same for ears: each sentence of why they are suggested, with how sure that is."""
    if len(sentences) != len(stored):
        return [f"{sentence}." for sentence in sentences]
    words = grade_words()
    grades = [words[link["grade"]] for link in stored]
    return [f"{sentence}: {grade}." for sentence, grade in zip(sentences, grades, strict=True)]


def _ties(stored: Stored) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """What each two share, where every channel is held by two alone."""
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for link in stored:
        one, other = sorted(link["holders"])
        found.setdefault((one, other), []).append(link)
    return found


def _path(stored: Stored, count: int) -> list[int]:
    """The members in a row, each beside those it shares a channel with; empty when they aren't."""
    if not 2 <= count <= LONGEST_PATH or any(len(link["holders"]) != 2 for link in stored):
        return []
    beside: dict[int, list[int]] = {place: [] for place in range(count)}
    for one, other in _ties(stored):
        beside[one].append(other)
        beside[other].append(one)
    ends = [place for place, others in beside.items() if len(others) == 1]
    if len(ends) != 2 or any(len(others) > 2 for others in beside.values()):
        return []
    order = [ends[0]]
    while following := [place for place in beside[order[-1]] if place not in order]:
        order.append(following[0])
    return order if len(order) == count else []


def _along(
    stored: Stored, order: Sequence[int], names: Sequence[str]
) -> tuple[tuple[str, Tie | None], ...]:
    ties, words = _ties(stored), grade_words()
    steps: list[tuple[str, Tie | None]] = []
    for place, following in zip(order, [*order[1:], None], strict=True):
        tie = None
        if following is not None:
            shared = ties[min(place, following), max(place, following)]
            grade = weakest(Grade(link["grade"]) for link in shared)
            channels = tuple(
                (link["channel"], link["address"], link["many"]) for link in shared[:MOST_CHANNELS]
            )
            tie = Tie(channels, STYLES[grade], words[grade])
        steps.append((names[place], tie))
    return tuple(steps)


def _hub(link: dict[str, Any], names: Sequence[str]) -> Hub:
    held = Counter(names[place] for place in link["holders"])
    shown = list(held.items())[:MOST_NAMES]
    left = sum(held.values()) - sum(times for _name, times in shown)
    grade = Grade(link["grade"])
    return Hub(
        channel=link["channel"],
        address=link["address"],
        many=link["many"],
        style=STYLES[grade],
        words=grade_words()[grade],
        holders=tuple((name, f"×{number(times)}" if times > 1 else "") for name, times in shown),
        more=ngettext("and {count} more", "and {count} more", left).format(count=number(left))
        if left
        else "",
    )


def _apart(stored: Stored, names: Sequence[str]) -> tuple[str, ...]:
    """Who of a small group shares nothing directly with whom, in sentences."""
    count = len(names)
    if not stored or count > DRAWN_IN_PAIRS:
        return ()
    tied = {pair for link in stored for pair in combinations(sorted(link["holders"]), 2)}
    apart = [pair for pair in combinations(range(count), 2) if pair not in tied]
    words = _("{one} and {other} share nothing directly.")
    told = [words.format(one=names[one], other=names[other]) for one, other in apart[:MOST_APART]]
    if more := len(apart) - len(told):
        told.append(
            ngettext("Nor does {count} more pair.", "Nor do {count} more pairs.", more).format(
                count=number(more)
            )
        )
    return tuple(told)
