"""From a choice to a merge: what is sent, what is kept, what is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.merging.approval import approve, cancel, reject
from mergeui.merging.execution import Job
from mergeui.merging.models import Attempt, ContactLock, MergeRequest, RequestState, Source
from mergeui.review.models import GroupState, MergedContact
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor, past

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")


@pytest.fixture(autouse=True)
def _no_cool_off(settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 0


@pytest.fixture
def desk() -> Desk:
    """Ana three times over, nothing risky."""
    desk = Desk(*[contact("Ana García", PHONE) for _ in range(3)])
    desk.sync()
    return desk


def actions() -> list[str]:
    return list(Entry.objects.order_by("number").values_list("action", flat=True))


def test_an_operator_merges_what_they_ticked_and_nothing_else(desk: Desk) -> None:
    primary, ticked, left = [m.contact_id for m in desk.group().members.all()]

    request = desk.propose(actor(Role.OPERATOR), source_ids=[ticked])
    assert request.state == RequestState.APPROVED
    desk.work()

    request.refresh_from_db()
    assert request.state == RequestState.MERGED
    [(asked_primary, body)] = desk.counters.merges
    assert (asked_primary, json.loads(body)) == (primary, {"source_contact_ids": [ticked]})
    assert desk.exists(primary)
    assert desk.exists(left)
    assert not desk.exists(ticked)
    assert desk.group().state == GroupState.MERGED
    gone = MergedContact.objects.get()
    assert (gone.contact_id, gone.into_contact_id) == (ticked, primary)
    assert not ContactLock.objects.exists()
    assert actions() == [
        Action.SYNCED,
        Action.MERGE_REQUESTED,
        Action.MERGE_PASSED,
        Action.ATTEMPT_STARTED,
        Action.ATTEMPT_ANSWERED,
        Action.MERGE_COMPLETED,
    ]
    assert verify().broken is None


@pytest.mark.parametrize("count", [1, 20])
def test_a_call_and_its_answer_are_written_down_in_few_statements(
    count: int, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """All others who write to SQLite wait meanwhile. It was 9 and 30."""
    settings.MERGE_FOUR_EYES = "never"
    taken: dict[str, int] = {}

    def counted(step: str) -> Callable[..., Any]:
        inner = getattr(Job, step)

        def call(*args: Any) -> Any:
            with CaptureQueriesContext(connection) as queries:
                result = inner(*args)
            sent = [one["sql"] for one in queries]
            first = next(i for i, sql in enumerate(sent) if sql.startswith("SAVEPOINT"))
            taken[step] = sum("SAVEPOINT" not in sql for sql in sent[first:])
            return result

        return call

    for step in ("begin", "record"):
        monkeypatch.setattr(Job, step, counted(step))
    desk = Desk(*(contact("Ana García", PHONE) for _ in range(count + 1)))
    desk.sync()

    desk.propose(actor(Role.OPERATOR))
    desk.work()

    assert MergeRequest.objects.get().state == RequestState.MERGED
    # PostgreSQL is sent the rows of an entry, and the question that is under the lock, at once.
    fewer = 2 if connection.vendor == "postgresql" else 0
    assert taken == {"begin": 7 - fewer, "record": 18 - fewer}


def test_whoever_writes_history_writes_it_last(desk: Desk) -> None:
    """All others wait for it: an answer's two entries took the lock 11 ms before the second."""
    desk.propose(actor(Role.OPERATOR))
    with CaptureQueriesContext(connection) as queries:
        desk.work()

    depth, held, holds, late = 0, False, 0, []
    for sql in [query["sql"] for query in queries]:
        depth += sql.startswith("SAVEPOINT") - sql.startswith("RELEASE")
        if "ORDER BY number DESC LIMIT 1" in sql:
            held, holds = True, holds + 1
        elif held and depth and not sql.startswith("RELEASE") and '"audit_' not in sql:
            late.append(sql)
        held = held and depth > 0
    assert (holds, late) == (2, [])  # before the call, and with its answer


def test_the_history_keeps_the_exact_call_and_answer_without_the_key(desk: Desk) -> None:
    request = desk.propose(actor(Role.OPERATOR))
    desk.work()

    attempt = Attempt.objects.get(request=request)
    assert attempt.call["method"] == "POST"
    assert attempt.call["url"].endswith(f"/contacts/{request.primary_contact_id}/merge")
    assert json.loads(attempt.answer["body"])["merged"]["id"] == request.primary_contact_id
    started = Entry.objects.get(action=Action.ATTEMPT_STARTED)
    assert started.personal["call"] == attempt.call
    assert len(started.personal["contacts"]) == 3
    assert "sandbox-key" not in json.dumps([e.personal for e in Entry.objects.all()])


def test_what_is_left_of_a_group_comes_up_again(desk: Desk) -> None:
    members = [m.contact_id for m in desk.group().members.all()]
    desk.propose(actor(Role.OPERATOR), source_ids=members[1:2])
    desk.work()

    assert desk.sync().new == 1
    assert {m.contact_id for m in desk.group(GroupState.OPEN).members.all()} == {
        members[0],
        members[2],
    }


def test_a_risky_merge_waits_for_a_second_person() -> None:
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE, unsubscribed=True))
    desk.sync()
    operator, approver = actor(Role.OPERATOR), actor(Role.APPROVER)

    with pytest.raises(Invalid, match="risky"):
        desk.propose(operator, acknowledged=False)
    request = desk.propose(operator)
    assert (request.state, request.needs_approval) == (RequestState.PROPOSED, True)
    assert desk.work() == 0

    approve(request, by_user=approver, note="same person")
    desk.work()

    request.refresh_from_db()
    assert request.state == RequestState.MERGED
    assert request.approval.approver == approver.user
    assert Action.MERGE_APPROVED in actions()


