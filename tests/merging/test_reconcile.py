"""Finding out what became of a call whose answer was lost, and what a person says when it fails."""

from typing import Any

import httpx
import pytest

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.invent import Contact
from mergeui.merging.approval import approve
from mergeui.merging.execution import execute_next
from mergeui.merging.models import LostOptOut, MergeRequest, RequestState, Source
from mergeui.merging.reconcile import Verdict, reconcile, reconcile_next, resolve
from mergeui.review.models import GroupState, MergedContact
from mergeui.sandbox import Change, Fault
from tests.contacts import channel, contact, email, whatsapp
from tests.desk import Desk, actor, past
from tests.merging.stage import (
    PHONE,
    actions,
    anas,
    approved,
    fresh,
    gone_from,
    locked,
    look,
    mirrored,
    source_states,
    wired,
)

pytestmark = pytest.mark.django_db


def lose(desk: Desk, **fault: Any) -> MergeRequest:
    """A request for the whole group whose answer is lost; nobody has looked yet."""
    request = approved(desk, group=fault.pop("group", None))
    desk.faults.next_merge(fault.pop("fault", Fault.DROP), **fault)
    execute_next(client=desk.client, organization_id=desk.organization.pk)
    request.refresh_from_db()
    assert request.state == RequestState.UNKNOWN
    return request


def verdicts(request: MergeRequest) -> list[str]:
    return list(request.looks.values_list("verdict", flat=True))


# What the looks find


def test_applied_and_lost_is_merged_at_the_first_look() -> None:
    desk = anas()
    request = lose(desk, applied=True)

    look(desk, request)

    assert request.state == RequestState.MERGED
    assert verdicts(request) == [Verdict.MERGED]
    assert source_states(request) == [Source.State.MERGED] * 2
    assert (locked(request), desk.group().state) == (0, GroupState.MERGED)
    assert MergedContact.objects.count() == 2
    assert "its channels belong to the contact that was kept" in request.outcome[-1]
    assert actions(Action.MERGE_UNKNOWN) == [Action.MERGE_READ_BACK, Action.MERGE_COMPLETED]
    assert desk.counters.merge_calls == 1


def test_lost_before_it_was_applied_is_believed_after_the_whole_schedule_only() -> None:
    desk = anas()
    request = lose(desk)
    pauses = []
    for _ in range(3):
        look(desk, request)
        assert request.state == RequestState.UNKNOWN
        assert locked(request) == 3
        last = request.looks.last()
        assert last is not None
        pauses.append(round((request.read_back_at - last.at).total_seconds()))
        assert desk.work() == 0

    look(desk, request)

    assert pauses == [10, 50, 540]
    assert request.state == RequestState.NOT_APPLIED
    assert verdicts(request) == [Verdict.NOT_APPLIED] * 4
    assert source_states(request) == [Source.State.NOT_MERGED] * 2
    assert (locked(request), desk.group().state) == (0, GroupState.OPEN)
    assert gone_from(desk, request) == [False, False]
    assert desk.counters.merge_calls == 1


def test_applied_late_between_two_looks_is_merged() -> None:
    desk = anas()
    now = [0.0]
    desk.world.monotonic = lambda: now[0]
    request = lose(desk, apply_late=30.0)
    for _ in range(2):
        look(desk, request)
    assert verdicts(request) == [Verdict.NOT_APPLIED] * 2

    now[0] = 31.0
    look(desk, request)

    assert request.state == RequestState.MERGED
    assert gone_from(desk, request) == [True, True]


def test_a_part_is_believed_after_the_schedule_and_three_looks_that_agree() -> None:
    desk = anas()
    request = lose(desk)
    kept = request.primary_contact_id
    first, second = request.sources.values_list("contact_id", flat=True)
    look(desk, request)
    desk.world.merge(desk.world.top.id, kept, [first], any_flag_wins=False)
    for _ in range(2):
        look(desk, request)
    assert request.state == RequestState.UNKNOWN

    look(desk, request)

    assert verdicts(request) == [Verdict.NOT_APPLIED] + [Verdict.PARTIAL] * 3
    assert request.state == RequestState.PARTIAL
    assert source_states(request) == [Source.State.MERGED, Source.State.NOT_MERGED]
    assert list(MergedContact.objects.values_list("contact_id", flat=True)) == [first]
    assert desk.exists(second)
    assert locked(request) == 0


