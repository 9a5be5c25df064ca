"""Approving on a phone: what waits, one after the other, with a thumb."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actor import Actor
from mergeui.merging import notes
from mergeui.merging.approval import cancel
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.review.models import Group
from tests.browser.axe import assert_accessible
from tests.browser.conftest import PHONE, SEEN_MS
from tests.browser.live import LiveDesk
from tests.contacts import contact, email, whatsapp
from tests.desk import member

pytestmark = pytest.mark.django_db(transaction=True)

THUMB = 44  # pixels, WCAG 2.5.5


def fits(page: Page) -> None:
    """Nothing makes the page itself wider than the phone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]


def tap(button: Locator) -> None:
    """Taps a button that is on the screen already, and large enough for a thumb."""
    expect(button).to_be_in_viewport(ratio=1)
    box = button.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= THUMB
    button.tap()


@pytest.fixture
def desk(live_desk: Callable[..., LiveDesk]) -> LiveDesk:
    """Three people, each twice and once unsubscribed: olga asked for all, and mentions."""
    people = [
        ("Ana García", whatsapp("+15550101")),
        (f"Bea Costa de la Santísima Trinidad {'x' * 60}", email(f"{'b' * 60}@example.com")),
        ("משה כהן", whatsapp("+15550103")),
    ]
    desk = live_desk(
        *[contact(name, channel) for name, channel in people],
        *[contact(name, channel, unsubscribed=True) for name, channel in people],
    )
    desk.sync()
    olga = Actor.member(member(Role.OPERATOR, name="olga"))
    for name, _ in people:
        desk.propose(olga, Group.objects.get(members__name=name, members__position=0))
    desk.sync()
    member(Role.APPROVER, name="approver")
    return desk


def test_by_keys_alone(desk: LiveDesk, signed_in: Callable[..., Page]) -> None:
    page = signed_in(Role.APPROVER)
    page.goto("/requests/")
    press = page.keyboard.press

    def shows(name: str) -> None:
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(f"into {name}"))
        page.wait_for_load_state()  # keys are listened to from then on
        page.wait_for_timeout(SEEN_MS)

    press("j")
    press("Enter")
    shows("Ana García")
    press("n")
    shows("Bea Costa")
    press("a")
    shows("משה כהן")
    press("r")
    expect(page.get_by_label("Why not? The reason goes back to olga.")).to_be_focused()
    page.keyboard.type("a, r and n are letters here")
    press("Tab")
    press("Enter")
    shows("Ana García")
    press("u")
    shows("Bea Costa")
    expect(page.get_by_text("Taken back: Bea Costa")).to_be_visible()
    states = MergeRequest.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["proposed", "cancelled", "rejected"]


def test_what_is_being_written_stays_when_somebody_else_is_faster(
    desk: LiveDesk, signed_in: Callable[..., Page], complaints: list[str]
) -> None:
    """Or the letters that follow would be keys: u takes back what one approved before."""
    request = MergeRequest.objects.earliest("pk")
    page = signed_in(Role.APPROVER)
    page.goto(f"/requests/{request.pk}/")
    page.wait_for_timeout(SEEN_MS)
    page.keyboard.press("r")
    reason = page.get_by_label("Why not? The reason goes back to olga.")
    expect(reason).to_be_focused()
    page.keyboard.type("Two sisters, and")
    cancel(request, by_user=Actor.member(Membership.objects.get(user__username="olga")))

    expect(page.locator("#problem")).to_contain_text("This request has changed meanwhile.")
    anew = page.locator("#problem").get_by_role("link", name="Load the page anew")
    expect(anew).to_have_attribute("href", page.url)
    page.keyboard.type(" unlucky")
    expect(reason).to_have_value("Two sisters, and unlucky")
    assert_accessible(page)
    page.get_by_role("button", name="Reject this merge").click()
    expect(page.locator("#problem")).to_contain_text("Somebody was faster")
    expect(reason).to_have_value("Two sisters, and unlucky")
    complaints[:] = [one for one in complaints if "Error Code 409" not in one]

    # Without a word of theirs the page goes on by itself.
    reason.fill("")
    page.keyboard.press("Escape")
    expect(page.locator("#live")).to_contain_text("Withdrawn")


def test_a_phone_sized_approval(
    desk: LiveDesk, signed_in: Callable[..., Page], complaints: list[str]
) -> None:
    ana, bea, moshe = MergeRequest.objects.order_by("pk")
    olga = Actor.member(Membership.objects.get(user__username="olga"))
    notes.write(ana.group, text="@approver it is her", by_user=olga, request=ana)
    page = signed_in(Role.APPROVER, **PHONE)
    page.goto("/groups/")
    page.get_by_role("link", name="Requests 4 for you").tap()

    # Somebody mentioned the approver; it is read when it was in view.
    expect(page.get_by_text("olga mentioned you", exact=True)).to_be_visible()
    fits(page)
    assert_accessible(page)
    page.get_by_role("link", name="olga mentioned you").tap()
    expect(page.get_by_text("@approver it is her").first).to_be_in_viewport()
    expect(page.locator("#for-you-count")).to_have_text("3 for you")

    # The first one: why it is risky, what changed since, both contacts side by side.
    expect(
        page.get_by_text("unsubscribed; Ana García (1) still receives messages.")
    ).to_be_visible()
    expect(page.get_by_text("Nothing has changed since olga asked")).to_be_visible()
    fits(page)
    assert_accessible(page)
    page.wait_for_timeout(SEEN_MS)
    tap(page.get_by_role("button", name="Approve this merge"))

    # On to the next: no, and why.
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("into Bea Costa"))
    expect(page.locator("#lately")).to_contain_text("Ana García")
    fits(page)
    tap(page.get_by_role("button", name="Reject…"))
    reason = page.get_by_label("Why not? The reason goes back to olga.")
    expect(reason).to_be_focused()
    assert_accessible(page, within="#reject")
    page.wait_for_timeout(SEEN_MS)
    tap(page.get_by_role("button", name="Reject this merge"))
    expect(reason).to_be_focused()  # the browser asks for the reason
    page.wait_for_timeout(SEEN_MS)
    reason.fill("Two sisters")
    # As quickly after the first as the second half of a double tap.
    page.get_by_role("button", name="Reject this merge").dispatch_event("click", {"detail": 2})

    # And the last one, which somebody else decides meanwhile: said, and nothing is lost.
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("into משה כהן"))
    fits(page)
    MergeRequest.objects.filter(pk=moshe.pk).update(state=RequestState.WITHDRAWN)
    page.wait_for_timeout(SEEN_MS)
    tap(page.get_by_role("button", name="Approve this merge"))
    expect(page.locator("#problem")).to_contain_text("Somebody was faster")
    complaints[:] = [one for one in complaints if "Error Code 409" not in one]
    states = dict(MergeRequest.objects.values_list("pk", "state"))
    assert states == {ana.pk: "approved", bea.pk: "rejected", moshe.pk: "withdrawn"}
