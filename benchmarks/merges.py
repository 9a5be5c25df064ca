"""`python -m benchmarks.merges`: how much of Invent's budget the worker uses when it has work.

Approved merges of pairs, one worker as a program, the stand-in with 50 ms a read and 200 ms a
merge, and the vendor's limit of 500 a minute. The desk may ask 480 times a minute. Counted by the
stand-in: the requests in each whole minute from the first on, those a merge took, and those that
were refused with 429. Two requests a merge, so 480 merges are two minutes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from benchmarks.goals import Goal, keep
from benchmarks.programs import prepare, process, sandbox

BUDGET, LIMIT = 480, 500
READ_SECONDS, MERGE_SECONDS = 0.05, 0.2
PATIENCE_SECONDS = 900


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--merges", type=int, default=480)
    parser.add_argument("--workers", type=int, default=1)
    wished = parser.parse_args()
    world = [str(wished.merges), str(READ_SECONDS), "--contacts=2"]
    # The limit is set once the groups are read.
    with (
        tempfile.TemporaryDirectory(prefix="mergeui-bench-") as directory,
        sandbox("benchmarks.vendor", *world, f"--merge-latency={MERGE_SECONDS}") as invent,
    ):
        os.environ |= {
            "MERGE_COOL_OFF_SECONDS": "0",
            "MERGE_FOUR_EYES": "never",
            "MERGE_JOURNAL": f"{directory}/merges.jsonl",
            "SYNC_EVERY_SECONDS": "604800",
        }
        environment = prepare(Path(directory), invent)
        ask_for(wished.merges)
        httpx.post(f"{invent}/_sandbox/faults", json={"limit_per_minute": LIMIT})
        before = len(log(invent))
        environment["INVENT_REQUESTS_PER_MINUTE"] = str(BUDGET)
        seconds = work(environment, wished.merges, wished.workers)
        report(log(invent)[before:], wished.merges, seconds)


def ask_for(merges: int) -> None:
    """All pairs are mirrored; so many are approved requests, due at once."""
    from benchmarks.day import ready
    from mergeui.accounts.models import Membership
    from mergeui.audit.actor import Actor
    from mergeui.merging.proposals import propose
    from mergeui.review.models import Group

    ready()
    by_user = Actor.member(Membership.objects.get(user__username="bench"))
    for group in Group.objects.order_by("pk")[:merges]:
        primary, *sources = group.members.values_list("contact_id", flat=True)
        propose(group, primary_id=primary, source_ids=sources, acknowledged=True, by_user=by_user)


def work(environment: dict[str, str], merges: int, workers: int) -> float:
    """Runs so many workers until all is merged; the seconds that it took."""
    from contextlib import ExitStack

    from mergeui.merging.models import MergeRequest, RequestState

    merged = MergeRequest.objects.filter(state=RequestState.MERGED)
    started = time.monotonic()
    with ExitStack() as stack:
        for _ in range(workers):
            command = [sys.executable, "manage.py", "worker"]
            stack.enter_context(process(command, environment, subprocess.DEVNULL))
        while (done := merged.count()) < merges:
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise SystemExit(f"Only {done} of {merges} were merged.")
            time.sleep(1)
        return time.monotonic() - started


def log(invent: str) -> list[tuple[float, str, int]]:
    """Every request so far: when, method, status."""
    return [tuple(one) for one in httpx.get(f"{invent}/_bench/log").json()]


def report(requests: Sequence[tuple[float, str, int]], merges: int, seconds: float) -> None:
    """The table."""
    first, last = requests[0][0], requests[-1][0]
    whole = max(1, int((last - first) // 60))
    within = sum(1 for at, *_ in requests if at - first < 60 * whole)
    refused = sum(1 for *_, status in requests if status == 429)
    print(f"\n{merges} approved merges of pairs, {seconds:.0f} s\n")
    print("| what | is |")
    print("|---|---|")
    print(
        f"| requests in the first {whole} min | {within}, {within / whole / BUDGET:.0%} of", end=""
    )
    print(f" {BUDGET} a minute |")
    print(f"| requests a merge | {len(requests) / merges:.2f} |")
    print(f"| answered with 429 | {refused} |")
    print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    what = f"worker, {merges} approved merges of pairs"
    used = 100 * within / whole / BUDGET
    keep(
        Goal(what, f"{BUDGET} requests a minute", used, 95, "% used", at_least=True),
        Goal(f"{what}: answered with 429", "–", refused, 0, ""),
        Goal(f"{what}: requests a merge", "–", len(requests) / merges, 2, ""),
    )


if __name__ == "__main__":
    main()
