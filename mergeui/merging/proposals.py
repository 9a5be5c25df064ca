"""Asking for a merge: the operator's choice becomes a request, with what they saw.

Nothing is sent from here. Policy decides whether a second person has to approve (design.md, rules
7 and 8).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.audit.actor import Actor
from mergeui.audit.log import append_all
from mergeui.dates import day
from mergeui.errors import Invalid, Stale
from mergeui.invent import Contact
from mergeui.kept import updating
from mergeui.merging.choice import Choice, choose
from mergeui.merging.drafts import Draft, draft
from mergeui.merging.models import ContactLock, MergeRequest
from mergeui.review.asking import merged_among
from mergeui.review.claims import free_for
from mergeui.review.decisions import already, require, too_late
from mergeui.review.models import Group, GroupState
from mergeui.review.pairs import said_of
from mergeui.review.risk import ToldApart
from mergeui.review.seen import contacts_of, fingerprint_of
from mergeui.review.text import display_name, within


@dataclass(frozen=True, slots=True)
class Part:
    """One merge to ask for: contact ids, and whether what is risky about it was acknowledged.

    `number` is what the page calls it, for what is wrong with it.
    """

    primary_id: str
    source_ids: Sequence[str]
    acknowledged: bool
    number: int = 0


def propose(
    group: Group,
    *,
    primary_id: str,
    source_ids: Sequence[str],
    acknowledged: bool,
    by_user: Actor,
    fingerprint: str = "",
    note: str = "",
    bulk_id: int | None = None,
) -> MergeRequest:
    """Asks for a merge of the ticked contacts of an open group.

    `fingerprint` is that of all members as they were shown (review.seen.fingerprint_of); without
    it, what the mirror holds now counts as seen. `bulk_id` is the bulk decision that this is a part
    of. Raises Invalid, NotAllowed, or Stale: the group changed or was decided, somebody else has it
    open, or a contact belongs to another request.
    """
    part = Part(primary_id, source_ids, acknowledged)
    made = ask(
        group,
        lambda members, said: [choice_of(group, members, part, said)],
        by_user=by_user,
        fingerprint=fingerprint,
        note=note,
        bulk_id=bulk_id,
    )
    return made[0]


Choosing = Callable[[Sequence[Contact], Sequence[ToldApart]], list[Choice]]


def ask(
    group: Group,
    choosing: Choosing,
    *,
    by_user: Actor,
    fingerprint: str,
    note: str,
    bulk_id: int | None = None,
    also: Callable[[datetime], None] = lambda now: None,
) -> list[MergeRequest]:
    """A request for each choice that `choosing` makes of the members: all of them or none.

    Their contacts have to be disjoint. `also` is done in the same transaction, at the moment of the
    requests. Raises what propose() raises.
    """
    require(by_user, Role.OPERATOR)
    if group.state != GroupState.OPEN:
        raise Stale(already(group, by_user=by_user))
    members = contacts_of(group)
    if fingerprint and fingerprint != fingerprint_of(members):
        raise Stale(
            _(
                "These contacts have changed since you opened the page. Nothing was sent: look at"
                " what they are now, and decide again."
            )
        )
    said = said_of(group.organization_id, [member.id for member in members])
    choices, now = choosing(members, said), timezone.now()
    drafts = [
        draft(group, choice, now, by_user=by_user, note=note, bulk_id=bulk_id) for choice in choices
    ]
    try:
        with transaction.atomic():
            return _store(group, drafts, now, by_user=by_user, also=also)
    except IntegrityError:
        taken = next(filter(None, (locked_by(group, choice) for choice in choices)), "")
        raise Stale(taken or already(group, by_user=by_user)) from None


def choice_of(
    group: Group, members: Sequence[Contact], part: Part, said: Sequence[ToldApart]
) -> Choice:
    """A part as a choice that may be asked for. Raises Invalid, or Stale for a merged contact."""
    choice = choose(members, part.primary_id, part.source_ids, said, by_hand=group.by_hand)
    _refuse_merged_away(group, choice)
    if choice.cautions and not part.acknowledged:
        raise Invalid(_("This merge is risky. Read why, then tick the box that says so."))
    return choice


def locked_by(group: Group, choice: Choice) -> str:
    """Says which other request a chosen contact belongs to; empty when none does."""
    lock = (
        ContactLock.objects.filter(
            organization=group.organization_id,
            contact_id__in=[contact.id for contact in choice.contacts],
        )
        .select_related("request")
        .first()
    )
    if lock is None:
        return ""
    name = next(display_name(c) for c in choice.contacts if c.id == lock.contact_id)
    words = _(
        "{name} belongs to merge request {number}, which is not finished ({state}). Wait for it, or"
        " leave {name} out."
    )
    state = within(lock.request.get_state_display())
    return words.format(name=name, number=lock.request_id, state=state)


def _refuse_merged_away(group: Group, choice: Choice) -> None:
    gone = merged_among(group.organization, [contact.id for contact in choice.contacts])
    if gone:
        name = next(display_name(c) for c in choice.contacts if c.id == gone.contact_id)
        raise Stale(
            _(
                "{name} was merged away on {day} already. Refresh the queue to see what is left of"
                " this group."
            ).format(name=name, day=day(gone.merged_at))
        )


def _store(
    group: Group,
    drafts: Sequence[Draft],
    now: datetime,
    *,
    by_user: Actor,
    also: Callable[[datetime], None],
) -> list[MergeRequest]:
    free = Q(free_for(by_user.user, now), pk=group.pk, state=GroupState.OPEN)
    requested = {
        "state": GroupState.REQUESTED.value,
        "decided_by": by_user.user,
        "decided_at": now,
        "decided_as": GroupState.REQUESTED.value,
        "claimed_by": None,
        "claimed_until": None,
    }
    if updating(Group, free, requested)() != 1:
        raise too_late(group, by_user=by_user)
    for one in drafts:
        one.insert()
    also(now)
    # After all that could wait for others: from the first entry on, all wait for us (audit/log.py).
    for one in drafts:
        append_all(one.entries, subject=one.request.subject)
    return [one.request for one in drafts]
