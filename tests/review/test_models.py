"""What the database itself refuses of the mirror, and what each row is called."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from mergeui.review.models import Channel, Group, MergedContact, Segment, SyncRun
from tests.contacts import contact, segment, whatsapp
from tests.desk import Desk

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")


@pytest.fixture
def desk() -> Desk:
    unsubscribed = contact("Ana", PHONE, id="one", unsubscribed=True, segments=[segment("VIP")])
    desk = Desk(unsubscribed, contact("Ana", PHONE, id="two"))
    desk.sync()
    return desk


def test_a_group_is_in_one_of_the_known_states(desk: Desk) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Group.objects.update(state="no such state")


def test_one_sync_at_a_time(desk: Desk) -> None:
    now = timezone.now()
    fields = {"organization": desk.organization, "wanted_at": now, "seen_alive_at": now}
    SyncRun.objects.create(**fields, state="running")
    with pytest.raises(IntegrityError), transaction.atomic():
        SyncRun.objects.create(**fields, state="wanted")


def test_what_each_row_is_called(desk: Desk) -> None:
    group = desk.group()
    gone = MergedContact(contact_id="two", into_contact_id="one")

    assert str(group) == f"Group {group.pk}"
    assert group.risk_codes == ["unsubscribed"]
    assert [str(member) for member in group.members.all()] == ["one", "two"]
    assert {str(channel) for channel in Channel.objects.all()} == {"whatsapp_bot +15550101"}
    assert str(Segment.objects.get()) == "VIP"
    assert str(gone) == "two → one"
    assert str(SyncRun.objects.get()) == f"Sync {SyncRun.objects.get().pk}"
    assert not SyncRun.objects.get().active
