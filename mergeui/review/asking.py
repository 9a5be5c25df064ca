"""What nearly every decision asks of the mirror, each question put together once (kept.py)."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db.models import BigIntegerField, CharField, QuerySet

from mergeui.accounts.models import Organization
from mergeui.kept import Given, Kept
from mergeui.review.models import Group, GroupQuerySet, Member, MergedContact, up_to


def _one() -> GroupQuerySet:
    one = Group.objects.filter(up_to(Given("last")), pk=Given("pk"))
    return one.filter(organization=Given("organization"))


_ONE = Kept(_one)
_LARGEST = BigIntegerField.MAX_BIGINT


def one_of(organization: Organization, pk: int) -> Group | None:
    """The group of this number as `Group.objects.of` finds it; None otherwise."""
    if pk > _LARGEST:
        return None
    after = organization.arriving_after
    last = _LARGEST if after is None else after
    return _ONE.first(organization=organization.pk, pk=pk, last=last)


_MEMBERS = Kept(lambda: Member.objects.filter(group=Given("group")))


def with_members(group: Group) -> Group:
    """The group with its contacts, as `prefetch_related_objects` leaves it."""
    members: Any = group.members.all()
    members._result_cache = _MEMBERS.all(group=group.pk)
    for member in members:
        member.group = group
    group._prefetched_objects_cache = {"members": members}  # type: ignore[attr-defined]
    return group


def merged_among(organization: Organization, contact_ids: Sequence[str]) -> MergedContact | None:
    """One of these contacts that was merged away before; None when none was."""
    if not contact_ids:
        return None
    found = _merged_among(len(contact_ids)).all(organization=organization.pk, ids=contact_ids)
    # Not asked for in this order: SQLite would walk through all that were ever merged away.
    return min(found, key=lambda one: one.pk, default=None)


@lru_cache(maxsize=64)
def _merged_among(count: int) -> Kept[MergedContact]:
    def build() -> QuerySet[MergedContact]:
        ids = Given.each("ids", CharField(), count)
        ours = MergedContact.objects.filter(organization=Given("organization"))
        return ours.filter(contact_id__in=ids)

    return Kept(build)
