"""Searching Invent's contacts, and putting together what it did not suggest."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from mergeui.merging.models import ContactLock
from mergeui.review.models import Group, GroupState, MergedContact
from mergeui.sandbox import Fault
from mergeui.web.searching import spellings
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import Desk, actor
from tests.web.cast import HTMX, somebody, stranger, text_of

pytestmark = pytest.mark.django_db

ANA = contact("Ana García", whatsapp("+34600111222"), segments=[segment("VIP", "amber")])
TWIN = contact("Ana G.", email("ana@example.com"))
BEA = contact("Bea", email("bea@example.com"), unsubscribed=True, blocked=True, is_admin=True)
BEAS = contact("Bea", email("bea@example.com"), *[whatsapp(f"+3460000000{n}") for n in range(5)])


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(ANA, TWIN, BEA, BEAS)
    monkeypatch.setattr("mergeui.web.views.byhand.connect", lambda org_id, **_: desk.connect())
    return desk


def tokens(page: str) -> dict[str, str]:
    """The value of each tick by its contact id."""
    return {c: t for t, c in re.findall(r'name="pick" value="(.*?)" data-contact="(.*?)"', page)}


@pytest.fixture
def take(desk: Desk) -> Callable[..., Client]:
    """A browser of an operator who has searched for and ticked these."""

    def take(*people: dict[str, Any], client: Client | None = None) -> Client:
        client = client or somebody()
        for one in people:
            page = text_of(client.get("/contacts/", {"q": one["name"], "by": "name"}))
            client.post("/contacts/list/", {"pick": tokens(page)[one["id"]]})
        return client

    return take


@pytest.mark.parametrize(
    ("q", "by", "names"),
    [
        ("ana", "", ["Ana García", "Ana G."]),
        ("ANA@example.com", "", ["Ana G."]),
        ("+34 600 111 222", "", ["Ana García"]),
        ("0034600111222", "", ["Ana García"]),
        ("ana@example.com", "user_id", ["Ana G."]),
        ("ana@example.com", "email", ["Ana G."]),
        ("ana@example.com", "name", []),
        ("600", "name", []),
        ("nobody@example.com", "", []),
    ],
)
def test_who_is_found(desk: Desk, q: str, by: str, names: list[str]) -> None:
    page = text_of(somebody().get("/contacts/", {"q": q, "by": by}))

    assert re.findall(r'class="found-name".*?<bdi>(.*?)</bdi>', page) == names
    assert ("Nobody found" in page) == (not names)


def test_what_is_shown_of_each(desk: Desk) -> None:
    desk.sync()
    group = Group.objects.get()
    page = text_of(somebody().get("/contacts/?q=bea"))

    assert f"In group {group.pk}" in page
    assert "Unsubscribed" in page
    assert "Your team" in page
    assert "and 2 more" in page
    assert "2 found" in page
    vip = text_of(somebody().get("/contacts/?q=García"))
    assert '<bdi class="seg seg-amber">VIP</bdi>' in vip


def test_who_can_not_be_taken(desk: Desk) -> None:
    desk.sync()
    request = desk.propose(actor(Role.OPERATOR), desk.group_of(BEA))
    MergedContact.objects.create(
        organization=desk.organization,
        contact_id=TWIN["id"],
        into_contact_id=ANA["id"],
        merged_at="2024-01-01T00:00:00Z",
    )
    assert ContactLock.objects.count() == 2
    beas = text_of(somebody().get("/contacts/?q=bea"))
    anas = text_of(somebody().get("/contacts/?q=ana"))

    assert f"Locked by request {request.pk}" in beas
    assert not tokens(beas)
    assert "Merged away" in anas
    assert list(tokens(anas)) == [ANA["id"]]


def test_the_list_survives_searching_and_becomes_a_group(desk: Desk, take) -> None:
    client = take(ANA)
    page = text_of(client.get("/contacts/?q=nobody"))
    assert "Take at least two" in page
    assert "+34600111222" in page

    take(TWIN, client=client)
    ids = [ANA["id"], TWIN["id"]]
    answer = client.post("/contacts/group/", {"contacts": ids, "note": "She told me."})
    group = Group.objects.get(by_hand=True)

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/groups/{group.pk}/"
    page = text_of(client.get(answer.headers["Location"]))
    assert "Put together by hand." in page
    assert "She told me." in page
    assert "Recommended by Invent" not in page
    assert "Invent suggests" not in page
    assert "Nobody yet." in text_of(client.get("/contacts/"))
    queue = text_of(client.get("/groups/"))
    assert "Put together by hand" in queue
    assert 'href="/contacts/"' in queue


def test_a_risk_of_its_own_needs_reading_and_a_second_person(desk: Desk, take) -> None:
    client = take(ANA, TWIN)
    ids = [ANA["id"], TWIN["id"]]
    client.post("/contacts/group/", {"contacts": ids, "note": "why"})
    group = Group.objects.get(by_hand=True)
    fields = {"primary": ids[0], "sources": ids[1], "risks": "by_hand,unexplained"}
    address = f"/groups/{group.pk}/request/"

    assert client.post(address, fields).status_code == 400
    assert client.post(address, {**fields, "acknowledge": "yes"}).status_code == 303
    page = text_of(client.get(f"/requests/{group.requests.get().pk}/"))
    assert "Waiting for approval" in page
    assert "Put together by hand." in page


def test_discarding(desk: Desk, take) -> None:
    client = take(ANA, TWIN)
    client.post("/contacts/group/", {"contacts": [ANA["id"], TWIN["id"]], "note": "why"})
    group = Group.objects.get(by_hand=True)
    answer = client.post(f"/groups/{group.pk}/discard/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/groups/")
    group.refresh_from_db()
    assert group.state == GroupState.VANISHED
    assert "Discarded · by " in text_of(client.get(f"/groups/{group.pk}/"))
    assert client.post(f"/groups/{group.pk}/discard/").status_code == 409


def test_ticks_come_and_go_together(desk: Desk, take) -> None:
    client = take(ANA)
    page = text_of(client.get("/contacts/?q=ana"))
    have = tokens(page)
    shown = list(have)
    answer = client.post(
        "/contacts/list/", {"shown": shown, "pick": have[TWIN["id"]], "q": "ana", "page": "1"}
    )
    assert answer.headers["Location"] == "/contacts/?q=ana"
    page = text_of(client.get("/contacts/?q=ana"))
    assert re.findall(r'data-contact="(\S+)" aria-label="\S.*?" checked', page) == [TWIN["id"]]

    fragment = text_of(client.post("/contacts/list/", {"remove": TWIN["id"]}, headers=HTMX))
    assert "<html" not in fragment
    assert "Nobody yet." in fragment


def test_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    many = Desk(*[contact(f"Ana {n:02}") for n in range(30)])
    monkeypatch.setattr("mergeui.web.views.byhand.connect", lambda org_id, **_: many.connect())
    client = somebody()
    first = text_of(client.get("/contacts/?q=ana"))
    second = text_of(client.get("/contacts/?q=ana&by=name&page=2", headers=HTMX))

    assert "30 found" in first
    assert len(tokens(first)) == 25
    assert "?q=ana&amp;by=name&amp;page=2" in first
    assert "<html" not in second
    assert len(tokens(second)) == 5
    assert "?q=ana&amp;by=name&quot;" not in second
    assert client.get("/contacts/?q=ana&page=x").status_code == 200


def test_invent_down_is_said_and_nothing_is_lost(desk: Desk, take) -> None:
    client = take(ANA, TWIN)
    desk.faults.next_read(Fault.STATUS, times=100)
    searched = client.get("/contacts/?q=ana")
    asked = client.get("/contacts/?q=ana", headers=HTMX)
    fields = {"contacts": [ANA["id"], TWIN["id"]], "note": "She told me."}
    made = client.post("/contacts/group/", fields)

    assert searched.status_code == 502
    assert "Your list is kept." in text_of(searched)
    assert asked.status_code == 200
    assert "Invent could not be asked." in text_of(asked)
    assert made.status_code == 502
    assert "She told me.</textarea>" in text_of(made)
    assert not Group.objects.exists()


def test_without_a_key_it_says_so(settings) -> None:
    settings.INVENT_API_KEY = ""
    assert "INVENT_API_KEY" in text_of(somebody().get("/contacts/?q=ana"))


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"contacts": ["ANA"], "note": "why"}, 400, "at least two"),
        ({"contacts": ["ANA", "x"], "note": "why"}, 400, "another window"),
        ({"contacts": ["ANA", "TWIN"]}, 400, "Say why"),
    ],
)
def test_what_is_refused(desk: Desk, take, fields, status: int, words: str) -> None:
    ids = {"ANA": ANA["id"], "TWIN": TWIN["id"]}
    fields = {**fields, "contacts": [ids.get(one, one) for one in fields["contacts"]]}
    answer = take(ANA, TWIN).post("/contacts/group/", fields)

    assert answer.status_code == status
    assert words in text_of(answer)
    assert "Ana García" in text_of(answer)


def test_somebody_gone_meanwhile_is_named(desk: Desk, take) -> None:
    client = take(ANA, TWIN)
    desk.world.merge(desk.world.top.id, ANA["id"], [TWIN["id"]], any_flag_wins=False)
    answer = client.post("/contacts/group/", {"contacts": [ANA["id"], TWIN["id"]], "note": "why"})

    assert answer.status_code == 409
    assert "Ana G. is no longer found in Invent." in text_of(answer)


def test_a_spoiled_tick_and_a_full_list(desk: Desk, take, monkeypatch) -> None:
    client = somebody()
    spoiled = client.post("/contacts/list/", {"pick": "nonsense"})
    assert (spoiled.status_code, "could not be read" in text_of(spoiled)) == (400, True)

    monkeypatch.setattr("mergeui.web.basket.MOST_BY_HAND", 1)
    page = text_of(take(ANA, client=client).get("/contacts/?q=ana"))
    fields = {"pick": tokens(page)[TWIN["id"]]}
    assert "At most 1 contacts" in text_of(client.post("/contacts/list/", fields, headers=HTMX))


def test_from_a_contact_to_its_duplicates(desk: Desk) -> None:
    desk.sync()
    client = somebody()
    page = text_of(client.get(f"/contacts/{BEA['id']}/"))
    token = re.search(r'name="pick" value="(.*?)"', page)
    assert token
    answer = client.post("/contacts/list/", {"pick": token[1], "q": "Bea"})

    assert answer.headers["Location"] == "/contacts/?q=Bea"
    assert "bea@example.com" in text_of(client.get("/contacts/"))
    assert "Find duplicates" not in text_of(somebody(Role.VIEWER).get(f"/contacts/{BEA['id']}/"))


def test_hostile_names_are_text(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = Desk(contact('Ana "><img src=x>\u202e', email('"><script>@x.org')))
    monkeypatch.setattr("mergeui.web.views.byhand.connect", lambda org_id, **_: hostile.connect())
    client = somebody()
    page = text_of(client.get("/contacts/?q=ana"))
    client.post("/contacts/list/", {"pick": next(iter(tokens(page).values()))})
    page += text_of(client.get("/contacts/"))

    assert "<img" not in page.replace('<img src="/static', "")
    assert "<script>" not in page
    assert "\u202e" not in page


def test_who_may_and_whose_it_is(desk: Desk, take) -> None:
    client = take(ANA, TWIN)
    client.post("/contacts/group/", {"contacts": [ANA["id"], TWIN["id"]], "note": "why"})
    pk = Group.objects.get(by_hand=True).pk
    viewer = somebody(Role.VIEWER)

    assert viewer.get("/contacts/").status_code == 403
    for address in ("/contacts/list/", "/contacts/group/", f"/groups/{pk}/discard/"):
        assert viewer.post(address).status_code == 403
        assert client.get(address).status_code == 405
        assert Client().post(address).status_code == 303
    assert stranger().post(f"/groups/{pk}/discard/").status_code == 404
    assert Client().get("/contacts/").status_code == 302


def test_a_reason_survives_a_lost_session(desk: Desk) -> None:
    client = Client()
    client.post("/contacts/group/", {"note": "A long story"})
    client.force_login(actor(Role.OPERATOR).user)

    assert "A long story</textarea>" in text_of(client.get("/contacts/"))


def test_a_fixed_number_of_queries(desk: Desk, django_assert_num_queries) -> None:
    client = somebody()
    client.get("/contacts/")
    for q in ("ana", "bea"):
        with django_assert_num_queries(5):
            client.get(f"/contacts/?q={q}")


def test_a_number_is_asked_for_as_people_and_invent_write_it() -> None:
    assert spellings("0034 600") == ["0034 600", "+34600", "34600"]
    assert spellings("+34600") == ["+34600", "34600"]
    dialled = spellings("+49 (0)151 23456789")
    assert dialled[:3] == ["+49 (0)151 23456789", "+4915123456789", "4915123456789"]
