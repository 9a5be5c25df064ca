"""The worker's part in bulk decisions: group by group, beside everything else that it does.

Each group is decided in one transaction with its item, by the function that decides a single group:
what a worker that dies had begun is undone by the database, and what it had finished is never done
again. The bulk decision's own row is locked first, so that several workers take turns, the counts
are right, and a group is decided only while nobody has stopped it.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mergeui.accounts.models import Membership, Organization
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.transition import move
from mergeui.errors import NotAllowed, Problem
from mergeui.merging.approval import cancel
from mergeui.merging.bulk.wishes import overtaken, tally
from mergeui.merging.models import (
    WAITING,
    BulkDecision,
    BulkItem,
    BulkKind,
    BulkQuerySet,
    BulkState,
    MergeRequest,
    RequestState,
)
from mergeui.merging.proposals import propose
from mergeui.review.decisions import dismiss, reopen, snooze
from mergeui.review.models import Group, GroupState

logger = logging.getLogger(__name__)

# Groups in a row, before the worker looks after the merges that are due.
PORTION = 20
# Merges of one bulk decision that wait for the worker at a time: the rest is not asked for before,
# so that stopping half-way stops most of it.
MOST_UNDER_WAY = 500

# Columns of a group that its decision doesn't need; they may be long.
UNREAD = ("search_text", "links", "graded_links", "segment_labels")

LOST_ROLE = "lost_role"

State, Why = BulkItem.State, BulkItem.Why


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a group: the new columns of its item."""

    state: BulkItem.State
    why: str = ""
    detail: str = ""
    request_id: int | None = None
    at: datetime | None = None

    @classmethod
    def aside(cls, why: BulkItem.Why, detail: str = "") -> "Fate":
        """Not touched, and why."""
        return cls(State.SET_ASIDE, why.value, detail)


def work_portion(organization: Organization, *, go_on: Callable[[], bool] = lambda: True) -> int:
    """Decides the next groups of each bulk decision under way; gives how many. Stops between two.

    Several bulk decisions take turns.
    """
    decided = 0
    for bulk in _unfinished().of(organization).order_by("pk"):
        for _turn in range(_room(bulk)):
            if not go_on() or not _step(bulk):
                break
            decided += 1
    return decided


def _unfinished() -> BulkQuerySet:
    return BulkDecision.objects.unfinished().select_related("organization", "asked_by", "ended_by")


def _room(bulk: BulkDecision) -> int:
    """How many groups may be decided now."""
    if bulk.kind != BulkKind.MERGE or bulk.state != BulkState.WORKING:
        return PORTION
    under_way = bulk.requests.filter(state__in=[RequestState.APPROVED, RequestState.EXECUTING])
    return min(PORTION, MOST_UNDER_WAY - under_way[:MOST_UNDER_WAY].count())


def work_on(number: int) -> bool:
    """Decides the next group of a bulk decision, or ends it; False when nothing is to do now."""
    bulk = _unfinished().filter(pk=number).first()
    return bulk is not None and _step(bulk)


def _step(bulk: BulkDecision) -> bool:
    """`work_on` for one that was read a moment ago: it goes on only while its state is the same."""
    with transaction.atomic():
        held = BulkDecision.objects.select_for_update().filter(pk=bulk.pk, state=bulk.state)
        if not held.values_list("pk").first():
            return False
        turn = _Undoing(bulk) if bulk.state == BulkState.TAKING_BACK else _Deciding(bulk)
        item = turn.following()
        if item is None:
            turn.end()
            return False
        before = item.state
        try:
            with transaction.atomic(), _language_of(bulk):
                fate = turn.take(item)
        except NotAllowed:
            _stop(bulk)
            return False
        except Problem as problem:
            fate = turn.refused(item, problem)
        except (OperationalError, InterfaceError):
            raise  # The database is away or busy: this group has its turn later.
        except Exception:
            # One group that can't be understood must not hold up the thousands behind it.
            logger.exception("Group %s of bulk decision %s failed.", item.group_id, bulk.pk)
            fate = Fate(State.FAILED, Why.FAILED.value, request_id=item.request_id)
        _write(bulk, item, before, fate)
    return True


