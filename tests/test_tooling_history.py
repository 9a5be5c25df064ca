"""The history that the benchmarks write is one that the desk could have written."""

import pytest
from django.db import connection

from benchmarks import chain
from benchmarks.chain import Chain
from benchmarks.history import hash_alone
from mergeui.audit import triggers
from mergeui.audit.describe import describe
from mergeui.audit.lookup import entries
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify

pytestmark = pytest.mark.django_db


def test_it_verifies_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "PORTION", 7)
    made = Chain()
    made.write(20)
    made.write(13)

    result = verify()
    assert (result.broken, result.entries, result.head.hash) == (None, 33, made.hash)
    assert triggers.missing(connection) == []
    assert hash_alone(33).size > 33 * 1000


@pytest.mark.one_database
def test_the_same_seed_makes_the_same_history() -> None:
    first, other = Chain(seed=3), Chain(seed=4)
    assert next(first._upcoming)[1] != next(other._upcoming)[1]
    assert next(Chain(seed=3)._upcoming) == next(Chain(seed=3)._upcoming)


def test_a_merge_is_found_by_all_that_it_is_about() -> None:
    made = Chain()
    made.write(10)

    facts = Entry.objects.get(number=1).facts
    told = [describe(entry) for entry in entries(made.organization, contact=facts["primary"])]
    assert len(told) == 5
    assert told[-1].startswith("Bench-operator asked to merge")
    assert len(entries(made.organization, request=2)) == 5
