"""Several merges out of one group: asked for at once, each with a fate of its own."""

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import Invalid, NotAllowed, Problem, Stale, TooLate
from mergeui.merging import approval
from mergeui.merging.models import ContactLock, MergeRequest, RequestState
from mergeui.merging.proposals import Part
from mergeui.merging.splitting import split
from mergeui.merging.undo import last_decision, undo
from mergeui.review.models import Group, GroupState, MergedContact, NotDuplicate
from mergeui.sandbox import Fault
from mergeui.sandbox.state import Change
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor, past

pytestmark = pytest.mark.django_db

OFFICE = whatsapp("+15550101")


class Office(Desk):
    """Ana twice, Bea twice and Carl behind one office phone."""

    def __init__(self) -> None:
        names = ("Ana García", "Ana García", "Bea Ruiz", "Bea Ruiz", "Carl Meyer")
        self.people = [contact(name, OFFICE) for name in names]
        super().__init__(*self.people)
        self.sync()
        self.ids = [str(one["id"]) for one in self.people]

    def part(self, kept: int, *others: int, acknowledged: bool = False, number: int = 0) -> Part:
        """A merge of these people by their places."""
        return Part(self.ids[kept], [self.ids[n] for n in others], acknowledged, number)

    def split(self, by_user: Actor | None = None, **more: Any) -> list[MergeRequest]:
        """Both Anas, both Beas, Carl left out."""
        parts = more.pop("parts", [self.part(0, 1), self.part(3, 2)])
        return split(self.group("open"), parts, by_user=by_user or actor(Role.OPERATOR), **more)

    def carry_out(self, *requests: MergeRequest) -> None:
        """Lets the cool-off pass and the worker do its work."""
        for request in requests:
            past(request, execute_after=1)
        self.work()
        for request in requests:
            request.refresh_from_db()


@pytest.fixture
def office(settings) -> Office:
    settings.MERGE_COOL_OFF_SECONDS = 60
    return Office()


def state() -> str:
    return Group.objects.order_by("pk")[0].state


def test_each_is_a_request_of_its_own(office: Office) -> None:
    ana, bea = office.split(note="Two people.")

    assert state() == GroupState.REQUESTED
    assert [r.state for r in (ana, bea)] == [RequestState.APPROVED] * 2
    assert (ana.primary_contact_id, bea.primary_contact_id) == (office.ids[0], office.ids[3])
    assert ana.proposed_at == bea.proposed_at
    assert ContactLock.objects.count() == 4
    entries = list(Entry.objects.order_by("number").values_list("action", flat=True))
    assert entries[-5:] == [
        Action.MERGE_REQUESTED,
        Action.MERGE_PASSED,
        Action.MERGE_REQUESTED,
        Action.MERGE_PASSED,
        Action.GROUP_SPLIT,
    ]
    assert verify().broken is None


def test_both_are_carried_out(office: Office) -> None:
    ana, bea = office.split()
    office.carry_out(ana)
    assert (ana.state, state()) == (RequestState.MERGED, GroupState.REQUESTED)

    office.carry_out(bea)
    assert (bea.state, state()) == (RequestState.MERGED, GroupState.MERGED)
    assert MergedContact.objects.count() == 2
    assert not ContactLock.objects.exists()
    office.sync()
    left = Group.objects.get(state=GroupState.OPEN)
    assert left.member_count == 3


def test_one_taken_back_leaves_the_other(office: Office) -> None:
    by_user = actor(Role.OPERATOR)
    ana, bea = office.split(by_user)
    approval.cancel(ana, by_user=by_user)
    assert state() == GroupState.REQUESTED

    office.carry_out(bea)
    assert state() == GroupState.MERGED


def test_all_taken_back_opens_the_group(office: Office) -> None:
    by_user = actor(Role.OPERATOR)
    for request in office.split(by_user):
        assert state() == GroupState.REQUESTED
        approval.cancel(request, by_user=by_user)

    assert state() == GroupState.OPEN


def test_merged_first_counts_when_the_last_is_taken_back(office: Office) -> None:
    by_user = actor(Role.OPERATOR)
    ana, bea = office.split(by_user)
    office.carry_out(ana)
    approval.cancel(bea, by_user=by_user)

    assert state() == GroupState.MERGED


def test_an_unknown_one_keeps_the_group(office: Office) -> None:
    ana, bea = office.split()
    office.faults.next_merge(Fault.DROP, applied=True)
    past(ana, execute_after=1)
    office.work()
    past(bea, execute_after=1)
    office.work()
    for request in (ana, bea):
        request.refresh_from_db()
    assert bea.state == RequestState.MERGED
    if ana.state == RequestState.UNKNOWN:
        assert state() == GroupState.REQUESTED
        past(ana, read_back_at=1)
        office.work()

    assert state() == GroupState.MERGED


def test_a_stale_one_says_so_and_the_other_goes_on(office: Office) -> None:
    ana, bea = office.split()
    changed = office.people[1] | {"name": "Somebody Else"}
    office.world.apply(Change(office.world.top.id, put=(changed,)))
    office.carry_out(ana)
    assert (ana.state, state()) == (RequestState.STALE, GroupState.REQUESTED)

    office.carry_out(bea)
    assert (bea.state, state()) == (RequestState.MERGED, GroupState.MERGED)


def test_a_sync_in_between_changes_no_request(office: Office) -> None:
    ana, bea = office.split()
    office.carry_out(ana)
    office.sync()
    assert Group.objects.count() == 1

    office.carry_out(bea)
    assert bea.state == RequestState.MERGED


