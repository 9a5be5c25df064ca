"""An opt-out that a merge lost: loud on the request and the list, until it is set again."""

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from mergeui.merging.models import LostOptOut, MergeRequest
from tests.contacts import contact, whatsapp
from tests.desk import Desk
from tests.merging.stage import approved
from tests.web.cast import HTMX, client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")
FULL = {
    "unsubscribed": True,
    "unsubscribed_at": "2026-05-03T10:00:00Z",
    "blocked": True,
}


@pytest.fixture(autouse=True)
def _no_cool_off(settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 0


def desk_with(**flags: object) -> Desk:
    desk = Desk(contact("Ana García", PHONE), contact("Ana <b>", PHONE, **flags))
    desk.sync()
    approved(desk)
    desk.work()
    return desk


@pytest.fixture
def desk() -> Desk:
    return desk_with(unsubscribed=True, unsubscribed_at="2026-05-03T10:00:00Z")


def pk() -> int:
    return LostOptOut.objects.get().request_id


def page(client: Client | None = None, what: str = "") -> str:
    return text_of((client or somebody()).get(f"/requests/{pk()}/{what}"))


def test_the_request_says_it_both_ways_and_offers_to_set_it_again(desk: Desk) -> None:
    shown = page()

    assert "This merge lost an opt-out" in shown
    assert "Ana &lt;b&gt; unsubscribed on 3 May 2026." in shown
    assert "As far as Invent says, Ana García receives messages now." in shown
    assert "Unsubscribe again" in shown
    assert "Unsubscribe again" not in page(somebody(Role.VIEWER))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"unsubscribed": True}, "Merged, and an opt-out was lost: <bdi>Ana García</bdi>."),
        ({"blocked": True}, "Merged, and a block was lost: <bdi>Ana García</bdi>."),
        ({}, "Merged: <bdi>Ana García</bdi>."),
    ],
)
def test_who_decided_it_is_not_told_of_a_plain_success(flags: dict[str, bool], words: str) -> None:
    desk_with(**flags)
    request = MergeRequest.objects.get()
    client = client_of(request.proposed_by.memberships.get())
    client.cookies["lately"] = str(request.group_id)

    def bar() -> str:
        return text_of(client.get("/lately/", headers=HTMX))

    assert words in bar()
    assert ("lately-bad" in bar(), "lately-good" in bar()) == (bool(flags), not flags)
    LostOptOut.objects.update(state=LostOptOut.State.SET)
    assert "lately-good" in bar()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"unsubscribed": True}, ["Ana &lt;b&gt; had unsubscribed.", "Unsubscribe again"]),
        ({"blocked": True}, ["Ana &lt;b&gt; was blocked.", "Block again", "is not blocked now."]),
        (
            {"blocked": True, "blocked_at": "2026-05-03T10:00:00Z"},
            ["Ana &lt;b&gt; was blocked on 3 May 2026."],
        ),
        (FULL, ["Unsubscribe and block again", "receives messages now", "is not blocked now"]),
    ],
)
def test_each_kind_has_its_words(flags: dict, words: list[str]) -> None:
    desk_with(**flags)
    shown = page()

    assert [word for word in words if word not in shown] == []


def test_it_is_set_again(desk: Desk) -> None:
    client = somebody()
    answer = client.post(f"/requests/{pk()}/restore/")
    assert (answer.status_code, answer.url) == (303, f"/requests/{pk()}/")
    shown = page(client)
    assert "The opt-out is being set again" in shown
    assert f'hx-get="/requests/{pk()}/opt-out/"' in shown

    desk.work()

    assert "The opt-out is set again" in page(client)
    fragment = text_of(client.get(f"/requests/{pk()}/opt-out/", headers=HTMX))
    assert "The opt-out is set again" in fragment
    assert "<html" not in fragment
    assert "hx-get" not in fragment


def test_htmx(desk: Desk) -> None:
    answer = somebody().post(f"/requests/{pk()}/restore/", headers=HTMX)

    assert (answer.status_code, answer["HX-Redirect"]) == (200, f"/requests/{pk()}/")


def test_why_it_did_not_work_is_said(desk: Desk) -> None:
    client = somebody()
    client.post(f"/requests/{pk()}/restore/")
    LostOptOut.objects.update(reason="Invent did not answer.")
    assert "Invent did not answer." in page(client)
    LostOptOut.objects.update(state=LostOptOut.State.LOST)

    assert "The last try failed: Invent did not answer." in page(client)


def test_the_list_says_it_loud_and_finds_it(desk: Desk) -> None:
    client = somebody(Role.VIEWER)
    listed = text_of(client.get("/requests/?view=all"))

    assert "1 merge lost an opt-out" in listed
    assert '<span class="mark mark-bad">Opt-out lost</span>' in listed
    assert len(client.get("/requests/?view=consent").context["rows"]) == 1

    LostOptOut.objects.update(state=LostOptOut.State.SET)
    listed = text_of(client.get("/requests/?view=consent"))
    assert "lost an opt-out:" not in listed
    assert "No merge has lost an opt-out that is not set again." in listed


def test_somebody_was_faster(desk: Desk) -> None:
    client = somebody()
    client.post(f"/requests/{pk()}/restore/")
    answer = client.post(f"/requests/{pk()}/restore/")

    assert answer.status_code == 409
    assert "asked for already by operator" in text_of(answer)


def test_who_may_not_and_what_is_not_there(desk: Desk) -> None:
    where = f"/requests/{pk()}/restore/"
    assert somebody().get(where).status_code == 405
    assert Client().post(where).url == f"/login/?next=/requests/{pk()}/"
    assert somebody(Role.VIEWER).post(where).status_code == 403
    assert stranger().post(where).status_code == 404
    assert somebody().post("/requests/999999/restore/").status_code == 404
    assert somebody().get(f"/requests/{pk()}/opt-out/").status_code == 404
    assert stranger().get(f"/requests/{pk()}/opt-out/", headers=HTMX).status_code == 404
    assert LostOptOut.objects.get().state == LostOptOut.State.LOST


def test_a_request_that_lost_nothing_says_nothing() -> None:
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE))
    desk.sync()
    request = approved(desk)
    desk.work()

    assert "opt-out" not in text_of(somebody().get(f"/requests/{request.pk}/"))
    assert "lost an opt-out:" not in text_of(somebody().get("/requests/?view=all"))
