"""What happens when a merge is done after every look said that nothing was done."""

import pytest
from django.test import override_settings

from mergeui.accounts.models import Role
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.review.models import GroupState
from mergeui.sandbox.faults import Fault
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor, past

pytestmark = pytest.mark.django_db


@override_settings(MERGE_COOL_OFF_SECONDS=0)
def test_a_merge_that_is_done_too_late_misleads_but_is_not_repeated() -> None:
    phone = whatsapp("+15550101")
    desk = Desk(contact("Ana", phone), contact("Ana", phone))
    clock = [0.0]
    desk.world.monotonic = lambda: clock[0]
    desk.sync()
    operator = actor(Role.OPERATOR)

    # The connection ends without an answer, and all looks find both contacts alive.
    desk.faults.next_merge(Fault.DROP, apply_late=3600.0)
    request = desk.propose(operator)
    for _ in range(4):
        desk.work()
        request.refresh_from_db()
        if request.state == RequestState.UNKNOWN:
            past(request, read_back_at=0)
    assert request.state == RequestState.NOT_APPLIED

    # An hour later Invent does it. The desk is wrong now, and can't know.
    clock[0] = 3600.0
    assert desk.client.contacts_page().size == 1
    source = request.sources.get().contact_id
    assert not desk.exists(source)

    # Whoever asks again sends nothing: what was shown is read again first (design.md, rule 5).
    again = desk.propose(operator, desk.group(GroupState.OPEN))
    desk.work()
    again.refresh_from_db()
    assert again.state == RequestState.STALE
    assert desk.counters.merge_calls == 1

    # And the next sync takes the group out of the queue.
    desk.sync()
    assert desk.group().state == GroupState.VANISHED
    assert MergeRequest.objects.count() == 2
