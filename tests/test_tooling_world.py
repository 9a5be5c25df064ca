"""The desk that the benchmarks fill is as the desk would have filled it."""

from itertools import islice
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from benchmarks import filling
from benchmarks.contacts import SIZES, People
from benchmarks.desks import Size
from benchmarks.making import make
from benchmarks.world import OPERATORS
from benchmarks.world import Desk as Filled
from mergeui.accounts.models import Organization
from mergeui.audit.models import Entry, Payload, Reference
from mergeui.audit.verify import verify
from mergeui.invent import Contact
from mergeui.merging.models import MergeRequest, Source
from mergeui.review.models import Group, GroupState, MergedContact, NotDuplicate
from mergeui.sandbox.directory import Json
from mergeui.web.looking import Wanted, terms_of
from tests.desk import Desk

pytestmark = pytest.mark.django_db


def test_a_sync_of_the_same_contacts_finds_nothing_new() -> None:
    Filled(seed=2).grow(Size(open=12, decided=0, entries=0))
    invent = Desk(*(one for group in islice(People(2).groups(), 12) for one in group))

    run = invent.sync()

    assert (run.new, run.changed, run.vanished, run.unchanged) == (0, 0, 0, 12)


def test_decided_groups_and_a_chain_that_holds() -> None:
    desk = Filled(seed=3)
    desk.grow(Size(open=20, decided=40, entries=128))
    # Another program goes on with what this one left, in the middle of a merge.
    Filled(seed=3).grow(Size(open=5, decided=0, entries=70))

    assert Group.objects.count() == 65
    open_ones = Group.objects.filter(state=GroupState.OPEN).count()
    assert open_ones == 25
    assert len(terms_of(desk.organization, Wanted()).keys(100)) == open_ones
    dismissed = Group.objects.filter(state=GroupState.DISMISSED)
    pairs = sum(group.member_count * (group.member_count - 1) // 2 for group in dismissed)
    assert NotDuplicate.objects.count() == pairs
    merged = Group.objects.filter(state=GroupState.MERGED)
    gone = sum(group.member_count - 1 for group in merged)
    assert MergedContact.objects.count() == gone
    assert {one.group for one in MergeRequest.objects.select_related("group")} == set(merged)
    assert Source.objects.count() == gone
    for one in MergeRequest.objects.prefetch_related("sources", "attempts"):
        seen = [Contact.parse(contact) for contact in one.snapshot]
        assert [contact.id for contact in seen] == [
            one.primary_contact_id,
            *(source.contact_id for source in one.sources.all()),
        ]
        assert one.attempts.get().source_ids == [contact.id for contact in seen[1:]]
        if one.bulk:
            assert one.bulk_item.group == one.group
    assert Group.objects.values("first_seen_at").distinct().count() > 60

    assert (verify().broken, verify().entries) == (None, 198)
    assert 1 < Entry.objects.exclude(actor=None).values("actor").distinct().count() <= OPERATORS


@pytest.mark.django_db(transaction=True)
def test_tables_have_their_indexes_and_rules_again() -> None:
    """What a filling of PostgreSQL takes away for the while."""
    models = (Entry, Payload, Reference)
    before = [_constraints(model) for model in models]
    with filling.only_keys(*models):
        if connection.vendor == "postgresql":
            for model in models:
                names = _constraints(model)
                assert [one["primary_key"] for one in names.values() if not one["check"]] == [True]

    assert [_constraints(model) for model in models] == before
    assert all(len(names) > 1 for names in before)


def _constraints(model: type[Model]) -> dict[str, dict[str, Any]]:
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, model._meta.db_table)


@pytest.mark.one_database
def test_groups_as_they_are_described() -> None:
    groups = list(islice(People(1).groups(), 300))
    contacts = [one for group in groups for one in group]

    assert {len(group) for group in groups} <= set(SIZES)
    assert 3.5 < len(contacts) / len(groups) < 7
    assert {len(one["channels"]) for one in contacts} == {3}
    assert {len(one["segments"]) for one in contacts} <= {1, 2}
    assert next(People(1).groups()) == groups[0]


@pytest.mark.one_database
def test_no_two_portions_have_an_id_or_an_address_in_common() -> None:
    people = People(1)
    first, second = (
        {one for group in people.portion(number) for one in _marks(group)} for number in (0, 1)
    )

    assert len(first) > 20_000
    assert not first & second


def _marks(group: list[Json]) -> set[str]:
    channels = [channel for one in group for channel in one["channels"]]
    return {one["id"] for one in group} | {
        str(channel[what]) for channel in channels for what in ("id", "user_id")
    }


@pytest.mark.one_database
def test_a_portion_is_the_same_in_whatever_process_it_is_made() -> None:
    tasks = [(Organization(pk=1), 1, number, [0.25, 0.5]) for number in (0, 1)]
    with filling.pool(1) as executor:
        elsewhere = list(filling.in_turn(executor.submit(make, *task) for task in tasks))

    assert elsewhere == [make(*task) for task in reversed(tasks)][::-1]
