"""Looking up the history."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.db.models import QuerySet

from mergeui.accounts.models import User
from mergeui.audit import lookup
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.lookup import entries, guess, stream
from mergeui.audit.models import Entry
from tests.audit.history import a_contact, ana, our_team, write

pytestmark = pytest.mark.django_db

MAY_DAY = datetime(2031, 5, 1, 0, 0, tzinfo=UTC)


def numbers(found: QuerySet[Entry]) -> list[int]:
    return [entry.number for entry in found]


def at(moment: datetime, action: Action = Action.SYNCED, **details: Any) -> Entry:
    with mock.patch("mergeui.audit.log.timezone.now", return_value=moment):
        return write(action, **details)


@pytest.fixture
def merge() -> Entry:
    return write(
        subject="request:12",
        facts={"group": 7, "primary": "ct_keep", "sources": ["ct_gone"]},
        personal={
            "contacts": [
                a_contact("ct_keep", "Ana García", user_id="+34 600 111 222"),
                a_contact("ct_gone", "Anita", user_id="ig_987", email="Ana@Example.com"),
            ]
        },
    )


FOUND: list[dict[str, Any]] = [
    {"contact": "ct_gone"},
    {"contact": " ct_gone "},
    {"name": "garcia"},
    {"name": "GARCÍA Ana"},
    {"email": "ana@example.COM"},
    {"phone": "600 111 222"},
    {"phone": "0034600111222"},
    {"user_id": "IG_987"},
    {"request": 12},
    {"group": 7},
    {"action": "merge_requested"},
    {"contact": "ct_gone", "name": "ana", "phone": "600111222", "action": "merge_requested"},
]
NOT_FOUND: list[dict[str, Any]] = [
    {"contact": "CT_GONE"},
    {"name": "ana lópez"},
    {"name": "…"},
    {"email": "ana@example.org"},
    {"phone": "12"},
    {"request": 7},
    {"contact": "ct_gone", "action": "synced"},
    {"contact": "ct_gone", "name": "bob"},
    {"operator": 0},
]


@pytest.mark.parametrize("conditions", FOUND, ids=str)
def test_it_is_found_by(conditions: dict[str, Any], merge: Entry) -> None:
    write(Action.SYNCED, subject="sync:1")
    assert numbers(entries(our_team(), **conditions)) == [merge.number]


@pytest.mark.parametrize("conditions", NOT_FOUND, ids=str)
def test_it_is_not_found_by(conditions: dict[str, Any], merge: Entry) -> None:
    assert numbers(entries(our_team(), **conditions)) == []


def test_everything_newest_first() -> None:
    written = [write().number for _ in range(4)]
    assert numbers(entries(our_team())) == written[::-1]


def test_by_operator() -> None:
    mine = write()
    bob = User.objects.create(username="bob")
    theirs = write(by_user=Actor(organization=our_team(), user=bob))
    assert numbers(entries(our_team(), operator=bob)) == [theirs.number]
    assert mine.actor_id is not None
    assert numbers(entries(our_team(), operator=mine.actor_id)) == [mine.number]


def test_another_organisation_sees_nothing(merge: Entry) -> None:
    theirs = our_team("org_theirs")
    assert not entries(theirs).exists()
    assert not entries(theirs, contact="ct_gone").exists()
    assert guess(theirs, "ct_gone") == [("name", "ct"), ("name", "gone")]


def test_by_day_and_by_span() -> None:
    eve = at(MAY_DAY - timedelta(microseconds=1))
    first, second = at(MAY_DAY), at(MAY_DAY + timedelta(hours=23), Action.SIGNED_IN)
    after = at(MAY_DAY + timedelta(days=1))
    team = our_team()
    assert numbers(entries(team, day=date(2031, 5, 1))) == [second.number, first.number]
    assert numbers(entries(team, day=date(2031, 5, 1), action="synced")) == [first.number]
    assert numbers(entries(team, day=date(2031, 5, 3))) == []
    assert numbers(entries(team, day=date(2030, 5, 3))) == []
    assert numbers(entries(team, since=MAY_DAY, until=second.at)) == [first.number]
    assert numbers(entries(team, until=MAY_DAY)) == [eve.number]
    assert numbers(entries(team, since=after.at)) == [after.number]
    both = entries(team, day=date(2031, 5, 1), since=second.at, until=after.at + timedelta(1))
    assert numbers(both) == [second.number]


def test_pages_forth_and_back() -> None:
    for _ in range(7):
        write(facts={"primary": "ct_1"})
    for conditions in ({}, {"contact": "ct_1"}):
        find: Callable[..., QuerySet[Entry]] = lambda c=conditions, **page: entries(  # noqa: E731
            our_team(), **c, **page
        )
        assert numbers(find()[:3]) == [7, 6, 5]
        assert numbers(find(before=5)[:3]) == [4, 3, 2]
        assert numbers(find(before=2)[:3]) == [1]
        assert numbers(find(after=4).reverse()[:3]) == [5, 6, 7]
        assert numbers(find(after=1, before=4)[:3]) == [3, 2]


def test_all_of_it_in_small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "BATCH", 2)
    for _ in range(5):
        write(facts={"primary": "ct_1"})
    write()
    assert [entry.number for entry in stream(our_team(), contact="ct_1")] == [5, 4, 3, 2, 1]
    assert [entry.number for entry in stream(our_team(), before=3)] == [2, 1]


@pytest.mark.parametrize(
    ("q", "meant"),
    [
        ("ct_gone", [("contact", "ct_gone")]),
        (" ct_gone ", [("contact", "ct_gone")]),
        ("IG_987", [("user_id", "ig_987")]),
        ("Ana@example.com", [("email", "ana@example.com")]),
        ("600 111 222", [("phone", "600111222")]),
        ("Garcia, ANA", [("name", "garcia"), ("name", "ana")]),
        ("request 12", [("request", "12")]),
        ("Request #12", [("request", "12")]),
        ("solicitud 12", [("request", "12")]),
        ("Grupo 7", [("group", "7")]),
        ("group 7", [("group", "7")]),
        ("nobody@example.com", [("name", "nobody"), ("name", "example"), ("name", "com")]),
        ("999 888 777", [("name", "999"), ("name", "888"), ("name", "777")]),
        ("@", [("email", "@")]),
        ("…", [("user_id", "…")]),
        ("", []),
        ("   ", []),
        ("\x00", [("user_id", "\ufffd")]),
    ],
)
def test_what_somebody_means(q: str, meant: list[tuple[str, str]], merge: Entry) -> None:
    assert guess(our_team(), q) == meant


def test_what_is_guessed_is_found(merge: Entry) -> None:
    team = our_team()
    for q in ("ct_gone", "ig_987", "ana@example.com", "600111222", "ana garcía", "request 12"):
        assert numbers(entries(team, found_by=guess(team, q))) == [merge.number]
    assert numbers(entries(team, found_by=guess(team, "nobody"))) == []


EVERY_WAY: list[dict[str, Any]] = [
    *FOUND,
    {},
    {"operator": 1},
    {"operator": 1, "action": "synced"},
    {"day": date(2031, 5, 1)},
    {"day": date(2031, 5, 1), "operator": 1, "action": "synced"},
    {"contact": "ct_1", "day": date(2031, 5, 1), "operator": 1},
    {"name": "ana garcía lópez", "before": 100},
]


@pytest.mark.parametrize("conditions", EVERY_WAY, ids=str)
@pytest.mark.parametrize("order", ["", "-pk", "number"])
def test_every_way_is_answered_from_an_index(
    conditions: dict[str, Any], order: str, merge: Entry
) -> None:
    """No entry is read that is not on the page (but for what two conditions share), no sorting."""
    found = entries(our_team(), **{"before": 1000, **conditions})
    first = (found.filter(pk__gt=0).order_by(order) if order else found)[:51]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table of three rows is quickest read whole; what matters is whether it has to be.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    plan = first.explain()
    assert not re.search(r"\bSCAN\b|TEMP B-TREE|Seq Scan|Sort|Materialize", plan), plan


def test_the_rarest_name_leads() -> None:
    for name in ("Ana García", "Ana López", "Ana Zoe"):
        write(personal={"names": {"ct_1": name}})
    team = our_team()
    for words in ("zoe ana", "ana zoe"):
        assert numbers(entries(team, name=words)) == [3]
        joined = [str(entries(team, name=words).query).find(word) for word in ("ana", "zoe")]
        assert joined == sorted(joined)
    assert numbers(entries(team, name="ana ANA")) == [3, 2, 1]


def test_a_page_takes_one_query_with_its_payloads(
    merge: Entry, django_assert_num_queries: Callable[[int], Any]
) -> None:
    team = our_team()
    with django_assert_num_queries(1):
        assert [entry.personal for entry in entries(team, contact="ct_gone")[:50]]
    with django_assert_num_queries(3):
        list(entries(team, day=date(2031, 5, 1))[:50])


def test_a_deleted_user_or_organisation_leaves_the_history_whole(merge: Entry) -> None:
    team = our_team()
    actor = ana()
    assert actor.user is not None
    actor.user.delete()
    assert entries(team, contact="ct_gone").get().actor_name == "Ana López"
    key = team.pk
    team.delete()
    team.pk = key
    assert entries(team, contact="ct_gone").get().organization_id == key
