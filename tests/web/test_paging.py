"""Paging by key: every row once, in order, in both directions, whatever stands in the address."""

from datetime import UTC, datetime, timedelta

import pytest

from mergeui.accounts.models import Organization
from mergeui.review.models import Group
from mergeui.web.paging import LAST, Order, bounded_count, paginate

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = [
    Order("pk"),
    Order("pk", descending=True),
    Order("first_seen_at"),
    Order("first_seen_at", descending=True),
    Order("member_count"),
    Order("member_count", descending=True),
    Order("sort_name"),
]


@pytest.fixture
def groups() -> list[Group]:
    """Twelve, with ties in every column."""
    organization = Organization.objects.configured()
    return Group.objects.bulk_create(
        Group(
            organization=organization,
            primary_contact_id=str(number),
            member_count=2 + number % 2,
            sort_name="abc: d"[: number % 4],
            fingerprint="",
            first_seen_at=START + timedelta(days=number // 3),
            changed_at=START,
        )
        for number in range(12)
    )


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: " ".join(order.by()))
def test_forwards_and_back_again(groups: list[Group], order: Order) -> None:
    everything = list(Group.objects.order_by(*order.by()).values_list("pk", flat=True))
    page = paginate(Group.objects.all(), order=order, cursor="", size=5)
    pages = [page]
    while page.next is not None:
        page = paginate(Group.objects.all(), order=order, cursor=page.next, size=5)
        pages.append(page)

    assert [row.pk for page in pages for row in page.rows] == everything
    assert [len(page.rows) for page in pages] == [5, 5, 2]
    assert pages[0].first is pages[0].previous is None
    assert pages[2].next is pages[2].last is None

    back = paginate(Group.objects.all(), order=order, cursor=pages[2].previous or "", size=5)
    assert back.rows == pages[1].rows
    assert (back.first, back.next) == ("", pages[1].next)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: " ".join(order.by()))
def test_the_last_page_is_full(groups: list[Group], order: Order) -> None:
    everything = list(Group.objects.order_by(*order.by()).values_list("pk", flat=True))
    page = paginate(Group.objects.all(), order=order, cursor=LAST, size=5)

    assert [row.pk for row in page.rows] == everything[-5:]
    assert page.next is page.last is None
    assert page.previous is not None


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "next", "next:1", "sideways:1:2026-01-01", "next:-1:2026-01-01T00:00:00+00:00",
        "next:1:2026-01-01T00:00:00", "next:1:never", "next:1:\0",
        "next:9999999999999999999999:2026-01-01T00:00:00+00:00", "next:²:2026-01-01T00:00:00+00:00",
    ],
)  # fmt: skip
def test_an_altered_cursor_gives_the_first_page_and_says_so(
    groups: list[Group], cursor: str
) -> None:
    page = paginate(Group.objects.all(), order=Order("first_seen_at"), cursor=cursor, size=5)

    assert page.spoiled
    assert page.rows == groups[:5]


def test_an_altered_number_is_no_error(groups: list[Group]) -> None:
    cursor = f"next:1:{'9' * 30}"

    assert paginate(Group.objects.all(), order=Order("member_count"), cursor=cursor).spoiled


def test_a_place_behind_the_end_leads_back(groups: list[Group]) -> None:
    page = paginate(Group.objects.all(), order=Order("pk"), cursor="next:999999:", size=5)

    assert (page.rows, page.first) == ([], "")


def test_everything_on_one_page_needs_no_pager(groups: list[Group]) -> None:
    assert paginate(Group.objects.all(), order=Order("pk"), cursor="", size=12).alone


def test_the_count_is_exact_up_to_a_bound(groups: list[Group]) -> None:
    assert bounded_count(Group.objects.all(), most=12) == "12"
    assert bounded_count(Group.objects.all(), most=11) == "11+"
    assert bounded_count(Group.objects.none()) == "0"
