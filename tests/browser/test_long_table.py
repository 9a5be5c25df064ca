"""Sixty-four contacts in one group: a table that stays usable, by hand and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mergeui.accounts.models import Role
from tests.browser.axe import assert_accessible
from tests.browser.conftest import FITS, PHONE
from tests.browser.live import LiveDesk
from tests.contacts import contact, email, whatsapp

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def address(live_desk: Callable[..., LiveDesk]) -> str:
    names = ("Ana García", "Ana Garzía", "محمد علي", "Bea")
    shared = whatsapp("+34600111222")
    people = [contact(names[n % 4], shared, email(f"{n}@example.com")) for n in range(64)]
    desk = live_desk(*people)
    desk.sync()
    return f"/groups/{desk.group().pk}/"


def test_filter_tick_and_scroll(address: str, signed_in: Callable[..., Page]) -> None:
    page = signed_in(Role.OPERATOR)
    page.goto(address)
    page.get_by_label("Filter these contacts").fill("garcia")
    expect(page.get_by_text("16 of 64 contacts shown.")).to_be_visible()
    page.keyboard.press("Enter")

    page.get_by_role("button", name="Tick those shown", exact=True).click()
    expect(page.locator("#what")).to_contain_text("15 contacts will be merged into Ana García")
    page.get_by_label("Filter these contacts").fill("nobody at all")
    expect(page.get_by_text("None of these contacts has that.")).to_be_visible()
    page.get_by_label("Filter these contacts").fill("")
    expect(page.locator("[name=sources]:checked")).to_have_count(15)

    page.locator("tbody tr").nth(40).locator("td:not(.fold)").last.scroll_into_view_if_needed()
    expect(page.locator(".compare-many thead th").first).to_be_in_viewport()
    expect(page.locator("tbody .frozen").nth(40)).to_be_in_viewport()
    assert_accessible(page)


def test_it_fits_a_phone(address: str, signed_in: Callable[..., Page]) -> None:
    page = signed_in(Role.OPERATOR, **PHONE)
    page.goto(address)

    assert page.evaluate(FITS)
    page.get_by_label("Merge: Ana Garzía").first.check()
    expect(page.get_by_role("button", name="Merge 1 contact")).to_be_visible()
    assert_accessible(page)


def test_the_table_shows_that_it_has_the_focus(
    address: str, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(Role.OPERATOR)
    page.goto(address)
    card = page.locator(".compare-card")
    expect(card).to_have_css("outline-style", "none")

    page.get_by_label("Filter these contacts").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("region", name="The contacts below each other")).to_be_focused()
    # Around the card, which shows all of it: inside, the frozen cells would lie over it.
    expect(card).to_have_css("outline-style", "solid")
