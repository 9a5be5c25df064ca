"""What a benchmark says of the processor: whose time it was, and what limited a rate."""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import crowd, processor
from benchmarks.crowd import Stage
from benchmarks.processor import CAPS, OTHERS, OWN, capped, inside, on_core, used


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


@pytest.mark.skipif(not os.access(CAPS, os.W_OK), reason="takes root, and control groups")
def test_what_is_started_inside_gets_a_share_of_a_core() -> None:
    def group_of(pid: int | str) -> str:
        return Path(f"/proc/{pid}/cgroup").read_text()

    before = group_of("self")
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with capped(0.2) as group:
        with inside(group), subprocess.Popen(command, stdin=subprocess.PIPE) as started:
            assert group.name in group_of(started.pid)
        assert (group / "cpu.cfs_quota_us").read_text().strip() == "1000"
        assert (group / "cpu.cfs_period_us").read_text().strip() == "5000"
        assert group_of("self") == before
    assert not group.exists()


def test_where_nothing_can_be_capped_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "CAPS", tmp_path / "nowhere")
    (why,) = crowd.growth({}, tmp_path, [], 1)
    assert why.startswith("Growth with the web servers is not shown: [Errno 2] No such file")


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
