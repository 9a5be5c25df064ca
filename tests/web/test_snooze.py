"""Putting a group aside, and taking it back."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.review.models import GroupState
from tests.contacts import contact, email
from tests.desk import Desk, member
from tests.web.cast import HTMX, client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*(contact("Ana", email("a@example.com")) for _ in "12"))
    desk.sync()
    return desk


def day(days: int) -> str:
    return (timezone.now().date() + timedelta(days=days)).isoformat()


def address(desk: Desk, what: str = "snooze/") -> str:
    return f"/groups/{desk.group().pk}/{what}"


def test_until_the_start_of_a_day(desk: Desk) -> None:
    answer = somebody().post(address(desk), {"until": day(7), "note": "on holiday"})

    assert (answer.status_code, answer.url) == (303, "/groups/")
    group = desk.group()
    until = datetime.combine(timezone.now().date() + timedelta(days=7), time(), UTC)
    assert (group.state, group.snoozed_until) == (GroupState.SNOOZED, until)
    assert group.decided_note == "on holiday"


def test_a_button_for_a_day_goes_before_the_empty_field(desk: Desk) -> None:
    somebody().post(address(desk), {"until": [day(30), ""]})

    until = desk.group().snoozed_until
    assert until is not None
    assert until.date().isoformat() == day(30)


def test_until_something_changes(desk: Desk) -> None:
    client = somebody()
    client.post(address(desk), {"until": ["change", ""]})

    group = desk.group()
    assert (group.state, group.snoozed_until) == (GroupState.SNOOZED, None)
    words = "Snoozed · until its contacts or what they share change · by operator"
    assert words in text_of(client.get(address(desk, "")))
    assert words in text_of(client.get("/groups/?state=snoozed"))


def test_htmx(desk: Desk) -> None:
    answer = somebody().post(address(desk), {"until": day(1)}, headers=HTMX)

    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/groups/")


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("", "Choose the day"), ("soon", "Type the day"), ("2020-01-01", "from tomorrow on"),
        ("2999-01-01", "at most a year away"), ("9999-12-31", "at most a year away"),
        ("\0", "Null characters"),
    ],
)  # fmt: skip
def test_days_that_can_not_be(desk: Desk, until: str, sentence: str) -> None:
    answer = somebody().post(address(desk), {"until": until, "note": "a story"})

    assert answer.status_code == 400
    assert sentence in text_of(answer) or "Type the day" in text_of(answer)
    assert "a story</textarea>" in text_of(answer)
    assert desk.group().state == GroupState.OPEN


def test_refusals(desk: Desk) -> None:
    fields = {"until": day(1)}
    assert somebody().get(address(desk)).status_code == 405
    assert somebody(Role.VIEWER).post(address(desk), fields).status_code == 403
    assert stranger().post(address(desk), fields).status_code == 404
    assert Client().post(address(desk), fields).url == f"/login/?next={address(desk, '')}"
    assert desk.group().state == GroupState.OPEN
    assert somebody().post(address(desk), fields).status_code == 303
    assert somebody().post(address(desk), fields).status_code == 409


def test_reopen(desk: Desk) -> None:
    client = somebody()
    client.post(address(desk), {"until": day(1)})
    answer = client.post(address(desk, "reopen/"))

    assert (answer.status_code, answer.url) == (303, address(desk, ""))
    assert desk.group().state == GroupState.OPEN


def test_reopen_refusals(desk: Desk) -> None:
    somebody().post(address(desk), {"until": day(1)})
    assert somebody().get(address(desk, "reopen/")).status_code == 405
    assert somebody(Role.VIEWER).post(address(desk, "reopen/")).status_code == 403
    assert stranger().post(address(desk, "reopen/")).status_code == 404
    assert Client().post(address(desk, "reopen/")).status_code == 303
    assert desk.group().state == GroupState.SNOOZED
    assert somebody().post(address(desk, "reopen/"), headers=HTMX).status_code == 200
    assert somebody().post(address(desk, "reopen/")).status_code == 409


def test_take_over(desk: Desk) -> None:
    olga, amir = member(Role.OPERATOR, name="olga"), member(Role.APPROVER, name="amir")
    client_of(olga).get(address(desk, ""))
    answer = client_of(amir).post(address(desk, "claim/"))

    assert (answer.status_code, answer.url) == (303, address(desk, ""))
    assert desk.group().claimed_by == amir.user
    assert "amir has this group open" in text_of(client_of(olga).get(address(desk, "")))


def test_take_over_refusals(desk: Desk) -> None:
    assert somebody().get(address(desk, "claim/")).status_code == 405
    assert somebody(Role.VIEWER).post(address(desk, "claim/")).status_code == 403
    assert stranger().post(address(desk, "claim/")).status_code == 404
    assert Client().post(address(desk, "claim/")).status_code == 303
    assert desk.group().claimed_by is None
    assert somebody().post(address(desk, "claim/"), headers=HTMX).status_code == 200
