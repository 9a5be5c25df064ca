"""What the tests that walk every address share."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from mergeui.accounts.models import Organization
from tests.web.walker import Town, taken_back


@pytest.fixture(scope="module")
def town(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Town]:
    """One for all addresses; no trace of it stays."""
    journal = tmp_path_factory.mktemp("town") / "merges.jsonl"
    with django_db_blocker.unblock(), taken_back():
        with override_settings(MERGE_JOURNAL=journal):
            town = Town()
        yield town


@pytest.fixture
def others() -> Organization:
    """A second organisation of the same installation."""
    return Organization.objects.create(invent_org_id="org_hats", name="Hats & <Sons>")
