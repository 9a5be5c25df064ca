"""Keys can be sealed, and the two brands are there."""

from typing import Any

import pytest

from tests.teams.brands import SEALING, Brands


@pytest.fixture(autouse=True)
def _can_seal(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [SEALING]


@pytest.fixture
def brands(db: None) -> Brands:
    return Brands()
