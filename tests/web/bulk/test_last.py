"""A bulk decision that was somebody's last: the bar that stood before it, and undo."""

import pytest
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Membership
from mergeui.audit.actor import Actor
from mergeui.merging.bulk.wishes import take_back
from mergeui.merging.models import BulkKind, MergeRequest
from mergeui.review.models import GroupState
from tests.desk import Desk
from tests.merging.bulk import begun, now, states, summary, work
from tests.web.bulk.pages import address, groups, shown
from tests.web.cast import HTMX, text_of

pytestmark = pytest.mark.django_db

BAR = '<div class="lately'


@pytest.fixture
def dismissed(client: Client) -> int:
    """What olga decided a minute before: the last of the groups."""
    number = groups()[3].pk
    client.post(f"/groups/{number}/dismiss/")
    assert BAR in text_of(client.get("/bulk/"))
    return number


def test_the_bar_of_before_does_not_stand_over_it(
    client: Client, dismissed: int, olga: Membership
) -> None:
    bulk = summary(Actor.member(olga), groups()[:3])
    assert BAR in shown(client, bulk)
    client.post(address(bulk, "confirm/"))

    assert BAR not in shown(client, bulk)


@pytest.mark.parametrize("kind", [BulkKind.MERGE, BulkKind.DISMISS])
def test_undo_leads_to_it_and_takes_nothing_else_back(
    client: Client, desk: Desk, dismissed: int, olga: Membership, kind: BulkKind
) -> None:
    bulk = begun(Actor.member(olga), groups()[:3], kind)
    for _turn in "before", "after":
        answer = client.post("/undo/")

        assert (answer.status_code, answer.url) == (303, address(bulk))
        page = shown(client, bulk)
        assert "This is what you decided last: take it back here." in page
        assert "ake back</button>" in page
        assert client.post("/undo/", headers=HTMX)["HX-Redirect"] == address(bulk)
        assert states()[3] == GroupState.DISMISSED
        work(desk, bulk)


def test_of_one_that_is_merged_undo_says_so(client: Client, desk: Desk, olga: Membership) -> None:
    bulk = work(desk, begun(Actor.member(olga), groups()))
    MergeRequest.objects.update(execute_after=timezone.now())
    desk.work()

    assert client.post("/undo/").url == address(bulk)
    assert "nothing of it can be taken back any more." in shown(client, bulk)


def test_after_it_was_taken_back_undo_goes_on_with_what_was_before(
    client: Client, desk: Desk, dismissed: int, olga: Membership
) -> None:
    bulk = work(desk, begun(Actor.member(olga), groups()[:3], BulkKind.DISMISS))
    take_back(bulk, by_user=Actor.member(olga))

    assert client.post("/undo/").url == f"/groups/{dismissed}/"
    assert states()[0] == GroupState.DISMISSED  # the worker's business


def test_what_was_decided_while_it_goes_on_comes_first(
    client: Client, desk: Desk, olga: Membership
) -> None:
    """The worker's decisions of it are later, but they are not what was decided last."""
    bulk = begun(Actor.member(olga), groups()[:3])
    client.post(f"/groups/{groups()[3].pk}/dismiss/")
    work(desk, bulk)

    assert client.post("/undo/").url == f"/groups/{groups()[3].pk}/"
    assert states()[3] == GroupState.OPEN
    assert client.post("/undo/").url == address(now(bulk))
