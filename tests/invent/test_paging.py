"""Reading lists to their end, whatever the vendor does with its pages."""

from collections.abc import Callable

import httpx
import pytest

from mergeui.invent import InventClient, Unavailable
from mergeui.sandbox import Sandbox
from tests.invent.people import contact

Asking = Callable[..., InventClient]


def groups_read(invent: InventClient, take: int = 7) -> list[str]:
    pages = invent.duplicate_groups(take)
    return [group.primary.id for page in pages for group in page.items]


def all_groups(sandbox: Sandbox) -> list[str]:
    return [group[0] for group in sandbox.world.main.groups()]


def test_all_groups_are_read_in_order(sandbox: Sandbox, invent: InventClient):
    assert groups_read(invent) == all_groups(sandbox)
    assert sandbox.counters.requests["GET contacts/duplicates"] == 3


def test_a_page_says_its_number_and_the_vendors_total(invent: InventClient):
    page = invent.duplicate_groups_page(2, take=7)
    assert (page.number, page.take, page.count, page.size) == (2, 7, 20, 7)


def test_without_counts_a_short_page_is_the_last(sandbox: Sandbox, invent: InventClient):
    sandbox.faults.set(pagination_headers=False)
    assert groups_read(invent) == all_groups(sandbox)
    assert invent.duplicate_groups_page().count is None


def test_a_full_last_page_is_followed_by_one_look_more(sandbox: Sandbox, invent: InventClient):
    assert groups_read(invent, take=10) == all_groups(sandbox)
    assert sandbox.counters.requests["GET contacts/duplicates"] == 3


def test_no_groups_are_no_pages(sandbox: Sandbox, invent: InventClient):
    sandbox.world.remove(*sandbox.world.main)
    assert list(invent.duplicate_groups()) == []


def test_shorter_pages_than_asked_for_are_not_the_end(sandbox: Sandbox, invent: InventClient):
    sandbox.faults.set(most_per_page=3)
    assert groups_read(invent) == all_groups(sandbox)


def test_a_short_page_is_not_the_end_while_the_count_says_more(asking: Asking):
    """Some servers filter a page after they cut it."""

    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        ids = {1: ["a", "b"], 2: ["c"], 3: ["d", "e"]}.get(page, [])
        return httpx.Response(
            200, json=[{"id": one} for one in ids], headers={"pagination-count": "9"}
        )

    pages = list(asking(answer).contacts(take=2))
    assert [one.id for page in pages for one in page.items] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("header", ["", "many", "-1", "1e3", "²", "9" * 50, "1.5"])
def test_a_count_that_is_no_number_is_none(asking: Asking, header: str):
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[], headers=[(b"pagination-count", header.encode())])

    assert asking(answer).duplicate_groups_page().count is None


def test_a_server_that_ignores_the_page_is_found_out(sandbox: Sandbox, invent: InventClient):
    sandbox.faults.set(ignore_page=True)
    with pytest.raises(Unavailable, match="same page"):
        groups_read(invent)


def test_a_list_without_end_ends(asking: Asking, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mergeui.invent.paging.MAX_PAGES", 5)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[{"id": request.url.params["page"]}])

    with pytest.raises(Unavailable, match="no end"):
        list(asking(answer).contacts(take=1))


def test_one_group_that_cannot_be_read_does_not_hide_the_others(asking: Asking):
    good = {"primary": contact(), "duplicates": [contact(id="contact_2")]}
    bad = {"primary": contact(blocked="maybe"), "duplicates": []}

    page = asking(lambda request: httpx.Response(200, json=[bad, good])).duplicate_groups_page()
    assert [group.primary.id for group in page.items] == ["contact_1"]
    assert [error.path for error in page.unreadable] == ["group.primary.blocked"]
    assert page.size == 2


def test_when_no_group_can_be_read_the_list_is_unavailable(asking: Asking):
    with pytest.raises(Unavailable, match=r"group\.primary"):
        asking(lambda request: httpx.Response(200, json=[{}, {}])).duplicate_groups_page()


def test_one_contact_that_cannot_be_read_spoils_a_re_read(asking: Asking):
    """What is read again before a merge must be whole."""
    with pytest.raises(Unavailable, match=r"contact\.id"):
        asking(
            lambda request: httpx.Response(200, json=[contact(), {"id": None}])
        ).contacts_by_user_id("x")
