"""`python -m benchmarks.crowd`: many people decide at once, while a worker and a sync run.

On SQLite, 20 operators take a decision a second each, sooner than anybody reads a group, while a
worker merges and one sync after the other stores every group anew; compared with one operator alone
on an idle desk. On PostgreSQL, 60 operators decide without a pause through one and through two web
servers, with three workers beside, and the history's own ceiling is taken: entries in transactions
of their own, from four processes that do nothing else. Each web server has a core of its own, which
it shares with all the others: the table says what a decision takes of each, and how full the cores
were. As one of them nearly fills two cores with what it needs of PostgreSQL, they decide once more
through one to four that get a fifth of a core each: how the decisions grow with the processes until
the cores are full. Everything is on loopback, and ends by itself.
"""

import argparse
import http.client
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.goals import Goal, keep
from benchmarks.merges import MERGE_SECONDS, READ_SECONDS, ask_for
from benchmarks.processor import OTHERS, capped, inside, on_core, used
from benchmarks.programs import percentiles, prepare, process, sandbox, session_key, web

ENGINES = ("sqlite", "postgres")
SECONDS = 20
FEW, MANY = 20, 60
MERGES = 150
TOKEN = "t" * 32
MANAGE = [sys.executable, "manage.py"]


@dataclass
class Operator:
    """Somebody who dismisses groups of their own, one each `pace` seconds or without a pause."""

    key: str
    groups: Iterator[int]
    pace: float = 0.0
    taken: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def decide_until(self, address: str, end: float) -> None:
        """One decision after the other, until the moment or until no group is left."""
        place = urlsplit(address)
        line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=120)
        # Not all in the same moment, as at the start of a race.
        time.sleep(random.uniform(0, self.pace))
        for group in self.groups:
            started = time.monotonic()
            if started > end:
                break
            answer = self._dismiss(line, group)
            self.taken.append(time.monotonic() - started)
            self.answers[answer] += 1
            time.sleep(max(0.0, self.pace - self.taken[-1]))
        line.close()

    def _dismiss(self, line: http.client.HTTPConnection, group: int) -> str:
        body = urlencode({"note": "brothers", "csrfmiddlewaretoken": TOKEN})
        headers = {
            "Cookie": f"sessionid={self.key}; csrftoken={TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        line.request("POST", f"/groups/{group}/dismiss/", body, headers)
        answer = line.getresponse()
        text = answer.read().decode(errors="replace")
        return "decided" if answer.status == 303 else f"{answer.status} {said(text)}"


def said(page: str) -> str:
    """The words of a page that refuses something."""
    main = page.partition("<strong>")[2] or page
    return " ".join(re.sub(r"<[^>]*>|\s+", " ", main).split())[:200]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--engine", choices=ENGINES, action="append", help="default: both")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--append", type=float, help=argparse.SUPPRESS)
    wished = parser.parse_args()
    if wished.append:
        append(wished.append)
        return
    engines = wished.engine or list(ENGINES)
    if len(engines) > 1:
        # One process an engine: Django has the settings of one.
        for engine in engines:
            command = [sys.executable, "-m", "benchmarks.crowd", f"--engine={engine}"]
            subprocess.run([*command, f"--seconds={wished.seconds}"], check=True)
        return
    with tempfile.TemporaryDirectory(prefix="mergeui-bench-") as directory:
        {"sqlite": on_sqlite, "postgres": on_postgres}[engines[0]](Path(directory), wished.seconds)
    print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)


def on_sqlite(directory: Path, seconds: float) -> None:
    """One operator alone, then twenty with a worker and a sync."""
    groups = int(seconds * (FEW + 10)) + MERGES
    with desk(directory, groups) as (environment, mine):
        with web(environment, directory, "--workers=2", *THREADS) as address:
            alone = [Operator(key(0), mine, pace=0.1)]
            decide(alone, [address], seconds)
            all_ = [Operator(key(n), mine, pace=1.0) for n in range(1, FEW + 1)]
            with busy(environment, directory, workers=1), syncing(environment, directory):
                decide(all_, [address], seconds)
        said = (directory / "said").read_text()
    print(f"\nsqlite: {FEW} operators, a decision a second each, with a worker and a sync\n")
    print("| who | decisions | p50 ms | p95 ms | longest ms |")
    print("|---|---|---|---|---|")
    rows = {"one alone": alone, f"{FEW} at once": all_}
    for name, operators in rows.items():
        taken = [one for operator in operators for one in operator.taken]
        p50, p95 = (1000 * one for one in percentiles(taken))
        print(f"| {name} | {len(taken)} | {p50:.0f} | {p95:.0f} | {1000 * max(taken):.0f} |")
    slower, locked = p95_of(all_) / p95_of(alone), said.count("locked")
    print(f"\np95 against one alone: {slower:.1f}")
    print(f"Answers: {answers([*alone, *all_])}; 'locked' said by worker and sync:", end=" ")
    print(locked)
    what = f"a decision by {FEW} at once, with a worker and a sync (sqlite)"
    keep(
        Goal(f"{what}, p95", "by one alone", slower, 5),
        Goal(f"{what}: told that it was locked", "–", locked + told_locked(all_), 0, ""),
    )


