"""What is deleted by itself after some time: what nobody decided about, and what only served a day.

RETENTION_DAYS says how long. Never the history, what was asked for, or a decision: these are erased
for a person who asks (erasure.py), or not at all.
"""

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.merging.models import BulkItem, MergeRequest, Notice
from mergeui.review.finding import forget_some
from mergeui.review.models import Group, GroupState, SyncRun

logger = logging.getLogger(__name__)

BATCH = 200  # rows in one transaction, so that nobody waits for it
ONCE_A_DAY = 24 * 60 * 60.0
ONCE_A_MINUTE = 60.0
AT_A_TIME = 0.2  # seconds in which the index forgets before the worker does something else
FORGOTTEN = "terms-forgotten-upto"  # entry
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


def erased_upto() -> int:
    """The number of the last entry by which personal data were erased, of any organisation."""
    # Named, so that the index that they begin is used.
    everywhere = Entry.objects.filter(organization__in=Organization.objects.values("pk"))
    erased = everywhere.filter(action=Action.PAYLOAD_ERASED)
    return erased.aggregate(last=Max("number"))["last"] or 0


class Broom:
    """For the worker: `sweep` as often as you like. Most is done once a day; what was erased goes
    from the index of the queue within minutes, a little of it at a time."""

    def __init__(self) -> None:
        self._next = self._look = 0.0
        self._forgetting = 0

    def sweep(self) -> None:
        """Deletes what is due, and says so in the log."""
        self._forget_terms()
        self._once_a_day()

    def _forget_terms(self) -> None:
        first = not self._forgetting
        if first:
            if time.monotonic() < self._look:
                return
            self._look = time.monotonic() + ONCE_A_MINUTE
            self._forgetting = erased_upto()
            if self._forgetting <= cache.get(FORGOTTEN, 0):
                self._forgetting = 0
                return
        until = time.monotonic() + AT_A_TIME
        while forget_some(first=first):
            first = False
            if time.monotonic() > until:
                return
        # Should the cache lose it, all is gone through once more, and nothing else comes of it.
        cache.set(FORGOTTEN, self._forgetting, timeout=None)
        self._forgetting = 0

    def _once_a_day(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + ONCE_A_DAY
        gone = forget(now=timezone.now(), days=settings.RETENTION_DAYS)
        if any(gone.values()):
            told = ", ".join(f"{count} {kind}" for kind, count in gone.items())
            logger.info("Deleted by RETENTION_DAYS: %s.", told)
