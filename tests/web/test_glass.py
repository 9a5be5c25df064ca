"""The pages of breaking the glass: the form on a request, and the list of what is open."""

from typing import Any

import pytest
from django.test import Client

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.merging.models import GlassBreak, MergeRequest, RequestState
from tests.contacts import contact
from tests.desk import Desk, actor, member
from tests.merging.stage import PHONE, fresh
from tests.web.cast import client_of, proved, somebody, stranger, text_of, with_app

pytestmark = pytest.mark.django_db

WHY = "The customer is on the phone, <b>nobody</b> else is in."


@pytest.fixture
def asked(settings: Any) -> MergeRequest:
    settings.MERGE_FOUR_EYES = "always"
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE))
    desk.sync()
    return desk.propose(actor(Role.OPERATOR))


@pytest.fixture
def olga() -> Client:
    """An operator who may break the glass, and has just proved by an app that it is her."""
    olga = with_app(member(Role.OPERATOR, name="olga"))
    Membership.objects.filter(pk=olga.pk).update(may_break_glass=True)
    return proved(client_of(olga), by="mfa")


def smash(browser: Client, asked: MergeRequest, reason: str = WHY) -> Any:
    return browser.post(f"/requests/{asked.pk}/break-glass/", {"reason": reason})


def test_the_form_is_there_for_whoever_may(olga: Client, asked: MergeRequest) -> None:
    where = f"/requests/{asked.pk}/"
    assert "Break the glass and approve" in text_of(olga.get(where))
    assert "Break the glass" not in text_of(somebody(Role.OPERATOR).get(where))
    assert "Break the glass" not in text_of(somebody(Role.APPROVER).get(where))


def test_it_approves_tells_everybody_and_is_closed(olga: Client, asked: MergeRequest) -> None:
    admin, viewer = somebody(Role.ADMIN), somebody(Role.VIEWER)
    assert smash(olga, asked)["Location"] == f"/requests/{asked.pk}/"
    assert fresh(asked).state == RequestState.APPROVED
    page = text_of(olga.get(f"/requests/{asked.pk}/"))
    assert "The glass was broken." in page
    assert "Break the glass and approve" not in page

    told = text_of(viewer.get("/requests/"))
    assert "olga broke the glass" in told
    assert "&lt;b&gt;nobody&lt;/b&gt;" in told
    assert "Look at it and close it" in text_of(admin.get("/groups/"))
    assert "Look at it and close it" not in text_of(viewer.get("/groups/"))

    page = text_of(admin.get("/team/glass/"))
    assert "&lt;b&gt;nobody&lt;/b&gt;" in page
    number = GlassBreak.objects.get().pk
    assert 'name="note"' not in text_of(viewer.get("/team/glass/"))
    assert admin.post(f"/team/glass/{number}/close/", {"note": ""}).status_code == 400
    answer = admin.post(f"/team/glass/{number}/close/", {"note": "It was right."})
    assert (answer.status_code, answer["Location"]) == (303, "/team/glass/")
    assert "Closed by admin-" in text_of(admin.get("/team/glass/"))
    assert admin.post(f"/team/glass/{number}/close/", {"note": "Again."}).status_code == 409


def test_without_a_second_factor_lately_it_is_proved_first(asked: MergeRequest) -> None:
    vera = member(Role.OPERATOR)
    Membership.objects.filter(pk=vera.pk).update(may_break_glass=True)
    assert smash(client_of(vera), asked)["Location"].startswith("/account/")
    assert smash(client_of(with_app(vera)), asked)["Location"].startswith("/account/")
    assert fresh(asked).state == RequestState.PROPOSED


def test_without_the_permission_nothing_is_approved(asked: MergeRequest) -> None:
    browser = proved(client_of(with_app(member(Role.OPERATOR))), by="mfa")
    assert smash(browser, asked).status_code == 403
    assert smash(somebody(Role.VIEWER), asked).status_code == 403
    assert fresh(asked).state == RequestState.PROPOSED


def test_a_reason_that_is_too_short_or_too_long_is_kept(olga: Client, asked: MergeRequest) -> None:
    answer = smash(olga, asked, "Too short")
    assert answer.status_code == 400
    assert "Too short</textarea>" in text_of(answer)
    assert smash(olga, asked, "x" * 2_001).status_code == 400
    assert smash(olga, asked, "x" * 2_000).status_code == 303
    assert smash(olga, asked).status_code == 409


def test_strangers_find_nothing(asked: MergeRequest, olga: Client) -> None:
    smash(olga, asked)
    number = GlassBreak.objects.get().pk
    assert stranger().post(f"/team/glass/{number}/close/", {"note": "Hm."}).status_code == 404
    more = Organization.objects.create(invent_org_id="org_more", name="More")
    outside = proved(client_of(with_app(member(Role.ADMIN, more))), by="mfa")
    assert smash(outside, asked).status_code == 404
    assert "Never broken" in text_of(stranger().get("/team/glass/"))


def test_the_list_takes_a_fixed_number_of_queries(
    olga: Client, asked: MergeRequest, django_assert_num_queries: Any
) -> None:
    smash(olga, asked)
    admin = somebody(Role.ADMIN)
    admin.get("/team/glass/")
    with django_assert_num_queries(4):
        admin.get("/team/glass/")


def test_single_operator_mode_is_said_on_every_page(asked: MergeRequest, settings: Any) -> None:
    browser = somebody(Role.VIEWER)
    assert "Single-operator mode" not in text_of(browser.get("/groups/"))
    settings.MERGE_SINGLE_OPERATOR = True
    assert "Single-operator mode" in text_of(browser.get("/groups/"))
