"""A desk with history, for the benchmarks: groups to decide, decided ones, and a chain of entries.

Seeded: the same numbers give the same rows but for the primary keys. A group goes into the mirror
by the sync's own way (review.store), from contacts as Invent would give them; only reading them
from Invent is left out, and the clock is set to when each was first seen.

    python -m benchmarks.world --open 2000    fills the desk of DATABASE_URL, and says what is in it
"""

import argparse
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from unittest.mock import patch

from benchmarks.people import Generator, Person
from mergeui.sandbox.directory import Json
from mergeui.sandbox.maker import Maker
from mergeui.sandbox.names import Name

START = datetime(2023, 11, 6, 8, 0, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
OPERATORS = 60
SEGMENTS = 60
PORTION = 2_000  # groups to a spool: what is held on disk, not in memory

SIZES = range(2, 65)
# The share of groups of each size falls with this power of it: 5 contacts in a mean group.
TAIL = 2.25
_SIZE_SUMS = list(accumulate(size**-TAIL for size in SIZES))

ADMIN = "/bench/admin/review/group/"
PHONES = ("whatsapp_bot", "twilio", "telnyx")
NETWORKS = ("instagram_dm", "telegram_bot", "messenger_bot")
COLORS = ("amber", "sky", "lime", "red", "indigo", "teal", "violet", "orange", "pink", "rose")
# What becomes of decided groups, by shares.
FATES = {"merged": 0.6, "dismissed": 0.3, "snoozed": 0.04, "vanished": 0.06}


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is; as it stands, what the desk is held to."""

    open: int = 200_000
    decided: int = 300_000
    entries: int = 10_000_000


class People:
    """Groups of contacts, each of one person or of people who share a channel."""

    def __init__(self, seed: int) -> None:
        self.make = Maker(f"world {seed}")
        self.names = Generator(seed)
        self.pick = random.Random(f"world {seed}")
        more = range(SEGMENTS - len(self.make.segments))
        self.segments = self.make.segments + [
            self.make.segment(f"Campaign {n + 1}", COLORS[n % len(COLORS)]) for n in more
        ]
        # The first ones are on half of the contacts, the last ones on a few.
        self._segment_sums = list(accumulate(1 / (n + 1) for n in range(SEGMENTS)))

    def groups(self) -> Iterator[list[Json]]:
        """Groups without end; 2 to 64 contacts, 3 channels and 2 segments each."""
        while True:
            yield self.group(self.pick.choices(SIZES, cum_weights=_SIZE_SUMS)[0])

    def group(self, size: int) -> list[Json]:
        """One group of so many contacts that all share an address or a number."""
        person = self.names.person()
        shared = self._shared(_name(person))
        contacts = []
        for number in range(size):
            if number and self.pick.random() > self.names.assumed.same:
                person = self.names.person(person.language)
            link = shared | {"id": self.make.new_id("channel")}
            contacts.append(self._contact(person, link))
        # The oldest is recommended, as by the stand-in.
        return sorted(contacts, key=lambda one: (one["created_at"], one["id"]))

    def _shared(self, name: Name) -> Json:
        if self.pick.random() < 0.5:
            return self.make.by_email(self.make.email(name))
        return self.make.by_phone(self.pick.choice(PHONES), self._number())

    def _contact(self, person: Person, link: Json) -> Json:
        name, forms = _name(person), self.names.assumed.forms
        form = self.pick.choices(list(forms), list(forms.values()))[0]
        channels = [
            link,
            self.make.by_handle(self.pick.choice(NETWORKS), name),
            self.make.by_email(self.make.email(name), name.full)
            if self.pick.random() < 0.5
            else self.make.by_phone(self.pick.choice(PHONES), self._number(), name.full),
        ]
        return self.make.contact(
            self.names.written(person, form) or None,
            channels,
            segments=self._two_segments(),
            unsubscribed=self.pick.random() < 0.04,
            blocked=self.pick.random() < 0.005,
        )

    def _two_segments(self) -> list[Json]:
        drawn = self.pick.choices(self.segments, cum_weights=self._segment_sums, k=6)
        return list({segment["id"]: segment for segment in drawn}.values())[:2]

    def _number(self) -> str:
        """A made-up number; with the country's digits as unlike as in a list of real ones."""
        return f"+{self.pick.choice((1, 34, 44, 49, 33, 351, 48))}{self.pick.randrange(10**9):09}"


def _name(person: Person) -> Name:
    return Name("", person.given, person.family, person.latin_given, person.latin_family)


class Desk:
    """A desk that is being filled; `grow` may be called again to make it larger."""

    def __init__(self, *, seed: int = 1) -> None:
        from benchmarks.chain import Chain

        self._people = People(seed).groups()
        self._pick = random.Random(f"desk {seed}")
        self.chain = Chain(seed=seed, start=START, operators=OPERATORS)
        self.organization = self.chain.organization
        self._made = 0

    def grow(self, size: Size) -> None:
        """Adds so many groups to decide, decided ones and entries."""
        whole = size.open + size.decided
        for start in range(0, whole, PORTION):
            numbers = self._store(min(PORTION, whole - start), whole)
            # The oldest are decided, as far as there are any to decide.
            share = size.decided / whole
            self._decide([pk for pk in numbers if self._pick.random() < share])
        self.chain.write(size.entries)
        self._analyze()

    def _store(self, count: int, whole: int) -> list[int]:
        """Stores new groups as a sync does; their primary keys."""
        from mergeui.audit.actor import Actor
        from mergeui.invent import Contact
        from mergeui.review.digest import digest
        from mergeui.review.matching import Listed
        from mergeui.review.models import Group, SyncRun
        from mergeui.review.spool import Spool
        from mergeui.review.store import apply

        last = Group.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        run = SyncRun(organization=self.organization, wanted_at=START, seen_alive_at=START)
        with Spool(self.organization) as spool, _clock() as clock:
            for _ in range(count):
                clock.now = START + YEARS * (self._made / max(whole, self._made + 1))
                self._made += 1
                contacts = [Contact.parse(one) for one in next(self._people)]
                spool.add(Listed(None, digest(contacts)))
            system = Actor.system(self.organization)
            apply(spool, run, by_user=system, progress=lambda: None)
        return list(Group.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True))

    def _decide(self, numbers: list[int]) -> None:
        """Decides these groups by bare SQL, and keeps what the desk keeps of it."""
        from django.db.models import F

        from mergeui.review import pairs
        from mergeui.review.models import Group, MergedContact

        by = self._pick.choices(list(FATES), list(FATES.values()), k=len(numbers))
        for fate in FATES:
            chosen = [pk for pk, one in zip(numbers, by, strict=True) if one == fate]
            groups = Group.objects.filter(pk__in=chosen)
            user = self._pick.choice(self.chain.users)
            day = timedelta(days=1)
            groups.update(
                state=fate,
                decided_by=None if fate == "vanished" else user,
                decided_at=F("first_seen_at") + day,
                decided_as=fate,
                decided_evidence=F("evidence"),
                snoozed_until=START + 2 * YEARS if fate == "snoozed" else None,
            )
            if fate == "dismissed":
                for group in groups.only("organization_id", "evidence", "decided_at"):
                    pairs.say(group, by=user, at=group.decided_at or START, reason="")
            if fate == "merged":
                MergedContact.objects.bulk_create(
                    MergedContact(
                        organization=self.organization,
                        contact_id=one,
                        into_contact_id=group.primary_contact_id,
                        merged_at=group.decided_at or START,
                    )
                    for group in groups.only("evidence", "primary_contact_id", "decided_at")
                    for one in group.evidence["members"]
                    if one != group.primary_contact_id
                )

    def _analyze(self) -> None:
        """As PostgreSQL does by itself after a while, and SQLite's connections at their end."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("ANALYZE" if connection.vendor == "postgresql" else "PRAGMA optimize")


class _Clock:
    now = START


@contextmanager
def _clock() -> Iterator[_Clock]:
    """While it is open, what the desk takes for now is what is set here."""
    clock = _Clock()
    with patch("django.utils.timezone.now", lambda: clock.now):
        yield clock


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--open", type=int, default=2_000, help="groups to decide")
    parser.add_argument("--decided", type=int, default=0)
    parser.add_argument("--entries", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    wished = parser.parse_args()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    desk = Desk(seed=wished.seed)
    desk.grow(Size(wished.open, wished.decided, wished.entries))
    print(json.dumps(addresses(desk)))


def addresses(desk: Desk) -> dict[str, str]:
    """What to measure a desk by: names of pages and their addresses, and a session to open them."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.db.models import Max

    from benchmarks.programs import session_key
    from mergeui.accounts.models import User
    from mergeui.review.models import Group

    waiting = Group.objects.filter(state="open").order_by("pk")
    four = waiting.filter(member_count=4)[0]
    largest = waiting.filter(
        member_count=waiting.aggregate(Max("member_count"))["member_count__max"]
    )
    channels = [one for member in four.members.all() for one in member.raw["channels"]]
    email = next(one["email"] for one in channels if one["email"])
    phone = next(one["phone"] for one in channels if one["phone"])
    last, who = desk.chain.number, desk.chain.users[1].pk
    found = {
        "session": session_key(SessionStore),
        "an empty page": "/bench/empty/",
        "the queue's template alone": "/bench/bare/",
        "Django admin's list": f"{ADMIN}?state__exact=open&risky__exact=1&q=maria",
        "queue, first page": "/groups/",
        "queue, last page": "/groups/?at=last",
        "queue, search and two filters": "/groups/?q=maria&risk=any",
        "queue, by a part of a name": "/groups/?q=mar",
        "queue, by an e-mail": f"/groups/?q={email}",
        "queue, by the end of a number": f"/groups/?q={phone[-5:]}",
        "queue, by an id": f"/groups/?q={four.primary_contact_id}",
        "queue, a rare filter": "/groups/?size=21%2B",
        "counts of the views": "/views/strip/",
        "compare, 4 contacts": f"/groups/{four.pk}/",
        f"compare, {largest[0].member_count} contacts": f"/groups/{largest[0].pk}/",
        "history, first page": "/history/",
        "history, last page": "/history/?at=last",
        "history, by an operator and an action": f"/history/?operator={who}&action=merge_completed",
        "history, by a name": "/history/?name=maria",
    }
    User.objects.filter(username="bench").update(is_staff=True, is_superuser=True)
    if last:
        from mergeui.audit.models import Entry

        facts = Entry.objects.get(number=last // 2).facts
        found["history, by a contact"] = f"/history/?contact={facts['primary']}"
    return found


if __name__ == "__main__":
    main()
