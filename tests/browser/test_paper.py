"""What leaves the desk: a request on one sheet of paper, and the recovery pack as a file."""

import re
from collections.abc import Callable

import pytest
from django.test import override_settings
from playwright.sync_api import Page, expect

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.models import Entry
from mergeui.merging import notes
from mergeui.merging.approval import approve
from tests.browser.axe import assert_accessible
from tests.browser.live import LiveDesk
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import actor, member

pytestmark = pytest.mark.django_db(transaction=True)

A_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


@pytest.fixture
def desk(live_desk: Callable[..., LiveDesk]) -> LiveDesk:
    """Ana four times, each with channels and segments of her own."""
    desk = live_desk(
        *[
            contact(
                f"Ana María García {n}",
                whatsapp("+15550101"),
                email(f"ana.maria.garcia.{n}@a-long-host-name.example.com"),
                segments=[segment("VIP", "amber"), segment(f"Madrid {n}")],
                unsubscribed=n == 2,
                unsubscribed_at="2026-05-03T10:00:00Z" if n == 2 else None,
            )
            for n in range(4)
        ]
    )
    desk.sync()
    return desk


def test_one_sheet_and_the_recovery_pack(desk: LiveDesk, signed_in: Callable[..., Page]) -> None:
    olga = Actor.member(member(Role.OPERATOR, name="olga"))
    request = desk.propose(olga, note="All four wrote from the same number.")
    notes.write(request.group, text="Look at the third, please.", by_user=olga, request=request)
    with override_settings(MERGE_COOL_OFF_SECONDS=0):
        approve(request, by_user=actor(Role.ADMIN, name="vera"), note="Seen")
        desk.work()
    page = signed_in(Role.APPROVER, color_scheme="dark")
    page.goto(f"/requests/{request.pk}/")
    expect(page.get_by_text("The contacts are one now.")).to_be_visible()
    assert_accessible(page)

    assert len(A_PAGE.findall(page.pdf(prefer_css_page_size=True))) == 1
    page.emulate_media(media="print")
    for words in ("asked by olga", "Approved by vera", "Look at the third", "printed by approver"):
        expect(page.get_by_text(words).first).to_be_visible()
    for entry in Entry.objects.filter(subject=request.subject):
        expect(page.get_by_text(entry.hash)).to_be_visible()
    for button in page.get_by_role("button").all():
        expect(button).to_be_hidden()
    page.emulate_media(media="screen")

    for _ in range(2):  # the page stays, so a second time works like the first
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the recovery pack").click()
        assert download.value.suggested_filename == f"recovery-of-request-{request.pk}.zip"
    assert Entry.objects.filter(action=Action.RECOVERY_TAKEN).count() == 2
