"""Invent answers 429: nobody asks it again until the pause is over, and the pages say so."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.invent import Budget, InventClient
from mergeui.merging import standing
from mergeui.merging.models import Heartbeat, RequestState, Standing
from mergeui.merging.place import place_of
from mergeui.merging.standing import note_pause
from mergeui.merging.worker import execute_due
from mergeui.sandbox import Fault, SandboxTransport
from tests.desk import KEY, Desk
from tests.merging.stage import anas, approved, fresh, wired
from tests.web.cast import somebody, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Three Anas, and a client that keeps to a budget; whoever waits for it does so for nothing."""
    desk = anas()
    with closing(Budget(100, sleep=lambda seconds: None)) as budget:
        desk.client = InventClient(
            "http://invent.test",
            KEY,
            transport=SandboxTransport(desk.sandbox),
            limiter=budget,
            told_to_wait=note_pause,
        )
        yield desk


def test_a_refused_merge_waits_and_no_other_is_begun(desk: Desk) -> None:
    request = approved(desk)
    desk.faults.next_merge(Fault.STATUS, merge_status=429, merge_retry_after="45")
    desk.work()

    waits = fresh(request)
    assert waits.state == RequestState.APPROVED
    assert waits.execute_after is not None
    assert waits.execute_after > timezone.now() + timedelta(seconds=40)
    waits.execute_after = timezone.now()
    waits.save()
    asked = desk.counters.requests.total()
    assert execute_due(desk.organization, client=desk.client) == 0
    assert desk.work() == 0
    assert desk.counters.requests.total() == asked


def test_a_pause_between_reading_and_merging_puts_the_merge_off(desk: Desk) -> None:
    request = approved(desk)
    wired(desk)
    told = [0.0, 30.0]  # not before it is claimed, but before it is sent
    desk.client.paused = lambda: told.pop(0)  # type: ignore[method-assign]

    execute_due(desk.organization, client=desk.client, most=1)

    waits = fresh(request)
    assert (waits.state, waits.tries) == (RequestState.APPROVED, 0)
    assert waits.waiting_because == "Invent has asked the desk to wait."
    assert not waits.attempts.exists()
    assert not desk.counters.merge_calls


def test_every_page_says_until_when(desk: Desk) -> None:
    browser = somebody()
    assert "asked the desk to wait" not in text_of(browser.get("/requests/"))
    note_pause(60)
    assert "Invent has asked the desk to wait." in text_of(browser.get("/requests/"))
    assert "Nothing is read or merged until" in text_of(browser.get("/groups/"))
    Standing.objects.update(paused_until=timezone.now())
    assert "asked the desk to wait" not in text_of(browser.get("/requests/"))


def test_a_database_that_can_not_note_it_stops_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*args: object, **more: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(standing.Standing.objects, "update_or_create", locked)
    note_pause(60)
    assert "The pages can't say" in caplog.text


def test_the_page_of_a_request_says_what_it_waits_for(desk: Desk) -> None:
    request, browser = approved(desk), somebody()
    address = f"/requests/{request.pk}/"
    before = request.execute_after
    assert "The cool-off is over: the worker takes it next." in text_of(browser.get(address))
    assert before is not None

    other = fresh(request)
    other.pk, other.execute_after = None, before - timedelta(seconds=60)
    other.save(force_insert=True)
    asked = browser.get(f"{address}?was=approved", headers={"HX-Request": "true"})
    assert "1 merge goes before it. Its turn comes any moment now." in text_of(asked)

    note_pause(60)
    assert "Merges go on at" in text_of(browser.get(address))


def test_the_worker_is_missed_only_when_none_was_heard_of(desk: Desk) -> None:
    request, browser = approved(desk), somebody()
    request.execute_after = timezone.now() - timedelta(hours=3)
    request.save()
    missed = "The worker doesn&#x27;t seem to be running"
    assert missed in text_of(browser.get(f"/requests/{request.pk}/"))

    now = timezone.now()
    Heartbeat.objects.create(name="host:1", started_at=now, seen_at=now)
    assert missed not in text_of(browser.get(f"/requests/{request.pk}/"))


def test_a_long_line_is_told_in_time_and_asked_about_seldom(desk: Desk) -> None:
    request = approved(desk)
    assert request.execute_after is not None
    for number in range(1, 31):
        other = fresh(request)
        other.pk = None
        other.execute_after = request.execute_after - timedelta(seconds=number)
        other.save(force_insert=True)
    desk.organization.requests_per_minute = 10
    desk.organization.save()

    place = place_of(fresh(request), timezone.now())
    page = text_of(somebody(Role.VIEWER).get(f"/requests/{request.pk}/"))

    assert place is not None
    assert (place.before, place.takes) == (30, timedelta(minutes=6))
    assert "30 merges go before it. Its turn comes in 6 minutes." in page
    assert 'hx-trigger="every 15s"' in page
