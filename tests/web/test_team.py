"""The page of a team's members, and the links that invite into it."""

import re
from typing import Any

import pytest
from django.test import Client

from mergeui.accounts.models import Invitation, Membership, Organization, Role
from tests.desk import member
from tests.web.cast import client_of, proved, somebody, stranger, text_of

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"


@pytest.fixture
def admin() -> Client:
    return proved(client_of(member(Role.ADMIN, name="ada")))


@pytest.fixture
def olga() -> Membership:
    return member(Role.OPERATOR, name="olga")


def link(admin: Client, **fields: str) -> str:
    page = text_of(admin.post("/team/invite/", {"label": "Nora", "role": "operator", **fields}))
    found = re.search(r'value="http://testserver(/join/[^"]+/)"', page)
    assert found, page
    return found[1]


def test_everybody_sees_the_members_and_admins_change_them(admin: Client, olga: Membership) -> None:
    assert 'name="glass"' in text_of(admin.get("/team/"))
    page = text_of(client_of(olga).get("/team/"))
    assert "ada" in page
    assert 'name="glass"' not in page
    assert "Key of Invent" not in page


def test_a_link_is_shown_once_and_makes_a_member(admin: Client) -> None:
    where = link(admin)
    assert where not in text_of(admin.get("/team/"))
    assert "Nora" in text_of(admin.get("/team/"))

    browser = Client()
    page = browser.get(where)
    assert "Join My team" in text_of(page)
    assert page["Referrer-Policy"] == "strict-origin"
    fields = {"username": "nora", "password": PASSWORD, "password_again": PASSWORD}
    answer = browser.post(where, fields)
    assert (answer.status_code, answer["Location"]) == (303, "/login/")
    assert Membership.objects.get(user__username="nora").role == Role.OPERATOR
    assert browser.get(where).status_code == 404


def test_whoever_is_signed_in_joins_by_a_click(admin: Client) -> None:
    where, browser = link(admin), stranger()
    assert "Join as admin-" in text_of(browser.get(where))
    assert browser.post(where)["Location"] == "/"
    assert "You belong to My team now." in text_of(browser.get("/groups/"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password_again": "another"}, "The two passwords differ"),
        ({"password": "short", "password_again": "short"}, "at least 12"),
        ({"username": "ada"}, "has this user name already"),
    ],
)
def test_what_can_not_be_used_is_said_and_the_name_kept(
    admin: Client, fields: dict[str, str], sentence: str
) -> None:
    where = link(admin)
    good = {"username": "nora", "password": PASSWORD, "password_again": PASSWORD}
    answer = Client().post(where, {**good, **fields})

    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert f'value="{fields.get("username", "nora")}"' in text_of(answer)
    assert PASSWORD not in text_of(answer)
    assert Invitation.objects.get().state == "open"


def test_a_link_that_is_none_says_what_to_do() -> None:
    answer = Client().get("/join/not-one-of-ours/")
    assert answer.status_code == 404
    assert "Ask whoever sent it for another one" in text_of(answer)
    assert Client().put("/join/not-one-of-ours/").status_code == 405


def test_an_invitation_is_withdrawn(admin: Client) -> None:
    where = link(admin)
    number = Invitation.objects.get().pk
    assert admin.post(f"/team/invitations/{number}/withdraw/").status_code == 303
    assert Client().get(where).status_code == 404
    assert admin.post(f"/team/invitations/{number}/withdraw/").status_code == 409


def test_a_bad_invitation_keeps_what_was_typed(admin: Client) -> None:
    answer = admin.post("/team/invite/", {"label": "Nora <b>", "role": "god"})
    assert answer.status_code == 400
    assert 'value="Nora &lt;b&gt;"' in text_of(answer)


def test_a_role_is_changed_and_counts_at_once(admin: Client, olga: Membership) -> None:
    browser = client_of(olga)
    assert browser.get("/contacts/").status_code == 200
    answer = admin.post(f"/team/members/{olga.pk}/change/", {"role": "viewer", "glass": "on"})
    assert answer.status_code == 303
    page = text_of(admin.get("/team/"))
    assert "olga is viewer now. olga may break the glass now." in page
    assert browser.get("/contacts/").status_code == 403
    olga.refresh_from_db()
    assert olga.may_break_glass


