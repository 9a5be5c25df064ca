"""Processor time of a benchmark's programs by what they are, from /proc (Linux).

Where load generator, database and desk share the cores, a rate alone doesn't tell what it was
limited by: this does.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

TICK = os.sysconf("SC_CLK_TCK")
IDLE = (3, 4)  # of the numbers of /proc/stat: idle, and idle while a disk works
# By a word of the command; what is none of these is the benchmark itself.
KINDS = {"gunicorn": "web", "postgres": "PostgreSQL", "worker": "workers", "vendor": "stand-in"}
OWN, OTHERS = "operators", "others"
CAPS = Path("/sys/fs/cgroup/cpu")
PERIOD = 5_000  # µs


def used() -> Counter[str]:
    """Seconds so far: of each kind of program that this one has started, and of all others."""
    found: Any = Counter()  # of seconds, where typeshed's counts in whole numbers
    parents = {int(one.name): _numbers(one) for one in Path("/proc").glob("[0-9]*")}
    ours = {os.getpid()}
    while more := {pid for pid, one in parents.items() if one and one[0] in ours} - ours:
        ours |= more
    for pid in ours:
        if numbers := parents.get(pid):
            found[_kind(pid)] += sum(numbers[1:]) / TICK
    # The last two are a part of the first: guests of the machine.
    every = [int(one) for one in Path("/proc/stat").read_text().split()[1:9]]
    busy = sum(one for place, one in enumerate(every) if place not in IDLE) / TICK
    found[OTHERS] = busy - found.total()
    return cast(Counter[str], found)


def _numbers(process: Path) -> list[int]:
    """Its parent, and the ticks of itself and of its children that have ended; empty if it has."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [int(fields[1]), *map(int, fields[11:15])]


def _kind(pid: int) -> str:
    if pid == os.getpid():
        return OWN
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return OWN
    return next((kind for word, kind in KINDS.items() if word in command), OWN)


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """What is started in here stays on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[number % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def capped(share: float) -> Iterator[Path]:
    """A control group (version 1 of Linux's) that gets no more than this share of a core.

    What is started `inside` of it has to end before this does. Raises OSError where the machine
    doesn't have them so, or lets only others make one.
    """
    group = Path(tempfile.mkdtemp(prefix="mergeui-bench-", dir=CAPS))
    try:
        # A short period: whoever has used up its share may hold a lock that others wait for.
        (group / "cpu.cfs_period_us").write_text(str(PERIOD))
        (group / "cpu.cfs_quota_us").write_text(str(round(share * PERIOD)))
        yield group
    finally:
        group.rmdir()


@contextmanager
def inside(group: Path) -> Iterator[None]:
    """What is started in here stays in that control group."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    before = next(line.split(":")[2] for line in lines if "cpu" in line.split(":")[1].split(","))
    _move(group)
    try:
        yield
    finally:
        _move(CAPS / before.lstrip("/"))


def _move(group: Path) -> None:
    (group / "cgroup.procs").write_text(str(os.getpid()))
