"""A worker that is killed, several at once: no group is decided twice, and none is forgotten."""

from collections import Counter
from pathlib import Path

import pytest

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.merging.bulk.wishes import stop
from mergeui.merging.bulk.work import work_on, work_portion
from mergeui.merging.models import BulkDecision, BulkKind, BulkState, MergeRequest
from mergeui.review.models import Group
from tests.desk import actor
from tests.many import crowd
from tests.merging.bulk import begun, counts, now
from tests.merging.programs import Program, wait_until
from tests.merging.test_lease import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def each_group_once(bulk: BulkDecision, count: int) -> None:
    """Every group has one request and one entry, and the history says so."""
    assert (now(bulk).state, counts(bulk)) == (BulkState.DONE, (0, count, 0, 0, 0))
    assert Counter(MergeRequest.objects.values_list("group", flat=True)) == Counter(
        Group.objects.values_list("pk", flat=True)
    )
    asked = Entry.objects.filter(action=Action.MERGE_REQUESTED)
    assert Counter(entry.facts["group"] for entry in asked) == Counter(
        Group.objects.values_list("pk", flat=True)
    )
    assert Entry.objects.filter(action=Action.BULK_ENDED).count() == 1
    assert verify().broken is None


def test_killed_half_way_it_goes_on_where_it_was(tmp_path: Path) -> None:
    count = 120
    desk, groups = crowd(count)
    desk.sync()  # so that the worker does not
    bulk = begun(actor(Role.OPERATOR), groups)
    patient = {"MERGE_COOL_OFF_SECONDS": 600}
    for done in (1, count // 3):
        with Program(tmp_path, "worker", url="http://127.0.0.1:9", **patient) as program:
            wait_until(lambda: now(bulk).done >= done)  # noqa: B023
            program.process.kill()
            program.end()
    assert 0 < now(bulk).waiting < count
    counts(bulk)  # agree at any moment

    while work_portion(desk.organization):
        pass
    each_group_once(bulk, count)


def test_four_workers_take_turns() -> None:
    desk, groups = crowd(24)
    bulk = begun(actor(Role.OPERATOR), groups)

    def work(number: int) -> int:
        decided = 0
        while some := work_portion(desk.organization):
            decided += some
        return decided

    shares = at_once(4, work)

    assert sum(shares) == 24
    each_group_once(bulk, 24)


def test_stopped_while_it_works_the_counts_hold() -> None:
    _, groups = crowd(12)
    olga = actor(Role.OPERATOR)
    bulk = begun(olga, groups, BulkKind.DISMISS)

    def work_or_stop(number: int) -> None:
        if number == 0:
            work_on(bulk.pk)
            stop(now(bulk), by_user=olga)
        else:
            while work_on(bulk.pk):
                pass

    at_once(3, work_or_stop)

    assert now(bulk).state in {BulkState.STOPPED, BulkState.DONE}
    waiting, done, *_ = counts(bulk)
    ended = Entry.objects.get(action__in=[Action.BULK_STOPPED, Action.BULK_ENDED])
    assert (ended.facts["done"], waiting + done) == (done, 12)
    assert Entry.objects.filter(action=Action.GROUP_DISMISSED).count() == done


def test_a_decision_that_has_ended_is_left_alone() -> None:
    _, groups = crowd(1)
    olga = actor(Role.OPERATOR)
    bulk = begun(olga, groups)
    stop(bulk, by_user=olga)

    assert not work_on(bulk.pk)
    assert counts(bulk) == (1, 0, 0, 0, 0)
