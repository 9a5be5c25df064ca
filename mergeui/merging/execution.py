"""Carrying out an approved request: read again, write down, call once, record (design.md, rules
1 to 6).

Every method of Job is one step that a test can take without the worker's loop.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.audit.transition import move
from mergeui.errors import Stale
from mergeui.invent import Contact, InventClient, InventError, MergeCall, RateLimited
from mergeui.merging import plan
from mergeui.merging.lease import Lease, LeaseLost
from mergeui.merging.models import Attempt, MergeRequest, RequestState, Source
from mergeui.merging.outcome import Outcome, send
from mergeui.merging.reading import read_again
from mergeui.merging.settle import about, settle
from mergeui.review.seen import changes

MOST_TRIES = 3
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)


def execute_next(*, client: InventClient, organization_id: int) -> MergeRequest | None:
    """Claims the longest due request of an organisation and carries it out; None without one."""
    now = timezone.now()
    due = MergeRequest.objects.due(now).filter(organization_id=organization_id, expires_at__gt=now)
    for request in due.select_related("organization")[:20]:
        lease = Lease.claim(request, now=now)
        if lease:
            execute(request, lease, client=client)
            return request
    return None


def execute(request: MergeRequest, lease: Lease, *, client: InventClient) -> None:
    """Carries out a claimed request, call by call; stops at the first that is not plainly merged.

    What goes wrong with Invent becomes the state of the request. A worker that lost its lease
    leaves the request to whoever has it now.
    """
    job = Job(request, lease, client)
    with suppress(LeaseLost, Stale):
        for chunk in plan.chunks(job.waiting_ids()):
            if not job.read_and_check(chunk) or not job.attempt(chunk):
                return
        job.complete()


class Job:
    """One claimed request on its way. Methods that return a bool say whether to go on."""

    def __init__(self, request: MergeRequest, lease: Lease, client: InventClient) -> None:
        self.request = request
        self.lease = lease
        self.client = client
        # The worker acts for nobody in person.
        self.by = Actor.system(request.organization)
        self.seen = {raw["id"]: Contact.parse(raw) for raw in request.snapshot}
        self.present: list[Contact] = []
        self.merged: Contact | None = None

    def waiting_ids(self) -> list[str]:
        """The sources that no call was made for yet."""
        waiting = self.request.sources.filter(state=Source.State.WAITING)
        return list(waiting.values_list("contact_id", flat=True))

    def merged_ids(self) -> list[str]:
        """The sources that are merged already."""
        merged = self.request.sources.filter(state=Source.State.MERGED)
        return list(merged.values_list("contact_id", flat=True))

    # Reading again

    def read_and_check(self, chunk: Sequence[str]) -> bool:
        """Reads the contacts of the next call again (design.md, rule 5).

        Different from what was shown, or gone: nothing more is sent. After a first call the
        primary has changed by it, so only that it still exists is asked.
        """
        primary_id = self.request.primary_contact_id
        begun = bool(self.merged_ids())
        sources = [self.seen[contact_id] for contact_id in chunk]
        primary = self.merged or self.seen[primary_id]
        try:
            now = read_again(self.client, [primary, *sources])
        except InventError as error:
            self.postpone(error.sentence)
            return False
        found = list(changes(sources if begun else [primary, *sources], now))
        if begun and now[primary_id] is None:
            found.append(f"{self.request.primary_name} no longer exists in Invent.")
        self.present = [contact for contact in now.values() if contact]
        if found and begun:
            self.end_in_part("The rest was not sent, because the contacts changed.", *found)
        elif found:
            nothing = "The contacts changed after they were shown. Nothing was sent."
            self.end(RequestState.STALE, Action.MERGE_STALE, [nothing, *found])
        return not found

    # The call

    def attempt(self, chunk: tuple[str, ...]) -> bool:
        """Makes one call: written down with its history first, then sent once."""
        call = self.client.prepare_merge(self.request.primary_contact_id, chunk)
        attempt = self.begin(call)
        try:
            self.lease.check()
        except LeaseLost:
            outcome = Outcome.not_sent("The worker was held up, so nothing was sent.")
        else:
            outcome = send(self.client, call)
        self.record_outcome(attempt, outcome)
        return self.follow(outcome)

    def begin(self, call: MergeCall) -> Attempt:
        """Commits the attempt, its entry and what the contacts were, before the first byte."""
        now = timezone.now()
        with transaction.atomic():
            self.lease.renew(self.request, now=now)
            attempt = Attempt.objects.create(
                request=self.request,
                number=self.request.attempts.count() + 1,
                source_ids=list(call.source_ids),
                call={"method": call.method, "url": call.url, "body": call.body},
                started_at=now,
            )
            self.request.sources.filter(contact_id__in=call.source_ids).update(
                state=Source.State.SENT
            )
            shared = about(self.request, attempt=attempt.number)
            shared["facts"]["sources"] = list(call.source_ids)
            shared["personal"]["call"] = attempt.call
            shared["personal"]["contacts"] = [contact.raw for contact in self.present]
            record(Action.ATTEMPT_STARTED, by_user=self.by, **shared)
        return attempt

    def record_outcome(self, attempt: Attempt, outcome: Outcome) -> None:
        """Writes down the answer to an attempt, source by source.

        Raises LeaseLost when another worker has judged the attempt meanwhile: then the late answer
        is recorded, not obeyed.
        """
        with transaction.atomic():
            mine = self.lease.held(self.request).exists()
            answered = mine and Attempt.objects.filter(
                pk=attempt.pk, state=Attempt.State.SENDING
            ).update(
                state=outcome.state,
                answer=outcome.answer,
                reason=outcome.reason,
                finished_at=timezone.now(),
            )
            if answered:
                self.mark_sources(attempt, outcome)
            shared = about(self.request, attempt=attempt.number, after=outcome.state)
            shared["facts"] |= {
                "before": Attempt.State.SENDING.value,
                "sources": attempt.source_ids,
                "merged": list(outcome.merged_ids),
                "status": (outcome.answer or {}).get("status"),
                "reason": outcome.code,
                "late": not answered,
            }
            shared["personal"]["answer"] = outcome.answer or {"error": outcome.reason}
            not_sent = outcome.state == Attempt.State.NOT_SENT
            action = Action.ATTEMPT_NOT_SENT if not_sent else Action.ATTEMPT_ANSWERED
            record(action, by_user=self.by, **shared)
        if not answered:
            raise LeaseLost
        self.merged = outcome.merged or self.merged

    def mark_sources(self, attempt: Attempt, outcome: Outcome) -> None:
        """Each source has its own line: merged, not sent after all, or not known yet."""
        sent = self.request.sources.filter(contact_id__in=attempt.source_ids)
        if outcome.state in {Attempt.State.NOT_SENT, Attempt.State.REFUSED}:
            sent.update(state=Source.State.WAITING)
        elif outcome.state in {Attempt.State.MERGED, Attempt.State.PARTIAL}:
            sent.exclude(contact_id__in=outcome.merged_ids).update(state=Source.State.NOT_MERGED)
            sent.filter(contact_id__in=outcome.merged_ids).update(state=Source.State.MERGED)

    # What follows

    def follow(self, outcome: Outcome) -> bool:
        """What the outcome of a call means for the request (design.md, rule 4)."""
        match outcome.state:
            case Attempt.State.MERGED:
                return True
            case Attempt.State.PARTIAL:
                left = self.request.sources.filter(state=Source.State.NOT_MERGED)
                names = [f"Not merged: {name}." for name in left.values_list("name", flat=True)]
                self.end_in_part("Invent merged only a part of what was sent.", *names)
            case Attempt.State.NOT_SENT if self.request.tries + 1 < MOST_TRIES:
                self.postpone(outcome.reason, count=True)
            case Attempt.State.NOT_SENT:
                reason = f"Tried {MOST_TRIES} times. {outcome.reason}"
                self.give_up(RequestState.NOT_APPLIED, Action.MERGE_NOT_APPLIED, reason)
            case Attempt.State.REFUSED if isinstance(outcome.error, RateLimited):
                self.postpone(outcome.reason, seconds=outcome.error.retry_after)
            case Attempt.State.REFUSED:
                self.read_back_refusal(outcome.reason)
            case _:
                self.unknown(outcome.reason)
        return False

    def read_back_refusal(self, reason: str) -> None:
        """A documented refusal did nothing; rule 4 wants it looked at all the same."""
        try:
            now = read_again(self.client, self.present)
        except InventError:
            now = {}
        if any(contact is None for contact in now.values()):
            self.unknown(f"{reason} Yet a contact is gone from Invent.")
        else:
            self.give_up(RequestState.REFUSED, Action.MERGE_REFUSED, reason)

    def unknown(self, reason: str) -> None:
        """Nobody knows yet: the contacts stay locked, and the truth is read back."""
        move(
            self.request,
            expected=[RequestState.EXECUTING],
            only_if=Q(lease_token=self.lease.token),
            action=Action.MERGE_UNKNOWN,
            by_user=self.by,
            stale=lambda: "The lease is over.",
            changes={
                "state": RequestState.UNKNOWN.value,
                "outcome": [reason],
                "read_back_at": timezone.now(),
                "read_backs": 0,
            },
            **about(self.request, after=RequestState.UNKNOWN.value),
        )

    def postpone(self, reason: str, *, seconds: float | None = None, count: bool = False) -> None:
        """Gives the claim back for a while: nothing was sent, so nothing is recorded as decided.

        `seconds` is the pause that Invent asked for; otherwise it doubles from try to try.
        """
        pause = FIRST_PAUSE * 2**self.request.tries
        if seconds is not None:
            pause = timedelta(seconds=seconds)
        now = timezone.now()
        self.lease.held(self.request).update(
            state=RequestState.APPROVED,
            execute_after=now + min(pause, LONGEST_PAUSE),
            tries=self.request.tries + count,
            waiting_because=reason,
            lease_token="",
            lease_until=None,
        )

    def complete(self) -> None:
        """All sources are merged: the result is compared with the prediction (rule 7)."""
        found: tuple[str, ...] = ()
        if self.merged:
            primary_id = self.request.primary_contact_id
            sources = [c for contact_id, c in self.seen.items() if contact_id != primary_id]
            found = plan.differences(self.seen[primary_id], sources, self.merged)
        with transaction.atomic():
            self.end(RequestState.MERGED, Action.MERGE_COMPLETED, list(found))
            if found:
                shared = about(self.request)
                shared["personal"]["differences"] = list(found)
                record(Action.RESULT_DIFFERS, by_user=self.by, **shared)

    def give_up(self, state: RequestState, action: Action, reason: str) -> None:
        """Ends without (further) success: in part when an earlier call has merged something."""
        if self.merged_ids():
            self.end_in_part("The rest was not merged.", reason)
        else:
            self.end(state, action, [reason])

    def end_in_part(self, *reasons: str) -> None:
        """Ends with some sources merged and some not."""
        self.request.sources.filter(state=Source.State.WAITING).update(
            state=Source.State.NOT_MERGED
        )
        self.end(RequestState.PARTIAL, Action.MERGE_PARTIAL, list(reasons))

    def end(self, state: RequestState, action: Action, reasons: list[str]) -> None:
        """Moves the request to a final state; locks, group and merged contacts follow."""
        shared = about(self.request, after=state.value, merged=self.merged_ids())
        shared["personal"]["evidence"] = reasons
        if self.merged:
            shared["personal"]["contacts"] = [self.merged.raw]
        move(
            self.request,
            expected=[RequestState.EXECUTING],
            only_if=Q(lease_token=self.lease.token),
            action=action,
            by_user=self.by,
            stale=lambda: "The lease is over.",
            changes={"state": state.value, "finished_at": timezone.now(), "outcome": reasons},
            also=lambda: settle(self.request),
            **shared,
        )
