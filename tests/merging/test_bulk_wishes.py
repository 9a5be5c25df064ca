"""What people wish of a bulk decision: begin, stop half-way, take back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.merging.approval import approve, cancel
from mergeui.merging.bulk import work as working
from mergeui.merging.bulk.wishes import confirm, stop, take_back
from mergeui.merging.bulk.work import work_on, work_portion
from mergeui.merging.execution import execute_next
from mergeui.merging.lease import Lease
from mergeui.merging.models import (
    BulkDecision,
    BulkItem,
    BulkKind,
    BulkState,
    MergeRequest,
    RequestState,
)
from mergeui.review.decisions import dismiss, reopen
from mergeui.sandbox import Fault
from tests.desk import Desk, actor, past
from tests.many import crowd
from tests.merging.bulk import begun, counts, fates, groups, now, states, summary, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _time_to_cancel(settings: Any) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 60


@pytest.fixture
def desk() -> Desk:
    """Four easy groups."""
    return crowd(4)[0]


@pytest.fixture
def olga() -> Actor:
    return actor(Role.OPERATOR, name="olga")


def requests() -> list[str]:
    return list(MergeRequest.objects.order_by("pk").values_list("state", flat=True))


def last() -> Entry:
    return Entry.objects.latest("number")


# Confirming


def test_one_entry_says_what_was_asked_for(desk: Desk, olga: Actor) -> None:
    bulk = summary(olga, groups(), query="q=ana")
    confirm(bulk, by_user=olga, note="same people")

    entry = last()
    assert (entry.action, entry.subject) == (Action.BULK_REQUESTED, f"bulk:{bulk.pk}")
    assert entry.facts == {"kind": "merge", "count": 4, "set_aside": 0}
    assert entry.personal == {"note": "same people", "filters": "q=ana"}
    assert (now(bulk).state, now(bulk).note) == (BulkState.WORKING, "same people")


def test_it_begins_once(desk: Desk, olga: Actor) -> None:
    bulk = summary(olga, groups())
    again = now(bulk)
    confirm(bulk, by_user=olga)

    with pytest.raises(Stale, match="has begun already"):
        confirm(again, by_user=olga)
    assert Entry.objects.filter(action=Action.BULK_REQUESTED).count() == 1


def test_a_summary_that_was_put_away(desk: Desk, olga: Actor) -> None:
    bulk = summary(olga, groups())
    BulkDecision.objects.all().delete()

    with pytest.raises(Stale, match="too old"):
        confirm(bulk, by_user=olga)


def test_nothing_left_to_do(desk: Desk, olga: Actor) -> None:
    for group in groups():
        dismiss(group, by_user=olga)
    bulk = summary(olga, groups())

    with pytest.raises(Invalid, match="Every group is set aside"):
        confirm(bulk, by_user=olga)


@pytest.mark.parametrize(
    ("days", "sentence"), [(None, "Choose the day"), (-1, "from tomorrow on"), (400, "a year")]
)
def test_a_snooze_needs_a_day_that_can_be(
    desk: Desk, olga: Actor, days: int | None, sentence: str
) -> None:
    bulk = summary(olga, groups(), BulkKind.SNOOZE)
    until = None if days is None else timezone.now() + timedelta(days=days)

    with pytest.raises(Invalid, match=sentence):
        confirm(bulk, by_user=olga, until=until)


def test_viewers_confirm_nothing(desk: Desk, olga: Actor) -> None:
    with pytest.raises(NotAllowed):
        confirm(summary(olga, groups()), by_user=actor(Role.VIEWER))


# Stopping


def test_stopped_half_way_what_is_done_stays(desk: Desk, olga: Actor) -> None:
    bulk = begun(olga, groups())
    work_on(bulk.pk)
    work_on(bulk.pk)
    stop(now(bulk), by_user=olga)
    work(desk, bulk)

    assert (now(bulk).state, counts(bulk)) == (BulkState.STOPPED, (2, 2, 0, 0, 0))
    assert states() == ["requested", "requested", "open", "open"]
    assert requests() == [RequestState.APPROVED] * 2
    assert (last().action, last().actor_name) == (Action.BULK_STOPPED, "olga")
    assert (last().facts["done"], last().facts["count"]) == (2, 4)
    with pytest.raises(Stale, match="stopped meanwhile"):
        stop(now(bulk), by_user=olga)


def test_who_may_stop(desk: Desk, olga: Actor) -> None:
    bulk = begun(olga, groups())

    for wish in (stop, take_back):
        with pytest.raises(NotAllowed):
            wish(bulk, by_user=actor(Role.OPERATOR))
    stop(bulk, by_user=actor(Role.APPROVER, name="paula"))
    assert last().actor_name == "paula"


# Taking back


def test_what_is_not_sent_yet_is_cancelled_one_by_one(desk: Desk, olga: Actor) -> None:
    bulk = work(desk, begun(olga, groups()[:3]))
    sent = MergeRequest.objects.order_by("pk")[1]
    past(sent, execute_after=1)
    desk.work()
    take_back(bulk, by_user=olga)
    desk.work()

    assert requests() == [RequestState.CANCELLED, RequestState.MERGED, RequestState.CANCELLED]
    assert states() == ["open", "merged", "open", "open"]
    assert (now(bulk).state, counts(bulk)) == (BulkState.TAKEN_BACK, (0, 1, 0, 0, 2))
    cancelled = Entry.objects.filter(action=Action.MERGE_CANCELLED)
    assert [(e.actor_name, e.facts["bulk"]) for e in cancelled] == [("olga", bulk.pk)] * 2
    assert (last().action, last().facts["taken_back"]) == (Action.BULK_ENDED, 2)
    assert verify().broken is None
    with pytest.raises(Stale, match="taken back already"):
        take_back(now(bulk), by_user=olga)


def test_from_the_click_on_no_merge_of_it_begins(desk: Desk, olga: Actor) -> None:
    bulk = work(desk, begun(olga, groups()[:2]))
    for request in MergeRequest.objects.all():
        past(request, execute_after=1)
    take_back(bulk, by_user=olga)

    assert execute_next(client=desk.client, organization_id=desk.organization.pk) is None
    desk.work()
    assert requests() == [RequestState.CANCELLED] * 2
    assert desk.counters.merge_calls == 0


def test_nor_one_that_a_worker_had_listed_before(
    desk: Desk, olga: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = work(desk, begun(olga, groups()[:2]))
    for request in MergeRequest.objects.all():
        past(request, execute_after=1)
    claim = Lease.claim

    def late(key: int, *, now: datetime) -> Lease | None:
        if BulkDecision.objects.get(pk=bulk.pk).state != BulkState.TAKING_BACK:
            take_back(bulk, by_user=olga)
        return claim(key, now=now)

    monkeypatch.setattr(Lease, "claim", late)
    desk.work()
    desk.work()

    assert requests() == [RequestState.CANCELLED] * 2
    assert desk.counters.merge_calls == 0


def test_half_way_the_rest_is_not_begun(desk: Desk, olga: Actor) -> None:
    bulk = begun(olga, groups())
    work_on(bulk.pk)
    take_back(now(bulk), by_user=olga)
    desk.work()

    assert counts(bulk) == (3, 0, 0, 0, 1)
    assert states() == ["open"] * 4


def test_what_waits_for_approval_is_withdrawn(desk: Desk, olga: Actor, settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "always"
    bulk = work(desk, begun(olga, groups()[:2]))
    approve(MergeRequest.objects.earliest("pk"), by_user=actor(Role.APPROVER))
    take_back(bulk, by_user=olga)
    desk.work()

    assert requests() == [RequestState.CANCELLED, RequestState.WITHDRAWN]


def test_what_was_cancelled_alone_is_left(desk: Desk, olga: Actor) -> None:
    bulk = work(desk, begun(olga, groups()[:2]))
    cancel(MergeRequest.objects.earliest("pk"), by_user=olga)
    take_back(bulk, by_user=olga)
    desk.work()

    assert fates(bulk) == [("done", ""), ("taken_back", "")]


def test_it_waits_for_a_call_that_may_come_back(desk: Desk, olga: Actor) -> None:
    bulk = work(desk, begun(olga, groups()[:1]))
    request = MergeRequest.objects.get()
    past(request, execute_after=1)
    lease = Lease.claim(request.pk, now=timezone.now())
    assert lease
    take_back(bulk, by_user=olga)
    desk.work()
    assert (now(bulk).state, requests()) == (BulkState.TAKING_BACK, [RequestState.EXECUTING])

    # No connection could be made, so it would be sent again.
    MergeRequest.objects.update(state=RequestState.APPROVED, lease_token="")
    desk.work()
    assert (now(bulk).state, requests()) == (BulkState.TAKEN_BACK, [RequestState.CANCELLED])


def test_one_that_begins_just_before_it_is_cancelled_is_taken_back_should_it_come_back(
    desk: Desk, olga: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = work(desk, begun(olga, groups()[:1]))
    past(MergeRequest.objects.get(), execute_after=1)
    take_back(bulk, by_user=olga)

    following = working._Undoing.following

    def late(turn: Any) -> BulkItem | None:
        item = following(turn)
        MergeRequest.objects.update(state=RequestState.EXECUTING)
        return item

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(working._Undoing, "following", late)
        work_portion(desk.organization)
    assert (now(bulk).state, fates(bulk)) == (BulkState.TAKING_BACK, [("done", "")])

    MergeRequest.objects.update(state=RequestState.APPROVED)
    desk.work()
    assert (now(bulk).state, requests()) == (BulkState.TAKEN_BACK, [RequestState.CANCELLED])


def test_what_may_be_done_in_spite_of_429_is_not_said_to_be_taken_back(
    desk: Desk, olga: Actor
) -> None:
    bulk = work(desk, begun(olga, groups()[:1]))
    past(MergeRequest.objects.get(), execute_after=1)
    desk.faults.next_merge(Fault.STATUS, merge_status=429)
    execute_next(client=desk.client, organization_id=desk.organization.pk)
    take_back(bulk, by_user=olga)
    work(desk, bulk)

    assert (now(bulk).state, requests()) == (BulkState.TAKEN_BACK, [RequestState.UNKNOWN])
    assert (fates(bulk), counts(bulk)) == ([("done", "refused")], (0, 1, 0, 0, 0))
    assert "whether Invent did it all the same" in BulkItem.objects.get().detail


def test_dismissed_groups_come_back_but_not_what_somebody_decided_since(
    desk: Desk, olga: Actor
) -> None:
    amir = actor(Role.OPERATOR, name="amir")
    bulk = work(desk, begun(olga, groups(), BulkKind.DISMISS))
    first, second = groups()[:2]
    reopen(first, by_user=amir)
    reopen(second, by_user=amir)
    dismiss(groups()[1], by_user=amir)
    take_back(bulk, by_user=actor(Role.APPROVER, name="paula"))
    desk.work()

    assert states() == ["open", "dismissed", "open", "open"]
    assert groups()[1].decided_by == amir.user
    assert counts(bulk) == (0, 2, 0, 0, 2)
    reopened = Entry.objects.filter(action=Action.GROUP_REOPENED, facts_text__contains="bulk")
    assert {entry.actor_name for entry in reopened} == {"paula"}


def test_snoozed_groups_come_back(desk: Desk, olga: Actor) -> None:
    until = timezone.now() + timedelta(days=7)
    bulk = work(desk, begun(olga, groups(), BulkKind.SNOOZE, until=until))
    take_back(bulk, by_user=olga)
    desk.work()

    assert (states(), now(bulk).state) == (["open"] * 4, BulkState.TAKEN_BACK)


def test_a_wish_to_take_back_is_carried_through(desk: Desk, olga: Actor) -> None:
    bulk = work(desk, begun(olga, groups()))
    take_back(bulk, by_user=olga)
    Membership.objects.update(role=Role.VIEWER)
    desk.work()

    assert requests() == [RequestState.CANCELLED] * 4


def test_somebody_faster_is_no_trouble(
    desk: Desk, olga: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = work(desk, begun(olga, groups()[:1]))
    take_back(bulk, by_user=olga)

    def too_late(*args: Any, **more: Any) -> None:
        raise Stale("Too late.")

    monkeypatch.setattr(working, "cancel", too_late)
    desk.work()

    item = BulkItem.objects.get(bulk=bulk)
    assert (item.state, item.why, item.detail) == ("done", "refused", "Too late.")
    assert item.request == MergeRequest.objects.get()
    assert (now(bulk).state, counts(bulk)) == (BulkState.TAKEN_BACK, (0, 1, 0, 0, 0))
