"""How a request ends: locks, group and merged-away contacts follow its last state."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypedDict

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import entries_last, record
from mergeui.audit.references import Ref, behind, contact_ids
from mergeui.audit.transition import move
from mergeui.errors import Stale, TooLate
from mergeui.invent import Contact
from mergeui.merging.models import (
    ACTIVE,
    ContactLock,
    LostOptOut,
    MergeRequest,
    RequestState,
    Source,
)
from mergeui.merging.result import compare
from mergeui.merging.sources import become, ids_in
from mergeui.merging.unasked import unasked_of
from mergeui.review.decisions import mark, part_of
from mergeui.review.models import Group, GroupState, MergedContact
from mergeui.review.pairs import are_said, carry_over
from mergeui.review.text import within

ACTIONS = {
    RequestState.MERGED: Action.MERGE_COMPLETED,
    RequestState.PARTIAL: Action.MERGE_PARTIAL,
    RequestState.NOT_APPLIED: Action.MERGE_NOT_APPLIED,
    RequestState.REFUSED: Action.MERGE_REFUSED,
    RequestState.STALE: Action.MERGE_STALE,
    RequestState.REJECTED: Action.MERGE_REJECTED,
    RequestState.WITHDRAWN: Action.MERGE_WITHDRAWN,
    RequestState.CANCELLED: Action.MERGE_CANCELLED,
    RequestState.EXPIRED: Action.MERGE_EXPIRED,
}


class About(TypedDict):
    """The arguments of `audit.transition.move` that say what a request is about."""

    subject: str
    facts: dict[str, Any]
    personal: dict[str, Any]
    references: Iterable[Ref]


def about(
    request: MergeRequest,
    *,
    note: str = "",
    sources: Collection[tuple[str, str]] | None = None,
    **facts: Any,
) -> About:
    """What every entry about a request holds, and is found by.

    `sources` are the ids and names of its sources where they are known, or not stored yet.
    """
    if sources is None:
        sources = [(one.contact_id, one.name) for one in request.sources.all()]
    ids = [request.primary_contact_id, *(contact_id for contact_id, _ in sources)]
    return {
        "subject": request.subject,
        "facts": {
            "group": request.group_id,
            "primary": request.primary_contact_id,
            "sources": ids[1:],
            "before": request.state,
            **part_of(request.bulk_id),
            **facts,
        },
        "personal": {
            "names": {request.primary_contact_id: request.primary_name, **dict(sources)},
            **({"note": note} if note else {}),
        },
        "references": contact_ids(ids),
    }


def end_of(
    request: MergeRequest, merged_ids: Collection[str], otherwise: RequestState
) -> RequestState:
    """The last state of a request of which these sources are merged; `otherwise` for none.

    One that merged more than was asked for is not what was approved, so it is never *merged*.
    """
    if not merged_ids:
        return otherwise
    all_of_them = len(set(merged_ids)) == len(request.sources.all())
    whole = all_of_them and not unasked_of(request.attempts.all())
    return RequestState.MERGED if whole else RequestState.PARTIAL


def end(
    request: MergeRequest,
    state: RequestState,
    outcome: Sequence[str],
    *,
    expected: Collection[str],
    by_user: Actor,
    action: Action | None = None,
    only_if: Q | None = None,
    first: Callable[[], None] = lambda: None,
    note: str = "",
    personal: dict[str, Any] | None = None,
    merged: Sequence[str] | None = None,
    kept: Contact | None = None,
    **facts: Any,
) -> None:
    """Moves a request to a final state, and lets go of what it held. Raises Stale.

    `outcome` are sentences about how it ended, `first` what is to be known of the sources before.
    `merged` are the sources that are merged by then, None where nothing can have been sent; `kept`
    is the contact that they went into, where it has just been read or answered.

    However a request ends, what it merged is compared with the prediction (design.md, rule 7):
    differences are shown with the outcome and recorded, and flags that were lost are kept until
    somebody has them set again.
    """
    differences, lost = compare(request, merged, kept) if merged else ((), ())
    if merged is not None:
        facts["merged"] = list(merged)
    people = _behind(request) if by_user.user is None else {}
    facts |= {did: str(person) for did, person in people.items()}
    shared = about(request, note=note, after=state.value, **facts)
    shared["personal"] |= personal or {}
    done = action or ACTIONS[state]
    shared["references"] = {
        *shared["references"],
        *(behind(person.pk, done) for person in people.values()),
    }

    def follow() -> None:
        first()
        settle(request)
        if lost:
            # One that is there already may be set again by now, and must not stop an end.
            LostOptOut.objects.get_or_create(request=request, defaults={"flags": ",".join(lost)})

    with entries_last():
        move(
            request,
            expected=expected,
            action=done,
            by_user=by_user,
            only_if=only_if,
            stale=lambda: overtaken(request),
            changes={
                "state": state.value,
                "finished_at": timezone.now(),
                "outcome": [*outcome, *differences],
            },
            also=follow,
            **shared,
        )
        if differences:
            shared = about(request)
            shared["personal"]["differences"] = list(differences)
            shared["facts"] |= {"flags": list(lost)} if lost else {}
            record(Action.RESULT_DIFFERS, by_user=by_user, **shared)


def _behind(request: MergeRequest) -> dict[str, User]:
    """Who asked for a request and who approved it, by the facts that name them."""
    approved = {"approved_by": request.approved_by} if request.approved_by else {}
    return {"asked_by": request.proposed_by, **approved}


def settle(request: MergeRequest) -> None:
    """Ends what the request held: its contacts are free, its group is decided or open again.

    Sources that are merged are remembered as gone. Their group is done with then: what is left of
    it comes up as a new one when Invent lists it again. Without any, the group is to decide again.
    A group that was split is decided by the last of its requests to end.
    """
    # Locked first: of two requests of one group that end at once, the later sees the other's end.
    group = Group.objects.select_for_update().get(pk=request.group_id)
    unmerged = ids_in(request, Source.State.WAITING, Source.State.SENT)
    become(request, unmerged, Source.State.NOT_MERGED)
    merged = ids_in(request, Source.State.MERGED)
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
    if merged:
        carry_over(request.organization_id, merged, request.primary_contact_id)
    ContactLock.objects.filter(request=request).delete()
    of_group = MergeRequest.objects.filter(group_id=request.group_id)
    if of_group.filter(state__in=ACTIVE).exclude(pk=request.pk).exists():
        return
    merged_before = Source.objects.filter(request__in=of_group, state=Source.State.MERGED)
    ever = bool(merged) or merged_before.exists()
    back = Group.objects.filter(pk=group.pk, state=GroupState.REQUESTED).update(
        state=GroupState.MERGED if ever else GroupState.OPEN
    )
    # What was said of them in other company while it was held.
    if back and not ever and are_said(group):
        mark(group)


def overtaken(request: MergeRequest) -> Stale:
    """The refusal for somebody who comes too late to a request."""
    fresh = MergeRequest.objects.select_related("approved_by").get(pk=request.pk)
    if fresh.state == RequestState.APPROVED and fresh.approved_by:
        return Stale(_("{who} approved this request meanwhile.").format(who=fresh.approved_by))
    if fresh.state == RequestState.EXECUTING:
        return TooLate(_("The merge is being carried out now. Watch this page for the result."))
    if fresh.state == RequestState.PROPOSED:
        return TooLate(_("This request has waited longer than an approval may take."))
    words = _("Somebody was faster: this request is no longer as you saw it (now: {state}).")
    return Stale(words.format(state=within(fresh.get_state_display())))
