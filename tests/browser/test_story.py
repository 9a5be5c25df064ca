"""The main job in a real browser, with JavaScript and without: the same story."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from mergeui.accounts.models import Role
from mergeui.merging.models import MergeRequest, RequestState
from tests.browser.axe import assert_accessible
from tests.browser.conftest import SEEN_MS
from tests.browser.live import LiveDesk
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import actor, member

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long enough password"
PATIENCE = 20_000  # ms: a slow machine is no failure


@pytest.fixture(autouse=True)
def _short_cool_off(settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 2


@pytest.fixture
def desk(live_desk: Callable[..., LiveDesk]) -> LiveDesk:
    """Ana twice, Bea twice with one opt-out; a worker that runs."""
    desk = live_desk(
        contact("Ana García", whatsapp("+15550101"), email("ana@example.com"),
                segments=[segment("VIP", "amber")], created_at="2023-01-01T00:00:00Z"),
        contact("Ana G.", whatsapp("+15550101"), segments=[segment("Newsletter")]),
        contact("Bea Costa", email("bea@example.com"), created_at="2023-01-01T00:00:00Z"),
        contact("Bea Costa", email("bea@example.com"), unsubscribed=True),
    )  # fmt: skip
    desk.start_worker()
    return desk


def sign_in(page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def until_seen(page: Page, text: str, *, scripted: bool = True) -> None:
    """Waits for a page that lives; without JavaScript looks again and again, as a person would."""
    shown = page.get_by_text(text).first
    for _ in range(0 if scripted else 60):
        if shown.is_visible():
            break
        page.wait_for_timeout(300)
        page.reload()
    expect(shown).to_be_visible(timeout=PATIENCE)


@pytest.mark.every_database
@pytest.mark.parametrize("scripted", [True, False], ids=["with-scripts", "without-scripts"])
def test_the_main_job(
    desk: LiveDesk, new_context: Callable[..., BrowserContext], scripted: bool
) -> None:
    member(Role.OPERATOR, name="olga")
    member(Role.APPROVER, name="paula")
    page = new_context(java_script_enabled=scripted).new_page()

    # Sign in, refresh, see the queue.
    sign_in(page, "olga")
    page.get_by_role("button", name="Refresh").click()
    until_seen(page, "2 groups", scripted=scripted)

    # Open Ana, compare, confirm, watch it merge.
    page.get_by_role("link", name=re.compile("Ana García")).click()
    expect(page.get_by_role("heading", name="Are these the same person?")).to_be_visible()
    expect(page.get_by_text("disappears; this can't be undone.").first).to_be_visible()
    page.wait_for_timeout(SEEN_MS)
    page.get_by_role("button", name=re.compile("^Merge")).click()
    page.get_by_role("link", name="Look at the request").click()
    until_seen(page, "The contacts are one now.", scripted=scripted)
    assert MergeRequest.objects.get().state == RequestState.MERGED
    assert desk.counters.merge_calls == 1

    # Bea is risky: Olga acknowledges, Paula approves.
    page.goto("/groups/")
    page.get_by_role("link", name=re.compile("Bea Costa")).click()
    page.locator("input[name=sources]").last.check()
    if not scripted:
        page.get_by_role("button", name="Preview").click()
    page.wait_for_timeout(SEEN_MS)
    page.get_by_label(re.compile("I have read what is risky")).check()
    page.get_by_role("button", name=re.compile("^(Merge|Ask)")).click()
    expect(page.get_by_text("Approval asked for: Bea Costa")).to_be_visible()

    paula = new_context(java_script_enabled=scripted).new_page()
    sign_in(paula, "paula")
    paula.get_by_role("link", name=re.compile("Requests")).click()
    paula.get_by_role("link", name=re.compile("Merge 1 contact into Bea Costa")).click()
    paula.wait_for_timeout(SEEN_MS)
    paula.get_by_role("button", name="Approve this merge").click()
    until_seen(paula, "An opt-out was lost", scripted=scripted)

    # Find it in the history.
    paula.get_by_role("link", name="History", exact=True).click()
    expect(paula.get_by_text("Ana G. into Ana García").first).to_be_visible()
    assert desk.counters.merge_calls == 2
    assert desk.counters.hazard_calls == 0


def test_no_page_has_a_barrier(desk: LiveDesk, signed_in: Callable[..., Page]) -> None:
    page = signed_in(Role.APPROVER)
    page.goto("/groups/")
    assert_accessible(page, dark_too=True)
    page.get_by_role("button", name="Refresh").click()
    until_seen(page, "2 groups")
    assert_accessible(page, dark_too=True)
    for row in (0, 1):
        page.goto("/groups/")
        page.locator(".row-link").nth(row).click()
        expect(page.get_by_role("heading", name="Are these the same person?")).to_be_visible()
        assert_accessible(page, dark_too=True)
    page.wait_for_timeout(SEEN_MS)
    page.get_by_role("button", name="Not a duplicate").click()
    expect(page.get_by_text("Marked as not a duplicate")).to_be_visible()
    assert_accessible(page, dark_too=True)
    olga = desk.propose(actor(Role.OPERATOR), desk.group("open"))
    addresses = [
        "/groups/?q=nothing-like-that", "/groups/?state=dismissed", "/requests/?view=all",
        f"/requests/{olga.pk}/", "/history/", "/history/1/",
        f"/contacts/{olga.primary_contact_id}/", "/contacts/nobody/",
    ]  # fmt: skip
    for address in addresses:
        page.goto(address)
        assert_accessible(page, dark_too=True)
    page.context.clear_cookies()
    page.goto("/login/")
    assert_accessible(page, dark_too=True)
