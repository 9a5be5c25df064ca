"""The quick ways into the mirror's tables do what the ORM would do."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.review import bulk
from mergeui.review.models import Group


def fields(organization: Organization, name: str) -> dict[str, Any]:
    now = timezone.now()
    return {
        "organization_id": organization.pk,
        "primary_contact_id": f"contact_{name}",
        "member_count": 2,
        "names": [name, "Ña"],
        "sort_name": name,
        "fingerprint": "f" * 64,
        "evidence": {"members": ["a"], "links": []},
        "first_seen_at": now,
        "changed_at": now,
    }


def synchronous() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SHOW synchronous_commit" if connection.vendor == "postgresql" else "PRAGMA synchronous"
        )
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_created_rows_are_what_the_orm_would_have_made() -> None:
    organization = Organization.objects.configured()
    before = Group.objects.create(**fields(organization, "before"))
    made = [fields(organization, name) for name in ("one", "two", "three")]

    numbers = bulk.create(Group, [bulk.plain(Group, one) for one in made])

    for number, one in zip(numbers, made, strict=True):
        stored, saved = Group.objects.get(pk=number), Group(**one)
        for field in Group._meta.concrete_fields[1:]:
            assert getattr(stored, field.attname) == getattr(saved, field.attname), field.name
    after = Group.objects.create(**fields(organization, "after"))
    assert len({before.pk, after.pk, *numbers}) == 5


@pytest.mark.django_db
def test_many_are_created_by_few_statements() -> None:
    organization = Organization.objects.configured()
    rows = [bulk.plain(Group, fields(organization, str(n))) for n in range(bulk.AT_ONCE + 1)]

    with CaptureQueriesContext(connection) as queries:
        numbers = bulk.create(Group, rows)

    assert len(queries) <= 3
    found = Group.objects.in_bulk(numbers)
    assert [found[number].sort_name for number in numbers] == [str(n) for n in range(len(rows))]


@pytest.mark.django_db
def test_updated_rows_are_what_the_orm_would_have_saved() -> None:
    organization = Organization.objects.configured()
    one, other, third = (
        Group.objects.create(**fields(organization, name)) for name in ("one", "two", "three")
    )
    for group in (one, other):
        group.sort_name, group.names = f"new {group.sort_name}", ["Zoë's", '"%s"']
        group.snoozed_until, group.risky = timezone.now(), True

    bulk.update([one, other])

    for group in (one, other, third):
        stored = Group.objects.get(pk=group.pk)
        for field in Group._meta.concrete_fields:
            assert getattr(stored, field.attname) == getattr(group, field.attname), field.name


@pytest.mark.django_db
def test_nothing_to_create_or_update_is_nothing() -> None:
    assert list(bulk.create(Group, [])) == []
    bulk.update([])


@pytest.mark.django_db(transaction=True)
def test_only_the_quick_transaction_does_not_wait_for_the_disk() -> None:
    before = synchronous()

    with bulk.quick_transaction():
        assert synchronous() != before
        Organization.objects.create(name="In passing", invent_org_id="org_passing")
    assert synchronous() == before
    assert Organization.objects.filter(invent_org_id="org_passing").exists()


@pytest.mark.django_db(transaction=True)
def test_a_quick_transaction_that_fails_leaves_everything_as_it_was() -> None:
    before = synchronous()

    def break_off() -> None:
        with bulk.quick_transaction():
            Organization.objects.create(name="In passing", invent_org_id="org_passing")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()

    assert synchronous() == before
    assert not Organization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_inside_another_transaction_it_is_a_part_of_that() -> None:
    before = synchronous()
    with transaction.atomic(), bulk.quick_transaction():
        Organization.objects.create(name="In passing", invent_org_id="org_passing")
    assert synchronous() == before
