"""Finding for each group that Invent lists the group that the desk already has.

Invent gives its groups no id (invent-api.md, list duplicate contact groups), so a listed group is
the stored one whose members it shares most of. Every stored group is matched at most once in a run.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mergeui.accounts.models import Organization
from mergeui.invent import DuplicateGroup
from mergeui.review.digest import GroupDigest, digest
from mergeui.review.models import Group, GroupState, Member, MergedContact

# Ids are opaque and some 30 characters long; one that no column holds is no id that we can trust.
LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A listed group that is new (`group_id` None) or differs from the stored one."""

    group_id: int | None
    digest: GroupDigest


class Matcher:
    """Matches the pages of one run. `seen` holds the ids of the stored groups that are listed."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.seen: set[int] = set()
        self.listed = 0
        self.unchanged = 0
        self.lingering = 0
        self.unreadable = 0
        # Hashes of member ids: what a whole run has read, in few bytes.
        self._read: set[int] = set()

    def match(self, groups: Sequence[DuplicateGroup]) -> Iterator[Listed]:
        """The groups of a page that have to be stored; what is as it was is only counted."""
        gone = self._merged_away(groups)
        found = self._stored(groups)
        for group in groups:
            contacts = [contact for contact in group.members if contact.id not in gone]
            if len(contacts) < 2:
                # A merge of ours that Invent still lists, or a group of one: nothing to decide.
                self.lingering += 1
                continue
            if any(len(contact.id) > LONGEST_ID for contact in contacts):
                self.unreadable += 1
                continue
            made = digest(contacts)
            members = hash(frozenset(made.contact_ids))
            if members in self._read:
                # A page shift showed the same group again. Should it have changed in between, the
                # next sync sees it: what counts is read again before a merge anyway.
                continue
            self._read.add(members)
            self.listed += 1
            stored = self._best(made, found)
            if stored is None:
                yield Listed(None, made)
                continue
            self.seen.add(stored.pk)
            if stored.fingerprint == made.fingerprint and stored.state != GroupState.VANISHED:
                self.unchanged += 1
            else:
                yield Listed(stored.pk, made)

    def _merged_away(self, groups: Sequence[DuplicateGroup]) -> set[str]:
        return set(
            MergedContact.objects.filter(
                organization=self.organization, contact_id__in=_ids(groups)
            ).values_list("contact_id", flat=True)
        )

    def _stored(self, groups: Sequence[DuplicateGroup]) -> dict[str, list[Group]]:
        """The stored groups of each contact id, those that ended by a merge apart."""
        # Two look-ups, each by its own index: joined, SQLite begins with every group there is.
        pairs = list(
            Member.objects.filter(contact_id__in=_ids(groups))
            .order_by()
            .values_list("contact_id", "group_id")
        )
        own = Group.objects.of(self.organization).exclude(state=GroupState.MERGED)
        by_id = own.only("pk", "state", "fingerprint").in_bulk({pk for _, pk in pairs})
        found: dict[str, list[Group]] = {}
        for contact_id, group_id in pairs:
            if group_id in by_id:
                found.setdefault(contact_id, []).append(by_id[group_id])
        return found

    def _best(self, made: GroupDigest, found: dict[str, list[Group]]) -> Group | None:
        shared: Counter[int] = Counter()
        candidates: dict[int, Group] = {}
        for contact_id in made.contact_ids:
            for group in found.get(contact_id, ()):
                if group.pk not in self.seen:
                    shared[group.pk] += 1
                    candidates[group.pk] = group
        if not shared:
            return None
        # The longest known of those that share most: a split leaves the identity with the larger
        # part, a union with the group that people have known for longer.
        return candidates[min(shared, key=lambda pk: (-shared[pk], pk))]


def _ids(groups: Iterable[DuplicateGroup]) -> set[str]:
    return {contact.id for group in groups for contact in group.members}
