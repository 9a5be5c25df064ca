"""One worker stands still, or dies, at every place; the other looks after what it held."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mergeui.merging.models import MergeRequest, RequestState
from mergeui.sandbox.faults import Fault
from tests.sweep.interleaved import Worker
from tests.sweep.machine import DeskMachine

pytestmark = pytest.mark.django_db

LEASE_SECONDS = 181
MOST_PAUSES = 60
VENDORS: dict[str, dict[str, Any]] = {
    "does as it is told": {"fault": Fault.NONE},
    "does it and hangs up": {"fault": Fault.DROP, "applied": True},
    "hangs up": {"fault": Fault.DROP},
    "does it half a minute later": {"fault": Fault.DROP, "apply_late": 30.0},
    "refuses": {"fault": Fault.STATUS, "merge_status": 400},
    "has too much to do": {"fault": Fault.STATUS, "merge_status": 429},
}
# All of them, at every pause, with `make sweep`; otherwise one, at every third from a random one.
WHOLE = "MERGEUI_SWEEP_STEPS" in os.environ
TRIED = list(VENDORS) if WHOLE else ["does it and hangs up"]


@contextmanager
def a_request_in_hand(pauses: int, vendor: dict[str, Any]) -> Iterator[DeskMachine | None]:
    """A desk whose first worker has come to this pause; None when it has no such pause."""
    machine = DeskMachine()
    try:
        machine.propose_and_approve(which=3, few=0)
        machine.next_merge_goes_wrong(vendor)
        worker: Worker = machine.workers[0]
        machine.worker_goes_on(0, pauses)
        yield machine if worker.busy else None
    finally:
        machine.teardown()  # which looks whether everything comes to its end


def after_each_pause(vendor: dict[str, Any]) -> Iterator[DeskMachine]:
    """The same request again and again, left later each time."""
    # pytest-randomly seeds `random` with the seed that it prints.
    pauses_tried = range(1, MOST_PAUSES) if WHOLE else range(random.randint(1, 3), MOST_PAUSES, 3)
    for pauses in pauses_tried:
        with a_request_in_hand(pauses, vendor) as machine:
            if machine is None:
                assert pauses > 5
                return
            yield machine
    raise AssertionError("a worker that never ends")


@pytest.mark.parametrize("vendor", TRIED)
def test_a_worker_that_wakes_up_too_late_neither_calls_nor_overwrites(vendor: str) -> None:
    for machine in after_each_pause(VENDORS[vendor]):
        machine.time_passes(LEASE_SECONDS)
        machine.worker_does_all(1)
        machine.nothing_is_wrong()
        machine.worker_does_all(0)
        machine.nothing_is_wrong()


@pytest.mark.parametrize("vendor", TRIED)
def test_a_worker_that_dies_leaves_nothing_behind(vendor: str) -> None:
    for machine in after_each_pause(VENDORS[vendor]):
        machine.worker_is_killed(0)
        machine.time_passes(LEASE_SECONDS)
        machine.worker_does_all(1)
        machine.nothing_is_wrong()
        assert not MergeRequest.objects.filter(state=RequestState.EXECUTING).exists()


@pytest.mark.parametrize("vendor", TRIED)
def test_two_workers_in_turn_step_by_step(vendor: str) -> None:
    for machine in after_each_pause(VENDORS[vendor]):
        while machine.workers[0].busy:
            machine.worker_goes_on(1, 1)
            machine.worker_goes_on(0, 1)
            machine.nothing_is_wrong()
