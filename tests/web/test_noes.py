"""Earlier noes: who looks at a merge that waits learns who turned it down before, and why."""

import re

import pytest

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actor import Actor
from mergeui.merging.approval import approve, reject
from mergeui.merging.erasure import erase_person
from mergeui.merging.models import MergeRequest
from mergeui.review.decisions import dismiss, reopen, snooze
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor, member
from tests.web.cast import client_of, text_of

pytestmark = pytest.mark.django_db

WHY = "Jörg is <our> own colleague"


@pytest.fixture
def desk() -> Desk:
    """Jörg twice, one of them unsubscribed: it needs a second person."""
    phone = whatsapp("+15550101")
    desk = Desk(contact("Jörg One", phone), contact("Jörg Two", phone, unsubscribed=True))
    desk.sync()
    return desk


@pytest.fixture
def olga(desk: Desk) -> Actor:
    return Actor.member(member(Role.OPERATOR, name="olga"))


@pytest.fixture
def paula(desk: Desk) -> Membership:
    return member(Role.APPROVER, name="paula")


@pytest.fixture
def amir(desk: Desk) -> Membership:
    return member(Role.APPROVER, name="amir")


def told(who: Membership, request: MergeRequest) -> str:
    """What the page says of earlier noes; empty when there is nothing of the kind."""
    page = text_of(client_of(who).get(f"/requests/{request.pk}/"))
    found = re.search(r'id="noes">(.*?)</ul>', page, re.S)
    return found[1] if found else ""


def test_a_request_that_is_asked_for_again_says_that_it_was_rejected(
    desk: Desk, olga: Actor, paula: Membership, amir: Membership
) -> None:
    first = desk.propose(olga)
    assert told(amir, first) == ""
    reject(first, by_user=Actor.member(paula), note=WHY)
    assert told(amir, first) == ""

    again = desk.propose(olga)

    for who in (paula, amir):
        said = told(who, again)
        assert "Somebody has said no to this before:" in said
        assert f"Paula rejected the merge of Jörg Two into Jörg One (request {first.pk})." in said
        assert "Note: “Jörg is &lt;our&gt; own colleague”" in said
        assert "<time datetime=" in said


def test_a_group_that_was_marked_as_not_a_duplicate_and_reopened(
    desk: Desk, olga: Actor, paula: Membership, amir: Membership
) -> None:
    dismiss(desk.group(), by_user=Actor.member(paula), note=WHY)
    reopen(desk.group(), by_user=olga)

    request = desk.propose(olga)

    assert "Paula marked group" in told(amir, request)
    assert "own colleague”" in told(amir, request)
    approve(request, by_user=Actor.member(amir))
    assert "Paula marked group" in told(amir, request)  # it can still be cancelled
    MergeRequest.objects.update(state="merged")
    assert told(amir, request) == ""


def test_what_somebody_took_back_themselves_is_no_no(
    desk: Desk, olga: Actor, paula: Membership, amir: Membership
) -> None:
    snooze(desk.group(), until=None, by_user=olga)
    reopen(desk.group(), by_user=olga)
    dismiss(desk.group(), by_user=Actor.member(paula), note=WHY)
    reopen(desk.group(), by_user=Actor.member(paula))

    assert told(amir, desk.propose(olga)) == ""


def test_what_came_later_is_none_either(desk: Desk, olga: Actor, amir: Membership) -> None:
    """One merge of a group that was split says nothing of the other."""
    request = desk.propose(olga)
    reject(request, by_user=actor(Role.APPROVER), note=WHY)
    MergeRequest.objects.update(state="proposed")

    assert told(amir, request) == ""


def test_the_newest_are_enough(
    desk: Desk, olga: Actor, paula: Membership, amir: Membership
) -> None:
    for number in range(7):
        reject(desk.propose(olga), by_user=Actor.member(paula), note=f"no number {number}")

    said = told(amir, desk.propose(olga))

    assert said.count("<li>") == 5
    assert said.index("no number 2") < said.index("no number 6")


def test_an_erased_no_is_said_without_its_reason(
    desk: Desk, olga: Actor, paula: Membership, amir: Membership
) -> None:
    first = desk.propose(olga)
    reject(first, by_user=Actor.member(paula), note=WHY)
    erase_person([first.primary_contact_id], by_user=actor(Role.ADMIN))
    desk.sync()

    said = told(amir, desk.propose(olga))

    assert "Paula rejected the merge of" in said
    assert "The personal data of this entry were erased." in said
    assert "Jörg" not in said
