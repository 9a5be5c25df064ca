"""Thousands of approved requests wait: finding the next one stays a step in an index."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.query import QuerySet
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.merging.execution import execute_next
from mergeui.merging.models import BulkDecision, BulkKind, BulkState, MergeRequest
from tests.desk import Desk, actor
from tests.merging.stage import anas, approved, copies, fresh

pytestmark = pytest.mark.django_db
MANY = 1_500


@pytest.fixture
def desk() -> Desk:
    """A bulk decision of which so many merges are due, and one request of a person's."""
    desk = anas()
    request = approved(desk)
    now = timezone.now()
    bulk = BulkDecision.objects.create(
        organization=desk.organization,
        kind=BulkKind.MERGE,
        state=BulkState.WORKING,
        asked_by=actor(Role.OPERATOR).user,
        asked_at=now,
    )
    due = (now - timedelta(minutes=number) for number in range(1, MANY))
    copies(request, [{"bulk_id": bulk.pk, "execute_after": moment} for moment in due])
    return desk


def plan(query: QuerySet[Any]) -> str:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # To sort one row costs the same to a hair; it is asked whether it can do without.
            cursor.execute("SET LOCAL enable_sort = off")
    return query.order_by("execute_after", "pk").values_list("pk")[:20].explain()


def test_a_person_goes_before_a_bulk_decision_that_waited_longer(desk: Desk) -> None:
    done = execute_next(client=desk.client, organization_id=desk.organization.pk)

    assert done is not None
    assert fresh(done).bulk_id is None
    assert desk.counters.merge_calls == 1


def test_the_next_one_is_found_by_an_index_in_its_order(desk: Desk) -> None:
    now = timezone.now()
    due = MergeRequest.objects.due(now).of(desk.organization).filter(expires_at__gt=now)
    people, bulk = plan(due.of_people()), plan(due.of_bulk())

    assert "requests_due_of_people" in people
    assert "requests_due" in bulk
    for one in (people, bulk):
        assert "Seq Scan on merging_mergerequest" not in one
        assert "SCAN merging_mergerequest" not in one
        assert "TEMP B-TREE" not in one  # nothing is sorted
        assert "Sort" not in one
