"""The truth table of rule 4, a test a row: what each answer to a merge call makes of everything.

`applied`: what Invent really did with the call, which the desk can't know in most rows.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit import lookup
from mergeui.audit.actions import Action
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.merging.approval import cancel, expire
from mergeui.merging.execution import execute_next
from mergeui.merging.models import Attempt, MergeRequest, Notice, RequestState, Source
from mergeui.merging.standing import halted
from mergeui.review.models import Group, GroupState, MergedContact
from mergeui.sandbox import Fault
from tests.desk import Desk, actor, past
from tests.merging.stage import (
    Wire,
    actions,
    anas,
    approved,
    fresh,
    gone_from,
    locked,
    look,
    source_states,
    wired,
)
from tests.web.cast import somebody, text_of

pytestmark = pytest.mark.django_db

NOTHING = [False, False]
ALL = [True, True]


def execute(desk: Desk) -> None:
    """The call alone, without the look that a round of the worker takes behind it."""
    execute_next(client=desk.client, organization_id=desk.organization.pk)


def breaks(error: type[httpx.TransportError], *, applied: bool = False) -> Callable[[Wire], Any]:
    """A wire on which the merge call ends in this error, before or after Invent has it."""

    def on_wire(wire: Wire) -> None:
        def on_merge(request: httpx.Request) -> httpx.Response:
            if applied:
                wire.pass_on(request)
            raise error("broken", request=request)

        wire.on_merge = on_merge

    return on_wire


def says(status: int, body: bytes) -> Callable[[Wire], Any]:
    """A wire on which the merge call arrives, and another answer comes back."""

    def on_wire(wire: Wire) -> None:
        def on_merge(request: httpx.Request) -> httpx.Response:
            wire.pass_on(request)
            return httpx.Response(status, content=body)

        wire.on_merge = on_merge

    return on_wire


@dataclass
class Row:
    """What happens on the way (`wire`) or in Invent (`fault`), and what comes of it."""

    name: str
    wire: Callable[[Wire], Any] | None = None
    fault: Fault = Fault.NONE
    switches: dict[str, Any] = field(default_factory=dict)
    applied: list[bool] = field(default_factory=lambda: NOTHING)
    calls: int = 1


NOT_SENT = [
    Row("refused connection", breaks(httpx.ConnectError), calls=0),
    Row("connecting takes too long", breaks(httpx.ConnectTimeout), calls=0),
    Row("no connection to be had", breaks(httpx.PoolTimeout), calls=0),
]
REFUSED = [
    Row(f"status {status}", fault=Fault.STATUS, switches={"merge_status": status})
    for status in (400, 401, 404)
]
UNKNOWN = [
    *(
        Row(
            f"status {status}{' though applied' if applied else ''}",
            fault=Fault.STATUS,
            switches={"merge_status": status},
            applied=ALL if applied else NOTHING,
        )
        for status in (302, 402, 403, 408, 409, 410, 422, 425, 500, 502, 503, 504)
        for applied in (False, True)
    ),
    *(
        Row(
            f"{fault.value}{' though applied' if applied else ''}",
            fault=fault,
            switches={"hang_seconds": 90.0},
            applied=ALL if applied else NOTHING,
        )
        for fault in (
            Fault.DROP,
            Fault.HANG,
            Fault.HTML,
            Fault.EMPTY,
            Fault.CUT_JSON,
            Fault.CUT_BODY,
            Fault.REDIRECT,
        )
        for applied in (False, True)
    ),
    Row("speaks of another contact", fault=Fault.WRONG_ID, applied=ALL),
    Row("reset before it arrived", breaks(httpx.WriteError), calls=0),
    Row("writing took too long", breaks(httpx.WriteTimeout), calls=0),
    Row("reset after it arrived", breaks(httpx.ReadError, applied=True), applied=ALL),
    Row("no answer in time", breaks(httpx.ReadTimeout, applied=True), applied=ALL),
    Row("a protocol that nobody speaks", breaks(httpx.LocalProtocolError), calls=0),
    Row("201", says(201, b"{}"), applied=ALL),
    Row("200 without the ids", says(200, b'{"merged": {"id": "x"}}'), applied=ALL),
]


def name_of(row: Row) -> str:
    return row.name


def play(row: Row) -> tuple[Desk, MergeRequest]:
    """Executes a request for two sources under what the row says."""
    desk = anas()
    request = approved(desk)
    if row.wire:
        row.wire(wired(desk))
    if row.fault:
        desk.faults.next_merge(row.fault, applied=all(row.applied), **row.switches)
    execute(desk)
    assert desk.counters.merge_calls == row.calls
    assert gone_from(desk, request) == row.applied
    assert verify().broken is None
    return desk, fresh(request)


@pytest.mark.parametrize("row", NOT_SENT, ids=name_of)
def test_not_sent_waits_and_may_be_sent_again(row: Row) -> None:
    desk, request = play(row)

    assert request.state == RequestState.APPROVED
    assert "nothing was sent" in request.waiting_because
    assert source_states(request) == [Source.State.WAITING] * 2
    assert locked(request) == 3
    assert desk.group().state == GroupState.REQUESTED
    assert request.attempts.get().state == Attempt.State.NOT_SENT
    assert actions(Action.ATTEMPT_STARTED) == [Action.ATTEMPT_NOT_SENT]


@pytest.mark.parametrize("row", REFUSED, ids=name_of)
def test_a_documented_refusal_ends_the_request(row: Row) -> None:
    desk, request = play(row)

    assert request.state == RequestState.REFUSED
    assert "and did nothing" in request.outcome[0]
    assert source_states(request) == [Source.State.NOT_MERGED] * 2
    assert locked(request) == 0
    assert desk.group().state == GroupState.OPEN
    attempt = request.attempts.get()
    assert (attempt.state, attempt.answer["status"]) == (
        Attempt.State.REFUSED,
        row.switches["merge_status"],
    )
    key_refused = row.switches["merge_status"] == 401
    assert actions(Action.ATTEMPT_STARTED) == [
        Action.ATTEMPT_ANSWERED,
        Action.MERGE_REFUSED,
        *([Action.MERGING_HALTED] if key_refused else []),
    ]
    assert bool(halted(desk.organization)) == key_refused
    assert desk.work() == 0
    assert desk.counters.merge_calls == 1


def test_too_many_requests_waits_as_long_as_told_and_goes_again() -> None:
    row = Row("429", fault=Fault.STATUS, switches={"merge_status": 429, "merge_retry_after": "45"})
    desk, request = play(row)

    assert request.state == RequestState.APPROVED
    assert "too many requests" in request.waiting_because
    pause = request.execute_after - timezone.now()
    assert timedelta(seconds=40) < pause <= timedelta(seconds=45)
    assert (source_states(request), locked(request)) == ([Source.State.WAITING] * 2, 3)
    assert request.attempts.get().state == Attempt.State.REFUSED
    assert actions(Action.ATTEMPT_STARTED) == [Action.ATTEMPT_ANSWERED]

    assert desk.work() == 0
    past(request, execute_after=1)
    desk.work()

    assert fresh(request).state == RequestState.MERGED
    assert [a.state for a in request.attempts.all()] == ["refused", "merged"]


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("0", 10), (None, 10), ("999999999", 86_400), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400)],
)
def test_no_pause_is_too_short_or_too_long(asked: str | None, seconds: int) -> None:
    switches = {"merge_status": 429, "merge_retry_after": asked}
    _, request = play(Row("429", fault=Fault.STATUS, switches=switches))

    pause = (request.execute_after - timezone.now()).total_seconds()
    assert seconds - 5 < pause <= seconds


@pytest.mark.parametrize("row", UNKNOWN, ids=name_of)
def test_what_may_have_arrived_is_unknown_and_never_sent_again(row: Row) -> None:
    desk, request = play(row)

    assert request.state == RequestState.UNKNOWN
    assert request.outcome == [request.attempts.get().reason]
    assert source_states(request) == [Source.State.SENT] * 2
    assert locked(request) == 3
    assert desk.group().state == GroupState.REQUESTED
    assert request.attempts.get().state == Attempt.State.UNKNOWN
    assert actions(Action.ATTEMPT_STARTED) == [Action.ATTEMPT_ANSWERED, Action.MERGE_UNKNOWN]

    desk.faults.clear()
    desk.work()
    assert desk.counters.merge_calls == row.calls
    merged = fresh(request).state == RequestState.MERGED
    assert merged == all(row.applied)


def test_what_breaks_on_our_side_may_have_arrived_too(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = anas()
    request = approved(desk)

    def broken(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(type(desk.client), "send_merge", broken)
    execute(desk)

    assert fresh(request).state == RequestState.UNKNOWN
    assert "broken off (MemoryError)" in request.attempts.get().reason


def test_a_whole_success_is_merged() -> None:
    desk, request = play(Row("200", applied=ALL))

    assert request.state == RequestState.MERGED
    assert source_states(request) == [Source.State.MERGED] * 2
    assert locked(request) == 0
    assert desk.group().state == GroupState.MERGED
    assert request.attempts.get().state == Attempt.State.MERGED
    assert actions(Action.ATTEMPT_STARTED) == [Action.ATTEMPT_ANSWERED, Action.MERGE_COMPLETED]


def test_a_success_in_part_is_told_source_by_source() -> None:
    desk, request = play(Row("partial", fault=Fault.PARTIAL, applied=[True, False]))

    left = request.sources.last()
    assert left is not None
    assert request.state == RequestState.PARTIAL
    assert request.outcome == [
        "Invent merged only a part of what was sent.",
        f"Not merged: Ana García ({left.contact_id}).",  # all three have this name
    ]
    assert source_states(request) == [Source.State.MERGED, Source.State.NOT_MERGED]
    assert locked(request) == 0
    assert desk.group().state == GroupState.MERGED
    assert request.attempts.get().state == Attempt.State.PARTIAL
    assert actions(Action.ATTEMPT_STARTED) == [Action.ATTEMPT_ANSWERED, Action.MERGE_PARTIAL]


def test_what_is_left_is_told_by_name_alone_where_no_other_has_it() -> None:
    desk = anas(4)
    request = approved(desk)
    for number, source in enumerate(request.sources.all()):
        Source.objects.filter(pk=source.pk).update(name="Eva" if number == 2 else "Ana")
    desk.faults.next_merge(Fault.PARTIAL)
    execute(desk)

    request.refresh_from_db()
    assert request.outcome[0] == "Invent merged only a part of what was sent."
    left = request.sources.filter(state=Source.State.NOT_MERGED)
    assert request.outcome[1:] == [
        "Not merged: Eva." if one.name == "Eva" else f"Not merged: Ana ({one.contact_id})."
        for one in left
    ]
    assert "Not merged: Eva." in request.outcome


def test_a_success_that_merged_more_is_a_part_too_and_says_what_nobody_asked_for() -> None:
    """The sources are merged as asked; the third Ana was not ticked, and is gone all the same."""
    desk = anas(4)
    ids = [m.contact_id for m in desk.group().members.all()]
    request = approved(desk, source_ids=ids[1:3])
    desk.faults.next_merge(Fault.MORE)
    execute(desk)

    request.refresh_from_db()
    assert gone_from(desk, request) == ALL
    assert not desk.exists(ids[3])
    assert request.state == RequestState.PARTIAL
    assert request.outcome == [
        "Invent merged more than what was sent.",
        f"Merged although nobody asked for it: Ana García ({ids[3]}).",
    ]
    assert source_states(request) == [Source.State.MERGED] * 2
    assert (locked(request), desk.group().state) == (0, GroupState.MERGED)
    attempt = request.attempts.get()
    assert (attempt.state, attempt.unasked) == (Attempt.State.PARTIAL, [ids[3]])
    assert actions(Action.ATTEMPT_STARTED) == [Action.ATTEMPT_ANSWERED, Action.MERGE_PARTIAL]
    found = lookup.entries(desk.organization, contact=ids[3])
    told = [describe(entry) for entry in found if entry.facts.get("unasked") == [ids[3]]]
    assert len(told) == 2
    assert all("Invent merged 1 contact more, which nobody asked for." in one for one in told)
    assert told[0].startswith("Merged 2 contacts into Ana García, asked for by operator-")

    # It does not come back, and the desk knows where it went.
    desk.faults.set(linger_seconds=3600.0)
    desk.sync()
    assert not Group.objects.filter(state=GroupState.OPEN).exists()
    assert MergedContact.objects.get(contact_id=ids[3]).into_contact_id == ids[0]
    assert verify().broken is None


def test_an_answer_that_names_what_no_contact_could_be_called_is_kept_all_the_same() -> None:
    desk = anas(2)
    request = approved(desk)
    [primary, source] = [raw["id"] for raw in request.snapshot]
    odd = ["a/b", "x" * 300, "\u202e\n", *(f"strange_{n}" for n in range(30))]
    answer = {"merged": request.snapshot[0], "merged_contact_ids": [source, primary, *odd]}
    says(200, json.dumps(answer).encode())(wired(desk))
    execute(desk)

    request.refresh_from_db()
    assert request.state == RequestState.PARTIAL
    assert len(request.attempts.get().unasked) == len(odd)
    assert request.outcome[-1] == "And 13 more, which the answer to the call names."
    assert MergedContact.objects.count() == 1 + 30
    assert verify().broken is None


def test_a_success_that_names_only_others_proves_nothing_but_is_told() -> None:
    desk = anas(2)
    request = approved(desk)
    answer = {"merged": request.snapshot[0], "merged_contact_ids": ["stranger"]}
    says(200, json.dumps(answer).encode())(wired(desk))
    execute(desk)

    assert fresh(request).state == RequestState.UNKNOWN
    assert request.attempts.get().unasked == ["stranger"]

    # Read back it is merged; with more than was asked for it is still not as approved.
    desk.work()
    assert fresh(request).state == RequestState.PARTIAL
    assert source_states(request) == [Source.State.MERGED]


def test_a_success_that_merged_none_proves_nothing() -> None:
    desk = anas(2)
    request = approved(desk)
    desk.faults.next_merge(Fault.PARTIAL)  # half of one is none
    execute(desk)

    assert fresh(request).state == RequestState.UNKNOWN
    assert "merged none" in fresh(request).outcome[0]


def test_a_call_that_never_leaves_is_tried_three_times_with_growing_pauses() -> None:
    desk = anas()
    request = approved(desk)
    breaks(httpx.ConnectError)(wired(desk))
    pauses = []
    for _ in range(2):
        execute(desk)
        request.refresh_from_db()
        pauses.append(round((request.execute_after - timezone.now()).total_seconds(), -1))
        assert desk.work() == 0
        past(request, execute_after=1)
    execute(desk)

    request.refresh_from_db()
    assert pauses == [10, 20]
    assert request.state == RequestState.NOT_APPLIED
    assert request.outcome[0] == "Tried 3 times."
    assert request.outcome[1].startswith("Invent could not be reached")
    assert source_states(request) == [Source.State.NOT_MERGED] * 2
    assert (locked(request), desk.group().state) == (0, GroupState.OPEN)
    assert [a.state for a in request.attempts.all()] == [Attempt.State.NOT_SENT] * 3
    assert desk.counters.merge_calls == 0
    assert actions()[-1] == Action.MERGE_NOT_APPLIED


def test_a_call_that_gets_through_at_the_third_try_merges() -> None:
    desk = anas()
    request = approved(desk)
    wire = wired(desk)
    breaks(httpx.ConnectError)(wire)
    for _ in range(2):
        execute(desk)
        past(request, execute_after=1)
    wire.on_merge = None
    execute(desk)

    assert fresh(request).state == RequestState.MERGED
    assert desk.counters.merge_calls == 1


def test_while_the_contacts_can_not_be_read_again_nothing_is_sent_or_counted() -> None:
    desk = anas()
    request = approved(desk)
    desk.faults.set(read=Fault.STATUS)
    for _ in range(4):
        execute(desk)
        past(request, execute_after=1)
    assert (request.state, request.tries) == (RequestState.APPROVED, 0)
    assert "could not be read" in request.waiting_because
    assert not request.attempts.exists()

    desk.faults.clear()
    execute(desk)
    assert fresh(request).state == RequestState.MERGED
    assert fresh(request).waiting_because == ""


# A refusal is looked at all the same


def test_a_refusal_is_not_believed_when_the_contacts_are_gone() -> None:
    """Whoever passes calls on may send one twice: the first merges, the second gets the 404."""
    desk = anas()
    request = approved(desk)
    wire = wired(desk)

    def twice(call: httpx.Request) -> httpx.Response:
        wire.pass_on(call)
        return wire.pass_on(call)

    wire.on_merge = twice
    execute(desk)

    request.refresh_from_db()
    assert request.state == RequestState.UNKNOWN
    assert request.outcome[1] == "Yet gone from Invent: Ana García, Ana García."
    assert source_states(request) == [Source.State.SENT] * 2
    assert request.attempts.get().state == Attempt.State.REFUSED
    assert locked(request) == 3


def test_a_refusal_that_can_not_be_looked_at_is_unknown() -> None:
    desk = anas()
    request = approved(desk)
    wire = wired(desk)

    def refuse_and_go_down(call: httpx.Request) -> httpx.Response:
        desk.faults.set(read=Fault.STATUS)
        return httpx.Response(404)

    wire.on_merge = refuse_and_go_down
    execute(desk)

    request.refresh_from_db()
    assert request.state == RequestState.UNKNOWN
    assert "could not be looked up" in request.outcome[1]


def test_a_key_that_is_refused_for_reading_too_did_nothing() -> None:
    desk = anas()
    request = approved(desk)
    wire = wired(desk)

    def revoke(call: httpx.Request) -> httpx.Response:
        desk.sandbox.keys.clear()
        return wire.pass_on(call)

    wire.on_merge = revoke
    execute(desk)

    assert fresh(request).state == RequestState.REFUSED


def test_a_key_that_dies_behind_another_refusal_says_nothing_of_the_merge() -> None:
    """The call was passed on twice, so the 404 is no surprise; and now the key is revoked."""
    desk = anas()
    request = approved(desk)
    wire = wired(desk)

    def twice_and_revoke(call: httpx.Request) -> httpx.Response:
        wire.pass_on(call)
        answer = wire.pass_on(call)
        desk.sandbox.keys.clear()
        return answer

    wire.on_merge = twice_and_revoke
    execute(desk)

    request.refresh_from_db()
    assert gone_from(desk, request) == ALL
    assert request.state == RequestState.UNKNOWN
    assert "could not be looked up" in request.outcome[1]
    assert locked(request) == 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_firewall_that_forbids_to_look_as_well_proves_nothing(status: int) -> None:
    """It passed the call on, did not like the answer, and lets nothing through from then on."""
    desk = anas()
    request = approved(desk)
    wire = wired(desk)

    def block(call: httpx.Request) -> httpx.Response:
        wire.pass_on(call)
        desk.faults.set(read=Fault.STATUS, read_status=403)
        return httpx.Response(status, text="Request blocked")

    wire.on_merge = block
    execute(desk)

    request.refresh_from_db()
    assert gone_from(desk, request) == ALL
    assert request.state == RequestState.UNKNOWN
    assert locked(request) == 3


def done_and_told_to_wait(wire: Wire) -> Callable[[httpx.Request], httpx.Response]:
    """Whoever passes calls on sends one twice: the first merges, the second gets the 429."""

    def on_merge(call: httpx.Request) -> httpx.Response:
        wire.pass_on(call)
        return httpx.Response(429)

    return on_merge


def test_a_call_that_was_done_in_spite_of_429_is_found_before_it_is_sent_again() -> None:
    desk = anas()
    request = approved(desk)
    wire = wired(desk)
    wire.on_merge = done_and_told_to_wait(wire)
    execute(desk)
    assert fresh(request).state == RequestState.APPROVED
    past(request, execute_after=1)

    execute(desk)

    request.refresh_from_db()
    assert request.state == RequestState.UNKNOWN
    assert "too many requests" in request.outcome[0]
    assert request.outcome[1] == "Yet gone from Invent: Ana García, Ana García."
    assert source_states(request) == [Source.State.SENT] * 2
    assert (locked(request), desk.counters.merge_calls) == (3, 1)

    # Somebody else may have merged them while the desk waited, so a person has to say.
    for _ in range(4):
        look(desk, request)
    assert request.state == RequestState.CONFLICT
    assert locked(request) == 3


def test_a_try_that_never_left_makes_the_429_before_it_no_clearer() -> None:
    desk = anas()
    request = approved(desk)
    wire = wired(desk)
    wire.on_merge = lambda call: httpx.Response(429)
    execute(desk)
    past(request, execute_after=1)
    breaks(httpx.ConnectError)(wire)
    execute(desk)
    past(request, execute_after=1)
    ids = list(request.sources.values_list("contact_id", flat=True))
    desk.world.merge(desk.world.top.id, request.primary_contact_id, ids, any_flag_wins=False)

    for _ in range(5):
        look(desk, request)

    assert [a.state for a in request.attempts.all()] == ["refused", "not_sent"]
    assert request.state == RequestState.CONFLICT


def test_a_change_behind_429_is_a_change() -> None:
    desk = anas()
    request = approved(desk)
    desk.faults.next_merge(Fault.STATUS, merge_status=429)
    execute(desk)
    past(request, execute_after=1)
    desk.world.change(request.sources.get(position=0).contact_id, name="Bea")

    execute(desk)

    request = fresh(request)
    assert request.state == RequestState.STALE
    assert request.outcome[0] == "The contacts changed after they were shown. Nothing was merged."
    assert locked(request) == 0
    page = text_of(somebody().get(f"/requests/{request.pk}/"))
    assert "The group is back in the queue and shows what Invent has now" in page
    assert "Nothing was sent" not in page
    assert "was left undone" in text_of(somebody().get("/history/?action=merge_stale"))


def told_to_wait(desk: Desk, *, applied: bool) -> MergeRequest:
    """A request whose call was answered with 429, and that waits for its next try."""
    request = approved(desk)
    desk.faults.next_merge(Fault.STATUS, merge_status=429, applied=applied)
    execute(desk)
    assert fresh(request).state == RequestState.APPROVED
    return fresh(request)


def somebody_cancels(request: MergeRequest) -> None:
    cancel(request, by_user=actor(Role.APPROVER, name="vera"), note="not the same")


def its_time_is_up(request: MergeRequest) -> None:
    past(request, expires_at=1)
    assert expire(now=timezone.now()) == 1


ENDS = pytest.mark.parametrize("ends", [somebody_cancels, its_time_is_up])


@ENDS
def test_a_call_that_was_done_in_spite_of_429_is_found_before_its_request_ends(
    ends: Callable[[MergeRequest], None],
) -> None:
    desk = anas()
    request = told_to_wait(desk, applied=True)

    ends(request)

    request = fresh(request)
    assert request.state == RequestState.UNKNOWN
    assert "Nothing was sent to Invent." not in request.outcome
    assert "answered with 429" in request.outcome[1]
    assert source_states(request) == [Source.State.SENT] * 2
    assert (locked(request), desk.group().state) == (3, GroupState.REQUESTED)
    for _ in range(4):
        look(desk, request)
    assert request.state == RequestState.CONFLICT
    assert desk.counters.merge_calls == 1


@ENDS
def test_a_call_that_was_not_done_is_known_to_be_before_its_request_ends(
    ends: Callable[[MergeRequest], None],
) -> None:
    desk = anas()
    request = told_to_wait(desk, applied=False)

    ends(request)
    for _ in range(4):
        look(desk, request)

    assert request.state == RequestState.NOT_APPLIED
    assert source_states(request) == [Source.State.NOT_MERGED] * 2
    assert (locked(request), desk.group().state) == (0, GroupState.OPEN)
    assert desk.counters.merge_calls == 1
    assert not Notice.objects.exists()


def test_who_cancelled_behind_a_429_stands_in_the_history() -> None:
    desk = anas()
    somebody_cancels(told_to_wait(desk, applied=False))

    cancelled, unknown = Entry.objects.order_by("-number")[:2][::-1]
    assert describe(cancelled) == (
        "Vera cancelled the approved merge of 2 contacts into Ana García (request"
        f" {cancelled.request_pk}). Note: “not the same”"
    )
    assert describe(unknown).startswith(
        "It is not known whether 2 contacts merged into Ana García: a call of before was answered"
        " with 429"
    )
    assert verify().broken is None


def test_a_try_that_never_left_can_be_cancelled_at_once() -> None:
    desk = anas()
    request = approved(desk)
    breaks(httpx.ConnectError)(wired(desk))
    execute(desk)

    somebody_cancels(fresh(request))

    assert fresh(request).state == RequestState.CANCELLED


# Several calls in a row


def test_a_429_that_was_followed_by_its_merge_is_no_reason_to_look() -> None:
    desk, request = sixty_four()
    desk.faults.next_merge(Fault.STATUS, merge_status=429)
    execute(desk)
    past(request, execute_after=1)
    execute_next(client=desk.client, organization_id=desk.organization.pk, go_on=lambda: False)
    assert source_states(request) == ["merged"] * 50 + ["waiting"] * 13

    somebody_cancels(fresh(request))

    assert fresh(request).state == RequestState.PARTIAL
    assert fresh(request).outcome[1].startswith("50 of its contacts were merged before")


def test_what_was_merged_before_a_429_stays_merged_when_somebody_cancels() -> None:
    desk, request = sixty_four()
    wire = wired(desk)
    wire.on_merge = lambda call: (
        httpx.Response(429) if desk.counters.merge_calls else wire.pass_on(call)
    )
    execute(desk)

    somebody_cancels(fresh(request))
    assert source_states(request) == ["merged"] * 50 + ["sent"] * 13
    for _ in range(4):
        look(desk, request)

    assert request.state == RequestState.PARTIAL
    assert source_states(request) == ["merged"] * 50 + ["not_merged"] * 13


def test_a_429_of_the_first_call_says_nothing_of_the_contacts_of_the_second() -> None:
    desk, request = sixty_four()
    desk.faults.next_merge(Fault.STATUS, merge_status=429)
    execute(desk)
    past(request, execute_after=1)
    wire = wired(desk)
    last = request.sources.get(position=62).contact_id

    def then_remove(call: httpx.Request) -> httpx.Response:
        answer = wire.pass_on(call)
        desk.world.remove(last)
        return answer

    wire.on_merge = then_remove
    execute(desk)

    request.refresh_from_db()
    assert request.state == RequestState.PARTIAL
    assert request.outcome[0] == "The rest was not merged, because the contacts changed."


def test_a_second_call_that_was_done_in_spite_of_429_is_found_too() -> None:
    desk, request = sixty_four()
    wire = wired(desk)
    twice = done_and_told_to_wait(wire)
    wire.on_merge = lambda call: (twice if desk.counters.merge_calls else wire.pass_on)(call)
    execute(desk)
    assert fresh(request).state == RequestState.APPROVED
    past(request, execute_after=1)

    execute(desk)

    assert fresh(request).state == RequestState.UNKNOWN
    assert source_states(request) == ["merged"] * 50 + ["sent"] * 13
    assert desk.counters.merge_calls == 2


def test_what_the_first_call_merged_of_the_second_was_asked_for() -> None:
    desk, request = sixty_four()
    desk.faults.next_merge(Fault.MORE)
    execute(desk)

    request.refresh_from_db()
    assert source_states(request) == ["merged"] * 63
    assert (request.state, request.outcome) == (RequestState.MERGED, [])
    assert [a.state for a in request.attempts.all()] == [Attempt.State.PARTIAL]
    assert desk.counters.merge_calls == 1


def sixty_four() -> tuple[Desk, MergeRequest]:
    desk = anas(64)
    return desk, approved(desk)


@pytest.mark.parametrize(
    ("status", "first_line"),
    [(404, "The rest was not merged."), (400, "The rest was not merged.")],
)
def test_a_second_call_that_is_refused_leaves_a_part(status: int, first_line: str) -> None:
    desk, request = sixty_four()
    wire = wired(desk)

    def second_fails(call: httpx.Request) -> httpx.Response:
        return wire.pass_on(call) if not desk.counters.merge_calls else httpx.Response(status)

    wire.on_merge = second_fails
    execute(desk)

    request.refresh_from_db()
    assert request.state == RequestState.PARTIAL
    assert request.outcome[0] == first_line
    assert source_states(request) == ["merged"] * 50 + ["not_merged"] * 13
    assert (locked(request), desk.group().state) == (0, GroupState.MERGED)


def test_a_second_call_that_never_leaves_goes_on_where_it_was() -> None:
    desk, request = sixty_four()
    wire = wired(desk)

    def second_fails(call: httpx.Request) -> httpx.Response:
        if desk.counters.merge_calls:
            raise httpx.ConnectError("refused", request=call)
        return wire.pass_on(call)

    wire.on_merge = second_fails
    execute(desk)
    assert fresh(request).state == RequestState.APPROVED
    assert source_states(request) == ["merged"] * 50 + ["waiting"] * 13

    wire.on_merge = None
    past(request, execute_after=1)
    execute(desk)

    assert fresh(request).state == RequestState.MERGED
    assert [len(a.source_ids) for a in request.attempts.all()] == [50, 13, 13]
    assert desk.counters.merge_calls == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda desk, ids: desk.world.change(ids[-1], name="Bea"), "Name was"),
        (lambda desk, ids: desk.world.remove(ids[-1]), "no longer found in Invent"),
        (lambda desk, ids: desk.world.remove(ids[0]), "no longer found in Invent"),
    ],
    ids=["a source changed", "a source is gone", "the primary is gone"],
)
def test_between_two_calls_the_contacts_are_read_again(
    change: Callable[..., object], sentence: str
) -> None:
    desk, request = sixty_four()
    wire = wired(desk)
    ids = [request.primary_contact_id, *request.sources.values_list("contact_id", flat=True)]

    def then_change(call: httpx.Request) -> httpx.Response:
        answer = wire.pass_on(call)
        change(desk, ids)
        return answer

    wire.on_merge = then_change
    execute(desk)

    request.refresh_from_db()
    assert request.state == RequestState.PARTIAL
    assert request.outcome[0] == "The rest was not merged, because the contacts changed."
    assert sentence in request.outcome[1]
    assert desk.counters.merge_calls == 1
    assert source_states(request) == ["merged"] * 50 + ["not_merged"] * 13
