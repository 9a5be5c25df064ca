"""Merge requests as rows of a list, and those that wait for somebody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.accounts.models import Membership, Role
from mergeui.kept import Given, Kept
from mergeui.merging.models import LostOptOut, MergeRequest, RequestState
from mergeui.merging.unasked import LOUD, for_a_person, went_beyond
from mergeui.review.text import visible
from mergeui.web.request_words import outcome_of, state_of
from mergeui.web.when import ago, ahead, exact, number
from mergeui.web.wording import cautions_of

SOON = timedelta(days=1)
MOST_COUNTED = 100
OUTCOMES = 3  # sentences of how it ended that a row has room for


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request as one row of the list."""

    url: str
    number: str
    words: tuple[str, str]
    primary: str
    mark: str
    state: str
    asked_by: str
    age: str
    since: str
    cautions: list[str]
    expires: str = ""
    expires_at: str = ""
    soon: bool = False
    outcome: tuple[str, ...] = ()
    lost: str = ""
    beyond: str = ""


# The views that are about what only some may do.
_FOR = {"waiting": Role.APPROVER, "mine": Role.OPERATOR}


def concerns(member: Membership, view: str) -> bool:
    """Whether anything could ever be in this view for the member."""
    return view not in _FOR or member.can(_FOR[view])


def first_view(member: Membership) -> str:
    """The view that a member sees first."""
    return next((view for view in _FOR if concerns(member, view)), "all")


def find(member: Membership, view: str) -> QuerySet[MergeRequest]:
    """The requests of the member's organisation that a view shows, in no order."""
    requests = MergeRequest.objects.of(member.organization)
    if view == "waiting":
        return requests.waiting_for(member.user_id)
    if view == "mine":
        return requests.filter(proposed_by_id=member.user_id)
    if view == "going":
        return requests.active()
    if view == "person":
        return for_a_person(requests, timezone.now())
    if view == "consent":
        return requests.filter(pk__in=LostOptOut.objects.not_set().values("request"))
    return requests


def waiting_for(member: Membership) -> int:
    """How many requests this member could approve now, at most 100."""
    if not member.can(Role.APPROVER):
        return 0
    return len(_WAITING.all(organization=member.organization_id, user=member.user_id))


def _waiting() -> "QuerySet[MergeRequest, int]":
    ours = MergeRequest.objects.filter(organization=Given("organization"))
    return ours.waiting_for(Given("user")).values_list("pk", flat=True)[:MOST_COUNTED]


_WAITING = Kept(_waiting)


def for_approver(member: Membership) -> int:
    """How many requests this member could approve or has to settle now, at most 100: a query."""
    if not member.can(Role.APPROVER):
        return 0
    return len(_FOR_APPROVER.all(organization=member.organization_id, user=member.user_id))


def _for_approver() -> "QuerySet[MergeRequest, int]":
    ours = MergeRequest.objects.filter(
        organization=Given("organization"),
        state__in=[RequestState.PROPOSED, RequestState.CONFLICT],
    )
    own = Q(state=RequestState.PROPOSED, proposed_by=Given("user"))
    return ours.exclude(own).values_list("pk", flat=True)[:MOST_COUNTED]


_FOR_APPROVER = Kept(_for_approver)


def to_settle(member: Membership) -> str:
    """How many merges a person has to settle, for one who may; empty for none. One query."""
    if not member.can(Role.APPROVER):
        return ""
    ours = MergeRequest.objects.of(member.organization).filter(state=RequestState.CONFLICT)
    count = ours[:MOST_COUNTED].count()
    words = ngettext(
        "{count} merge needs a person: the desk can't find out what became of it.",
        "{count} merges need a person: the desk can't find out what became of them.",
        count,
    )
    return words.format(count=_at_most(count)) if count else ""


def beyond_words(member: Membership, now: datetime) -> str:
    """How many merges went beyond what was asked lately, for who decides; empty for none.

    One query.
    """
    if not member.can(Role.APPROVER):
        return ""
    ours = went_beyond(MergeRequest.objects.of(member.organization), now)
    count = ours[:MOST_COUNTED].count()
    words = ngettext(
        "{count} merge of the last {days} days took more than was asked for: contacts that nobody"
        " chose are gone.",
        "{count} merges of the last {days} days took more than was asked for: contacts that nobody"
        " chose are gone.",
        count,
    )
    return words.format(count=_at_most(count), days=LOUD.days) if count else ""


def _at_most(count: int) -> str:
    return str(count) if count < MOST_COUNTED else f"{MOST_COUNTED}+"


def next_waiting(member: Membership, after: int, now: datetime) -> int | None:
    """The next request that waits for this member: the one after `after`, or else the oldest."""
    if not member.can(Role.APPROVER):
        return None
    waiting = find(member, "waiting").filter(expires_at__gt=now).exclude(pk=after)
    pks = waiting.order_by("pk").values_list("pk", flat=True)
    return pks.filter(pk__gt=after).first() or pks.first()


def row(request: MergeRequest, now: datetime) -> RequestRow:
    """One row of a request with `how_far`."""
    count = len(request.snapshot) - 1
    waits = request.state == RequestState.PROPOSED
    mark, state = state_of(request)
    # Of one that did all that was asked, the state says it already.
    beyond = getattr(request, "beyond", False) and state == request.get_state_display()
    return RequestRow(
        url=reverse("request", args=[request.pk]),
        number=_("Request {number}").format(number=request.pk),
        words=merge_into(count),
        primary=request.primary_name,
        mark=mark,
        state=state,
        asked_by=str(request.proposed_by),
        age=ago(request.proposed_at, now),
        since=exact(request.proposed_at),
        cautions=cautions_of(request) if waits else [],
        expires=expiry(request, now) if waits else "",
        expires_at=exact(request.expires_at) if waits else "",
        soon=waits and request.expires_at - now < SOON,
        outcome=tuple(visible(sentence) for sentence in outcome_of(request, OUTCOMES)),
        lost=_("Opt-out lost") if _is_lost(request) else "",
        beyond=_("More than asked for") if beyond else "",
    )


def _is_lost(request: MergeRequest) -> bool:
    lost = getattr(request, "lost_opt_out", None)
    return lost is not None and lost.state != LostOptOut.State.SET


def merge_into(count: int) -> tuple[str, str]:
    """What stands before and after the name of the contact that is kept."""
    words = ngettext(
        "Merge {count} contact into {primary}", "Merge {count} contacts into {primary}", count
    )
    before, after = words.split("{primary}")
    return before.format(count=number(count)), after


def expiry(request: MergeRequest, now: datetime) -> str:
    """Until when an approval counts: "Expires in 3 days"."""
    return _("Expires {ahead}").format(ahead=ahead(request.expires_at, now))
