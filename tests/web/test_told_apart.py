"""What was said of pairs, on the pages: the banner, the risk, the lists to reopen."""

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from mergeui.merging.models import MergeRequest
from mergeui.review.decisions import dismiss
from mergeui.review.models import Group, GroupState, NotDuplicate
from mergeui.sandbox import Change
from tests.contacts import contact, email, whatsapp
from tests.desk import Desk, actor
from tests.web.cast import choice, somebody, text_of

pytestmark = pytest.mark.django_db

PHONE, MAIL = whatsapp("+15550101"), email("casa@example.org")


@pytest.fixture
def desk() -> Desk:
    """A father and his son of one name, told apart; then a third contact joins them."""
    desk = Desk(contact("Ana", PHONE, id="one"), contact("Ana", PHONE, id="two"))
    desk.sync()
    dismiss(desk.group(), by_user=actor(Role.OPERATOR, name="olga"), note="mother, daughter")
    third = contact("Ana", PHONE, MAIL, id="three")
    desk.world.change("two", channels=[PHONE, MAIL])
    desk.world.apply(Change(desk.world.top.id, put=(third,)))
    desk.sync()
    return desk


def page(desk: Desk, client: Client | None = None) -> str:
    return text_of((client or somebody()).get(f"/groups/{desk.group().pk}/"))


def test_it_comes_back_with_what_was_said_by_whom_and_what_is_new(desk: Desk) -> None:
    shown = page(desk)

    assert "Earlier: not a duplicate · by olga · just now · “mother, daughter”" in shown
    assert "Ana has joined." in shown
    assert "1 more channel in common." in shown
    assert "Ana (1) and Ana (3) were marked as not a duplicate by olga on" in shown


def test_in_other_company_too(desk: Desk) -> None:
    """The same two in a group that the desk has never seen."""
    Group.objects.update(decided_as="", decided_at=None, decided_evidence=None)
    NotDuplicate.objects.update(evidence=[])
    shown = page(desk)

    assert "Earlier: Ana (1) and Ana (3) were marked as not a duplicate by olga, just now" in shown
    assert "Ana (2) was not part of it then." in shown
    assert "Ana (1) and Ana (3) have WhatsApp +15550101 in common by now." in shown


def test_a_group_that_is_closed_says_how_it_was_closed_alone(desk: Desk) -> None:
    Group.objects.update(state=GroupState.VANISHED, decided_as="")

    assert "Earlier" not in page(desk)


def test_a_merge_of_a_pair_that_was_told_apart_is_a_risk(desk: Desk) -> None:
    client, group = somebody(), desk.group()
    refused = client.post(f"/groups/{group.pk}/request/", choice(group))

    assert refused.status_code == 400
    fragment = client.post(
        f"/groups/{group.pk}/preview/", choice(group), headers={"HX-Request": "true"}
    )
    assert "marked as different" in text_of(fragment)
    client.post(f"/groups/{group.pk}/request/", choice(group, acknowledge="yes", risks="said"))
    made = MergeRequest.objects.get()
    assert made.needs_approval
    assert [code for code, _ in made.cautions] == ["said"]
    assert "by olga on" in made.cautions[0][1]


def test_leaving_one_of_the_two_out_is_no_risk(desk: Desk) -> None:
    group = desk.group()
    somebody().post(
        f"/groups/{group.pk}/request/", {"primary": "two", "sources": ["three"], "risks": ""}
    )

    assert MergeRequest.objects.get().cautions == []


def test_the_queue_marks_it(desk: Desk) -> None:
    client = somebody()

    assert "Marked as different" in text_of(client.get("/groups/"))
    assert client.get("/groups/?risk=said").context["rows"]


def test_the_lists_of_what_was_decided_say_who_when_why_and_take_it_back() -> None:
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE))
    desk.sync()
    client, group = somebody(), desk.group()
    client.post(f"/groups/{group.pk}/dismiss/", {"note": "sisters <b>"})
    listed = text_of(client.get("/groups/?state=dismissed"))

    assert "Not a duplicate · by operator" in listed
    assert "just now · “sisters &lt;b&gt;”" in listed
    assert f'formaction="/groups/{group.pk}/reopen/"' in listed
    assert "formaction" not in text_of(somebody(Role.VIEWER).get("/groups/?state=dismissed"))

    answer = client.post(f"/groups/{group.pk}/reopen/", {"from": "queue"})
    assert (answer.status_code, answer.url) == (303, "/groups/?state=dismissed")
    assert "Back in the queue: <bdi>Ana</bdi>" in text_of(client.get(answer.url))
    assert desk.group().state == GroupState.OPEN
