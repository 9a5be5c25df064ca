"""How long an approved request that is due has to wait: what the worker takes before it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from mergeui.accounts.models import Organization
from mergeui.merging.alive import alive
from mergeui.merging.models import MergeRequest, RequestQuerySet, RequestState, Standing

MOST_COUNTED = 100_000
REQUESTS_A_MERGE = 2  # of a pair: one reads it again, one merges it


@dataclass(frozen=True, slots=True)
class Place:
    """`before` merges go first, at most MOST_COUNTED, which takes about `takes`.

    `worker`: whether one was heard of lately. `paused_until`: when a pause of Invent's ends.
    """

    before: int
    takes: timedelta
    worker: bool
    paused_until: datetime | None


def place_of(request: MergeRequest, now: datetime) -> Place | None:
    """Where a request stands in its organisation's line; None for one that is not due."""
    due = request.execute_after
    if request.state != RequestState.APPROVED or due is None or due > now:
        return None
    organization = request.organization
    line = MergeRequest.objects.due(now).of(organization).order_by()
    earlier = Q(execute_after__lt=due) | Q(execute_after=due, pk__lt=request.pk)
    # As execute_next takes them: those of people, then those of bulk decisions.
    if request.bulk_id is None:
        before = _count(line.of_people().filter(earlier))
    else:
        before = _count(line.of_people()) + _count(line.of_bulk().filter(earlier))
    a_minute = organization.requests_per_minute or settings.INVENT_REQUESTS_PER_MINUTE
    takes = timedelta(minutes=before * REQUESTS_A_MERGE / a_minute)
    return Place(before, takes, alive(now), _paused(organization, now))


def _paused(organization: Organization, now: datetime) -> datetime | None:
    standing = Standing.objects.filter(organization=organization, paused_until__gt=now)
    return standing.values_list("paused_until", flat=True).first()


def _count(line: RequestQuerySet) -> int:
    return line[:MOST_COUNTED].count()
