"""`__among`: many values in one parameter."""

import pytest

from mergeui.review.models import Group, MergedContact
from tests.many import crowd

pytestmark = pytest.mark.django_db


def test_more_values_than_a_database_takes_parameters() -> None:
    _desk, groups = crowd(3)
    wanted = {group.pk for group in groups[:2]}

    found = Group.objects.filter(pk__among={*wanted, *range(1_000_000, 1_100_000)})

    assert {group.pk for group in found} == wanted


def merged_away(*contact_ids: str) -> None:
    """Contacts that were merged into another one."""
    desk, _groups = crowd(0)
    MergedContact.objects.bulk_create(
        MergedContact(
            organization=desk.organization,
            contact_id=one,
            into_contact_id="kept",
            merged_at="2026-01-05T08:00:00Z",
        )
        for one in contact_ids
    )


def test_values_are_compared_as_they_are() -> None:
    odd = ["a'b", 'c"d', "e,f", "{g}", "NULL", "\\h", "ñ\u202e", "", "01"]
    merged_away(*odd, "other", "1")

    found = MergedContact.objects.filter(contact_id__among=odd)

    assert sorted(found.values_list("contact_id", flat=True)) == sorted(odd)
    assert not MergedContact.objects.filter(contact_id__among=[]).exists()


@pytest.mark.parametrize("odd", [[""], ["a\x1fb", "c"], ["\x1f"], ["c", ""]])
def test_values_that_say_where_others_end(odd: list[str]) -> None:
    merged_away(*{*odd, "a", "b", "x"})

    found = MergedContact.objects.filter(contact_id__among=odd)

    assert sorted(found.values_list("contact_id", flat=True)) == sorted(odd)


def test_one_number() -> None:
    _desk, groups = crowd(2)
    assert Group.objects.get(pk__among=[groups[1].pk]) == groups[1]
