"""Finding out what became of a merge whose answer was lost (design.md, rule 4).

Nothing is ever sent again. Invent is read, by documented calls only, until the facts are plain; a
delayed call can still land, so that nothing was done is believed only after several looks over a
quiet time. What stays unclear is handed to a person with the evidence.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.audit.transition import move
from mergeui.errors import Invalid, Stale
from mergeui.invent import Contact, InventClient, InventError
from mergeui.merging.models import (
    UNSETTLED,
    Attempt,
    MergeRequest,
    ReadBack,
    RequestState,
    Source,
)
from mergeui.merging.reading import read_again
from mergeui.merging.settle import about, end, end_of, overtaken
from mergeui.merging.sightings import Fate, Look, look
from mergeui.merging.sources import become, ids_in
from mergeui.review.decisions import require
from mergeui.said import Said

Verdict = ReadBack.Verdict
AGREEING = 3
CUT_OFF = Said("The worker stopped before Invent's answer was recorded.")
FOUND_OUT = Said("{who} found out: {note}")
NOT_COMPARED = Said("The contact that was kept was not compared with what was expected. {sentence}")
NO_KEY = Said("There is no key to ask Invent with.")
NOT_FOUND = Said("None of its channels finds it in Invent.")


def recover(*, now: datetime) -> int:
    """Looks after requests whose worker is gone; gives how many.

    An attempt found *sending* may have reached Invent: it becomes unknown and is never sent again
    (design.md, rule 3). Without one nothing is in flight, so the request waits for a worker again.
    """
    left = MergeRequest.objects.filter(state=RequestState.EXECUTING, lease_until__lte=now)
    found = 0
    for request in left.select_related("organization")[:100]:
        dead = left.filter(pk=request.pk, lease_token=request.lease_token)
        with transaction.atomic():
            # Locked before anything is looked at: the worker may be renewing its lease just now.
            if dead.select_for_update().first() is None:
                continue
            found += 1
            sending = request.attempts.filter(state=Attempt.State.SENDING)
            if sending.exists():
                _cut_off(request, now)
            else:
                dead.update(state=RequestState.APPROVED, lease_token="", lease_until=None)  # nosec
    return found


def _cut_off(request: MergeRequest, now: datetime) -> None:
    def mark() -> None:
        sending = request.attempts.filter(state=Attempt.State.SENDING)
        sending.update(state=Attempt.State.UNKNOWN, reason=CUT_OFF(), finished_at=now)

    move(
        request,
        expected=[RequestState.EXECUTING],
        action=Action.MERGE_UNKNOWN,
        by_user=Actor.system(request.organization),
        stale=lambda: overtaken(request),
        changes={
            "state": RequestState.UNKNOWN.value,
            "outcome": [CUT_OFF()],
            "read_back_at": now,
            "read_backs": 0,
        },
        also=mark,
        **about(request, after=RequestState.UNKNOWN.value),
    )


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
            with suppress(Stale):  # A person has settled it while the desk looked.
                reconcile(request, client=client)
            return request
    return None


def reconcile(request: MergeRequest, *, client: InventClient) -> None:
    """Takes one look, records its evidence, and ends the request when the facts are plain.

    Raises Stale when it has been settled meanwhile.
    """
    try:
        found = look(client, request)
    except InventError as error:
        # Nobody has looked, so this is no look of the schedule.
        _look_again(request, request.read_backs, error.sentence)
        return
    # A try that never left tells nothing of the call before it.
    last = request.attempts.exclude(state=Attempt.State.NOT_SENT).latest("number")
    verdict = judge(found, refused=last.state == Attempt.State.REFUSED)
    with transaction.atomic():
        unknown = MergeRequest.objects.filter(pk=request.pk, state=RequestState.UNKNOWN)
        if unknown.select_for_update().first() is None:
            raise overtaken(request)
        evidence = [sighting.as_json() for sighting in found.sightings]
        ReadBack.objects.create(
            request=request, at=timezone.now(), verdict=verdict, evidence=evidence
        )
        shared = about(request, verdict=verdict.value)
        shared["personal"]["evidence"] = evidence
        record(Action.MERGE_READ_BACK, by_user=Actor.system(request.organization), **shared)
    if not _settled(request, verdict):
        _look_again(request, request.read_backs + 1)
    elif verdict in {Verdict.CONFLICT, Verdict.UNCLEAR}:
        _hand_over(request, verdict, found)
    else:
        _end(request, verdict, found)


def judge(found: Look, *, refused: bool = False) -> ReadBack.Verdict:
    """What one look says about the sources that were sent.

    After a refusal somebody else may have merged or removed what is gone, so that is for a person.
    """
    fates = {source.fate for source in found.sources}
    if found.primary.fate is Fate.GONE:
        return Verdict.CONFLICT
    if Fate.UNCLEAR in {found.primary.fate, *fates}:
        return Verdict.UNCLEAR
    if fates == {Fate.LIVE}:
        return Verdict.NOT_APPLIED
    if refused or fates & {Fate.LOST, Fate.GONE}:
        return Verdict.CONFLICT
    return Verdict.MERGED if fates == {Fate.MERGED} else Verdict.PARTIAL


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


def _look_again(request: MergeRequest, taken: int, reason: str = "") -> None:
    """Puts the next look where the schedule has it; after its end, at its last distance."""
    schedule = settings.MERGE_READ_BACK_SECONDS
    later = max(1, min(taken, len(schedule) - 1))
    pause = schedule[later] - schedule[later - 1]
    MergeRequest.objects.filter(pk=request.pk, state=RequestState.UNKNOWN).update(
        read_backs=taken,
        read_back_at=timezone.now() + timedelta(seconds=pause),
        waiting_because=reason,
    )


def _hand_over(request: MergeRequest, verdict: ReadBack.Verdict, found: Look) -> None:
    """The facts don't become plain: a person has to look. The contacts stay locked."""
    lost = [s.contact_id for s in found.sources if s.fate in {Fate.LOST, Fate.GONE}]
    move(
        request,
        expected=[RequestState.UNKNOWN],
        action=Action.MERGE_CONFLICT,
        by_user=Actor.system(request.organization),
        stale=lambda: overtaken(request),
        changes={
            "state": RequestState.CONFLICT.value,
            "outcome": [*request.outcome, *(s.sentence for s in found.sightings)],
        },
        also=partial(become, request, lost, Source.State.LOST),
        **about(request, after=RequestState.CONFLICT.value, verdict=verdict.value),
    )


