"""`python -m tests.sweep`: kills the worker at every commit and every socket operation of a merge.

Without options: every point, before and after, × both databases × every behaviour of the vendor,
then the state machine. `--slice 60 --seed 7` takes 60 cases at random for each engine;
`--behaviour`, `--point` and `--when` repeat one. Exits with 1 when an invariant was violated.
"""

import argparse
import atexit
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests import postgres
from tests.sweep import pool
from tests.sweep.behaviours import BEHAVIOURS
from tests.sweep.cases import Case, Run

ENGINES = ("sqlite", "postgres")
STATEFUL_STEPS = 12_000
TELL_EVERY = 250


@dataclass
class Report:
    """The figures of one engine."""

    engine: str
    started: float = field(default_factory=time.monotonic)
    points: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    killed: int = 0
    violations: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    def print(self) -> None:
        seconds = time.monotonic() - self.started
        points = f"{min(self.points.values())}–{max(self.points.values())}" if self.points else "?"
        ends = ", ".join(f"{state} {count}" for state, count in self.ends.most_common())
        print(
            f"{self.engine}: {self.runs} runs, {self.killed} workers killed,"
            f" {len(self.points)} behaviours, {points} points (2 × operations) each,"
            f" {self.violations} violations, {seconds:.0f} s"
            f"\n  ended as: {ends}",
            flush=True,
        )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.sweep", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--engine", choices=ENGINES, action="append", help="default: both")
    parser.add_argument("--behaviour", choices=BEHAVIOURS, action="append", help="default: all")
    parser.add_argument("--point", type=int)
    parser.add_argument("--when", choices=("before", "after"), help="default: both")
    parser.add_argument("--exec", action="store_true", help="a fresh interpreter for each worker")
    parser.add_argument("--slice", type=int, help="so many cases at random, not all")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--steps", type=int, default=STATEFUL_STEPS, help="of the state machine")
    parser.add_argument("--labels", action="store_true", help="print the points that are passed")
    wished = parser.parse_args()
    wished.whole = not (wished.behaviour or wished.slice or wished.point)
    wished.behaviour = wished.behaviour or [n for n, one in BEHAVIOURS.items() if not one.limit]
    if wished.slice:
        # Each behaviour costs a run in which its points are counted.
        some = min(len(wished.behaviour), max(1, wished.slice // 3))
        wished.behaviour = random.Random(wished.seed).sample(wished.behaviour, some)
    return wished


def main() -> None:
    wished = options()
    directory = Path(tempfile.mkdtemp(prefix="mergeui-sweep-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    print(f"seed {wished.seed}", flush=True)
    violations = 0
    for engine in wished.engine or ENGINES:
        violations += crash_sweep(engine, directory, wished).violations
    if wished.whole:
        from tests.sweep.stateful import run_stateful

        for engine in wished.engine or ENGINES:
            violations += run_stateful(engine, steps=wished.steps, seed=wished.seed)
    sys.exit(1 if violations else 0)


def crash_sweep(engine: str, directory: Path, wished: argparse.Namespace) -> Report:
    """All runs of one engine."""
    report = Report(engine)
    if engine == "postgres":
        os.environ.setdefault("MERGEUI_TEST_POSTGRES", postgres.start().url)
    else:
        os.environ.pop("MERGEUI_TEST_POSTGRES", None)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        wished.jobs, mp_context=context, initializer=pool.start, initargs=(str(directory), engine)
    ) as executor:
        first = [Case(engine, name, exec=wished.exec) for name in wished.behaviour]
        for run in _judged(executor.map(pool.run, first), report, wished):
            report.points[run.case.behaviour] = 2 * len(run.labels)
        cases = list(_cases(report, wished))
        if wished.slice:
            random.Random(wished.seed).shuffle(cases)
            cases = cases[: wished.slice]
        for _ in _judged(executor.map(pool.run, cases), report, wished):
            pass
    report.print()
    return report


def _cases(report: Report, wished: argparse.Namespace) -> Iterator[Case]:
    for name, points in report.points.items():
        for point in [wished.point] if wished.point else range(1, points // 2 + 1):
            for when in [wished.when] if wished.when else ("before", "after"):
                yield Case(report.engine, name, point, when, wished.exec)


def _judged(runs: Iterable[Run], report: Report, wished: argparse.Namespace) -> Iterator[Run]:
    """Counts the runs, and prints what they violated."""
    for run in runs:
        report.runs += 1
        report.killed += run.killed
        report.ends[run.state] += 1
        if report.runs % TELL_EVERY == 0:
            print(f"{report.engine}: {report.runs} runs so far", flush=True)
        if run.violations:
            report.violations += len(run.violations)
            where = run.labels[run.case.point - 1] if run.killed and run.case.point else "no crash"
            print(f"VIOLATION at {where}. Repeat it: {run.case}", flush=True)
            for sentence in run.violations:
                print(f"  {sentence}", flush=True)
        if wished.labels:
            print("\n".join([f"{run.case}: {run.state}, {run.seconds:.2f} s", *run.labels]))
        yield run


if __name__ == "__main__":
    main()
