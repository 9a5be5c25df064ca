"""A database that can't write: before a call nothing is sent, after it the truth is read back."""

import json
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from django.db import connection

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.verify import verify
from mergeui.merging import journal
from mergeui.merging.execution import execute_next
from mergeui.merging.models import Attempt, RequestState
from mergeui.merging.unwritten import NotWritten
from tests.browser.live import LiveDesk
from tests.contacts import channel
from tests.desk import Desk, past
from tests.merging.programs import Program, wait_until
from tests.merging.stage import actions, anas, approved, fresh, look, wired
from tests.web.cast import somebody, text_of


@contextmanager
def refusing(action: Action) -> Iterator[None]:
    """A history that takes every entry but this one."""
    if connection.vendor == "postgresql":
        body = "BEGIN RAISE EXCEPTION 'no space for %', NEW.action; END"
        make = (
            f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$;"
            " CREATE TRIGGER refuse BEFORE INSERT ON audit_entry FOR EACH ROW"
            f" WHEN (NEW.action = '{action.value}') EXECUTE FUNCTION refuse()"
        )
        undo = "DROP TRIGGER refuse ON audit_entry; DROP FUNCTION refuse()"
    else:
        make = (
            "CREATE TRIGGER refuse BEFORE INSERT ON audit_entry"
            f" WHEN NEW.action = '{action.value}'"
            f" BEGIN SELECT RAISE(ABORT, 'no space for {action.value}'); END"
        )
        undo = "DROP TRIGGER refuse"
    with connection.cursor() as cursor:
        cursor.execute(make)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(undo)


def execute(desk: Desk) -> None:
    execute_next(client=desk.client, organization_id=desk.organization.pk)


