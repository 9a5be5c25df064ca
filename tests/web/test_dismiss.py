"""Not a duplicate."""

import re

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.review.models import Group, GroupState, NotDuplicate
from mergeui.sandbox import Change
from tests.contacts import contact, email
from tests.desk import Desk
from tests.web.cast import HTMX, somebody, stranger, text_of

pytestmark = pytest.mark.django_db
HIDDEN = re.compile(r'<input type="hidden" name="(fingerprint|shown|seen)" value="([^"]*)"')


@pytest.fixture
def desk() -> Desk:
    """Three pairs, oldest first: Ana, Bea, Eva."""
    pairs = [(name, email(f"{name}@example.com")) for name in ("Ana", "Bea", "Eva")]
    desk = Desk(*(contact(name, shared) for name, shared in pairs for _ in "12"))
    desk.sync()
    return desk


def group(name: str = "ana") -> Group:
    return Group.objects.get(sort_name=name)


def address(name: str = "ana", what: str = "dismiss/") -> str:
    return f"/groups/{group(name).pk}/{what}"


def shown_by(page: str) -> dict[str, list[str]]:
    """What the form of a page says of what it shows."""
    fields: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(page):
        fields.setdefault(name, []).append(value)
    return fields


def test_it_leads_to_the_next_group(desk: Desk) -> None:
    client = somebody()
    answer = client.post(address(), {"note": "father and son"})

    assert (answer.status_code, answer.url) == (303, address("bea", ""))
    assert (group().state, group().decided_note) == (GroupState.DISMISSED, "father and son")
    page = text_of(client.get(answer.url))
    assert "Marked as not a duplicate: <bdi>Ana</bdi>." in page
    assert Entry.objects.get(action=Action.GROUP_DISMISSED).personal["note"] == "father and son"


def test_the_next_one_of_the_list_that_one_came_from(desk: Desk) -> None:
    client = somebody()
    client.get("/groups/?sort=newest")

    assert client.post(address("bea")).url == address("ana", "")
    assert client.post(address("ana")).url == "/groups/?sort=newest"


def test_skipping_goes_on_without_deciding(desk: Desk) -> None:
    client = somebody(Role.VIEWER)
    client.get("/groups/?q=example.com")

    assert client.get(address("ana", "next/")).url == address("bea", "")
    assert client.get(address("eva", "next/")).url == "/groups/?q=example.com"
    assert group().state == GroupState.OPEN


def test_what_somebody_else_has_open_is_skipped(desk: Desk) -> None:
    somebody().get(address("bea", ""))

    assert somebody().post(address()).url == address("eva", "")


def test_an_altered_cookie_does_no_harm(desk: Desk) -> None:
    client = somebody()
    client.cookies["queue"] = "sort=%00&state=x&size=y&" + "q" * 5_000

    assert client.post(address()).url == address("bea", "")


def test_htmx(desk: Desk) -> None:
    answer = somebody().post(address(), headers=HTMX)

    assert (answer.status_code, answer["HX-Push-Url"]) == (200, address("bea", ""))
    assert "Marked as not a duplicate" in text_of(answer)
    assert f'action="{address("bea", "request/")}"' in text_of(answer)


def test_get_is_refused(desk: Desk) -> None:
    assert somebody().get(address()).status_code == 405


def test_anonymous_people_sign_in_first(desk: Desk) -> None:
    answer = Client().post(address(), {"note": "typed"})

    assert (answer.status_code, answer.url) == (303, f"/login/?next={address('ana', '')}")
    assert group().state == GroupState.OPEN


def test_viewers_may_not(desk: Desk) -> None:
    assert somebody(Role.VIEWER).post(address()).status_code == 403
    assert group().state == GroupState.OPEN


def test_what_is_not_there_or_not_theirs(desk: Desk) -> None:
    assert stranger().post(address()).status_code == 404
    assert somebody().post("/groups/999999/dismiss/").status_code == 404
    assert group().state == GroupState.OPEN


def test_a_note_too_long_is_not_lost(desk: Desk) -> None:
    answer = somebody().post(address(), {"note": "x" * 2_001})

    assert answer.status_code == 400
    assert "x" * 2_001 in text_of(answer)
    assert group().state == GroupState.OPEN


@pytest.mark.parametrize(("what", "fields"), [("dismiss/", {}), ("snooze/", {"until": "change"})])
def test_somebody_joined_since_it_was_shown(desk: Desk, what: str, fields: dict[str, str]) -> None:
    client = somebody()
    shown = shown_by(text_of(client.get(address(what=""))))
    brother = contact("Ben", email("Ana@example.com"))
    desk.world.apply(Change(desk.world.top.id, put=(brother,)))
    desk.sync()

    answer = client.post(address(what=what), {**shown, **fields, "note": "father and son"})

    assert answer.status_code == 409
    page = text_of(answer)
    assert "This group has changed meanwhile. Look at it once more." in page
    assert page.count("Joined since you looked") == 1
    assert "father and son</textarea>" in page
    assert group().state == GroupState.OPEN
    assert not NotDuplicate.objects.exists()

    again = {**shown_by(page), **fields}
    assert client.post(address(what=what), again).status_code == 303


def test_somebody_was_faster(desk: Desk) -> None:
    client = somebody()
    client.post(address())
    answer = client.post(address(), {"note": "mine"})

    assert answer.status_code == 409
    assert "marked as not a duplicate meanwhile by" in text_of(answer)
    assert Entry.objects.filter(action=Action.GROUP_DISMISSED).count() == 1


def test_somebody_was_faster_by_htmx(desk: Desk) -> None:
    client = somebody()
    client.post(address())
    answer = client.post(address(), headers=HTMX)

    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#problem")
