"""The page of a team's policy."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from mergeui.accounts.models import Organization, PolicyChange, Role
from tests.desk import member
from tests.web.cast import client_of, proved, somebody, stranger, text_of, with_app

pytestmark = pytest.mark.django_db

PAGE = "/team/policy/"


def admin(name: str = "") -> Client:
    """An admin who has just proved by an app that it is them."""
    return proved(client_of(with_app(member(Role.ADMIN, name=name))), by="mfa")


def change(browser: Client, **fields: Any) -> Any:
    return browser.post(f"{PAGE}change/", fields)


def test_everybody_reads_it_and_admins_change_it() -> None:
    page = text_of(somebody(Role.VIEWER).get(PAGE))
    assert "A risky merge needs a second person." in page
    assert "An approved merge can be cancelled for 10 seconds." in page
    assert 'name="four_eyes"' not in page
    assert 'name="four_eyes"' in text_of(somebody(Role.ADMIN).get(PAGE))


def test_stricter_holds_at_once() -> None:
    ada = admin()
    answer = change(ada, four_eyes="always", cool_off_seconds="60")
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    page = text_of(ada.get(PAGE))
    assert "Every merge needs a second person." in page
    assert "for 60 seconds" in page


def test_looser_waits_for_another_admin() -> None:
    ada, bea = admin("ada"), admin("bea")
    change(ada, four_eyes="never", waived_risks=["large"])
    number = PolicyChange.objects.get().pk
    page = text_of(ada.get(PAGE))
    assert "waits for a second admin" in page
    assert "Confirm it" not in page
    assert ada.post(f"{PAGE}{number}/confirm/").status_code == 403
    assert change(ada, four_eyes="never").status_code == 409

    page = text_of(bea.get(PAGE))
    assert "<bdi>ada</bdi> asked for this" in page
    assert "These marks need none: Large group." in page
    assert bea.post(f"{PAGE}{number}/confirm/").status_code == 303
    assert "No merge needs a second person." in text_of(bea.get(PAGE))
    assert bea.post(f"{PAGE}{number}/confirm/").status_code == 409


def test_the_only_admin_is_told_who_else_can_confirm_it() -> None:
    ada = admin("ada")
    member(Role.ADMIN, Organization.objects.create(invent_org_id="org_hats", name="Hats"))
    change(ada, four_eyes="never")
    number = Organization.objects.configured().pk
    command = f"<code>manage.py org policy {number} --confirm</code>"
    page = text_of(ada.get(PAGE))
    assert "Nobody else here is an admin." in page
    assert command in page
    call_command("org", "policy", str(number))  # as it is called on the page

    bea = admin("bea")
    assert command not in text_of(ada.get(PAGE))
    assert command not in text_of(bea.get(PAGE))
    assert command not in text_of(somebody(Role.APPROVER).get(PAGE))
    call_command("org", "policy", str(number), "--confirm")
    assert "No merge needs a second person." in text_of(bea.get(PAGE))


def test_what_is_stricter_can_be_asked_for_while_a_change_waits() -> None:
    ada = admin("ada")
    change(ada, four_eyes="never")
    assert "Keep this policy" in text_of(ada.get(PAGE))
    assert "Keep this policy" not in text_of(somebody(Role.APPROVER).get(PAGE))

    assert change(ada, cool_off_seconds="60").status_code == 303

    page = text_of(ada.get(PAGE))
    assert "can be cancelled for 60 seconds" in page
    assert "aits for a second admin" in page


def test_the_other_admins_are_told_until_it_is_answered() -> None:
    ada, bea, olga = admin("ada"), admin("bea"), somebody(Role.APPROVER)
    change(ada, single_operator="on")

    page = text_of(bea.get("/requests/"))
    assert "ada asked for a looser policy, which takes a second admin" in page
    assert f'class="row-link" href="{PAGE}"' in page
    assert "looser policy" not in text_of(ada.get("/requests/"))
    assert "looser policy" not in text_of(olga.get("/requests/"))

    bea.post(f"{PAGE}{PolicyChange.objects.get().pk}/withdraw/")
    assert "looser policy" not in text_of(bea.get("/requests/"))


def test_it_can_be_taken_back() -> None:
    ada = admin()
    change(ada, single_operator="on")
    number = PolicyChange.objects.get().pk
    assert ada.post(f"{PAGE}{number}/withdraw/").status_code == 303
    assert "Single-operator mode: nobody" not in text_of(ada.get(PAGE))


def test_what_can_not_be_used_is_said(settings: Any) -> None:
    answer = change(admin(), four_eyes="sometimes", cool_off_seconds="-1")
    assert answer.status_code == 400
    assert "One of these can&#x27;t be used." in text_of(answer)


def test_it_takes_a_second_factor_and_an_admin() -> None:
    assert change(somebody(Role.APPROVER), four_eyes="always").status_code == 403
    assert change(somebody(Role.ADMIN), four_eyes="always")["Location"].startswith("/account/")
    assert Organization.objects.configured().four_eyes == ""


def test_what_was_typed_is_kept_while_they_prove_that_it_is_them() -> None:
    ada = client_of(with_app(member(Role.ADMIN)))
    assert change(ada, four_eyes="always", cool_off_seconds="77").status_code == 303
    page = text_of(proved(ada, by="mfa").get(PAGE))
    assert "Nothing was sent yet: check and send again." in page
    assert 'value="77"' in page


def test_whoever_comes_back_without_a_second_factor_is_told_that_it_takes_one() -> None:
    who = member(Role.ADMIN)
    ada = client_of(who)
    assert change(ada, cool_off_seconds="77")["Location"].startswith("/account/")
    page = text_of(ada.get(PAGE))
    assert "It is you" not in page
    assert "it takes a second factor, which you set up on the page of your account" in page
    assert 'value="77"' in page

    change(ada, cool_off_seconds="78")
    with_app(who)
    page = text_of(ada.get(PAGE))
    assert "Nothing was sent yet: check and send again." in page
    assert 'value="78"' in page


def test_that_of_others_is_not_there() -> None:
    change(admin(), four_eyes="never")
    number = PolicyChange.objects.get().pk
    assert stranger().post(f"{PAGE}{number}/withdraw/").status_code == 404
    assert "asked for this" not in text_of(stranger().get(PAGE))


def test_a_mode_of_one_person_is_said_once_it_is_confirmed() -> None:
    ada, bea = admin(), admin()
    change(ada, single_operator="on")
    bea.post(f"{PAGE}{PolicyChange.objects.get().pk}/confirm/")
    assert "Single-operator mode: nobody" in text_of(ada.get("/groups/"))


def test_the_page_takes_a_fixed_number_of_queries(django_assert_num_queries: Any) -> None:
    browser = somebody(Role.ADMIN)
    browser.get(PAGE)
    with django_assert_num_queries(4):
        browser.get(PAGE)
