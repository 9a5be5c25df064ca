"""A question that is put together once gives what the ORM gives, whoever asks, from any thread."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.kept import Given, Kept
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
