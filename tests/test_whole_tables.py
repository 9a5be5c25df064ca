"""No page, no probe and no round of the worker reads a table that grows with the years whole.

SQLite says so of any desk, because it plans by its indexes and not by sizes; that PostgreSQL is as
quick with many as with few is measured (benchmarks.pages). What is done once a day is none of it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.addresses import addresses
from benchmarks.at_work import form_of
from benchmarks.desks import STRIP, Size
from benchmarks.world import Desk as Filled
from mergeui.accounts.models import Role
from mergeui.merging.condition import condition
from mergeui.merging.erasure import erase_person
from mergeui.merging.mail import send_due
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.merging.retention import forget
from mergeui.merging.worker import read_those_by_hand
from mergeui.review.models import Group
from tests.desk import Desk, actor, past
from tests.many import crowd
from tests.plans import read_whole
from tests.web.cast import somebody
from tests.web.walker import taken_back

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture(scope="module")
def pages(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, str]]:
    """The pages of a desk with merges behind it, but for those of the benchmarks alone."""
    with django_db_blocker.unblock(), taken_back():
        Filled().grow(Size(open=40, decided=60, entries=200))
        assert MergeRequest.objects.filter(bulk__isnull=False).exists()
        found = addresses()
        del found["size"]
        yield {name: path for name, path in found.items() if not path.startswith("/bench/")}


@pytest.fixture
def browser(pages: dict[str, str]) -> Client:
    """An approver's."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = pages["session"]
    return client


def test_what_is_read_whole_is_seen(pages: dict[str, str]) -> None:
    (seen,) = read_whole(lambda: list(Group.objects.filter(fingerprint="none")))
    assert seen.startswith("SCAN review_group:")


def test_of_no_page(pages: dict[str, str], browser: Client) -> None:
    of_the_desk = {name: path for name, path in pages.items() if name != "session"}
    assert len(of_the_desk) > 30
    for name, path in of_the_desk.items():
        headers = STRIP if "strip" in path else {}
        read = read_whole(lambda: browser.get(path, headers=headers))  # noqa: B023
        assert not read, name


@pytest.mark.parametrize("wish", ["request", "dismiss", "snooze"])
def test_of_no_decision(pages: dict[str, str], browser: Client, wish: str) -> None:
    path = pages["compare, 4 contacts"]
    page = browser.get(path).content.decode()
    sent: dict[str, list[str]] = {}
    for name, value in form_of(page, wish):
        sent.setdefault(name, []).append(value)
    sent["acknowledged"] = ["on"]

    def decide() -> None:
        assert browser.post(f"{path}{wish}/", sent).status_code == 303

    assert not read_whole(decide)
    assert not read_whole(lambda: browser.post("/undo/"))


@pytest.mark.parametrize("kind", ["merge", "dismiss"])
def test_of_no_bulk_decision(browser: Client, kind: str) -> None:
    desk = Desk()
    groups = [row.pk for row in browser.get("/groups/").context["rows"]]
    bulk: list[str] = []

    def send(path: str, **sent: object) -> Callable[[], None]:
        def post() -> None:
            answer = browser.post(path, sent)
            assert answer.status_code == 303
            bulk.append(answer.headers["Location"])

        return post

    assert not read_whole(send("/bulk/new/", kind=kind, groups=groups))
    assert not read_whole(send(f"{bulk[0]}confirm/"))
    assert not read_whole(desk.work)
    assert not read_whole(lambda: browser.get(bulk[0]))
    assert not read_whole(send(f"{bulk[0]}take-back/"))
    assert not read_whole(desk.work)


def test_of_no_merge(pages: dict[str, str]) -> None:
    desk, (group,) = crowd(1)
    with override_settings(MERGE_FOUR_EYES="never"):
        request = desk.propose(actor(Role.OPERATOR), group)
    past(request, execute_after=1)

    assert not read_whole(desk.work)
    request.refresh_from_db()
    assert request.state == RequestState.MERGED


def test_of_no_round_of_the_worker(pages: dict[str, str]) -> None:
    desk = Desk()
    assert not read_whole(desk.work)
    assert not read_whole(lambda: send_due(desk.organization))


def test_of_no_group_that_nobody_put_together(pages: dict[str, str]) -> None:
    """A range of another index would be all that are open."""
    desk = Desk()
    asked = CaptureQueriesContext(connection)
    with asked:
        read_those_by_hand(desk.organization, client=desk.client)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        assert "USING INDEX groups_by_hand" in cursor.fetchall()[0][-1]


def test_of_no_groups_where_some_are_forgotten(pages: dict[str, str]) -> None:
    def forgotten() -> None:
        assert forget(now=timezone.now(), days=1)["groups"]

    Group.objects.filter(state="vanished").update(decided_at=None)
    assert not [one for one in read_whole(forgotten) if "review_group" in one]


def test_of_no_erasure(pages: dict[str, str]) -> None:
    whom = pages["a contact that was merged away"].split("/")[2]
    assert not read_whole(lambda: somebody(Role.ADMIN).get(f"/erase/?contact={whom}"))
    assert not read_whole(lambda: erase_person([whom], by_user=actor(Role.ADMIN)))


def test_of_no_probe(pages: dict[str, str]) -> None:
    assert not read_whole(lambda: condition(timezone.now()))
