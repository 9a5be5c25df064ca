"""`python -m benchmarks.badload`: loads that nobody wishes for, one after the other, on SQLite.

- queue: the list of requests that go on, with 1, a page of and 50,000 approved requests.
- export: ten people decide while somebody takes the whole history as a file, again and again.
- slow: Invent takes 10 s for an answer. Pages that don't ask it are as quick as before; one that
  does gives up after 8 s and says so.
- bulk: a decision about 100 and about 10,000 groups. What is sent has its answer within a page's
  time, and the worker takes as long for a group of many as for one of few.

The desk is behind gunicorn, one process of eight threads. Everything is on loopback and ends by
itself, within five minutes on a machine that does nothing else.
"""

import argparse
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.crowd import MANAGE, THREADS, TOKEN, Operator, Shared, decide, decided, key, p95_of
from benchmarks.goals import Goal, keep, table
from benchmarks.programs import percentiles, prepare, process, sandbox, web, worker_memory

PARTS = ("queue", "export", "slow", "bulk")
REQUESTS, FEW, MANY, ENTRIES = 50_000, 100, 10_000, 50_000
ROUNDS = 15
PEOPLE, PACE = 10, 0.5
INVENT_SECONDS, GIVES_UP = 10.0, 8.0
PATIENCE_SECONDS = 150  # for a bulk decision; what is done by then is counted
AT_ONCE = 2_000


@dataclass
class Desk:
    """A desk that runs, and somebody's browser in it."""

    environment: dict[str, str]
    invent: str
    address: str
    browser: httpx.Client
    directory: Path

    def get(self, path: str) -> float:
        """The seconds that a page took."""
        started = time.perf_counter()
        self.browser.get(path).raise_for_status()
        return time.perf_counter() - started

    def post(self, path: str, **fields: object) -> tuple[float, str]:
        """The seconds until a form was answered, and where it leads."""
        started = time.perf_counter()
        answer = self.browser.post(path, data={"csrfmiddlewaretoken": TOKEN, **fields})
        assert answer.status_code == 303, answer.text
        return time.perf_counter() - started, answer.headers["location"]

    def peak(self) -> float:
        """The most memory that the web process has held so far, in MB."""
        return worker_memory(self.directory)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=15)
    wished = parser.parse_args()
    measures: dict[str, Callable[[Desk, argparse.Namespace], list[Goal]]] = {
        "queue": queue,
        "export": export,
        "slow": slow,
        "bulk": bulk,
    }
    found: list[Goal] = []
    with tempfile.TemporaryDirectory(prefix="mergeui-bench-") as name, desk(name, wished) as ready:
        for part in wished.parts or PARTS:
            found += measures[part](ready, wished)
    keep(*found)
    print(f"\n{table(found)}")
    print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)


@contextmanager
def desk(name: str, wished: argparse.Namespace) -> Iterator[Desk]:
    """A desk with a long history, and as many groups as all parts decide."""
    directory = Path(name)
    people = int(PEOPLE * wished.seconds / PACE) * 2 + PEOPLE
    groups = wished.few + wished.many + people + 1
    with sandbox("benchmarks.vendor", str(groups), "0", "--contacts=2") as invent:
        os.environ |= {
            "MERGE_COOL_OFF_SECONDS": "86400",
            "MERGE_FOUR_EYES": "never",
            "SYNC_EVERY_SECONDS": "604800",
        }
        environment = prepare(directory, invent)
        from benchmarks.chain import Chain
        from benchmarks.merges import ask_for

        Chain(operators=PEOPLE).write(wished.entries)
        ask_for(1)
        with web(environment, directory, *THREADS) as address:
            cookies = {"sessionid": key(0), "csrftoken": TOKEN}
            with httpx.Client(base_url=address, cookies=cookies, timeout=120) as browser:
                yield Desk(environment, invent, address, browser, directory)


