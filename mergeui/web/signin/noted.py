"""What the history keeps of signing in: who, how, and who could not."""

from datetime import timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from mergeui.accounts.models import Membership, Organization, User, working_as
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record_alone
from mergeui.web.access import address_of
from mergeui.web.sessions import end_in

NOBODY = "nobody"
LOCKED_SECONDS = 5 * 60


def actor_of(request: HttpRequest, user: Any) -> Actor:
    """Whoever signs in or out; nobody in person for a refused sign-in."""
    address, request_id = address_of(request), getattr(request, "request_id", "")
    if not isinstance(user, User):
        team = Organization.objects.configured()
        return Actor(team, None, NOBODY, address=address, request_id=request_id)
    theirs = list(Membership.objects.select_related("user", "organization").filter(user=user))
    # A team that put them out is told of what is refused to them alone, and only if no other is.
    member = working_as([m for m in theirs if m.disabled_at is None] or theirs, user.works_in_id)
    if member is None:
        return Actor(None, user, NOBODY, address=address, request_id=request_id)
    return Actor.member(member, address=address, request_id=request_id)


def signed_in(request: HttpRequest, user: User) -> None:
    """Somebody is in, by what they proved who they are with, and for so long at most."""
    end_in(request.session, timedelta(seconds=settings.SESSION_COOKIE_AGE))
    ways = [str(r.get("type") or r["method"]) for r in get_authentication_records(request, user)]
    record_alone(Action.SIGNED_IN, by_user=actor_of(request, user), facts={"with": ways})


def refused(request: HttpRequest, reason: str, name: str = "", user: User | None = None) -> None:
    """Somebody could not; the name as it was typed is personal data.

    `reason` is a code: wrong, inactive, code (the second factor), sso.
    """
    record_alone(
        Action.SIGN_IN_REFUSED,
        by_user=actor_of(request, user),
        facts={"reason": reason},
        personal={"username": name[:150].replace("\0", "")} if name else None,
    )


def locked(request: HttpRequest, what: str, name: str = "", user: User | None = None) -> None:
    """Too many tries: one entry for the time that the lock lasts, however often it is met."""
    if not cache.add(f"lock-noted:{what}", "y", timeout=LOCKED_SECONDS):
        return
    record_alone(
        Action.SIGN_IN_LOCKED,
        by_user=actor_of(request, user),
        personal={"username": name[:150].replace("\0", "")} if name else None,
    )
