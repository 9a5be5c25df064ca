"""Verifying the history while the desk runs: what is new often, the whole at times."""

from datetime import datetime, timedelta

from mergeui.audit.anchor import Anchor
from mergeui.audit.models import Check
from mergeui.audit.verify import START, verify
from mergeui.said import Said

EVERY = timedelta(minutes=1)
WHOLE_EVERY = timedelta(days=1)
# A broken history is looked at again now and then: somebody may have mended it from a backup.
BROKEN_EVERY = timedelta(minutes=10)


BROKEN = Said("Entry {number}: {reason}.")


def look_when_due(*, now: datetime) -> Check | None:
    """Verifies when it is due; None when it is not, or another worker does it.

    What came since the last look is verified from where that ended; once a day, and after a break,
    the whole from its start, because an entry of last year can be changed today.
    """
    last = Check.objects.filter(pk=1).first()
    if last and not _claimed(last, now):
        return None
    whole = last is None or bool(last.broken) or now - last.whole_at >= WHOLE_EVERY
    start = START if whole or last is None else Anchor(last.number, last.hash)
    # The head of last time has to be there still, or the end was cut off meanwhile.
    anchors = (Anchor(last.number, last.hash),) if last and not last.broken else ()
    found = verify(start=start, anchors=anchors)
    broken = BROKEN(number=found.broken.number, reason=found.broken.why) if found.broken else ""
    held = found.head if not broken or last is None else Anchor(last.number, last.hash)
    check, _ = Check.objects.update_or_create(
        pk=1,
        defaults={
            "at": now,
            "whole_at": now if whole or last is None else last.whole_at,
            "number": held.number,
            "hash": held.hash,
            "broken": broken,
        },
    )
    return check


def _claimed(last: Check, now: datetime) -> bool:
    """Whether it is due, and no other worker has begun: the first to move the time does it."""
    if now - last.at < (BROKEN_EVERY if last.broken else EVERY):
        return False
    return bool(Check.objects.filter(pk=1, at=last.at).update(at=now))
