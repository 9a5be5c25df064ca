"""The stand-in Invent alone: python -m mergeui.sandbox."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from mergeui.sandbox import seed
from mergeui.sandbox.app import Sandbox
from mergeui.sandbox.faults import Faults
from mergeui.sandbox.journal import Journal
from mergeui.sandbox.server import running

REQUESTS_PER_MINUTE = 500  # invent-api.md, Conventions


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Exits with 2 when it can't start."""
    given = _parser().parse_args(arguments)
    faults = Faults(limit_per_minute=given.limit or None)
    faults.read_latency = faults.merge_latency = given.latency_ms / 1000
    name = f"groups={given.groups} seed={given.seed}"
    journal = Journal(given.state, name) if given.state else None
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    try:
        world = seed.world(groups=given.groups, seed=given.seed)
        app = Sandbox(world, key=given.key, faults=faults, journal=journal)
        with running(app, given.host, given.port) as url:
            groups, contacts = len(world.main.group_positions), len(world.main)
            _say(f"Sandbox Invent on {url}: {groups} groups, {contacts} contacts, key {given.key}")
            ending.wait()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"The sandbox can't start: {error}\n")
        return 2
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mergeui.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--groups", type=int, default=200, help="groups of duplicates")
    parser.add_argument("--seed", type=int, default=1, help="another number, another world")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="wait before each answer")
    parser.add_argument("--key", default="sandbox-key", help="the API key that is accepted")
    parser.add_argument("--state", type=Path, help="a file that keeps what was changed")
    parser.add_argument(
        "--limit",
        type=int,
        default=REQUESTS_PER_MINUTE,
        help="requests a minute for each client; 0 for no limit",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
