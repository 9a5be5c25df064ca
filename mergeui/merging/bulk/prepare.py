"""The summary of a bulk decision: which groups it is about, and which are set aside from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Organization, Role, User
from mergeui.audit.actor import Actor
from mergeui.errors import Invalid
from mergeui.merging.models import BulkDecision, BulkItem, BulkKind, BulkState
from mergeui.review.bulk import insert
from mergeui.review.decisions import require
from mergeui.review.grades import BARRED
from mergeui.review.models import Group, GroupState

MOST_GROUPS = 10_000
# A summary that nobody has confirmed is nothing: no group was touched, no entry made.
FORGOTTEN_AFTER = timedelta(days=1)

Why = BulkItem.Why

COLUMNS = (
    "pk", "state", "fingerprint", "member_count", "risky", "risks", "grade", "claimed_by_id",
    "claimed_until",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """What decides whether a group may be a part: its columns."""

    pk: int
    state: str
    fingerprint: str
    member_count: int
    risky: bool
    risks: str
    grade: str
    claimed_by_id: int | None
    claimed_until: datetime | None


@dataclass(frozen=True, slots=True)
class Sorting:
    """Sets aside what a bulk decision must not touch; asked group by group, without a query."""

    kind: BulkKind
    user_id: int
    now: datetime
    elsewhere: frozenset[int]
    names: Mapping[int, str]

    def why(self, group: Listed) -> tuple[str, str]:
        """The code of BulkItem.Why and its detail; empty for a group that may be a part."""
        if group.state != GroupState.OPEN:
            return Why.DECIDED.value, group.state
        if group.pk in self.elsewhere:
            return Why.ELSEWHERE.value, ""
        if self.kind is BulkKind.MERGE and group.risky:
            return Why.RISKY.value, group.risks
        if group.grade in BARRED:
            return Why.GRADE.value, group.grade
        holder, until = group.claimed_by_id, group.claimed_until
        if holder and holder != self.user_id and until and until > self.now:
            return Why.CLAIMED.value, self.names.get(holder, "")
        return "", ""


def prepare(
    groups: QuerySet[Group], *, kind: BulkKind, by_user: Actor, query: str = ""
) -> BulkDecision:
    """Freezes `groups` (of the actor's organisation, in the order of the list) in a summary.

    Nothing is decided by it. Takes the first 10,000; `left_out` says when there were more. Raises
    NotAllowed, or Invalid without any group.
    """
    require(by_user, Role.OPERATOR)
    assert by_user.organization is not None  # noqa: S101 - require() let only members through
    assert by_user.user is not None  # noqa: S101
    own = groups.filter(organization=by_user.organization)
    found = [Listed(*row) for row in own.values_list(*COLUMNS)[: MOST_GROUPS + 1]]
    if not found:
        raise Invalid(_("Tick at least one group first."))
    now = timezone.now()
    sorting = Sorting(
        kind,
        by_user.user.pk,
        now,
        _elsewhere(by_user.organization),
        _names({group.claimed_by_id for group in found if group.claimed_by_id}),
    )
    listed = [(group, sorting.why(group)) for group in found[:MOST_GROUPS]]
    takes = [group for group, (why, _) in listed if not why]
    with transaction.atomic():
        _forget(by_user.user, now)
        bulk = BulkDecision.objects.create(
            organization=by_user.organization,
            kind=kind,
            query=query,
            left_out=len(found) > MOST_GROUPS,
            contacts=sum(group.member_count for group in takes),
            asked_by=by_user.user,
            asked_at=now,
            total=len(listed),
            set_aside=len(listed) - len(takes),
        )
        insert(
            BulkItem,
            ("bulk_id", "group_id", "fingerprint", "state", "why", "detail"),
            _items(bulk, listed),
        )
    return bulk


def _items(
    bulk: BulkDecision, listed: list[tuple[Listed, tuple[str, str]]]
) -> Iterator[tuple[Any, ...]]:
    for group, (why, detail) in listed:
        state = BulkItem.State.SET_ASIDE if why else BulkItem.State.WAITING
        yield bulk.pk, group.pk, group.fingerprint, state.value, why, detail


def _elsewhere(organization: Organization) -> frozenset[int]:
    """The groups whose turn in another bulk decision is still to come."""
    working = BulkDecision.objects.of(organization).filter(state=BulkState.WORKING)
    numbers = list(working.values_list("pk", flat=True))
    if not numbers:
        return frozenset()
    waiting = BulkItem.objects.filter(bulk__in=numbers, state=BulkItem.State.WAITING)
    return frozenset(waiting.values_list("group_id", flat=True))


def _names(users: set[int]) -> dict[int, str]:
    return {user.pk: str(user) for user in User.objects.filter(pk__in=users)} if users else {}


def _forget(user: User, now: datetime) -> None:
    """Drops the person's own old summaries: at most those of an hour are kept beside this one."""
    _drop(BulkDecision.objects.filter(asked_by=user, asked_at__lt=now - timedelta(hours=1)))


def forget_drafts(*, now: datetime) -> None:
    """Drops the summaries that nobody has confirmed in a day."""
    # Named, so that the index that they begin is used: each worker asks each second.
    everywhere = BulkDecision.objects.filter(organization__in=Organization.objects.values("pk"))
    _drop(everywhere.filter(asked_at__lt=now - FORGOTTEN_AFTER))


def _drop(bulks: QuerySet[BulkDecision]) -> None:
    found = list(bulks.filter(state=BulkState.DRAFT).values_list("pk", flat=True)[:20])
    if not found:
        return
    with transaction.atomic():
        # Not what somebody confirms at this moment: that is no draft any more.
        drafts = BulkDecision.objects.select_for_update().filter(state=BulkState.DRAFT)
        held = list(drafts.filter(pk__in=found).values_list("pk", flat=True))
        BulkDecision.objects.filter(pk__in=held).delete()
