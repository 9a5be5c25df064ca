"""Carrying out an approved request: read again, write down, call once, record (design.md, rules
1 to 6).

Every method of Job is one step that a test can take without the worker's loop.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from django.db import DatabaseError, transaction
from django.utils import timezone

from mergeui.audit.actions import Action
from mergeui.audit.log import append, entries_last, prepare, record
from mergeui.audit.models import Entry
from mergeui.errors import Stale
from mergeui.invent import (
    Contact,
    InventClient,
    InventError,
    MergeCall,
    RateLimited,
    Unauthorized,
)
from mergeui.invent.verdict import FORBIDDEN
from mergeui.merging import journal, plan
from mergeui.merging.apart import told_since
from mergeui.merging.claimed import Claimed
from mergeui.merging.doubt import refused_before
from mergeui.merging.lease import Lease, LeaseLost
from mergeui.merging.models import Attempt, MergeRequest, RequestState, Source
from mergeui.merging.outcome import Outcome, send
from mergeui.merging.reading import read_again
from mergeui.merging.settle import about
from mergeui.merging.sources import become, read_once
from mergeui.merging.standing import Halt, halt, halt_if_forbidden
from mergeui.merging.unasked import beyond, in_part, names_of, remember
from mergeui.merging.unwritten import answer_unwritten, call_unwritten
from mergeui.review.again import follow
from mergeui.review.models import Group
from mergeui.review.seen import changes
from mergeui.review.text import display_name
from mergeui.said import Said

MOST_TRIES = 3
# Asked for before the lock, because the entry of an end names them.
NAMED_AT_THE_END = ("organization", "proposed_by", "approved_by")

STOPPED = Said("The worker was stopped before this was finished.")
CHANGED = Said("The contacts changed after they were shown. Nothing was sent.")
CHANGED_SINCE = Said("The contacts changed after they were shown. Nothing was merged.")
REST_CHANGED = Said("The rest was not merged, because the contacts changed.")
TOLD_APART = Said(
    "Two of these contacts were marked as not the same person after this was asked for. Nothing was"
    " merged."
)
REST_TOLD_APART = Said(
    "The rest was not merged, because two of these contacts were marked as not the same person."
)
# Stored before that was said of a call answered with 429 too, which was sent.
_REST_UNSENT = Said("The rest was not sent, because the contacts changed.")
NOT_LOOKED_UP = Said("Whether that is so could not be looked up. {sentence}")
YET_GONE = Said("Yet gone from Invent: {names}.")
ASKED_TO_WAIT = Said("Invent has asked the desk to wait.")
TRIED = Said("Tried {count} time.", "Tried {count} times.")


def execute_next(
    *, client: InventClient, organization_id: int, go_on: Callable[[], bool] = lambda: True
) -> MergeRequest | None:
    """Claims the longest due request of an organisation and carries it out; None without one.

    A person's own goes before those of bulk decisions, and none of those that are taken back is
    begun any more.
    """
    now = timezone.now()
    due = MergeRequest.objects.due(now).filter(organization_id=organization_id, expires_at__gt=now)
    for some in (due.of_people(), due.of_bulk()):
        # Their keys alone: others may be faster, and a request holds whole contacts.
        for key in some.values_list("pk", flat=True)[:20]:
            lease = Lease.claim(key, now=now)
            if lease:
                request = MergeRequest.objects.select_related(*NAMED_AT_THE_END).get(pk=key)
                execute(request, lease, client=client, go_on=go_on)
                return request
    return None


def execute(
    request: MergeRequest,
    lease: Lease,
    *,
    client: InventClient,
    go_on: Callable[[], bool] = lambda: True,
) -> None:
    """Carries out a claimed request, call by call; stops at the first that is not plainly merged.

    What goes wrong with Invent becomes the state of the request. A worker that lost its lease
    leaves the request to whoever has it now. `go_on` is asked between two calls. Raises NotWritten
    when the database can't take what has to be written down.
    """
    job = Job(request, lease, client)
    with suppress(LeaseLost, Stale):
        while job.next_call():
            if not go_on():
                job.claimed.postpone(STOPPED())
                break


class Job:
    """One claimed request on its way. Methods that return a bool say whether to go on."""

    def __init__(self, request: MergeRequest, lease: Lease, client: InventClient) -> None:
        self.request = request
        self.lease = lease
        self.client = client
        self.claimed = Claimed(request, lease)
        self.present: list[Contact] = []
        self.started: Entry

    def next_call(self) -> bool:
        """Reads the next contacts again and merges them; a request that waits has such.

        Raises LeaseLost when it has none: another worker has finished it meanwhile.
        """
        waiting = self.claimed.ids(Source.State.WAITING)
        if not waiting:
            raise LeaseLost
        chunk = plan.chunks(waiting)[0]
        return self.read_and_check(chunk) and self.call(chunk)

    # Reading again

    def read_and_check(self, chunk: Sequence[str]) -> bool:
        """Reads the contacts of the next call again (design.md, rule 5).

        Different from what was shown, gone, or told apart since: nothing more is sent. After a
        first call the primary has changed by it, so only that it still exists is asked. What is
        gone and was sent before may be gone by that call, though it was answered with 429: see
        doubt.py.
        """
        seen, primary_id = self.claimed.seen, self.request.primary_contact_id
        begun = bool(self.claimed.ids(Source.State.MERGED))
        sources = [seen[contact_id] for contact_id in chunk]
        primary = self.claimed.merged or seen[primary_id]
        try:
            now = read_again(self.client, [primary, *sources])
        except InventError as error:
            self.claimed.postpone(error.sentence)
            if isinstance(error, Unauthorized):
                halt(self.request.organization, Halt.KEY, error.sentence)
            return False
        found = changes(sources if begun and now[primary_id] else [primary, *sources], now)
        told = not found and bool(told_since(self.request))
        self.present = [contact for contact in now.values() if contact]
        gone = [source for source in sources if not now[source.id]]
        if refused := refused_before(self.request, [source.id for source in gone]):
            self.claimed.unknown(refused.reason, _yet_gone(gone), sent=refused.source_ids)
            return False
        if found and begun:
            why = REST_CHANGED()
            self.claimed.end(RequestState.PARTIAL, [why, *found])
        elif found:
            # A call that was answered with 429 was sent.
            why = (CHANGED_SINCE if self.request.attempts.exists() else CHANGED)()
            # Who comes back to the group sees at once what Invent has now.
            refresh = partial(follow, self.request.group_id, now)
            self.claimed.end(RequestState.STALE, [why, *found], first=refresh)
        elif told and begun:
            self.claimed.end(RequestState.PARTIAL, [REST_TOLD_APART()])
        elif told:
            self.claimed.end(RequestState.STALE, [TOLD_APART()])
        return not (found or told)

    # The call

    def call(self, chunk: tuple[str, ...]) -> bool:
        """Makes one call: written down with its history first, then sent once.

        Raises NotWritten when the database can't.
        """
        if seconds := self.client.paused():
            # The call would only be refused, or be sent when what was read is old.
            self.claimed.postpone(ASKED_TO_WAIT(), seconds=seconds)
            return False
        call = self.client.prepare_merge(self.request.primary_contact_id, chunk)
        try:
            attempt = self.begin(call)
        except DatabaseError as error:
            call_unwritten(self.claimed, error)
        try:
            journal.note(
                journal.Line.before(
                    call,
                    self.started,
                    organization=self.request.organization_id,
                    request=self.request.pk,
                )
            )
        except journal.JournalFailed as error:
            outcome = Outcome.not_sent(str(error))
        else:
            outcome = send(self.client, call, last_check=partial(self.lease.check, self.request))
        if outcome.state == Attempt.State.REFUSED and not isinstance(outcome.error, RateLimited):
            outcome = replace(outcome, doubt=self.doubt(outcome.error))
        try:
            go_on = self.record(attempt, outcome)
        except DatabaseError as error:
            answer_unwritten(self.request, outcome, error)
        if isinstance(outcome.error, Unauthorized):
            halt(self.request.organization, Halt.KEY, outcome.reason)
        elif outcome.error and outcome.error.status == FORBIDDEN:
            halt_if_forbidden(self.request.organization)
        return go_on

    def begin(self, call: MergeCall) -> Attempt:
        """Commits the attempt, its entry and what the contacts were, before the first byte."""
        # While the lease holds nobody else changes these, and without it nothing is written.
        with read_once(self.request):
            attempt = Attempt(
                request=self.request,
                number=len(self.request.attempts.all()) + 1,
                source_ids=list(call.source_ids),
                call={"method": call.method, "url": call.url, "body": call.body},
                started_at=timezone.now(),
            )
            shared = about(self.request, attempt=attempt.number)
            shared["facts"]["sources"] = attempt.source_ids
            shared["personal"]["call"] = attempt.call
            shared["personal"]["contacts"] = [contact.raw for contact in self.present]
            started = prepare(Action.ATTEMPT_STARTED, by_user=self.claimed.by, **shared)
            with transaction.atomic(durable=True):
                self.lease.renew(self.request)
                attempt.save(force_insert=True)
                become(self.request, call.source_ids, Source.State.SENT)
                self.started = append(started)
        return attempt

    def doubt(self, refusal: InventError | None) -> str:
        """Why a documented refusal can't be believed: rule 4 wants it read back all the same.

        Whoever passes calls on to Invent may have sent this one twice: then the first did the
        merge, and the second was refused.
        """
        try:
            now = read_again(self.client, self.present)
        except InventError as error:
            if isinstance(refusal, Unauthorized) and error.status == refusal.status:
                return ""  # The key was refused, and is still: nothing can have been done with it.
            return NOT_LOOKED_UP(sentence=error.sentence)
        gone = [contact for contact in self.present if not now[contact.id]]
        return _yet_gone(gone) if gone else ""

    def record(self, attempt: Attempt, outcome: Outcome) -> bool:
        """Writes down the answer to an attempt, and what it means for the request, at once.

        In one transaction, because a worker that died in between would leave an answer that
        nobody obeys. Raises LeaseLost when the attempt has been judged without this worker: then
        the late answer is recorded, not obeyed.
        """
        go_on = False
        with entries_last():
            mine = self.lease.lock(self.request)
            # The end of a request changes its group: locked before the history is (audit/log.py).
            Group.objects.select_for_update().values("pk").get(pk=self.request.group_id)
            if mine:
                self.keep(attempt, outcome)
            with read_once(self.request):
                if mine:
                    self.mark(attempt, outcome)
                self.write_down(attempt, outcome, late=not mine)
                if mine:
                    go_on = self.follow(outcome)
        if not mine:
            raise LeaseLost
        return go_on

    def keep(self, attempt: Attempt, outcome: Outcome) -> None:
        """The attempt has its answer."""
        more = beyond(self.request, outcome.unasked)
        Attempt.objects.filter(pk=attempt.pk).update(
            state=outcome.state,
            answer=outcome.answer,
            reason=outcome.reason,
            finished_at=timezone.now(),
            unasked=more,
        )
        remember(self.request, more)

    def mark(self, attempt: Attempt, outcome: Outcome) -> None:
        """Each source has its own line."""
        if outcome.state in {Attempt.State.NOT_SENT, Attempt.State.REFUSED} and not outcome.doubt:
            become(self.request, attempt.source_ids, Source.State.WAITING)
        elif outcome.state in {Attempt.State.MERGED, Attempt.State.PARTIAL}:
            # Those of this request whose turn had not come were asked for, so they count as well.
            named = {*outcome.merged_ids, *outcome.unasked}
            become(self.request, named, Source.State.MERGED)
            become(self.request, {*attempt.source_ids} - named, Source.State.NOT_MERGED)
            self.claimed.merged = outcome.merged

    def write_down(self, attempt: Attempt, outcome: Outcome, *, late: bool) -> None:
        """The entry of an answer."""
        shared = about(self.request, attempt=attempt.number, after=outcome.state)
        shared["facts"] |= {
            "before": Attempt.State.SENDING.value,
            "sources": attempt.source_ids,
            "merged": list(outcome.merged_ids),
            "status": (outcome.answer or {}).get("status"),
            "reason": outcome.code,
            "late": late,
            **({"unasked": list(outcome.unasked)} if outcome.unasked else {}),
        }
        shared["personal"]["names"] |= names_of(self.request.organization, outcome.unasked)
        shared["personal"]["answer"] = outcome.answer or {"error": outcome.reason}
        not_sent = outcome.state == Attempt.State.NOT_SENT
        action = Action.ATTEMPT_NOT_SENT if not_sent else Action.ATTEMPT_ANSWERED
        record(action, by_user=self.claimed.by, **shared)

    def follow(self, outcome: Outcome) -> bool:
        """What the outcome of a call means for the request (design.md, rule 4)."""
        claimed, reason = self.claimed, outcome.reason
        match outcome.state:
            case Attempt.State.MERGED:
                if claimed.ids(Source.State.WAITING):
                    return True
                claimed.end(RequestState.MERGED, [])
            case Attempt.State.PARTIAL:
                claimed.end(RequestState.PARTIAL, in_part(self.request))
            case Attempt.State.NOT_SENT if self.request.tries + 1 < MOST_TRIES:
                claimed.postpone(reason, count=True)
            case Attempt.State.NOT_SENT:
                claimed.end(RequestState.NOT_APPLIED, [TRIED(count=MOST_TRIES), reason])
            case Attempt.State.REFUSED if isinstance(outcome.error, RateLimited):
                claimed.postpone(reason, seconds=outcome.error.retry_after)
            case Attempt.State.REFUSED if outcome.doubt:
                claimed.unknown(reason, outcome.doubt)
            case Attempt.State.REFUSED:
                claimed.end(RequestState.REFUSED, [reason])
            case _:
                claimed.unknown(reason)
        return False


def _yet_gone(contacts: Sequence[Contact]) -> str:
    return YET_GONE(names=", ".join(display_name(contact) for contact in contacts))
