"""`make bench`: speed of the sync and of the pages with 20,000 groups, in ratios of one run.

Machines are noisy, so what is compared is measured in turn, in the same run: page by page, round
by round. Everything happens on loopback with processes that end with it.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx

from benchmarks.programs import percentiles, prepare, sandbox, session_key, web

LATENCY_SECONDS = 0.05
WARM_UP = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--groups", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=150)
    wished = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mergeui-bench-") as directory:
        with sandbox("benchmarks.vendor", str(wished.groups), str(LATENCY_SECONDS)) as address:
            environment = prepare(Path(directory), address)
            report_sync(environment, wished.groups)
        with web(environment, Path(directory)) as address:
            report_pages(address, environment, wished.rounds)
    # A process of its own: it has another database.
    subprocess.run([sys.executable, "-m", "benchmarks.day"], check=True)


def report_sync(environment: dict[str, str], groups: int) -> None:
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


def report_pages(address: str, environment: dict[str, str], rounds: int) -> None:
    """Each page in turn, round by round, and the weight of the first load."""
    from django.contrib.sessions.backends.db import SessionStore

    client = httpx.Client(base_url=address, timeout=30, trust_env=False)
    client.cookies.set("sessionid", session_key(SessionStore))
    client.headers["accept-encoding"] = "br, gzip"
    pages = {"an empty page": "/bench/empty/"} | queue_pages(client)
    times: dict[str, list[float]] = {name: [] for name in pages}
    for number in range(rounds + WARM_UP):
        for name, path in pages.items():
            start = time.perf_counter()
            answer = client.get(path)
            taken = time.perf_counter() - start
            assert answer.status_code == 200, (path, answer.status_code)
            if number >= WARM_UP:
                times[name].append(taken)
    empty_p50, empty_p95 = percentiles(times["an empty page"])
    print(f"\nPages, gunicorn with one worker over loopback, {rounds} rounds in turn\n")
    print("| page | p50 ms | p95 ms | p50 against the empty page | p95 |")
    print("|---|---|---|---|---|")
    for name, taken in times.items():
        p50, p95 = percentiles(taken)
        against = f"{p50 / empty_p50:.1f} | {p95 / empty_p95:.1f}"
        print(f"| {name} | {p50 * 1000:.1f} | {p95 * 1000:.1f} | {against} |")
    first, last = (percentiles(times[f"queue, {which} page"])[1] for which in ("first", "last"))
    print(f"\nLast page of the queue against its first, p95: {last / first:.2f}")
    print(f"First load of the queue, all assets, compressed: {first_load(client):.1f} KB")


def queue_pages(client: httpx.Client) -> dict[str, str]:
    """The pages to measure: ends of the queue, a search, a group from the middle."""
    from mergeui.review.models import Group

    middle = Group.objects.order_by("pk")[Group.objects.count() // 2]
    word = middle.members.all()[1].raw["channels"][0]["user_id"]
    return {
        "queue, first page": "/groups/",
        "queue, last page": "/groups/?at=last",
        "queue, search by e-mail": f"/groups/?q={word}",
        "compare (3 contacts, 3 channels)": f"/groups/{middle.pk}/",
    }


def first_load(client: httpx.Client) -> float:
    """KB (1,000 bytes) on the wire for the queue and everything that it refers to."""

    def weight(path: str) -> int:
        with client.stream("GET", path) as answer:
            answer.read()
            return answer.num_bytes_downloaded

    html = client.get("/groups/").text
    assets = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', html))
    return (weight("/groups/") + sum(weight(path) for path in assets)) / 1000


if __name__ == "__main__":
    main()