def _end(request: MergeRequest, verdict: ReadBack.Verdict, found: Look) -> None:
    """The facts are plain: as merged, as far as this call and those before it have merged."""
    now_merged = found.merged_ids
    merged_ids = [*ids_in(request, Source.State.MERGED), *now_merged]
    end(
        request,
        end_of(request, merged_ids, RequestState.NOT_APPLIED),
        [*request.outcome, *(s.sentence for s in found.sightings)],
        expected=[RequestState.UNKNOWN],
        by_user=Actor.system(request.organization),
        first=partial(become, request, now_merged, Source.State.MERGED),
        merged=merged_ids,
        kept=found.kept,
        verdict=verdict.value,
    )


def resolve(
    request: MergeRequest,
    *,
    merged_ids: Sequence[str],
    by_user: Actor,
    note: str,
    client: InventClient | None = None,
) -> None:
    """A person says what became of a request that the desk can't judge, source by source.

    `merged_ids` are the sources that went into the primary. It is read by `client`, to be compared
    with the prediction (design.md, rule 7); the outcome says when that can't be, and opt-outs count
    as lost then. Raises Invalid without a note or for an id that is no source, NotAllowed, or
    Stale.
    """
    require(by_user, Role.APPROVER)
    if not note.strip():
        raise Invalid(_("Say how you found out: the note is all that the history will have."))
    if not set(merged_ids) <= set(request.sources.values_list("contact_id", flat=True)):
        raise Invalid(_("A ticked contact is not one of this request. Tick only those shown."))
    known = set(ids_in(request, Source.State.MERGED))
    merged = sorted(known | set(merged_ids))
    kept, not_read = _kept(request, client) if known < set(merged) else (None, "")
    end(
        request,
        end_of(request, merged, RequestState.NOT_APPLIED),
        [
            *request.outcome,
            FOUND_OUT(who=by_user.name, note=note),
            *([NOT_COMPARED(sentence=not_read)] if not_read else []),
        ],
        expected=UNSETTLED,
        action=Action.MERGE_RESOLVED,
        by_user=by_user,
        first=partial(become, request, merged, Source.State.MERGED),
        note=note,
        merged=merged,
        kept=kept,
    )


def _kept(request: MergeRequest, client: InventClient | None) -> tuple[Contact | None, str]:
    """The contact that was kept, as Invent has it now, or why it can't be read."""
    if client is None:
        return None, NO_KEY()
    primary = Contact.parse(request.snapshot[0])
    try:
        kept = read_again(client, [primary])[primary.id]
    except InventError as error:
        return None, error.sentence
    return kept, "" if kept else NOT_FOUND()
