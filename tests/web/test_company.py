"""Signing in with the company's own sign-in: who comes in, in which role, and who does not."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from tests.desk import member
from tests.web.cast import proved, text_of, with_app
from tests.web.provider import Provider
from tests.web.test_account import add_passkey

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider(roles=["operator"], given_name="Olga", family_name="López")
    monkeypatch.setattr(requests.Session, "get_adapter", lambda self, url: provider)
    return provider


def leave(client: Client, to: str = "") -> dict[str, list[str]]:
    """Presses the button; what the provider is asked."""
    answer = client.post("/login/company/", {"next": to})
    link = unescape(re.search(r'href="(http://127[^"]+)"', text_of(answer))[1])
    assert answer["Refresh"] == f"0; url={link}"
    return parse_qs(urlsplit(link).query)


def come_in(client: Client | None = None, to: str = "") -> HttpResponse:
    """There and back."""
    client = client or Client()
    asked = leave(client, to)
    return client.get("/login/company/back/", {"state": asked["state"][0], "code": "c"})


def said(action: Action) -> list[str]:
    return [describe(one) for one in Entry.objects.filter(action=action).order_by("number")]


def refused(answer: HttpResponse, client: Client) -> str:
    """The sign-in page that somebody is sent back to."""
    assert (answer.status_code, answer.url) == (303, "/login/")
    assert client.get("/groups/").status_code == 302
    return text_of(client.get("/login/"))


def test_somebody_new_comes_in_with_the_role_of_their_claims(provider: Provider) -> None:
    client = Client()
    answer = come_in(client, "/history/")

    assert (answer.status_code, answer.url) == (303, "/history/")
    assert client.get("/groups/").status_code == 200
    olga = Membership.objects.get(user__username="olga.lopez")
    assert (olga.role, str(olga.user), olga.user.has_usable_password()) == (
        "operator", "Olga López", False,
    )  # fmt: skip
    assert said(Action.USER_ADDED) == ["The system added the user olga.lopez as operator."]
    assert said(Action.SIGNED_IN) == ["Olga López signed in (the company sign-in)."]


def test_the_desk_asks_with_state_and_a_proof_of_its_own(provider: Provider) -> None:
    client = Client()
    asked = leave(client)
    client.get("/login/company/back/", {"state": asked["state"][0], "code": "c"})

    assert asked["client_id"] == ["desk"]
    assert set(asked["scope"][0].split()) == {"openid", "profile"}
    assert asked["redirect_uri"] == ["http://testserver/login/company/back/"]
    assert asked["code_challenge_method"] == ["S256"]
    assert provider.sent[0]["code_verifier"]


def test_nothing_of_the_claims_is_stored(provider: Provider) -> None:
    provider.claims |= {"email": "olga@example.com", "phone_number": "+34600"}
    come_in()
    come_in()

    account = SocialAccount.objects.get()
    assert (account.uid, account.extra_data) == ("u-1", {})
    assert not User.objects.get(username="olga.lopez").email


def test_the_role_follows_the_claims(provider: Provider) -> None:
    come_in()
    provider.claims["roles"] = ["viewer", "approver", 7]
    come_in()

    assert Membership.objects.get().role == "approver"
    assert Entry.objects.get(action=Action.MEMBER_CHANGED).facts["before"] == "operator"
    come_in()
    assert Entry.objects.filter(action=Action.MEMBER_CHANGED).count() == 1


@pytest.mark.parametrize("roles", [None, [], "nobody", {"a": 1}, ["OPERATOR"], 7])
def test_without_a_role_nobody_comes_in(provider: Provider, roles: object) -> None:
    provider.claims["roles"] = roles
    client = Client()

    assert "not given you a role" in refused(come_in(client), client)
    assert not User.objects.exists()
    assert said(Action.SIGN_IN_REFUSED) == [
        "Somebody could not sign in as “olga.lopez”: not by the company sign-in."
    ]


def test_who_has_no_role_any_more_is_switched_off_at_once(provider: Provider) -> None:
    browser = Client()
    come_in(browser)
    provider.claims["roles"] = []

    assert "not given you a role" in refused(come_in(client := Client()), client)
    assert Membership.objects.get().disabled_by_claims
    assert browser.get("/groups/").status_code == 403
    assert said(Action.MEMBER_DISABLED) == ["The system switched off the user olga.lopez."]


def test_a_passkey_is_no_way_around_the_company(provider: Provider, settings: Any) -> None:
    """The company is asked each time; whom it no longer knows comes in by no other way."""
    client = Client()
    come_in(client)
    passkey = add_passkey(proved(client, by="socialaccount"))

    def by_passkey() -> HttpResponse:
        browser = Client()
        asked = browser.get("/login/passkey/", headers={"Accept": "application/json"}).json()
        credential = passkey.get(asked["request_options"])
        return browser.post("/login/passkey/", {"credential": credential}, follow=True)

    assert "Sign in with your company: your" in text_of(by_passkey())
    settings.OIDC_ISSUER = ""
    assert by_passkey().request["PATH_INFO"] == "/groups/"


def test_roles_can_be_named_by_the_company(provider: Provider, settings) -> None:
    settings.OIDC_ROLES_CLAIM = "realm_access.roles"
    settings.OIDC_ROLES = (("desk-people", "viewer", ""), ("desk-leads", "admin", ""))
    provider.claims["realm_access"] = {"roles": ["desk-people", "desk-leads", "admin"]}
    come_in()

    assert Membership.objects.get().role == "admin"


def test_an_account_made_here_is_not_taken_over(provider: Provider) -> None:
    member(Role.ADMIN, name="Olga.Lopez")
    client = Client()

    assert "not made by your company" in refused(come_in(client), client)
    assert not SocialAccount.objects.exists()


def test_a_switched_off_account_stays_off(provider: Provider) -> None:
    come_in()
    User.objects.update(is_active=False)
    client = Client()

    assert "switched off" in refused(come_in(client), client)


def test_a_switched_off_member_gets_no_role_anew(provider: Provider) -> None:
    come_in()
    Membership.objects.update(disabled_at=timezone.now())
    provider.claims["roles"] = ["admin"]
    client = Client()
    come_in(client)

    assert Membership.objects.get().role == "operator"
    assert client.get("/groups/").status_code == 403


def test_a_second_factor_of_ones_own_is_asked_for_as_well(provider: Provider) -> None:
    come_in()
    with_app(Membership.objects.get())

    assert come_in().url == "/login/second/"


def test_a_role_that_takes_one_can_leave_it_to_the_company(provider: Provider, settings) -> None:
    settings.MFA_REQUIRED_ROLES = ["operator"]
    client = Client()
    come_in(client)

    assert client.get("/groups/").url.startswith("/account/")
    settings.OIDC_MFA = True
    assert client.get("/groups/").status_code == 200


@pytest.mark.parametrize(
    "query",
    [{}, {"code": "c"}, {"state": "x", "code": "c"}, {"error": "access_denied"},
     {"state": "REAL", "error": "access_denied"}, {"state": "REAL", "error": "server_error"}],
)  # fmt: skip
def test_what_does_not_come_back_whole_opens_nothing(provider: Provider, query: dict) -> None:
    client = Client()
    state = leave(client)["state"][0]
    sent = {key: state if value == "REAL" else value for key, value in query.items()}

    assert "did not work out" in refused(client.get("/login/company/back/", sent), client)


def test_a_token_for_somebody_else_opens_nothing(provider: Provider) -> None:
    provider.audience = "another"
    client = Client()

    assert "did not work out" in refused(come_in(client), client)


def test_a_provider_that_is_down_is_said_calmly(provider: Provider) -> None:
    provider.down = True
    client = Client()

    assert "be reached" in refused(client.post("/login/company/"), client)


def test_without_a_provider_there_is_no_such_page(settings) -> None:
    assert "Sign in with your company" in text_of(Client().get("/login/"))
    settings.OIDC_ISSUER = ""
    assert "Sign in with your company" not in text_of(Client().get("/login/"))
    assert Client().post("/login/company/").status_code == 404


@pytest.fixture
def brand(settings) -> Organization:
    """A second organisation, in which the claim "brand-…" gives a role."""
    settings.OIDC_ROLES = (
        ("operator", "operator", ""),
        ("brand-people", "viewer", "org_b"),
        ("brand-leads", "approver", "Brand B"),
        ("ghosts", "admin", "org_gone"),
    )
    return Organization.objects.create(invent_org_id="org_b", name="Brand B")


def roles() -> dict[str, str]:
    """The role in each organisation, "off" where they are switched off."""
    members = Membership.objects.select_related("organization")
    return {
        one.organization.invent_org_id: "off" if one.disabled_at else one.role for one in members
    }


def test_claims_give_a_role_in_each_organisation(provider: Provider, brand: Organization) -> None:
    provider.claims["roles"] = ["operator", "brand-people", "brand-leads", "ghosts"]
    come_in()

    assert roles() == {"c": "operator", "org_b": "approver"}
    assert Entry.objects.filter(action=Action.USER_ADDED, organization=brand).count() == 1


def test_in_one_that_is_not_theirs_they_are_nobody(provider: Provider, brand: Organization) -> None:
    provider.claims["roles"] = ["brand-people"]
    client = Client()
    come_in(client)

    assert roles() == {"org_b": "viewer"}
    assert client.get("/groups/").status_code == 200


def test_a_role_that_goes_and_comes_again(provider: Provider, brand: Organization) -> None:
    for given, expected in (
        (["operator", "brand-people"], "viewer"),
        (["operator"], "off"),
        (["operator"], "off"),
        (["operator", "brand-leads"], "approver"),
    ):
        provider.claims["roles"] = given
        come_in()
        assert roles() == {"c": "operator", "org_b": expected}

    mine = Entry.objects.filter(organization=brand).order_by("number")
    assert list(mine.values_list("action", flat=True)) == [
        Action.USER_ADDED, Action.MEMBER_DISABLED, Action.MEMBER_ENABLED, Action.MEMBER_CHANGED,
    ]  # fmt: skip


def test_who_was_switched_off_here_stays_off_there(provider: Provider, brand: Organization) -> None:
    provider.claims["roles"] = ["operator", "brand-people"]
    come_in()
    Membership.objects.filter(organization=brand).update(disabled_at=timezone.now())
    come_in()

    assert roles() == {"c": "operator", "org_b": "off"}


def test_an_organisation_that_is_not_there_is_said_in_the_log(
    provider: Provider, brand: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    provider.claims["roles"] = ["ghosts"]
    client = Client()

    assert "not given you a role" in refused(come_in(client), client)
    assert "org_gone names no organisation" in caplog.text
