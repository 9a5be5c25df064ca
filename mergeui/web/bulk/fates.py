"""What may have become of each group of a bulk decision, and how many met which fate."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mergeui.merging.models import (
    BulkDecision,
    BulkItem,
    BulkKind,
    BulkState,
    MergeRequest,
    RequestState,
)
from mergeui.web.when import number

State = BulkItem.State

GOING_ON = (RequestState.APPROVED, RequestState.EXECUTING)
GIVEN_UP = (
    RequestState.CANCELLED,
    RequestState.WITHDRAWN,
    RequestState.REJECTED,
    RequestState.EXPIRED,
)
NEVER_MERGED = (RequestState.MERGED, RequestState.PROPOSED, *GOING_ON, *GIVEN_UP)

# What may have become of a group, in the order of the bar: (label, style of the bar and its mark).
FATES = {
    "merged": (gettext_lazy("Merged"), "good"),
    "done": (gettext_lazy("Done"), "good"),
    "going": (gettext_lazy("Being merged"), "info"),
    "approval": (gettext_lazy("Waiting for approval"), "wait"),
    "look": (gettext_lazy("Need a look"), "risk"),
    "failed": (gettext_lazy("Failed"), "bad"),
    "back": (gettext_lazy("Taken back"), "line"),
    "aside": (gettext_lazy("Set aside"), "line"),
    "waiting": (gettext_lazy("Not begun"), "none"),
}


def tally(bulk: BulkDecision) -> dict[str, int]:
    """How many groups have which fate: one query."""
    items = BulkItem.objects.filter(bulk=bulk).order_by()
    counts = dict.fromkeys(FATES, 0)
    for state, request, count in items.values_list("state", "request__state").annotate(
        count=Count("pk")
    ):
        counts[fate_of(state, request)] += count
    return counts


def grades(bulk: BulkDecision) -> dict[str, int]:
    """How many of the groups that wait have which grade: one query."""
    waiting = BulkItem.objects.filter(bulk=bulk, state=State.WAITING).order_by()
    return dict(waiting.values_list("group__grade").annotate(count=Count("pk")))


def fate_of(state: str, request: str | None) -> str:
    """The key of FATES for an item and its request's state."""
    plain = {State.WAITING: "waiting", State.SET_ASIDE: "aside", State.FAILED: "failed"}
    if state in plain:
        return plain[State(state)]
    if state == State.TAKEN_BACK or request in GIVEN_UP:
        return "back"
    if request is None:
        return "done"
    if request in GOING_ON:
        return "going"
    known = {RequestState.MERGED.value: "merged", RequestState.PROPOSED.value: "approval"}
    return known.get(request, "look")


def with_fate(items: QuerySet[BulkItem], fate: str) -> QuerySet[BulkItem]:
    """The items that have met this fate."""
    done = Q(state=State.DONE)
    conditions = {
        "merged": done & Q(request__state=RequestState.MERGED),
        "done": done & Q(request=None),
        "going": done & Q(request__state__in=GOING_ON),
        "approval": done & Q(request__state=RequestState.PROPOSED),
        "look": done & Q(request__isnull=False) & ~Q(request__state__in=NEVER_MERGED),
        "failed": Q(state=State.FAILED),
        "back": Q(state=State.TAKEN_BACK) | done & Q(request__state__in=GIVEN_UP),
        "aside": Q(state=State.SET_ASIDE),
        "waiting": Q(state=State.WAITING),
    }
    return items.filter(conditions[fate])


def going_on(bulks: Collection[BulkDecision]) -> set[int]:
    """The keys of those of which merges go on: one query."""
    asked = MergeRequest.objects.filter(bulk__in=bulks, state__in=GOING_ON).order_by()
    return set(asked.values_list("bulk", flat=True).distinct()) if bulks else set()


def label_of(fate: str, bulk: BulkDecision) -> str:
    """The words for a fate; those that wait are still to come in a summary."""
    if fate == "waiting" and bulk.state == BulkState.DRAFT:
        coming = {
            BulkKind.MERGE: _("Will be merged"),
            BulkKind.DISMISS: _("Will be marked"),
            BulkKind.SNOOZE: _("Will be snoozed"),
        }
        return coming[BulkKind(bulk.kind)]
    if fate == "waiting" and bulk.state == BulkState.WORKING:
        return _("Still to come")
    if fate == "done":
        return _("Snoozed") if bulk.kind == BulkKind.SNOOZE else _("Not duplicates")
    return str(FATES[fate][0])


def shown_first(bulk: BulkDecision, counts: Mapping[str, int]) -> str:
    """The list that a page begins with: what is about to happen, and then what went wrong."""
    order = ["waiting", "aside"] if bulk.state == BulkState.DRAFT else ["look", "failed", "aside"]
    return next((fate for fate in [*order, *FATES] if counts[fate]), "waiting")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the bar, and its line in the legend. `x` and `width` are percents."""

    fate: str
    style: str
    label: str
    count: str
    x: str
    width: str
    chosen: bool


def parts(bulk: BulkDecision, counts: Mapping[str, int], chosen: str) -> list[Part]:
    """The bar from left to right, without what nothing has met; `chosen` is the list below it.

    A summary begins with what would be done.
    """
    draft = bulk.state == BulkState.DRAFT
    order = ["waiting", "aside"] if draft else list(FATES)
    found, x, whole = [], 0.0, max(1, bulk.total)
    for fate in order:
        if not (count := counts[fate]):
            continue
        width = 100 * count / whole
        found.append(
            Part(
                fate=fate,
                style="info" if draft and fate == "waiting" else FATES[fate][1],
                label=label_of(fate, bulk),
                count=number(count),
                x=f"{x:.3f}",
                width=f"{width:.3f}",
                chosen=fate == chosen,
            )
        )
        x += width
    return found
