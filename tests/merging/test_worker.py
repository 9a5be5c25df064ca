"""`manage.py worker` and `manage.py sync` as programs: how they begin, go on and end."""

import io
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from mergeui.accounts.models import Role
from mergeui.audit.actor import Actor
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.connect import connect
from mergeui.merging import execution, outcome, worker
from mergeui.merging.management.commands import worker as command
from mergeui.merging.models import RequestState
from mergeui.merging.outcome import Outcome
from mergeui.merging.standing import Halt, halt
from mergeui.merging.worker import NotDurable, check_durable, sync_when_due
from mergeui.review.models import Group, SyncRun
from mergeui.review.sync import request_sync
from mergeui.sandbox import Change, Fault
from tests.browser.live import LiveDesk
from tests.desk import actor, member, past
from tests.many import pairs, stored
from tests.merging.programs import Program, wait_until
from tests.merging.stage import approved, fresh

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_nobody_waits")]


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def nobody_listens() -> str:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taker.getsockname()[1]}"


# As programs


def test_sigterm_ends_the_worker_after_the_call_in_hand(
    live: LiveDesk, start: Callable[..., Program]
) -> None:
    live.sync()
    request = approved(live)
    live.faults.set(merge_latency=1.0)
    with start("worker") as program:
        wait_until(lambda: live.counters.merge_calls == 1)
        program.process.send_signal(signal.SIGTERM)

        assert program.end() == 0
        assert "The worker is running. Ctrl-C ends it." in program.words
        assert "Traceback" not in program.words
    assert fresh(request).state == RequestState.MERGED
    assert live.counters.merge_calls == 1


@pytest.mark.parametrize(
    ("applied", "state"), [(True, RequestState.MERGED), (False, RequestState.NOT_APPLIED)]
)
def test_killed_in_the_middle_of_a_call_it_never_calls_again(
    live: LiveDesk, start: Callable[..., Program], applied: bool, state: str
) -> None:
    live.sync()
    request = approved(live)
    live.faults.next_merge(Fault.DROP, applied=applied, merge_latency=0.5)
    with start("worker") as program:
        wait_until(lambda: live.counters.merge_calls == 1)
        program.process.kill()
        program.end()
    assert fresh(request).state == RequestState.EXECUTING

    past(request, lease_until=1)
    with start("worker") as program:
        wait_until(lambda: fresh(request).state == state)
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == 0
    assert live.counters.merge_calls == 1
    assert verify().broken is None


def test_while_invent_is_down_the_worker_goes_on(
    live: LiveDesk, start: Callable[..., Program]
) -> None:
    with start("worker", url=nobody_listens()) as program:
        wait_until(lambda: "try 1 failed" in program.words)
        assert program.process.poll() is None
        program.process.send_signal(signal.SIGINT)
        assert program.end() == 0
        assert "Traceback" not in program.words


def test_the_worker_ends_though_invent_says_to_wait(
    live: LiveDesk, start: Callable[..., Program]
) -> None:
    live.faults.set(read=Fault.STATUS, read_status=429, read_retry_after="100")
    with start("worker") as program:
        wait_until(lambda: "try 1 failed (status 429)" in program.words)
        asked = time.monotonic()
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == 0
        assert time.monotonic() - asked < 30
    assert SyncRun.objects.get().state == SyncRun.State.FAILED


def test_without_a_key_one_line_says_so(start: Callable[..., Program]) -> None:
    with start("worker", INVENT_API_KEY="") as program:
        assert program.end() == 1
        [line] = program.words.splitlines()
    assert line.startswith("CommandError: INVENT_API_KEY is not set")


def test_a_database_that_may_forget_is_refused(start: Callable[..., Program]) -> None:
    careless = {"init_command": "PRAGMA synchronous=NORMAL"}
    if connection.vendor == "postgresql":
        careless = {"options": "-c synchronous_commit=off"}
    with start("worker", "--once", DATABASE_OPTIONS=careless) as program:
        assert program.end() == 1
        [line] = program.words.splitlines()
    assert line.startswith("CommandError: The database's synchronous setting is")