def test_nobody_approves_their_own_request(settings) -> None:
    settings.MERGE_FOUR_EYES = "always"
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE))
    desk.sync()
    approver = actor(Role.APPROVER)
    request = desk.propose(approver)

    with pytest.raises(NotAllowed, match="You asked for this merge"):
        approve(request, by_user=approver)
    with pytest.raises(IntegrityError):
        MergeRequest.objects.filter(pk=request.pk).update(approved_by=approver.user)


def test_policy_never_lets_a_risky_merge_pass(settings) -> None:
    settings.MERGE_FOUR_EYES = "never"
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE, blocked=True))
    desk.sync()

    assert desk.propose(actor(Role.OPERATOR)).state == RequestState.APPROVED


def test_a_rejection_needs_a_reason_and_gives_the_group_back() -> None:
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE, blocked=True))
    desk.sync()
    request = desk.propose(actor(Role.OPERATOR))
    approver = actor(Role.APPROVER)

    with pytest.raises(Invalid, match="Say why"):
        reject(request, by_user=approver, note=" ")
    reject(request, by_user=approver, note="Two sisters")

    assert request.state == RequestState.REJECTED
    assert desk.group().state == GroupState.OPEN
    assert not ContactLock.objects.exists()
    with pytest.raises(Stale):
        approve(request, by_user=approver)


def test_a_merge_can_be_cancelled_while_it_cools_off(desk: Desk, settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 10
    operator = actor(Role.OPERATOR)
    request = desk.propose(operator)
    assert desk.work() == 0

    with pytest.raises(NotAllowed):
        cancel(request, by_user=actor(Role.OPERATOR))
    cancel(request, by_user=operator)
    past(request, execute_after=60)

    assert desk.work() == 0
    assert desk.counters.merge_calls == 0
    assert desk.group().state == GroupState.OPEN


def test_an_approval_does_not_last_for_ever(desk: Desk) -> None:
    request = desk.propose(actor(Role.OPERATOR))
    past(request, expires_at=1)

    assert desk.work() == 0

    request.refresh_from_db()
    assert request.state == RequestState.EXPIRED
    assert desk.counters.merge_calls == 0
    assert desk.group().state == GroupState.OPEN


def test_contacts_that_changed_meanwhile_are_not_merged(desk: Desk) -> None:
    request = desk.propose(actor(Role.OPERATOR))
    desk.world.change(request.primary_contact_id, unsubscribed=True)

    desk.work()

    request.refresh_from_db()
    assert request.state == RequestState.STALE
    assert desk.counters.merge_calls == 0
    assert request.outcome[0] == "The contacts changed after they were shown. Nothing was sent."
    assert "Messages was Receives messages and is now Unsubscribed" in request.outcome[1]
    assert desk.group().state == GroupState.OPEN


def test_a_source_that_is_gone_stops_the_merge(desk: Desk) -> None:
    request = desk.propose(actor(Role.OPERATOR))
    desk.world.remove(request.sources.get(position=0).contact_id)

    desk.work()

    request.refresh_from_db()
    assert request.state == RequestState.STALE
    assert "is no longer found in Invent" in request.outcome[1]


def test_sixty_four_contacts_go_in_two_calls() -> None:
    desk = Desk(*[contact("Ana", PHONE) for _ in range(64)])
    desk.sync()
    request = desk.propose(actor(Role.OPERATOR))
    approve(request, by_user=actor(Role.APPROVER))

    desk.work()

    request.refresh_from_db()
    assert request.state == RequestState.MERGED
    assert [len(a.source_ids) for a in request.attempts.all()] == [50, 13]
    assert set(request.sources.values_list("state", flat=True)) == {Source.State.MERGED}
    assert desk.counters.hazard_calls == 0


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"source_ids": []}, "Tick at least one contact"),
        ({"primary_id": ""}, "Choose the contact to keep"),
        ({"primary_id": "contact_of_others"}, "not in this group"),
        ({"source_ids": ["contact_of_others"]}, "not in this group"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(desk: Desk, choice: dict, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        desk.propose(actor(Role.OPERATOR), **choice)
    assert not MergeRequest.objects.exists()
    assert desk.group().state == GroupState.OPEN


def test_the_primary_can_not_be_a_source(desk: Desk) -> None:
    primary = desk.group().primary_contact_id
    with pytest.raises(Invalid, match="can't be kept and merged away at once"):
        desk.propose(actor(Role.OPERATOR), primary_id=primary, source_ids=[primary])


def test_a_viewer_asks_for_nothing(desk: Desk) -> None:
    with pytest.raises(NotAllowed, match="takes the role operator"):
        desk.propose(actor(Role.VIEWER))


def test_a_second_click_comes_too_late(desk: Desk) -> None:
    group, operator = desk.group(), actor(Role.OPERATOR, name="rosa")
    desk.propose(operator, group)

    with pytest.raises(Stale, match="A merge of this group was requested meanwhile by rosa"):
        desk.propose(actor(Role.OPERATOR), group)
    assert MergeRequest.objects.count() == 1


def test_a_stale_form_is_refused(desk: Desk) -> None:
    with pytest.raises(Stale, match="have changed since you opened the page"):
        desk.propose(actor(Role.OPERATOR), fingerprint="0" * 64)
