"""A day at the desk without a mouse: deciding in a row, taking back, two people, a lost network."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.review.models import Group
from tests.browser.axe import assert_accessible
from tests.browser.conftest import FITS, PHONE, SEEN_MS, session_of
from tests.browser.live import LiveDesk
from tests.contacts import contact, email

pytestmark = pytest.mark.django_db(transaction=True)

# `make keys` plays a hundred.
GROUPS = int(os.environ.get("DESK_GROUPS", "24"))
# What is pressed for one group after the other. The third of four is risky.
PLAN = ("m", "x", "d a m", "s Enter")


def pair(name: str, **second: object) -> list[dict[str, object]]:
    shared = email(f"{name.lower()}@example.com")
    return [contact(name, shared), contact(name, shared, **second)]


@pytest.fixture
def desk(live_desk: Callable[..., LiveDesk]) -> LiveDesk:
    """Three pairs, oldest first: Ana, Bea who unsubscribed once, Eva."""
    desk = live_desk(*pair("Ana"), *pair("Bea", unsubscribed=True), *pair("Eva"))
    desk.sync()
    return desk


@pytest.fixture
def page(desk: LiveDesk, signed_in: Callable[..., Page]) -> Page:
    page = signed_in(Role.OPERATOR)
    page.goto("/groups/")
    return page


def group(name: str) -> Group:
    return Group.objects.get(sort_name=name)


def shows(page: Page, name: str) -> None:
    """The page of the group with this name is there."""
    expect(page).to_have_url(re.compile(f"/groups/{group(name).pk}/$"))
    expect(page.locator(".contact-name bdi").first).to_have_text(name.capitalize())


def presses(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def some_risky(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield from pair(f"N{number:03d}", unsubscribed=PLAN[number % 4].startswith("d"))


def test_a_row_of_groups_decided_by_keys_alone(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page]
) -> None:
    desk = live_desk(*some_risky(GROUPS))
    desk.sync()
    page = signed_in(Role.OPERATOR)
    page.goto("/groups/?sort=name")
    presses(page, "j Enter")
    for number in range(GROUPS):
        page.wait_for_function(
            "name => document.querySelector('.contact-name bdi')?.textContent === name",
            arg=f"N{number:03d}",
        )
        page.wait_for_timeout(SEEN_MS)
        plan = PLAN[number % 4]
        if plan.startswith("d"):
            presses(page, "d")
            page.locator("[name=acknowledge]").wait_for()
            plan = "a m"
        presses(page, plan)
    expect(page.get_by_role("heading", name="All done")).to_be_visible()

    states = Counter(Group.objects.values_list("state", flat=True))
    assert states == {
        "requested": GROUPS // 2, "dismissed": GROUPS // 4, "snoozed": GROUPS // 4
    }  # fmt: skip
    assert Counter(MergeRequest.objects.values_list("state", flat=True)) == {
        "approved": GROUPS // 4, "proposed": GROUPS // 4
    }  # fmt: skip


def test_the_queue_by_keys(page: Page) -> None:
    presses(page, "j j k")
    expect(page.locator(".row-link").first).to_be_focused()
    presses(page, "/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("xjm?")
    expect(page.get_by_label("Search")).to_have_value("xjm?")
    assert set(Group.objects.values_list("state", flat=True)) == {"open"}

    page.goto("/history/")
    presses(page, "/")
    expect(page).to_have_url(re.compile("/groups/#id_q$"))
    expect(page.get_by_label("Search")).to_be_focused()


def test_nothing_to_undo_leaves_the_page_as_it_is(page: Page) -> None:
    page.goto("/groups/?sort=name")
    presses(page, "u")
    expect(page.get_by_text("Nothing to undo: no decision of yours stands")).to_be_visible()
    expect(page).to_have_url(re.compile("sort=name$"))
    expect(page.locator(".row")).to_have_count(3)


def test_back_to_the_page_and_the_row_that_one_came_from(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page]
) -> None:
    live_desk(*[one for number in range(53) for one in pair(f"N{number:03d}")]).sync()
    page = signed_in(Role.OPERATOR)
    page.goto("/groups/?sort=name")
    page.get_by_role("link", name="Next", exact=True).first.click()
    expect(page.locator(".row")).to_have_count(3)
    second = page.url
    presses(page, "j j Enter")
    shows(page, "n051")
    presses(page, "b")
    expect(page).to_have_url(second)
    expect(page.locator(".row")).to_have_count(3)
    presses(page, "j")
    expect(page.locator(".row-link").nth(1)).to_be_focused()
    presses(page, "k")
    expect(page.locator(".row-link").first).to_be_focused()

    # What is decided there goes on as ever, and back is where something is left.
    presses(page, "Enter")
    for name in ("n050", "n051", "n052"):
        shows(page, name)
        page.wait_for_timeout(SEEN_MS)
        presses(page, "x")
    expect(page).to_have_url(re.compile(r"/groups/\?sort=name$"))
    expect(page.locator(".row")).to_have_count(50)
    page.goto(second)
    expect(page.locator(".row")).to_have_count(50)
    expect(page.get_by_text("N049").first).to_be_visible()


def test_from_the_search_to_what_it_found(page: Page) -> None:
    field = page.get_by_label("Search")
    first = page.locator(".row-link").first
    field.focus()
    presses(page, "ArrowDown")
    expect(first).to_be_focused()

    # Enter, before the answer is there or after it.
    presses(page, "/")
    page.keyboard.type("bea")
    presses(page, "Enter")
    expect(page.locator(".row")).to_have_count(1)
    expect(first).to_be_focused()
    presses(page, "/")
    page.keyboard.type("example")
    expect(page.locator(".row")).to_have_count(3)
    page.wait_for_url("**q=example*")
    presses(page, "Enter j")
    expect(page.locator(".row-link").nth(1)).to_be_focused()

    # Escape leaves what is as it was found, and else puts it back to nothing first.
    presses(page, "/ Escape")
    expect(field).not_to_be_focused()
    expect(field).to_have_value("example")
    field.focus()
    field.select_text()
    page.keyboard.type("eva")
    presses(page, "Escape")
    expect(field).to_have_value("")
    presses(page, "Escape")
    expect(field).not_to_be_focused()
    presses(page, "j")
    expect(first).to_be_focused()

    field.fill("")
    page.keyboard.type("nobody at all")
    presses(page, "Enter")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    expect(field).to_be_focused()


def test_all_keys_are_shown_and_can_be_switched_off(page: Page) -> None:
    presses(page, "?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    assert_accessible(page)
    presses(page, "x Escape")
    expect(dialog).to_be_hidden()

    page.goto(f"/groups/{group('ana').pk}/")
    expect(page.get_by_role("button", name="Not a duplicate")).to_have_attribute(
        "aria-keyshortcuts", "x"
    )
    presses(page, "Control+x Alt+m Shift+X")
    page.evaluate("document.body.dataset.keys = 'off'")
    presses(page, "x m n 2")
    expect(page.get_by_label("Keep this one: Ana").first).to_be_checked()
    assert group("ana").state == "open"


def ticked(page: Page) -> str:
    """The places of the contacts that are ticked to be merged: "2 3"."""
    boxes = page.locator("[name=sources]")
    return " ".join(str(n + 1) for n in range(boxes.count()) if boxes.nth(n).is_checked())


@pytest.mark.parametrize("count", [2, 4, 6])
def test_who_was_kept_changes_places_with_who_is_kept(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page], count: int
) -> None:
    shared = email("ana@example.com")
    live_desk(*[contact("Ana", shared) for _ in range(count)]).sync()
    page = signed_in(Role.OPERATOR)
    page.goto("/groups/")
    presses(page, "j Enter")
    others = list(range(3, count + 1))
    if count > 4:  # too many to be ticked by themselves
        page.get_by_role("button", name="Tick all", exact=True).click()
    expect(page.locator("[name=sources]:checked")).to_have_count(count - 1)
    presses(page, "2")
    assert ticked(page) == " ".join(map(str, [1, *others]))
    presses(page, "1")
    assert ticked(page) == " ".join(map(str, [2, *others]))
    expect(page.locator("#what")).to_contain_text(f"{count - 1} contact")
    if count < 4:
        return

    # Who is left out stays left out, kept in between or not.
    page.get_by_label(re.compile("^Merge( into it)?: Ana")).nth(2).uncheck()
    presses(page, "3")
    assert "1" not in ticked(page)
    presses(page, "2")
    assert "3" not in ticked(page)
    presses(page, "1")
    assert "3" not in ticked(page)
    assert ticked(page).startswith("2")


@pytest.mark.parametrize("count", [2, 3, 4, 5, 7])
def test_all_are_ticked_and_unticked_where_they_stand(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page], count: int
) -> None:
    live_desk(*[contact("Ana", email("ana@example.com")) for _ in range(count)]).sync()
    page = signed_in(Role.OPERATOR)
    page.goto("/groups/")
    presses(page, "j Enter")
    shows(page, "ana")
    page.evaluate("document.body.dataset.same = 'yes'")
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=f"{shots}/all-{count}.png", full_page=True)
    presses(page, "-")
    assert ticked(page) == ""
    expect(page.get_by_role("button", name="Merge", exact=True)).to_be_visible()
    page.wait_for_timeout(SEEN_MS)
    presses(page, "m")
    hint = page.get_by_text("Nothing is ticked yet.")
    expect(hint).to_be_visible()
    presses(page, "0")
    assert ticked(page) == " ".join(map(str, range(2, count + 1)))
    expect(hint).to_be_hidden()
    expect(page.locator("#what")).to_contain_text(f"{count - 1} contact")
    # Untick and keep another: nobody takes anything.
    presses(page, "- 2")
    assert ticked(page) == ""
    presses(page, "0 1")
    assert ticked(page) == " ".join(map(str, range(2, count + 1)))
    assert page.evaluate("document.body.dataset.same") == "yes"
    shows(page, "ana")


def test_who_is_quick_keeps_the_ticks_too(page: Page) -> None:
    """The first key may come before htmx has looked at the page."""
    page.add_init_script("addEventListener('htmx:load', (event) => event.stopPropagation(), true)")
    page.goto(f"/groups/{group('ana').pk}/")
    presses(page, "2")
    assert ticked(page) == "1"


def test_nothing_is_ticked_in_a_risky_group_by_keeping_another(page: Page) -> None:
    page.goto(f"/groups/{group('bea').pk}/")
    presses(page, "2 1 2")
    assert ticked(page) == ""
    page.get_by_label(re.compile("^Merge into it")).first.check()
    assert ticked(page) == "1"
    # What follows is another thing now, even where its risks are called the same.
    page.get_by_label(re.compile("I have read what is risky")).check()
    presses(page, "1")
    assert ticked(page) == "2"
    tick = page.get_by_label(re.compile("I have read what is risky"))
    expect(tick).to_be_visible()
    expect(tick).not_to_be_checked()
    page.wait_for_load_state("networkidle")
    expect(tick).not_to_be_checked()


def test_a_risk_is_never_passed_over_by_a_key(page: Page) -> None:
    page.goto(f"/groups/{group('bea').pk}/")
    presses(page, "2 c")
    tick = page.get_by_label(re.compile("I have read what is risky"))
    expect(tick).to_be_visible()
    presses(page, "m")
    expect(tick).to_be_focused()
    expect(page.get_by_text("Read why, then tick this box.")).to_be_visible()
    assert_accessible(page)
    assert not MergeRequest.objects.exists()

    presses(page, "a m")
    shows(page, "eva")
    expect(page.locator("#main")).to_be_focused()
    assert MergeRequest.objects.get().state == RequestState.PROPOSED


def test_a_note_that_is_not_added_is_not_left_for_a_split(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page]
) -> None:
    live_desk(*[contact("Ana", email("ana@example.com")) for _ in range(3)]).sync()
    page = signed_in(Role.OPERATOR)
    page.goto(f"/groups/{group('ana').pk}/")
    page.get_by_text("Discuss this group", exact=True).click()
    page.get_by_label("Note for the team").fill("She called, they are two")
    page.locator("h1").click()
    presses(page, "p")

    expect(page.get_by_text("This note is not added yet.")).to_be_visible()
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".talk-text")).to_have_text("She called, they are two")
    page.get_by_role("link", name="Split").click()
    expect(page).to_have_url(re.compile("/split/$"))


def test_a_split_into_nothing_is_not_sent(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page]
) -> None:
    live_desk(*[contact("Newsletter Import", email("all@example.com")) for _ in range(64)]).sync()
    page = signed_in(Role.OPERATOR)
    page.goto(f"/groups/{Group.objects.get().pk}/split/")
    expect(page.get_by_text("all@example.com: it may belong to an office")).to_be_in_viewport()
    page.get_by_role("button", name="Ask for the merges").click()
    hint = page.get_by_text("Nobody is in a merge yet.")
    expect(hint).to_be_in_viewport()
    first = page.get_by_label("Merge 1").first
    expect(first).to_be_focused()
    assert_accessible(page)

    presses(page, "Space")
    expect(hint).to_be_hidden()
    for place in range(1, 30):
        page.get_by_label("Merge 1", exact=True).nth(place).check()
    expect(page.get_by_role("button", name="Ask for 1 merge")).to_be_visible()
    # However many there are: why it is risky, and the tick for it, need no scrolling.
    expect(page.get_by_label(re.compile("I have read what is risky"))).to_be_in_viewport(ratio=1)
    assert_accessible(page)
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=f"{shots}/split.png")


@pytest.mark.parametrize("wishes", [{}, PHONE], ids=["wide", "phone"])
def test_a_merge_of_nobody_is_not_sent(
    desk: LiveDesk, signed_in: Callable[..., Page], wishes: dict[str, Any]
) -> None:
    """Nor is it written into the history as something that was refused."""
    page = signed_in(Role.OPERATOR, **wishes)
    page.goto(f"/groups/{group('bea').pk}/")
    hint = page.get_by_text("Nothing is ticked yet.")
    presses(page, "m")
    expect(hint).to_be_in_viewport(ratio=1)
    tick = page.get_by_label("Merge into it: Bea (2)")
    expect(tick).to_be_focused()
    expect(tick).to_be_in_viewport()
    assert_accessible(page)
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(tick).to_be_focused()

    presses(page, "Space")
    expect(page.locator("#what")).to_contain_text("1 contact will be merged into Bea")
    expect(hint).to_be_hidden()
    page.get_by_label("Keep this one: Bea (2)").check()
    page.get_by_label("Merge into it: Bea (1)").uncheck()
    expect(page.get_by_role("button", name="Merge", exact=True)).to_be_visible()
    presses(page, "m")
    expect(page.get_by_label("Merge into it: Bea (1)")).to_be_focused()
    assert not Entry.objects.filter(action=Action.REFUSED).exists()


@pytest.mark.parametrize("key", ["m", "x", "s", "n", "b"])
def test_a_note_that_is_not_added_is_not_left_behind(page: Page, key: str) -> None:
    page.goto(f"/groups/{group('ana').pk}/")
    page.get_by_text("Discuss this group", exact=True).click()
    note = page.get_by_label("Note for the team")
    note.fill("She called, they are two")
    page.get_by_text("Discuss this group", exact=True).click()
    expect(note).to_be_hidden()
    page.locator("h1").click()
    presses(page, key)
    why = page.get_by_text("This note is not added yet.")
    expect(why).to_be_visible()
    expect(note).to_be_focused()
    expect(note).to_be_in_viewport(ratio=1)
    assert group("ana").state == "open"
    assert_accessible(page)
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=f"{shots}/note-{key}.png")

    if key == "x":
        page.get_by_role("button", name="Add the note").click()
        expect(page.locator(".talk-text")).to_have_text("She called, they are two")
    else:
        note.fill("")
        page.locator("h1").click()
        expect(why).to_be_hidden()
    page.wait_for_timeout(250)  # longer than two presses count as one: ONCE in keys.js
    page.locator("h1").click()
    presses(page, key)
    if key == "s":
        expect(page.get_by_text("Put this group aside")).to_be_visible()
    elif key == "b":
        expect(page).to_have_url(re.compile("/groups/$"))
    else:
        shows(page, "bea")


def test_what_came_up_only_just_now_is_not_decided(page: Page) -> None:
    page.goto(f"/groups/{group('ana').pk}/")
    page.evaluate(
        """() => {
            const press = () => document.body.dispatchEvent(
                new KeyboardEvent("keydown", { key: "x", bubbles: true, cancelable: true }));
            document.addEventListener("htmx:afterSettle", (event) => {
                if (event.target.id === "main") setTimeout(press, 250);
            });
            press();
            press();
        }"""
    )
    shows(page, "bea")
    page.wait_for_timeout(SEEN_MS)
    assert group("bea").state == "open"
    page.keyboard.press("x")
    expect(page.get_by_text("Marked as not a duplicate: Bea")).to_be_visible()
    assert group("eva").state == "open"


@pytest.mark.parametrize("keys", ["m", "x", "s Enter"])
def test_undo_from_the_next_page(page: Page, keys: str) -> None:
    page.goto(f"/groups/{group('ana').pk}/")
    presses(page, keys)
    shows(page, "bea")
    assert group("ana").state != "open"
    presses(page, "n")
    shows(page, "eva")
    presses(page, "u")
    shows(page, "ana")
    expect(page.get_by_text("Taken back: Ana.")).to_be_visible()
    assert group("ana").state == "open"
    assert_accessible(page)


def test_the_bar_counts_down_and_follows_the_merge(
    desk: LiveDesk, signed_in: Callable[..., Page], settings
) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 2
    page = signed_in(Role.OPERATOR, **PHONE)
    page.goto(f"/groups/{group('ana').pk}/")
    page.get_by_role("button", name="Merge 1 contact").click()
    bar = page.locator("#lately")
    expect(bar).to_contain_text(re.compile("Merging in .*s: Ana."))
    assert_accessible(page)
    assert page.evaluate(FITS)
    left = "() => Number(document.querySelector('span[data-countdown]')?.textContent ?? 0)"
    page.wait_for_function(f"{left} < 2")
    desk.start_worker()
    expect(bar).to_contain_text("Merged: Ana.", timeout=20_000)
    expect(bar.get_by_role("button")).to_have_count(0)


def test_two_people_on_one_group(
    desk: LiveDesk, live_server: LiveServer, new_context: Callable[..., BrowserContext], page: Page
) -> None:
    ana = f"/groups/{group('ana').pk}/"
    page.goto(ana)
    other = new_context()
    other.add_cookies(
        [{"name": "sessionid", "value": session_of(Role.APPROVER), "url": live_server.url}]
    )
    late = other.new_page()
    late.goto("/groups/")
    expect(late.get_by_text("Open by operator")).to_be_visible()
    late.goto(ana)
    expect(late.get_by_text("operator has this group open.")).to_be_visible()
    late.locator("#id_note").fill("I know her")
    late.get_by_role("button", name="Not a duplicate").click()
    problem = late.locator("#problem")
    expect(problem).to_contain_text("operator has this group open now.")
    assert_accessible(late)

    late.get_by_text("Discuss this group", exact=True).click()
    late.get_by_label("Note for the team").fill("Are you at it?")
    problem.get_by_role("button", name="Take over").click()
    expect(late.get_by_text("This note is not added yet.")).to_be_visible()
    late.get_by_label("Note for the team").fill("")
    problem.get_by_role("button", name="Take over").click()
    expect(late.get_by_text("has this group open")).to_have_count(0)
    expect(late.locator("#id_note")).to_have_value("I know her")
    late.wait_for_timeout(SEEN_MS)
    late.get_by_role("button", name="Not a duplicate").click()
    shows(late, "bea")

    # The first one hears of it when they look at their page again, and when they decide.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("marked as not a duplicate meanwhile by approver")).to_be_visible()
    presses(page, "m")
    expect(page.locator("#problem")).to_contain_text("not a duplicate meanwhile by approver")
    assert group("ana").decided_note == "I know her"
    assert not MergeRequest.objects.exists()


def test_leaving_a_group_lets_go_of_it(page: Page) -> None:
    page.goto(f"/groups/{group('ana').pk}/")
    assert group("ana").claimed_by is not None
    page.reload()
    page.locator("#id_note").fill("slowly")
    assert group("ana").claimed_by is not None
    page.get_by_role("link", name="Back to the queue").click()
    expect(page.locator(".row")).to_have_count(3)
    for _ in range(50):
        if group("ana").claimed_by is None:
            break
        page.wait_for_timeout(50)
    assert group("ana").claimed_by is None


@pytest.mark.parametrize("arrives", [False, True], ids=["lost-before", "answer-lost"])
def test_a_lost_network_in_the_middle_of_a_decision(
    page: Page, complaints: list[str], arrives: bool
) -> None:
    page.goto(f"/groups/{group('ana').pk}/")
    page.locator("#id_note").fill("the same person")
    page.locator("#id_note").blur()

    lost = []

    def lose(route: Route) -> None:
        # Not by `times`: what ends with the last route goes on before it is aborted, now and then.
        if lost:
            route.continue_()
            return
        lost.append(route)
        if arrives:
            route.fetch()
        route.abort("connectionreset")

    page.route("**/request/", lose)
    presses(page, "m")
    expect(page.locator("#problem")).to_contain_text("The desk did not answer.")
    expect(page.locator("#id_note")).to_have_value("the same person")
    assert MergeRequest.objects.count() == arrives
    complaints.clear()

    page.locator("h1").click()
    page.get_by_role("button", name="Merge 1 contact").click()
    if arrives:
        expect(page.locator("#problem")).to_contain_text("was requested meanwhile by you")
        presses(page, "u")
        expect(page.get_by_text("Taken back: Ana.")).to_be_visible()
    else:
        shows(page, "bea")
    assert MergeRequest.objects.get().note == "the same person"
