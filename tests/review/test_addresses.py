"""Addresses that several people use, by their names."""

import pytest

from mergeui.review.addresses import used_by_many
from mergeui.review.risk import Risk, cautions
from tests.contacts import contact, email, parsed


@pytest.mark.parametrize(
    "address",
    [
        "info@example.com", "INFO@example.com", "info2@example.com", "sales-es@example.com",
        "no-reply@example.com", "noreply+17@example.com", "Büro@example.de", "kontakt@example.pl",
        "ventas.madrid@example.es", "familie.koehler@example.de", "the.smith.family@example.com",
    ],
)  # fmt: skip
def test_offices_roles_and_families(address: str) -> None:
    assert used_by_many(address)


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.com", "anna.info@example.com", "salesman@example.com", "familiar@example.com",
        "+34600111222", "info", "@example.com", "info@localhost", "123@example.com", "",
    ],
)  # fmt: skip
def test_people_and_what_is_no_address(address: str) -> None:
    assert not used_by_many(address)


def test_it_is_a_risk_that_two_share_one() -> None:
    office = email("info@example.com")
    (caution,) = cautions(parsed(contact("Ana García", office), contact("Ana García", office)))

    assert caution.risk is Risk.SHARED
    assert caution.sentence == (
        "Gmail info@example.com looks like the address of an office, a team or a family:"
        " several people may use it."
    )
