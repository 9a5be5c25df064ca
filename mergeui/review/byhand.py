"""Groups that people put together, because Invent did not suggest them.

They go the same way as the suggested ones (compare, request, approval), marked as what they are: a
risk of their own. Invent does not list them, so a sync does not end them; it reads them again.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.audit.references import references_of_all
from mergeui.audit.transition import move
from mergeui.errors import Invalid, Stale
from mergeui.invent import Contact, InventClient
from mergeui.review.asking import merged_among
from mergeui.review.decisions import already, require
from mergeui.review.models import Group, GroupState
from mergeui.review.store import create
from mergeui.review.text import display_name

MOST_BY_HAND = 50
LONGEST_REASON = 2_000
PAGES_BY_NAME = 5
LATEST = datetime.max.replace(tzinfo=UTC)


def find(
    client: InventClient, contact_id: str, *, user_ids: Sequence[str], name: str
) -> Contact | None:
    """The contact with this id as Invent has it now; None when what it had does not find it.

    By the user ids of its channels, one after another; by its name when it has none. Raises
    InventError.
    """
    for user_id in user_ids:
        for contact in client.contacts_by_user_id(user_id):
            if contact.id == contact_id:
                return contact
    if name and not user_ids:
        for number, page in enumerate(client.contacts(search=name), start=1):
            for contact in page.items:
                if contact.id == contact_id:
                    return contact
            if number == PAGES_BY_NAME:
                break
    return None


def make_group(
    organization: Organization, contacts: Sequence[Contact], *, by_user: Actor, reason: str
) -> Group:
    """A new open group of contacts that were just read; the one that is there for the same ones.

    The oldest stands first, as the one to keep. Raises Invalid without a reason or with fewer than
    two contacts, NotAllowed, or Stale when one of them was merged away.
    """
    require(by_user, Role.OPERATOR)
    _check(contacts, reason)
    _refuse_merged_away(organization, contacts)
    if present := _same(organization, contacts):
        return present
    ordered = sorted(contacts, key=lambda contact: (contact.created_at or LATEST, contact.id))
    with transaction.atomic():
        group = create(
            organization,
            ordered,
            made_by=by_user.user,
            made_because=reason.strip(),
        )
        raw = [contact.raw for contact in ordered]
        record(
            Action.GROUP_MADE,
            by_user=by_user,
            subject=f"group:{group.pk}",
            facts={"members": [contact.id for contact in ordered]},
            personal={
                "names": {contact.id: display_name(contact) for contact in ordered},
                "note": reason.strip(),
            },
            references=references_of_all(raw),
        )
    return group


def _check(contacts: Sequence[Contact], reason: str) -> None:
    if not reason.strip():
        raise Invalid(
            _("Say why these are the same person: whoever approves the merge reads it first.")
        )
    if len(reason) > LONGEST_REASON:
        words = _("The reason is too long: {most} characters are possible.")
        raise Invalid(words.format(most=LONGEST_REASON))
    if not 2 <= len({contact.id for contact in contacts}) <= MOST_BY_HAND:
        raise Invalid(_("Take two contacts or more, at most {most}.").format(most=MOST_BY_HAND))


def _refuse_merged_away(organization: Organization, contacts: Sequence[Contact]) -> None:
    gone = merged_among(organization, [contact.id for contact in contacts])
    if gone:
        name = next(display_name(c) for c in contacts if c.id == gone.contact_id)
        raise Stale(_("{name} was merged away already. Take it out of the list.").format(name=name))


def _same(organization: Organization, contacts: Sequence[Contact]) -> Group | None:
    """An open group of exactly these contacts: two people may have had the same idea."""
    ids = {contact.id for contact in contacts}
    groups = Group.objects.of(organization).filter(
        state=GroupState.OPEN, member_count=len(ids), members__contact_id=min(ids)
    )
    for group in groups.prefetch_related("members"):
        if {member.contact_id for member in group.members.all()} == ids:
            return group
    return None


def discard(group: Group, *, by_user: Actor) -> None:
    """Takes a group that was put together by hand out of the queue.

    Raises Invalid for one that Invent suggests, NotAllowed or Stale.
    """
    require(by_user, Role.OPERATOR)
    if not group.by_hand:
        raise Invalid(_("Invent suggests this group: it can be dismissed, but not discarded."))
    move(
        group,
        expected=[GroupState.OPEN, GroupState.SNOOZED],
        action=Action.GROUP_DISCARDED,
        by_user=by_user,
        subject=f"group:{group.pk}",
        stale=lambda: already(group),
        only_if=Q(by_hand=True),
        changes={
            "state": GroupState.VANISHED.value,
            "decided_by": by_user.user,
            "decided_at": timezone.now(),
            "decided_as": GroupState.VANISHED.value,
            "snoozed_until": None,
            "claimed_by": None,
            "claimed_until": None,
        },
        facts={"members": group.evidence.get("members", [])},
        personal={"names": group.names},
    )
