"""Asking for a merge: the operator's choice becomes a request, with what they saw.

Nothing is sent from here. Policy decides whether a second person has to approve (design.md, rules
7 and 8).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.inserting import insert
from mergeui.audit.log import Prepared, append_all, prepare
from mergeui.dates import day
from mergeui.errors import Invalid, Stale
from mergeui.invent import Contact
from mergeui.merging.choice import Choice, choose, second_person_needed
from mergeui.merging.models import Alone, ContactLock, MergeRequest, RequestState, Source
from mergeui.merging.plan import predict
from mergeui.merging.settle import about
from mergeui.review.claims import free_for
from mergeui.review.decisions import already, part_of, require, too_late
from mergeui.review.models import Group, GroupState, merged_among
from mergeui.review.pairs import said_of
from mergeui.review.risk import ToldApart
from mergeui.review.seen import contacts_of, fingerprint_of
from mergeui.review.text import display_name

APPROVAL_WITHIN = timedelta(days=7)
EXECUTION_WITHIN = timedelta(days=1)


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
        _draft(group, choice, now, by_user=by_user, note=note, bulk_id=bulk_id)
        for choice in choices
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
    return words.format(
        name=name, number=lock.request_id, state=lock.request.get_state_display().lower()
    )


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


@dataclass(frozen=True, slots=True)
class _Draft:
    """A request that has no number yet, with its rows and with the entries about it.

    Made before the transaction: from its first statement on, others wait.
    """

    request: MergeRequest
    sources: list[Source]
    locks: list[ContactLock]
    entries: list[Prepared]

    def insert(self) -> None:
        """Stores the request with what it names; its entries come last of all."""
        self.request.save(force_insert=True)
        rows: list[Source] | list[ContactLock]
        for rows in (self.sources, self.locks):
            for row in rows:
                row.request_id = self.request.pk
            insert(rows)


def _draft(
    group: Group,
    choice: Choice,
    now: datetime,
    *,
    by_user: Actor,
    note: str,
    bulk_id: int | None,
) -> _Draft:
    assert by_user.user is not None  # noqa: S101 - require() let only members through
    policy = group.organization.policy
    request = MergeRequest(
        organization=group.organization,
        group=group,
        state=RequestState.PROPOSED,
        primary_contact_id=choice.primary.id,
        primary_name=display_name(choice.primary),
        snapshot=[contact.raw for contact in choice.contacts],
        fingerprint=fingerprint_of(choice.contacts),
        cautions=[[c.risk.value, c.sentence] for c in choice.cautions],
        prediction=_read(choice),
        note=note,
        alone=Alone.SINGLE if policy.single_operator else "",
        needs_approval=second_person_needed(choice, policy),
        bulk_id=bulk_id,
        proposed_by=by_user.user,
        proposed_at=now,
        expires_at=now + APPROVAL_WITHIN,
    )
    sources = [
        Source(position=n, contact_id=contact.id, name=display_name(contact))
        for n, contact in enumerate(choice.sources)
    ]
    # In one order, so that two requests wait for each other's contacts, and not in a circle.
    locks = [
        ContactLock(organization_id=group.organization_id, contact_id=contact_id)
        for contact_id in sorted(contact.id for contact in choice.contacts)
    ]
    entries = [_asked(request, choice, by_user)]
    if not request.needs_approval:
        entries.append(_passed(request, sources, now))
    return _Draft(request, sources, locks, entries)


def _asked(request: MergeRequest, choice: Choice, by_user: Actor) -> Prepared:
    return prepare(
        Action.MERGE_REQUESTED,
        by_user=by_user,
        facts={
            "group": request.group_id,
            "primary": choice.primary.id,
            "sources": [contact.id for contact in choice.sources],
            "cautions": [caution.risk.value for caution in choice.cautions],
            "needs_approval": request.needs_approval,
            "policy": request.organization.policy.four_eyes,
            "fingerprint": request.fingerprint,
            "language": request.prediction["language"],
            "after": RequestState.PROPOSED.value,
            **part_of(request.bulk_id),
        },
        personal={
            "contacts": request.snapshot,
            "names": names(choice.contacts),
            "note": request.note,
        },
    )


def _passed(request: MergeRequest, sources: Sequence[Source], now: datetime) -> Prepared:
    """Approves by policy: nobody else is needed, and the cool-off begins."""
    policy = request.organization.policy
    said = about(
        request,
        sources=[(source.contact_id, source.name) for source in sources],
        after=RequestState.APPROVED.value,
        policy=policy.four_eyes,
        cool_off_seconds=policy.cool_off_seconds,
    )
    said["subject"] = ""  # until it has a number
    request.state = RequestState.APPROVED
    request.approved_at = now
    request.execute_after = now + timedelta(seconds=policy.cool_off_seconds)
    request.expires_at = request.execute_after + EXECUTION_WITHIN
    by_system = Actor.system(request.organization)
    return prepare(Action.MERGE_PASSED, by_user=by_system, **said)


def _read(choice: Choice) -> dict[str, Any]:
    """What was expected, as it was read: in the language that the page had."""
    expected = predict(choice.primary, choice.sources).as_json()
    return {**expected, "language": get_language() or settings.LANGUAGE_CODE}


def _store(
    group: Group,
    drafts: Sequence[_Draft],
    now: datetime,
    *,
    by_user: Actor,
    also: Callable[[datetime], None],
) -> list[MergeRequest]:
    free = Group.objects.filter(free_for(by_user.user, now), pk=group.pk, state=GroupState.OPEN)
    moved = free.update(
        state=GroupState.REQUESTED,
        decided_by=by_user.user,
        decided_at=now,
        decided_as=GroupState.REQUESTED.value,
        claimed_by=None,
        claimed_until=None,
    )
    if moved != 1:
        raise too_late(group, by_user=by_user)
    for draft in drafts:
        draft.insert()
    also(now)
    # After all that could wait for others: from the first entry on, all wait for us (audit/log.py).
    for draft in drafts:
        append_all(draft.entries, subject=draft.request.subject)
    return [draft.request for draft in drafts]


def names(contacts: Sequence[Contact]) -> dict[str, str]:
    """The names of contacts by their ids, as the history keeps them."""
    return {contact.id: display_name(contact) for contact in contacts}
