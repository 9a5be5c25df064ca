"""Finding for each group that Invent lists the group that the desk already has.

Invent gives its groups no id (invent-api.md, list duplicate contact groups), so a listed group is
the stored one whose members it shares most of. Every stored group is matched at most once in a run.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mergeui.accounts.models import Organization
from mergeui.invent import Contact, DuplicateGroup, fingerprint
from mergeui.review.digest import GroupDigest, digest, whole
from mergeui.review.models import Group, GroupState, Member, MergedContact

# Ids are opaque and some 30 characters long; one that no column holds is no id that we can trust.
LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A listed group that is new (`group_id` None) or differs from the stored one."""

    group_id: int | None
    digest: GroupDigest


@dataclass(frozen=True, slots=True)
class Read:
    """A group as it was read, with no more made of it than it takes to see whether it changed."""

    contacts: tuple[Contact, ...]
    prints: tuple[str, ...]
    fingerprint: str

    @classmethod
    def of(cls, contacts: Sequence[Contact]) -> "Read":
        """The group of these contacts, the recommended primary first."""
        prints = tuple(map(fingerprint, contacts))
        return cls(tuple(contacts), prints, whole(prints))

    def listed(self, group_id: int | None) -> Listed:
        """With all that is to be stored of it: some 20 times the work."""
        return Listed(group_id, digest(self.contacts, self.prints))


class _Stored(NamedTuple):
    """What it takes of a stored group to see which one is listed, and whether it changed."""

    pk: int
    state: str
    fingerprint: str
    member_count: int
    by_hand: bool


class Numbers:
    """A set of keys of rows, a bit for each: a run sees hundreds of thousands of groups."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        """Takes in a key."""
        byte, bit = divmod(number, 8)
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        self._bits[byte] |= 1 << bit

    def __contains__(self, number: int) -> bool:
        byte, bit = divmod(number, 8)
        return byte < len(self._bits) and bool(self._bits[byte] >> bit & 1)


class Matcher:
    """Matches the pages of one run. `seen` holds the ids of the stored groups that are listed."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.seen = Numbers()
        self.listed = 0
        self.unchanged = 0
        self.lingering = 0
        self.unreadable = 0
        # A desk that holds nothing yet is not asked page by page. What people put together while it
        # is filled for the first time is matched by the next sync.
        own = Group.objects.of(organization).exclude(state=GroupState.MERGED)
        self._holds_any = own.exists()
        # Hashes of member ids: what a whole run has read, in few bytes.
        self._read: set[int] = set()

    def match(self, groups: Sequence[DuplicateGroup]) -> Iterator[tuple[int | None, Read]]:
        """The groups of a page that have to be stored, each with the key of the stored one.

        What is as it was is only counted.
        """
        made = list(self._fresh(groups))
        self.listed += len(made)
        known = self._known(made)
        for number, one in enumerate(made):
            stored = known.get(number)
            if stored is None:
                yield None, one
            elif (
                stored.fingerprint != one.fingerprint
                or stored.state == GroupState.VANISHED
                or stored.by_hand
            ):
                yield stored.pk, one
            else:
                self.unchanged += 1

    def _fresh(self, groups: Sequence[DuplicateGroup]) -> Iterator[Read]:
        """Those of a page that there is something to decide about, and that were not read yet."""
        gone = self._merged_away(groups)
        for group in groups:
            contacts = [contact for contact in group.members if contact.id not in gone]
            if len(contacts) < 2:
                # A merge of ours that Invent still lists, or a group of one: nothing to decide.
                self.lingering += 1
                continue
            if not all(map(_storable, contacts)):
                self.unreadable += 1
                continue
            members = hash(frozenset(contact.id for contact in contacts))
            if members in self._read:
                # A page shift showed the same group again. Should it have changed in between, the
                # next sync sees it: what counts is read again before a merge anyway.
                continue
            self._read.add(members)
            yield Read.of(contacts)

    def _merged_away(self, groups: Sequence[DuplicateGroup]) -> set[str]:
        ids = {contact.id for group in groups for contact in group.members}
        own = MergedContact.objects.filter(organization=self.organization)
        return set(own.filter(contact_id__among=ids).values_list("contact_id", flat=True))

    def _known(self, made: Sequence[Read]) -> dict[int, "_Stored"]:
        """The stored group of each of these (by its number) that has one.

        The pairs that share most members come first, then those of like size, then the group that
        people have known for longer. So a split leaves the identity with the larger part, and of
        groups that overlap each finds its own.
        """
        known = self._unchanged(made)
        rest = [number for number in range(len(made)) if number not in known]
        stored = self._stored({one.id for number in rest for one in made[number].contacts})
        shared: Counter[tuple[int, int]] = Counter()
        groups: dict[int, _Stored] = {}
        for number in rest:
            for contact in made[number].contacts:
                for candidate in stored.get(contact.id, ()):
                    shared[number, candidate.pk] += 1
                    groups[candidate.pk] = candidate

        def rank(pair: tuple[int, int]) -> tuple[int, int, int, int]:
            number, pk = pair
            unlike = abs(groups[pk].member_count - len(made[number].contacts))
            return (-shared[pair], unlike, pk, number)

        for number, pk in sorted(shared, key=rank):
            if groups[pk].by_hand and shared[number, pk] < groups[pk].member_count:
                # Put together by people: it becomes Invent's only when all of it is suggested.
                continue
            if number not in known and pk not in self.seen:
                known[number] = groups[pk]
                self.seen.add(pk)
        return known

    def _unchanged(self, made: Sequence[Read]) -> dict[int, "_Stored"]:
        """Those that are as they were stored, found by their first contact alone.

        No other group of the page could have a better claim: they share all of their members.
        """
        stored = self._stored({group.contacts[0].id for group in made})
        known: dict[int, _Stored] = {}
        for number, group in enumerate(made):
            for one in sorted(stored.get(group.contacts[0].id, ())):
                if one.fingerprint == group.fingerprint and one.pk not in self.seen:
                    known[number] = one
                    self.seen.add(one.pk)
                    break
        return known

    def _stored(self, ids: set[str]) -> dict[str, list["_Stored"]]:
        """The stored groups of each contact id, those that ended by a merge apart."""
        if not ids or not self._holds_any:
            return {}
        # Two look-ups, each by its own index: joined, SQLite begins with every group there is.
        members = Member.objects.filter(contact_id__among=ids).order_by()
        pairs = list(members.values_list("contact_id", "group_id"))
        own = Group.objects.of(self.organization).exclude(state=GroupState.MERGED)
        rows = own.filter(pk__among={pk for _, pk in pairs}).values_list(*_Stored._fields)
        by_id = {row[0]: _Stored(*row) for row in (rows if pairs else ())}
        found: dict[str, list[_Stored]] = {}
        for contact_id, group_id in pairs:
            if group_id in by_id:
                found.setdefault(contact_id, []).append(by_id[group_id])
        return found


def _storable(contact: Contact) -> bool:
    """Whether its ids are short enough to be ids."""
    return max(len(contact.id), *(len(s.id) for s in contact.segments), 0) <= LONGEST_ID
