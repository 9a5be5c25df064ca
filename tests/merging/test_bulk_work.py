"""The worker goes from group to group: each has its own request, entry and fate."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.lookup import entries, guess
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.merging.bulk import work as working
from mergeui.merging.bulk.wishes import confirm
from mergeui.merging.bulk.work import work_on, work_portion
from mergeui.merging.execution import execute_next
from mergeui.merging.models import BulkItem, BulkKind, BulkState, MergeRequest, RequestState
from mergeui.review.claims import claim
from mergeui.review.decisions import dismiss
from mergeui.review.models import Group, GroupState
from tests.desk import Desk, actor, member
from tests.many import crowd
from tests.merging.bulk import begun, counts, fates, groups, now, states, summary, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    """Four easy groups."""
    return crowd(4)[0]


@pytest.fixture
def olga() -> Actor:
    return actor(Role.OPERATOR, name="olga")


def test_each_group_has_its_own_request_and_entry(desk: Desk, olga: Actor, settings: Any) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 60
    bulk = work(desk, begun(olga, groups()[:3], note="same people"))

    assert (bulk.state, counts(bulk)) == (BulkState.DONE, (0, 3, 0, 0, 0))
    requests = list(MergeRequest.objects.order_by("pk"))
    assert list(BulkItem.objects.order_by("pk").values_list("request", flat=True)) == [
        request.pk for request in requests
    ]
    for request, group in zip(requests, groups(), strict=False):
        assert (request.bulk, request.group, request.state) == (bulk, group, RequestState.APPROVED)
        assert (request.proposed_by, request.note) == (olga.user, "same people")
        assert request.primary_contact_id == group.primary_contact_id
        assert request.sources.count() == 1
        assert request.execute_after > timezone.now()
    assert states() == ["requested", "requested", "requested", "open"]
    found = Entry.objects.order_by("number").values_list("action", "actor_name")
    each = [(Action.MERGE_REQUESTED, "olga"), (Action.MERGE_PASSED, "The system")]
    assert list(found) == [
        (Action.BULK_REQUESTED, "olga"), *each * 3, (Action.BULK_ENDED, "The system"),
    ]  # fmt: skip
    assert verify().broken is None


def test_one_id_ties_together_all_that_one_click_changed(desk: Desk) -> None:
    person = member(Role.OPERATOR)
    click = Actor.member(person, address="10.0.0.7", request_id="click-0001")
    bulk = work(desk, begun(click, groups()[:2]))

    tied = entries(desk.organization, found_by=guess(desk.organization, f"bulk {bulk.pk}"))
    assert [entry.action for entry in tied] == [
        Action.BULK_ENDED,
        *[Action.MERGE_PASSED, Action.MERGE_REQUESTED] * 2,
        Action.BULK_REQUESTED,
    ]
    asked = [entry for entry in tied if entry.actor_id == click.user.pk]  # type: ignore[union-attr]
    assert {(entry.address, entry.request_id) for entry in asked} == {("10.0.0.7", "click-0001")}
    assert {entry.bulk_pk for entry in tied} == {bulk.pk}


def test_merges_of_a_bulk_decision_are_carried_out(desk: Desk, olga: Actor) -> None:
    bulk = begun(olga, groups())
    desk.work()

    assert states() == ["merged"] * 4
    assert desk.counters.merge_calls == 4
    assert (now(bulk).state, desk.counters.hazard_calls) == (BulkState.DONE, 0)


def test_a_team_that_wants_four_eyes_gets_them(desk: Desk, olga: Actor, settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "always"
    work(desk, begun(olga, groups()))

    requests = MergeRequest.objects.values_list("state", "needs_approval")
    assert list(requests) == [(RequestState.PROPOSED, True)] * 4


def test_not_duplicates(desk: Desk, olga: Actor) -> None:
    bulk = work(desk, begun(olga, groups()[1:3], BulkKind.DISMISS, note="a family"))

    assert (bulk.state, states()) == (BulkState.DONE, ["open", "dismissed", "dismissed", "open"])
    group = groups()[1]
    assert (group.decided_by, group.decided_note) == (olga.user, "a family")
    facts = [entry.facts for entry in Entry.objects.filter(action=Action.GROUP_DISMISSED)]
    assert [fact["bulk"] for fact in facts] == [bulk.pk] * 2
    assert BulkItem.objects.filter(bulk=bulk, at=group.decided_at).exists()


def test_snooze(desk: Desk, olga: Actor) -> None:
    until = timezone.now() + timedelta(days=7)
    bulk = work(desk, begun(olga, groups()[:2], BulkKind.SNOOZE, until=until))

    assert (bulk.state, states()) == (BulkState.DONE, ["snoozed", "snoozed", "open", "open"])
    assert {group.snoozed_until for group in groups()[:2]} == {until}


# What happened since the summary


def test_what_was_decided_opened_or_changed_since_is_set_aside(desk: Desk, olga: Actor) -> None:
    amir = member(Role.OPERATOR, name="amir")
    bulk = summary(olga, groups())
    decided, opened, changed, _ = groups()
    dismiss(decided, by_user=Actor.member(amir))
    claim(opened, by=amir.user)
    Group.objects.filter(pk=changed.pk).update(fingerprint="f" * 64)
    confirm(bulk, by_user=olga)
    work(desk, bulk)

    assert list(bulk.items.order_by("pk").values_list("state", "why", "detail")) == [
        ("set_aside", "decided", "dismissed"),
        ("set_aside", "claimed", "amir"),
        ("set_aside", "changed", ""),
        ("done", "", ""),
    ]
    assert states() == ["dismissed", "open", "open", "requested"]
    assert counts(bulk) == (0, 1, 3, 0, 0)


@pytest.mark.parametrize(
    ("news", "why", "detail"),
    [
        ({"risky": True, "risks": ",names,"}, "risky", ",names,"),
        ({"grade": "conflict"}, "grade", "conflict"),
    ],
)
def test_what_became_risky_is_set_aside(
    desk: Desk, olga: Actor, news: dict[str, Any], why: str, detail: str
) -> None:
    bulk = summary(olga, groups()[:1])
    Group.objects.update(**news)
    confirm(bulk, by_user=olga)
    work(desk, bulk)

    assert list(bulk.items.values_list("why", "detail")) == [(why, detail)]
    assert not MergeRequest.objects.exists()


def test_names_that_came_to_conflict_are_not_dismissed_together_either(
    desk: Desk, olga: Actor
) -> None:
    conflicting, risky = groups()[:2]
    bulk = summary(olga, [conflicting, risky], BulkKind.DISMISS)
    Group.objects.filter(pk=conflicting.pk).update(grade="conflict")
    Group.objects.filter(pk=risky.pk).update(risky=True, risks=",unsubscribed,")
    confirm(bulk, by_user=olga)
    work(desk, bulk)

    assert states()[:2] == ["open", "dismissed"]
    assert fates(bulk)[0] == ("set_aside", "grade")


def test_the_single_decision_has_the_last_word(desk: Desk, olga: Actor) -> None:
    """A contact of the group belongs to another request: the mirror does not know."""
    first, second = groups()[:2]
    stranger = first.members.last()
    assert stranger
    member_of_both = second.members.last()
    assert member_of_both
    member_of_both.contact_id = stranger.contact_id
    member_of_both.raw["id"] = stranger.contact_id
    member_of_both.save()
    asked = desk.propose(olga, first)

    bulk = work(desk, begun(olga, [second]))

    [(state, why)] = fates(bulk)
    assert (state, why) == ("set_aside", "refused")
    detail = bulk.items.get().detail
    assert f"belongs to merge request {asked.pk}, which is not finished" in detail
    assert second.requests.count() == 0


def test_a_group_that_can_not_be_understood_holds_nobody_up(
    desk: Desk, olga: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    bulk = begun(olga, groups()[:2])
    groups()[0].members.update(raw={"id": 7})
    work(desk, bulk)

    assert fates(bulk) == [("failed", "failed"), ("done", "")]
    assert counts(bulk) == (0, 1, 0, 1, 0)
    assert any("failed." in message for message in caplog.messages)
    assert states()[:2] == ["open", "requested"]


def test_while_the_database_is_busy_a_group_keeps_its_turn(
    desk: Desk, olga: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = begun(olga, groups()[:1])

    def busy(*args: Any, **more: Any) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(working, "propose", busy)
        with pytest.raises(OperationalError):
            work_on(bulk.pk)
    assert fates(bulk) == [("waiting", "")]
    assert work(desk, bulk).done == 1


# The person


@pytest.mark.parametrize("how", ["role", "left", "switched off"])
def test_without_the_role_it_stops_and_says_so(desk: Desk, olga: Actor, how: str) -> None:
    bulk = begun(olga, groups())
    assert work_on(bulk.pk)
    person = Membership.objects.get(user=olga.user)
    if how == "role":
        Membership.objects.update(role=Role.VIEWER)
    elif how == "left":
        person.delete()
    else:
        person.user.is_active = False
        person.user.save()
    work(desk, bulk)

    assert (now(bulk).state, now(bulk).because) == (BulkState.STOPPED, "lost_role")
    assert counts(bulk) == (3, 1, 0, 0, 0)
    last = Entry.objects.latest("number")
    assert (last.action, last.facts["reason"]) == (Action.BULK_STOPPED, "lost_role")
    assert last.facts["done"] == 1
    assert states() == ["requested", "open", "open", "open"]


# Portions


def test_portions_take_turns(desk: Desk, olga: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "PORTION", 1)
    one, other = begun(olga, groups()[:2]), begun(olga, groups()[2:], BulkKind.DISMISS)

    assert work_portion(desk.organization) == 2
    assert (counts(one), counts(other)) == ((1, 1, 0, 0, 0), (1, 1, 0, 0, 0))


def test_it_stops_between_two_groups(desk: Desk, olga: Actor) -> None:
    bulk = begun(olga, groups())
    answers = iter([True, True, False])

    assert work_portion(desk.organization, go_on=lambda: next(answers)) == 2
    assert counts(bulk) == (2, 2, 0, 0, 0)


def test_it_does_not_ask_for_more_than_can_be_merged_soon(
    desk: Desk, olga: Actor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 60
    monkeypatch.setattr(working, "MOST_UNDER_WAY", 3)
    bulk = begun(olga, groups())
    work(desk, bulk)
    assert counts(bulk) == (1, 3, 0, 0, 0)

    MergeRequest.objects.update(execute_after=timezone.now())
    desk.work()
    assert counts(bulk) == (0, 4, 0, 0, 0)
    assert states() == ["merged", "merged", "merged", "requested"]


def test_a_persons_own_merge_goes_before_a_bulk_decision(desk: Desk, olga: Actor) -> None:
    work(desk, begun(olga, groups()[:3]))
    own = desk.propose(olga, groups()[3])

    assert execute_next(client=desk.client, organization_id=desk.organization.pk) == own


def test_others_are_never_touched(desk: Desk, olga: Actor) -> None:
    bulk = begun(olga, groups()[:1])
    other = GroupState.OPEN
    work(desk, bulk)

    untouched = groups()[1:]
    assert [(g.state, g.decided_by, g.claimed_by) for g in untouched] == [(other, None, None)] * 3
