"""`python -m benchmarks.soak`: fifty people at work for ten minutes while processes are killed.

PostgreSQL with commits on the disk, the stand-in Invent behind a socket, two web processes and two
workers, operators who merge, dismiss and snooze (at_work.py). After a third of the time one web
process is killed with SIGKILL, after two thirds one worker is, and each is started again some
seconds later, as systemd does.

At the end the workers finish what is due, and it ends with 1 unless: no page answered with an error
of the desk, nobody saw more than one "try again" for the process that was killed, every decision
that was taken is in the database, Invent got each merge call once and none that names nobody, and
the whole history holds. Everything is on loopback and bounded.
"""

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.at_work import PACE, Operator
from benchmarks.crowd import MANAGE, Shared, key
from benchmarks.merges import MERGE_SECONDS, READ_SECONDS
from benchmarks.programs import percentiles, prepare, sandbox

OPERATORS, SECONDS = 50, 600.0
DOWN_SECONDS = 5.0
PATIENCE_SECONDS = 300.0
DECIDED = {"request": {"merged"}, "dismiss": {"dismissed"}, "snooze": {"snoozed"}}


class Program:
    """A process with its children that can be killed and started again."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.start()

    def start(self) -> None:
        with self.log.open("a") as said_there:
            self.running = subprocess.Popen(
                self.command, env=self.environment, stdout=said_there, stderr=said_there,
                start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """As the machine does when it runs out of memory; nothing is tidied up."""
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()

    def end(self) -> None:
        self.running.terminate()
        try:
            self.running.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--operators", type=int, default=OPERATORS)
    wished = parser.parse_args()
    # Ended from outside, it takes along what it has started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("Ended before its time."))
    with tempfile.TemporaryDirectory(prefix="mergeui-soak-") as directory:
        wrong = soak(Path(directory), wished.seconds, wished.operators)
    print(f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    if wrong:
        raise SystemExit("\n".join(wrong))


def soak(directory: Path, seconds: float, operators: int) -> list[str]:
    """All of it; what did not hold, a line each."""
    from tests import postgres

    postgres.QUICK = ("shared_buffers=256MB", "max_connections=200")
    cluster = postgres.start()
    groups = int(operators * (seconds / PACE * 2 + 10))
    world = [str(groups), str(READ_SECONDS), "--contacts=2", f"--merge-latency={MERGE_SECONDS}"]
    with sandbox("benchmarks.vendor", *world) as invent:
        os.environ |= {
            "MERGE_COOL_OFF_SECONDS": "2",
            "MERGE_FOUR_EYES": "risky",
            "MERGE_JOURNAL": f"{directory}/merges.jsonl",
            "SYNC_EVERY_SECONDS": "120",
            "MERGE_READ_BACK_SECONDS": "0,5,20",
            "MERGE_LEASE_SECONDS": "30",
        }
        environment = prepare(directory, invent, cluster.url)
        from benchmarks.day import ready
        from mergeui.review.models import Group

        ready()
        mine = Shared(list(Group.objects.order_by("pk").values_list("pk", flat=True)))
        with programs(environment, directory) as (addresses, web, workers):
            people = [
                Operator(key(n), mine, addresses, n % 2, random.Random(n)) for n in range(operators)
            ]
            play(people, seconds, web, workers)
            slow = finish()
        calls = httpx.get(f"{invent}/_sandbox/counters").json()
    report(people, calls, slow, seconds)
    return [*judge(people, calls, slow), *history(environment)]


@contextmanager
def programs(
    environment: dict[str, str], directory: Path
) -> Iterator[tuple[list[tuple[str, int]], list[Program], list[Program]]]:
    """Two web processes and two workers, that end with the block; what they say is in a file."""
    addresses = [("127.0.0.1", free_port()) for _ in range(2)]
    server = [sys.executable, "-m", "gunicorn", "mergeui.wsgi", "--workers=1", "--threads=8"]
    web = [
        Program([*server, f"--bind={host}:{port}"], environment, directory / "web.log")
        for host, port in addresses
    ]
    workers = [Program([*MANAGE, "worker"], environment, directory / "worker.log") for _ in "ab"]
    try:
        for host, port in addresses:
            wait_for(host, port)
        yield addresses, web, workers
    finally:
        for program in (*workers, *web):
            program.end()


def play(
    people: Sequence[Operator], seconds: float, web: list[Program], workers: list[Program]
) -> None:
    """All of them at once; what is killed on the way comes back."""
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=one.work, args=[end]) for one in people]
    for thread in threads:
        thread.start()
    for victim in (web[0], workers[0]):
        time.sleep(seconds / 3)
        victim.kill()
        time.sleep(DOWN_SECONDS)
        victim.start()
    for thread in threads:
        thread.join()


def finish() -> float:
    """Waits until the workers have done what is due; the seconds that it took."""
    from mergeui.merging.models import ACTIVE, MergeRequest

    started = time.monotonic()
    while MergeRequest.objects.filter(state__in=ACTIVE).exists():
        if time.monotonic() - started > PATIENCE_SECONDS:
            break
        time.sleep(1)
    return time.monotonic() - started


def judge(people: Sequence[Operator], calls: dict[str, Any], slow: float) -> list[str]:
    """What did not hold, a line each."""
    from mergeui.merging.models import Attempt
    from mergeui.review.models import Group

    states = dict(Group.objects.values_list("pk", "state"))
    taken = {group: wish for one in people for group, wish in one.decided.items()}
    lost = [pk for pk, wish in taken.items() if states[pk] not in DECIDED[wish]]
    primaries = [primary for primary, _body in calls["merges"]]
    checks = {
        f"{len(lost)} decisions are not as they were taken: {lost[:5]}": lost,
        "a page of the desk was an error": [s for one in people for s in one.seen],
        "somebody saw more than one 'try again'": [one for one in people if one.again > 1],
        "a merge was called twice": len(set(primaries)) != len(primaries),
        "a call named nobody": calls["hazard_calls"],
        "calls and attempts differ": Attempt.objects.exclude(state="not_sent").count()
        != calls["merge_calls"],
        "the workers did not finish": slow > PATIENCE_SECONDS,
    }
    return [words for words, wrong in checks.items() if wrong]


def history(environment: dict[str, str]) -> list[str]:
    """Whether the whole history holds, as the command says it."""
    done = subprocess.run(
        [*MANAGE, "verify_audit"], env=environment, capture_output=True, text=True
    )
    print(done.stdout.strip())
    return [done.stderr.strip()] if done.returncode else []


def report(people: Sequence[Operator], calls: dict[str, Any], slow: float, seconds: float) -> None:
    """The table of the README."""
    taken = [one for person in people for one in person.taken]
    p50, p95 = (1000 * one for one in percentiles(taken))
    wishes = Counter(wish for person in people for wish in person.decided.values())
    seen = sum((person.seen for person in people), Counter())
    print(f"\n{len(people)} operators for {seconds:.0f} s\n")
    print("| what | is |\n|---|---|")
    print(f"| pages and forms answered | {len(taken)} |")
    print(f"| p50, p95, longest | {p50:.0f}, {p95:.0f}, {1000 * max(taken):.0f} ms |")
    print(f"| decisions | {sum(wishes.values())}: {dict(wishes)} |")
    print(f"| merge calls, twice for the same, without names | {calls['merge_calls']}, ", end="")
    twice = len(calls["merges"]) - len({primary for primary, _body in calls["merges"]})
    print(f"{twice}, {calls['hazard_calls']} |")
    print(f"| 'try again' seen | {sum(p.again for p in people)}", end="")
    print(f", at most {max(p.again for p in people)} by one |")
    print(f"| errors seen | {dict(seen) or 'none'} |")
    print(f"| until the workers were done | {slow:.0f} s |\n", flush=True)


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def wait_for(host: str, port: int) -> None:
    """Until the web process listens; the first start takes some seconds."""
    for _ in range(300):
        with socket.socket() as one:
            if one.connect_ex((host, port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("A web process did not listen within a minute.")


if __name__ == "__main__":
    main()
