"""One worker a request, for a limited time; what happens when several want it, or one dies."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import Problem, Stale
from mergeui.merging import execution
from mergeui.merging.approval import approve, cancel
from mergeui.merging.execution import Job, execute_next
from mergeui.merging.lease import Lease, LeaseLost
from mergeui.merging.models import Attempt, MergeRequest, RequestState, Source
from mergeui.merging.outcome import send
from mergeui.merging.reconcile import recover
from mergeui.merging.unwritten import NotWritten
from mergeui.review.models import GroupState
from tests.desk import Desk, actor, past
from tests.merging.stage import (
    actions,
    anas,
    approved,
    fresh,
    locked,
    look,
    source_states,
    wired,
)

pytestmark = pytest.mark.django_db


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `count` threads give or raise that begin together, each with its own connection."""
    start = threading.Barrier(count)

    def one(number: int) -> Any:
        try:
            start.wait(timeout=30)
            return work(number)
        except Exception as error:  # noqa: BLE001 - the tests look at what it is
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def execute(desk: Desk) -> MergeRequest | None:
    return execute_next(client=desk.client, organization_id=desk.organization.pk)


def claimed(desk: Desk) -> tuple[MergeRequest, Job]:
    """A request in the hands of a worker that is about to call."""
    request = approved(desk)
    lease = Lease.claim(request.pk, now=timezone.now())
    assert lease
    request.refresh_from_db()
    job = Job(request, lease, desk.client)
    assert job.read_and_check(job.claimed.ids(Source.State.WAITING))
    return request, job


def the_call(job: Job) -> tuple[str, ...]:
    return tuple(job.claimed.ids(Source.State.WAITING))


def another_worker_finds_it(request: MergeRequest) -> None:
    """Time passes: the lease is over, and somebody looks after the request."""
    past(request, lease_until=1)
    assert recover(now=timezone.now()) == 1


# Several at once


@pytest.mark.django_db(transaction=True)
def test_eight_workers_make_one_call() -> None:
    desk = anas()
    request = approved(desk)
    clients = [desk.connect() for _ in range(8)]
    organization_id = desk.organization.pk

    found = at_once(8, lambda n: execute_next(client=clients[n], organization_id=organization_id))

    assert [one for one in found if one] == [request]
    assert fresh(request).state == RequestState.MERGED
    assert desk.counters.merge_calls == 1
    assert verify().broken is None


@pytest.mark.django_db(transaction=True)
def test_twenty_clicks_ask_once_and_call_once() -> None:
    desk = anas()
    operator = actor(Role.OPERATOR)

    found = at_once(20, lambda n: desk.propose(operator))

    [request] = [one for one in found if isinstance(one, MergeRequest)]
    others = [one for one in found if one is not request]
    assert {type(one).__name__ for one in others} == {"Stale"}
    assert locked(request) == 3
    desk.work()
    assert desk.counters.merge_calls == 1
    assert verify().broken is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", range(4))
