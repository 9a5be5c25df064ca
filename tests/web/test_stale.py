"""Contacts that changed after they were shown: the operator who comes back sees what, at once."""

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from mergeui.merging.models import RequestState
from mergeui.review.models import Group, GroupState, Segment
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import Desk
from tests.merging.stage import approved, fresh
from tests.web.cast import choice, somebody, text_of

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")
MARK = "Changed since the merge was asked for"


@pytest.fixture(autouse=True)
def _no_cool_off(settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 0


@pytest.fixture
def desk() -> Desk:
    """Three Anas; a merge of the first two is approved."""
    desk = Desk(
        contact("Ana García", PHONE, id="kept"),
        contact("Ana", PHONE, id="source"),
        contact("Ana G.", PHONE, id="left_out"),
    )
    desk.sync()
    return desk


@pytest.fixture
def operator() -> Client:
    return somebody(Role.OPERATOR)


def test_the_group_shows_what_invent_has_now_and_what_it_was(desk: Desk, operator: Client) -> None:
    request = approved(desk, primary_id="kept", source_ids=["source"])
    vip = segment("VIP")
    desk.world.change("source", name="Anna Ortega", unsubscribed=True, segments=[vip])
    desk.work()

    assert fresh(request).state == RequestState.STALE
    assert desk.counters.merge_calls == 0
    group = desk.group(GroupState.OPEN)
    assert (group.member_count, group.risky) == (3, True)
    assert "Anna Ortega" in group.names
    assert Segment.objects.get().segment_id == vip["id"]
    page = text_of(operator.get(f"/groups/{group.pk}/"))
    assert "asked for a merge" in page
    assert "Ana: Name was Ana and is now Anna Ortega." in page
    assert "Ana: Messages was Receives messages and is now Unsubscribed." in page
    assert page.count(MARK) == 1

    # What is there now can be asked for: nothing has to be refreshed first.
    fields = choice(group, sources=["source"], acknowledge="yes")
    assert operator.post(f"/groups/{group.pk}/request/", fields).status_code == 303
    assert MARK not in text_of(operator.get(f"/groups/{group.pk}/"))


def test_the_next_sync_finds_nothing_to_do(desk: Desk) -> None:
    approved(desk, primary_id="kept", source_ids=["source"])
    desk.world.change("source", channels=[PHONE, email("ana@example.com")])
    desk.work()

    run = desk.sync()
    assert (run.changed, run.unchanged, run.new) == (0, 1, 0)


def test_a_contact_that_is_gone_leaves_the_others(desk: Desk, operator: Client) -> None:
    approved(desk, primary_id="kept", source_ids=["source"])
    desk.world.remove("source")
    desk.work()

    group = desk.group(GroupState.OPEN)
    assert [m.contact_id for m in group.members.all()] == ["kept", "left_out"]
    page = text_of(operator.get(f"/groups/{group.pk}/"))
    assert "Ana is no longer found in Invent." in page
    assert MARK not in page


def test_with_one_contact_left_there_is_nothing_to_decide(desk: Desk, operator: Client) -> None:
    desk.world.remove("left_out")
    desk.sync()
    approved(desk)
    desk.world.remove("source")
    desk.work()

    group = desk.group(GroupState.VANISHED)
    page = text_of(operator.get(f"/groups/{group.pk}/"))
    assert "so there is nothing to decide" in page
    assert "Ana is no longer found in Invent." in page
    assert "Look at the request" in page


def test_listed_again_it_comes_back(desk: Desk) -> None:
    approved(desk, source_ids=["source", "left_out"])
    for one in ("source", "left_out"):
        desk.world.remove(one)
    desk.work()
    assert desk.group().state == GroupState.VANISHED

    desk.sandbox.reset()
    desk.sync()
    assert Group.objects.get().state == GroupState.OPEN
