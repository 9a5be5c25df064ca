"""Who executes a request: one worker, for a limited time (design.md, rule 3).

The claim is the conditional update of rule 1, so any number of workers take each request once. It
ends after a while, so that a worker that died holds nothing for ever; a worker that merely slept
looks at its lease again, last thing before it sends.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from mergeui.merging.models import BulkDecision, MergeRequest, RequestQuerySet, RequestState

# Not even sent when less than this share of the lease is left.
LEAST_LEFT = 0.5


def _lasts() -> timedelta:
    return timedelta(seconds=settings.MERGE_LEASE_SECONDS)


class LeaseLost(Exception):
    """Another worker may have this request by now: stop, send nothing, write nothing."""


@dataclass(slots=True)
class Lease:
    """A claimed request. It ends at `until`, and at `ends` on this machine's monotonic clock."""

    token: str
    until: datetime
    ends: float

    @classmethod
    def claim(cls, key: int, *, now: datetime) -> Self | None:
        """Claims an approved request whose cool-off is over; None when another was faster, or its
        bulk decision is taken back."""
        ends = time.monotonic() + _lasts().total_seconds()
        lease = cls(secrets.token_hex(16), now + _lasts(), ends)
        claimed = (
            MergeRequest.objects.due(now)
            .filter(pk=key, expires_at__gt=now)
            # Listed before its bulk decision was taken back, it must not begin either.
            .exclude(Exists(BulkDecision.objects.filter(pk=OuterRef("bulk")).taken_back()))
            .order_by()
            .update(
                state=RequestState.EXECUTING,
                lease_token=lease.token,
                lease_until=lease.until,
                waiting_because="",
            )
        )
        return lease if claimed else None

    def held(self, request: MergeRequest) -> RequestQuerySet:
        """The request as a query that finds it only while this lease is the last one given."""
        return MergeRequest.objects.filter(
            pk=request.pk, state=RequestState.EXECUTING, lease_token=self.token
        )

    def renew(self, request: MergeRequest) -> None:
        """Begins the time anew; raises LeaseLost when it was over, or the request another's.

        Called in the transaction that writes an attempt: no lease, no attempt, no call. A lease
        that was over is not renewed even when nobody wanted it: what was read is too old by then.
        """
        ends, now = time.monotonic() + _lasts().total_seconds(), timezone.now()
        if not self.held(request).filter(lease_until__gt=now).update(lease_until=now + _lasts()):
            raise LeaseLost
        self.until, self.ends = now + _lasts(), ends

    def lock(self, request: MergeRequest) -> bool:
        """Whether the request is still this worker's; it stays so until the transaction ends."""
        return self.held(request).select_for_update().values("pk").first() is not None

    def check(self, request: MergeRequest) -> None:
        """Raises LeaseLost when the request is another's, or too little time is left to send.

        Both clocks are asked: one stands still while a machine is suspended, the other may be set.
        """
        if not self.held(request).exists():
            raise LeaseLost
        spare = _lasts() * LEAST_LEFT
        if timezone.now() > self.until - spare:
            raise LeaseLost
        if time.monotonic() > self.ends - spare.total_seconds():
            raise LeaseLost
