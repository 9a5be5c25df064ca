"""A slice of the crash sweep with every run of the tests; all of it is `make sweep`."""

import os
import random
import subprocess
import sys

import pytest
from django.db import connection

from tests.sweep.cases import Case

SECONDS = 900


def sweep(*options: str) -> subprocess.CompletedProcess[str]:
    """The sweep as a program, on the engine of these tests."""
    engine = "postgres" if connection.vendor == "postgresql" else "sqlite"
    environment = dict(os.environ)
    environment.pop("MERGEUI_TEST_DIR", None)
    return subprocess.run(
        [sys.executable, "-m", "tests.sweep", f"--engine={engine}", "--jobs=1", *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.every_database
def test_a_worker_that_is_killed_anywhere_does_no_harm() -> None:
    # pytest-randomly seeds `random` with the seed that it prints.
    answer = sweep("--slice=9", f"--seed={random.randrange(10**6)}")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "9 workers killed" in answer.stdout
    assert " 0 violations" in answer.stdout


def test_a_worker_in_an_interpreter_of_its_own_does_the_same() -> None:
    answer = sweep("--behaviour=plain", "--point=17", "--when=before", "--exec")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "1 workers killed" in answer.stdout


def test_a_call_that_lands_after_all_looks_is_the_limit_that_is_known() -> None:
    """Nobody can tell a call that is done half an hour later from one that is never done.

    The sweep says so, as it says every other violation: with the way to repeat it.
    """
    answer = sweep("--behaviour=too-late", "--point=1000", "--when=before")
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "is not_applied, but ['contact_ana_1', 'contact_ana_2'] were merged" in answer.stdout
    assert "Repeat it: python -m tests.sweep --engine" in answer.stdout


def test_the_way_to_repeat_a_run_names_all_of_it() -> None:
    case = Case("sqlite", "late", 7, "after", exec=True)
    assert str(case) == (
        "python -m tests.sweep --engine sqlite --behaviour late --point 7 --when after --exec"
    )