def queue(desk: Desk, wished: argparse.Namespace) -> list[Goal]:
    """The list of requests that go on, the first page and the last."""
    from mergeui.merging.models import MergeRequest

    pages = {"first": "/requests/?view=going", "last": "/requests/?view=going&at=last"}
    fields = MergeRequest.objects.values().get() | {"id": None}
    taken: dict[int, dict[str, float]] = {}
    for count in (1, 100, wished.requests):
        more = count - MergeRequest.objects.count()
        for start in range(0, more, AT_ONCE):
            some = range(min(AT_ONCE, more - start))
            MergeRequest.objects.bulk_create(MergeRequest(**fields) for _ in some)
        settled()
        taken[count] = {name: median(desk, page, wished.rounds) for name, page in pages.items()}
    # What the other parts do would go behind them.
    MergeRequest.objects.filter(pk__gt=MergeRequest.objects.earliest("pk").pk).delete()
    tell("Requests that go on", ["requests", "first page ms", "last page ms"], [
        [f"{count:,}", *(f"{1000 * one:.0f}" for one in row.values())]
        for count, row in taken.items()
    ])  # fmt: skip
    return [
        Goal(f"{name} page of {wished.requests:,} requests", "of 100", many / few, 1.2)
        for name in pages
        for few, many in [(taken[100][name], taken[wished.requests][name])]
    ]


