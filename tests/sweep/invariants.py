"""What has to hold, whatever was killed and whatever the vendor did: pure checks, each a list of
sentences that is empty when it holds."""

from collections.abc import Callable, Iterator, Sequence

from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.merging.models import (
    Approval,
    Attempt,
    ContactLock,
    MergeRequest,
    RequestState,
    Source,
)
from tests.sweep.ledger import REFUSALS, Call

State = RequestState
# In these nothing may have been done.
UNDONE = (
    State.PROPOSED,
    State.NOT_APPLIED,
    State.REJECTED,
    State.WITHDRAWN,
    State.CANCELLED,
    State.EXPIRED,
    State.REFUSED,
    State.STALE,
)
FLAGS = ("blocked", "unsubscribed", "is_admin")


def problems(calls: Sequence[Call], *, exists: Callable[[str], bool]) -> list[str]:
    """All that is wrong in the desk's database, given the truth."""
    return [
        *_calls(calls),
        *_final_states(calls, exists),
        *_locks(),
        *_four_eyes(),
        *_history(),
    ]


def _calls(calls: Sequence[Call]) -> Iterator[str]:
    """One call an attempt, none without, and none again for what may have been done."""
    attempts: set[int] = set()
    for number, call in enumerate(calls, 1):
        if call.attempt is None:
            yield f"merge call {number} has no attempt that was being sent"
        elif call.attempt in attempts:
            yield f"merge call {number} is a second one for attempt {call.attempt}"
        elif not call.in_history:
            yield f"merge call {number} was sent before its entry was in the history"
        attempts |= {call.attempt} if call.attempt is not None else set()
        if not call.sources:
            yield f"merge call {number} names no sources: it takes all that Invent detected"
    for number, call in enumerate(calls, 1):
        for earlier in calls[: number - 1]:
            again = set(earlier.sources) & set(call.sources)
            if again and earlier.status not in REFUSALS and not _known_alive(earlier, again):
                yield f"merge call {number} names {sorted(again)} again, whose fate was not known"


def _known_alive(call: Call, contact_ids: set[str]) -> bool:
    """Whether its request has ended without merging these, and rightly: a new one may ask."""
    request = MergeRequest.objects.filter(attempts=call.attempt).first()
    if request is None or request.is_active:
        return False
    merged = request.sources.filter(state=Source.State.MERGED)
    said = set(merged.values_list("contact_id", flat=True))
    return not contact_ids & (said | call.absorbed)


def _final_states(calls: Sequence[Call], exists: Callable[[str], bool]) -> Iterator[str]:
    for request in MergeRequest.objects.prefetch_related("sources", "attempts"):
        if request.is_active and request.state != State.PROPOSED:
            continue
        attempts = {attempt.pk for attempt in request.attempts.all()}
        absorbed = {one for c in calls if c.attempt in attempts for one in c.absorbed}
        states = {source.contact_id: source.state for source in request.sources.all()}
        said = f"request {request.pk} is {request.state}"
        if request.state in UNDONE and absorbed:
            yield f"{said}, but {sorted(absorbed)} were merged for it"
        if request.state == State.MERGED:
            living = sorted(one for one in states if exists(one))
            if living:
                yield f"{said}, but {living} still exist"
        if request.state == State.STALE and any(c.attempt in attempts for c in calls):
            sent = [c for c in calls if c.attempt in attempts and c.status not in REFUSALS]
            if sent:
                yield f"{said}, which means that nothing was sent, but a call was"
        yield from _sources(said, states, absorbed, exists)
        if any(attempt.state == Attempt.State.SENDING for attempt in request.attempts.all()):
            yield f"{said}, but an attempt of it is still being sent"


def _sources(
    said: str, states: dict[str, str], absorbed: set[str], exists: Callable[[str], bool]
) -> Iterator[str]:
    for contact_id, state in states.items():
        if state == Source.State.MERGED and exists(contact_id):
            yield f"{said}: {contact_id} counts as merged, but still exists"
        if state in {Source.State.NOT_MERGED, Source.State.WAITING} and contact_id in absorbed:
            yield f"{said}: {contact_id} counts as {state}, but was merged"


def _locks() -> Iterator[str]:
    """A contact is locked from the request on until its request has ended, and not longer."""
    for request in MergeRequest.objects.prefetch_related("sources"):
        mine = {request.primary_contact_id, *(s.contact_id for s in request.sources.all())}
        locked = set(
            ContactLock.objects.filter(request=request).values_list("contact_id", flat=True)
        )
        wanted = mine if request.is_active else set()
        if locked != wanted:
            yield f"request {request.pk} is {request.state} and locks {len(locked)} contacts"


def _four_eyes() -> Iterator[str]:
    """What differs in consent was approved by somebody else before anything was written."""
    for approval in Approval.objects.all():
        if approval.verdict == "approved" and approval.approver_id == approval.proposer_id:
            yield f"request {approval.request_id} was approved by the person who proposed it"
    for request in MergeRequest.objects.filter(attempts__isnull=False).distinct():
        risky = any(len({bool(c.get(flag)) for c in request.snapshot}) > 1 for flag in FLAGS)
        if not risky:
            continue
        given = Approval.objects.filter(request=request, verdict="approved").first()
        first = request.attempts.first()
        if given is None or given.approver_id == request.proposed_by_id:
            yield f"request {request.pk} was executed without a second person"
        elif first and given.at > first.started_at:
            yield f"request {request.pk} was executed before it was approved"


def _history() -> Iterator[str]:
    verification = verify()
    if verification.broken:
        yield f"the history breaks: {verification.broken}"
    started = {
        (entry.subject, entry.facts["attempt"])
        for entry in Entry.objects.filter(action=Action.ATTEMPT_STARTED)
    }
    for attempt in Attempt.objects.all():
        if (f"request:{attempt.request_id}", attempt.number) not in started:
            yield f"attempt {attempt.pk} is not in the history"
    for request in MergeRequest.objects.exclude(finished_at=None):
        entries = Entry.objects.filter(subject=f"request:{request.pk}")
        if not any(entry.facts.get("after") == request.state for entry in entries):
            yield f"the history does not say that request {request.pk} became {request.state}"
