"""What a team demands, and which change of it demands less."""

from typing import Any

import pytest

from mergeui.accounts.models import Organization
from mergeui.accounts.policy import FourEyes, Policy

USUAL = Policy(FourEyes.RISKY, 10)


def usual(**changes: Any) -> Policy:
    return Policy(**{"four_eyes": FourEyes.RISKY, "cool_off_seconds": 10, **changes})


@pytest.mark.parametrize(
    ("policy", "risks", "needed"),
    [
        (usual(), [], False),
        (usual(), ["large"], True),
        (usual(four_eyes="never"), ["blocked"], False),
        (usual(four_eyes="always"), [], True),
        (usual(waived_risks=frozenset({"large"})), ["large"], False),
        (usual(waived_risks=frozenset({"large"})), ["large", "blocked"], True),
        (usual(four_eyes="always", waived_risks=frozenset({"large"})), ["large"], True),
        (usual(), ["a mark of a later version"], True),
    ],
)
def test_a_second_person_is_needed(policy: Policy, risks: list[str], needed: bool) -> None:
    assert policy.needs_second_person(risks) is needed


@pytest.mark.parametrize(
    ("changed", "looser"),
    [
        ({}, []),
        ({"four_eyes": "never"}, ["four_eyes"]),
        ({"four_eyes": "always"}, []),
        ({"cool_off_seconds": 9}, ["cool_off_seconds"]),
        ({"cool_off_seconds": 11}, []),
        ({"waived_risks": frozenset({"large"})}, ["waived_risks"]),
        ({"four_eyes": "always", "cool_off_seconds": 0}, ["cool_off_seconds"]),
    ],
)
def test_less_is_looser(changed: dict[str, Any], looser: list[str]) -> None:
    assert usual(**changed).looser_in(USUAL) == looser


def test_taking_a_mark_seriously_again_is_no_loosening() -> None:
    assert USUAL.looser_in(usual(waived_risks=frozenset({"large"}))) == []


def test_an_organisation_without_a_choice_follows_the_environment(settings: Any) -> None:
    settings.MERGE_FOUR_EYES, settings.MERGE_COOL_OFF_SECONDS = "always", 30
    assert Organization().policy == Policy("always", 30)

    own = Organization(four_eyes="never", cool_off_seconds=0, waived_risks=["large"])
    assert own.policy == Policy("never", 0, frozenset({"large"}))


def test_it_is_kept_as_plain_values() -> None:
    kept = usual(waived_risks=frozenset({"weak", "large"})).as_json()
    assert kept["waived_risks"] == ["large", "weak"]
