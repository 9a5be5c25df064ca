"""Two contacts of a merge are told apart while it waits: it is not done any more."""

from typing import Any

import pytest

from mergeui.accounts.models import Role
from mergeui.audit.actor import Actor
from mergeui.errors import Stale
from mergeui.invent import Contact
from mergeui.merging.approval import approve, cancel, reject
from mergeui.merging.execution import execute_next
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.merging.proposals import Part
from mergeui.merging.splitting import split
from mergeui.merging.undo import last_decision, undo
from mergeui.review.byhand import make_group
from mergeui.review.decisions import dismiss
from mergeui.review.models import Group, GroupState, NotDuplicate
from mergeui.review.risk import Risk
from mergeui.web.looking import Wanted, look
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor, member, past
from tests.web.cast import somebody, text_of

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")
SINCE = "after this was asked for"


@pytest.fixture
def desk(settings: Any) -> Desk:
    """Ana and Ana, whom Invent suggests, and Eva, whom somebody has put beside both."""
    settings.MERGE_COOL_OFF_SECONDS = 0
    people = [contact("Ana", PHONE, id="a"), contact("Ana", PHONE, id="b"), contact("Eva", id="c")]
    desk = Desk(*people)
    desk.sync()
    three = [Contact.parse(one) for one in people]
    make_group(desk.organization, three, by_user=actor(Role.OPERATOR), reason="one voice")
    return desk


def suggested() -> Group:
    return Group.objects.get(by_hand=False)


def tell_apart() -> None:
    """Of all three, in the other group."""
    bea = actor(Role.OPERATOR, name="bea")
    dismiss(Group.objects.get(by_hand=True), by_user=bea, note="mother and daughter")


def test_it_is_not_approved_any_more_and_the_page_says_why(desk: Desk, settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "always"
    request = desk.propose(actor(Role.OPERATOR), suggested())
    tell_apart()

    page = text_of(somebody(Role.APPROVER).get(f"/requests/{request.pk}/"))
    assert "were marked as not a duplicate by bea" in page
    assert "mother and daughter" in page
    with pytest.raises(Stale, match=SINCE):
        approve(request, by_user=actor(Role.APPROVER))
    reject(request, by_user=actor(Role.APPROVER), note="two people")
    assert (suggested().state, Risk.SAID in suggested().risk_codes) == (GroupState.OPEN, True)


def test_nor_is_it_sent(desk: Desk, settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "never"
    request = desk.propose(actor(Role.OPERATOR), suggested())
    tell_apart()

    desk.work()

    request.refresh_from_db()
    assert (request.state, desk.counters.merge_calls) == (RequestState.STALE, 0)
    assert SINCE in request.outcome[0]
    assert (suggested().state, Risk.SAID in suggested().risk_codes) == (GroupState.OPEN, True)


def test_of_several_calls_the_next_is_not_sent(desk: Desk, settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "never"
    many = [contact("Ana", whatsapp("+15550102"), id=f"m{n:03}") for n in range(53)]
    desk = Desk(*many)
    desk.sync()
    request = desk.propose(actor(Role.OPERATOR), Group.objects.get(member_count=53))
    past(request, execute_after=1)

    def stop() -> bool:
        NotDuplicate.objects.create(
            organization=desk.organization, one_contact_id=many[0]["id"],
            other_contact_id=many[52]["id"], said_at=request.proposed_at.replace(year=2099),
        )  # fmt: skip
        return True

    execute_next(client=desk.client, organization_id=desk.organization.pk, go_on=stop)

    request.refresh_from_db()
    assert (request.state, desk.counters.merge_calls) == (RequestState.PARTIAL, 1)


def test_what_was_known_when_it_was_asked_for_does_not_stop_it(desk: Desk, settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "never"
    tell_apart()
    request = desk.propose(actor(Role.OPERATOR), suggested())
    assert Risk.SAID in [code for code, _ in request.cautions]

    desk.work()

    request.refresh_from_db()
    assert request.state == RequestState.MERGED


@pytest.fixture
def divided() -> tuple[Desk, Actor, MergeRequest]:
    """Of three, two are to be merged, and the third is said to be somebody else."""
    desk = Desk(*(contact("Ana", PHONE, id=one) for one in ("a", "b", "c")))
    desk.sync()
    olga = Actor.member(member(Role.OPERATOR, name="olga"))
    parts = [Part("a", ["b"], True, 1)]
    return desk, olga, split(desk.group(), parts, by_user=olga, rest_differ=True)[0]


def test_a_split_that_is_not_done_is_no_calm_group(
    divided: tuple[Desk, Actor, MergeRequest],
) -> None:
    desk, olga, request = divided
    cancel(request, by_user=olga)

    group = desk.group()
    assert (group.state, group.risky, Risk.SAID in group.risk_codes) == ("open", True, True)
    assert look(desk.organization, Wanted(risk="said")).count() == "1"
    assert look(desk.organization, Wanted(risk="none")).count() == "0"


def test_a_split_that_is_undone_leaves_nothing(divided: tuple[Desk, Actor, MergeRequest]) -> None:
    desk, olga, _ = divided
    undo(last_decision(desk.organization, olga.user), by_user=olga)

    assert not NotDuplicate.objects.exists()
    assert (desk.group().state, Risk.SAID in desk.group().risk_codes) == ("open", False)
