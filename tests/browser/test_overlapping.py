"""Two things at once on one page: the slower answer must not be written where it doesn't belong."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Request, Route, expect

from mergeui.accounts.models import Role
from mergeui.merging.models import MergeRequest
from mergeui.review.models import Group, GroupState
from tests.browser.conftest import SEEN_MS
from tests.browser.live import LiveDesk
from tests.contacts import contact, email

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page]) -> Page:
    """The queue with Ana twice, Bea three times, once unsubscribed, and Cas twice."""
    people = [("Ana", False)] * 2 + [("Bea", False), ("Bea", True), ("Bea", False)]
    people += [("Cas", False)] * 2
    live_desk(
        *[contact(name, email(f"{name}@example.com"), unsubscribed=out) for name, out in people]
    ).sync()
    page = signed_in(Role.OPERATOR)
    page.goto("/groups/?sort=name")
    return page


@contextmanager
def held_up(page: Page, address: str) -> Iterator[list[Route]]:
    """What is asked of this address waits until it is let go of."""
    waiting: list[Route] = []
    pattern = re.compile(address)
    page.route(pattern, lambda route: waiting.append(route))
    yield waiting
    page.unroute(pattern)


def opens(page: Page, name: str) -> None:
    page.goto(f"/groups/{Group.objects.get(sort_name=name).pk}/")


def shows(page: Page, name: str) -> None:
    expect(page.locator(".contact-name bdi").first).to_have_text(name)


def of(address: str) -> Callable[[Request], bool]:
    return lambda request: address in request.url


def test_a_preview_that_comes_late_is_not_written_into_the_next_group(page: Page) -> None:
    opens(page, "ana")
    with held_up(page, "/preview/") as waiting:
        with page.expect_request(of("/preview/")):
            page.keyboard.press("d")
        with page.expect_event("requestfailed", of("/preview/")):
            page.keyboard.press("n")
        assert len(waiting) == 1
    shows(page, "Bea")
    expect(page.locator("#what")).to_contain_text("Tick at least one")


def test_a_group_that_somebody_else_decided_leaves_nothing_to_press(page: Page) -> None:
    opens(page, "bea")
    Group.objects.filter(sort_name="bea").update(state=GroupState.DISMISSED)
    page.locator("[name=sources]").last.check()
    again = page.locator(".actions a", has_text="Look again")
    expect(again).to_be_visible()
    expect(page.locator(".actions button")).to_have_count(0)
    expect(page.locator("#stands")).to_contain_text("Not a duplicate")
    expect(page.locator("#what")).to_contain_text("marked as not a duplicate meanwhile")
    again.click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()


def test_the_second_half_of_a_double_click_decides_nothing(page: Page) -> None:
    opens(page, "ana")
    box = page.get_by_role("button", name="Not a duplicate").bounding_box()
    assert box
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.up()
    shows(page, "Bea")
    for count in (2, 3):  # and the last part of a triple one
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        page.wait_for_timeout(SEEN_MS)
    page.keyboard.press("n")
    shows(page, "Cas")
    assert list(Group.objects.filter(state="dismissed").values_list("sort_name")) == [("ana",)]


def test_what_is_ticked_while_a_preview_is_under_way_stays_ticked(page: Page) -> None:
    opens(page, "bea")
    page.keyboard.press("d")
    read = page.get_by_label("I have read what is risky")
    expect(read).not_to_be_checked()
    page.keyboard.press("m")
    expect(read).to_be_focused()
    assert page.evaluate("scrollY") == 0  # why it is risky stands above, and is to be read
    with held_up(page, "/preview/") as waiting:
        with page.expect_request(of("/preview/")):
            page.keyboard.press("e")
        page.keyboard.press("a")
        expect(read).to_be_checked()
        waiting[0].continue_()
    expect(page.locator("#what")).to_contain_text("2 contacts will be merged")
    expect(read).to_be_checked()
    page.keyboard.press("m")
    shows(page, "Cas")
    assert MergeRequest.objects.get().sources.count() == 2


@pytest.mark.parametrize("width", [1280, 390])
def test_a_refusal_is_not_half_under_the_bar(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 500})
    opens(page, "ana")
    page.keyboard.press("m")
    shows(page, "Bea")
    MergeRequest.objects.update(state="executing")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.keyboard.press("u")

    refusal = page.locator("#problem .note")
    expect(refusal).to_contain_text("Too late")
    box, bar = refusal.bounding_box(), page.locator(".lately").bounding_box()
    assert box
    assert bar
    assert box["y"] >= bar["y"] + bar["height"]


def test_a_filter_wins_over_a_list_that_is_fetched_again(page: Page) -> None:
    with held_up(page, r"/groups/\?sort=name$") as waiting:
        with page.expect_request(of("/groups/")):
            page.evaluate("htmx.trigger(document.body, 'queue-changed')")
        with page.expect_event("requestfailed", of("sort=name")):
            page.get_by_label("Search").fill("cas")
        assert len(waiting) == 1
    expect(page.locator(".row-link")).to_have_text(["Cas"])


def test_a_row_keeps_the_focus_when_the_list_is_fetched_again(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator(".row-link").nth(1)
    expect(second).to_be_focused()
    second.evaluate("link => link.dataset.old = 'yes'")
    page.evaluate("htmx.trigger(document.body, 'queue-changed')")
    expect(page.locator(".row-link[data-old]")).to_have_count(0)
    expect(second).to_be_focused()


def test_a_key_right_after_a_swap_moves_on_from_where_the_focus_was(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".row-link").nth(1)).to_be_focused()
    page.evaluate(
        """() => {
            const press = (event) => {
                if (event.target.id !== "results") return;  // the counts of the views come as well
                document.removeEventListener("htmx:afterSwap", press);
                document.body.dispatchEvent(
                    new KeyboardEvent("keydown", { key: "j", bubbles: true, cancelable: true }));
            };
            document.addEventListener("htmx:afterSwap", press);
            htmx.trigger(document.body, "queue-changed");
        }"""
    )
    expect(page.locator(".row-link").nth(2)).to_be_focused()
