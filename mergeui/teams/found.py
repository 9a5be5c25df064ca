"""Organisations of the desk: added by a command, or as sub-orgs of one that is there."""

import re

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.errors import Invalid
from mergeui.invent import InventClient, InventError, SubOrg
from mergeui.review.decisions import require

LONGEST_NAME = 200


def add(
    name: str, invent_org_id: str, *, by_user: Actor, parent: Organization | None = None
) -> Organization:
    """A new organisation of the desk, with an entry in its own history. Raises Invalid.

    Whoever adds it in person is an admin there.
    """
    made = new(name, invent_org_id, parent=parent)
    try:
        with transaction.atomic():
            made.save()
            if by_user.user:
                Membership.objects.create(user=by_user.user, organization=made, role=Role.ADMIN)
            record(
                Action.ORGANIZATION_ADDED,
                by_user=Actor(
                    made, by_user.user, by_user.role, by_user.address, by_user.request_id
                ),
                subject=f"organization:{made.pk}",
                facts={"org": invent_org_id, "parent": parent.pk if parent else None},
            )
    except IntegrityError:
        raise _there_already(invent_org_id) from None
    return made


def new(name: str, invent_org_id: str, *, parent: Organization | None = None) -> Organization:
    """One that can be added, not saved yet. Raises Invalid."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(_("Give the organisation a name of at most 200 characters."))
    if not re.fullmatch(r"[\w.~:@-]{1,200}", invent_org_id, re.ASCII) or not invent_org_id.strip(
        "."
    ):
        raise Invalid(_("Give the id of the org as Invent shows it, such as org_7wHuTTRIfOM537."))
    if Organization.objects.filter(invent_org_id=invent_org_id).exists():
        raise _there_already(invent_org_id)
    return Organization(name=name, invent_org_id=invent_org_id, parent=parent)


def _there_already(invent_org_id: str) -> Invalid:
    return Invalid(_("There is an organisation for {id} already.").format(id=invent_org_id))


def sub_orgs(organization: Organization, *, client: InventClient, by_user: Actor) -> list[SubOrg]:
    """Those of its sub-orgs in Invent that the desk does not have yet.

    Raises Invalid or NotAllowed.
    """
    require(by_user, Role.ADMIN)
    try:
        found = client.sub_orgs()
    except InventError as error:
        raise Invalid(error.sentence) from error
    ids = [one.id for one in found]
    known = set(
        Organization.objects.filter(invent_org_id__in=ids).values_list("invent_org_id", flat=True)
    )
    return [one for one in found if one.id not in known]


def add_sub_org(
    organization: Organization, sub_org_id: str, *, client: InventClient, by_user: Actor
) -> Organization:
    """A sub-org as an organisation of its own, reached by the key of its parent.

    Raises Invalid when Invent lists no such sub-org, or NotAllowed.
    """
    found = sub_orgs(organization, client=client, by_user=by_user)
    wanted = next((one for one in found if one.id == sub_org_id), None)
    if wanted is None:
        raise Invalid(_("Invent lists no such sub-org, or the desk has it already."))
    name = (wanted.name or "").strip()[:LONGEST_NAME] or wanted.id
    return add(name, wanted.id, by_user=by_user, parent=organization)
