"""Changing what a team demands: more at once, less only with a second admin, who is told of it.

Whoever runs the desk (a command, which nobody does in person) may be that second one; to ask for
less takes an admin.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Membership, Organization, PolicyChange, Role, User
from mergeui.accounts.policy import Policy
from mergeui.audit.actions import Action
from mergeui.audit.actor import SYSTEM, Actor
from mergeui.audit.log import record
from mergeui.audit.models import Entry
from mergeui.audit.transition import move
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.merging.models import Notice
from mergeui.review.decisions import require

COLUMNS = ("four_eyes", "cool_off_seconds", "waived_risks", "single_operator")
MOST_REQUESTS = 100_000
LONGEST_COOL_OFF = 86_400  # seconds


def share(organization: Organization, requests_per_minute: int | None, *, by_user: Actor) -> None:
    """How much of the budget of a host is this organisation's; all of it for None.

    For whoever runs the desk: the address that Invent counts is theirs. What stays as it was is no
    entry. Raises Invalid.
    """
    if requests_per_minute is not None and not 1 <= requests_per_minute <= MOST_REQUESTS:
        raise Invalid(_("A budget is 1 to {most} requests a minute.").format(most=MOST_REQUESTS))
    changes = {"requests_per_minute": requests_per_minute}
    with transaction.atomic():
        own = Organization.objects.select_for_update().get(pk=organization.pk)
        if own.requests_per_minute == requests_per_minute:
            return
        Organization.objects.filter(pk=own.pk).update(**changes)
        _record(Action.POLICY_TIGHTENED, organization, by_user, changes)


def columns_of(organization: Organization) -> dict[str, Any]:
    """The columns of a policy as they are kept; empty where the environment counts."""
    return {name: getattr(organization, name) for name in COLUMNS}


def change(
    organization: Organization, wanted: dict[str, Any], *, by_user: Actor
) -> PolicyChange | None:
    """Makes all of the policy's columns what is `wanted`, as far as one admin may.

    What demands more takes effect at once; what demands less is asked for and given back. Raises
    NotAllowed, Invalid, or Stale when a change waits already or somebody was faster.
    """
    _require_admin(by_user)
    before = columns_of(organization)
    if wanted["cool_off_seconds"] != before["cool_off_seconds"]:
        _check_cool_off(wanted["cool_off_seconds"])
    looser = Organization(**wanted).policy.looser_in(organization.policy)
    at_once = {n: v for n, v in wanted.items() if v != before[n] and n not in looser}
    later = {name: wanted[name] for name in looser}
    asked_by = by_user.user
    if later and asked_by is None:
        raise NotAllowed(
            _(
                "This demands less, so an admin of the team has to ask for it on the page of the"
                " policy. Then confirm it here."
            )
        )
    try:
        with transaction.atomic():
            if at_once:
                _set(organization, before, at_once)
            waits = None
            if later and asked_by:
                waits = PolicyChange.objects.create(
                    organization=organization,
                    wanted=later,
                    asked_by=asked_by,
                    asked_at=timezone.now(),
                )
            if at_once:
                _record(Action.POLICY_TIGHTENED, organization, by_user, at_once)
            if later:
                _tell(organization, _record(Action.POLICY_ASKED, organization, by_user, later))
    except IntegrityError:
        raise Stale(
            _("A change waits for a second admin already: it has to be answered first.")
        ) from None
    return waits


def confirm(waits: PolicyChange, *, by_user: Actor) -> None:
    """A second admin agrees, and it takes effect. Raises NotAllowed or Stale."""
    _require_admin(by_user)
    if by_user.user is not None and by_user.user.pk == waits.asked_by_id:
        raise NotAllowed(_("You asked for this yourself, so another admin has to confirm it."))
    organization = waits.organization
    _end(
        waits,
        PolicyChange.State.CONFIRMED,
        Action.POLICY_LOOSENED,
        by_user,
        also=lambda: _set(organization, columns_of(organization), waits.wanted),
    )


def withdraw(waits: PolicyChange, *, by_user: Actor) -> None:
    """An admin takes it back, or says no. Raises NotAllowed or Stale."""
    _require_admin(by_user)
    _end(waits, PolicyChange.State.WITHDRAWN, Action.POLICY_KEPT, by_user, also=lambda: None)


def _check_cool_off(seconds: int | None) -> None:
    if seconds is not None and not 0 <= seconds <= LONGEST_COOL_OFF:
        words = _("A merge can be cancelled for 0 to {most} seconds.")
        raise Invalid(words.format(most=LONGEST_COOL_OFF))


def _require_admin(by_user: Actor) -> None:
    """Lets the system through: a command is run by whoever has the machine."""
    if by_user.role != SYSTEM:
        require(by_user, Role.ADMIN)


def other_admins(organization: Organization, asked_by: User | None) -> QuerySet[Membership]:
    """Who may confirm what one admin asked for."""
    admins = Membership.objects.active().filter(organization=organization, role=Role.ADMIN)
    return admins.exclude(user=asked_by)


def _tell(organization: Organization, entry: Entry) -> None:
    """A notice to every other admin, until the change is answered."""
    others = other_admins(organization, entry.actor)
    Notice.objects.bulk_create(
        Notice(
            organization=organization,
            person_id=person,
            kind=Notice.Kind.POLICY,
            entry=entry,
            at=entry.at,
        )
        for person in others.values_list("user_id", flat=True)
    )


def _end(
    waits: PolicyChange, state: PolicyChange.State, action: Action, by_user: Actor, *, also: Any
) -> None:
    now = timezone.now()

    def answered() -> None:
        also()
        told = Notice.objects.filter(
            organization_id=waits.organization_id, kind=Notice.Kind.POLICY, read_at=None
        )
        told.update(read_at=now)

    with transaction.atomic():
        # The organisation first, as who changes the policy takes them: else they wait in a circle.
        Organization.objects.select_for_update().get(pk=waits.organization_id)
        move(
            waits,
            expected=[PolicyChange.State.ASKED],
            action=action,
            by_user=by_user,
            subject=f"organization:{waits.organization_id}",
            stale=lambda: _("Somebody has answered this change already."),
            changes={"state": state.value, "ended_by": by_user.user, "ended_at": now},
            also=answered,
            facts={"policy": waits.wanted},
        )


def _set(organization: Organization, before: dict[str, Any], changes: dict[str, Any]) -> None:
    """Raises Stale when the policy is not as it was read."""
    own = Organization.objects.select_for_update().get(pk=organization.pk)
    if columns_of(own) != before:
        raise Stale(_("Somebody has changed the policy meanwhile: look at it once more."))
    Organization.objects.filter(pk=own.pk).update(**changes)


def _record(
    action: Action, organization: Organization, by_user: Actor, changes: dict[str, Any]
) -> Entry:
    return record(
        action,
        by_user=by_user,
        subject=f"organization:{organization.pk}",
        facts={"policy": changes},
    )


def as_if(organization: Organization, changes: dict[str, Any]) -> Policy:
    """The policy as it would be."""
    return Organization(**{**columns_of(organization), **changes}).policy
