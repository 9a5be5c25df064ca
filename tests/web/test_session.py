"""Signing in and out, and what the history keeps of it."""

import pytest
from django.test import Client

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from tests.desk import member
from tests.web.cast import client_of, somebody, text_of

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"


@pytest.fixture
def olga() -> Membership:
    return member(Role.OPERATOR, name="olga")


def sign_in(client: Client, name: str = "olga", password: str = PASSWORD, **fields: str):
    return client.post("/login/", {"username": name, "password": password, **fields})


def test_signing_in_leads_to_the_queue(client: Client, olga: Membership) -> None:
    answer = sign_in(client)

    assert (answer.status_code, answer.url) == (303, "/groups/")
    entry = Entry.objects.get(action=Action.SIGNED_IN)
    assert (entry.actor, entry.actor_role, entry.address) == (olga.user, "operator", "127.0.0.1")
    assert entry.request_id == answer["X-Request-ID"]


def test_it_leads_to_the_page_that_was_wanted(client: Client, olga: Membership) -> None:
    assert client.get("/history/?q=ana").url == "/login/?next=/history/%3Fq%3Dana"
    assert sign_in(client, next="/history/?q=ana").url == "/history/?q=ana"


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_leads_nowhere_else(client: Client, olga: Membership, page: str) -> None:
    assert sign_in(client, next=page).url == "/groups/"


def test_a_wrong_password_says_so_and_is_recorded(client: Client, olga: Membership) -> None:
    answer = sign_in(client, password="wrong")

    assert answer.status_code == 400
    assert "belong together" in text_of(answer)
    assert 'value="olga"' in text_of(answer)
    assert "wrong" not in text_of(answer)
    entry = Entry.objects.get(action=Action.SIGN_IN_REFUSED)
    assert entry.personal == {"username": "olga"}
    assert entry.organization == Organization.objects.configured()


def test_nothing_tells_whether_a_name_exists(client: Client, olga: Membership) -> None:
    pages = [text_of(sign_in(client, name, "wrong")) for name in ("olga", "nobody")]

    assert "belong together" in pages[0]
    assert "belong together" in pages[1]


def test_an_account_that_is_off_is_told_so(client: Client, olga: Membership) -> None:
    User.objects.update(is_active=False)

    assert "switched off" in text_of(sign_in(client))
    assert "switched off" not in text_of(sign_in(client, password="wrong"))
    assert Entry.objects.filter(action=Action.SIGN_IN_REFUSED).count() == 2


def test_a_session_ends_with_its_account(olga: Membership) -> None:
    client = client_of(olga)
    User.objects.update(is_active=False)

    assert client.get("/groups/").status_code == 302


@pytest.mark.parametrize("name", ["", "o\0lga", "x" * 10_000, "<script>"])
def test_odd_names_are_refused_calmly(client: Client, olga: Membership, name: str) -> None:
    assert sign_in(client, name).status_code == 400


def test_signing_out(olga: Membership) -> None:
    client = client_of(olga)

    assert client.get("/logout/").status_code == 405
    answer = client.post("/logout/")
    assert (answer.status_code, answer.url) == (303, "/login/")
    assert client.get("/groups/").status_code == 302
    assert Entry.objects.get(action=Action.SIGNED_OUT).actor == olga.user


def test_whoever_is_signed_in_needs_no_sign_in() -> None:
    assert somebody().get("/login/").url == "/groups/"


def test_without_a_role_one_is_told_whom_to_ask(client: Client) -> None:
    User.objects.create_user("newcomer", password=PASSWORD)
    sign_in(client, "newcomer")
    answer = client.get("/groups/")

    assert answer.status_code == 403
    assert "nobody has given you a role" in text_of(answer)
    assert client.post("/logout/").status_code == 303


def test_the_first_page(client: Client) -> None:
    assert client.get("/").url == "/groups/"