def test_a_permission_is_named_when_it_is_given_and_taken(admin: Client, olga: Membership) -> None:
    where = f"/team/members/{olga.pk}/change/"
    admin.post(where, {"role": "operator", "glass": "on"})
    page = text_of(admin.get("/team/"))
    assert "olga may break the glass now." in page
    assert "olga is operator" not in page

    admin.post(where, {"role": "operator"})
    assert "olga may not break the glass any more." in text_of(admin.get("/team/"))

    admin.post(where, {"role": "operator"})
    assert "olga is operator now." in text_of(admin.get("/team/"))


def test_the_last_admin_stays_one(admin: Client) -> None:
    number = Membership.objects.get(user__username="ada").pk
    answer = admin.post(f"/team/members/{number}/change/", {"role": "viewer"})
    assert (answer.status_code, "A team needs an admin" in text_of(answer)) == (400, True)
    assert admin.post(f"/team/members/{number}/disable/").status_code == 403


def test_whoever_is_switched_off_is_out_at_once(admin: Client, olga: Membership) -> None:
    browser = client_of(olga)
    assert browser.get("/groups/").status_code == 200
    assert admin.post(f"/team/members/{olga.pk}/disable/").status_code == 303
    assert browser.get("/groups/").status_code == 302
    page = text_of(admin.get("/team/"))
    assert "olga is out at once" in page
    assert "Switched off since" in page

    assert admin.post(f"/team/members/{olga.pk}/enable/").status_code == 303
    assert client_of(olga).get("/groups/").status_code == 200


def test_of_two_teams_the_other_one_stays(admin: Client, olga: Membership) -> None:
    others = Organization.objects.create(invent_org_id="org_other", name="Others")
    Membership.objects.create(user=olga.user, organization=others, role=Role.VIEWER)
    browser = client_of(olga)
    admin.post(f"/team/members/{olga.pk}/disable/")
    page = text_of(browser.get("/team/"))
    assert "Others" in page
    assert "ada" not in page


def test_members_of_others_are_not_there(olga: Membership) -> None:
    for what in ("change", "disable", "enable"):
        where = f"/team/members/{olga.pk}/{what}/"
        assert proved(stranger()).post(where).status_code == 404


def test_it_takes_a_fresh_proof_and_what_was_typed_is_kept(olga: Membership) -> None:
    browser = somebody(Role.ADMIN)
    answer = browser.post("/team/invite/", {"label": "Nora", "role": "approver"})
    assert answer["Location"] == "/account/again/?next=%2Fteam%2F"
    page = text_of(proved(browser).get("/team/"))
    assert 'value="Nora"' in page
    assert '<option value="approver" selected>' in page

    for what in ("change", "disable", "enable"):
        answer = somebody(Role.ADMIN).post(f"/team/members/{olga.pk}/{what}/", {"role": "viewer"})
        assert answer["Location"].startswith("/account/again/")
    olga.refresh_from_db()
    assert (olga.role, olga.disabled_at) == ("operator", None)


def test_the_role_that_was_chosen_is_kept_over_the_proof(olga: Membership) -> None:
    browser = somebody(Role.ADMIN)
    chosen = {"of": olga.pk, "role": "approver", "glass": "on"}
    browser.post(f"/team/members/{olga.pk}/change/", chosen)

    page = text_of(proved(browser).get("/team/"))
    form = page[page.index(f'name="of" value="{olga.pk}"') :].partition("</form>")[0]
    assert '<option value="approver" selected>' in form
    assert 'name="glass" checked' in form
    invite = page[page.index('id="id_role"') :]
    assert "selected" not in invite.partition("</select>")[0]
    olga.refresh_from_db()
    assert (olga.role, olga.may_break_glass) == ("operator", False)


def test_an_approver_changes_nothing(olga: Membership) -> None:
    approver = somebody(Role.APPROVER)
    for where in (
        f"members/{olga.pk}/change/",
        f"members/{olga.pk}/disable/",
        f"members/{olga.pk}/enable/",
        "invite/",
    ):
        assert approver.post(f"/team/{where}").status_code == 403


def test_the_list_takes_as_many_queries_whatever_its_length(
    admin: Client, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        member(Role.VIEWER)
    admin.get("/team/")
    with django_assert_num_queries(5):
        admin.get("/team/")
