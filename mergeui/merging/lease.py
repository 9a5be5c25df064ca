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

from mergeui.merging.models import MergeRequest, RequestQuerySet, RequestState

# Not even sent when less than this share of the lease is left.
LEAST_LEFT = 0.5


def _lasts() -> timedelta:
    return timedelta(seconds=settings.MERGE_LEASE_SECONDS)


class LeaseLost(Exception):
    """Another worker may have this request by now: stop, send nothing, write nothing."""


@dataclass(slots=True)
class Lease:
    """A claimed request. `ends` is on this machine's monotonic clock, in seconds."""

    token: str
    ends: float

    @classmethod
    def claim(cls, request: MergeRequest, *, now: datetime) -> Self | None:
        """Claims an approved request whose cool-off is over; None when another was faster."""
        lease = cls(secrets.token_hex(16), time.monotonic() + _lasts().total_seconds())
        claimed = (
            MergeRequest.objects.due(now)
            .filter(pk=request.pk, expires_at__gt=now)
            .order_by()
            .update(
                state=RequestState.EXECUTING,
                lease_token=lease.token,
                lease_until=now + _lasts(),
                waiting_because="",
            )
        )
        if not claimed:
            return None
        request.refresh_from_db()
        return lease

    def renew(self, request: MergeRequest, *, now: datetime) -> None:
        """Begins the time anew; raises LeaseLost when the request is no longer this worker's.

        Called in the transaction that writes an attempt: no lease, no attempt, no call.
        """
        ends = time.monotonic() + _lasts().total_seconds()
        renewed = self.held(request).filter(lease_until__gt=now).update(lease_until=now + _lasts())
        if not renewed:
            raise LeaseLost
        self.ends = ends

    def held(self, request: MergeRequest) -> RequestQuerySet:
        """The request as a query that finds it only while this lease is the last one given."""
        return MergeRequest.objects.filter(
            pk=request.pk, state=RequestState.EXECUTING, lease_token=self.token
        )

    def check(self) -> None:
        """Raises LeaseLost when too little time is left to send and record an answer."""
        if time.monotonic() > self.ends - _lasts().total_seconds() * LEAST_LEFT:
            raise LeaseLost
