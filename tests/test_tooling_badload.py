"""Bad load is measured by programs that end by themselves: on a tiny desk, without a clock."""

import os
import subprocess
import sys

import pytest


@pytest.mark.one_database
def test_each_part_comes_to_its_table() -> None:
    sizes = ["--requests=120", "--few=3", "--many=6", "--entries=60", "--rounds=2", "--seconds=1"]
    command = [sys.executable, "-m", "benchmarks.badload", "queue", "bulk", "export", *sizes]
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
    }

    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=150, check=False
    )

    assert done.returncode == 0, done.stderr[-2_000:]
    table = done.stdout.partition("| what | measured against |")[2]
    for what in (
        "first page of 120 requests",
        "bulk decision, a group of 6",
        "bulk decision on 6, answered",
        "decisions during an export, p95",
        "web process's memory during an export",
    ):
        assert what in table
