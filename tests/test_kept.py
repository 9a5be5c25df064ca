"""A question that is put together once gives what the ORM gives, whoever asks, from any thread."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection, models, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.kept import Given, Kept, updating
from mergeui.review.models import Group, GroupState
from tests.audit.history import our_team
from tests.desk import member

pytestmark = pytest.mark.django_db


def working_in() -> Kept[Membership]:
    """The members of an organisation, with their users."""
    return Kept(
        lambda: (
            Membership.objects.filter(organization=Given("organization"))
            .select_related("user")
            .annotate(twice=models.F("pk") * 2)
            .order_by("pk")
        )
    )


def test_it_finds_what_the_orm_finds_for_each_value() -> None:
    ours = [member(role) for role in (Role.VIEWER, Role.OPERATOR)]
    other = Organization.objects.create(invent_org_id="org_other", name="Others")
    theirs = [member(Role.ADMIN, other)]
    kept = working_in()
    for members in (ours, theirs, ours):
        with CaptureQueriesContext(connection) as asked:
            found = kept.all(organization=members[0].organization_id)
            names = [one.user.username for one in found]
        assert names == [one.user.username for one in members]
        assert [one.twice for one in found] == [2 * one.pk for one in members]
        assert len(asked) == 1


def test_values_go_in_as_their_fields_store_them() -> None:
    user = member(Role.VIEWER).user
    field = User._meta.get_field("date_joined")
    since = Kept(lambda: User.objects.filter(date_joined__gte=Given("since", field)))
    assert user in since.all(since=user.date_joined)
    assert since.first(since=user.date_joined.replace(year=9999)) is None


def test_the_first_of_them_or_none() -> None:
    names = Kept(lambda: User.objects.filter(pk=Given("pk")).values_list("username", flat=True))
    user = member(Role.VIEWER).user
    assert names.first(pk=user.pk) == user.username
    assert names.first(pk=0) is None
    pairs = Kept(lambda: User.objects.filter(pk=Given("pk")).values_list("pk", "username"))
    assert pairs.all(pk=user.pk) == [(user.pk, user.username)]


def test_a_value_that_is_missing_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="organization"):
        working_in().all()


@pytest.mark.django_db(transaction=True)
def test_threads_share_it_each_with_its_own_values_and_connection() -> None:
    members = [member(Role.VIEWER) for _ in range(4)]
    kept = Kept(lambda: Membership.objects.filter(pk=Given("pk")))

    def ask(one: Membership) -> bool:
        found = all(kept.all(pk=one.pk) == [one] for _ in range(25))
        connection.close()
        return found

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(ask, members))


def test_several_values_of_one_name() -> None:
    members = [member(Role.VIEWER) for _ in range(3)]
    kept = Kept(lambda: Membership.objects.filter(pk__in=Given.each("pks", None, 2)).order_by("pk"))
    assert kept.all(pks=[members[2].pk, members[0].pk]) == [members[0], members[2]]
    assert kept.all(pks=[members[1].pk, 0]) == [members[1]]
    with pytest.raises(IndexError):
        kept.all(pks=[members[1].pk])


A_MOMENT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def a_group(**fields: object) -> Group:
    return Group.objects.create(
        organization=our_team(),
        member_count=2,
        first_seen_at=A_MOMENT,
        changed_at=A_MOMENT,
        **fields,
    )


def test_an_update_changes_what_the_orm_changes() -> None:
    ana, bob = (member(Role.OPERATOR).user for _ in range(2))
    conditions = [
        Q(state=GroupState.OPEN),
        Q(state__in=(GroupState.OPEN, GroupState.SNOOZED), by_hand=False),
        ~Q(claimed_by=ana),
        Q(Q(claimed_by=None) | Q(claimed_until__lte=A_MOMENT), fingerprint="f"),
        Q(Q(claimed_by=bob) | Q(claimed_by__isnull=True)) & Q(),
    ]
    for which in conditions:
        with transaction.atomic():
            rows = [
                a_group(state=state, claimed_by=by, claimed_until=until, fingerprint=seen)
                for state in (GroupState.OPEN, GroupState.DISMISSED)
                for by, until in [(None, None), (ana, A_MOMENT), (bob, A_MOMENT.replace(year=2030))]
                for seen in "fg"
            ]
            found = Group.objects.filter(which)
            expected = set(found.values_list("pk", flat=True))
            assert 0 < len(expected) < len(rows)
            changes = {
                "decided_by": bob,
                "decided_at": A_MOMENT,
                "decided_evidence": {"members": ["é"]},
                "decided_note": "it's 100 %s",
                "snoozed_until": None,
            }
            assert updating(Group, which, changes)() == len(expected)
            changed = Group.objects.filter(decided_note="it's 100 %s")
            assert {one.pk for one in changed} == expected
            for one in changed:
                assert (one.decided_by, one.decided_at, one.snoozed_until) == (bob, A_MOMENT, None)
                assert one.decided_evidence == {"members": ["é"]}
            Group.objects.all().delete()


def test_an_update_is_put_together_once_for_all_values() -> None:
    ana, bob = (member(Role.OPERATOR).user for _ in range(2))
    first, second = a_group(claimed_by=ana), a_group(claimed_by=bob)
    for group, user, note in [(first, ana, "one"), (second, bob, "two"), (first, bob, "three")]:
        update = updating(Group, Q(pk=group.pk, claimed_by=user), {"decided_note": note})
        with CaptureQueriesContext(connection) as sent:
            assert update() == (note != "three")
        assert len(sent) == 1
    notes = [group.decided_note for group in Group.objects.order_by("pk")]
    assert notes == ["one", "two"]
