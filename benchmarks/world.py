"""A desk with history, for the benchmarks: groups to decide, decided ones, and a chain of entries.

Seeded: the same numbers give the same rows but for the primary keys. A group goes into the mirror
by the sync's own way (review.store), from contacts as Invent would give them; only reading them
from Invent is left out, and the clock is set to when each was first seen.

    DATABASE_URL=sqlite:///desk.sqlite3 python -m benchmarks.world --open 2000

fills that desk, or adds to what it holds; measure it with `python -m benchmarks.pages --desk URL`.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import django

from benchmarks.contacts import PORTION
from benchmarks.desks import Size

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from mergeui.accounts.models import User
    from mergeui.review.models import Group

OPERATORS = 60
# What becomes of decided groups, by shares.
FATES = {"merged": 0.6, "dismissed": 0.3, "snoozed": 0.04, "vanished": 0.06}


class Desk:
    """A desk that is being filled, new or as another one left it; `grow` makes it larger."""

    def __init__(self, *, seed: int = 1) -> None:
        from benchmarks.chain import Chain
        from benchmarks.making import START

        self.seed = seed
        self._pick = random.Random(f"desk {seed}")
        self.chain = Chain(seed=seed, start=START, operators=OPERATORS)
        self.organization = self.chain.organization

    def grow(self, size: Size) -> None:
        """Adds so many groups to decide, decided ones and entries; nobody else may be at it."""
        from benchmarks.filling import hurrying
        from benchmarks.making import store

        whole = size.open + size.decided
        counts = [min(PORTION, whole - start) for start in range(0, whole, PORTION)]
        with hurrying():
            done = decided = 0
            for made in self._made(counts, whole):
                numbers = store(made, self.organization)
                done += len(made)
                due = round(size.decided * done / whole) - decided
                self._decide(sorted(self._pick.sample(numbers, due)))
                decided += due
                _tell(f"{done:,} groups of {whole:,}")
        self.chain.write(size.entries, tell=_tell)
        self._analyze()

    def _made(self, counts: list[int], whole: int) -> Iterator[list[bytes]]:
        """The rows of the next portions; of more than one, in processes of their own."""
        from django.db.models import Max

        from benchmarks.filling import in_turn, pool
        from benchmarks.making import make
        from mergeui.review.models import Group

        # A portion has a group at least, so this number is behind all those that were taken.
        first = Group.objects.aggregate(Max("pk"))["pk__max"] or 0
        tasks = [
            (
                self.organization,
                self.seed,
                first + n,
                [(n * PORTION + i + 0.5) / whole for i in range(c)],
            )
            for n, c in enumerate(counts)
        ]
        if len(tasks) == 1:
            yield make(*tasks[0])
        elif tasks:
            with pool(os.cpu_count() or 1) as executor:
                yield from in_turn(executor.submit(make, *task) for task in tasks)

    def _decide(self, numbers: list[int]) -> None:
        """Decides these groups by bare SQL, and keeps what the desk keeps of it."""
        from django.db import transaction

        by = self._pick.choices(list(FATES), list(FATES.values()), k=len(numbers))
        with transaction.atomic():
            for fate in FATES:
                self._meet(fate, [pk for pk, one in zip(numbers, by, strict=True) if one == fate])

    def _meet(self, fate: str, chosen: list[int]) -> None:
        from django.db.models import F

        from benchmarks import merged
        from benchmarks.making import START, YEARS
        from mergeui.review import bulk
        from mergeui.review.models import Group, MergedContact

        groups = Group.objects.filter(pk__in=chosen)
        user = self._pick.choice(self.chain.users)
        groups.update(
            state=fate,
            decided_by=None if fate == "vanished" else user,
            decided_at=F("first_seen_at") + timedelta(days=1),
            decided_as=fate,
            decided_evidence=F("evidence"),
            snoozed_until=START + 2 * YEARS if fate == "snoozed" else None,
        )
        if fate == "dismissed":
            self._tell_apart(groups, user)
        if fate == "merged":
            if chosen:
                merged.keep(groups, self.organization, self.chain.users, self._pick)
            bulk.insert(
                MergedContact,
                ("organization_id", "contact_id", "into_contact_id", "merged_at"),
                (
                    (self.organization.pk, one, group.primary_contact_id, _stored(group.decided_at))
                    for group in groups.only("evidence", "primary_contact_id", "decided_at")
                    for one in group.evidence["members"]
                    if one != group.primary_contact_id
                ),
            )

    def _tell_apart(self, groups: "QuerySet[Group]", user: "User") -> None:
        """What `pairs.say` keeps of each, without its models: 2,000 rows a portion."""
        from mergeui.review import bulk, pairs
        from mergeui.review.models import NotDuplicate

        rows = []
        for group in groups.only("evidence", "decided_at"):
            shared = pairs.channels_of(group.evidence)
            at = _stored(group.decided_at)
            rows += [
                (self.organization.pk, *pair, user.pk, at, "", json.dumps(shared.get(pair, [])))
                for pair in pairs.pairs_of(group.evidence["members"])
            ]
        columns = ("one_contact_id", "other_contact_id", "said_by_id", "said_at", "reason")
        bulk.insert(NotDuplicate, ("organization_id", *columns, "evidence"), rows)

    def _analyze(self) -> None:
        """As PostgreSQL does by itself after a while; SQLite plans without, here as for people.

        Both of it: what autovacuum does not do in the servers of the tests, where it is off, is to
        mark pages that everybody may see, without which no index alone answers a count. Inside of a
        transaction, as in a test, it can't be done.
        """
        from django.db import connection

        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)")


def _stored(moment: datetime | None) -> object:
    """A moment as a row takes it."""
    from django.db import connection

    return connection.ops.adapt_datetimefield_value(moment)


def _tell(what: str) -> None:
    """For whoever waits at a terminal or reads the log."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--open", type=int, default=2_000, help="groups to decide")
    parser.add_argument("--decided", type=int, default=0)
    parser.add_argument("--entries", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    wished = parser.parse_args()
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    Desk(seed=wished.seed).grow(Size(wished.open, wished.decided, wished.entries))


if __name__ == "__main__":
    main()
