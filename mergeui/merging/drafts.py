"""A merge request that is not stored yet: all that can be made of it before its transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.inserting import Plain, insert, insert_one
from mergeui.audit.log import Prepared, prepare
from mergeui.invent import Contact
from mergeui.merging.choice import Choice, second_person_needed
from mergeui.merging.models import Alone, ContactLock, MergeRequest, RequestState, Source
from mergeui.merging.plan import predict
from mergeui.merging.settle import about
from mergeui.review.decisions import part_of
from mergeui.review.models import Group
from mergeui.review.seen import fingerprint_of
from mergeui.review.text import display_name

APPROVAL_WITHIN = timedelta(days=7)
EXECUTION_WITHIN = timedelta(days=1)

_SOURCE = ("request_id", "position", "contact_id", "name", "state")
_LOCK = ("organization_id", "contact_id", "request_id")


@dataclass(frozen=True, slots=True)
class Draft:
    """A request that has no number yet, with its rows and with the entries about it.

    Made before the transaction: from its first statement on, others wait.
    """

    request: MergeRequest
    sources: dict[str, str]  # names by ids
    entries: list[Prepared]

    def insert(self) -> None:
        """Stores the request with what it names; its entries come last of all."""
        insert_one(self.request)
        number, organization = self.request.pk, self.request.organization_id
        waiting = Source.State.WAITING.value
        sources = [
            (number, position, contact_id, name, waiting)
            for position, (contact_id, name) in enumerate(self.sources.items())
        ]
        # In one order, so that two requests wait for each other's contacts, and not in a circle.
        locked = sorted([self.request.primary_contact_id, *self.sources])
        locks = [(organization, contact_id, number) for contact_id in locked]
        insert(Plain(Source, _SOURCE, sources), Plain(ContactLock, _LOCK, locks))


def draft(
    group: Group,
    choice: Choice,
    now: datetime,
    *,
    by_user: Actor,
    note: str,
    bulk_id: int | None,
) -> Draft:
    """The request for a choice, approved already if policy lets it pass, with its entries."""
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
    entries = [_asked(request, choice, by_user)]
    sources = names(choice.sources)
    if not request.needs_approval:
        entries.append(_passed(request, sources, now))
    return Draft(request, sources, entries)


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


def _passed(request: MergeRequest, sources: Mapping[str, str], now: datetime) -> Prepared:
    """Approves by policy: nobody else is needed, and the cool-off begins."""
    policy = request.organization.policy
    said = about(
        request,
        sources=sources.items(),
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


def names(contacts: Sequence[Contact]) -> dict[str, str]:
    """The names of contacts by their ids, as the history keeps them."""
    return {contact.id: display_name(contact) for contact in contacts}
