"""The queue: what is shown of a group. Ready strings for a plain template.

stack.md, Servers: a page of 50 rows is template work first, so a row comes to its template as
finished words and addresses.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import Organization, User
from mergeui.kept import Given, Kept
from mergeui.review.grades import Grade
from mergeui.review.models import Group, GroupState, Segment
from mergeui.review.risk import LABELS, Risk
from mergeui.review.text import channel_name, shortened, visible
from mergeui.web.chain import STYLES, grade_words
from mergeui.web.labels import segment_class
from mergeui.web.looking import Wanted
from mergeui.web.paging import Order
from mergeui.web.when import ago, contacts, day, exact

MOST_SEGMENTS = 200
# Rows that a process keeps as they look, some kilobytes each.
KEPT = 2_000

ORDERS = {
    "oldest": Order("first_seen_at"),
    "newest": Order("first_seen_at", descending=True),
    "largest": Order("member_count", descending=True),
    "smallest": Order("member_count"),
    "name": Order("sort_name"),
}
STATES = {
    "open": _("To decide"),
    "requested": _("Requested"),
    "snoozed": _("Snoozed"),
    "dismissed": _("Not duplicates"),
    "merged": _("Merged"),
    "vanished": _("No longer suggested"),
    "all": _("All"),
}
# The grades that are said in a row; the risk marks say those that are bad.
MARKED = (Grade.FULL, Grade.PART, Grade.MISSING)
# What a person may put back into the queue.
REOPENABLE = {GroupState.DISMISSED.value, GroupState.SNOOZED.value}
SHOWN = (
    "state", "member_count", "names", "links", "segment_labels", "risks", "grade", "sort_name",
    "first_seen_at", "claimed_by", "claimed_until", "snoozed_until", "decided_by", "decided_at",
    "decided_note",
)  # fmt: skip


def segments_of(organization: Organization) -> list[tuple[str, str]]:
    """The segments to filter by, by name: (vendor's id, name)."""
    named = _SEGMENTS.all(organization=organization.pk)
    return [(segment_id, visible(shortened(name, 40))) for segment_id, name in named]


def _segments() -> "QuerySet[Segment, tuple[str, str]]":
    found = Segment.objects.filter(organization=Given("organization"))
    return found.order_by("name", "id").values_list("segment_id", "name")[:MOST_SEGMENTS]


_SEGMENTS = Kept(_segments)


@dataclass(frozen=True, slots=True)
class Row:
    """A group as one row of the list. `tick` says what its box is for, empty without one.

    `open_by` is (words, who), `reopen` (address, words); empty strings where there is nothing.
    `before` says that it was decided once and is to be decided again.
    """

    pk: str
    tick: str
    url: str
    names: tuple[str, ...]
    more: str
    links: tuple[tuple[str, str, str], ...]
    segments: tuple[tuple[str, str], ...]
    risks: tuple[str, ...]
    grade: tuple[str, str]
    before: str
    count: str
    age: str
    since: str
    open_by: tuple[str, str]
    note: str
    reopen: tuple[str, str]

    @property
    def html(self) -> SafeString:
        """The row as it stands in the list."""
        return _drawn(self)


@lru_cache(maxsize=KEPT)
def _drawn(row: Row) -> SafeString:
    """What a row looks like, kept from one page to the next.

    Made from the row's own words and nothing else, and found by all of them: a row that says
    anything else, to anybody, in any language, is another one.
    """
    return render_to_string("queue/row.html", {"row": row})


@dataclass(frozen=True, slots=True)
class _Page:
    """What all rows of a page have in common: words in the reader's language, put together once."""

    base: str
    now: datetime
    user_id: int
    tick: str
    marks: dict[str, tuple[str, str]]
    risks: dict[str, str]
    open_by: str
    before: str
    reopen: str
    people: dict[int, User]


def rows(groups: list[Group], *, user_id: int, ticking: bool, can_decide: bool) -> list[Row]:
    """The rows of a page of groups; `ticking` gives each a box."""
    page = _Page(
        base=reverse("queue"),
        now=timezone.now(),
        user_id=user_id,
        tick=gettext("Tick {names}") if ticking else "",
        marks=grade_marks(),
        risks={risk.value: str(LABELS[risk]) for risk in Risk},
        open_by=gettext("Open by"),
        before=gettext("Decided before"),
        reopen=gettext("Reopen") if can_decide else "",
        people=_people(groups),
    )
    return [_row(group, page) for group in groups]


def _people(groups: list[Group]) -> dict[int, User]:
    """Who has claimed or decided any of them. Hardly anybody, mostly: a join would cost more."""
    found = {pk for group in groups for pk in (group.claimed_by_id, group.decided_by_id) if pk}
    return User.objects.in_bulk(found) if found else {}


def grade_marks() -> dict[str, tuple[str, str]]:
    """The small mark of each grade, as (style, words)."""
    words = grade_words()
    return {grade: (STYLES[grade], words[grade]) for grade in MARKED}


def _row(group: Group, page: _Page) -> Row:
    count, names = group.member_count, group.names
    more = count - len(names) if len(names) >= 4 and count > len(names) else 0
    url = f"{page.base}{group.pk}/"
    claimed = group.claimed_by_other(page.user_id, page.now) and group.claimed_by_id
    return Row(
        pk=str(group.pk),
        tick=page.tick.format(names=", ".join(names)),
        url=url,
        names=tuple(names),
        more=ngettext("and {count} more", "and {count} more", more).format(count=more)
        if more
        else "",
        links=tuple(
            (channel_name(type_), address, _held(held, count))
            for type_, _name, address, held in group.links
        ),
        segments=tuple((segment_class(color), name) for name, color in group.segment_labels),
        risks=tuple(page.risks[code] for code in group.risk_codes if code in page.risks),
        grade=page.marks.get(group.grade, ("", "")),
        before=page.before if group.decided_at and group.state == GroupState.OPEN else "",
        count=contacts(count),
        age=ago(group.first_seen_at, page.now),
        since=exact(group.first_seen_at),
        open_by=(page.open_by, str(page.people[claimed])) if claimed else ("", ""),
        note=_decision(group, page),
        reopen=(f"{url}reopen/", page.reopen)
        if page.reopen and group.state in REOPENABLE
        else ("", ""),
    )


def _held(holders: int, count: int) -> str:
    if count == 2:
        return ""
    if holders == count:
        return gettext("all")
    return gettext("{some} of {all}").format(some=holders, all=count)


def _decision(group: Group, page: _Page) -> str:
    """What was decided about a group that is not open, in one line."""
    if group.state == GroupState.OPEN or group.decided_at is None:
        return ""
    parts = [str(GroupState(group.state).label)]
    if until := snoozed_until(group):
        parts.append(until)
    if group.decided_by_id:
        parts.append(gettext("by {who}").format(who=page.people[group.decided_by_id]))
    parts.append(ago(group.decided_at, page.now))
    if group.decided_note:
        parts.append(gettext("“{note}”").format(note=group.decided_note[:200]))
    return " · ".join(parts)


def snoozed_until(group: Group) -> str:
    """Until when a snoozed group is put aside; empty for any other."""
    if group.state != GroupState.SNOOZED:
        return ""
    if group.snoozed_until is None:
        return gettext("until its contacts or what they share change")
    return gettext("until {day}").format(day=day(group.snoozed_until))


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands in place of the list, and what to do next."""

    title: str
    words: str
    icon: str
    good: bool = False
    url: str = ""
    link: str = ""


def emptiness(
    wanted: Wanted,
    ever_refreshed: bool,
    *,
    finished: bool = False,
    elsewhere: tuple[str, str] = ("", ""),
) -> Empty:
    """Why the list is empty, for a person who wonders whether something is broken.

    `finished`: they have just decided the last group of it. `elsewhere`: how many groups match in
    any state, and the address of these; empty when none does.
    """
    if finished:
        words = gettext(
            "No group that fits this search and these filters is left to decide. Go on with the"
            " others."
        )
        title, link = gettext("All of these are decided"), gettext("Show all that is to decide")
        return Empty(title, words, "check", good=True, url=reverse("queue"), link=link)
    count, address = elsewhere
    if count:
        words = ngettext(
            "No group under “{state}” matches this search and these filters. {count} group in"
            " another state does.",
            "No group under “{state}” matches this search and these filters. {count} groups in"
            " other states do.",
            1 if count == "1" else 2,
        ).format(state=STATES[wanted.state], count=count)
        title, link = gettext("Nothing matches in this state"), gettext("Look in all states")
        return Empty(title, words, "search", url=address, link=link)
    if wanted.narrowed:
        url = f"{reverse('queue')}?state={wanted.state}"
        words = gettext(
            "No group matches this search and these filters. Try fewer words or fewer filters."
        )
        title, link = gettext("Nothing matches"), gettext("Clear the filters")
        return Empty(title, words, "search", url=url, link=link)
    if not ever_refreshed:
        words = gettext(
            "The desk has not read Invent's suggestions yet. Press Refresh: it takes a moment, and"
            " the groups to decide appear here."
        )
        return Empty(gettext("Nothing read from Invent yet"), words, "refresh")
    if wanted.state == "open":
        words = gettext(
            "Every suggestion of Invent is decided. New ones appear here after the next refresh."
        )
        return Empty(gettext("All done"), words, "check", good=True)
    words = gettext("There are no groups under “{state}” now.").format(state=STATES[wanted.state])
    url = reverse("queue")
    title, link = gettext("Nothing here"), gettext("Show what is to decide")
    return Empty(title, words, "info", url=url, link=link)