def test_sync_says_in_one_line_why_it_failed(live: LiveDesk, start: Callable[..., Program]) -> None:
    live.sandbox.keys.clear()
    with start("sync") as program:
        assert program.end() == 1
        last = program.words.strip().splitlines()[-1]
    assert last.startswith("CommandError: Invent refused the API key (401)")
    assert "Traceback" not in program.words


# In this process, where nobody waits


def told(name: str, **options: Any) -> str:
    said = io.StringIO()
    call_command(name, stdout=said, **options)
    return said.getvalue()


@pytest.fixture
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connect.__kwdefaults__
    monkeypatch.setitem(connect.__kwdefaults__, "sleep", lambda seconds: None)
    monkeypatch.setattr(command, "PAUSE_SECONDS", 0.01)


def test_once_does_what_is_due_and_ends(live: LiveDesk) -> None:
    assert told("worker", once=True) == ""
    request = approved(live)
    assert told("worker", once=True) == ""

    assert fresh(request).state == RequestState.MERGED
    assert SyncRun.objects.count() == 1


def test_once_can_be_stopped_too(live: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_while_syncing(*args: Any, progress: Callable[..., None], **more: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        progress(None)

    monkeypatch.setattr(command, "sync_when_due", stop_while_syncing)
    live.sync()
    request = approved(live)

    assert told("worker", once=True) == ""
    assert fresh(request).state == RequestState.APPROVED


def test_an_error_ends_neither_loop(
    live: LiveDesk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = {"tidy": 0, "sync": 0}

    def fail_at_first(name: str) -> None:
        rounds[name] += 1
        if rounds[name] == 1:
            raise ConnectionError(name)

    def tidy() -> None:
        fail_at_first("tidy")
        if rounds["tidy"] > 1 and rounds["sync"] > 1:
            os.kill(os.getpid(), signal.SIGTERM)

    def syncing(organization: Any, *, progress: Callable[..., None], **more: Any) -> None:
        fail_at_first("sync")
        progress(None)

    monkeypatch.setattr(command, "tidy", tidy)
    monkeypatch.setattr(command, "sync_when_due", syncing)

    assert told("worker") == "The worker is running. Ctrl-C ends it.\n"

    assert "The worker goes on after an error." in caplog.messages
    assert "The sync goes on after an error." in caplog.messages


def test_a_locked_database_ends_no_sync_for_ever(
    live: LiveDesk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = []

    def syncing(organization: Any, **more: Any) -> None:
        rounds.append(organization)
        if len(rounds) == 1:
            raise OperationalError("database is locked")
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(command, "sync_when_due", syncing)

    told("worker")

    assert "The sync goes on later: database is locked" in caplog.messages
    assert len(rounds) > 1


def test_mail_is_sent_beside_the_merges_and_an_error_does_not_end_it(
    live: LiveDesk,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.NOTIFY_BY_EMAIL = True
    monkeypatch.setattr(command, "MAIL_PAUSE_SECONDS", 0.01)
    rounds = []

    def sending(organization: Any, *, go_on: Callable[[], bool]) -> None:
        rounds.append(go_on())
        if len(rounds) == 1:
            raise ConnectionError
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(command, "send_due", sending)

    told("worker")
    assert "The mail goes on after an error." in caplog.messages
    assert rounds[:2] == [True, True]

    rounds[:] = [True]
    told("worker", once=True)
    assert len(rounds) == 2


def test_merges_wait_for_their_answers_beside_each_other(
    live: LiveDesk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MERGE_AT_ONCE = 3
    groups = pairs(3)
    live.world.apply(Change(live.world.top.id, put=tuple(one for two in groups for one in two)))
    olga = actor(Role.OPERATOR)
    requests = [live.propose(olga, group) for group in stored(live, groups)]
    # Whoever is about to send waits until all three are.
    together = Barrier(3)

    def send(*args: Any, **more: Any) -> Outcome:
        together.wait(20)
        return outcome.send(*args, **more)

    def end() -> None:
        wait_until(lambda: {fresh(one).state for one in requests} == {RequestState.MERGED})
        os.kill(os.getpid(), signal.SIGTERM)
        connection.close()

    monkeypatch.setattr(execution, "send", send)
    watching = Thread(target=end)
    watching.start()
    told("worker")
    watching.join()

    assert live.counters.merge_calls == 3
    assert verify().broken is None


def test_whoever_executes_beside_stops_when_merges_are_halted(live: LiveDesk) -> None:
    live.sync()
    approved(live)
    halt(live.organization, Halt.KEY, "")

    assert worker.execute_due(live.organization, client=live.client) == 0
    assert live.counters.merge_calls == 0


def test_a_sync_in_hand_is_given_up_when_the_worker_ends(live: LiveDesk) -> None:
    live.faults.set(read_latency=0.3)
    begun = live.counters.requests

    def stop_when_it_reads() -> None:
        wait_until(lambda: begun["GET contacts/duplicates"] > 0)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = Thread(target=stop_when_it_reads)
    thread.start()
    told("worker")
    thread.join()

    run = SyncRun.objects.get()
    assert (run.state, run.error) == (
        SyncRun.State.FAILED,
        "The sync was stopped before it was done.",
    )
    assert not Group.objects.of(run.organization).exists()


@pytest.mark.parametrize("level", ["off", "normal"])
def test_only_a_commit_that_lasts_is_good_enough(level: str) -> None:
    check_durable()
    postgres = connection.vendor == "postgresql"
    name, safe = ("synchronous_commit", "on") if postgres else ("synchronous", "FULL")
    bad = "local" if postgres and level == "normal" else level
    say = "SET" if postgres else "PRAGMA"
    with connection.cursor() as cursor:
        cursor.execute(f"{say} {name} = {bad}")
        try:
            with pytest.raises(NotDurable, match="commits may be lost"):
                check_durable()
        finally:
            cursor.execute(f"{say} {name} = {safe}")
    check_durable()


def test_a_person_who_wanted_the_sync_is_its_actor(live: LiveDesk) -> None:
    rosa = member(Role.OPERATOR, name="rosa")
    request_sync(live.organization, by_user=Actor.member(rosa))

    assert sync_when_due(live.organization, client=live.client)
    assert Entry.objects.latest("number").actor_name == "rosa"
    assert not sync_when_due(live.organization, client=live.client)


def test_a_failed_sync_is_a_line_in_the_log(
    live: LiveDesk, caplog: pytest.LogCaptureFixture
) -> None:
    live.sandbox.keys.clear()

    assert sync_when_due(live.organization, client=live.client)

    assert any(m.startswith("The groups could not be refreshed") for m in caplog.messages)


def test_the_worker_stops_between_two_requests(live: LiveDesk) -> None:
    live.sync()
    approved(live)

    assert worker.work_off(live.organization, client=live.client, go_on=lambda: False) == 0
    assert live.counters.merge_calls == 0


# manage.py sync


def test_sync_says_what_it_found(live: LiveDesk) -> None:
    assert told("sync") == (
        "1 groups read: 1 new, 0 changed, 0 as before, 0 no longer suggested.\n"
    )
    assert told("sync") == (
        "1 groups read: 0 new, 0 changed, 1 as before, 0 no longer suggested.\n"
    )


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault.HTML, "its answer made no sense"),
        (Fault.STATUS, "it answered with status 500"),
        (Fault.EMPTY, "its answer made no sense"),
        (Fault.DROP, "the connection broke off"),
    ],
)
def test_sync_says_what_invent_did_wrong(live: LiveDesk, fault: Fault, sentence: str) -> None:
    live.faults.set(read=fault)

    with pytest.raises(CommandError, match=sentence):
        told("sync")

    run = SyncRun.objects.get()
    assert not Group.objects.of(run.organization).exists()
    assert run.state == SyncRun.State.FAILED


def test_sync_says_that_nobody_listens(live: LiveDesk, settings: Any) -> None:
    settings.INVENT_API_URL = nobody_listens()

    with pytest.raises(CommandError, match="no connection could be made"):
        told("sync")


def test_sync_says_that_another_is_at_it(live: LiveDesk) -> None:
    run = request_sync(live.organization, by_user=live.system)
    SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.State.RUNNING)

    with pytest.raises(CommandError, match="Another process is already reading"):
        told("sync")