def _language_of(bulk: BulkDecision) -> AbstractContextManager[None]:
    """What is read of it is kept for the person who asked, so it is in their language."""
    return translation.override(bulk.asked_by.language or settings.LANGUAGE_CODE)


class _Deciding:
    """Group by group through the functions that decide a single one."""

    def __init__(self, bulk: BulkDecision) -> None:
        self.bulk = bulk

    def following(self) -> BulkItem | None:
        """The group whose turn it is."""
        return self.bulk.items.filter(state=State.WAITING).order_by("pk").first()

    def take(self, item: BulkItem) -> Fate:
        """Decides a group that is still as the summary showed it, and sets aside any other.

        Raises NotAllowed when the person's role was taken away meanwhile.
        """
        by_user = self.person()
        group = Group.objects.select_for_update().defer(*UNREAD).get(pk=item.group_id)
        assert by_user.organization is not None  # noqa: S101 - person() gives a member
        group.organization = by_user.organization  # with its policy as it is now
        if aside := self.left_aside(group, item):
            return aside
        if self.bulk.kind == BulkKind.MERGE:
            return self.merge(group, by_user)
        if self.bulk.kind == BulkKind.DISMISS:
            dismiss(group, by_user=by_user, note=self.bulk.note, bulk_id=self.bulk.pk)
        else:
            assert self.bulk.until is not None  # noqa: S101 - confirm() has looked
            until, note = self.bulk.until, self.bulk.note
            snooze(group, until=until, by_user=by_user, note=note, bulk_id=self.bulk.pk)
        return Fate(State.DONE, at=group.decided_at)

    def left_aside(self, group: Group, item: BulkItem) -> Fate | None:
        """Why it must not be decided here, as it is now; None when it may."""
        if group.state != GroupState.OPEN:
            return Fate.aside(Why.DECIDED, group.state)
        if group.fingerprint != item.fingerprint:
            return Fate.aside(Why.CHANGED)
        if group.claimed_by_other(self.bulk.asked_by_id, timezone.now()):
            return Fate.aside(Why.CLAIMED, str(group.claimed_by))
        if self.bulk.kind == BulkKind.MERGE and group.risky:
            return Fate.aside(Why.RISKY, group.risks)
        if group.barred_from_bulk:
            return Fate.aside(Why.GRADE, group.grade)
        return None

    def merge(self, group: Group, by_user: Actor) -> Fate:
        """Asks for the merge of all members into the one that Invent recommends."""
        ids = list(group.members.values_list("contact_id", flat=True))
        request = propose(
            group,
            primary_id=group.primary_contact_id,
            source_ids=[one for one in ids if one != group.primary_contact_id],
            acknowledged=False,
            by_user=by_user,
            note=self.bulk.note,
            bulk_id=self.bulk.pk,
        )
        return Fate(State.DONE, request_id=request.pk, at=request.proposed_at)

    def refused(self, item: BulkItem, problem: Problem) -> Fate:
        """What the single decision refused is set aside with its words, never forced."""
        return Fate.aside(Why.REFUSED, problem.sentence)

    def person(self) -> Actor:
        """Who asked, in the role that they have now. Raises NotAllowed."""
        bulk = self.bulk
        memberships = Membership.objects.active().select_related("organization", "user")
        member = memberships.filter(organization=bulk.organization, user=bulk.asked_by).first()
        if member is None:
            raise NotAllowed(_("The person who asked is no longer a member of this team."))
        return Actor.member(member, address=bulk.address, request_id=bulk.request_id)

    def end(self) -> None:
        """Every group has had its turn."""
        _move(self.bulk, BulkState.DONE, Action.BULK_ENDED)


