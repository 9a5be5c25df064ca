"""Whatever happens to a bulk decision: what was not ticked is never touched."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from mergeui.accounts.models import Membership, Role
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import Problem
from mergeui.merging.bulk.wishes import confirm, stop, take_back
from mergeui.merging.bulk.work import work_on
from mergeui.merging.models import BulkDecision, BulkKind, MergeRequest
from mergeui.review.claims import renew
from mergeui.review.decisions import dismiss
from mergeui.review.models import Group, Member
from tests.desk import Desk, actor
from tests.many import pairs, stored
from tests.merging.bulk import counts, now, summary

pytestmark = pytest.mark.django_db

SIZE = 5
STEPS = st.sampled_from(["work", "work", "work", "stop", "take back", "demote"])


def columns(groups: list[Group]) -> list[dict[str, Any]]:
    """All that is stored of groups and their members."""
    numbers = [group.pk for group in groups]
    return [
        *Group.objects.filter(pk__in=numbers).order_by("pk").values(),
        *Member.objects.filter(group__in=numbers).order_by("pk").values(),
    ]


@given(
    ticked=st.sets(st.integers(0, SIZE - 1), min_size=1),
    meddled=st.sets(st.integers(0, SIZE - 1)),
    kind=st.sampled_from(BulkKind),
    steps=st.lists(STEPS, max_size=9),
)
@settings(max_examples=25)
def test_what_was_not_ticked_is_never_touched(
    ticked: set[int], meddled: set[int], kind: BulkKind, steps: list[str]
) -> None:
    desk = Desk()
    groups = [
        *stored(desk, pairs(SIZE - 1)),
        *stored(desk, pairs(1, unsubscribed=True)),
    ]
    olga, amir = actor(Role.APPROVER), actor(Role.OPERATOR)
    assert amir.user
    bulk = summary(olga, [groups[n] for n in ticked], kind)
    for n in meddled & ticked:
        if n % 2:
            renew(groups[n], by=amir.user)
        else:
            dismiss(groups[n], by_user=amir)
    others = [group for n, group in enumerate(groups) if n not in ticked]
    before, entries = columns(others), Entry.objects.count()

    try:
        confirm(bulk, by_user=olga, until=timezone.now() + timedelta(days=2))
    except Problem:
        steps = []
    for step in steps:
        _one(step, bulk, olga)

    assert columns(others) == before
    numbers = {group.pk for group in others}
    assert not MergeRequest.objects.filter(group__in=numbers).exists()
    for entry in Entry.objects.filter(number__gt=entries):
        assert entry.group_pk not in numbers
        assert entry.bulk_pk == bulk.pk
    # Nor is what somebody else had decided or open.
    for n in meddled & ticked:
        group = Group.objects.get(pk=groups[n].pk)
        assert (group.claimed_by if n % 2 else group.decided_by) == amir.user
    counts(bulk)
    assert verify().broken is None


def _one(step: str, bulk: BulkDecision, by_user: Any) -> None:
    if step == "work":
        work_on(bulk.pk)
    elif step == "demote":
        Membership.objects.filter(user=by_user.user).update(role=Role.VIEWER)
    else:
        wish = stop if step == "stop" else take_back
        try:
            wish(now(bulk), by_user=by_user)
        except Problem:
            return
