"""Joining a team by the link of an invitation, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actor import Actor
from mergeui.teams.members import invite
from tests.browser.live import LiveDesk
from tests.desk import member

PASSWORD = "several words in a row"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def link(live_desk: Callable[..., LiveDesk]) -> str:
    live_desk()
    ada = member(Role.ADMIN, name="ada")
    token = invite(ada.organization, role=Role.OPERATOR, label="Nora", by_user=Actor.member(ada))
    return f"/join/{token}/"


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_somebody_new(link: str, new_context: Callable[..., BrowserContext], scripts: bool) -> None:
    page = new_context(java_script_enabled=scripts).new_page()
    told: list[str] = []

    def note(request: Request) -> None:
        told.append(request.all_headers().get("referer", ""))

    page.on("request", note)
    page.goto(link)
    page.get_by_label("User name").fill("nora")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Join", exact=True).click()

    expect(page).to_have_title("Sign in · mergeui")
    assert Membership.objects.get(user__username="nora").role == Role.OPERATOR
    # The link is a secret, so nothing that is asked for from its page names it.
    assert any(told)
    assert not any(link in one for one in told)


def test_somebody_signed_in(link: str, signed_in: Callable[..., Page]) -> None:
    page = signed_in(Role.VIEWER)
    page.goto(link)
    page.get_by_role("button", name="Join as").click()

    expect(page.get_by_text("You belong to")).to_be_visible()
