"""How a request ends: locks, group and merged-away contacts follow its last state.

Called inside the transaction of the transition that ends it (design.md, rule 1).
"""

from collections.abc import Iterable
from typing import Any, TypedDict

from django.utils import timezone

from mergeui.audit.references import Ref, contact_ids
from mergeui.merging.models import ContactLock, MergeRequest, Source
from mergeui.review.models import Group, GroupState, MergedContact


class About(TypedDict):
    """The arguments of `audit.transition.move` that say what a request is about."""

    subject: str
    facts: dict[str, Any]
    personal: dict[str, Any]
    references: Iterable[Ref]


def about(request: MergeRequest, *, note: str = "", **facts: Any) -> About:
    """What every entry about a request holds, and is found by."""
    sources = list(request.sources.values_list("contact_id", "name"))
    ids = [request.primary_contact_id, *(contact_id for contact_id, _ in sources)]
    return {
        "subject": request.subject,
        "facts": {
            "group": request.group_id,
            "primary": request.primary_contact_id,
            "sources": ids[1:],
            "before": request.state,
            **facts,
        },
        "personal": {
            "names": {request.primary_contact_id: request.primary_name, **dict(sources)},
            **({"note": note} if note else {}),
        },
        "references": contact_ids(ids),
    }


def settle(request: MergeRequest) -> None:
    """Ends what the request held: its contacts are free, its group is decided or open again.

    Sources that are merged are remembered as gone. Their group is done with then: what is left of
    it comes up as a new one when Invent lists it again. Without any, the group is to decide again.
    """
    merged = request.sources.filter(state=Source.State.MERGED).values_list("contact_id", flat=True)
    MergedContact.objects.bulk_create(
        [
            MergedContact(
                organization_id=request.organization_id,
                contact_id=contact_id,
                into_contact_id=request.primary_contact_id,
                merged_at=timezone.now(),
            )
            for contact_id in merged
        ],
        ignore_conflicts=True,
    )
    ContactLock.objects.filter(request=request).delete()
    Group.objects.filter(pk=request.group_id, state=GroupState.REQUESTED).update(
        state=GroupState.MERGED if merged else GroupState.OPEN
    )
