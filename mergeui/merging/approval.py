"""What people do with a request before it is executed: approve, reject, cancel; or nobody does.

design.md, rule 8: proposer and approver are different people, and approvals expire.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.transition import move
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.merging.apart import told_since
from mergeui.merging.doubt import find_out, refused_before
from mergeui.merging.drafts import EXECUTION_WITHIN
from mergeui.merging.models import (
    Alone,
    Approval,
    MergeRequest,
    Notice,
    RequestState,
    Source,
)
from mergeui.merging.settle import about, end, end_of, overtaken
from mergeui.merging.sources import ids_in
from mergeui.review.decisions import require
from mergeui.said import Said

REJECTED = Said("{who} rejected this merge: {note}")
TAKEN_BACK = Said("{who} took this request back.")
NOT_APPROVED = Said("Nobody approved it in time.")
NOT_EXECUTED = Said("It could not be executed in time.")
NOTHING_SENT = Said("Nothing was sent to Invent.")
MERGED_BEFORE = Said(
    "{count} of its contacts was merged before; the rest was not sent.",
    "{count} of its contacts were merged before; the rest was not sent.",
)


def approve(request: MergeRequest, *, by_user: Actor, note: str = "") -> None:
    """A second person approves, and the cool-off begins. Raises NotAllowed or Stale.

    In single-operator mode it may be the person who asked; the request says so for ever.
    """
    require(by_user, Role.APPROVER)
    alone = by_user.user is not None and by_user.user.pk == request.proposed_by_id
    if alone and not request.organization.policy.single_operator:
        _refuse_proposer(request, by_user)
    let_pass(request, by_user=by_user, note=note, alone=Alone.SINGLE if alone else "")


def let_pass(
    request: MergeRequest,
    *,
    by_user: Actor,
    note: str,
    alone: str = "",
    also: Callable[[datetime], None] = lambda now: None,
) -> None:
    """Approves; `alone` says why it took nobody else, `also` is done in the same transaction.

    Raises Stale, also when two of its contacts were told apart since it was asked for. Who may do
    this is for the caller to know.
    """
    if told_since(request):
        raise Stale(
            _(
                "Two of these contacts were marked as not the same person after this was asked for,"
                " so it can't be approved any more. Look at the page again, and reject it."
            )
        )
    now = timezone.now()
    seconds = request.organization.policy.cool_off_seconds
    execute_after = now + timedelta(seconds=seconds)

    facts: dict[str, Any] = {"alone": alone} if alone else {}

    def follow() -> None:
        _note(request, Approval.Verdict.APPROVED, by_user, note, now, alone=alone)
        also(now)

    move(
        request,
        expected=[RequestState.PROPOSED],
        only_if=Q(expires_at__gt=now),
        action=Action.GLASS_BROKEN if alone == Alone.GLASS else Action.MERGE_APPROVED,
        by_user=by_user,
        stale=lambda: overtaken(request),
        changes={
            "state": RequestState.APPROVED.value,
            "approved_by": by_user.user,
            "approved_at": now,
            "alone": alone,
            "execute_after": execute_after,
            "expires_at": execute_after + EXECUTION_WITHIN,
        },
        also=follow,
        **about(request, note=note, cool_off_seconds=seconds, **facts),
    )


def reject(request: MergeRequest, *, by_user: Actor, note: str) -> None:
    """A second person says no; the group goes back to the queue.

    Raises Invalid without a reason, NotAllowed, or Stale.
    """
    require(by_user, Role.APPROVER)
    _refuse_proposer(request, by_user)
    if not note.strip():
        raise Invalid(_("Say why: the reason goes back to the person who asked for this merge."))
    now = timezone.now()
    end(
        request,
        RequestState.REJECTED,
        [REJECTED(who=by_user.name, note=note)],
        expected=[RequestState.PROPOSED],
        by_user=by_user,
        first=lambda: _send_back(request, by_user, note, now),
        note=note,
    )


def cancel(request: MergeRequest, *, by_user: Actor, note: str = "") -> None:
    """Takes a request back while nothing is being sent: the proposer, an approver or an admin may.

    One of which a call may have been done is *unknown* then, and read back before it ends. Raises
    NotAllowed, or Stale once the worker has begun.
    """
    require(by_user, Role.OPERATOR)
    own = by_user.user is not None and by_user.user.pk == request.proposed_by_id
    if not own:
        require(by_user, Role.APPROVER)
    proposed = request.state == RequestState.PROPOSED
    _end_early(
        request,
        RequestState.WITHDRAWN if proposed else RequestState.CANCELLED,
        TAKEN_BACK(who=by_user.name),
        expected=RequestState.PROPOSED if proposed else RequestState.APPROVED,
        action=Action.MERGE_WITHDRAWN if proposed else Action.MERGE_CANCELLED,
        by_user=by_user,
        note=note,
    )


def expire(*, now: datetime) -> int:
    """Ends the requests that nobody approved, or that could not be executed, in time."""
    late = MergeRequest.objects.late(now).select_related("organization")
    ended = 0
    for request in late[:500]:
        proposed = request.state == RequestState.PROPOSED
        with suppress(Stale):
            _end_early(
                request,
                RequestState.EXPIRED,
                NOT_APPROVED() if proposed else NOT_EXECUTED(),
                expected=RequestState(request.state),
                action=Action.MERGE_EXPIRED,
                by_user=Actor.system(request.organization),
                only_if=Q(expires_at__lte=now),
                first=partial(_tell, request, Notice.Kind.EXPIRED, now),
            )
            ended += 1
    return ended


def _end_early(
    request: MergeRequest,
    state: RequestState,
    why: str,
    *,
    expected: RequestState,
    action: Action,
    by_user: Actor,
    only_if: Q | None = None,
    first: Callable[[], None] = lambda: None,
    note: str = "",
) -> None:
    """Ends a request that waits. Raises Stale.

    One of several calls may wait for its next: what is merged by then can't be taken back, and the
    request says so. Nor does one end whose last call may have been done, see doubt.py.
    """
    with transaction.atomic():
        MergeRequest.objects.select_for_update().get(pk=request.pk)
        if refused := refused_before(request, ids_in(request, Source.State.WAITING)):
            find_out(
                request,
                refused,
                why,
                action=action,
                by_user=by_user,
                only_if=only_if,
                note=note,
            )
            return
        merged_ids = ids_in(request, Source.State.MERGED)
        sent = MERGED_BEFORE(count=len(merged_ids)) if merged_ids else NOTHING_SENT()
        end(
            request,
            end_of(request, merged_ids, state),
            [why, sent],
            expected=[expected],
            action=action,
            by_user=by_user,
            only_if=only_if,
            first=first,
            note=note,
            merged=merged_ids,
        )


def _refuse_proposer(request: MergeRequest, by_user: Actor) -> None:
    if by_user.user is not None and by_user.user.pk == request.proposed_by_id:
        raise NotAllowed(
            _(
                "You asked for this merge, so somebody else has to decide on it. You can withdraw"
                " it instead."
            )
        )


def _send_back(request: MergeRequest, by_user: Actor, note: str, now: datetime) -> None:
    """The verdict, and whoever asked is told of it."""
    _note(request, Approval.Verdict.REJECTED, by_user, note, now)
    _tell(request, Notice.Kind.REJECTED, now)


def _tell(request: MergeRequest, kind: Notice.Kind, now: datetime) -> None:
    """Whoever asked is told; of a bulk decision that expires once, and not a thousand times."""
    if kind is Notice.Kind.EXPIRED and request.bulk_id:
        told = Notice.objects.filter(kind=kind, person_id=request.proposed_by_id, read_at=None)
        if told.filter(request__bulk_id=request.bulk_id).exists():
            return
    Notice.objects.create(
        organization_id=request.organization_id,
        person_id=request.proposed_by_id,
        kind=kind,
        group_id=request.group_id,
        request=request,
        at=now,
    )


def _note(
    request: MergeRequest,
    verdict: Approval.Verdict,
    by_user: Actor,
    note: str,
    now: datetime,
    *,
    alone: str = "",
) -> None:
    assert by_user.user is not None  # noqa: S101 - require() let only members through
    Approval.objects.create(
        request=request,
        verdict=verdict,
        proposer_id=request.proposed_by_id,
        approver=by_user.user,
        alone=alone,
        note=note,
        at=now,
    )
