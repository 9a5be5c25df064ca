"""A slice of `python -m benchmarks.grades`: the grades keep what docs/grades.md says of them."""

import pytest

from benchmarks.grades import Tally, cases
from benchmarks.people import Assumptions
from mergeui.review.names import Agreement

PAIRS = 20_000


@pytest.fixture(scope="module")
def tally() -> Tally:
    return Tally().count(cases(PAIRS, seed=7))


@pytest.mark.parametrize(
    ("grade", "least", "most"),
    [
        (Agreement.FULL, 0.999, 1.0),
        (Agreement.PART, 0.998, 1.0),
        (Agreement.MISSING, 0.88, 0.94),
        (Agreement.CONFLICT, 0.20, 0.30),
    ],
)
def test_how_often_two_of_a_grade_are_one_person(
    tally: Tally, grade: Agreement, least: float, most: float
) -> None:
    assert least <= tally.share_of_one_person(grade) <= most


def test_every_share_of_what_is_assumed_is_there() -> None:
    assumed = Assumptions()
    for shares in (assumed.different, assumed.forms, assumed.languages):
        assert sum(shares.values()) == pytest.approx(1)
    assert sum(assumed.with_odd_names(0.5).forms.values()) == pytest.approx(1)


def test_a_seed_makes_the_same_pairs() -> None:
    assert list(cases(50, seed=3)) == list(cases(50, seed=3))
    assert list(cases(50, seed=3)) != list(cases(50, seed=4))
