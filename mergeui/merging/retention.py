"""What is deleted by itself after some time: what nobody decided about, and what only served a day.

RETENTION_DAYS says how long. Never the history, what was asked for, or a decision: these are erased
for a person who asks (erasure.py), or not at all.
"""

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.merging.models import BulkItem, MergeRequest, Notice
from mergeui.review.models import Group, GroupState, SyncRun

logger = logging.getLogger(__name__)

BATCH = 200  # rows in one transaction, so that nobody waits for it
ONCE_A_DAY = 24 * 60 * 60.0
RUNS_KEPT = 100  # of the readings of Invent, the newest whatever their age


def forget(*, now: datetime, days: int) -> dict[str, int]:
    """Deletes what is older than so many days, and says how much of each kind; 0 days: nothing.

    Sessions that are over go in any case.
    """
    gone = {"sessions": Session.objects.filter(expire_date__lt=now).delete()[0]}
    if days:
        before = now - timedelta(days=days)
        gone |= {
            "notices": Notice.objects.filter(read_at__lt=before).delete()[0],
            "groups": _groups(before),
            "refreshes": _runs(before),
        }
    return gone


def _groups(before: datetime) -> int:
    """Groups that Invent no longer lists and that nobody ever asked about or decided."""
    about = [model.objects.filter(group=OuterRef("pk")) for model in (MergeRequest, BulkItem)]
    free = Group.objects.filter(
        *(~Exists(one) for one in about),
        state=GroupState.VANISHED,
        changed_at__lt=before,
        first_seen_at__lt=before,  # said by the line above, but this is what the index has
        decided_at=None,
    )
    keys = list[int]()
    for organization in Organization.objects.all():
        keys += free.filter(organization=organization).values_list("pk", flat=True)
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        with transaction.atomic():
            Group.objects.filter(pk__in=some, state=GroupState.VANISHED).delete()
    return len(keys)


def _runs(before: datetime) -> int:
    newest = SyncRun.objects.order_by("-pk").values_list("pk", flat=True)[:RUNS_KEPT]
    return SyncRun.objects.filter(wanted_at__lt=before).exclude(pk__in=list(newest)).delete()[0]


class Broom:
    """For the worker: `sweep` as often as you like, it is done once a day."""

    def __init__(self) -> None:
        self._next = 0.0

    def sweep(self) -> None:
        """Deletes what is due, and says so in the log."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + ONCE_A_DAY
        gone = forget(now=timezone.now(), days=settings.RETENTION_DAYS)
        if any(gone.values()):
            told = ", ".join(f"{count} {kind}" for kind, count in gone.items())
            logger.info("Deleted by RETENTION_DAYS: %s.", told)
