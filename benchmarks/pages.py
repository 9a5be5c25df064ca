"""`python -m benchmarks.pages`: every page at two sizes of the desk, side by side.

Two desks are filled by world.py and served by gunicorn, one worker each, over loopback; each page
of either is asked for in turn, round by round, so that whatever else the machine does slows all of
them. What counts are the ratios: to an empty signed-in page, and to the same page of the small
desk.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

from benchmarks.programs import percentiles, web

WARM_UP = 5
EMPTY, FIRST = "an empty page", "queue, first page"
STRIP = {"HX-Request": "true", "HX-Current-URL": "http://desk.example/groups/"}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", type=int, default=2_000, help="groups to decide")
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    wished = parser.parse_args()
    with ExitStack() as stack:
        desks = [Desk(stack, wished.engine, groups) for groups in (wished.small, wished.large)]
        for number in range(wished.rounds + WARM_UP):
            for desk in desks:
                desk.ask(count=number >= WARM_UP)
    report(*desks, f"{wished.engine}, {wished.rounds} rounds")


class Desk:
    """A desk of some size behind its web server; `times` are the seconds of each page."""

    def __init__(self, stack: ExitStack, engine: str, groups: int) -> None:
        self.groups = groups
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mergeui-bench-")))
        environment = os.environ | {
            "SECRET_KEY": secrets.token_hex(32),
            "DATABASE_URL": database(engine, directory),
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "INVENT_API_KEY": "sandbox-key",
        }
        size = [f"--open={groups}", f"--decided={groups}", f"--entries={groups * 10}"]
        filled = subprocess.run(
            [sys.executable, "-m", "benchmarks.world", *size],
            env=environment, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.pages: dict[str, str] = json.loads(filled.stdout)
        self.times: dict[str, list[float]] = {name: [] for name in self.pages if name != "session"}
        address = stack.enter_context(web(environment, directory))
        self.client = stack.enter_context(httpx.Client(base_url=address, trust_env=False))
        self.client.cookies.set("sessionid", self.pages.pop("session"))

    def ask(self, *, count: bool) -> None:
        """Every page once."""
        for name, path in self.pages.items():
            started = time.perf_counter()
            answer = self.client.get(path, headers=STRIP if "strip" in path else {}, timeout=60)
            taken = time.perf_counter() - started
            assert answer.status_code == 200, (path, answer.status_code)
            if count:
                self.times[name].append(taken)


def database(engine: str, directory: Path) -> str:
    """The address of a new database."""
    if engine == "sqlite":
        return f"sqlite:///{directory}/bench.sqlite3"
    from tests import postgres

    return postgres.start().url


def report(small: Desk, large: Desk, how: str) -> None:
    """The table, as docs/performance.md has it."""
    load = os.getloadavg()[0]
    print(f"\n{how}; the machine's load at the end was {load:.1f} on {os.cpu_count()} cores\n")
    sizes = f"{large.groups:,} groups, p50 (p95) | to an empty page | to {small.groups:,} groups"
    print(f"| page | {sizes} |\n|---|---|---|---|")
    empty = percentiles(large.times[EMPTY])[0]
    for (name, many), few in zip(large.times.items(), small.times.values(), strict=True):
        p50, p95 = percentiles(many)
        against = p50 / percentiles(few)[0]
        taken = f"{p50 * 1000:.1f} ms ({p95 * 1000:.1f})"
        print(f"| {name} | {taken} | {p50 / empty:.2f} | {against:.2f} |", flush=True)


if __name__ == "__main__":
    main()
