"""No address reads a table that grows with the years whole, or all that an organisation has."""

import pytest

from mergeui.web.matrix import METHODS, addresses
from tests.plans import read_whole
from tests.web.walker import Town

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

# The notices about a policy, which changes some times a year.
RARE = {"policy_confirm", "policy_withdraw"}


@pytest.mark.parametrize("method", METHODS)
def test_no_address_reads_all_there_is(town: Town, method: str) -> None:
    read = {
        address.name: read_whole(lambda: town.ask(address, "admin", method))  # noqa: B023
        for address in addresses()
        if address.name not in RARE
    }
    assert len(read) > 80
    assert not {name: whole for name, whole in read.items() if whole}
