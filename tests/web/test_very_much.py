"""A contact with thousands of channels and segments: the page stays one that can be read."""

import pytest

from mergeui.accounts.models import Role
from mergeui.merging.models import MergeRequest
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import Desk
from tests.web.cast import HTMX, choice, somebody, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

PHONE = whatsapp("+15550101")
LEFT_OUT = "Left out here: 151 more channels, 40 more segments."


@pytest.fixture
def desk() -> Desk:
    """Ana with 350 addresses and 100 segments, and Ana with two: they share a number."""
    addresses = [email(f"ana.{number}@example.com") for number in range(349)]
    segments = [segment(f"Campaign {number}") for number in range(100)]
    desk = Desk(
        contact("Ana García", PHONE, *addresses, segments=segments),
        contact("Ana García", PHONE, email("other@example.org"), segments=[segment("VIP")]),
    )
    desk.sync()
    return desk


def test_the_first_ones_of_each_contact_are_compared_and_the_rest_is_counted(desk: Desk) -> None:
    browser, address = somebody(), f"/groups/{desk.group().pk}/"

    page = text_of(browser.get(address))

    assert LEFT_OUT in page
    assert "Shared by both" in page
    assert "other@example.org" in page  # not behind all those of the other one
    assert "ana.10@example.com" in page
    assert "ana.348@example.com" not in page

    whole = text_of(browser.get(f"{address}?all=1"))
    assert "Left out here" not in whole
    assert "ana.348@example.com" in whole
    assert "Campaign 99" in whole


def test_the_expected_result_names_what_is_added_first(desk: Desk) -> None:
    group = desk.group()
    fields = choice(group)

    part = text_of(somebody().post(f"/groups/{group.pk}/preview/", fields, headers=HTMX))

    assert "and 301 more" in part
    assert "and 51 more" in part
    assert "other@example.org" in part


def test_the_page_of_the_request_is_as_short(desk: Desk) -> None:
    group, browser = desk.group(), somebody(Role.APPROVER)
    browser.post(f"/groups/{group.pk}/request/", choice(group, acknowledge="on"))
    request = MergeRequest.objects.get()

    assert LEFT_OUT in text_of(browser.get(f"/requests/{request.pk}/"))
    assert "Left out here" not in text_of(browser.get(f"/requests/{request.pk}/?all=1"))


def test_a_split_shows_as_much(desk: Desk) -> None:
    assert LEFT_OUT in text_of(somebody().get(f"/groups/{desk.group().pk}/split/"))
