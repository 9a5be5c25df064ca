"""The groups of a bulk decision, and bulk decisions themselves, as ready rows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.merging.models import BulkDecision, BulkItem
from mergeui.retold import retold
from mergeui.review.models import GroupState
from mergeui.review.risk import Risk
from mergeui.review.text import visible
from mergeui.web import request_words
from mergeui.web.bulk.standing import state_of, title
from mergeui.web.queue import grade_marks
from mergeui.web.when import ago, exact, number

State, Why = BulkItem.State, BulkItem.Why
UNGRADED = "ungraded"


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A group of a bulk decision as one row; `number` is its request's, or how many contacts.

    `grade` (style, words) is for a group without a request; empty strings for any other.
    """

    url: str
    names: list[str]
    more: str
    why: str
    grade: tuple[str, str]
    mark: str
    state: str
    number: str
    at: str
    since: str


def rows(items: Sequence[BulkItem], now: datetime) -> list[ItemRow]:
    """The rows of a page of items; their groups, requests and `how_far` come with them."""
    marks = grade_marks()
    return [_row(item, now, marks) for item in items]


def _row(item: BulkItem, now: datetime, marks: Mapping[str, tuple[str, str]]) -> ItemRow:
    names, count = item.group.names, item.group.member_count
    more = count - len(names) if len(names) >= 4 and count > len(names) else 0
    request = item.request
    url = reverse("group", args=[item.group_id])
    size = ngettext("{count} contact", "{count} contacts", count).format(count=number(count))
    mark = state = ""
    if request:
        url = reverse("request", args=[request.pk])
        size = _("Request {number}").format(number=request.pk)
        mark, state = request_words.state_of(request, item)
    return ItemRow(
        url=url,
        names=names,
        more=ngettext("and {count} more", "and {count} more", more).format(count=more)
        if more
        else "",
        why=why(item),
        grade=("", "") if request else marks.get(item.group.grade, ("", "")),
        mark=mark,
        state=state,
        number=size,
        at=ago(item.at, now) if item.at else "",
        since=exact(item.at) if item.at else "",
    )


def why(item: BulkItem) -> str:
    """Why a group was set aside or failed, and what to do; empty for any other."""
    detail = item.detail
    if item.why == Why.RISKY:
        labels = [str(Risk(code).label) for code in detail.split(",") if code in set(Risk)]
        return _("Risky: {reasons}. Look at it alone.").format(reasons=", ".join(labels))
    if item.why == Why.DECIDED:
        known = detail in GroupState.values
        state = str(GroupState(detail).label) if known else detail
        return _("Decided already: {state}.").format(state=state)
    if item.why == Why.REFUSED:
        return visible(retold(detail))
    words = {
        "": "",
        Why.GRADE: _("The names conflict, so it may be one person or several: look at it alone.")
        if detail
        else _("How sure its links are is not known yet. Refresh the queue, then try again."),
        Why.CLAIMED: _("{who} has it open.").format(who=detail or _("Somebody")),
        Why.ELSEWHERE: _("It waits in another bulk decision."),
        Why.CHANGED: _("It changed since the summary. Look at it again."),
        Why.FAILED: _("The desk could not decide it. Nothing was changed: look at it alone."),
    }
    return words[item.why]


def sure(counts: Mapping[str, int]) -> list[tuple[str, str, str]]:
    """How sure the groups of a summary are, the surest first: (style, words, how many)."""
    return [
        (style, words, number(counts[grade]))
        for grade, (style, words) in grade_marks().items()
        if counts.get(grade)
    ]


def reasons(bulk: BulkDecision) -> list[str]:
    """Why groups were set aside, counted: "12 risky". One query."""
    items = BulkItem.objects.filter(bulk=bulk, state=State.SET_ASIDE).order_by()
    unknown = Count("pk", filter=Q(why=Why.GRADE, detail=""))
    counts = items.values_list("why").annotate(count=Count("pk"), unknown=unknown)
    found: Counter[str] = Counter()
    for code, count, ungraded in counts:
        found += Counter({code: count - ungraded, UNGRADED: ungraded})
    words: dict[str, Callable[[int], str]] = {
        Why.RISKY: lambda n: ngettext("{count} risky", "{count} risky", n),
        Why.GRADE: lambda n: ngettext(
            "{count} with names that conflict", "{count} with names that conflict", n
        ),
        UNGRADED: lambda n: ngettext("{count} not graded yet", "{count} not graded yet", n),
        Why.CLAIMED: lambda n: ngettext(
            "{count} open by somebody else", "{count} open by somebody else", n
        ),
        Why.DECIDED: lambda n: ngettext("{count} decided already", "{count} decided already", n),
        Why.ELSEWHERE: lambda n: ngettext(
            "{count} in another bulk decision", "{count} in another bulk decision", n
        ),
        Why.CHANGED: lambda n: ngettext("{count} changed", "{count} changed", n),
        Why.REFUSED: lambda n: ngettext("{count} refused", "{count} refused", n),
    }
    return [
        say(found[code]).format(count=number(found[code]))
        for code, say in words.items()
        if code in found
    ]


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A bulk decision as one row of the list."""

    url: str
    title: str
    by: str
    note: str
    mark: str
    state: str
    done: str
    age: str
    since: str


def row(bulk: BulkDecision, now: datetime, *, going: bool) -> BulkRow:
    """One row; `going` says that merges of it go on."""
    state, mark = state_of(bulk, going=going)
    return BulkRow(
        url=reverse("bulk", args=[bulk.pk]),
        title=title(bulk),
        by=str(bulk.asked_by),
        note=bulk.note,
        mark=mark,
        state=state,
        done=_("{done} of {total}").format(
            done=number(bulk.done), total=number(bulk.total - bulk.set_aside)
        ),
        age=ago(bulk.asked_at, now),
        since=exact(bulk.asked_at),
    )