def settled() -> None:
    """What was written at once is where it would be had it come over days: not in SQLite's log."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def bulk(desk: Desk, wished: argparse.Namespace) -> list[Goal]:
    """A decision about few groups and about many, by the worker."""
    from mergeui.review.models import Group, GroupState

    page = median(desk, "/groups/", wished.rounds)
    still_open = Group.objects.filter(state=GroupState.OPEN).order_by("pk")
    numbers = list(still_open.values_list("pk", flat=True))
    lines, a_group, answered = [], {}, {}
    with process([*MANAGE, "worker"], desk.environment, os.open(os.devnull, os.O_WRONLY)):
        for count in (wished.few, wished.many):
            some, numbers = numbers[:count], numbers[count:]
            pk, summed_up = summary(some)
            seconds, _ = desk.post(f"/bulk/{pk}/confirm/", note="brothers")
            answered[count] = max(seconds, desk.get(f"/bulk/{pk}/"))
            page_text = desk.browser.get(f"/bulk/{pk}/").text
            assert "The worker goes from group to group" in page_text or count < 1_000
            a_group[count] = finished(pk)
            shown = (1000 * seconds, 1000 * answered[count], 1000 * a_group[count])
            lines.append([f"{count:,}", f"{summed_up:.2f}", *(f"{one:.1f}" for one in shown)])
    head = ["groups", "summary s", "confirmed ms", "longer of that and its page ms", "ms a group"]
    tell(f"A bulk decision (a queue page: {1000 * page:.0f} ms)", head, lines)
    few, many = a_group[wished.few], a_group[wished.many]
    return [
        Goal(f"bulk decision, a group of {wished.many:,}", f"of {wished.few}", many / few, 1.2),
        Goal(
            f"bulk decision on {wished.many:,}, answered", "a queue page",
            answered[wished.many] / page, 2,
        ),
    ]  # fmt: skip


def summary(groups: Sequence[int]) -> tuple[int, float]:
    """A bulk decision about these groups that nobody has confirmed, and the seconds it took."""
    from mergeui.accounts.models import Membership
    from mergeui.audit.actor import Actor
    from mergeui.merging.bulk.prepare import prepare as frozen
    from mergeui.merging.models import BulkKind
    from mergeui.review.models import Group

    by_user = Actor.member(Membership.objects.get(user__username="operator0"))
    first, last = groups[0], groups[-1]
    started = time.perf_counter()
    chosen = Group.objects.filter(pk__gte=first, pk__lte=last).order_by("pk")
    made = frozen(chosen, kind=BulkKind.DISMISS, by_user=by_user, query="")
    return made.pk, time.perf_counter() - started


def finished(pk: int) -> float:
    """Waits for the worker, but not for ever; the seconds from one group to the next."""
    from django.db.models import Max, Min

    from mergeui.merging.models import BulkDecision, BulkItem, BulkState

    end = time.monotonic() + PATIENCE_SECONDS
    while (one := BulkDecision.objects.get(pk=pk)).state != BulkState.DONE:
        if time.monotonic() > end:
            print(f"\nThe worker has decided {one.done:,} of {one.total:,} groups so far.")
            break
        time.sleep(0.5)
    moments = BulkItem.objects.filter(bulk=pk, state=BulkItem.State.DONE).aggregate(
        first=Min("group__decided_at"), last=Max("group__decided_at")
    )
    took: timedelta = moments["last"] - moments["first"]
    return took.total_seconds() / max(1, one.done - 1)


def export(desk: Desk, wished: argparse.Namespace) -> list[Goal]:
    """Ten decide, at first alone, then while the history is exported."""
    from mergeui.review.models import Group, GroupState

    rest = Group.objects.filter(state=GroupState.OPEN).order_by("-pk")
    mine = Shared(list(rest.values_list("pk", flat=True)))
    quiet = [Operator(key(n), mine, pace=PACE) for n in range(PEOPLE)]
    decide(quiet, [desk.address], wished.seconds)
    before = desk.peak()
    busy = [Operator(key(n), mine, pace=PACE) for n in range(PEOPLE)]
    ended = threading.Event()
    sizes: list[tuple[int, bool]] = []
    thread = threading.Thread(target=take, args=[desk, ended, sizes])
    thread.start()
    decide(busy, [desk.address], wished.seconds)
    after = desk.peak()
    ended.set()
    thread.join()
    tell(f"{PEOPLE} people decide, each {PACE} s", ["beside", "decisions", "p95 ms", "web MB"], [
        ["nothing", str(decided(quiet)), f"{1000 * p95_of(quiet):.0f}", f"{before:.0f}"],
        ["an export", str(decided(busy)), f"{1000 * p95_of(busy):.0f}", f"{after:.0f}"],
    ])  # fmt: skip
    whole = [size / 1e6 for size, complete in sizes if complete]
    print(f"\n{len(whole)} exports of {max(whole, default=0):.0f} MB, {wished.entries:,} entries")
    return [
        Goal("decisions during an export, p95", "without", p95_of(busy) / p95_of(quiet), 2),
        # SQLite's cache is up to 8 MB a connection, and each of the eight threads has one.
        Goal("web process's memory during an export", "before it", after - before, 100, "MB more"),
    ]


def take(desk: Desk, ended: threading.Event, sizes: list[tuple[int, bool]]) -> None:
    """Exports one after the other: how many bytes each had, and whether it came to its end."""
    cookies = {"sessionid": key(1)}
    with httpx.Client(base_url=desk.address, cookies=cookies, timeout=120) as browser:
        while not ended.is_set():
            size = 0
            with browser.stream("GET", "/history/export/?format=jsonl") as answer:
                for part in answer.iter_raw():
                    size += len(part)
                    if ended.is_set():
                        break
            sizes.append((size, not ended.is_set()))


def slow(desk: Desk, wished: argparse.Namespace) -> list[Goal]:
    """Pages that don't ask Invent, while others wait for it; and what those are told."""
    from mergeui.review.models import Group

    group = Group.objects.earliest("pk").pk
    pages = ["/groups/", f"/groups/{group}/", "/history/", "/requests/?view=all"]
    rounds = range(wished.rounds)
    quick = [desk.get(page) for _ in rounds for page in pages]
    httpx.post(f"{desk.invent}/_sandbox/faults", json={"read_latency": INVENT_SECONDS})
    told: list[tuple[float, str]] = []
    threads = [threading.Thread(target=search, args=[desk, n, told]) for n in range(1, 4)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    meanwhile = [desk.get(page) for _ in rounds for page in pages]
    for thread in threads:
        thread.join()
    httpx.post(f"{desk.invent}/_sandbox/faults", json={"read_latency": 0})
    p95s = [1000 * percentiles(taken)[1] for taken in (quick, meanwhile)]
    tell(f"Invent takes {INVENT_SECONDS:.0f} s, three wait for it", ["pages", "p95 ms"], [
        ["before", f"{p95s[0]:.0f}"], ["meanwhile", f"{p95s[1]:.0f}"]
    ])  # fmt: skip
    longest, said = max(told)
    print(f"\nWhoever asked it was told after {longest:.1f} s: {said}")
    return [
        Goal("pages that don't ask a slow Invent, p95", "a quick Invent", p95s[1] / p95s[0], 2),
        Goal("a page that asks it gives up", f"{GIVES_UP:.0f} s", longest / GIVES_UP, 1.25),
    ]


def search(desk: Desk, number: int, told: list[tuple[float, str]]) -> None:
    """Looks for a contact in Invent: how long it took, and the sentence that came of it."""
    cookies = {"sessionid": key(number)}
    with httpx.Client(base_url=desk.address, cookies=cookies, timeout=120) as browser:
        started = time.perf_counter()
        page = browser.get(f"/contacts/?{urlencode({'q': 'ana'})}").text
        taken = time.perf_counter() - started
    words = " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())
    found = re.search(r"[^.]*Invent[^.]*(answer|time|slow|reach)[^.]*\.", words)
    told.append((taken, found.group().strip() if found else words[:300]))


def median(desk: Desk, page: str, rounds: int) -> float:
    """Of a page, in seconds; it was asked for before."""
    desk.get(page)
    return percentiles([desk.get(page) for _ in range(max(2, rounds))])[0]


def tell(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table."""
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
