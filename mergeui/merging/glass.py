"""Breaking the glass: in an emergency one person approves alone what takes a second one.

It takes a permission of its own and a typed reason. Everybody of the team is told, and it stays
open until an admin closes it with a note.
"""

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.transition import move
from mergeui.errors import Invalid, NotAllowed
from mergeui.merging.approval import let_pass
from mergeui.merging.models import Alone, GlassBreak, MergeRequest, Notice, Standing
from mergeui.merging.settle import about
from mergeui.review.decisions import require

SHORTEST_REASON = 15


def may_break(request: MergeRequest, member: Membership) -> bool:
    """Whether the request waits for a second person, and this member may do without one."""
    waits = request.state == "proposed"
    own = request.proposed_by_id == member.user_id
    could_approve = member.can(Role.APPROVER) and not own
    return waits and member.may_break_glass and member.can(Role.OPERATOR) and not could_approve


def break_glass(request: MergeRequest, *, by_user: Actor, reason: str) -> None:
    """Approves alone; the cool-off begins, and everybody is told.

    Raises NotAllowed without the permission, Invalid without a reason, or Stale.
    """
    require(by_user, Role.OPERATOR)
    allowed = Membership.objects.active().filter(
        organization=request.organization_id, user=by_user.user, may_break_glass=True
    )
    if not allowed.exists():
        raise NotAllowed(
            _("You may not break the glass here. Ask an approver, or an admin for the permission.")
        )
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(
            _("Say why this can't wait for a second person: everybody of the team reads it.")
        )
    let_pass(
        request,
        by_user=by_user,
        note=reason,
        alone=Alone.GLASS,
        also=lambda now: _tell(request, by_user, now),
    )


def _tell(request: MergeRequest, by_user: Actor, now: datetime) -> None:
    """The open item, the count that admins see on every page, and a notice to all the others."""
    assert by_user.user is not None  # noqa: S101 - require() let only members through
    GlassBreak.objects.create(
        organization_id=request.organization_id, request=request, by=by_user.user, at=now
    )
    Standing.objects.get_or_create(organization_id=request.organization_id)
    _count(request.organization_id, 1)
    others = Membership.objects.active().filter(organization=request.organization_id)
    Notice.objects.bulk_create(
        Notice(
            organization_id=request.organization_id,
            person_id=person,
            kind=Notice.Kind.GLASS,
            group_id=request.group_id,
            request=request,
            at=now,
        )
        for person in others.exclude(user=by_user.user).values_list("user_id", flat=True)
    )


def close(glass: GlassBreak, *, by_user: Actor, note: str, now: datetime) -> None:
    """An admin has looked at it and says what came of it.

    Whoever broke the glass closes it only where there is no other admin. Raises NotAllowed, Invalid
    without a note, or Stale.
    """
    require(by_user, Role.ADMIN)
    admins = Membership.objects.active().filter(organization=glass.organization_id, role=Role.ADMIN)
    own = by_user.user is not None and by_user.user.pk == glass.by_id
    if own and admins.exclude(user=by_user.user).exists():
        raise NotAllowed(_("You broke the glass yourself, so another admin has to close this."))
    if not note.strip():
        raise Invalid(_("Say what you found, or what follows from it."))
    shared = about(glass.request, note=note)
    move(
        glass,
        expected=[GlassBreak.State.OPEN],
        action=Action.GLASS_CLOSED,
        by_user=by_user,
        stale=lambda: _("Somebody has closed this already."),
        changes={
            "state": GlassBreak.State.CLOSED.value,
            "closed_by": by_user.user,
            "closed_at": now,
        },
        also=lambda: _count(glass.organization_id, -1),
        **shared,
    )


def _count(organization_id: int, by: int) -> None:
    Standing.objects.filter(organization=organization_id).update(glass_open=F("glass_open") + by)
