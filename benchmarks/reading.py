"""`python -m benchmarks.reading`: a sync against its requests alone, which take 50 ms each.

Both happen on loopback with the stand-in Invent, in turn.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.goals import Goal, keep
from benchmarks.programs import prepare, sandbox

LATENCY_SECONDS = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, default=20_000)
    wished = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="mergeui-bench-") as directory,
        sandbox("benchmarks.vendor", str(wished.groups), str(LATENCY_SECONDS)) as address,
    ):
        prepare(Path(directory), address)
        report(wished.groups)


def report(groups: int) -> None:
    """The sync of everything new, and of nothing new, against its requests alone."""
    from mergeui.accounts.models import Organization
    from mergeui.audit.actor import Actor
    from mergeui.connect import connect
    from mergeui.review.models import Group
    from mergeui.review.sync import request_sync, sync

    organization = Organization.objects.configured()
    by_user = Actor.system(organization)

    def requests_alone() -> float:
        start = time.perf_counter()
        with connect(organization) as client:
            read = sum(len(page.items) for page in client.duplicate_groups())
        assert read == groups, read
        return time.perf_counter() - start

    def whole_sync() -> float:
        run = request_sync(organization, by_user=by_user)
        start = time.perf_counter()
        with connect(organization) as client:
            sync(run, client=client, by_user=by_user)
        return time.perf_counter() - start

    alone = [requests_alone()]
    first = whole_sync()
    alone.append(requests_alone())
    second = whole_sync()
    assert Group.objects.count() == groups
    base = median(alone)
    print(f"\nSync of {groups:,} groups, {LATENCY_SECONDS * 1000:.0f} ms latency a page\n")
    print("| what | seconds | against the requests alone |")
    print("|---|---|---|")
    print(f"| the requests alone (median of {len(alone)}) | {base:.1f} | 1.00 |")
    print(f"| everything new | {first:.1f} | {first / base:.2f} |")
    print(f"| nothing new | {second:.1f} | {second / base:.2f} |", flush=True)
    what = f"sync of {groups:,} groups, everything new"
    keep(Goal(what, f"the requests alone, {LATENCY_SECONDS * 1000:.0f} ms each", first / base, 1.5))


if __name__ == "__main__":
    main()