def test_looks_that_do_not_agree_go_on_at_the_last_distance() -> None:
    desk = anas()
    request = lose(desk)
    for _ in range(3):
        look(desk, request)
    first = request.sources.first()
    assert first is not None
    desk.world.merge(
        desk.world.top.id, request.primary_contact_id, [first.contact_id], any_flag_wins=False
    )
    for _ in range(2):
        look(desk, request)
        assert request.state == RequestState.UNKNOWN
    last = request.looks.last()
    assert last is not None
    assert round((request.read_back_at - last.at).total_seconds()) == 540

    look(desk, request)
    assert request.state == RequestState.PARTIAL


def hand_over(desk: Desk, request: MergeRequest) -> None:
    """Looks until the desk gives up."""
    for _ in range(4):
        look(desk, request)
    assert request.state == RequestState.CONFLICT
    assert verify().broken is None


def test_gone_but_not_in_the_primary_needs_a_person() -> None:
    desk = Desk(
        contact("Ana García", PHONE, id="kept"),
        contact("Ana García", PHONE, email("ana@example.com"), id="source"),
    )
    desk.sync()
    request = lose(desk)
    desk.world.remove("source")

    hand_over(desk, request)

    assert verdicts(request) == [Verdict.CONFLICT] * 4
    assert source_states(request) == [Source.State.LOST]
    assert locked(request) == 2
    assert request.finished_at is None
    assert "do not belong to the contact that was kept" in request.outcome[-1]
    evidence = request.looks.last().evidence
    assert evidence[1]["exists"] is False
    assert evidence[1]["owners"] == [["+15550101", ["kept"]], ["ana@example.com", []]]
    assert actions()[-1] == Action.MERGE_CONFLICT


def test_a_primary_that_is_gone_needs_a_person() -> None:
    desk = anas()
    request = lose(desk)
    desk.world.remove(request.primary_contact_id)

    hand_over(desk, request)

    assert source_states(request) == [Source.State.SENT] * 2


def test_answers_that_contradict_each_other_need_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """It still has segments, but no channel finds it: Invent's list lags behind, or is wrong."""
    desk = anas()
    request = lose(desk)
    real = type(desk.client).contacts_by_user_id
    hidden = request.sources.values_list("contact_id", flat=True)[0]

    def without_one(client: Any, user_id: str) -> tuple[Contact, ...]:
        return tuple(c for c in real(client, user_id) if c.id != hidden)

    monkeypatch.setattr(type(desk.client), "contacts_by_user_id", without_one)
    hand_over(desk, request)

    assert verdicts(request) == [Verdict.UNCLEAR] * 4
    assert "contradict each other" in request.outcome[-2]


def test_gone_and_listed_at_once_is_a_contradiction_too() -> None:
    desk = anas()
    request = lose(desk)
    wire = wired(desk)
    real = wire.handle_request
    hidden = request.sources.values_list("contact_id", flat=True)[0]

    def lose_segments(call: httpx.Request) -> httpx.Response:
        if call.url.path.endswith(f"/{hidden}/segments"):
            return httpx.Response(404)
        return real(call)

    wire.handle_request = lose_segments  # type: ignore[method-assign]
    hand_over(desk, request)

    assert verdicts(request) == [Verdict.UNCLEAR] * 4


def test_a_contact_without_an_external_channel_is_told_by_its_existence_alone() -> None:
    inside = channel("internal", "chat-1")
    raw = [contact("Ana García", PHONE, id="kept"), contact("Ana García", inside, id="bare")]
    desk = Desk(*raw)
    request = lose(desk, group=mirrored(desk, raw))

    look(desk, request)
    assert verdicts(request) == [Verdict.NOT_APPLIED]

    desk.world.remove("bare")
    look(desk, request)
    assert verdicts(request)[-1] == Verdict.CONFLICT
    assert "it has no channel to look for" in request.looks.last().evidence[1]["sentence"]


def test_while_invent_is_down_nobody_has_looked() -> None:
    desk = anas()
    request = lose(desk)
    desk.faults.set(read=Fault.STATUS)
    for _ in range(6):
        look(desk, request)
    assert request.state == RequestState.UNKNOWN
    assert verdicts(request) == []
    assert request.read_backs == 0
    assert "could not be read" in request.waiting_because

    desk.faults.clear()
    for _ in range(4):
        look(desk, request)

    assert request.waiting_because == ""
    assert request.state == RequestState.NOT_APPLIED