class _Undoing:
    """Takes back what can be, as the person who wished it, in the role that they had then.

    A wish to take back is carried through: it makes nothing happen that could be wrong.
    """

    def __init__(self, bulk: BulkDecision) -> None:
        self.bulk = bulk

    def following(self) -> BulkItem | None:
        """The next group of which something can be taken back."""
        done = self.bulk.items.filter(state=State.DONE, why="")
        if self.bulk.kind == BulkKind.MERGE:
            waiting = self.bulk.requests.filter(state__in=WAITING, bulk_item__in=done)
            request = waiting.order_by("pk").first()
            return BulkItem.objects.get(request=request) if request else None
        # Whatever somebody has decided about a group since then stays.
        state = GroupState.DISMISSED if self.bulk.kind == BulkKind.DISMISS else GroupState.SNOOZED
        return done.filter(group__state=state, group__decided_at=F("at")).order_by("pk").first()

    def take(self, item: BulkItem) -> Fate:
        """Cancels the request, or reopens the group."""
        by_user = Actor(
            organization=self.bulk.organization,
            user=self.bulk.ended_by,
            role=self.bulk.role,
            address=self.bulk.address,
            request_id=self.bulk.request_id,
        )
        if item.request_id:
            request = MergeRequest.objects.select_related("organization").get(pk=item.request_id)
            cancel(request, by_user=by_user)
            if request.state == RequestState.UNKNOWN:
                words = _(
                    "A call was answered with 429; whether Invent did it all the same is asked."
                )
                return replace(self.kept(item), why=Why.REFUSED.value, detail=words)
        else:
            reopen(item.group, by_user=by_user, bulk_id=self.bulk.pk)
        return replace(self.kept(item), state=State.TAKEN_BACK, at=timezone.now())

    def kept(self, item: BulkItem) -> Fate:
        """What the item says already."""
        return Fate(State.DONE, request_id=item.request_id, at=item.at)

    def refused(self, item: BulkItem, problem: Problem) -> Fate:
        """Somebody was faster: what is done stays done, and is not tried again.

        One that is being sent may come back yet.
        """
        if self.bulk.requests.filter(bulk_item=item, state=RequestState.EXECUTING).exists():
            return self.kept(item)
        return replace(self.kept(item), why=Why.REFUSED.value, detail=problem.sentence)

    def end(self) -> None:
        """Nothing is left to take back; one that is being sent may come back yet."""
        if not self.bulk.requests.filter(state=RequestState.EXECUTING).exists():
            _move(self.bulk, BulkState.TAKEN_BACK, Action.BULK_ENDED)


def _write(bulk: BulkDecision, item: BulkItem, before: str, fate: Fate) -> None:
    """The fate of a group, and the counts of the whole."""
    BulkItem.objects.filter(pk=item.pk, state=before).update(**asdict(fate))
    if before != fate.state:
        counts = {fate.state.value: F(fate.state.value) + 1}
        if before == State.DONE:
            counts["done"] = F("done") - 1
        BulkDecision.objects.filter(pk=bulk.pk).update(**counts)


def _stop(bulk: BulkDecision) -> None:
    """The person who asked may no longer decide: what is done stays, the rest is not begun."""
    _move(bulk, BulkState.STOPPED, Action.BULK_STOPPED, because=LOST_ROLE)


def _move(bulk: BulkDecision, state: BulkState, action: Action, *, because: str = "") -> None:
    by_user = Actor.system(bulk.organization)
    bulk.refresh_from_db(fields=["total", "done", "set_aside", "failed", "taken_back"])
    changes = {"state": state.value, "ended_at": timezone.now(), "because": because}
    move(
        bulk,
        expected=[bulk.state],
        action=action,
        by_user=by_user,
        subject=bulk.subject,
        stale=lambda: overtaken(bulk),
        changes=changes,
        facts={**tally(bulk), **({"reason": because} if because else {})},
    )
