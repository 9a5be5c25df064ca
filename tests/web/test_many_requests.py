"""Thousands of requests are going on: the list costs what it shows."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mergeui.accounts.models import Organization, Role
from mergeui.merging.condition import condition
from mergeui.merging.models import (
    ACTIVE,
    AMISS,
    UNSETTLED,
    Attempt,
    MergeRequest,
    RequestState,
    Source,
)
from mergeui.review.models import SyncRun
from tests.merging.stage import anas, approved, copies
from tests.web.cast import somebody, text_of

pytestmark = pytest.mark.django_db
MANY = 2_000
PAGES = ["/requests/?view=going", "/requests/?view=going&at=last"]


@pytest.mark.parametrize("newest", [RequestState.APPROVED, RequestState.MERGED])
def test_the_list_is_a_range_of_an_index(newest: str) -> None:
    """Whether those that go on are the newest or lie behind thousands that are over."""
    request = approved(anas())
    over = {RequestState.APPROVED: RequestState.MERGED, RequestState.MERGED: RequestState.APPROVED}
    few = [state for state in ACTIVE for _ in range(20)]
    copies(request, [{"state": state} for state in [over[newest]] * MANY + few + [newest] * MANY])
    browser = somebody()

    for page in PAGES:
        (sql,) = asked(browser, page)
        told = plan(sql)
        assert "requests_going_on" in told
        assert "Sort Key: merging_mergerequest" not in told
        assert "TEMP B-TREE" not in told


def test_the_count_of_what_is_for_an_approver_is_a_range_of_an_index() -> None:
    request, browser = approved(anas()), somebody(Role.APPROVER)
    waiting = [RequestState.PROPOSED, RequestState.CONFLICT]
    neighbour = Organization.objects.create(invent_org_id="org_hats", name="Hats")
    theirs = [{"state": state, "organization_id": neighbour.pk} for state in waiting * MANY]
    ours = [{"state": state} for state in [RequestState.MERGED] * MANY + waiting * 20]
    copies(request, theirs + ours)

    with CaptureQueriesContext(connection) as captured:
        assert '40<span class="unseen"> for you' in text_of(browser.get("/requests/?view=mine"))

    limited = [one["sql"] for one in captured if "LIMIT 100" in one["sql"]]
    counted = [sql for sql in limited if "lostoptout" not in sql]
    assert len(counted) == 3  # the badge, what needs a person, and what went beyond
    for sql in counted:
        told = plan(sql)
        assert any(f"requests_{name}" in told for name in ("by_state", "going_on", "amiss"))


def test_what_a_person_has_to_look_at_is_a_range_of_an_index() -> None:
    """However much went amiss in the years before."""
    request, browser = approved(anas()), somebody(Role.APPROVER)
    now = timezone.now()
    long_ago = now - timedelta(days=400)
    years = [{"state": state, "finished_at": long_ago} for state in AMISS * MANY]
    lately = [{"state": state, "finished_at": now} for state in (*AMISS, *UNSETTLED) * 3]
    copies(request, years + lately)
    called(request, now)

    with CaptureQueriesContext(connection) as captured:
        browser.get("/requests/?view=mine")
    (counted,) = [one["sql"] for one in captured if "finished_at" in one["sql"].split("WHERE")[1]]
    (listed,) = asked(browser, "/requests/?view=person")
    for sql in (counted, listed):
        assert "requests_amiss" in plan(sql)
    assert "requests_by_state" in plan(listed) or "requests_due" in plan(listed)
    assert len(browser.get("/requests/?view=person").context["rows"]) == 6


def test_what_a_probe_asks_does_not_grow_with_what_is_over() -> None:
    request, now = approved(anas()), timezone.now()
    copies(request, [{"state": RequestState.MERGED}] * MANY)
    run = SyncRun.objects.values().latest("pk") | {"id": None}
    SyncRun.objects.bulk_create(SyncRun(**run) for _ in range(MANY))
    called(request, now - timedelta(days=400))

    with CaptureQueriesContext(connection) as captured:
        assert condition(now).calls == {}
    asked = [one["sql"] for one in captured]
    (runs,) = [sql for sql in asked if "review_syncrun" in sql]
    (calls,) = [sql for sql in asked if "merging_attempt" in sql]
    assert "SCAN U0" not in plan(runs)
    assert "Seq Scan on review_syncrun" not in plan(runs)
    assert "calls_by_start" in plan(calls)


def test_the_marks_of_a_page_are_looked_up_for_its_rows_alone() -> None:
    """PostgreSQL would put together what is marked of all there ever were, and look there."""
    request, browser = approved(anas()), somebody()
    copies(request, [{"state": RequestState.MERGED}] * 2 * MANY)
    called(request, timezone.now())
    source = request.sources.values().first() | {"id": None}
    pks = MergeRequest.objects.exclude(pk=request.pk).values_list("pk", flat=True)
    Source.objects.bulk_create(Source(**source | {"request_id": pk}) for pk in pks)
    copies(request, [])

    for page in ("/requests/?view=all", "/requests/?view=all&at=last"):
        told = plan(asked(browser, page)[0])
        for table in ("attempt", "source"):
            assert f"Seq Scan on merging_{table}" not in told
            assert f"SCAN merging_{table}" not in told


def test_as_many_queries_for_thousands_as_for_one() -> None:
    request, browser = approved(anas()), somebody()
    browser.get("/requests/")
    alone = [queries(browser, page) for page in PAGES]
    copies(request, [{}] * MANY)

    assert [queries(browser, page) for page in PAGES] == alone


def test_all_states_are_in_the_order_in_which_they_were_asked_for() -> None:
    request, browser = approved(anas()), somebody()
    copies(request, [{"state": ACTIVE[n % len(ACTIVE)]} for n in range(120)])

    found, page = [], "/requests/?view=going"
    while page:
        answer = browser.get(page)
        found += [row.number for row in answer.context["rows"]]
        following = answer.context["page"].next
        page = f"/requests/?view=going&at={following}" if following else ""

    assert found == [f"Request {request.pk + n}" for n in range(120, -1, -1)]
    assert "Outcome unknown" in text_of(browser.get("/requests/?view=person"))


def asked(browser: Client, page: str) -> list[str]:
    """The queries for the rows of the list."""
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(page).status_code == 200
    listed = [one["sql"] for one in captured if 'FROM "merging_mergerequest"' in one["sql"]]
    return [sql for sql in listed if "state" in sql and "LIMIT 51" in sql]


def queries(browser: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(page).status_code == 200
    return len(captured)


def called(request: MergeRequest, at: datetime) -> None:
    """A merge call for every request that there is."""
    pks = MergeRequest.objects.values_list("pk", flat=True)
    call = {"number": 1, "state": "partial", "source_ids": [], "call": {}, "started_at": at}
    Attempt.objects.bulk_create(Attempt(request_id=pk, **call) for pk in pks)
    copies(request, [])  # which has PostgreSQL look at the calls, too


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        keyword = "EXPLAIN QUERY PLAN"
        if connection.vendor == "postgresql":
            keyword = "EXPLAIN"
            cursor.execute("SET LOCAL random_page_cost = 1.1")  # docs/scaling.md
        cursor.execute(f"{keyword} {sql}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
