"""What a person wishes of a bulk decision: begin, stop, take back. Each is one transition."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.transition import move
from mergeui.errors import Invalid
from mergeui.merging.models import BulkDecision, BulkKind, BulkState
from mergeui.review.decisions import check_snooze, require


def confirm(
    bulk: BulkDecision, *, by_user: Actor, note: str = "", until: datetime | None = None
) -> None:
    """Begins: from now on the worker goes from group to group, as the person who confirmed.

    `until` is for a snooze. Raises Invalid without a group to decide or with a day that can't be,
    NotAllowed, or Stale when it has begun already.
    """
    require(by_user, Role.OPERATOR)
    if not bulk.waiting:
        raise Invalid(_("Every group is set aside, so there is nothing to do here."))
    if bulk.kind == BulkKind.SNOOZE:
        if until is None:
            raise Invalid(_("Choose the day on which the groups come back."))
        check_snooze(until)
    move(
        bulk,
        expected=[BulkState.DRAFT],
        action=Action.BULK_REQUESTED,
        by_user=by_user,
        subject=bulk.subject,
        stale=lambda: overtaken(bulk),
        changes={
            "state": BulkState.WORKING.value,
            "asked_at": timezone.now(),
            "note": note,
            "until": until,
            "address": by_user.address[:100],
            "request_id": by_user.request_id[:100],
        },
        facts={
            "kind": bulk.kind,
            "count": bulk.waiting,
            "set_aside": bulk.set_aside,
            **({"until": until.isoformat()} if until else {}),
        },
        personal={
            **({"note": note} if note else {}),
            **({"filters": bulk.query} if bulk.query else {}),
        },
    )


def stop(bulk: BulkDecision, *, by_user: Actor) -> None:
    """Ends it half-way: what is done stays, the rest is not begun.

    The person who asked may, and an approver. Raises NotAllowed, or Stale when it was over.
    """
    _require_say(bulk, by_user)
    with transaction.atomic():
        # The counts are final once no group is in hand.
        held = BulkDecision.objects.select_for_update().get(pk=bulk.pk)
        move(
            bulk,
            expected=[BulkState.WORKING],
            action=Action.BULK_STOPPED,
            by_user=by_user,
            subject=bulk.subject,
            stale=lambda: overtaken(bulk),
            changes={
                "state": BulkState.STOPPED.value,
                "ended_by": by_user.user,
                "ended_at": timezone.now(),
            },
            facts=tally(held),
        )


def take_back(bulk: BulkDecision, *, by_user: Actor) -> None:
    """Stops it, and takes back what can be: merges not sent yet are cancelled, groups reopened.

    From here no merge of it begins; the worker cancels them one by one, as this person. Raises
    NotAllowed, or Stale when there is nothing to take back any more.
    """
    _require_say(bulk, by_user)
    move(
        bulk,
        expected=[BulkState.WORKING, BulkState.DONE, BulkState.STOPPED],
        action=Action.BULK_TAKEN_BACK,
        by_user=by_user,
        subject=bulk.subject,
        stale=lambda: overtaken(bulk),
        changes={
            "state": BulkState.TAKING_BACK.value,
            "ended_by": by_user.user,
            "ended_at": timezone.now(),
            "because": "",
            "role": by_user.role,
            "address": by_user.address[:100],
            "request_id": by_user.request_id[:100],
        },
        facts={"kind": bulk.kind},
    )


def tally(bulk: BulkDecision) -> dict[str, Any]:
    """The facts of how it ended: the counts."""
    return {
        "kind": bulk.kind,
        "count": bulk.total,
        "done": bulk.done,
        "set_aside": bulk.set_aside,
        "failed": bulk.failed,
        "taken_back": bulk.taken_back,
    }


def overtaken(bulk: BulkDecision) -> str:
    """The sentence for somebody who comes too late to a bulk decision."""
    fresh = BulkDecision.objects.filter(pk=bulk.pk).first()
    said = {
        BulkState.WORKING: _("This has begun already. Watch here how far it is."),
        BulkState.DONE: _("This was finished meanwhile."),
        BulkState.STOPPED: _("This was stopped meanwhile."),
        BulkState.TAKING_BACK: _("This is being taken back already."),
        BulkState.TAKEN_BACK: _("This was taken back already."),
    }
    if fresh is None:
        return _("This summary is too old and was put away. Choose the groups once more.")
    return said.get(BulkState(fresh.state), _("This has not begun yet."))


def _require_say(bulk: BulkDecision, by_user: Actor) -> None:
    own = by_user.user is not None and by_user.user.pk == bulk.asked_by_id
    require(by_user, Role.OPERATOR if own else Role.APPROVER)
