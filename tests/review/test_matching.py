"""Which stored group a listed one is: splits, unions, overlaps, entries that nobody can read."""

import pytest

from mergeui.accounts.models import Organization, Role
from mergeui.invent import DuplicateGroup
from mergeui.review.decisions import dismiss
from mergeui.review.matching import Matcher
from mergeui.review.models import Group, GroupState
from mergeui.review.spool import Spool, rows_of
from mergeui.review.store import apply
from mergeui.review.sync import request_sync
from tests.contacts import contact, segment, whatsapp
from tests.desk import Desk, actor

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def listed(*ids: str, **fields: object) -> DuplicateGroup:
    """A group as Invent lists it, the first one recommended."""
    first, *rest = (contact("Ana", PHONE, id=one, **fields) for one in ids)
    return DuplicateGroup.parse({"primary": first, "duplicates": rest})


def read(desk: Desk, *pages: list[DuplicateGroup]) -> Matcher:
    """A sync of these pages, without the groups that vanish."""
    matcher = Matcher(desk.organization)
    run = request_sync(desk.organization, by_user=desk.system)
    with Spool() as spool:
        for page in pages:
            for row in rows_of(list(matcher.match(page)), desk.organization):
                spool.put(row)
        apply(spool, run, by_user=desk.system, progress=lambda: None)
    run.delete()
    return matcher


def group(*ids: str) -> Group:
    """The stored group of exactly these members."""
    [found] = [g for g in Group.objects.all() if set(g.evidence["members"]) == set(ids)]
    return found


def test_a_split_leaves_the_identity_with_the_larger_part(desk: Desk) -> None:
    read(desk, [listed("a", "b", "c", "d", "e")])
    known = group("a", "b", "c", "d", "e")

    read(desk, [listed("a", "b"), listed("c", "d", "e")])

    assert group("c", "d", "e") == known
    assert group("a", "b") != known


def test_a_union_goes_to_the_group_that_shares_more_then_to_the_older(desk: Desk) -> None:
    read(desk, [listed("a", "b"), listed("c", "d", "e"), listed("f", "g")])
    larger, older = group("c", "d", "e"), group("a", "b")

    read(desk, [listed("a", "b", "c", "d", "e")])
    assert group("a", "b", "c", "d", "e") == larger

    Group.objects.filter(pk=larger.pk).delete()
    read(desk, [listed("a", "b", "f", "g")])
    assert group("a", "b", "f", "g") == older


def test_of_groups_that_overlap_each_finds_its_own(desk: Desk) -> None:
    read(desk, [listed("a", "b"), listed("b", "c"), listed("b", "d")])
    known = {ids: group(*ids).pk for ids in (("a", "b"), ("b", "c"), ("b", "d"))}
    dismiss(group("b", "d"), by_user=actor(Role.OPERATOR), note="cousins")

    # A newcomer stands first, and shares as much with each of them as they with each other.
    matcher = read(desk, [listed("b", "x"), listed("b", "d"), listed("b", "c"), listed("a", "b")])

    assert matcher.unchanged == 3
    assert {ids: group(*ids).pk for ids in known} == known
    assert group("b", "d").state == GroupState.DISMISSED
    assert group("b", "x").state == GroupState.OPEN


def test_the_group_of_like_size_comes_before_the_one_that_has_grown(desk: Desk) -> None:
    read(desk, [listed("a", "b")])
    known = group("a", "b")

    read(desk, [listed("a", "b", "c"), listed("a", "b")])

    assert group("a", "b") == known


def test_the_same_group_twice_is_read_once(desk: Desk) -> None:
    matcher = read(desk, [listed("a", "b")], [listed("b", "a"), listed("c", "d")])

    assert matcher.listed == 2
    assert Group.objects.count() == 2


def test_a_group_of_one_is_nothing_to_decide(desk: Desk) -> None:
    assert read(desk, [listed("a")]).lingering == 1
    assert not Group.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"segments": [segment("x" * 300)]}])
def test_ids_that_no_column_holds_make_a_group_unreadable(desk: Desk, fields: dict) -> None:
    """PostgreSQL would refuse the row, and with it the whole sync."""
    long = "i" * (200 if fields else 201)

    matcher = read(desk, [listed("a", long, **fields), listed("c", "d")])

    assert (matcher.unreadable, matcher.listed) == (1, 1)
    assert Group.objects.get().evidence["members"] == ["c", "d"]


def test_ids_at_the_limit_of_their_columns_are_stored(desk: Desk) -> None:
    long = segment("x") | {"id": "s" * 200, "name": "n" * 600, "color": "c" * 60}
    odd = whatsapp("p" * 2_000) | {"type": "t" * 150}
    first = contact("N" * 2_000, odd, id="i" * 200, segments=[long])
    pair = {"primary": first, "duplicates": [contact("", odd, id="j" * 200)]}

    read(desk, [DuplicateGroup.parse(pair)])
    assert read(desk, [DuplicateGroup.parse(pair)]).unchanged == 1


def test_numbers_of_any_size_are_stored(desk: Desk) -> None:
    odd = listed("a", "b", lifetime_value=10**30, tags=[-(2**70)])

    read(desk, [odd])

    assert group("a", "b").members.all()[0].raw["lifetime_value"] == 10**30


def test_another_organisations_groups_are_not_ours(desk: Desk) -> None:
    read(desk, [listed("a", "b")])
    desk.organization = Organization.objects.create(name="Others", invent_org_id="org_other")

    read(desk, [listed("a", "b")])

    assert Group.objects.count() == 2