def on_postgres(directory: Path, seconds: float) -> None:
    """Sixty operators through one web server, then through two; then the history alone."""
    from tests import postgres

    # As it is for people: a commit is on the disk.
    postgres.QUICK = ("shared_buffers=256MB", "max_connections=200")
    cluster = postgres.start()
    groups = int(seconds * 600) + MERGES
    with ExitStack() as stack:
        environment, mine = stack.enter_context(desk(directory, groups, cluster.url))
        servers = []
        for core in range(2):
            place = Path(tempfile.mkdtemp(dir=directory))
            with on_core(core):
                servers.append(stack.enter_context(web(environment, place, *THREADS)))
        operators = [Operator(key(n), mine) for n in range(MANY)]
        decide(operators, servers, 2)  # the first requests of a process load its code
        with busy(environment, directory, workers=3):
            # In turn: what else the machine does meets both.
            halves = [Stage.of(operators, servers[:count], seconds / 2) for count in (1, 2, 1, 2)]
        stages = {"one": halves[0] + halves[2], "two": halves[1] + halves[3]}
        grown = growth(environment, directory, operators, seconds / 2)
        ceiling = history_alone(environment, min(seconds, 10))
        deadlocks = deadlocks_so_far()
    print(f"\npostgres: {MANY} operators without a pause, three workers\n")
    print("| web servers, each on a core of its own | decisions a second |", end=" ")
    print(f"{' | '.join(f'{kind} ms' for kind in PARTS)} | cores busy, of them by others |")
    print("|---" * (3 + len(PARTS)) + "|")
    for name, stage in stages.items():
        print(f"| {name} | {stage.line()} |")
    print(f"\nMilliseconds are of processor time, a decision. {limit(*stages.values())}\n")
    for line in grown:
        print(line)
    print(
        f"Entries of the history, four processes and nothing else: {ceiling:.0f} a second,", end=" "
    )
    print(f"{ceiling / stages['two'].rate:.1f} times the decisions.")
    print(f"Deadlocks: {deadlocks}. Answers: {answers(operators)}")


def growth(
    environment: dict[str, str], directory: Path, operators: Sequence[Operator], seconds: float
) -> list[str]:
    """Decisions a second through one to four web servers that get a share of a core each; lines of
    a table, or why there is none.
    """
    lines = [
        "| web servers, each with a fifth of a core | decisions a second | to one | cores busy |",
        "|---|---|---|---|",
    ]
    rates: list[float] = []
    with ExitStack() as stack:
        servers: list[str] = []
        for count in range(1, MOST_SERVERS + 1):
            try:
                group = stack.enter_context(capped(SHARE))
            except OSError as error:
                return [f"Growth with the web servers is not shown: {error}."]
            with inside(group):
                place = Path(tempfile.mkdtemp(dir=directory))
                servers.append(stack.enter_context(web(environment, place, *THREADS)))
            decide(operators, servers[-1:], 2)  # as above
            stage = Stage.of(operators, servers, seconds)
            rates.append(stage.rate)
            grown = rates[-1] / rates[0]
            lines.append(f"| {count} | {stage.rate:.0f} | {grown:.2f} | {stage.busy:.2f} |")
    return lines


MOST_SERVERS, SHARE = 4, 0.2
PARTS = ("web", "PostgreSQL", "operators", "workers")
FULL = 0.9  # of the cores: what is left is waiting for the disk and for each other


@dataclass(frozen=True, slots=True)
class Stage:
    """What a while of deciding took: decisions a second, processor seconds by kind of program."""

    decisions: int
    seconds: float
    used: Counter[str]

    @classmethod
    def of(cls, operators: Sequence[Operator], addresses: Sequence[str], seconds: float) -> "Stage":
        before, taken, started = decided(operators), used(), time.monotonic()
        decide(operators, addresses, seconds)
        passed, spent = time.monotonic() - started, used()
        spent.subtract(taken)
        return cls(decided(operators) - before, passed, spent)

    def __add__(self, other: "Stage") -> "Stage":
        both = Counter(self.used)
        both.update(other.used)
        return Stage(self.decisions + other.decisions, self.seconds + other.seconds, both)

    @property
    def rate(self) -> float:
        """Decisions a second."""
        return self.decisions / self.seconds

    @property
    def busy(self) -> float:
        """Cores that computed, for whomever."""
        return self.used.total() / self.seconds

    def each(self, kind: str) -> float:
        """Seconds of a program a decision."""
        return self.used[kind] / self.decisions

    def line(self) -> str:
        """As a row of the table."""
        parts = " | ".join(f"{1000 * self.each(kind):.1f}" for kind in PARTS)
        others = self.used[OTHERS] / self.seconds
        return f"{self.rate:.0f} | {parts} | {self.busy:.2f}, {others:.2f}"


