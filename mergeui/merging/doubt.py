"""Calls that were answered with 429, and may have been done all the same.

By the reference they were not, so they are sent again. But whoever passes calls on to Invent may
have sent one twice: then the first did the merge, and the second was refused. While a request waits
for its next try that is not known, so it is looked at before anything else is believed.
"""

from collections.abc import Collection

from django.db.models import Q
from django.utils import timezone

from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import entries_last, record
from mergeui.audit.transition import move
from mergeui.merging.models import Attempt, MergeRequest, RequestState, Source
from mergeui.merging.settle import about, overtaken
from mergeui.merging.sources import become, ids_in
from mergeui.said import Said

TO_LOOK_AT = Said(
    "A call was sent and answered with 429 (too many requests), so Invent is asked whether it was"
    " done all the same."
)


def refused_before(request: MergeRequest, contact_ids: Collection[str]) -> Attempt | None:
    """The last call for one of these contacts that was refused; None when none was.

    A request that is sent again was refused with 429: any other refusal has ended it.
    """
    if not contact_ids:
        return None
    refused = request.attempts.filter(state=Attempt.State.REFUSED).order_by("-number")
    return next((one for one in refused if set(contact_ids) & set(one.source_ids)), None)


def find_out(
    request: MergeRequest,
    refused: Attempt,
    why: str,
    *,
    action: Action,
    by_user: Actor,
    only_if: Q | None = None,
    note: str = "",
) -> None:
    """Instead of the end of a request that waits: it is not sent again, but read back first.

    `why` says who wanted its end, or what. Raises Stale.
    """

    def mark() -> None:
        waiting = ids_in(request, Source.State.WAITING)
        become(request, {*waiting} & {*refused.source_ids}, Source.State.SENT)

    with entries_last():
        move(
            request,
            expected=[RequestState.APPROVED],
            action=action,
            by_user=by_user,
            only_if=only_if,
            stale=lambda: overtaken(request),
            changes={
                "state": RequestState.UNKNOWN.value,
                "outcome": [why, TO_LOOK_AT()],
                "waiting_because": "",
                "read_back_at": timezone.now(),
                "read_backs": 0,
            },
            also=mark,
            **about(request, note=note, after=RequestState.UNKNOWN.value),
        )
        system = Actor.system(request.organization)
        record(Action.MERGE_UNKNOWN, by_user=system, **about(request, reason="refused_before"))
