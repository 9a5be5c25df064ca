"""The setting of the tests of bulk decisions: four groups, and olga who decides."""

import pytest
from django.test import Client

from mergeui.accounts.models import Membership, Role
from tests.desk import Desk, member
from tests.many import crowd, pairs, stored
from tests.web.cast import client_of


@pytest.fixture
def desk() -> Desk:
    """Three easy groups and one with an opt-out."""
    desk, _ = crowd(3)
    stored(desk, pairs(1, unsubscribed=True))
    return desk


@pytest.fixture
def olga(desk: Desk) -> Membership:
    return member(Role.OPERATOR, name="olga")


@pytest.fixture
def client(olga: Membership) -> Client:
    return client_of(olga)
