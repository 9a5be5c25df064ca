"""Asking for a merge: exactly what was seen and ticked, or nothing, and nothing typed is lost."""

import re

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.merging.models import MergeRequest
from mergeui.review.models import Group, Member
from mergeui.review.seen import contacts_of, fingerprint_of
from tests.contacts import contact, email
from tests.desk import Desk, cool_off
from tests.web.cast import HTMX, choice, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*(contact("Bea", email("bea@example.com")) for _ in range(3)))
    desk.sync()
    return desk


@pytest.fixture
def risky() -> Desk:
    shared = email("bea@example.com")
    desk = Desk(contact("Bea", shared), contact("Bea", shared, unsubscribed=True))
    desk.sync()
    return desk


def ask(client: Client, group: Group, headers: dict[str, str] | None = None, **fields: object):
    return client.post(
        f"/groups/{group.pk}/request/", {**choice(group), **fields}, headers=headers or {}
    )


def refused(answer, status: int, sentence: str) -> None:
    assert answer.status_code == status
    assert "Nothing was sent." in text_of(answer)
    assert sentence in text_of(answer)
    assert not MergeRequest.objects.exists()


def test_exactly_what_was_ticked_is_asked_for(desk: Desk) -> None:
    group = desk.group()
    one = group.members.last()
    assert one is not None
    answer = ask(somebody(), group, sources=[one.contact_id], note="the same")
    made = MergeRequest.objects.get()

    assert (answer.status_code, answer.url) == (303, "/groups/")
    assert made.primary_contact_id == group.primary_contact_id
    assert [source.contact_id for source in made.sources.all()] == [one.contact_id]
    assert made.note == "the same"


def test_any_member_can_be_kept(desk: Desk) -> None:
    ids = [m.contact_id for m in desk.group().members.all()]
    ask(somebody(), desk.group(), primary=ids[2], sources=ids[:2])

    assert MergeRequest.objects.get().primary_contact_id == ids[2]


def test_the_next_page_says_so_and_leads_to_the_request(desk: Desk) -> None:
    client = somebody()
    page = text_of(client.get(ask(client, desk.group()).url))

    bar = re.search(r"Merging in .*>(\d+)</span> s: <bdi>Bea</bdi>.", page)
    left, whole = cool_off(MergeRequest.objects.get())
    assert bar
    assert left <= int(bar[1]) <= whole == 10
    assert f'href="/requests/{MergeRequest.objects.get().pk}/"' in page


def test_htmx_gets_the_next_group_in_the_same_answer() -> None:
    pairs = [(name, email(f"{name}@example.com")) for name in ("Bea", "Eva")]
    Desk(*(contact(name, shared) for name, shared in pairs for _ in "12")).sync()
    first, second = Group.objects.order_by("pk")
    answer = ask(somebody(), first, headers=HTMX)

    assert (answer.status_code, answer["HX-Push-Url"]) == (200, f"/groups/{second.pk}/")
    assert "Merging in" in text_of(answer)
    assert f'formaction="/groups/{second.pk}/dismiss/"' in text_of(answer)
    assert Group.objects.get(pk=second.pk).claimed_by is not None


def test_htmx_at_the_end_of_the_list(desk: Desk) -> None:
    answer = ask(somebody(), desk.group(), headers=HTMX)

    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/groups/")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"primary": ""}, "Choose the contact to keep"),
        ({"primary": "contact_none"}, "is not in this group"),
        ({"sources": []}, "Tick at least one contact"),
        ({"sources": ["contact_none"]}, "A ticked contact is not in this group"),
        ({"sources": ["<script>"]}, "A ticked contact is not in this group"),
        ({"note": "x" * 2_001}, "The note is too long"),
    ],
)
def test_what_can_not_be_asked_for(desk: Desk, fields: dict[str, object], sentence: str) -> None:
    answer = ask(somebody(), desk.group(), **{"note": "a story", **fields})

    refused(answer, 400, sentence)
    assert "a story" in text_of(answer) or "x" * 2_001 in text_of(answer)
    assert Entry.objects.get(action=Action.REFUSED).facts["status"] == 400


