"""What a benchmark says of the processor: whose time it was, and what limited a rate."""

import os
import subprocess
import sys
import time
from collections import Counter

import pytest

from benchmarks import crowd
from benchmarks.crowd import Stage
from benchmarks.processor import OTHERS, OWN, on_core, used


def test_time_is_counted_for_whoever_took_it() -> None:
    before = used()
    code = "import sys; sum(n * n for n in range(3_000_000)); sys.stdin.read()"
    command = [sys.executable, "-c", code, "manage.py", "worker"]
    with on_core(0), subprocess.Popen(command, stdin=subprocess.PIPE) as started:
        assert len(os.sched_getaffinity(started.pid)) == 1
        while used()["workers"] <= before["workers"]:
            time.sleep(0.01)
    assert used()[OWN] >= before[OWN]
    assert used()[OTHERS] >= 0


def test_the_limit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    half = Stage(100, 5.0, Counter({"web": 1.0, "PostgreSQL": 0.5}))
    one = half + half
    full = Stage(400, 10.0, Counter({"web": 8.0, "PostgreSQL": 8.0, OTHERS: 3.5}))

    assert (one.rate, one.each("web")) == (20, 0.01)
    assert one.line() == "20 | 10.0 | 5.0 | 0.0 | 0.0 | 0.30, 0.00"
    assert "they were not the limit" in crowd.limit(one, one)
    told = crowd.limit(one, full)
    assert "gave 2.00 times the decisions, and with two the 2 cores were full" in told
    assert "40.0 ms" in told
    assert "give 50 a second" in told
    assert "lets a core give 50" in told
