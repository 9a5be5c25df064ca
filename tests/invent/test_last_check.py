"""The last word before a merge leaves: after all waiting, immediately before the first byte."""

import pytest

from mergeui.invent import InventClient
from mergeui.sandbox import Org, Sandbox, SandboxTransport, World
from mergeui.sandbox.directory import Directory
from tests.contacts import contact, whatsapp

PHONE = whatsapp("+15550101")


class TooLate(Exception):
    pass


def test_it_comes_after_the_budget_and_stops_the_call() -> None:
    """A full budget may take minutes to let a call through: what was checked before is old then."""
    contacts = [contact("Ana", PHONE, id="kept"), contact("Ana", PHONE, id="source")]
    sandbox = Sandbox(World([Org("org", "Tests", None, Directory(contacts))]), key="a-key")
    order: list[str] = []

    class Budget:
        def acquire(self, *, urgent: bool = False) -> None:
            order.append("budget")

    def refuse() -> None:
        order.append("check")
        raise TooLate

    with InventClient(
        "http://invent.test", "a-key", transport=SandboxTransport(sandbox), limiter=Budget()
    ) as client:
        call = client.prepare_merge("kept", ("source",))
        with pytest.raises(TooLate):
            client.send_merge(call, last_check=refuse)
        assert (order, sandbox.counters.merge_calls) == (["budget", "check"], 0)

        client.send_merge(call, last_check=lambda: order.append("check"))
    assert (order[2:], sandbox.counters.merge_calls) == (["budget", "check"], 1)
