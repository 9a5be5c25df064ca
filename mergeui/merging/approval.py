"""What people do with a request before it is executed: approve, reject, cancel; or nobody does.

design.md, rule 8: proposer and approver are different people, and approvals expire.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.transition import move
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.merging.models import (
    WAITING,
    Approval,
    MergeRequest,
    RequestState,
)
from mergeui.merging.proposals import EXECUTION_WITHIN
from mergeui.merging.settle import about, settle
from mergeui.review.decisions import require


def approve(request: MergeRequest, *, by_user: Actor, note: str = "") -> None:
    """A second person approves, and the cool-off begins. Raises NotAllowed or Stale."""
    require(by_user, Role.APPROVER)
    _refuse_proposer(request, by_user, "approve")
    now = timezone.now()
    execute_after = now + timedelta(seconds=settings.MERGE_COOL_OFF_SECONDS)
    move(
        request,
        expected=[RequestState.PROPOSED],
        action=Action.MERGE_APPROVED,
        by_user=by_user,
        stale=lambda: overtaken(request),
        changes={
            "state": RequestState.APPROVED.value,
            "approved_by": by_user.user,
            "approved_at": now,
            "execute_after": execute_after,
            "expires_at": execute_after + EXECUTION_WITHIN,
        },
        also=lambda: _note(request, Approval.Verdict.APPROVED, by_user, note, now),
        **about(request, note=note, cool_off_seconds=settings.MERGE_COOL_OFF_SECONDS),
    )


def reject(request: MergeRequest, *, by_user: Actor, note: str) -> None:
    """A second person says no; the group goes back to the queue.

    Raises Invalid without a reason, NotAllowed, or Stale.
    """
    require(by_user, Role.APPROVER)
    _refuse_proposer(request, by_user, "reject")
    if not note.strip():
        raise Invalid("Say why: the reason goes back to the person who asked for this merge.")
    now = timezone.now()

    def follow() -> None:
        _note(request, Approval.Verdict.REJECTED, by_user, note, now)
        settle(request)

    move(
        request,
        expected=[RequestState.PROPOSED],
        action=Action.MERGE_REJECTED,
        by_user=by_user,
        stale=lambda: overtaken(request),
        changes={
            "state": RequestState.REJECTED.value,
            "finished_at": now,
            "outcome": [f"{by_user.name} rejected this merge: {note}"],
        },
        also=follow,
        **about(request, note=note),
    )


def cancel(request: MergeRequest, *, by_user: Actor, note: str = "") -> None:
    """Takes a request back before anything is sent: the proposer, an approver or an admin may.

    Raises NotAllowed, or Stale once the worker has begun.
    """
    require(by_user, Role.OPERATOR)
    own = by_user.user is not None and by_user.user.pk == request.proposed_by_id
    if not own:
        require(by_user, Role.APPROVER)
    proposed = request.state == RequestState.PROPOSED
    to = RequestState.WITHDRAWN if proposed else RequestState.CANCELLED
    move(
        request,
        expected=[RequestState.PROPOSED if proposed else RequestState.APPROVED],
        action=Action.MERGE_WITHDRAWN if proposed else Action.MERGE_CANCELLED,
        by_user=by_user,
        stale=lambda: overtaken(request),
        changes={
            "state": to.value,
            "finished_at": timezone.now(),
            "outcome": [f"{by_user.name} took this request back. Nothing was sent to Invent."],
        },
        also=lambda: settle(request),
        **about(request, note=note),
    )


def expire(*, now: datetime) -> int:
    """Ends the requests that nobody approved, or that could not be executed, in time."""
    late = MergeRequest.objects.filter(state__in=WAITING, expires_at__lte=now)
    ended = 0
    for request in late.select_related("organization")[:500]:
        with suppress(Stale):
            move(
                request,
                expected=[request.state],
                action=Action.MERGE_EXPIRED,
                by_user=Actor.system(request.organization),
                stale=lambda: "Somebody was faster.",
                changes={
                    "state": RequestState.EXPIRED.value,
                    "finished_at": now,
                    "outcome": ["Nobody approved it in time. Nothing was sent to Invent."]
                    if request.state == RequestState.PROPOSED
                    else ["It could not be executed in time. Nothing was sent to Invent."],
                },
                also=partial(settle, request),
                **about(request),
            )
            ended += 1
    return ended


def overtaken(request: MergeRequest) -> str:
    """The sentence for somebody who comes too late to a request."""
    fresh = MergeRequest.objects.select_related("approved_by").get(pk=request.pk)
    if fresh.state == RequestState.APPROVED and fresh.approved_by:
        return f"{fresh.approved_by} approved this request meanwhile."
    if fresh.state == RequestState.EXECUTING:
        return "Too late: the merge is being carried out now. Watch this page for the result."
    return (
        f"Somebody was faster: this request is no longer as you saw it"
        f" (now: {fresh.get_state_display().lower()})."
    )


def _refuse_proposer(request: MergeRequest, by_user: Actor, verb: str) -> None:
    if by_user.user is not None and by_user.user.pk == request.proposed_by_id:
        raise NotAllowed(
            f"You asked for this merge, so somebody else has to {verb} it."
            " You can withdraw it instead."
        )


def _note(
    request: MergeRequest, verdict: Approval.Verdict, by_user: Actor, note: str, now: datetime
) -> None:
    assert by_user.user is not None  # noqa: S101 - require() let only members through
    Approval.objects.create(
        request=request,
        verdict=verdict,
        proposer_id=request.proposed_by_id,
        approver=by_user.user,
        note=note,
        at=now,
    )
