"""Deciding about many groups at once, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from mergeui.accounts.models import Role
from mergeui.merging.bulk.work import work_portion
from mergeui.merging.models import BulkDecision, MergeRequest, RequestState
from mergeui.review.models import Group, GroupState
from tests.browser.axe import assert_accessible
from tests.browser.conftest import FITS, PHONE
from tests.desk import Desk
from tests.many import crowd, pairs, stored

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 20_000  # ms: a slow machine is no failure


def ticked(page: Page) -> list[bool]:
    return [box.is_checked() for box in page.locator("[data-tick]").all()]


def test_hundreds_of_groups_with_one_confirmation(signed_in: Callable[..., Page]) -> None:
    desk = Desk()
    stored(desk, pairs(280))
    stored(desk, pairs(20, unsubscribed=True))
    page = signed_in(Role.OPERATOR)

    # What a merge of all of them would do: all of it listed; the risky ones set aside, and named.
    page.goto("/groups/?sort=name")
    page.get_by_label("All 300 that match").check()
    expect(page.get_by_role("status").filter(has_text="All 300 that match")).to_be_visible()
    page.get_by_role("button", name="Merge…").click()
    expect(page.get_by_role("heading", name="Merge 280 groups?")).to_be_visible()
    expect(page.locator(".row")).to_have_count(50)
    expect(page.get_by_text("nothing happens to them: 20 risky")).to_be_visible()
    page.get_by_role("link", name="Which?").click()
    expect(page.locator(".row")).to_have_count(20)
    expect(page.get_by_text("Risky: Consent differs. Look at it alone.").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Change nothing").click()
    expect(page).to_have_url(re.compile(r"/groups/\?sort=name$"))

    # They are no duplicates; one of them changes before its turn.
    page.get_by_label("All 300 that match").check()
    page.get_by_role("button", name="Not duplicates…").click()
    page.get_by_label("Note").fill("Imported twice from two shops")
    Group.objects.filter(sort_name="ana 200").update(fingerprint="f" * 64)
    page.get_by_role("button", name="Mark 300 groups as not duplicates").click()
    expect(page.get_by_text("300 are still to come.")).to_be_visible()
    for _ in range(4):
        work_portion(desk.organization)
    expect(page.get_by_text("220 are still to come.")).to_be_visible(timeout=PATIENCE)
    while work_portion(desk.organization):
        pass

    expect(page.get_by_text("Every group has had its turn.")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#live")).not_to_have_attribute("hx-trigger", re.compile("every"))
    page.get_by_role("link", name=re.compile("Set aside")).click()
    expect(page.get_by_text("It changed since the summary.").first).to_be_visible()
    assert_accessible(page)
    assert Group.objects.filter(state=GroupState.DISMISSED).count() == 299
    page.goto("/groups/")
    expect(page.locator(".row")).to_have_count(1)


@pytest.fixture
def _time_to_cancel(settings: Any) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 600


@pytest.mark.usefixtures("_time_to_cancel")
@pytest.mark.parametrize("scripted", [True, False], ids=["phone", "without-scripts"])
def test_stopped_and_taken_back(
    signed_in: Callable[..., Page], new_context: Callable[..., BrowserContext], scripted: bool
) -> None:
    desk, _ = crowd(4)
    page = signed_in(Role.OPERATOR, **(PHONE if scripted else {"java_script_enabled": False}))
    page.goto("/groups/")
    page.locator("[data-tick]").nth(0).check()
    page.locator("[data-tick]").nth(2).check()
    page.get_by_role("button", name="Merge…").click()
    page.get_by_role("button", name="Merge 2 groups").click()
    expect(page.get_by_text("2 are still to come.")).to_be_visible()
    assert page.evaluate(FITS)
    work_portion(desk.organization)
    if not scripted:
        page.get_by_role("link", name="See how far it is").click()
    going = page.get_by_text("What is being merged goes on, but can be taken back")
    expect(going).to_be_visible(timeout=PATIENCE)

    page.get_by_role("button", name="Take back").click()
    desk.work()
    if not scripted:
        page.reload()
    expect(page.get_by_text("took back what could be taken back.")).to_be_visible(timeout=PATIENCE)
    assert set(MergeRequest.objects.values_list("state", flat=True)) == {RequestState.CANCELLED}
    assert BulkDecision.objects.get().taken_back == 2
    assert desk.counters.merge_calls == 0


def test_ticks_and_views(signed_in: Callable[..., Page]) -> None:
    crowd(6)
    page = signed_in(Role.OPERATOR)
    page.goto("/groups/")
    bar = page.locator("[data-ticked]")

    # A range with Shift, the whole page, and back.
    page.locator("[data-tick]").nth(1).check()
    expect(bar).to_have_text("1 ticked")
    page.locator("[data-tick]").nth(3).click(modifiers=["Shift"])
    expect(bar).to_have_text("3 ticked")
    assert ticked(page) == [False, True, True, True, False, False]
    # The list is fetched again, and the ticks stay.
    page.evaluate("htmx.trigger(document.body, 'queue-changed')")
    page.wait_for_load_state("networkidle")
    expect(bar).to_have_text("3 ticked")
    page.get_by_label("All on this page").check()
    expect(bar).to_have_text("6 ticked")
    assert_accessible(page)
    page.get_by_role("button", name="Untick all").click()
    expect(bar).to_be_hidden()
    # By keys alone: to the second row, tick it, and what would happen.
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("t")
    expect(bar).to_have_text("1 ticked")
    assert ticked(page)[1]
    expect(page).to_have_url(re.compile("/groups/$"))
    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="Merge 1 group?")).to_be_visible()
    page.get_by_role("link", name="Change nothing").click()

    # A filter gets a name, and a count.
    page.get_by_label("Search").fill("ana3@")
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_role("button", name="Keep this view…").click()
    page.get_by_label("Name of the view").fill("Third Anas")
    assert_accessible(page)
    page.get_by_role("button", name="Keep", exact=True).click()
    chip = page.get_by_role("link", name="Third Anas")
    expect(chip).to_have_text("Third Anas 1")
    expect(chip).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="All views").click()
    assert_accessible(page)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted “Third Anas”.")).to_be_visible()
