"""Who belongs to a team: invited by a link, given another role, switched off and on again.

Every change is an entry. A team keeps an admin, and nobody gives themselves what lets them act
alone.
"""

import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Invitation, Membership, Organization, Role, User, user_called
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.audit.transition import move
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.review.decisions import require

LASTS = timedelta(days=7)
LONGEST_LABEL = 100


def invite(organization: Organization, *, role: str, label: str, by_user: Actor) -> str:
    """An invitation; gives the token of its link, which is not kept. Raises Invalid, NotAllowed."""
    require(by_user, Role.ADMIN)
    assert by_user.user is not None  # noqa: S101 - require() let only members through
    label = " ".join(label.split())
    if not label or len(label) > LONGEST_LABEL:
        raise Invalid(_("Say whom the link is for, in at most 100 characters."))
    if role not in Role.values:
        raise Invalid(_("Choose the role that the link gives."))
    token, now = secrets.token_urlsafe(32), timezone.now()
    with transaction.atomic():
        made = Invitation.objects.create(
            organization=organization,
            role=role,
            label=label,
            token_hash=Invitation.hash_of(token),
            made_by=by_user.user,
            made_at=now,
            expires_at=now + LASTS,
        )
        record(
            Action.INVITED,
            by_user=by_user,
            subject=f"invitation:{made.pk}",
            facts={"role": role},
            personal={"username": label},
        )
    return token


def withdraw(invitation: Invitation, *, by_user: Actor) -> None:
    """The link can't be used any more. Raises NotAllowed, or Stale when it was used."""
    require(by_user, Role.ADMIN)
    move(
        invitation,
        expected=[Invitation.State.OPEN],
        action=Action.INVITATION_WITHDRAWN,
        by_user=by_user,
        subject=f"invitation:{invitation.pk}",
        stale=lambda: _("This invitation was used or withdrawn already."),
        changes={"state": Invitation.State.WITHDRAWN.value},
        personal={"username": invitation.label},
    )


def invited_by(token: str) -> Invitation | None:
    """The open invitation of a link; None for one that is not ours, too old, used or withdrawn, or
    made by somebody who is no admin any more."""
    usable = Invitation.objects.usable().select_related("organization", "made_by")
    return usable.filter(token_hash=Invitation.hash_of(token)).first()


def new_user(username: str, password: str) -> User:
    """Somebody new, not saved yet. Raises Invalid with all that is wrong."""
    user = User(username=User.normalize_username(username.strip()))
    try:
        user.clean_fields(exclude=["password"])
        if user_called(user.username):
            raise Invalid(
                _(
                    "Somebody has this user name already. If it is you, sign in and open the"
                    " link again."
                )
            )
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error
    user.set_password(password)
    return user


def accept(invitation: Invitation, user: User, *, address: str = "", request_id: str = "") -> None:
    """`user`, perhaps a new one, joins. Raises Stale when somebody else was faster, or Invalid."""
    organization = invitation.organization
    by_user = Actor(organization, user, invitation.role, address, request_id)
    try:
        with transaction.atomic():
            if user.pk is None:
                user.save()
            User.objects.filter(pk=user.pk).update(works_in=organization)
            Membership.objects.create(user=user, organization=organization, role=invitation.role)
            move(
                invitation,
                expected=[Invitation.State.OPEN],
                action=Action.USER_JOINED,
                by_user=by_user,
                subject=f"user:{user.pk}",
                stale=lambda: _("This invitation was used or withdrawn already."),
                changes={"state": Invitation.State.USED.value, "used_by": user},
                facts={"role": invitation.role},
                personal={"username": user.username},
            )
    except IntegrityError:
        raise Invalid(_("You belong to this team already, or that name was just taken.")) from None


def change(member: Membership, *, role: str, may_break_glass: bool, by_user: Actor) -> None:
    """Another role, or the permission to break the glass.

    Raises NotAllowed, Invalid, or Stale when somebody else has changed this member meanwhile.
    """
    require(by_user, Role.ADMIN)
    if role not in Role.values:
        raise Invalid(_("Choose a role."))
    own = by_user.user is not None and by_user.user.pk == member.user_id
    if own and may_break_glass and not member.may_break_glass:
        raise NotAllowed(
            _(
                "Another admin has to give you that: nobody gives themselves what lets them act"
                " alone."
            )
        )
    with transaction.atomic():
        _lock(member)
        if role != Role.ADMIN:
            _keep_an_admin(member)
        _update(member, role=role, may_break_glass=may_break_glass)
        record(
            Action.MEMBER_CHANGED,
            by_user=by_user,
            subject=f"user:{member.user_id}",
            facts={"role": role, "before": member.role, "glass": may_break_glass},
            personal={"username": member.user.username},
        )
    member.role, member.may_break_glass = role, may_break_glass


def disable(member: Membership, *, by_user: Actor) -> None:
    """Takes all of their rights here away at once; of their only team, the account is off too.

    Raises NotAllowed, Invalid or Stale.
    """
    require(by_user, Role.ADMIN)
    if by_user.user is not None and by_user.user.pk == member.user_id:
        raise NotAllowed(_("Another admin has to do that: you would lock yourself out."))
    with transaction.atomic():
        _lock(member)
        _keep_an_admin(member)
        _update(member, disabled_at=timezone.now())
        elsewhere = Membership.objects.filter(user=member.user_id, disabled_at=None)
        if not elsewhere.exists():
            User.objects.filter(pk=member.user_id).update(is_active=False)
        _note_switch(Action.MEMBER_DISABLED, member, by_user)


def enable(member: Membership, *, by_user: Actor) -> None:
    """Gives them back what they had, and switches the account on. Raises NotAllowed or Stale."""
    require(by_user, Role.ADMIN)
    with transaction.atomic():
        _lock(member)
        _update(member, disabled_at=None, disabled_by_claims=False)
        User.objects.filter(pk=member.user_id).update(is_active=True)
        _note_switch(Action.MEMBER_ENABLED, member, by_user)


def _note_switch(action: Action, member: Membership, by_user: Actor) -> None:
    record(
        action,
        by_user=by_user,
        subject=f"user:{member.user_id}",
        facts={"role": member.role},
        personal={"username": member.user.username},
    )


def _lock(member: Membership) -> None:
    """Two admins who demote each other at once come one after the other."""
    Organization.objects.select_for_update().get(pk=member.organization_id)


def _keep_an_admin(member: Membership) -> None:
    """Raises Invalid when the team would be left without an admin."""
    admins = Membership.objects.active().filter(
        organization=member.organization_id, role=Role.ADMIN
    )
    if not admins.exclude(pk=member.pk).exists():
        raise Invalid(_("A team needs an admin: make somebody else one first."))


def _update(member: Membership, **changes: object) -> None:
    """Raises Stale unless the member is as they were when they were read."""
    as_read = Membership.objects.filter(
        pk=member.pk,
        role=member.role,
        may_break_glass=member.may_break_glass,
        disabled_at=member.disabled_at,
    )
    if not as_read.update(**changes):
        raise Stale(_("Somebody has changed this member meanwhile: look at them once more."))
