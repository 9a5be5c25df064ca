"""What the database itself refuses, and what each row is called."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.merging.approval import approve
from mergeui.merging.models import (
    Approval,
    Attempt,
    BulkDecision,
    BulkItem,
    BulkKind,
    ContactLock,
    MergeRequest,
    ReadBack,
    Source,
    Standing,
)
from mergeui.review.models import GroupState
from tests.desk import actor
from tests.merging.stage import anas, approved

pytestmark = pytest.mark.django_db


def refused(change: object) -> bool:
    try:
        with transaction.atomic():
            change()  # type: ignore[operator]
    except IntegrityError:
        return True
    return False


def attempt(request: MergeRequest, number: int, state: str) -> Attempt:
    return Attempt.objects.create(
        request=request, number=number, state=state, source_ids=[], call={},
        started_at=timezone.now(),
    )  # fmt: skip


def test_one_call_at_a_time_and_one_number_once() -> None:
    request = approved(anas())
    attempt(request, 1, Attempt.State.SENDING)

    assert refused(lambda: attempt(request, 2, Attempt.State.SENDING))
    assert refused(lambda: attempt(request, 1, Attempt.State.MERGED))
    assert not refused(lambda: attempt(request, 2, Attempt.State.UNKNOWN))


def test_one_request_a_contact() -> None:
    desk = anas()
    request = approved(desk)
    ids = request.sources.values_list("contact_id", flat=True)

    def second_lock() -> None:
        ContactLock.objects.create(
            organization=desk.organization, contact_id=ids[0], request=request
        )

    assert refused(second_lock)


def test_two_people_are_two_people(settings) -> None:
    settings.MERGE_FOUR_EYES = "always"
    desk = anas()
    request = desk.propose(actor(Role.OPERATOR))
    same = MergeRequest.objects.filter(pk=request.pk)

    assert refused(lambda: same.update(approved_by=request.proposed_by))
    assert refused(lambda: same.update(state="approved"))
    assert refused(lambda: same.update(state="no such state"))
    approve(request, by_user=actor(Role.APPROVER))
    assert refused(lambda: Approval.objects.update(approver=request.proposed_by))


def test_the_requests_that_somebody_else_may_approve(settings) -> None:
    settings.MERGE_FOUR_EYES = "always"
    desk = anas()
    request = desk.propose(actor(Role.OPERATOR))
    own = MergeRequest.objects.of(desk.organization)

    assert list(own.waiting_for(actor(Role.APPROVER).user.pk)) == [request]
    assert not own.waiting_for(request.proposed_by_id)
    assert request.is_active


def test_what_each_row_is_called(settings) -> None:
    settings.MERGE_FOUR_EYES = "always"
    desk = anas()
    request = desk.propose(actor(Role.OPERATOR))
    approve(request, by_user=actor(Role.APPROVER, name="vera"))
    at = timezone.now()
    look = ReadBack.objects.create(request=request, at=at, verdict="unclear", evidence=[])
    source = Source.objects.filter(request=request)[0]

    assert str(request) == f"Merge request {request.pk}"
    assert str(source) == source.contact_id
    assert str(ContactLock.objects.filter(contact_id=source.contact_id).get()) == str(source)
    assert str(request.approval) == "Approved by vera"
    assert str(attempt(request, 1, "sending")) == f"Attempt 1 of request {request.pk}"
    assert str(look) == f"Can't tell at {at:%Y-%m-%d %H:%M:%S}"
    assert desk.group().state == GroupState.REQUESTED

    bulk = BulkDecision.objects.create(
        organization=desk.organization, kind=BulkKind.MERGE, asked_by=request.proposed_by,
        asked_at=at,
    )  # fmt: skip
    item = BulkItem.objects.create(bulk=bulk, group=desk.group())
    assert str(bulk) == f"Bulk decision {bulk.pk}"
    assert str(item) == f"Group {desk.group().pk} in bulk decision {bulk.pk}"
    assert str(Standing(halted_as=Standing.Halt.GAP)) != str(Standing()) == "All is well"