def limit(one: Stage, two: Stage) -> str:
    """What a second web server gave, and what would not let it give more."""
    cores = os.cpu_count() or 1
    grown = f"The second web server gave {two.rate / one.rate:.2f} times the decisions"
    if two.busy < FULL * cores:
        return f"{grown}; with {two.busy:.1f} of {cores} cores busy, they were not the limit."
    whole = sum(two.each(kind) for kind in PARTS)
    return (
        f"{grown}, and with two the {cores} cores were full. A decision is {1000 * whole:.1f} ms of"
        f" all these programs together: {cores} cores without others give {cores / whole:.0f} a"
        f" second. The web process's share alone lets a core give {1 / two.each('web'):.0f}."
    )


THREADS = ("--worker-class=gthread", "--threads=8")


@contextmanager
def desk(
    directory: Path, groups: int, database: str = ""
) -> Iterator[tuple[dict[str, str], Iterator[int]]]:
    """A desk with so many open groups, some of them to be merged; the keys of the others."""
    world = [str(groups), str(READ_SECONDS), "--contacts=2", f"--merge-latency={MERGE_SECONDS}"]
    with sandbox("benchmarks.vendor", *world) as invent:
        os.environ |= {
            "MERGE_COOL_OFF_SECONDS": "0",
            "MERGE_FOUR_EYES": "never",
            "MERGE_JOURNAL": f"{directory}/merges.jsonl",
            "SYNC_EVERY_SECONDS": "604800",
        }
        environment = prepare(directory, invent, database)
        from mergeui.review.models import Group, GroupState

        ask_for(MERGES)
        rest = Group.objects.filter(state=GroupState.OPEN).values_list("pk", flat=True)
        yield environment, Shared(list(rest))


class Shared:
    """An iterator that threads take from in turn."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = iter(numbers)
        self._lock = threading.Lock()

    def __iter__(self) -> "Shared":
        return self

    def __next__(self) -> int:
        with self._lock:
            return next(self._numbers)


def key(number: int) -> str:
    """A session of operator `number`."""
    from django.contrib.sessions.backends.db import SessionStore

    return session_key(SessionStore, f"operator{number}")


def decide(operators: Sequence[Operator], addresses: Sequence[str], seconds: float) -> None:
    """All of them at once, for so long."""
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=one.decide_until, args=[addresses[n % len(addresses)], end])
        for n, one in enumerate(operators)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def busy(environment: dict[str, str], directory: Path, *, workers: int) -> Iterator[None]:
    """Workers that merge what was asked for; what they say is kept."""
    with (directory / "said").open("a") as said, ExitStack() as stack:
        for _ in range(workers):
            command = [*MANAGE, "worker"]
            stack.enter_context(process(command, environment, said.fileno()))
        yield


@contextmanager
def syncing(environment: dict[str, str], directory: Path) -> Iterator[None]:
    """One sync after the other, each of which stores all groups anew."""
    from django.db import connection

    from mergeui.review.models import Group

    ended = threading.Event()

    def sync() -> None:
        with (directory / "said").open("a") as said:
            while not ended.is_set():
                Group.objects.update(by_hand=True)
                subprocess.run([*MANAGE, "sync"], env=environment, stderr=said, stdout=said)
        connection.close()

    thread = threading.Thread(target=sync)
    thread.start()
    yield
    ended.set()
    thread.join()


def history_alone(environment: dict[str, str], seconds: float) -> float:
    """Entries a second, four processes at it."""
    command = [sys.executable, "-m", "benchmarks.crowd", f"--append={seconds}"]
    programs = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    return sum(int(program.communicate()[0]) for program in programs) / seconds


def append(seconds: float) -> None:
    """Writes entries as a decision writes its own, and prints how many."""
    import django

    django.setup()
    from mergeui.accounts.models import Organization
    from mergeui.audit.actions import Action
    from mergeui.audit.actor import Actor
    from mergeui.audit.log import record_alone

    by_user = Actor.system(Organization.objects.configured())
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        record_alone(
            Action.GROUP_DISMISSED,
            by_user=by_user,
            subject=f"group:{count}",
            facts={"members": ["contact_one", "contact_two"]},
            personal={"names": {"contact_one": "Ana", "contact_two": "Ana"}, "note": "brothers"},
        )
        count += 1
    print(count)


def deadlocks_so_far() -> int:
    """As PostgreSQL counts them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def decided(operators: Sequence[Operator]) -> int:
    """How many decisions went through."""
    return sum(one.answers["decided"] for one in operators)


def answers(operators: Sequence[Operator]) -> str:
    """What came how often."""
    found = sum((one.answers for one in operators), Counter())
    return ", ".join(f"{count} {answer}" for answer, count in found.most_common(5))


def told_locked(operators: Sequence[Operator]) -> int:
    """How many were told of a lock."""
    answers_of_all = (item for one in operators for item in one.answers.items())
    return sum(count for answer, count in answers_of_all if "locked" in answer)


def p95_of(operators: Sequence[Operator]) -> float:
    """Of all their decisions, in seconds."""
    return percentiles([one for operator in operators for one in operator.taken])[1]


if __name__ == "__main__":
    main()
