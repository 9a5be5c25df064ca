"""Contacts for a desk of the benchmarks: groups of them, as Invent would give them, from a seed.

They come in portions of so many groups that can be made apart from each other, in any order and in
any process: what is to be unlike in all of them (ids, numbers, addresses) is so over the portions.
"""

import random
from collections.abc import Iterator
from itertools import accumulate, chain, count, islice

from benchmarks.people import Generator, Person
from mergeui.sandbox.directory import Json
from mergeui.sandbox.maker import Maker
from mergeui.sandbox.names import Name

PORTION = 1_000  # groups
SEGMENTS = 60
SIZES = range(2, 65)
# The share of groups of each size falls with this power of it: 5 contacts in a mean group.
TAIL = 2.25
_SIZE_SUMS = list(accumulate(size**-TAIL for size in SIZES))

PHONES = ("whatsapp_bot", "twilio", "telnyx")
NETWORKS = ("instagram_dm", "telegram_bot", "messenger_bot")
COLORS = ("amber", "sky", "lime", "red", "indigo", "teal", "violet", "orange", "pink", "rose")
# More than one name can have in a portion: the numbers that its addresses end with.
_NAMESAKES = 1_000


class _Maker(Maker):
    """The stand-in's, with ids that take a tenth of the time, and addresses by portions."""

    portion = 0

    def new_id(self, kind: str) -> str:
        """The kind and 22 characters."""
        return f"{kind}_{self.pick.getrandbits(88):022x}"

    def begin(self, portion: int, seed: str) -> None:
        """What is made from now on belongs to this portion."""
        self.portion = portion
        self.pick.seed(seed)
        self._addresses.clear()

    def email(self, name: Name) -> str:
        """An address that no other portion has; see Maker."""
        local = name.address.replace("'", "")
        self._addresses.setdefault(local, self.portion * _NAMESAKES)
        return super().email(name)


class People:
    """Groups of contacts, each of one person or of people who share a channel."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.make = _Maker(f"world {seed}")
        self.names = Generator(seed)
        self.pick = random.Random()
        more = range(SEGMENTS - len(self.make.segments))
        self.segments = self.make.segments + [
            self.make.segment(f"Campaign {n + 1}", COLORS[n % len(COLORS)]) for n in more
        ]
        # The first ones are on half of the contacts, the last ones on a few.
        self._segment_sums = list(accumulate(1 / (n + 1) for n in range(SEGMENTS)))

    def groups(self) -> Iterator[list[Json]]:
        """Groups without end; 2 to 64 contacts, 3 channels and 2 segments each."""
        return chain.from_iterable(map(self.portion, count()))

    def portion(self, number: int) -> Iterator[list[Json]]:
        """The groups of this portion; to be taken before those of another one are."""
        seed = f"world {self.seed} {number}"
        self.make.begin(number, seed)
        self.names.pick.seed(f"names {seed}")
        self.pick.seed(f"groups {seed}")
        sizes = self.pick.choices(SIZES, cum_weights=_SIZE_SUMS, k=PORTION)
        return islice(map(self.group, sizes), PORTION)

    def group(self, size: int, channels: int = 3) -> list[Json]:
        """One group of so many contacts that all share an address or a number."""
        person = self.names.person()
        shared = self._shared(_name(person))
        contacts = []
        for number in range(size):
            if number and self.pick.random() > self.names.assumed.same:
                person = self.names.person(person.language)
            link = shared | {"id": self.make.new_id("channel")}
            contacts.append(self._contact(person, link, channels))
        # The oldest is recommended, as by the stand-in.
        return sorted(contacts, key=lambda one: (one["created_at"], one["id"]))

    def _shared(self, name: Name) -> Json:
        if self.pick.random() < 0.5:
            return self.make.by_email(self.make.email(name))
        return self.make.by_phone(self.pick.choice(PHONES), self._number())

    def _contact(self, person: Person, link: Json, channels: int) -> Json:
        name, forms = _name(person), self.names.assumed.forms
        form = self.pick.choices(list(forms), list(forms.values()))[0]
        own = (
            self.make.by_handle(self.pick.choice(NETWORKS), name)
            if number % 2 == 0
            else self.make.by_email(self.make.email(name), name.full)
            if self.pick.random() < 0.5
            else self.make.by_phone(self.pick.choice(PHONES), self._number(), name.full)
            for number in range(channels - 1)
        )
        return self.make.contact(
            self.names.written(person, form) or None,
            [link, *own],
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
