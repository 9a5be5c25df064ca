"""What people decide about a group without a merge, and who comes too late."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any

import pytest

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.audit.transition import move
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.review.claims import claim
from mergeui.review.decisions import already, dismiss, reopen, snooze, wake
from mergeui.review.models import Group, GroupState
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")
TOMORROW = timedelta(days=1)


def once(first: Callable[..., Any], *, then: Callable[..., Any]) -> Callable[..., Any]:
    """The first call goes to `first`, the others to `then`."""
    ways = chain([first], repeat(then))
    return lambda *args, **more: next(ways)(*args, **more)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def desk() -> Desk:
    desk = Desk(contact("Ana", PHONE, id="one"), contact("Ana", PHONE, id="two"))
    desk.sync()
    return desk


def test_a_dismissed_group_says_by_whom_and_why(desk: Desk) -> None:
    operator = actor(Role.OPERATOR, name="olga")
    claim(desk.group(), by=operator.user)

    dismiss(desk.group(), by_user=operator, note="two sisters")

    group = desk.group()
    assert (group.state, group.decided_by, group.decided_note) == (
        GroupState.DISMISSED,
        operator.user,
        "two sisters",
    )
    assert (group.claimed_by, group.claimed_until) == (None, None)
    entry = Entry.objects.latest("number")
    assert entry.action == Action.GROUP_DISMISSED
    assert entry.facts["members"] == ["one", "two"]
    assert entry.personal["note"] == "two sisters"


def test_a_snooze_ends_by_itself(desk: Desk) -> None:
    until = now() + TOMORROW
    snooze(desk.group(), until=until, by_user=actor(Role.OPERATOR), note="holiday")
    assert desk.group().state == GroupState.SNOOZED
    assert Entry.objects.latest("number").facts["until"] == until.isoformat()

    assert wake(now=until - timedelta(seconds=1)) == 0
    assert wake(now=until) == 1
    assert wake(now=until) == 0

    group = desk.group()
    assert (group.state, group.snoozed_until) == (GroupState.OPEN, None)
    assert Entry.objects.latest("number").facts["why"] == "snooze over"


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_a_snooze_ends_within_a_year(desk: Desk, days: int) -> None:
    with pytest.raises(Invalid, match="at most a year"):
        snooze(desk.group(), until=now() + timedelta(days=days), by_user=actor(Role.OPERATOR))


def test_a_snooze_that_somebody_ended_is_not_ended_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    snooze(desk.group(), until=now() + TOMORROW, by_user=actor(Role.OPERATOR))

    def reopen_first(group: Group, **more: Any) -> Entry:
        reopen(desk.group(), by_user=actor(Role.OPERATOR))
        return move(group, **more)

    with monkeypatch.context() as patch:
        patch.setattr("mergeui.review.decisions.move", once(reopen_first, then=move))
        assert wake(now=now() + 2 * TOMORROW) == 0
    assert Entry.objects.filter(action=Action.GROUP_REOPENED).count() == 1


def test_reopening_says_what_it_was(desk: Desk) -> None:
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))

    reopen(desk.group(), by_user=actor(Role.OPERATOR))

    assert desk.group().state == GroupState.OPEN
    assert Entry.objects.latest("number").facts == {"was": "dismissed", "why": "a person"}
    with pytest.raises(Stale, match="changed meanwhile"):
        reopen(desk.group(), by_user=actor(Role.OPERATOR))


def test_a_viewer_decides_nothing(desk: Desk) -> None:
    viewer = actor(Role.VIEWER)
    with pytest.raises(NotAllowed, match="takes the role operator"):
        dismiss(desk.group(), by_user=viewer)
    with pytest.raises(NotAllowed):
        snooze(desk.group(), until=now() + TOMORROW, by_user=viewer)
    with pytest.raises(NotAllowed):
        reopen(desk.group(), by_user=viewer)
    with pytest.raises(NotAllowed):
        dismiss(desk.group(), by_user=desk.system)
    assert desk.group().state == GroupState.OPEN


def test_who_comes_too_late_is_told_what_happened(desk: Desk) -> None:
    early, late = desk.group(), desk.group()
    dismiss(early, by_user=actor(Role.OPERATOR, name="olga"))

    with pytest.raises(Stale, match="not a duplicate meanwhile by olga"):
        dismiss(late, by_user=actor(Role.OPERATOR))
    assert Entry.objects.filter(action=Action.GROUP_DISMISSED).count() == 1


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (GroupState.REQUESTED, "A merge of this group was requested meanwhile."),
        (GroupState.MERGED, "This group has been merged meanwhile."),
        (GroupState.DISMISSED, "This group was marked as not a duplicate meanwhile."),
        (GroupState.SNOOZED, "This group was snoozed meanwhile."),
        (GroupState.OPEN, "This group has changed meanwhile. Look at it once more."),
        (
            GroupState.VANISHED,
            "Invent no longer suggests this group, so there is nothing to decide.",
        ),
    ],
)
def test_each_state_has_its_sentence(desk: Desk, state: str, sentence: str) -> None:
    Group.objects.update(state=state)
    assert already(desk.group()) == sentence


def test_what_is_decided_is_what_was_seen(desk: Desk) -> None:
    """A sync between reading a group and deciding it: the decision would hold for the new one,
    and nothing would ever bring it up again."""
    seen = desk.group()
    desk.world.change("two", channels=[PHONE, whatsapp("+15550999")])
    desk.sync()

    with pytest.raises(Stale, match="has changed meanwhile"):
        dismiss(seen, by_user=actor(Role.OPERATOR))

    assert desk.group().state == GroupState.OPEN


def test_a_claim_is_a_courtesy_for_ten_minutes(desk: Desk) -> None:
    rosa, olga = actor(Role.OPERATOR, name="rosa"), actor(Role.OPERATOR, name="olga")
    assert claim(desk.group(), by=rosa.user)
    assert claim(desk.group(), by=rosa.user)
    assert not claim(desk.group(), by=olga.user)
    assert desk.group().claimed_by_other(olga.user.pk, now())
    assert not desk.group().claimed_by_other(rosa.user.pk, now())

    assert claim(desk.group(), by=olga.user, take_over=True)
    assert desk.group().claimed_by == olga.user

    Group.objects.update(claimed_until=now() - timedelta(seconds=1))
    assert not desk.group().claimed_by_other(rosa.user.pk, now())
    assert claim(desk.group(), by=rosa.user)
