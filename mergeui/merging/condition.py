"""How the desk is: what probes and metrics say of it. Counts and ages, nothing of anybody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Min, OuterRef, Subquery

from mergeui.accounts.models import Organization
from mergeui.audit.models import Check, Entry
from mergeui.merging.alive import LOST_AFTER
from mergeui.merging.models import ACTIVE, Attempt, Heartbeat, LostOptOut, MergeRequest, Standing
from mergeui.review.models import SyncRun

SYNCS_MISSED = 3
CALLS_OF = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Condition:
    """Ages in seconds; None where there is nothing to be old. `broken` is where the history is.

    `requests` are those that are not finished, `calls` those of the last day, both by their states.
    """

    worker_age: float | None
    sync_age: float | None
    broken: str
    workers: int
    halted: int
    entries: int
    oldest_due: float | None
    lost_opt_outs: int
    requests: dict[str, int]
    calls: dict[str, int]

    @property
    def worker_alive(self) -> bool:
        """Whether some worker was heard of lately."""
        return self.worker_age is not None and self.worker_age <= LOST_AFTER.total_seconds()

    @property
    def synced(self) -> bool:
        """Whether Invent was read when it was due, or a little later."""
        most = SYNCS_MISSED * settings.SYNC_EVERY_SECONDS
        return self.sync_age is not None and self.sync_age <= most


def condition(now: datetime) -> Condition:
    """The desk as it is now, of all organisations together: short queries, whatever is stored."""
    seen = Heartbeat.objects.aggregate(latest=Max("seen_at"))["latest"]
    done = SyncRun.objects.filter(organization=OuterRef("pk"), state=SyncRun.State.DONE)
    newest = Subquery(done.order_by("-pk").values("finished_at")[:1])
    # Of the organisation whose last one is the oldest.
    synced = Organization.objects.aggregate(at=Min(newest))["at"]
    broken = Check.objects.exclude(broken="").values_list("broken", flat=True).first()
    due = MergeRequest.objects.due(now).order_by().aggregate(at=Min("execute_after"))["at"]
    states = MergeRequest.objects.filter(state__in=ACTIVE).values("state")
    lately = Attempt.objects.filter(started_at__gt=now - CALLS_OF)
    calls = lately.values("state").annotate(count=Count("pk")).order_by()
    last = Entry.objects.order_by("-number").values_list("number", flat=True).first()
    return Condition(
        worker_age=_age(now, seen),
        sync_age=_age(now, synced),
        broken=broken or "",
        workers=Heartbeat.objects.filter(seen_at__gt=now - LOST_AFTER).count(),
        halted=Standing.objects.exclude(halted_as="").count(),
        entries=last or 0,
        oldest_due=_age(now, due),
        lost_opt_outs=LostOptOut.objects.not_set().count(),
        requests={s["state"]: s["count"] for s in states.annotate(count=Count("pk")).order_by()},
        calls={s["state"]: s["count"] for s in calls},
    )


def _age(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else max(0.0, (now - then).total_seconds())
