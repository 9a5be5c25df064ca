"""What the tests of bulk decisions share."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mergeui.audit.actor import Actor
from mergeui.merging.bulk.prepare import prepare
from mergeui.merging.bulk.wishes import confirm
from mergeui.merging.bulk.work import work_portion
from mergeui.merging.models import BulkDecision, BulkItem, BulkKind
from mergeui.review.models import Group
from tests.desk import Desk


def groups() -> list[Group]:
    """All groups, the oldest first."""
    return list(Group.objects.order_by("pk"))


def states() -> list[str]:
    """Their states, in the same order."""
    return [group.state for group in groups()]


def summary(
    by_user: Actor, groups: Iterable[Group], kind: BulkKind = BulkKind.MERGE, **more: Any
) -> BulkDecision:
    """The summary of a decision about these groups."""
    numbers = [group.pk for group in groups]
    return prepare(
        Group.objects.filter(pk__in=numbers).order_by("pk"), kind=kind, by_user=by_user, **more
    )


def begun(
    by_user: Actor,
    groups: Iterable[Group],
    kind: BulkKind = BulkKind.MERGE,
    *,
    note: str = "",
    until: datetime | None = None,
) -> BulkDecision:
    """A decision that is confirmed; nothing of it has been done."""
    bulk = summary(by_user, groups, kind)
    confirm(bulk, by_user=by_user, note=note, until=until)
    return bulk


def work(desk: Desk, bulk: BulkDecision) -> BulkDecision:
    """Works it off; no merge is executed. Gives it as it is then."""
    while work_portion(desk.organization):
        pass
    return now(bulk)


def now(bulk: BulkDecision) -> BulkDecision:
    """The decision as it is in the database."""
    return BulkDecision.objects.get(pk=bulk.pk)


def fates(bulk: BulkDecision) -> list[tuple[str, str]]:
    """The state of each group and why, in order."""
    return list(BulkItem.objects.filter(bulk=bulk).order_by("pk").values_list("state", "why"))


def counts(bulk: BulkDecision) -> tuple[int, int, int, int, int]:
    """Waiting, done, set aside, failed, taken back; as stored, and as the items say."""
    stored = now(bulk)
    said = (
        stored.waiting,
        stored.done,
        stored.set_aside,
        stored.failed,
        stored.taken_back,
    )
    states = [state for state, _ in fates(bulk)]
    assert said == tuple(states.count(state) for state in BulkItem.State.values)
    return said
