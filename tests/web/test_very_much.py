"""A contact with thousands of channels and segments: the page stays one that can be read."""

import html
import re

import pytest

from mergeui.accounts.models import Role
from mergeui.audit.models import Entry
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.web.excerpts import MOST, Excerpt, excerpt
from mergeui.web.when import number
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import Desk, actor
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


MOST_BYTES = 100_000
LINK = '<a href="{}?all=1">Show everything</a>'


@pytest.fixture
def merged(settings) -> MergeRequest:
    """Ana with 2,000 addresses, merged into the other one: what the desk keeps names them all."""
    settings.MERGE_COOL_OFF_SECONDS = 0
    settings.MERGE_FOUR_EYES = "never"
    addresses = [email(f"ana.{number}@example.com") for number in range(2_000)]
    segments = [segment(f"Campaign {number}") for number in range(1_000)]
    much = contact("Ana García", PHONE, *addresses, segments=segments)
    other = contact("Ana García", PHONE, created_at="2020-01-01T00:00:00Z")
    desk = Desk(much, other)
    desk.sync()
    request = desk.propose(actor(Role.OPERATOR), primary_id=other["id"], source_ids=[much["id"]])
    desk.work()
    request.refresh_from_db()
    assert request.state == RequestState.MERGED
    return request


def test_the_page_of_a_contact_shows_the_first_ones_and_counts_the_rest(
    merged: MergeRequest,
) -> None:
    browser, page = somebody(), f"/contacts/{merged.snapshot[1]['id']}/"

    part = text_of(browser.get(page))

    assert len(part.encode()) < MOST_BYTES
    assert "Left out here: 1,801 more channels, 940 more segments." in part
    assert LINK.format("") in part
    assert part.count("@example.com") < 250
    whole = text_of(browser.get(f"{page}?all=1"))
    assert "Left out here" not in whole
    assert "ana.1999@example.com" in whole
    assert "Campaign 999" in whole


def test_an_entry_shows_the_beginning_of_what_is_long(merged: MergeRequest) -> None:
    browser, long_ones = somebody(), 0
    for entry in Entry.objects.select_related("payload"):
        page = f"/history/{entry.number}/"
        for headers in ({}, HTMX):
            part = text_of(browser.get(page, headers=headers))
            assert len(part.encode()) < MOST_BYTES
            assert ("Left out here" in part) == (LINK.format(page) in part)
        if "Left out here" in part:
            long_ones += 1
            whole = text_of(browser.get(f"{page}?all=1"))
            assert "Left out here" not in whole
            assert "ana.1999@example.com" in whole

    assert long_ones == 4


def test_the_page_of_a_merge_shows_the_beginning_of_the_answer(merged: MergeRequest) -> None:
    browser, page = somebody(), f"/requests/{merged.pk}/"

    part, whole = text_of(browser.get(page)), text_of(browser.get(f"{page}?all=1"))

    assert len(part.encode()) < MOST_BYTES
    assert re.search(r"Left out here: [\d,]+ more characters\.", part)
    assert merged.attempts.get().answer["body"] in html.unescape(whole)


def test_an_excerpt_ends_with_a_line_where_lines_are_short() -> None:
    lines = "\n".join("0123456789" for _ in range(MOST))

    shown = excerpt(lines)

    assert MOST // 2 < len(shown.text) <= MOST
    assert shown.text.endswith("\n0123456789")
    assert number(len(lines) - len(shown.text)) in shown.left_out
    assert len(excerpt("x" * (MOST + 1)).text) == MOST
    assert excerpt("x" * (MOST + 1)).left_out == "Left out here: 1 more character."
    assert excerpt("x" * MOST) == Excerpt("x" * MOST)
    assert excerpt(lines, whole=True) == Excerpt(lines)
