"""One group that somebody has just read again: the mirror follows at once, not with a sync."""

from collections.abc import Mapping

from django.utils import timezone

from mergeui.invent import Contact
from mergeui.review.models import Group, GroupState
from mergeui.review.seen import contacts_of
from mergeui.review.store import replace


def follow(group_id: int, now: Mapping[str, Contact | None]) -> None:
    """Brings a group to what was read: each contact by its id, None for one that is gone.

    In the caller's transaction. Members that nobody has read stay as they are. With fewer than two
    left there is nothing to decide: the group keeps what it was, and counts as vanished until
    Invent lists it again.
    """
    group = Group.objects.select_for_update(of=["self"]).select_related("organization")
    locked = group.get(pk=group_id)
    read = [now.get(contact.id, contact) for contact in contacts_of(locked)]
    present = [contact for contact in read if contact is not None]
    if len(present) < 2:
        locked.state, locked.changed_at = GroupState.VANISHED.value, timezone.now()
        locked.save(update_fields=["state", "changed_at"])
    else:
        replace(locked, present)
