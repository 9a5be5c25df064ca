"""Requests are due as soon as they are approved; the tests of the cool-off set their own."""

import pytest


@pytest.fixture(autouse=True)
def _no_cool_off(settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 0