def test_after_a_refusal_what_is_gone_may_be_somebody_elses_work() -> None:
    desk = anas()
    request = approved(desk)
    wire = wired(desk)

    def overtaken(call: httpx.Request) -> httpx.Response:
        desk.world.remove(*request.sources.values_list("contact_id", flat=True)[:1])
        return wire.pass_on(call)

    wire.on_merge = overtaken
    execute_next(client=desk.client, organization_id=desk.organization.pk)
    request.refresh_from_db()
    assert request.state == RequestState.UNKNOWN

    hand_over(desk, request)
    assert source_states(request) == [Source.State.SENT] * 2


def test_what_was_read_back_is_held_to_the_prediction() -> None:
    """The answer that would have said that the opt-out is lost is itself lost (rule 7)."""
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE, unsubscribed=True))
    desk.sync()
    request = desk.propose(actor(Role.OPERATOR))
    approve(request, by_user=actor(Role.APPROVER))
    desk.faults.next_merge(Fault.DROP, applied=True)
    desk.work()

    request.refresh_from_db()
    assert request.state == RequestState.MERGED
    assert request.outcome[-1] == "An opt-out was lost: the result receives messages again."
    differs = Entry.objects.get(action=Action.RESULT_DIFFERS)
    assert differs.personal["differences"] == request.outcome[-1:]


def test_a_kept_contact_that_nobody_can_read_is_held_to_nothing() -> None:
    inside = channel("internal", "chat-1")
    raw = [contact("Ana", inside, id="kept"), contact("Ana", PHONE, id="source")]
    desk = Desk(*raw)
    request = lose(desk, group=mirrored(desk, raw))
    desk.world.remove("source")
    desk.world.change("kept", channels=[inside, PHONE])

    look(desk, request)

    assert request.state == RequestState.MERGED


# Several calls


def sixty_four(fail_at: int, *, applied: bool) -> tuple[Desk, MergeRequest]:
    """64 contacts, whose first or second call is lost."""
    desk = anas(64)
    request = approved(desk)
    wire = wired(desk)

    def on_merge(call: httpx.Request) -> httpx.Response:
        lost = desk.counters.merge_calls + 1 == fail_at
        if not lost or applied:
            answer = wire.pass_on(call)
        if lost:
            raise httpx.ReadTimeout("silence", request=call)
        return answer

    wire.on_merge = on_merge
    execute_next(client=desk.client, organization_id=desk.organization.pk)
    request.refresh_from_db()
    assert request.state == RequestState.UNKNOWN
    return desk, request


@pytest.mark.parametrize(
    ("fail_at", "applied", "state", "merged"),
    [
        (1, True, RequestState.PARTIAL, 50),
        (1, False, RequestState.NOT_APPLIED, 0),
        (2, True, RequestState.MERGED, 63),
        (2, False, RequestState.PARTIAL, 50),
    ],
)
def test_a_lost_call_of_several_counts_what_the_others_did(
    fail_at: int, applied: bool, state: str, merged: int
) -> None:
    desk, request = sixty_four(fail_at, applied=applied)
    for _ in range(4):
        if request.state == RequestState.UNKNOWN:
            look(desk, request)

    assert request.state == state
    assert gone_from(desk, request) == [True] * merged + [False] * (63 - merged)
    assert source_states(request) == ["merged"] * merged + ["not_merged"] * (63 - merged)
    assert MergedContact.objects.count() == merged
    assert desk.group().state == (GroupState.MERGED if merged else GroupState.OPEN)
    assert locked(request) == 0
    assert verify().broken is None


def test_a_lost_answer_may_have_named_what_was_to_be_sent_later() -> None:
    """Invent merged all 63 at the first call, which named 50; then the line went dead."""
    desk = anas(64)
    request = approved(desk)
    wire = wired(desk)

    def dies_behind_it(call: httpx.Request) -> httpx.Response:
        desk.faults.next_merge(Fault.MORE)
        wire.pass_on(call)
        raise httpx.ReadError("gone", request=call)

    wire.on_merge = dies_behind_it
    execute_next(client=desk.client, organization_id=desk.organization.pk)
    assert fresh(request).state == RequestState.UNKNOWN
    look(desk, request)

    assert request.state == RequestState.MERGED
    assert source_states(request) == ["merged"] * 63
    assert desk.counters.merge_calls == 1


# Other requests meanwhile


