"""A portion of groups as a sync would have them stored, made in whatever process has the time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from unittest.mock import patch

import msgspec

from benchmarks.contacts import People
from mergeui.accounts.models import Organization
from mergeui.invent import Contact
from mergeui.review.digest import digest
from mergeui.review.matching import Listed
from mergeui.review.spool import Row, row_of

START = datetime(2023, 11, 6, 8, 0, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)

_people = cache(People)


def make(
    organization: Organization, seed: int, portion: int, shares: Sequence[float]
) -> list[bytes]:
    """Rows (spool.py) of the portion's first groups, one for each share of the years that a group
    was first seen after."""
    groups = _people(seed).portion(portion)
    made = []
    with _clock() as clock:
        for share, group in zip(shares, groups, strict=False):
            clock.now = START + YEARS * share
            # Read, not parsed: what is made up here needs no cleaning.
            listed = Listed(None, digest([Contact.read(one) for one in group]))
            made.append(msgspec.msgpack.encode(row_of(listed, organization)))
    return made


def rows(made: Sequence[bytes]) -> Iterator[Row]:
    """Those rows again."""
    return map(msgspec.msgpack.Decoder(Row).decode, made)


class _Clock:
    now = START


@contextmanager
def _clock() -> Iterator[_Clock]:
    """While it is open, what the desk takes for now is what is set here."""
    clock = _Clock()
    with patch("django.utils.timezone.now", lambda: clock.now):
        yield clock
