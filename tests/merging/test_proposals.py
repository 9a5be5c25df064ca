"""Who comes too late with a wish for a merge, or with an approval, and what cannot be sent."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.errors import Invalid, NotAllowed, Stale, TooLate
from mergeui.invent import Contact
from mergeui.merging import approval
from mergeui.merging.approval import approve, cancel, expire, reject
from mergeui.merging.choice import choose
from mergeui.merging.models import Attempt, MergeRequest, Notice, RequestState
from mergeui.merging.outcome import send
from mergeui.merging.reading import read_again
from mergeui.review.models import Group, GroupState
from mergeui.sandbox import Fault
from tests.contacts import channel, contact, email, parsed, whatsapp
from tests.desk import Desk, actor, past
from tests.merging.bulk import begun, work
from tests.merging.stage import PHONE, anas, approved, fresh, source_states

pytestmark = pytest.mark.django_db


def test_a_group_that_was_decided_is_not_asked_for() -> None:
    desk = anas()
    Group.objects.update(state=GroupState.DISMISSED)

    with pytest.raises(Stale, match="marked as not a duplicate meanwhile"):
        desk.propose(actor(Role.OPERATOR))


def test_a_contact_that_was_merged_away_is_not_asked_for() -> None:
    """Its group came up again before Invent's list had noticed."""
    desk = anas()
    ids = [member.contact_id for member in desk.group().members.all()]
    approved(desk, source_ids=ids[1:2])
    desk.work()
    Group.objects.update(state=GroupState.OPEN)

    with pytest.raises(Stale, match=r"Ana García was merged away on \d+ \w+ \d+ already"):
        desk.propose(actor(Role.OPERATOR))