def test_either_it_is_cancelled_or_it_is_executed(time: int) -> None:
    desk = anas()
    operator = actor(Role.OPERATOR)
    request = desk.propose(operator)

    def cancel_or_work(number: int) -> Any:
        return execute(desk) if number else cancel(fresh(request), by_user=operator)

    cancelled, worked = at_once(2, cancel_or_work)

    ended = (worked, desk.counters.merge_calls)
    if fresh(request).state == RequestState.CANCELLED:
        assert (ended, cancelled) == ((None, 0), None)
    else:
        assert (ended, fresh(request).state) == ((request, 1), RequestState.MERGED)
        assert isinstance(cancelled, Stale)


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_one_is_told(settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "always"
    desk = anas()
    request = desk.propose(actor(Role.OPERATOR))
    people = [actor(Role.APPROVER) for _ in range(6)]

    found = at_once(6, lambda n: approve(fresh(request), by_user=people[n]))

    assert found.count(None) == 1
    refused = [one for one in found if one]
    assert all(isinstance(one, Problem) for one in refused)
    assert all("approved this request meanwhile" in str(one) for one in refused)
    assert Entry.objects.filter(action=Action.MERGE_APPROVED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_lease_that_is_being_renewed_is_not_taken_away() -> None:
    """The other's clock is ahead: it sees the lease over, and waits for the row meanwhile."""
    desk = anas()
    request, job = claimed(desk)
    soon = timezone.now() + timedelta(seconds=30)
    MergeRequest.objects.filter(pk=request.pk).update(lease_until=soon)
    begun = threading.Event()
    found: list[int] = []

    def other() -> None:
        begun.wait(timeout=30)
        found.append(recover(now=soon + timedelta(seconds=1)))
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    with transaction.atomic():
        job.lease.renew(request)
        begun.set()
        time.sleep(0.3)
        Attempt.objects.create(
            request=request, number=1, source_ids=[], call={}, started_at=timezone.now()
        )
    thread.join()

    assert found == [0]
    assert fresh(request).state == RequestState.EXECUTING


# A worker that slept


def test_a_worker_that_slept_before_it_wrote_down_its_attempt_writes_none() -> None:
    desk = anas()
    request, job = claimed(desk)
    another_worker_finds_it(request)
    assert fresh(request).state == RequestState.APPROVED

    with pytest.raises(LeaseLost):
        job.call(the_call(job))

    assert not request.attempts.exists()
    assert desk.counters.merge_calls == 0
    execute(desk)
    assert (fresh(request).state, desk.counters.merge_calls) == (RequestState.MERGED, 1)


def test_a_lease_that_is_over_is_not_renewed_though_nobody_wanted_it() -> None:
    """What was read is as old as the lease: what was seen may no longer be what is merged."""
    desk = anas()
    request, job = claimed(desk)
    past(request, lease_until=1)

    with pytest.raises(LeaseLost):
        job.call(the_call(job))

    assert not request.attempts.exists()


def test_a_worker_that_slept_before_the_call_sends_nothing() -> None:
    desk = anas()
    request, job = claimed(desk)
    call = desk.client.prepare_merge(request.primary_contact_id, the_call(job))
    attempt = job.begin(call)
    another_worker_finds_it(request)

    outcome = send(desk.client, call, last_check=lambda: job.lease.check(request))
    with pytest.raises(LeaseLost):
        job.record(attempt, outcome)

    assert desk.counters.merge_calls == 0
    assert fresh(request).state == RequestState.UNKNOWN
    assert request.attempts.get().state == Attempt.State.UNKNOWN
    entry = Entry.objects.latest("number")
    assert (entry.action, entry.facts["late"]) == (Action.ATTEMPT_NOT_SENT, True)


def test_a_worker_whose_answer_comes_late_records_it_and_obeys_it_not() -> None:
    desk = anas()
    request = approved(desk)
    wire = wired(desk)

    def slowly(call: httpx.Request) -> httpx.Response:
        answer = wire.pass_on(call)
        another_worker_finds_it(request)
        return answer

    wire.on_merge = slowly
    execute(desk)

    request.refresh_from_db()
    assert request.state == RequestState.UNKNOWN
    assert request.attempts.get().state == Attempt.State.UNKNOWN
    assert source_states(request) == [Source.State.SENT] * 2
    entry = Entry.objects.latest("number")
    assert entry.action == Action.ATTEMPT_ANSWERED
    assert (entry.facts["after"], entry.facts["late"]) == (Attempt.State.MERGED, True)
    assert entry.personal["answer"]["status"] == 200

    look(desk, request)
    assert (request.state, desk.counters.merge_calls) == (RequestState.MERGED, 1)


@pytest.mark.parametrize("clock", ["monotonic", "calendar"])
def test_too_little_time_left_is_no_time_to_send(
    monkeypatch: pytest.MonkeyPatch, clock: str
) -> None:
    """The monotonic clock stands still while a machine sleeps; the calendar may be set back."""
    desk = anas()
    request, job = claimed(desk)
    real = job.begin

    def hold_up(call: Any) -> Attempt:
        attempt = real(call)
        if clock == "monotonic":
            job.lease.ends -= 91
        else:
            job.lease.until -= timedelta(seconds=91)
        return attempt

    monkeypatch.setattr(job, "begin", hold_up)
    assert not job.call(the_call(job))

    request.refresh_from_db()
    assert desk.counters.merge_calls == 0
    assert request.state == RequestState.APPROVED
    assert request.waiting_because == "The worker was held up, so nothing was sent."
    assert request.attempts.get().state == Attempt.State.NOT_SENT
    past(request, execute_after=1)
    execute(desk)
    assert fresh(request).state == RequestState.MERGED


def test_a_claim_that_somebody_was_faster_with_is_none() -> None:
    desk = anas()
    request = approved(desk)
    now = timezone.now()

    assert Lease.claim(request.pk, now=now)
    assert Lease.claim(request.pk, now=now) is None
    assert execute(desk) is None


def test_the_next_request_is_taken_when_another_was_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = anas()
    approved(desk)
    monkeypatch.setattr(Lease, "claim", lambda request, now: None)

    assert execute(desk) is None
    assert desk.counters.merge_calls == 0


# A worker that died


def test_a_worker_that_died_before_its_attempt_leaves_the_request_as_it_was() -> None:
    desk = anas()
    request, _ = claimed(desk)
    assert recover(now=timezone.now()) == 0

    another_worker_finds_it(request)

    request.refresh_from_db()
    assert (request.state, request.lease_token) == (RequestState.APPROVED, "")
    desk.work()
    assert fresh(request).state == RequestState.MERGED


def test_a_worker_that_died_after_its_attempt_leaves_it_unknown() -> None:
    desk = anas()
    request, job = claimed(desk)
    job.begin(desk.client.prepare_merge(request.primary_contact_id, the_call(job)))

    another_worker_finds_it(request)

    request.refresh_from_db()
    attempt = request.attempts.get()
    assert (request.state, attempt.state) == (RequestState.UNKNOWN, Attempt.State.UNKNOWN)
    assert request.outcome == ["The worker stopped before Invent's answer was recorded."]
    assert attempt.finished_at
    assert actions()[-1] == Action.MERGE_UNKNOWN
    for _ in range(4):
        look(desk, request)
    assert (request.state, desk.counters.merge_calls) == (RequestState.NOT_APPLIED, 0)


def test_no_history_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = anas()
    request = approved(desk)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(execution, "append", _fails)
        with pytest.raises(NotWritten, match="could not write the call down"):
            execute(desk)

    assert desk.counters.merge_calls == 0
    assert not request.attempts.exists()
    past(request, execute_after=1)
    desk.work()
    assert (fresh(request).state, desk.counters.merge_calls) == (RequestState.MERGED, 1)


def _fails(*args: object, **kwargs: object) -> None:
    raise DatabaseError("database or disk is full")


@pytest.mark.parametrize("step", ["keep", "mark", "write_down", "follow"])
def test_an_answer_that_can_not_be_recorded_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whatever breaks in between: an answer is recorded with what it means, or not at all."""
    desk = anas()
    request = approved(desk)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(Job, step, _fails)
        with pytest.raises(NotWritten, match="Invent answered 200"):
            execute(desk)

    assert fresh(request).state == RequestState.EXECUTING
    assert request.attempts.get().state == Attempt.State.SENDING
    another_worker_finds_it(request)
    look(desk, request)
    assert (request.state, desk.counters.merge_calls) == (RequestState.MERGED, 1)


def test_a_worker_that_is_stopped_ends_between_two_calls() -> None:
    desk = anas(64)
    request = approved(desk)

    execute_next(client=desk.client, organization_id=desk.organization.pk, go_on=lambda: False)

    request.refresh_from_db()
    assert (request.state, desk.counters.merge_calls) == (RequestState.APPROVED, 1)
    assert source_states(request) == ["merged"] * 50 + ["waiting"] * 13
    past(request, execute_after=1)
    desk.work()
    assert fresh(request).state == RequestState.MERGED


# What ends between two calls says what is merged


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_a_request_that_ends_between_two_calls_is_merged_in_part(how: str) -> None:
    desk = anas(64)
    request = approved(desk)
    execute_next(client=desk.client, organization_id=desk.organization.pk, go_on=lambda: False)
    if how == "cancelled":
        cancel(fresh(request), by_user=actor(Role.APPROVER, name="vera"))
    else:
        past(request, expires_at=1)
        desk.work()

    request.refresh_from_db()
    why = {
        "cancelled": "vera took this request back.",
        "expired": "It could not be executed in time.",
    }[how]
    assert request.state == RequestState.PARTIAL
    assert request.outcome == [
        why,
        "50 of its contacts were merged before; the rest was not sent.",
    ]
    assert source_states(request) == ["merged"] * 50 + ["not_merged"] * 13
    assert (locked(request), desk.group().state) == (0, GroupState.MERGED)
    assert desk.counters.merge_calls == 1
