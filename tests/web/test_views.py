"""Saved views: the chips above the queue, and keeping, renaming, sharing and deleting them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from mergeui.accounts.models import Membership, Role, User
from mergeui.audit.actor import Actor
from mergeui.merging.models import BulkKind
from mergeui.review.models import Group, GroupState
from mergeui.review.saved import SavedView
from mergeui.web import saved
from mergeui.web.looking import Wanted
from tests.contacts import contact, email
from tests.desk import Desk, member
from tests.many import crowd, pairs, stored
from tests.merging.bulk import begun
from tests.web.cast import HTMX, client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db

ANAS = "q=ana"


@pytest.fixture
def desk() -> Desk:
    """Three easy groups, one with an opt-out, a large one."""
    desk, _ = crowd(3)
    stored(desk, pairs(1, unsubscribed=True))
    stored(desk, [[contact("Bea", email("bea@example.com")) for _ in range(7)]])
    return desk


@pytest.fixture
def olga(desk: Desk) -> Membership:
    return member(Role.OPERATOR, name="olga")


@pytest.fixture
def client(olga: Membership) -> Client:
    return client_of(olga)


def view(owner: Membership, name: str = "Anas", query: str = ANAS, **more: Any) -> SavedView:
    return SavedView.objects.create(
        organization=owner.organization, owner=owner.user, name=name, query=query, **more
    )


def strip(client: Client, current: str = "/groups/") -> str:
    """The chips with their counts, as a page asks for them."""
    headers = {**HTMX, "HX-Current-URL": f"http://testserver{current}"}
    return text_of(client.get("/views/strip/", headers=headers))


def chips(client: Client, current: str = "/groups/") -> Iterator[tuple[str, str]]:
    headers = {**HTMX, "HX-Current-URL": f"http://testserver{current}"}
    answer = client.get("/views/strip/", headers=headers)
    return ((chip.name, chip.count) for chip in answer.context["chips"])


# The chips


def test_a_few_come_with_the_desk(client: Client) -> None:
    assert list(chips(client)) == [
        ("Easy ones", "3"), ("Needs two people", "2"), ("Consent differs", "1"), ("Large", "1"),
    ]  # fmt: skip


def test_the_queue_shows_them_before_they_are_counted(client: Client) -> None:
    page = text_of(client.get("/groups/"))

    assert '<a class="chip" href="/groups/?risk=none&amp;grade=sure">' in page
    assert 'hx-trigger="load, htmx:pushedIntoHistory from:body"' in page
    assert "load, " not in strip(client)


@pytest.mark.parametrize("policy", ["never", "always"])
def test_who_needs_two_people_is_a_question_of_policy(
    client: Client, settings: Any, policy: str
) -> None:
    settings.MERGE_FOUR_EYES = policy

    assert "Needs two people" not in dict(chips(client))


def test_what_waits_for_an_approver(desk: Desk, olga: Membership) -> None:
    paula = somebody(Role.APPROVER)
    desk.propose(Actor.member(olga), Group.objects.get(risks__contains="unsubscribed"))

    assert dict(chips(paula))["Waiting for me"] == "1"
    assert 'href="/requests/?view=waiting"' in text_of(paula.get("/groups/"))
    assert dict(chips(paula))["Consent differs"] == "0"


def test_the_view_that_is_looked_at_is_marked(client: Client, olga: Membership) -> None:
    view(olga)
    marked = '<a class="chip chip-own" href="/groups/?q=ana" aria-current="true">'

    assert marked in text_of(client.get("/groups/?q=ana"))
    assert marked in text_of(client.get("/groups/?sort=oldest&q=ana&at=last&state=open"))
    assert marked in strip(client, "/groups/?state=open&q=ana")
    assert "aria-current" not in strip(client, "/groups/?q=anab")


def test_only_a_filter_without_a_name_can_be_kept(client: Client, olga: Membership) -> None:
    view(olga)

    for query, possible in (("", False), ("q=ana", False), ("risk=any", False), ("q=bea", True)):
        page = text_of(client.get(f"/groups/?{query}"))
        assert ("Keep this view…" in page) is possible


def test_one_sees_ones_own_and_what_the_team_shares(client: Client, olga: Membership) -> None:
    amir = member(Role.VIEWER, name="amir")
    view(olga, "Mine")
    view(amir, "Ours", "q=bea", shared=True)
    view(amir, "His", "q=eva")

    counts = dict(chips(client))
    assert (counts["Mine"], counts["Ours"]) == ("4", "1")
    assert "His" not in counts
    assert 'title="Shared by amir"' in strip(client)
    assert "Mine" not in strip(client_of(amir))
    assert "Ours" not in strip(stranger())


def test_many_views_take_no_more_queries(
    client: Client, olga: Membership, django_assert_num_queries: Any
) -> None:
    strip(client)
    with django_assert_num_queries(5):
        strip(client)
    for number in range(20):
        view(olga, f"View {number:02}", f"q=ana&size=2&sort=name&channel=gmail&state={number}")
    with django_assert_num_queries(5):
        page = strip(client)
    assert page.count("chip-own") == saved.MOST_SHOWN
    assert "All views" in page


def test_counts_are_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MOST_COUNTED", 2)

    assert dict(chips(client))["Easy ones"] == "2+"


def test_a_look_has_one_query_whatever_was_typed() -> None:
    wanted = Wanted(q="ana", sort="name", size="2")

    assert saved.query_of(wanted) == "q=ana&size=2&sort=name"
    assert saved.wanted_by("sort=name&x=1&size=2&q=ana&risk=none-such") == wanted
    assert saved.query_of(Wanted()) == ""


def test_a_bulk_decision_under_way_is_said(client: Client, olga: Membership) -> None:
    groups = list(Group.objects.filter(risky=False))
    bulk = begun(Actor.member(olga), groups, BulkKind.DISMISS)

    page = strip(client)
    assert f'<a href="/bulk/{bulk.pk}/">Mark 3 groups as not duplicates: 0 done</a>' in page


def test_the_strip_alone_is_no_page(client: Client) -> None:
    answer = client.get("/views/strip/")

    assert (answer.status_code, answer.url) == (302, "/groups/")
    assert Client().get("/views/strip/").status_code == 302


# Keeping


def test_keep_under_a_name(client: Client, olga: Membership) -> None:
    fields = {"name": " Anas ", "query": "q=ana&sort=oldest&at=last&evil=1", "shared": "on"}
    answer = client.post("/views/new/", fields)

    assert (answer.status_code, answer.url) == (303, "/groups/?q=ana")
    kept = SavedView.objects.get()
    assert (kept.name, kept.query, kept.shared, kept.owner) == ("Anas", "q=ana", True, olga.user)
    assert "Kept as “Anas”." in text_of(client.get(answer.url))


def test_htmx(client: Client) -> None:
    answer = client.post("/views/new/", {"name": "Anas", "query": ANAS}, headers=HTMX)

    assert answer["HX-Redirect"] == "/groups/?q=ana"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Give the view a name."), ("Anas", "You have a view of this name already"),
        ("x" * 61, "at most 60 characters"), ("a\0b", "Null characters"),
    ],
)  # fmt: skip
def test_names_that_can_not_be(client: Client, olga: Membership, name: str, sentence: str) -> None:
    view(olga)
    answer = client.post("/views/new/", {"name": name, "query": "q=bea", "shared": "on"})

    page = text_of(answer)
    assert answer.status_code == 400
    assert sentence in page
    assert '<input type="hidden" name="query" value="q=bea">' in page
    assert "Search: bea" in page
    assert "checked" in page.partition("Yours")[0]
    assert SavedView.objects.count() == 1


def test_not_too_many(client: Client, olga: Membership) -> None:
    for number in range(50):
        view(olga, f"View {number}")
    answer = client.post("/views/new/", {"name": "One more", "query": ANAS})

    assert answer.status_code == 400
    assert "You have many views already" in text_of(answer)


def test_refusals(client: Client, olga: Membership, desk: Desk) -> None:
    kept = view(olga)
    shared = view(olga, "Ours", "q=bea", shared=True)
    fields = {"name": "New name"}
    for address in (f"/views/{kept.pk}/change/", f"/views/{shared.pk}/delete/", "/views/new/"):
        assert client.get(address).status_code == 405
        assert Client().post(address, fields).status_code == 303
    for what in ("change", "delete"):
        for other in (somebody(Role.APPROVER), stranger()):
            assert other.post(f"/views/{kept.pk}/{what}/", fields).status_code == 404
            assert other.post(f"/views/{shared.pk}/{what}/", fields).status_code == 404
        assert somebody(Role.ADMIN).post(f"/views/{kept.pk}/{what}/", fields).status_code == 404
    assert somebody(Role.ADMIN).post(f"/views/{shared.pk}/change/", fields).status_code == 303
    assert set(SavedView.objects.values_list("name", flat=True)) == {"Anas", "New name"}
    assert Group.objects.exclude(state=GroupState.OPEN).count() == 0


def test_rename_and_share(client: Client, olga: Membership) -> None:
    kept = view(olga)
    view(olga, "Beas", "q=bea")
    answer = client.post(f"/views/{kept.pk}/change/", {"name": "All Anas", "shared": "on"})
    assert (answer.status_code, answer.url) == (303, "/views/")
    kept.refresh_from_db()
    assert (kept.name, kept.shared, kept.query) == ("All Anas", True, ANAS)

    refused = client.post(f"/views/{kept.pk}/change/", {"name": "Beas"})
    assert refused.status_code == 400
    assert "You have a view of this name already" in text_of(refused)
    assert 'value="Beas" aria-invalid="true"' in text_of(refused)


def test_delete(client: Client, olga: Membership) -> None:
    kept = view(olga)
    answer = client.post(f"/views/{kept.pk}/delete/", {"name": ""})

    assert (answer.status_code, answer.url) == (303, "/views/")
    assert "Deleted “Anas”." in text_of(client.get("/views/"))
    assert not SavedView.objects.exists()


# Looking at all of them


def test_the_page_says_what_each_shows(client: Client, olga: Membership) -> None:
    assert "None yet" in text_of(client.get("/views/"))
    amir = member(Role.OPERATOR, name="amir")
    view(olga, "<b>Anas</b>", "q=ana&risk=none&size=2&state=dismissed")
    view(olga, "Everything", "")
    view(amir, "Ours", "grade=sure", shared=True)

    page = text_of(client.get("/views/"))
    assert "&lt;b&gt;Anas&lt;/b&gt;" in page
    assert "Search: ana · State: Not duplicates · Risk: No risk marks · Size: 2 contacts" in page
    assert "Everything to decide" in page
    assert "Shared with you" in page
    assert "<bdi>amir</bdi>" in page
    assert Client().get("/views/").url == "/login/?next=/views/"


def test_a_link_goes_with_a_view(client: Client, olga: Membership) -> None:
    kept, empty = view(olga), view(olga, "All", "")

    assert client.get(f"/views/{kept.pk}/").url == "/groups/?q=ana"
    assert client.get(f"/views/{empty.pk}/").url == "/groups/"
    assert somebody().get(f"/views/{kept.pk}/").status_code == 404
    assert str(kept) == "Anas"


def test_the_desk_may_begin_with_one(client: Client, olga: Membership) -> None:
    view(olga)
    view(olga, "Far too long", "q=" + "a" * 600)
    page = text_of(client.get("/settings/"))
    assert '<option value="q=ana">Anas</option>' in page
    assert "Far too long" not in page

    chosen = {"time_zone": "UTC", "density": "compact", "opens": ANAS}
    assert client.post("/settings/change/", chosen).status_code == 303
    assert client.get("/").url == "/groups/?q=ana"
    SavedView.objects.all().delete()
    assert User.objects.get(username="olga").opens == ANAS
    assert '<option value="q=ana" selected>q=ana</option>' in text_of(client.get("/settings/"))