def test_contacts_stay_locked_for_every_other_request_until_the_end() -> None:
    """Two groups that overlap: the sync of a moment when Ana was in both."""
    desk = anas()
    request = lose(desk)
    ana = request.sources.get(position=1)
    phone2 = whatsapp("+15550202")
    desk.world.change(ana.contact_id, channels=[phone2])
    desk.world.apply(Change(desk.world.top.id, put=(contact("Ana García", phone2, id="other"),)))
    desk.sync()
    other = desk.group(GroupState.OPEN)
    assert {m.contact_id for m in other.members.all()} == {ana.contact_id, "other"}
    operator = actor(Role.OPERATOR)

    with pytest.raises(Stale) as refused:
        desk.propose(operator, other)
    assert refused.value.sentence == (
        f"Ana García belongs to merge request {request.pk}, which is not finished"
        " (outcome unknown). Wait for it, or leave Ana García out."
    )
    assert not MergeRequest.objects.filter(group=other).exists()
    assert desk.group(GroupState.OPEN) == other

    resolve(request, merged_ids=[], by_user=actor(Role.APPROVER), note="looked: all are there")
    assert desk.propose(operator, other).state == RequestState.APPROVED


# A person


@pytest.fixture
def lost() -> tuple[Desk, MergeRequest]:
    desk = anas()
    return desk, lose(desk)


def test_an_approver_says_what_became_of_each(lost: tuple[Desk, MergeRequest]) -> None:
    desk, request = lost
    second = request.sources.values_list("contact_id", flat=True)[1]
    vera = actor(Role.APPROVER, name="vera")

    resolve(request, merged_ids=[second], client=desk.client, by_user=vera, note="seen")

    assert request.state == RequestState.PARTIAL
    assert source_states(request) == [Source.State.NOT_MERGED, Source.State.MERGED]
    assert list(MergedContact.objects.values_list("contact_id", flat=True)) == [second]
    assert (locked(request), desk.group().state) == (0, GroupState.MERGED)
    assert request.outcome[-1] == "vera found out: seen"
    entry = Entry.objects.latest("number")
    assert entry.action == Action.MERGE_RESOLVED
    assert entry.facts["merged"] == [second]
    assert entry.personal["note"] == "seen"
    assert desk.work() == 0


@pytest.mark.parametrize(
    ("ticked", "state"), [(0, RequestState.NOT_APPLIED), (2, RequestState.MERGED)]
)
def test_all_or_none_can_be_said_too(
    lost: tuple[Desk, MergeRequest], ticked: int, state: str
) -> None:
    _, request = lost
    ids = list(request.sources.values_list("contact_id", flat=True))

    resolve(request, merged_ids=ids[:ticked], by_user=actor(Role.APPROVER), note="seen")

    assert request.state == state


def ana_who_left(*, keeps_opt_out: bool) -> tuple[Desk, MergeRequest]:
    """Ana unsubscribed; she was merged, nobody knows of it, and a person is to say."""
    desk = Desk(
        contact("Ana", PHONE, id="kept"), contact("Ana", PHONE, id="out", unsubscribed=True)
    )
    desk.faults.any_flag_wins = keeps_opt_out
    desk.sync()
    return desk, lose(desk, applied=True)


def test_an_opt_out_that_was_lost_is_noticed_when_a_person_says_what_was_merged() -> None:
    desk, request = ana_who_left(keeps_opt_out=False)
    vera = actor(Role.APPROVER, name="vera")

    resolve(request, merged_ids=["out"], client=desk.client, by_user=vera, note="seen")

    request = fresh(request)
    assert (request.state, request.lost_opt_out.flags) == (RequestState.MERGED, "unsubscribed")
    assert request.outcome[-2:] == [
        "vera found out: seen",
        "An opt-out was lost: the result receives messages again.",
    ]
    assert Entry.objects.get(action=Action.RESULT_DIFFERS).facts["flags"] == ["unsubscribed"]
    assert verify().broken is None