def test_the_primary_as_a_source(desk: Desk) -> None:
    primary = desk.group().primary_contact_id

    refused(ask(somebody(), desk.group(), sources=[primary]), 400, "kept and merged away at once")


def test_a_risk_has_to_be_acknowledged(risky: Desk) -> None:
    client, group = somebody(), risky.group()
    answer = ask(client, group, note="a story")

    refused(answer, 400, "This merge is risky")
    assert "a story</textarea>" in text_of(answer)
    assert text_of(answer).count(" checked") == 2
    assert ask(client, group, acknowledge="yes").status_code == 303


def test_a_risk_that_was_not_shown_is_not_acknowledged(risky: Desk) -> None:
    answer = ask(somebody(), risky.group(), acknowledge="yes", risks="names")

    refused(answer, 400, "The choice changed after the risks were shown")
    assert 'value="yes" checked' not in text_of(answer)


def test_contacts_that_changed_since_they_were_shown(desk: Desk) -> None:
    group = desk.group()
    members = list(group.members.all())
    fields = {
        "fingerprint": fingerprint_of(contacts_of(group)),
        "seen": [f"{m.contact_id} {m.fingerprint[:16]}" for m in members[:2]],
        "note": "a story",
    }
    raw = {**members[1].raw, "unsubscribed": True}
    Member.objects.filter(pk=members[1].pk).update(raw=raw, fingerprint="changed")
    answer = ask(somebody(), group, **fields)

    refused(answer, 409, "have changed since you opened the page")
    page = text_of(answer)
    assert "a story</textarea>" in page
    assert page.count("Changed since you looked") == 1
    assert page.count("Joined since you looked") == 1
    fresh = fingerprint_of(contacts_of(Group.objects.get(pk=group.pk)))
    assert f'name="fingerprint" value="{fresh}"' in page


def test_a_second_click_does_not_ask_twice(desk: Desk) -> None:
    client, group = somebody(), desk.group()
    ask(client, group)
    answer = ask(client, group, note="a story")

    assert answer.status_code == 409
    assert "requested meanwhile" in text_of(answer)
    assert MergeRequest.objects.count() == 1


def test_a_late_htmx_request_gets_a_fragment(desk: Desk) -> None:
    client, group = somebody(), desk.group()
    ask(client, group)
    answer = ask(client, group, headers=HTMX)

    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#problem"
    assert "<html" not in text_of(answer)


def test_get_is_refused(desk: Desk) -> None:
    answer = somebody().get(f"/groups/{desk.group().pk}/request/")

    assert answer.status_code == 405
    assert f'href="/groups/{desk.group().pk}/"' in text_of(answer)


def test_viewers_may_not(desk: Desk) -> None:
    assert ask(somebody(Role.VIEWER), desk.group()).status_code == 403
    assert not MergeRequest.objects.exists()


def test_strangers_learn_nothing(desk: Desk) -> None:
    assert ask(stranger(), desk.group()).status_code == 404
    assert not MergeRequest.objects.exists()


def test_a_session_that_ended_loses_nothing(desk: Desk) -> None:
    group, client = desk.group(), Client()
    ids = [m.contact_id for m in group.members.all()]
    somebody_else = somebody()
    answer = ask(client, group, primary=ids[1], sources=[ids[2]], note="a long story")
    assert (answer.status_code, answer.url) == (303, f"/login/?next=/groups/{group.pk}/")
    assert not MergeRequest.objects.exists()
    assert "What you typed is kept" in text_of(client.get(answer.url))

    user = somebody_else.session["_auth_user_id"]
    name = type(desk.organization)._meta.apps.get_model("accounts.User").objects.get(pk=user)
    fields = {"username": name.username, "password": "a long enough password"}
    back = client.post("/login/", {**fields, "next": f"/groups/{group.pk}/"})
    page = text_of(client.get(back.url))

    assert "Nothing was sent; check and send again." in page
    assert "a long story</textarea>" in page
    assert f'name="primary" value="{ids[1]}" checked' in page
    assert f'name="sources" value="{ids[2]}" checked' in page
    assert f'name="sources" value="{ids[0]}">' in page
    assert "a long story" not in text_of(client.get(back.url))
