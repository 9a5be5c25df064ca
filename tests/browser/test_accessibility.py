"""Every page and state in Spanish, dark, and at four times the size; the focus is kept and seen."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mergeui.accounts.models import Role, User
from mergeui.audit.actor import Actor
from mergeui.merging.models import Standing
from mergeui.merging.notes import write
from mergeui.merging.standing import halt
from mergeui.review.models import Group
from tests.browser.axe import assert_accessible
from tests.browser.conftest import FITS
from tests.browser.live import LiveDesk
from tests.contacts import contact, email, whatsapp
from tests.desk import member

pytestmark = pytest.mark.django_db(transaction=True)

# A window of 1280 pixels at 400% has room for 320 (WCAG 1.4.10); 200% is easier.
ENLARGED: dict[str, Any] = {
    "viewport": {"width": 320, "height": 640}, "color_scheme": "dark", "locale": "es-ES",
}  # fmt: skip
HOSTILE = "\u0410na \u202egnp.exe مُحَمَّد " + "W" * 60


@pytest.fixture
def desk(live_desk: Callable[..., LiveDesk]) -> LiveDesk:
    home, office = email("ana@example.com"), whatsapp("+34600111222")
    desk = live_desk(
        contact(HOSTILE, home), contact("Ana García", home, whatsapp("+34600999888")),
        contact("Bea", office), contact("Bea", office, unsubscribed=True),
        *(contact("Ana", email("all@example.com")) for _ in range(6)),
    )  # fmt: skip
    desk.sync()
    return desk


def fits_and_reads(page: Page, state: str) -> None:
    # What lies half under the bar on top, because of a scroll, is no target of its own.
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate(FITS), state
    assert page.evaluate("document.documentElement.lang") == "es", state
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=Path(shots) / f"{state}.png", full_page=True)
    assert_accessible(page)


def test_every_state_at_four_times_the_size(desk: LiveDesk, signed_in: Callable[..., Page]) -> None:
    page = signed_in(Role.APPROVER, **ENLARGED)
    olga = Actor.member(member(Role.OPERATOR, name="olga"))
    bea = Group.objects.get(sort_name="bea")
    asked = desk.propose(olga, bea)
    ana = Group.objects.get(member_count=2, state="open")
    write(ana, text="@approver, the same?", by_user=olga)

    def at(address: str, state: str) -> None:
        page.goto(address)
        fits_and_reads(page, state)

    at("/settings/", "settings")
    page.get_by_label("Densidad de las listas").select_option("compact")
    page.get_by_role("button", name="Guardar los ajustes").click()
    fits_and_reads(page, "settings-kept")
    at("/groups/", "queue-compact")
    page.get_by_role("button", name="Tú: approver").click()
    fits_and_reads(page, "menu-open")
    at(f"/groups/{ana.pk}/", "compare")
    page.get_by_role("button", name="Posponer…").click()
    fits_and_reads(page, "snooze-open")
    page.keyboard.press("Escape")
    page.locator("[name=sources]").last.uncheck()
    expect(page.locator("#what")).to_contain_text("Marca al menos un contacto")
    page.get_by_role("button", name="Fusionar", exact=True).click()
    expect(page.locator("#none-ticked")).to_have_text(re.compile("^Aún no hay nada marcado"))
    fits_and_reads(page, "nothing-ticked")
    page.get_by_role("button", name="Posponer…").click()
    page.get_by_role("button", name="Posponer", exact=True).click()
    expect(page.locator("#problem")).to_contain_text("Elige el día")
    page.keyboard.press("Escape")
    fits_and_reads(page, "refused")
    at(f"/groups/{Group.objects.get(member_count=6).pk}/", "compare-many")
    at("/requests/", "requests-for-me")
    at(f"/requests/{asked.pk}/", "request")
    at("/history/", "history")
    page.locator(".entry summary").first.click()
    expect(page.locator(".entry-body .facts").first).to_be_visible()
    fits_and_reads(page, "history-open")
    halt(desk.organization, Standing.Halt.KEY, "refused")
    at("/halt/", "halt")


def test_signing_in_at_four_times_the_size(new_context: Callable[..., Any]) -> None:
    page = new_context(**ENLARGED, timezone_id="Asia/Kolkata").new_page()
    member(Role.VIEWER, name="olga")
    page.goto("/groups/")
    page.get_by_label("Nombre de usuario").fill("olga")
    page.get_by_label("Contraseña").fill("wrong")
    page.get_by_role("button", name="Iniciar sesión", exact=True).click()
    fits_and_reads(page, "login-refused")
    page.get_by_label("Contraseña").fill("a long enough password")
    page.get_by_role("button", name="Iniciar sesión", exact=True).click()
    expect(page.get_by_role("heading", name="Cola")).to_be_visible()
    # The browser has told the zone.
    assert User.objects.get(username="olga").time_zone == "Asia/Calcutta"
    # Where she just signed in, no proof is asked for again.
    for state in ("", "password/", "app/", "passkey/", "again/"):
        page.goto(f"/account/{state}")
        fits_and_reads(page, f"account-{state[:-1]}")


def test_the_focus_goes_on_where_a_part_is_swapped(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page]
) -> None:
    desk = live_desk(*(contact("Ana", email(f"{n // 2}@example.com")) for n in range(102)))
    desk.sync()
    page = signed_in(Role.OPERATOR)
    page.emulate_media(forced_colors="active")
    page.goto("/groups/")
    # The counts of the views are asked for at the same time, and may come in between.
    page.evaluate(
        """document.addEventListener("htmx:afterSwap", (event) => {
            if (event.target.id !== "results") return;
            const target = document.getElementById("views");
            target.dispatchEvent(
                new CustomEvent("htmx:beforeSwap", { detail: { target }, bubbles: true }));
        })"""
    )
    following = page.get_by_role("link", name="Next", exact=True)
    chosen = page.locator(".tabs [aria-current]")
    following.focus()
    # Not by colour alone, which the system takes away here.
    assert following.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    assert chosen.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator("#results")).to_be_focused()
    assert page.locator("#results").evaluate("e => getComputedStyle(e).animationName") == "none"
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=Path(shots) / "forced-colors.png")
