"""New groups are stored while Invent is still being read, and shown when the last page is in.

A sync of many groups waits for the vendor's limit, and storing them afterwards would come on top.
What arrives gets higher numbers than all groups there were: `Organization.arriving_after` is the
last number before, and what lies above it is in no list, count, search or page (Group.objects.of),
but for what people put together meanwhile. Clearing that one column shows all of it at once, in the
transaction that ends the run. What a run leaves that failed or was killed is removed before the
next one reads.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError
from django.db.models import QuerySet

from mergeui.accounts.models import Organization
from mergeui.audit.actor import Actor
from mergeui.audit.log import entries_last, record
from mergeui.review import bulk
from mergeui.review.models import Channel, Group, Member, NotDuplicate
from mergeui.review.pairs import Known
from mergeui.review.stands import heed

logger = logging.getLogger(__name__)

REMOVED_AT_ONCE = 200


def hide(organization: Organization) -> None:
    """Hides what is stored from now on, beginning with the caller's transaction."""
    if organization.arriving_after is None:
        last = Group.objects.order_by("-pk").values_list("pk", flat=True).first()
        _hide_after(organization, last or 0)


def show(organization: Organization) -> None:
    """Shows everything, in the caller's transaction."""
    if organization.arriving_after is not None:
        _hide_after(organization, None)


def remove(organization: Organization, *, first: Callable[[], None]) -> None:
    """Removes what has arrived, in short transactions, and shows what is left: nothing.

    `first` is called at the start of each, and may raise to end it.
    """
    organization.refresh_from_db(fields=["arriving_after"])
    if organization.arriving_after is None:
        return
    keys = _arriving(organization).order_by("pk").values_list("pk", flat=True)
    while some := list(keys[:REMOVED_AT_ONCE]):
        try:
            _delete(some, first)
        except IntegrityError:
            # Somebody's page was as old as the run and something hangs on one of these by now. All
            # of them are suggestions of Invent, so they may stay.
            logger.warning("Groups of a sync that failed are in use already, so they stay.")
            break
    with bulk.quick_transaction():
        first()
        show(organization)


def heed_since(
    organization: Organization, since: datetime, *, by_user: Actor, first: Callable[[], None]
) -> None:
    """What people said of pairs since the run began counts for the groups that had arrived."""
    if organization.arriving_after is None:
        return
    said = NotDuplicate.objects.filter(organization=organization, said_at__gte=since)
    pairs = said.values_list("one_contact_id", "other_contact_id")
    ids = {contact_id for pair in pairs for contact_id in pair}
    if not ids:
        return
    holding = Member.objects.filter(contact_id__among=ids).values("group_id")
    with bulk.quick_transaction():
        first()
        groups = list(_arriving(organization).select_for_update().filter(pk__in=holding))
        known = Known.among(organization.pk, [group.evidence for group in groups])
        spoken_of = [group for group in groups if known.any_of(group.evidence)]
        entries = [heed(group, known) for group in spoken_of]
        bulk.update(spoken_of)
        with entries_last():
            for entry in filter(None, entries):
                record(by_user=by_user, **entry)


def _arriving(organization: Organization) -> QuerySet[Group]:
    """What is hidden; nobody has decided of any."""
    hidden = Group.objects.filter(organization=organization, pk__gt=organization.arriving_after)
    return hidden.filter(made_by=None, decided_by=None)


def _delete(keys: list[int], first: Callable[[], None]) -> None:
    with bulk.quick_transaction():
        first()
        for model in (Member, Channel, Group.segments.through):
            model.objects.filter(group_id__in=keys).delete()
        _raw_delete(keys)


def _raw_delete(keys: list[int]) -> None:
    """Without looking for what hangs on them: the database says so, and it is next to never."""
    groups = Group.objects.filter(pk__in=keys)
    groups._raw_delete(groups.db)


def _hide_after(organization: Organization, number: int | None) -> None:
    Organization.objects.filter(pk=organization.pk).update(arriving_after=number)
    organization.arriving_after = number
