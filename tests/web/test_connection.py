"""The page with the key of Invent, and the sub-orgs that it reaches."""

from typing import Any

import pytest
from django.test import Client

from mergeui.accounts.models import Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from tests.desk import member
from tests.teams.brands import HATS_KEY, SEALING, Brands
from tests.web.cast import HTMX, client_of, proved, text_of

PAGE = "/team/connection/"


@pytest.fixture
def brands(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Brands:
    settings.ENCRYPTION_KEYS = [SEALING]
    brands = Brands()
    monkeypatch.setattr("mergeui.web.views.connection.connect", brands.connect)
    return brands


@pytest.fixture
def admin(brands: Brands) -> Client:
    return proved(client_of(member(Role.ADMIN, brands.hats)))


def enter(admin: Client, key: str = HATS_KEY, **more: Any) -> Any:
    return admin.post(f"{PAGE}key/", {"key": key}, **more)


def hats() -> Organization:
    return Organization.objects.get(name="Hats")


def test_a_key_is_entered_and_never_shown_again(admin: Client) -> None:
    assert "None yet" in text_of(admin.get(PAGE))

    answer = enter(admin)
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    page = text_of(admin.get(PAGE))
    assert "Invent takes this key." in page
    assert f"…abcd, {hats().key_fingerprint}" in page
    assert HATS_KEY not in page
    assert hats().api_key() == HATS_KEY


def test_for_htmx_it_is_a_fragment(admin: Client) -> None:
    assert enter(admin, headers=HTMX)["HX-Redirect"] == PAGE


def test_a_key_that_is_refused_is_not_repeated(admin: Client) -> None:
    answer = enter(admin, "sk-wrong-one")

    assert answer.status_code == 400
    assert "Invent refuses this key. Nothing was stored." in text_of(answer)
    assert "sk-wrong-one" not in text_of(answer)
    assert Entry.objects.latest("number").action == Action.REFUSED
    assert not Entry.objects.filter(facts_text__contains="sk-wrong-one").exists()


def test_the_key_of_the_environment_is_named_only(brands: Brands, settings: Any) -> None:
    settings.INVENT_API_KEY = "a-long-key-of-the-environment"
    admin = proved(client_of(member(Role.ADMIN)))

    page = text_of(admin.get(PAGE))
    assert "From the environment (…ment, " in page
    assert 'name="key"' not in page
    assert "a-long-key-of-the-environment" not in page
    assert enter(admin).status_code == 400


def test_without_a_key_to_seal_with_the_page_says_what_is_missing(
    admin: Client, settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = []
    page = text_of(admin.get(PAGE))
    assert "manage.py org new-key" in page
    assert 'name="key"' not in page
    assert enter(admin).status_code == 400


def test_a_key_is_taken_away(admin: Client) -> None:
    enter(admin)
    assert admin.post(f"{PAGE}forget/").status_code == 303
    assert hats().sealed_key == ""
    assert admin.post(f"{PAGE}forget/").status_code == 409


def test_sub_orgs_are_looked_for_and_added(admin: Client) -> None:
    enter(admin)
    assert "org_caps" in text_of(admin.get(f"{PAGE}?subs=1"))

    answer = admin.post(f"{PAGE}sub-org/", {"sub_org": "org_caps"})
    assert answer.status_code == 303
    page = text_of(admin.get(f"{PAGE}?subs=1"))
    assert "Caps is an organisation of this desk now" in page
    assert "Invent lists no sub-org that the desk does not have." in page
    assert Organization.objects.get(name="Caps").parent == hats()
    assert admin.post(f"{PAGE}sub-org/", {"sub_org": "org_caps"}).status_code == 400


def test_while_invent_is_away_the_page_says_so(admin: Client, brands: Brands) -> None:
    enter(admin)
    brands.sandbox.keys.clear()
    answer = admin.get(f"{PAGE}?subs=1")
    assert (answer.status_code, 'class="note note-error' in text_of(answer)) == (400, True)


def test_it_takes_a_fresh_proof_and_the_key_is_kept_nowhere_meanwhile(brands: Brands) -> None:
    browser = client_of(member(Role.ADMIN, brands.hats))
    answer = enter(browser)
    assert answer["Location"] == "/account/again/?next=%2Fteam%2Fconnection%2F"
    assert HATS_KEY not in str(dict(browser.session))

    assert "Nothing was sent yet" in text_of(proved(browser).get(PAGE))
    assert enter(browser).status_code == 303
    for what in ("forget/", "sub-org/"):
        assert client_of(member(Role.ADMIN, brands.hats)).post(f"{PAGE}{what}").status_code == 303
    assert hats().sealed_key


def test_it_is_for_admins(brands: Brands) -> None:
    approver = client_of(member(Role.APPROVER, brands.hats))
    assert approver.get(PAGE).status_code == 403
    assert enter(approver).status_code == 403
    assert "/team/connection/" not in text_of(approver.get("/groups/"))


def test_it_takes_no_more_queries_than_a_page_without_anything(
    admin: Client, django_assert_num_queries: Any
) -> None:
    admin.get(PAGE)
    with django_assert_num_queries(3):
        admin.get(PAGE)
