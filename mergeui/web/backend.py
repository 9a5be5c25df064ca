"""Who a session belongs to: user, role, organisation, standing, what is unread: one query."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, OuterRef, QuerySet

from mergeui.accounts.models import Membership, User, working_as
from mergeui.kept import Given, Kept
from mergeui.web.notes import with_unread


def _has_factor() -> Exists:
    """Whether the member has a second factor; codes for an emergency alone are none."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Exists(Authenticator.objects.filter(user=OuterRef("user"), type__in=kinds))


def _members() -> QuerySet[Membership]:
    """The memberships of a user, with what a page says of each."""
    members = Membership.objects.select_related("user", "organization__standing")
    mine = members.filter(disabled_at=None, user_id=Given("user_id", User._meta.pk))
    return mine.annotate(unread=with_unread(), has_factor=_has_factor())


MEMBERS = Kept(_members)


class MemberBackend(ModelBackend):
    """Passwords as Django keeps them; the user of a session comes with their membership.

    Somebody whose account is switched off gets as far as the form, which tells them so, because
    they know the password; a session of theirs ends at once.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        """Leaves it to the sign-in form, which has words for it."""
        return True

    def get_user(self, user_id: int) -> User | None:
        """The user of a session with `user.member` and `user.members` set: the membership that they
        work as, and all that they have. None when there is no such active user."""
        members = MEMBERS.all(user_id=user_id)
        user = members[0].user if members else User.objects.filter(pk=user_id).first()
        if user is None or not user.is_active:
            return None
        for member in members:
            member.user = user
        user.members = members  # type: ignore[attr-defined]
        user.member = working_as(members, user.works_in_id)  # type: ignore[attr-defined]
        return user
