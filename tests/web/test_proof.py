"""Second factors that a role takes, and the fresh proof that some forms take (access.py)."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from mergeui.accounts.models import Membership, Role
from mergeui.web import typed
from mergeui.web.access import MemberRequest, Proof, action, page
from mergeui.web.urls import urlpatterns as of_the_desk
from tests.desk import member
from tests.web.cast import HTMX, client_of, proved, text_of, with_app
from tests.web.test_account import set_up_app

pytestmark = pytest.mark.django_db


@page(Role.ADMIN)
def vault(request: MemberRequest) -> HttpResponse:
    kept = typed.restore(request, request.path)
    return HttpResponse(kept["reason"] if kept else "nothing typed")


@action(Role.ADMIN, back="vault", proof=Proof.SECOND_FACTOR)
def open_vault(request: MemberRequest) -> HttpResponse:
    return HttpResponse(f"opened: {request.POST['reason']}")


urlpatterns = [
    path("vault/", vault, name="vault"),
    path("vault/open/", open_vault, name="vault_open"),
    path("", include(of_the_desk)),
]


@pytest.fixture
def admin() -> Membership:
    return with_app(member(Role.ADMIN))


@pytest.fixture
def _vault(settings) -> None:
    settings.ROOT_URLCONF = "tests.web.test_proof"


def open_it(client: Client, **more: object) -> HttpResponse:
    return client.post("/vault/open/", {"reason": "the worker hangs"}, **more)


# A fresh second factor


@pytest.mark.usefixtures("_vault")
def test_a_fresh_second_factor_opens_it(admin: Membership) -> None:
    answer = open_it(proved(client_of(admin), by="mfa"))

    assert text_of(answer) == "opened: the worker hangs"


@pytest.mark.usefixtures("_vault")
def test_without_one_it_is_asked_for_and_what_was_typed_is_kept(admin: Membership) -> None:
    client = proved(client_of(admin), by="password")
    answer = open_it(client)

    assert (answer.status_code, answer.url) == (303, "/account/again/?next=%2Fvault%2F")
    assert text_of(client.get("/vault/")) == "the worker hangs"
    assert open_it(client, headers=HTMX).headers["HX-Redirect"] == answer.url


@pytest.mark.usefixtures("_vault")
def test_who_has_none_sets_one_up_first() -> None:
    client = proved(client_of(member(Role.ADMIN)))
    answer = open_it(client)

    assert answer.url == "/account/?next=%2Fvault%2F"
    assert "takes a second factor" in text_of(client.get(answer.url))
    assert open_it(proved(client_of(member(Role.APPROVER)), by="mfa")).status_code == 403


# A second factor that the role takes


def test_a_role_can_take_one(settings) -> None:
    settings.MFA_REQUIRED_ROLES = ["approver", "admin"]
    approver, operator = client_of(member(Role.APPROVER)), client_of(member(Role.OPERATOR))

    assert operator.get("/groups/").status_code == 200
    answer = approver.get("/groups/")
    assert (answer.status_code, answer.url) == (302, "/account/?next=%2Fgroups%2F")
    assert "Your role takes a second factor" in text_of(approver.get(answer.url))
    assert approver.post("/undo/").url == "/account/?next=%2Fgroups%2F"
    assert approver.post("/logout/").status_code == 303


def test_whoever_has_one_works_as_usual(settings) -> None:
    settings.MFA_REQUIRED_ROLES = ["approver"]
    client = client_of(with_app(member(Role.APPROVER)))

    assert client.get("/groups/").status_code == 200


def test_it_goes_on_where_it_was_wanted(settings) -> None:
    settings.MFA_REQUIRED_ROLES = ["viewer"]
    client = proved(client_of(member(Role.VIEWER)))
    client.get("/account/?next=/history/")
    set_up_app(client)

    assert 'href="/history/"' in text_of(client.get("/account/codes/"))
    assert client.get("/history/").status_code == 200