@pytest.mark.parametrize("parts", [[], [(0, 1), (1, 2)], [(0, 1), (2,)], [(0, 1), (9, 2)]])
def test_all_or_none(office: Office, parts: list[tuple[int, ...]]) -> None:
    office.ids += ["x"] * 10
    wanted = [office.part(*part, number=n) for n, part in enumerate(parts, 1)]
    with pytest.raises(Invalid):
        office.split(parts=wanted)

    assert state() == GroupState.OPEN
    assert not MergeRequest.objects.exists()


def test_what_is_wrong_names_its_merge(office: Office) -> None:
    risky = office.part(2, 4, number=2)
    with pytest.raises(Invalid, match="Merge 2: This merge is risky"):
        office.split(parts=[office.part(0, 1, number=1), risky])

    read = office.part(2, 4, number=2, acknowledged=True)
    ana, bea = office.split(parts=[office.part(0, 1, number=1), read])
    assert (ana.state, bea.state) == (RequestState.APPROVED, RequestState.PROPOSED)


def test_each_is_approved_for_itself(office: Office) -> None:
    read = office.part(2, 4, acknowledged=True)
    _, bea = office.split(parts=[office.part(0, 1), read])
    approval.approve(bea, by_user=actor(Role.APPROVER))
    office.carry_out(bea)

    assert bea.state == RequestState.MERGED


def test_a_contact_of_another_request_stops_all_of_it(office: Office) -> None:
    other = office.split(parts=[office.part(0, 4, acknowledged=True)])[0]
    Group.objects.update(state=GroupState.OPEN)
    with pytest.raises(Stale, match=f"merge request {other.pk}"):
        office.split(parts=[office.part(3, 2), office.part(1, 4, acknowledged=True)])

    assert MergeRequest.objects.count() == 1


def test_who_may_and_what_was_seen(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.split(actor(Role.VIEWER))
    with pytest.raises(Stale, match="have changed since"):
        office.split(fingerprint="0" * 64)


def test_the_rest_are_different_people_from_then_on(office: Office) -> None:
    ana, bea = office.split(rest_differ=True, note="Colleagues.")
    said = {(one.one_contact_id, one.other_contact_id) for one in NotDuplicate.objects.all()}
    ids = office.ids

    assert len(said) == 8
    assert tuple(sorted((ids[0], ids[1]))) not in said
    assert tuple(sorted((ids[2], ids[3]))) not in said
    assert tuple(sorted((ids[0], ids[4]))) in said
    office.carry_out(ana, bea)
    office.sync()
    known = Group.objects.exclude(state=GroupState.MERGED).get()
    assert (known.state, known.member_count) == (GroupState.DISMISSED, 3)


def test_undo_takes_back_all_of_it(office: Office) -> None:
    by_user = actor(Role.OPERATOR)
    assert by_user.user is not None
    office.split(by_user, rest_differ=True)
    decision = last_decision(office.organization, by_user.user)
    assert decision is not None
    assert decision.can_be_undone
    undo(decision, by_user=by_user)

    assert state() == GroupState.OPEN
    assert not NotDuplicate.objects.exists()
    assert {r.state for r in MergeRequest.objects.all()} == {RequestState.CANCELLED}


@pytest.mark.django_db(transaction=True)
def test_undo_of_both_waits_in_no_circle_with_an_approver(
    office: Office, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MERGE_FOUR_EYES = "always"
    by_user, approver = actor(Role.OPERATOR), actor(Role.APPROVER)
    ana, _bea = office.split(by_user)
    one_is_cancelled, told = threading.Event(), []

    def cancel(request: MergeRequest, **more: Any) -> None:
        approval.cancel(request, **more)
        one_is_cancelled.set()
        time.sleep(0.3)  # for the approver to begin

    def approve() -> None:
        one_is_cancelled.wait(20)
        try:
            approval.approve(MergeRequest.objects.get(pk=ana.pk), by_user=approver)
        except Problem as problem:
            told.append(problem.status)
        connection.close()

    monkeypatch.setattr("mergeui.merging.undo.approval", SimpleNamespace(cancel=cancel))
    approving = threading.Thread(target=approve)
    approving.start()
    undo(last_decision(office.organization, by_user.user), by_user=by_user)
    approving.join()

    assert told == [409]
    states = MergeRequest.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [RequestState.WITHDRAWN] * 2
    assert state() == GroupState.OPEN
    assert verify().broken is None


def test_undo_comes_too_late_for_all_when_one_is_merged(office: Office) -> None:
    by_user = actor(Role.OPERATOR)
    assert by_user.user is not None
    ana, bea = office.split(by_user)
    office.carry_out(ana)
    with pytest.raises(TooLate, match="was sent to Invent already"):
        undo(last_decision(office.organization, by_user.user), by_user=by_user)

    bea.refresh_from_db()
    assert bea.state == RequestState.APPROVED


def test_a_group_whose_request_nobody_knows_has_nothing_to_undo(office: Office) -> None:
    by_user = actor(Role.OPERATOR)
    Group.objects.update(
        state=GroupState.REQUESTED, decided_by=by_user.user, decided_at="2024-01-01T00:00:00Z"
    )
    assert by_user.user is not None
    decision = last_decision(office.organization, by_user.user)

    assert decision is not None
    assert not decision.can_be_undone
