"""Changing a policy: stricter at once, looser with a second admin."""

import threading
import time
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from mergeui.accounts.models import Organization, PolicyChange, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.errors import NotAllowed, Stale
from mergeui.teams import policy
from tests.desk import actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Organization:
    return Organization.objects.configured()


def wish(team: Organization, by_user: Actor, **columns: Any) -> PolicyChange | None:
    return policy.change(team, {**policy.columns_of(team), **columns}, by_user=by_user)


def now(team: Organization) -> Any:
    return Organization.objects.get(pk=team.pk).policy


def actions() -> list[str]:
    return list(Entry.objects.order_by("number").values_list("action", flat=True))


def test_stricter_holds_at_once_with_an_entry(team: Organization) -> None:
    ada = actor(Role.ADMIN, name="ada")
    assert wish(team, ada, four_eyes="always", cool_off_seconds=60) is None

    assert (now(team).four_eyes, now(team).cool_off_seconds) == ("always", 60)
    said = "Ada changed the policy (60 seconds to cancel; every merge needs a second person)."
    assert describe(Entry.objects.latest("number")) == said


def test_looser_waits_for_another_admin(team: Organization) -> None:
    ada, bea = actor(Role.ADMIN), actor(Role.ADMIN, name="bea")
    waits = wish(team, ada, four_eyes="never", waived_risks=["large"], cool_off_seconds=60)
    assert waits
    assert (now(team).four_eyes, now(team).cool_off_seconds) == ("risky", 60)
    assert policy.as_if(team, waits.wanted).four_eyes == "never"
    with pytest.raises(NotAllowed, match="another admin"):
        policy.confirm(waits, by_user=ada)
    with pytest.raises(NotAllowed):
        policy.confirm(waits, by_user=actor(Role.APPROVER))

    waits = PolicyChange.objects.get()
    policy.confirm(waits, by_user=bea)
    assert (now(team).four_eyes, now(team).waived_risks) == ("never", {"large"})
    assert actions() == [Action.POLICY_TIGHTENED, Action.POLICY_ASKED, Action.POLICY_LOOSENED]
    said = (
        "Bea confirmed the looser policy (no merge needs a second person; these marks need no"
        " second person: Large group)."
    )
    assert describe(Entry.objects.latest("number")) == said
    with pytest.raises(Stale):
        policy.confirm(PolicyChange(pk=waits.pk, organization=team, wanted={}), by_user=bea)


def test_single_operator_mode_is_looser(team: Organization) -> None:
    ada = actor(Role.ADMIN)
    assert wish(team, ada, single_operator=True)
    assert not now(team).single_operator
    policy.confirm(PolicyChange.objects.get(), by_user=actor(Role.ADMIN))
    assert now(team).single_operator

    team.refresh_from_db()
    assert wish(team, ada, single_operator=False) is None
    assert not now(team).single_operator


def test_of_two_changes_one_waits(team: Organization) -> None:
    ada = actor(Role.ADMIN)
    waits = wish(team, ada, four_eyes="never")
    assert waits
    with pytest.raises(Stale, match="waits for a second admin already"):
        wish(team, ada, cool_off_seconds=0, four_eyes="always")
    assert now(team).four_eyes == "risky"  # the stricter part went with it

    policy.withdraw(waits, by_user=ada)
    assert actions()[-1] == Action.POLICY_KEPT
    with pytest.raises(Stale):
        policy.withdraw(PolicyChange.objects.get(pk=waits.pk), by_user=ada)
    assert wish(team, ada, cool_off_seconds=0)


@pytest.mark.django_db(transaction=True)
def test_a_change_and_the_answer_to_another_wait_in_no_circle(
    team: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bea, eva = actor(Role.ADMIN), actor(Role.ADMIN), actor(Role.ADMIN)
    waits = wish(team, ada, four_eyes="never")
    assert waits
    set_, answering, told = policy._set, threading.Event(), []

    def slowly(*given: Any) -> None:
        answering.set()
        time.sleep(0.3)  # for the other to come as far as it can
        set_(*given)

    def change() -> None:
        answering.wait(20)
        monkeypatch.setattr(policy, "_set", set_)
        try:
            wish(team, eva, cool_off_seconds=600, waived_risks=["large"])
        except Stale as problem:
            told.append(problem.sentence)
        connection.close()

    monkeypatch.setattr(policy, "_set", slowly)
    changing = threading.Thread(target=change)
    changing.start()
    policy.confirm(waits, by_user=bea)
    changing.join()

    assert now(team).four_eyes == "never"
    assert told == ["Somebody has changed the policy meanwhile: look at it once more."]


def test_who_looked_at_an_older_policy_is_told(team: Organization) -> None:
    as_read = Organization.objects.get(pk=team.pk)
    wish(team, actor(Role.ADMIN), cool_off_seconds=60)
    with pytest.raises(Stale, match="changed the policy meanwhile"):
        wish(as_read, actor(Role.ADMIN), four_eyes="always")


def test_it_is_for_admins(team: Organization) -> None:
    with pytest.raises(NotAllowed):
        wish(team, actor(Role.APPROVER), four_eyes="always")


def test_nothing_changed_is_no_entry(team: Organization) -> None:
    assert wish(team, actor(Role.ADMIN)) is None
    assert actions() == []


def test_the_database_wants_two_people(team: Organization) -> None:
    waits = wish(team, actor(Role.ADMIN), four_eyes="never")
    assert waits
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyChange.objects.filter(pk=waits.pk).update(
            state=PolicyChange.State.CONFIRMED, ended_by=waits.asked_by
        )
