"""A portion of groups: made in whatever process has the time, and stored as a sync stores them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from unittest.mock import patch

import msgspec
from django.db.models import Max

from benchmarks.contacts import People
from mergeui.accounts.models import Organization
from mergeui.audit.actor import Actor
from mergeui.invent import Contact
from mergeui.review import store as mirror
from mergeui.review.digest import digest
from mergeui.review.matching import Listed
from mergeui.review.models import Group, SyncRun
from mergeui.review.spool import Row, row_of
from mergeui.sandbox.directory import Json

START = datetime(2023, 11, 6, 8, 0, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)

_people = cache(People)


def make(
    organization: Organization, seed: int, portion: int, shares: Sequence[float]
) -> list[bytes]:
    """Rows (spool.py) of the portion's first groups, one for each share of the years that a group
    was first seen after."""
    groups = _people(seed).portion(portion)
    return [row(organization, *one) for one in zip(shares, groups, strict=False)]


def row(organization: Organization, share: float, group: Sequence[Json]) -> bytes:
    """The row of a group."""
    # Read, not parsed: what is made up here needs no cleaning.
    listed = Listed(None, digest([Contact.read(one) for one in group]))
    with patch("django.utils.timezone.now", lambda: START + YEARS * share):
        return msgspec.msgpack.encode(row_of(listed, organization))


def store(made: Sequence[bytes], organization: Organization) -> list[int]:
    """Stores new groups as a sync does, but all at once; their primary keys."""
    rows = map(msgspec.msgpack.Decoder(Row).decode, made)
    last = Group.objects.aggregate(Max("pk"))["pk__max"] or 0
    run = SyncRun(organization=organization, wanted_at=START, seen_alive_at=START)
    with (
        patch.object(mirror, "MEMBERS_AT_ONCE", 5_000),
        patch.object(mirror, "BREATH_SECONDS", dict.fromkeys(mirror.BREATH_SECONDS, 0.0)),
    ):
        system = Actor.system(organization)
        mirror.apply(rows, run, by_user=system, progress=lambda: None)
    return list(Group.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True))
