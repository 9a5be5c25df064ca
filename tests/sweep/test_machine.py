"""The state machine: a few examples here, ten thousand steps and more with `make sweep`."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.sweep.machine import DeskMachine
from tests.sweep.setting import Setting

pytestmark = pytest.mark.django_db

STEPS = 50  # of one example


def test_whatever_people_workers_and_the_vendor_do(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = int(os.environ.get("MERGEUI_SWEEP_STEPS", "200"))
    Setting.steps = 0
    # Making a failure small takes minutes; it is worth that to who is looking for its cause.
    phases = set(Phase) if "MERGEUI_SWEEP_SHRINK" in os.environ else {Phase.generate}
    run_state_machine_as_test(
        DeskMachine,
        settings=settings(
            max_examples=max(1, wanted // STEPS),
            stateful_step_count=STEPS,
            deadline=None,
            phases=phases,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        ends = ", ".join(f"{state} {count}" for state, count in Setting.ends.most_common())
        print(  # noqa: T201 - the figures of `make sweep`
            f"\n{Setting.steps} steps, {Setting.calls} merge calls, ended as: {ends}"
        )