@pytest.mark.django_db
def test_an_entry_that_is_refused_before_the_call_sends_nothing() -> None:
    desk = anas()
    request = approved(desk)
    with refusing(Action.ATTEMPT_STARTED):
        with pytest.raises(NotWritten) as told:
            execute(desk)
        assert desk.counters.merge_calls == 0

    assert str(told.value) == (
        f"Request {request.pk}: The database could not write the call down"
        " (no space for attempt_started), so nothing was sent."
    )
    request.refresh_from_db()
    assert (request.state, request.attempts.count()) == (RequestState.APPROVED, 0)
    assert actions()[-1] == Action.MERGE_PASSED
    page = text_of(somebody(Role.VIEWER).get(f"/requests/{request.pk}/"))
    assert "(no space for attempt_started), so nothing was sent." in page
    assert "The desk tries again in" in page

    # With space again it goes on by itself.
    past(request, execute_after=1)
    desk.work()
    assert (fresh(request).state, desk.counters.merge_calls) == (RequestState.MERGED, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("action", [Action.ATTEMPT_ANSWERED, Action.MERGE_COMPLETED])
def test_an_entry_that_is_refused_after_the_call_is_unknown_then_resolved(action: Action) -> None:
    desk = anas()
    request = approved(desk)
    with refusing(action):
        with pytest.raises(NotWritten) as told:
            execute(desk)
        # As long as its lease lasts, nobody touches it.
        desk.work()
        assert fresh(request).state == RequestState.EXECUTING

    assert "which was sent" in str(told.value)
    assert str(told.value).endswith("Invent answered 200.")
    assert request.attempts.get().state == Attempt.State.SENDING
    past(request, lease_until=1)
    desk.work()
    request.refresh_from_db()
    assert request.state == RequestState.MERGED
    assert actions(Action.ATTEMPT_STARTED)[:2] == [Action.MERGE_UNKNOWN, Action.MERGE_READ_BACK]
    assert desk.counters.merge_calls == 1
    assert verify().broken is None


@pytest.mark.django_db
def test_without_an_answer_the_reason_is_told() -> None:
    desk = anas()
    request = approved(desk)

    def hang_up(call: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("gone", request=call)

    wired(desk).on_merge = hang_up
    with refusing(Action.ATTEMPT_ANSWERED), pytest.raises(NotWritten, match="broke off"):
        execute(desk)

    past(request, lease_until=1)
    desk.work()
    for _ in range(3):
        look(desk, request)
    assert request.state == RequestState.NOT_APPLIED


@pytest.mark.django_db
def test_a_full_disk_under_the_journal_sends_nothing(settings: Any) -> None:
    settings.MERGE_JOURNAL = "/dev/full"
    desk = anas()
    request = approved(desk)
    execute(desk)

    request.refresh_from_db()
    assert (request.state, desk.counters.merge_calls) == (RequestState.APPROVED, 0)
    assert "(No space left on device), so it was not sent" in request.waiting_because


@pytest.mark.django_db
def test_a_journal_that_takes_a_part_of_the_line_sends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = anas()
    request = approved(desk)
    note = journal.note

    def cramped(line: journal.Line) -> None:
        """A quota in miniature: the kernel writes 100 bytes of the file and no more."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        try:
            note(line)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    with monkeypatch.context() as patch:
        patch.setattr(journal, "note", cramped)
        execute(desk)
    assert (fresh(request).state, desk.counters.merge_calls) == (RequestState.APPROVED, 0)
    assert "(No space left on device), so it was not sent" in fresh(request).waiting_because
    assert journal.path().stat().st_size == 100

    # With space again the next line is one of its own, whatever stands before it.
    past(request, execute_after=1)
    desk.work()
    assert (fresh(request).state, desk.counters.merge_calls) == (RequestState.MERGED, 1)
    assert json.loads(journal.path().read_text().splitlines()[-1])["request"] == request.pk


# Full disks, as programs


@pytest.fixture
def big(live: LiveDesk) -> LiveDesk:
    """Two Anas, one of whom takes 60 KB: each time she is written down the database grows."""
    other = list(live.world.main)[1]
    mine = live.world.main.contact(other)["channels"]
    more = channel("custom", "her-own", platform_data={"notes": "x" * 60_000})
    live.world.change(other, channels=[*mine, more])
    live.sync()
    return live


def space_for(pages: int) -> dict[str, str]:
    """Options of a connection on a disk that has so many pages (4 KB) left."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        limit = cursor.fetchone()[0] + pages
    before = connection.settings_dict["OPTIONS"]["init_command"]
    return {"init_command": f"{before}; PRAGMA max_page_count = {limit}"}


full_disk = [
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has no such limit"),
    pytest.mark.django_db(transaction=True),
]


class TestFullDisk:
    """SQLite refuses to grow, as it does when the file system does."""

    pytestmark = full_disk

    def test_before_the_call(self, big: LiveDesk, start: Callable[..., Program]) -> None:
        request = approved(big)
        with start("worker", "--once", DATABASE_OPTIONS=space_for(4)) as program:
            assert program.end() == 1, program.words
            [line] = program.words.splitlines()
        assert line == (
            "CommandError: The database refused what the worker had to write, so nothing was sent:"
            " database or disk is full"
        )
        assert big.counters.merge_calls == 0
        assert fresh(request).state == RequestState.APPROVED
        assert not request.attempts.exists()

        # Running on, it says so each round, and merges as soon as there is space.
        with start("worker", DATABASE_OPTIONS=space_for(4)) as program:
            wait_until(lambda: "database or disk is full" in program.words)
            program.process.send_signal(signal.SIGTERM)
            assert program.end() == 0
        assert "Traceback" not in program.words
        with start("worker", "--once") as program:
            assert program.end() == 0
        assert fresh(request).state == RequestState.MERGED

    def test_after_the_call(self, big: LiveDesk, start: Callable[..., Program]) -> None:
        request = approved(big)
        with start("worker", DATABASE_OPTIONS=space_for(30)) as program:
            wait_until(lambda: "It is not sent again" in program.words)
            program.process.send_signal(signal.SIGTERM)
            assert program.end() == 0
        assert "(database or disk is full)" in program.words
        assert "Invent answered 200." in program.words
        assert "Traceback" not in program.words
        assert fresh(request).state == RequestState.EXECUTING

        # There is space again, and the lease of the worker is over.
        past(request, lease_until=1)
        with start("worker", "--once") as program:
            assert program.end() == 0
        assert fresh(request).state == RequestState.MERGED
        assert big.counters.merge_calls == 1
        assert verify().broken is None


@pytest.mark.django_db(transaction=True)
def test_once_ends_with_the_line(live: LiveDesk, start: Callable[..., Program]) -> None:
    live.sync()
    request = approved(live)
    with refusing(Action.ATTEMPT_STARTED), start("worker", "--once") as program:
        assert program.end() == 1
        [line] = program.words.splitlines()
    assert line == (
        f"CommandError: Request {request.pk}: The database could not write the call down"
        " (no space for attempt_started), so nothing was sent."
    )
    assert live.counters.merge_calls == 0
