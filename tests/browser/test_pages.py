"""What happens on the pages in a browser: the list that follows the search, the live choice."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mergeui.accounts.models import Role, User
from mergeui.audit.actor import Actor
from mergeui.review import claims
from mergeui.review.models import Group
from tests.browser.axe import assert_accessible
from tests.browser.conftest import FITS, PHONE
from tests.browser.live import LiveDesk
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import member
from tests.hostile.spellings import STRINGS
from tests.hostile.world import A_GROUP, hostile_world
from tests.merging.stage import mirrored

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Hubert Blaine Wolfeschlegelsteinhausenbergerdorff-" * 3


@pytest.fixture
def desk(live_desk: Callable[..., LiveDesk]) -> LiveDesk:
    """Ana in three contacts, a risky Bea, and somebody with a very long name."""
    ana, bea, hubert = (
        email("ana@example.com"),
        whatsapp("+34600111222"),
        email("h" * 80 + "@x.org"),
    )
    desk = live_desk(
        contact("Ana García", ana, segments=[segment("VIP", "amber")]),
        contact("Ana Garcia", ana, whatsapp("+34600999888")),
        contact("Ana", ana),
        contact("Bea", bea),
        contact("Bea", bea, unsubscribed=True),
        contact(LONG, hubert, segments=[segment("A segment with quite a long name " * 3, "lime")]),
        contact(LONG, hubert),
    )
    desk.sync()
    return desk


@pytest.fixture
def page(desk: LiveDesk, signed_in: Callable[..., Page]) -> Page:
    return signed_in(Role.OPERATOR)


def group(name: str) -> Group:
    return Group.objects.get(sort_name=name)


def test_the_list_follows_the_search(page: Page) -> None:
    page.goto("/groups/")
    page.get_by_label("Search").press_sequentially("bea")
    expect(page.locator(".row")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/groups/\?q=bea$"))

    page.get_by_label("Risk").select_option("none")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.go_back()
    expect(page.locator(".row")).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Search")).to_have_value("bea")


def test_on_a_phone_the_chosen_state_is_in_sight(
    desk: LiveDesk, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(Role.VIEWER, **PHONE)
    chosen = page.locator(".tabs [aria-current]")

    page.goto("/groups/?state=all")
    expect(chosen).to_have_text("All")
    expect(chosen).to_be_in_viewport(ratio=0.9)
    page.get_by_role("link", name="Merged", exact=True).click()
    expect(chosen).to_have_text("Merged")
    expect(chosen).to_be_in_viewport(ratio=0.9)
    # What is refreshed elsewhere leaves the list where a finger has moved it.
    page.locator(".tabs").evaluate("list => { list.scrollLeft = 0; }")
    page.locator("#lately, .topbar").first.dispatch_event("htmx:afterSettle")
    expect(chosen).not_to_be_in_viewport(ratio=0.9)


def test_arrow_keys_go_from_row_to_row(page: Page) -> None:
    page.goto("/groups/")
    page.locator(".row-link").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".row-link").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".row-link").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Are these the same person?")).to_be_visible()


def test_the_expected_result_follows_the_choice(page: Page) -> None:
    page.goto(f"/groups/{group('ana garcia').pk}/")
    sentence = page.locator("#what")
    expect(sentence).to_contain_text("2 contacts will be merged into Ana García and disappear;")

    page.get_by_label("Keep this one: Ana Garcia").check()
    expect(sentence).to_contain_text("2 contacts will be merged into Ana Garcia")
    page.get_by_label("Merge into it: Ana García").uncheck()
    expect(sentence).to_contain_text("1 contact will be merged into Ana Garcia")
    page.get_by_label("Merge into it: Ana García").check()
    expect(page.get_by_role("button", name="Merge 2 contacts")).to_be_visible()
    expect(page.get_by_text("added from Ana García")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("ana garcia", "You have 10 seconds to cancel it."),
        ("bea", "A second person has to approve it first."),
    ],
)
def test_a_phone_says_too_what_follows_a_merge(
    desk: LiveDesk, signed_in: Callable[..., Page], name: str, then: str
) -> None:
    page = signed_in(Role.OPERATOR, **PHONE)
    page.goto(f"/groups/{group(name).pk}/")
    if name == "bea":
        page.get_by_label(re.compile("^Merge into it")).last.check()
    expect(page.get_by_text(then)).to_be_in_viewport(ratio=1)
    box = page.locator(".actions").bounding_box()
    assert box
    assert box["height"] < PHONE["viewport"]["height"] / 3
    assert_accessible(page)


def test_a_long_name_leaves_a_phone_room_for_the_page(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page]
) -> None:
    shared = email("w@example.com")
    desk = live_desk(contact("W" * 300, shared), contact("W" * 300, shared, unsubscribed=True))
    desk.sync()
    page = signed_in(Role.APPROVER, **PHONE)
    page.goto(f"/groups/{desk.group().pk}/")
    page.locator("[name=sources]").last.check()
    expect(page.locator(".actions [name=acknowledge]")).to_be_visible()
    bars = [page.locator(".actions").bounding_box()]
    expect(page.locator("#what")).to_contain_text("this can't be undone. A second person")
    Group.objects.update(claimed_by=None, claimed_until=None)
    asked = desk.propose(Actor.member(member(Role.OPERATOR)))
    page.goto(f"/requests/{asked.pk}/")
    expect(page.locator(".actions .what")).to_contain_text("this can't be undone.")
    bars.append(page.locator(".actions").bounding_box())
    heights = [bar["height"] for bar in bars if bar]
    assert len(heights) == 2
    assert max(heights) < PHONE["viewport"]["height"] / 3.4, heights


def test_an_acknowledgement_goes_with_its_risks(page: Page) -> None:
    page.goto(f"/groups/{group('bea').pk}/")
    page.locator("[name=sources]").last.check()
    tick = page.get_by_label(re.compile("I have read what is risky"))
    tick.check()
    page.locator("[name=sources]").last.uncheck()
    expect(tick).to_have_count(0)
    page.locator("[name=sources]").last.check()
    expect(tick).not_to_be_checked()


def test_rows_that_are_the_same_can_be_shown(page: Page) -> None:
    page.goto(f"/groups/{group('bea').pk}/")
    same = page.get_by_role("row", name=re.compile("^Your team"))
    expect(same).to_be_hidden()
    page.get_by_label(re.compile("that are the same")).check()
    expect(same).to_be_visible()


def test_snoozing_from_its_menu(page: Page) -> None:
    page.goto(f"/groups/{group('bea').pk}/")
    page.get_by_role("button", name="Snooze…").click()
    page.get_by_role("button", name="In a week").click()
    expect(page.get_by_text(re.compile("Snoozed until .*: Bea."))).to_be_visible()
    assert group("bea").state == "snoozed"


def test_entries_open_in_their_place(page: Page) -> None:
    page.goto("/history/")
    page.locator(".entry summary").first.click()
    expect(page.locator(".entry-body .facts").first).to_be_visible()
    expect(page).to_have_url(re.compile("/history/$"))


def test_a_lost_session_gives_back_what_was_typed(page: Page) -> None:
    page.goto(f"/groups/{group('bea').pk}/")
    page.locator("#id_note").fill("A long story")
    cookies = [cookie for cookie in page.context.cookies() if cookie["name"] == "csrftoken"]
    page.context.clear_cookies()
    page.context.add_cookies(cookies)
    page.get_by_role("button", name="Not a duplicate").click()
    expect(page.get_by_text("What you typed is kept")).to_be_visible()

    member(Role.OPERATOR, name="olga")
    page.get_by_label("User name").fill("olga")
    page.get_by_label("Password").fill("a long enough password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Nothing was sent; check and send again.")).to_be_visible()
    expect(page.locator("#id_note")).to_have_value("A long story")
    assert group("bea").state == "open"


@pytest.mark.parametrize("wide", [False, True], ids=["phone", "1920"])
def test_every_page_fits_its_window(
    desk: LiveDesk, signed_in: Callable[..., Page], wide: bool
) -> None:
    shape = {"viewport": {"width": 1920, "height": 1080}} if wide else PHONE
    page = signed_in(Role.APPROVER, **shape)
    asked = desk.propose(Actor.member(member(Role.OPERATOR)), group("bea"))
    # Of every kind of hostile string some, in every field: they stay words, and ask nobody.
    mirrored(desk, hostile_world(STRINGS[:: len(STRINGS) // 60][-A_GROUP:]))
    for address in (
        "/groups/",
        "/groups/?q=nothing-like-that&state=all",
        *(f"/groups/{pk}/" for pk in Group.objects.values_list("pk", flat=True)),
        f"/groups/{asked.group_id}/raw/{asked.primary_contact_id}/",
        "/requests/?view=all",
        f"/requests/{asked.pk}/",
        "/history/",
        "/history/2/",
        f"/contacts/{asked.primary_contact_id}/",
        "/nowhere/",
    ):
        page.goto(address)
        assert page.evaluate(FITS), address
        assert page.locator("main").count() == 1, address
        if shots := os.environ.get("SHOTS"):
            name = f"{'wide' if wide else 'phone'}{address.replace('/', '-')[:40]}.png"
            page.screenshot(path=Path(shots) / name, full_page=True)
        if not wide:  # test_story.py looks at those
            assert_accessible(page)


@pytest.mark.parametrize("width", [641, 700, 800, 1024, 1280])
def test_the_filters_fit_half_a_screen(
    desk: LiveDesk, signed_in: Callable[..., Page], width: int
) -> None:
    page = signed_in(Role.OPERATOR, viewport={"width": width, "height": 900})
    for address in ("/groups/", "/history/"):
        page.goto(address)
        assert page.evaluate(FITS), address
        expect(page.locator(".filters .strip .field").last).to_be_in_viewport(ratio=1)
        if shots := os.environ.get("SHOTS"):
            page.screenshot(path=f"{shots}/filters-{width}{address.replace('/', '-')}.png")


def test_marks_keep_their_shape_in_a_ticked_row(page: Page) -> None:
    member(Role.APPROVER, name="olga")
    claims.enter(group("bea"), by=User.objects.get(username="olga"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("/groups/")
        row = page.locator(".row", has_text="Open by")
        before = row.evaluate("row => getComputedStyle(row).backgroundColor")
        row.get_by_role("checkbox").check()
        page.mouse.move(0, 0)
        shade = row.evaluate("row => getComputedStyle(row).backgroundColor")
        assert shade != before
        marks = row.locator(".mark, .seg, .grade").evaluate_all(
            "marks => marks.map((mark) => getComputedStyle(mark).backgroundColor)"
        )
        assert len(marks) > 1
        assert shade not in marks
        if shots := os.environ.get("SHOTS"):
            for name in ("Ana García", "Hubert"):
                page.locator(".row", has_text=name).get_by_role("checkbox").check()
            page.screenshot(path=f"{shots}/ticked-{scheme}.png")


@pytest.mark.parametrize("width", [375, 1440])
def test_a_name_without_a_space_makes_no_page_wider(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page], width: int
) -> None:
    number, other = whatsapp("+15550188"), whatsapp("+15550199")
    address = "quite.a.long.one@department.office.example.com"
    desk = live_desk(
        *[contact("W" * 300, number) for _ in range(2)],
        *[contact(address, other, email(address)) for _ in range(5)],
    )
    desk.sync()
    page = signed_in(Role.OPERATOR, viewport={"width": width, "height": 900})
    two, five = Group.objects.order_by("member_count")
    # Nothing speaks against the two: they are ticked, and their expected result is shown.
    for where in (f"/groups/{two.pk}/", f"/groups/{five.pk}/", f"/groups/{five.pk}/split/"):
        page.goto(where)
        assert page.evaluate(FITS), where
    page.get_by_label("Merge 1", exact=True).first.check()
    side = page.locator("#parts:has-text('One more contact is needed')")
    expect(side).to_be_visible()
    assert side.evaluate("side => side.scrollWidth <= side.clientWidth")
    asked = desk.propose(Actor.member(member(Role.OPERATOR)), two)
    kept = f"/contacts/{asked.primary_contact_id}/"
    for where in ("/groups/", "/requests/?view=all", f"/requests/{asked.pk}/", "/history/", kept):
        page.goto(where)
        assert page.evaluate(FITS), where


def test_an_address_breaks_between_its_parts_and_is_copied_whole(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page]
) -> None:
    address = "khaled.mansour@office.example.com"
    desk = live_desk(*[contact("Khaled", email(address)) for _ in range(4)])
    desk.sync()
    page = signed_in(Role.OPERATOR, **PHONE)
    page.goto(f"/groups/{desk.group().pk}/")
    cell = page.locator("td bdi", has_text="khaled.mansour").first
    lines = cell.evaluate(
        """cell => {
          const texts = [...cell.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
          return texts.map((text) => {
            const range = document.createRange();
            range.selectNode(text);
            return range.getClientRects().length;
          });
        }"""
    )
    assert set(lines) == {1}  # each part is in one line
    copied = cell.evaluate(
        "cell => { getSelection().selectAllChildren(cell); return getSelection().toString(); }"
    )
    assert copied == address
