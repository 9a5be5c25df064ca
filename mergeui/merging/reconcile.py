"""Finding out what became of a merge whose answer was lost (design.md, rule 4).

Nothing is ever sent again. Invent is read, by documented calls only, until the facts are plain; a
delayed call can still land, so that nothing was done is believed only after several looks over a
quiet time. What stays unclear is handed to a person with the evidence.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.audit.transition import move
from mergeui.errors import Invalid
from mergeui.invent import InventClient, InventError
from mergeui.merging.approval import overtaken
from mergeui.merging.models import (
    UNSETTLED,
    Attempt,
    MergeRequest,
    ReadBack,
    RequestState,
    Source,
)
from mergeui.merging.settle import about, settle
from mergeui.merging.sightings import Fate, Sighting, look
from mergeui.review.decisions import require

Verdict = ReadBack.Verdict
AGREEING = 3

ENDINGS = {
    Verdict.MERGED: (RequestState.MERGED, Action.MERGE_COMPLETED),
    Verdict.NOT_APPLIED: (RequestState.NOT_APPLIED, Action.MERGE_NOT_APPLIED),
    Verdict.PARTIAL: (RequestState.PARTIAL, Action.MERGE_PARTIAL),
    Verdict.CONFLICT: (RequestState.CONFLICT, Action.MERGE_CONFLICT),
    Verdict.UNCLEAR: (RequestState.CONFLICT, Action.MERGE_CONFLICT),
}


def recover(*, now: datetime) -> int:
    """Looks after requests whose worker is gone; gives how many.

    An attempt found *sending* may have reached Invent: it becomes unknown and is never sent again
    (design.md, rule 3). Without one nothing is in flight, so the request waits for a worker again.
    """
    left = MergeRequest.objects.filter(state=RequestState.EXECUTING, lease_until__lte=now)
    found = 0
    for request in left.select_related("organization")[:100]:
        held = MergeRequest.objects.filter(
            pk=request.pk, state=RequestState.EXECUTING, lease_token=request.lease_token
        )
        with transaction.atomic():
            sending = request.attempts.filter(state=Attempt.State.SENDING)
            if sending.exists():
                moved = held.update(
                    state=RequestState.UNKNOWN,
                    outcome=["The worker stopped before Invent's answer was recorded."],
                    read_back_at=now,
                    read_backs=0,
                )
                if moved:
                    sending.update(state=Attempt.State.UNKNOWN, finished_at=now)
                    by_user = Actor.system(request.organization)
                    record(Action.MERGE_UNKNOWN, by_user=by_user, **about(request))
            else:
                moved = held.update(state=RequestState.APPROVED, lease_token="", lease_until=None)
        found += moved
    return found


def reconcile_next(*, client: InventClient, organization_id: int) -> MergeRequest | None:
    """Takes one look at the request of an organisation that waits longest for one."""
    now = timezone.now()
    due = MergeRequest.objects.filter(
        organization_id=organization_id, state=RequestState.UNKNOWN, read_back_at__lte=now
    ).order_by("read_back_at")
    for request in due.select_related("organization")[:20]:
        # Claimed by putting the next look off: another worker looks past it meanwhile.
        claimed = MergeRequest.objects.filter(
            pk=request.pk, state=RequestState.UNKNOWN, read_back_at=request.read_back_at
        ).update(read_back_at=now + timedelta(seconds=settings.MERGE_LEASE_SECONDS))
        if claimed:
            reconcile(request, client=client)
            return request
    return None


def reconcile(request: MergeRequest, *, client: InventClient) -> None:
    """Takes one look, records its evidence, and ends the request when the facts are plain."""
    try:
        sightings = look(client, request)
    except InventError as error:
        _look_again(request, error.sentence)
        return
    verdict = judge(sightings)
    now = timezone.now()
    with transaction.atomic():
        ReadBack.objects.create(
            request=request,
            at=now,
            verdict=verdict,
            evidence=[sighting.as_json() for sighting in sightings],
        )
        shared = about(request, verdict=verdict.value)
        shared["personal"]["evidence"] = [sighting.as_json() for sighting in sightings]
        record(Action.MERGE_READ_BACK, by_user=Actor.system(request.organization), **shared)
    if _settled(request, verdict):
        _end(request, verdict, sightings)
    else:
        _look_again(request, "")


def judge(sightings: Sequence[Sighting]) -> ReadBack.Verdict:
    """What one look says: about the sources that were sent, the primary being there."""
    primary, *sources = sightings
    fates = {source.fate for source in sources}
    if primary.fate is not Fate.LIVE or Fate.UNCLEAR in fates:
        return Verdict.CONFLICT if primary.fate is Fate.GONE else Verdict.UNCLEAR
    if Fate.LOST in fates or Fate.GONE in fates:
        return Verdict.CONFLICT
    if fates == {Fate.MERGED}:
        return Verdict.MERGED
    return Verdict.NOT_APPLIED if fates == {Fate.LIVE} else Verdict.PARTIAL


def _settled(request: MergeRequest, verdict: ReadBack.Verdict) -> bool:
    """Whether one look more would tell nothing new.

    That all is merged can't be undone by a late call. Everything else could still change while a
    delayed call is on its way: it takes the whole schedule and three looks that agree.
    """
    if verdict is Verdict.MERGED:
        return True
    if request.read_backs + 1 < len(settings.MERGE_READ_BACK_SECONDS):
        return False
    last = list(request.looks.order_by("-pk").values_list("verdict", flat=True)[:AGREEING])
    return len(last) == AGREEING and set(last) == {verdict}


def _look_again(request: MergeRequest, reason: str) -> None:
    """Puts the next look where the schedule has it; after its end, at its last distance."""
    schedule = settings.MERGE_READ_BACK_SECONDS
    count = request.read_backs + 1
    later = min(count, len(schedule) - 1)
    pause = schedule[later] - schedule[later - 1]
    MergeRequest.objects.filter(pk=request.pk, state=RequestState.UNKNOWN).update(
        read_backs=count,
        read_back_at=timezone.now() + timedelta(seconds=pause),
        waiting_because=reason,
    )


def _end(request: MergeRequest, verdict: ReadBack.Verdict, sightings: Sequence[Sighting]) -> None:
    state, action = ENDINGS[verdict]
    merged = [s.contact_id for s in sightings if s.fate is Fate.MERGED]

    def follow() -> None:
        _mark(request, {s.contact_id: s.fate for s in sightings})
        if state is not RequestState.CONFLICT:
            settle(request)

    move(
        request,
        expected=[RequestState.UNKNOWN],
        action=action,
        by_user=Actor.system(request.organization),
        stale=lambda: overtaken(request),
        changes={
            "state": state.value,
            "finished_at": None if state is RequestState.CONFLICT else timezone.now(),
            "outcome": [*request.outcome, *(s.sentence for s in sightings)],
        },
        also=follow,
        **about(request, after=state.value, merged=merged, verdict=verdict.value),
    )


def _mark(request: MergeRequest, fates: dict[str, Fate]) -> None:
    states = {
        Fate.MERGED: Source.State.MERGED,
        Fate.LIVE: Source.State.NOT_MERGED,
        Fate.LOST: Source.State.LOST,
        Fate.GONE: Source.State.LOST,
    }
    for source in request.sources.exclude(state=Source.State.MERGED):
        fate = fates.get(source.contact_id, Fate.LIVE)
        Source.objects.filter(pk=source.pk).update(state=states.get(fate, source.state))


def resolve(request: MergeRequest, *, merged_ids: Sequence[str], by_user: Actor, note: str) -> None:
    """A person says what became of a request that the desk can't judge, source by source.

    `merged_ids` are the sources that went into the primary. Raises Invalid without a note or for
    an id that is no source, NotAllowed, or Stale.
    """
    require(by_user, Role.APPROVER)
    if not note.strip():
        raise Invalid("Say how you found out: the note is all that the history will have.")
    sources = set(request.sources.values_list("contact_id", flat=True))
    if not set(merged_ids) <= sources:
        raise Invalid("A ticked contact is not one of this request. Tick only those shown.")
    already = set(
        request.sources.filter(state=Source.State.MERGED).values_list("contact_id", flat=True)
    )
    merged = already | set(merged_ids)
    if not merged:
        state = RequestState.NOT_APPLIED
    else:
        state = RequestState.MERGED if merged == sources else RequestState.PARTIAL

    def follow() -> None:
        request.sources.filter(contact_id__in=merged).update(state=Source.State.MERGED)
        request.sources.exclude(contact_id__in=merged).update(state=Source.State.NOT_MERGED)
        settle(request)

    move(
        request,
        expected=UNSETTLED,
        action=Action.MERGE_RESOLVED,
        by_user=by_user,
        stale=lambda: overtaken(request),
        changes={
            "state": state.value,
            "finished_at": timezone.now(),
            "outcome": [*request.outcome, f"{by_user.name} found out: {note}"],
        },
        also=follow,
        **about(request, note=note, after=state.value, merged=sorted(merged)),
    )