def test_an_opt_out_that_was_kept_is_seen_when_a_person_says_what_was_merged() -> None:
    desk, request = ana_who_left(keeps_opt_out=True)
    vera = actor(Role.APPROVER, name="vera")

    resolve(request, merged_ids=["out"], client=desk.client, by_user=vera, note="seen")

    assert not LostOptOut.objects.exists()
    assert fresh(request).outcome[-1] == "The result is unsubscribed; the primary was not."


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("away", "Invent could not be read: it answered with status 500."),
        ("gone", "None of its channels finds it in Invent."),
        ("no key", "There is no key to ask Invent with."),
    ],
)
def test_a_contact_that_can_not_be_read_is_said_and_its_opt_out_counts_as_lost(
    how: str, why: str
) -> None:
    desk, request = ana_who_left(keeps_opt_out=True)
    if how == "away":
        desk.faults.set(read=Fault.STATUS)
    elif how == "gone":
        desk.world.remove("kept")
    client = None if how == "no key" else desk.client
    vera = actor(Role.APPROVER, name="vera")

    resolve(request, merged_ids=["out"], client=client, by_user=vera, note="seen")

    request = fresh(request)
    assert (request.state, request.lost_opt_out.flags) == (RequestState.MERGED, "unsubscribed")
    assert request.outcome[-3:] == [
        "vera found out: seen",
        f"The contact that was kept was not compared with what was expected. {why}",
        "Invent doesn't say whether the opt-out was kept: look at the contact there.",
    ]


def test_nothing_is_read_when_a_person_says_that_nothing_was_merged(
    lost: tuple[Desk, MergeRequest],
) -> None:
    desk, request = lost
    before = desk.counters.requests.total()

    resolve(
        request, merged_ids=[], client=desk.client, by_user=actor(Role.APPROVER), note="all there"
    )

    assert desk.counters.requests.total() == before
    assert fresh(request).state == RequestState.NOT_APPLIED


def test_a_lost_contact_stays_lost_unless_a_person_says_where_it_went() -> None:
    desk = Desk(
        contact("Ana García", PHONE, id="kept"),
        contact("Ana García", PHONE, email("ana@example.com"), id="source"),
    )
    desk.sync()
    request = lose(desk)
    desk.world.remove("source")
    hand_over(desk, request)

    resolve(request, merged_ids=[], by_user=actor(Role.APPROVER), note="deleted by Tom")

    assert request.state == RequestState.NOT_APPLIED
    assert source_states(request) == [Source.State.LOST]


def test_who_may_say_it_and_how(lost: tuple[Desk, MergeRequest]) -> None:
    _, request = lost
    approver = actor(Role.APPROVER)

    with pytest.raises(NotAllowed):
        resolve(request, merged_ids=[], by_user=actor(Role.OPERATOR), note="seen")
    with pytest.raises(Invalid, match="Say how you found out"):
        resolve(request, merged_ids=[], by_user=approver, note="  ")
    with pytest.raises(Invalid, match="not one of this request"):
        resolve(request, merged_ids=["contact_of_others"], by_user=approver, note="seen")
    assert fresh(request).state == RequestState.UNKNOWN

    resolve(request, merged_ids=[], by_user=approver, note="seen")
    with pytest.raises(Stale, match="no longer as you saw it"):
        resolve(request, merged_ids=[], by_user=approver, note="seen")


def test_a_person_who_is_faster_than_the_look_wins(
    lost: tuple[Desk, MergeRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, request = lost
    real = type(desk.client).contact_segments

    def meanwhile(client: Any, contact_id: str) -> Any:
        if fresh(request).state == RequestState.UNKNOWN:
            again = fresh(request)
            resolve(again, merged_ids=[], by_user=actor(Role.APPROVER), note="seen")
        return real(client, contact_id)

    monkeypatch.setattr(type(desk.client), "contact_segments", meanwhile)
    assert reconcile_next(client=desk.client, organization_id=desk.organization.pk) == request

    assert fresh(request).state == RequestState.NOT_APPLIED
    assert verdicts(request) == []
    with pytest.raises(Stale):
        reconcile(request, client=desk.client)


def test_two_workers_do_not_take_the_same_look(lost: tuple[Desk, MergeRequest]) -> None:
    desk, request = lost
    real = MergeRequest.objects.get(pk=request.pk)
    past(request, read_back_at=5)
    organization_id = desk.organization.pk

    assert reconcile_next(client=desk.client, organization_id=organization_id) == real
    assert reconcile_next(client=desk.client, organization_id=organization_id) is None
    assert len(verdicts(request)) == 1


def test_a_look_that_another_worker_took_is_passed_over(
    lost: tuple[Desk, MergeRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, request = lost
    monkeypatch.setattr("django.db.models.query.QuerySet.update", lambda *args, **values: 0)

    assert reconcile_next(client=desk.client, organization_id=desk.organization.pk) is None
    assert verdicts(request) == []
