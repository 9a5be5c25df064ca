"""What a person decides about a group without a merge: each function is one transition."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.transition import move
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.review import pairs
from mergeui.review.claims import claimed, free_for, holder
from mergeui.review.models import Group, GroupState
from mergeui.review.risk import Risk, joined
from mergeui.review.stands import mark_said

LONGEST_SNOOZE = timedelta(days=366)
WOKEN_AT_ONCE = 500


def require(by_user: Actor, role: Role) -> None:
    """Raises NotAllowed unless the actor may do what `role` may do."""
    if by_user.role not in Role.values or not Role(by_user.role).includes(role):
        raise NotAllowed(
            _(
                "Your role here doesn't allow this: it takes the role {role}. Ask an admin of your"
                " team."
            ).format(role=str(role.label).lower())
        )


def too_late(group: Group, *, by_user: Actor) -> Stale:
    """Why a decision about a group could not be made, for the person who made it."""
    if who := holder(group, besides=by_user.user):
        return claimed(who)
    return Stale(already(group, by_user=by_user))


def already(group: Group, *, by_user: Actor | None = None) -> str:
    """The sentence for somebody who comes too late to a group: by whom, and how."""
    fresh = Group.objects.select_related("decided_by").filter(pk=group.pk).first()
    if fresh and fresh.by_hand and fresh.state == GroupState.VANISHED:
        return _("This group was put together by hand and is no longer to be decided.")
    if fresh is None or fresh.state == GroupState.VANISHED:
        return _("Invent no longer suggests this group, so there is nothing to decide.")
    what = {
        GroupState.REQUESTED: _("A merge of this group was requested meanwhile."),
        GroupState.MERGED: _("This group has been merged meanwhile."),
        GroupState.DISMISSED: _("This group was marked as not a duplicate meanwhile."),
        GroupState.SNOOZED: _("This group was snoozed meanwhile."),
    }
    if by_user and by_user.user and by_user.user.pk == fresh.decided_by_id:
        what |= {
            GroupState.REQUESTED: _("A merge of this group was requested meanwhile by you."),
            GroupState.DISMISSED: _("This group was marked as not a duplicate meanwhile by you."),
            GroupState.SNOOZED: _("This group was snoozed meanwhile by you."),
        }
    elif fresh.decided_by:
        what |= {
            GroupState.REQUESTED: _("A merge of this group was requested meanwhile by {who}."),
            GroupState.DISMISSED: _("This group was marked as not a duplicate meanwhile by {who}."),
            GroupState.SNOOZED: _("This group was snoozed meanwhile by {who}."),
        }
    words = what.get(GroupState(fresh.state))
    if words is None:
        return _("This group has changed meanwhile. Look at it once more.")
    return words.format(who=fresh.decided_by)


def dismiss(
    group: Group,
    *,
    by_user: Actor,
    note: str = "",
    seen: str = "",
    bulk_id: int | None = None,
) -> None:
    """Marks a group as not a duplicate, until its members or its evidence change.

    Kept for each pair of its members (pairs.py), so that it stands in other company too. `seen` is
    the fingerprint of the group as it was shown; without it, what was read now counts as seen.
    `bulk_id` is the bulk decision that this is a part of. Raises NotAllowed, or Stale when the
    group changed or was decided meanwhile.
    """
    now = timezone.now()
    said = pairs.said(group, by=by_user.user, at=now, reason=note)
    _decide(
        group,
        GroupState.DISMISSED,
        Action.GROUP_DISMISSED,
        by_user=by_user,
        note=note,
        seen=seen,
        bulk_id=bulk_id,
        now=now,
        also=lambda: pairs.keep(said),
    )


def snooze(
    group: Group,
    *,
    until: datetime | None,
    by_user: Actor,
    note: str = "",
    seen: str = "",
    bulk_id: int | None = None,
) -> None:
    """Hides a group until a moment in the future, or until its members or its evidence change.

    Without a moment it waits for such a change alone. `seen` and `bulk_id` as for `dismiss`.
    Raises Invalid for a moment that is past or over a year away, NotAllowed, or Stale.
    """
    check_snooze(until)
    _decide(
        group,
        GroupState.SNOOZED,
        Action.GROUP_SNOOZED,
        by_user=by_user,
        note=note,
        seen=seen,
        until=until,
        bulk_id=bulk_id,
    )


def check_snooze(until: datetime | None) -> None:
    """Raises Invalid for a moment that is past or more than a year away."""
    now = timezone.now()
    if until and not now < until <= now + LONGEST_SNOOZE:
        raise Invalid(_("Snooze until a day from tomorrow on, at most a year away."))


def _decide(
    group: Group,
    to: GroupState,
    action: Action,
    *,
    by_user: Actor,
    note: str,
    seen: str,
    until: datetime | None = None,
    bulk_id: int | None = None,
    now: datetime | None = None,
    also: Callable[[], None] = lambda: None,
) -> None:
    now = now or timezone.now()
    require(by_user, Role.OPERATOR)
    if seen and seen != group.fingerprint:  # what was decided is what was seen
        raise too_late(group, by_user=by_user)
    move(
        group,
        expected=[GroupState.OPEN],
        action=action,
        by_user=by_user,
        subject=f"group:{group.pk}",
        stale=lambda: too_late(group, by_user=by_user),
        # A sync may have changed the group a moment ago, and two people never decide the same.
        only_if=Q(fingerprint=group.fingerprint) & free_for(by_user.user, now),
        changes={
            "state": to.value,
            "decided_by": by_user.user,
            "decided_at": now,
            "decided_as": to.value,
            "decided_note": note,
            "decided_evidence": group.evidence,
            "snoozed_until": until,
            "claimed_by": None,
            "claimed_until": None,
        },
        also=also,
        facts={
            "members": group.evidence.get("members", []),
            **({"until": until.isoformat()} if until else {}),
            **part_of(bulk_id),
        },
        personal={"names": group.names, "note": note},
    )


def part_of(bulk_id: int | None) -> dict[str, int]:
    """The fact that ties an entry to the bulk decision that it is a part of."""
    return {} if bulk_id is None else {"bulk": bulk_id}


def reopen(group: Group, *, by_user: Actor, bulk_id: int | None = None) -> None:
    """Puts a dismissed or snoozed group back into the queue. Raises NotAllowed or Stale.

    That its pairs are no duplicates is taken back: otherwise the next sync would answer again. What
    was said of one before stays, and so does its mark.
    """
    require(by_user, Role.OPERATOR)
    dismissed = group.state == GroupState.DISMISSED
    move(
        group,
        expected=[GroupState.DISMISSED, GroupState.SNOOZED],
        action=Action.GROUP_REOPENED,
        by_user=by_user,
        subject=f"group:{group.pk}",
        stale=lambda: already(group, by_user=by_user),
        # The decision that was seen, not one that somebody has made since.
        only_if=Q(decided_at=group.decided_at),
        changes={
            "state": GroupState.OPEN.value,
            "snoozed_until": None,
            **(_without_said(group) if dismissed else {}),
        },
        also=lambda: _take_back(group) if dismissed else None,
        facts={"was": group.state, "why": "a person", **part_of(bulk_id)},
        personal={"names": group.names},
    )


def _take_back(group: Group) -> None:
    pairs.take_back(group)
    if pairs.are_said(group):
        mark(group)


def mark(group: Group) -> None:
    """Stores that somebody said of two of its contacts that they are not the same."""
    mark_said(group)
    Group.objects.filter(pk=group.pk).update(risks=group.risks, risky=True)


def unmark(group: Group) -> None:
    """Takes that mark away where nothing is said of any two of them any more."""
    if not pairs.are_said(group) and (changes := _without_said(group)):
        Group.objects.filter(pk=group.pk).update(**changes)


def _without_said(group: Group) -> dict[str, Any]:
    """The risks of a group once what was said of its pairs is taken back."""
    if Risk.SAID not in group.risk_codes:
        return {}
    risks = [code for code in group.risk_codes if code != Risk.SAID]
    return {"risks": joined(risks), "risky": bool(risks)}


def wake(*, now: datetime) -> int:
    """Reopens every group whose snooze is over; gives how many."""
    due = Group.objects.overslept(now).select_related("organization")
    woken = 0
    for group in due.order_by("snoozed_until")[:WOKEN_AT_ONCE]:
        with suppress(Stale):
            move(
                group,
                expected=[GroupState.SNOOZED],
                action=Action.GROUP_REOPENED,
                by_user=Actor.system(group.organization),
                subject=f"group:{group.pk}",
                stale=lambda: "Somebody reopened it first.",
                changes={"state": GroupState.OPEN.value, "snoozed_until": None},
                only_if=Q(snoozed_until__lte=now),
                facts={"was": GroupState.SNOOZED.value, "why": "snooze over"},
            )
            woken += 1
    return woken
