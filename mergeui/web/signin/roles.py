"""The roles that a company's identity provider gives, in each organisation that it speaks of."""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.errors import Invalid

logger = logging.getLogger(__name__)

Roles = dict[Organization, Role | None]


def roles_by(claims: dict[str, Any]) -> Roles:
    """The organisations of OIDC_ROLES, each with the highest role that the claim names there.

    None where it names none. One that is not there gives nothing to anybody, and the log says so.
    """
    named = _named(claims)
    found: Roles = {}
    for words in {words: None for _value, _role, words in settings.OIDC_ROLES}:
        try:
            organization = Organization.objects.called(words)
        except Invalid as problem:
            logger.error("OIDC_ROLES: %s", problem.sentence)
            continue
        given = {role for value, role, at in settings.OIDC_ROLES if at == words and value in named}
        if known := found.get(organization):
            given.add(known.value)
        found[organization] = next((role for role in reversed(Role) if role.value in given), None)
    return found


def _named(claims: dict[str, Any]) -> set[str]:
    found: Any = claims
    for part in settings.OIDC_ROLES_CLAIM.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    named = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return {one for one in named if isinstance(one, str)}


def follow(user: User, roles: Roles) -> None:
    """Brings the memberships of somebody to what the provider says now, each change an entry.

    Who was switched off here stays off. Without a role in an organisation any more they are
    switched off there, until the provider gives them one again.
    """
    with transaction.atomic():
        for organization, role in roles.items():
            member = Membership.objects.filter(user=user, organization=organization).first()
            if member is None:
                if role:
                    _add(user, organization, role)
            elif role is None:
                _switch_off(member)
            elif member.disabled_at is None or member.disabled_by_claims:
                _keep(member, role)


def _add(user: User, organization: Organization, role: Role) -> None:
    Membership.objects.create(user=user, organization=organization, role=role)
    _note(Action.USER_ADDED, user, organization, role=role.value)


def _keep(member: Membership, role: Role) -> None:
    if member.disabled_at:
        _change(member, disabled_at=None, disabled_by_claims=False)
        _note(Action.MEMBER_ENABLED, member.user, member.organization, role=member.role)
    if member.role != role.value:
        before = member.role
        _change(member, role=role.value)
        facts = {"role": role.value, "before": before}
        _note(Action.MEMBER_CHANGED, member.user, member.organization, **facts)


def _switch_off(member: Membership) -> None:
    if member.disabled_at is None:
        _change(member, disabled_at=timezone.now(), disabled_by_claims=True)
        _note(Action.MEMBER_DISABLED, member.user, member.organization, role=member.role)


def _change(member: Membership, **changes: Any) -> None:
    Membership.objects.filter(pk=member.pk).update(**changes)


def _note(action: Action, user: User, organization: Organization, **facts: str) -> None:
    record(
        action,
        by_user=Actor.system(organization),
        subject=f"user:{user.pk}",
        facts=facts,
        personal={"username": user.username},
    )
