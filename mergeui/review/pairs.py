"""What people said of pairs of contacts: that two are not the same person.

Kept by pairs and not by groups, because Invent suggests the same people in ever other company: a
group comes back as *to decide* only when it has a pair that nobody has spoken of, or one that has a
further channel in common by now.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import combinations
from typing import Any

from django.db.models import CharField, QuerySet

from mergeui.accounts.models import User
from mergeui.audit.inserting import insert
from mergeui.kept import Given, Kept
from mergeui.review.models import Group, NotDuplicate
from mergeui.review.risk import ToldApart

# The pairs of a larger group would be millions; its decision is kept with the group alone.
MOST_MEMBERS = 64
# Older decisions and their pairs have a moment each.
SAME_CLICK = timedelta(seconds=5)

PairIds = tuple[str, str]
Evidence = Mapping[str, Any]


def in_order(one: str, other: str) -> PairIds:
    """Two ids as a pair is kept. By code points, as Python and SQLite compare them."""
    return (one, other) if one < other else (other, one)


def pairs_of(members: Collection[str]) -> list[PairIds]:
    """Every pair of some contact ids; none for more members than are kept by pairs."""
    if len(members) > MOST_MEMBERS:
        return []
    return [in_order(*pair) for pair in combinations(sorted(members), 2)]


def channels_of(evidence: Evidence) -> dict[PairIds, list[list[str]]]:
    """What each pair of a group shares, from the evidence that is kept with it (digest.py)."""
    found: dict[PairIds, list[list[str]]] = {}
    for type_, user_id, *holders in evidence.get("links", []):
        for pair in pairs_of(holders):
            found.setdefault(pair, []).append([type_, user_id])
    return found


def say(
    group: Group,
    *,
    by: User | None,
    at: datetime,
    reason: str,
    pairs: Iterable[PairIds] | None = None,
) -> None:
    """Keeps every pair of a dismissed group, in the transaction that dismisses it.

    With `pairs`, those alone.
    """
    keep(said(group, by=by, at=at, reason=reason, pairs=pairs))


def said(
    group: Group,
    *,
    by: User | None,
    at: datetime,
    reason: str,
    pairs: Iterable[PairIds] | None = None,
) -> list[NotDuplicate]:
    """The rows of `say`, for `keep` to write in the transaction."""
    wanted = pairs_of(group.evidence.get("members", [])) if pairs is None else pairs
    shared = channels_of(group.evidence)
    return [
        NotDuplicate(
            organization_id=group.organization_id,
            one_contact_id=pair[0],
            other_contact_id=pair[1],
            said_by=by,
            said_at=at,
            reason=reason,
            evidence=shared.get(pair, []),
        )
        for pair in wanted
    ]


def keep(rows: list[NotDuplicate]) -> None:
    """Writes them. What was said of a pair before is replaced if it was about other evidence; else
    it stands, so that whoever takes theirs back leaves it as it was."""
    once = ("organization_id", "one_contact_id", "other_contact_id")
    insert(rows, once=once, unless_same="evidence")


def carry_over(organization_id: int, gone: Collection[str], into: str) -> None:
    """What was said of contacts that are merged away holds for the one that they went into.

    In the transaction that remembers them as gone. What was said last of a pair counts, and all
    that its two had in common is known. A pair that was merged all the same is left as it is.
    """
    found = _with_any(organization_id, gone)
    away = {*gone, into}
    carried: dict[PairIds, list[NotDuplicate]] = {}
    for one in found:
        for other in {one.one_contact_id, one.other_contact_id} - away:
            carried.setdefault(in_order(into, other), []).append(one)
    for one in _with_any(organization_id, [into]) if carried else ():
        pair = (one.one_contact_id, one.other_contact_id)
        if pair in carried:
            carried[pair].append(one)
    for pair, said in carried.items():
        last = max(said, key=lambda one: one.said_at)
        channels = {tuple(channel) for one in said for channel in one.evidence}
        NotDuplicate.objects.update_or_create(
            organization_id=organization_id,
            one_contact_id=pair[0],
            other_contact_id=pair[1],
            defaults={
                "said_by": last.said_by,
                "said_at": last.said_at,
                "reason": last.reason,
                "evidence": sorted(map(list, channels)),
            },
        )


def _with_any(organization_id: int, ids: Collection[str]) -> Iterator[NotDuplicate]:
    """The pairs with any of these contacts.

    Asked for twice: with an OR SQLite would read all that was ever said in the organisation.
    """
    ours = NotDuplicate.objects.filter(organization_id=organization_id)
    yield from ours.filter(one_contact_id__in=ids)
    yield from ours.filter(other_contact_id__in=ids).exclude(one_contact_id__in=ids)


def take_back(group: Group) -> None:
    """Forgets what was said by the decision about a group that a person reopens: it is asked once
    more. What others have said of its pairs stays, unless that alone were an answer again."""
    among = _among(group.organization_id, group.evidence.get("members", []))
    mine = among.filter(said_by=group.decided_by_id)
    if group.decided_at:
        near = (group.decided_at - SAME_CLICK, group.decided_at + SAME_CLICK)
        mine = mine.filter(said_at__range=near)
    if not mine.delete()[0]:
        among.delete()


def are_said(group: Group) -> bool:
    """Whether anything is said of two of its contacts."""
    return _among(group.organization_id, group.evidence.get("members", [])).exists()


def take_back_of(group: Group, *, by: User, at: datetime) -> None:
    """Forgets the pairs of a group that somebody spoke of at this moment."""
    members = group.evidence.get("members", [])
    _among(group.organization_id, members).filter(said_by=by, said_at=at).delete()


def said_of(organization_id: int, members: Collection[str]) -> tuple[ToldApart, ...]:
    """What was said of any two of these contacts, however many, the latest first: one query."""
    ids = list(members)
    found: Iterable[NotDuplicate] = ()
    if len(ids) > MOST_MEMBERS:
        found = _said_among_many(organization_id, ids)
    elif ids:
        found = _said_among(len(ids)).all(organization=organization_id, ids=ids)
    return tuple(
        ToldApart(
            ids=(one.one_contact_id, one.other_contact_id),
            who=str(one.said_by) if one.said_by else "",
            at=one.said_at,
            reason=one.reason,
            channels=tuple((type_, user_id) for type_, user_id in one.evidence),
        )
        for one in found
    )


def _said_among_many(organization_id: int, ids: Collection[str]) -> list[NotDuplicate]:
    # By the first of each pair, as the index goes; the second is looked at here.
    ours = NotDuplicate.objects.filter(organization_id=organization_id, one_contact_id__among=ids)
    there = set(ids)
    latest = ours.select_related("said_by").order_by("-said_at", "pk")
    return [one for one in latest if one.other_contact_id in there]


@cache
def _said_among(count: int) -> Kept[NotDuplicate]:
    """What was said of any two of so many contacts, with who said it."""
    return Kept(lambda: _latest_among(count))


def _latest_among(count: int) -> QuerySet[NotDuplicate]:
    ids = Given.each("ids", CharField(), count)
    found = NotDuplicate.objects.filter(
        organization=Given("organization"),
        one_contact_id__in=ids,
        other_contact_id__in=ids,
    )
    return found.select_related("said_by").order_by("-said_at", "pk")


def _among(organization_id: int, members: Collection[str]) -> QuerySet[NotDuplicate]:
    ids = list(members) if len(members) <= MOST_MEMBERS else []
    return NotDuplicate.objects.filter(
        organization_id=organization_id, one_contact_id__in=ids, other_contact_id__in=ids
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What was said of the contacts of many groups at once, for a sync."""

    pairs: Mapping[PairIds, NotDuplicate]

    @classmethod
    def among(cls, organization_id: int, groups: Iterable[Evidence]) -> "Known":
        """Reads what was said of any two members of these groups: one query, none without any."""
        ids = {contact_id for evidence in groups for contact_id in evidence["members"]}
        if not ids:
            return cls({})
        # By the first of each pair, as the index goes; the second is looked at here.
        found = NotDuplicate.objects.filter(
            organization_id=organization_id, one_contact_id__among=ids
        )
        pairs = {(one.one_contact_id, one.other_contact_id): one for one in found}
        return cls({pair: one for pair, one in pairs.items() if pair[1] in ids})

    def all_of(self, evidence: Evidence) -> NotDuplicate | None:
        """What was said last, when every pair of a group is known and has nothing new in common."""
        wanted = pairs_of(evidence["members"])
        shared = channels_of(evidence)
        said = [self.pairs.get(pair) for pair in wanted]
        if not said or any(one is None for one in said):
            return None
        known = [one for one in said if one is not None]
        for pair, one in zip(wanted, known, strict=True):
            if any(channel not in one.evidence for channel in shared.get(pair, [])):
                return None
        return max(known, key=lambda one: one.said_at)

    def any_of(self, evidence: Evidence) -> bool:
        """Whether any two of a group are known as not the same."""
        if not self.pairs:
            return False
        if len(members := set(evidence["members"])) > MOST_MEMBERS:
            return any(members.issuperset(pair) for pair in self.pairs)
        return any(pair in self.pairs for pair in pairs_of(members))
