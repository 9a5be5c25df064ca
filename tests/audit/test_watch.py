"""The worker verifies the history as it grows, and the whole of it at times."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.audit import triggers
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record_alone
from mergeui.audit.models import Check
from mergeui.audit.watch import look_when_due

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def write(count: int) -> None:
    by_user = Actor.system(Organization.objects.configured())
    for _ in range(count):
        record_alone(Action.SIGNED_IN, by_user=by_user)


def tamper(statement: str) -> None:
    with triggers.lifted(connection), connection.cursor() as cursor:
        cursor.execute(statement)


def after(**time: int) -> datetime:
    return NOW + timedelta(**time)


def test_what_is_new_is_verified_from_where_the_last_look_ended() -> None:
    write(3)
    check = look_when_due(now=NOW)
    assert (check.number, check.broken, check.whole_at) == (3, "", NOW)
    assert str(check) == "holds up to entry 3"

    write(2)
    with CaptureQueriesContext(connection) as asked:
        assert look_when_due(now=after(seconds=30)) is None
    # Each second, by every worker: to write then, SQLite would make everybody else wait.
    assert len(asked) == 1
    assert asked[0]["sql"].startswith("SELECT")
    check = look_when_due(now=after(minutes=2))
    assert (check.number, check.broken, check.whole_at) == (5, "", NOW)


def test_a_change_of_what_is_new_is_found_at_once() -> None:
    write(2)
    look_when_due(now=NOW)
    write(1)
    tamper("UPDATE audit_entry SET actor_name = 'Somebody else' WHERE number = 3")

    check = look_when_due(now=after(minutes=2))

    assert check.broken.startswith("Entry 3: ")
    assert check.number == 2


def test_a_change_of_the_past_is_found_within_a_day() -> None:
    write(5)
    look_when_due(now=NOW)
    tamper("UPDATE audit_entry SET actor_name = 'Somebody else' WHERE number = 2")

    assert look_when_due(now=after(minutes=2)).broken == ""
    assert look_when_due(now=after(days=1)).broken.startswith("Entry 2: ")


def test_a_cut_end_is_found_at_once() -> None:
    write(5)
    look_when_due(now=NOW)
    tamper("DELETE FROM audit_entry WHERE number > 3")

    assert "ends at 3" in look_when_due(now=after(minutes=2)).broken


def test_a_break_stays_until_the_whole_holds_again() -> None:
    write(2)
    tamper("UPDATE audit_entry SET address = 'x' WHERE number = 1")
    assert look_when_due(now=NOW).broken

    assert look_when_due(now=after(minutes=2)) is None
    tamper("UPDATE audit_entry SET address = '' WHERE number = 1")
    assert look_when_due(now=after(minutes=11)).broken == ""


def test_of_two_workers_one_looks() -> None:
    write(1)
    look_when_due(now=NOW)
    assert look_when_due(now=after(minutes=2)) is not None
    assert look_when_due(now=after(minutes=2)) is None
    assert Check.objects.count() == 1