def test_a_lost_race_for_the_group_itself_says_who_won(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = anas()
    slow = desk.group()
    approved(desk)

    with pytest.raises(Stale, match="A merge of this group was requested meanwhile"):
        desk.propose(actor(Role.OPERATOR), slow)
    assert MergeRequest.objects.count() == 1


def test_a_race_that_left_no_lock_behind_is_told_by_the_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = anas()
    approved(desk)
    Group.objects.update(state=GroupState.OPEN)
    # The other request has ended since the database refused this one.
    monkeypatch.setattr("mergeui.merging.proposals.locked_by", lambda group, choice: "")

    with pytest.raises(Stale, match="This group has changed meanwhile"):
        desk.propose(actor(Role.OPERATOR))


@pytest.mark.parametrize("odd", ["a/b", "..", "line\nbreak", "back\\slash"])
def test_an_id_that_can_not_stand_in_an_address_is_refused_when_it_is_ticked(odd: str) -> None:
    members = parsed(contact("Ana", PHONE, id=odd), contact("Ana", PHONE, id="fine"))

    for primary, source in ((odd, "fine"), ("fine", odd)):
        with pytest.raises(Invalid, match="can't be merged from here"):
            choose(members, primary, [source])


def test_a_contact_is_ticked_once() -> None:
    members = parsed(contact("Ana", PHONE, id="kept"), contact("Ana", PHONE, id="one"))

    with pytest.raises(Invalid, match="ticked twice"):
        choose(members, "kept", ["one", "one"])


def test_an_approval_that_comes_after_its_time_is_none(settings: Any) -> None:
    """Though no worker ran that would have said so."""
    settings.MERGE_FOUR_EYES = "always"
    desk = anas()
    request = desk.propose(actor(Role.OPERATOR))
    past(request, expires_at=1)

    with pytest.raises(Stale, match="waited longer than an approval may take"):
        approve(request, by_user=actor(Role.APPROVER))
    assert fresh(request).state == RequestState.PROPOSED

    assert expire(now=timezone.now()) == 1
    assert fresh(request).outcome == ["Nobody approved it in time.", "Nothing was sent to Invent."]
    assert source_states(request) == ["not_merged"] * 2
    told = Notice.objects.get()
    assert (told.person, told.kind, told.request) == (request.proposed_by, "expired", request)


def test_of_a_bulk_decision_that_expires_its_owner_is_told_once(settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "always"
    phones = [whatsapp(f"+1555010{number}") for number in range(3)]
    desk = Desk(*(contact("Ana", phone) for phone in phones for _ in (1, 2)))
    desk.sync()
    work(desk, begun(actor(Role.OPERATOR), Group.objects.all()))
    MergeRequest.objects.update(expires_at=timezone.now())

    assert expire(now=timezone.now()) == 3
    assert Notice.objects.count() == 1


def test_a_request_that_somebody_ended_first_does_not_expire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = anas()
    request = approved(desk)
    past(request, expires_at=1)
    real = approval._end_early

    def cancel_first(late: MergeRequest, *args: Any, **more: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(approval, "_end_early", real)
            cancel(fresh(late), by_user=actor(Role.APPROVER))
        real(late, *args, **more)

    monkeypatch.setattr(approval, "_end_early", cancel_first)

    assert expire(now=timezone.now()) == 0
    assert fresh(request).state == RequestState.CANCELLED


def test_too_late_has_a_sentence_for_each_case(settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "always"
    desk = anas()
    request = desk.propose(actor(Role.OPERATOR))
    approver = actor(Role.APPROVER, name="vera")
    first, second = fresh(request), fresh(request)
    approve(first, by_user=approver)

    with pytest.raises(Stale, match="vera approved this request meanwhile"):
        reject(second, by_user=approver, note="no")
    MergeRequest.objects.update(state=RequestState.EXECUTING)
    with pytest.raises(TooLate, match="The merge is being carried out now"):
        cancel(first, by_user=approver)


def test_too_late_after_a_refusal_names_invent_as_it_is_called() -> None:
    desk = anas()
    request = approved(desk)
    late = fresh(request)
    desk.faults.next_merge(Fault.STATUS, merge_status=400)
    desk.work()

    with pytest.raises(Stale, match=r"as you saw it \(now: refused by Invent\)\.$"):
        cancel(late, by_user=actor(Role.APPROVER))


def test_the_proposer_can_not_reject_but_withdraw(settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "always"
    desk = anas()
    proposer = actor(Role.APPROVER, name="vera")
    request = desk.propose(proposer)

    with pytest.raises(NotAllowed, match="somebody else has to decide on it"):
        reject(request, by_user=proposer, note="no")
    cancel(request, by_user=proposer)

    assert request.state == RequestState.WITHDRAWN
    assert request.outcome == ["vera took this request back.", "Nothing was sent to Invent."]


# Reading again, and the last guard


def reads(desk: Desk) -> int:
    return desk.counters.requests["GET contacts"]


def test_a_pair_takes_one_read() -> None:
    desk = anas(2)
    request = approved(desk)
    desk.work()

    assert fresh(request).state == RequestState.MERGED
    assert reads(desk) == 1


def test_a_chain_takes_a_read_for_each_link_at_most() -> None:
    mail = email("ana@example.com")
    raw = [contact("Ana", PHONE), contact("Ana", PHONE, mail), contact("Ana", mail)]
    desk = Desk(*raw)
    contacts = [Contact.parse(one) for one in raw]

    found = read_again(desk.client, contacts)

    assert [one.id for one in found.values() if one] == [one.id for one in contacts]
    assert reads(desk) == 2


def test_whoever_the_shared_channels_do_not_find_is_asked_for_by_its_own() -> None:
    old, own, inside = whatsapp("+1"), email("own@example.com"), channel("internal", "chat")
    seen = [contact("Ana", old, id="a"), contact("Ana", old, own, inside, id="b")]
    desk = Desk(seen[0], seen[1] | {"channels": [own]})
    contacts = [Contact.parse(one) for one in seen]

    assert read_again(desk.client, contacts)["b"] is not None
    assert reads(desk) == 2
    desk.world.change("b", channels=[inside])
    assert read_again(desk.client, contacts)["b"] is not None
    desk.world.change("b", channels=[])
    assert read_again(desk.client, contacts)["b"] is None


def test_a_channel_shared_twice_over_is_asked_for_once() -> None:
    both = [PHONE, PHONE | {"type": "twilio", "id": "again"}]
    raw = [contact("Ana", *both), contact("Ana", *both)]
    desk = Desk(*raw)
    desk.world.remove(raw[1]["id"])

    found = read_again(desk.client, [Contact.parse(one) for one in raw])

    assert found[raw[1]["id"]] is None
    assert reads(desk) == 1


def test_a_call_that_was_changed_after_it_was_prepared_is_not_sent() -> None:
    desk = anas(2)
    call = replace(desk.client.prepare_merge("kept", ("source",)), body="{}")

    outcome = send(desk.client, call, last_check=lambda: None)

    assert outcome.state == Attempt.State.NOT_SENT
    assert "was changed after it was prepared" in outcome.reason
    assert desk.counters.merge_calls == 0
