"""`python -m benchmarks.sync`: what a sync costs beside its requests, on both databases.

The pages come out of a file, so the requests take no time; what is left is reading them, finding
what differs, and storing it. Each step is a process of its own, so that its peak of memory is its
own, and the databases are new. Compared in the same run:

- storing what was read with the quickest load of the same rows: staged, sorted by their keys, in
  one transaction, by COPY or the largest INSERTs, into the same tables with the same indexes;
- a sync of nothing new with one of everything new, the reading of the pages taken off both;
- the peak of memory with that for a tenth of the groups.

`--per-minute 500` measures one thing instead: the whole sync against its requests alone, both of
them waiting for the vendor's limit. With 200,000 groups one engine takes some 9 GB
of disk and a quarter of an hour, and at the vendor's limit 4 minutes and again as many.
"""

import argparse
import json
import os
import pickle
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO
from unittest.mock import patch

from benchmarks import listing
from benchmarks.goals import Goal, keep

ENGINES = ("sqlite", "postgres")
TIMES_LARGER = 10
PORTION = 5_000


@dataclass(frozen=True, slots=True)
class Step:
    """What one process took: seconds of its work, of the storing alone when that is timed, of the
    processor in this process (of the storing, then); its peak in MB; its writes to the mirror."""

    seconds: float
    storing: float
    processor: float
    peak_mb: float
    written: int


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, default=20_000)
    parser.add_argument("--engine", choices=ENGINES, action="append", help="default: both")
    parser.add_argument("--per-minute", type=int, default=0, help="the vendor's limit of requests")
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--pages", type=Path, help=argparse.SUPPRESS)
    wished = parser.parse_args()
    if wished.step:
        take_step(wished.step, wished.pages, wished.per_minute)
        return
    for engine in wished.engine or ENGINES:
        with tempfile.TemporaryDirectory(prefix="mergeui-bench-") as directory:
            if wished.per_minute:
                measure_limited(engine, wished.groups, Path(directory), wished.per_minute)
            else:
                measure(engine, wished.groups, Path(directory))
            print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def measure(engine: str, groups: int, directory: Path) -> None:
    """All steps on one engine, and the table."""
    few, many = directory / "few", directory / "many"
    listing.write(few, groups // TIMES_LARGER)
    listing.write(many, groups)
    with database(engine, directory / "1"):
        small = run("sync", few)
    with database(engine, directory / "2"):
        read = run("read", many)
        new = run("sync", many)
        same = run("sync", many)
        run("stage", many)
    with database(engine, directory / "3"):
        stored = run("store", many)
    with database(engine, directory / "4"):
        bulk = run("load", many)
    print(f"\n{engine}: {groups:,} groups, the requests apart\n")
    print("| what | seconds | against | ratio | goal |")
    print("|---|---|---|---|---|")
    print(f"| reading and parsing the pages | {read.seconds:.1f} | | | |")
    rest = new.seconds - read.seconds
    print(f"| everything new | {new.seconds:.1f} | | | |")
    print(f"| storing alone | {stored.storing:.1f} | the quickest load of the same rows,", end=" ")
    print(f"{bulk.storing:.1f} | {stored.storing / bulk.storing:.2f} | 1.5 |")
    print(f"| of that the processor's, in this process | {stored.processor:.1f} |", end=" ")
    print(f"of the load, {bulk.processor:.1f} | {stored.processor / bulk.processor:.2f} | |")
    print(f"| nothing new, without reading | {same.seconds - read.seconds:.1f} |", end=" ")
    print(f"everything new, {rest:.1f} | {(same.seconds - read.seconds) / rest:.2f} | 0.25 |")
    spent, of = same.processor - read.processor, new.processor - read.processor
    print(f"| of that the processor's, in this process | {spent:.1f} |", end=" ")
    print(f"of everything new, {of:.1f} | {spent / of:.2f} | |")
    print(f"| writes to the mirror | {same.written} | | | 0 |")
    print(f"| peak of memory | {new.peak_mb:.0f} MB | with a tenth of the groups,", end=" ")
    print(f"{small.peak_mb:.0f} MB | {new.peak_mb / small.peak_mb:.2f} | 1.2 |")
    how = f"{groups:,} groups, {engine}"
    load, rate = stored.storing / bulk.storing, (same.seconds - read.seconds) / rest
    memory = new.peak_mb / small.peak_mb
    keep(
        Goal(f"storing what a sync reads ({how})", "the quickest load of the rows", load, 1.5),
        Goal(f"sync, nothing changed ({how})", "everything new, no requests", rate, 0.25),
        Goal(f"sync, nothing changed: writes to the mirror ({how})", "–", same.written, 0, ""),
        Goal(f"a sync's memory ({how})", "that with a tenth of the groups", memory, 1.2),
    )


def measure_limited(engine: str, groups: int, directory: Path, per_minute: int) -> None:
    """A sync of everything new that waits for the vendor's limit, against its requests alone."""
    few, pages = directory / "few", directory / "pages"
    listing.write(few, groups // TIMES_LARGER)
    listing.write(pages, groups)
    with database(engine, directory / "1"):
        small = run("sync", few)
    with database(engine, directory / "2"):
        alone = run("read", pages, per_minute)
        new = run("sync", pages, per_minute)
    print(f"\n{engine}: {groups:,} groups, {per_minute} requests a minute\n")
    print("| what | seconds | the processor's | against the requests alone | goal |")
    print("|---|---|---|---|---|")
    print(f"| the requests alone | {alone.seconds:.1f} | {alone.processor:.1f} | 1 | |")
    print(f"| everything new | {new.seconds:.1f} | {new.processor:.1f} |", end=" ")
    print(f"{new.seconds / alone.seconds:.2f} | 1.1 |")
    print(
        f"\nPeak of memory: {new.peak_mb:.0f} MB, {small.peak_mb:.0f} with a tenth of the groups."
    )
    what = f"sync of {groups:,} groups, everything new ({engine})"
    limit = f"the requests alone, {per_minute} a minute"
    keep(Goal(what, limit, new.seconds / alone.seconds, 1.1))


@contextmanager
def database(engine: str, directory: Path) -> Iterator[None]:
    """An empty database with the desk's tables, for the processes of the block."""
    from tests import postgres

    directory.mkdir()
    cluster = postgres.start() if engine == "postgres" else None
    os.environ |= {
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": cluster.url if cluster else f"sqlite:///{directory}/bench.sqlite3",
        "DJANGO_SETTINGS_MODULE": "mergeui.settings",
    }
    manage = str(Path(__file__).parent.parent / "manage.py")
    subprocess.run([sys.executable, manage, "migrate", "--verbosity=0"], check=True)
    try:
        yield
    finally:
        if cluster:
            cluster.stop()


def run(step: str, pages: Path, per_minute: int = 0) -> Step:
    """One step in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sync", f"--step={step}", f"--pages={pages}"]
    command.append(f"--per-minute={per_minute}")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Step(*json.loads(done.stdout.splitlines()[-1]))


# Within the process of a step


def take_step(step: str, pages: Path, per_minute: int) -> None:
    """Does it, and prints what it took."""
    import django

    django.setup()
    listing.PER_MINUTE = per_minute
    storing, written = Stopwatch(), Written()
    started, worked = time.perf_counter(), time.process_time()
    with written.counted():
        STEPS[step](pages, storing)
    taken, processor = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    processor = storing.processor or processor
    print(json.dumps([taken, storing.seconds, processor, peak, written.statements]))


class Written:
    """How many statements wrote to the tables of the mirror."""

    statements = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        from django.db import connection

        from mergeui.review import bulk

        names = {f'"{model._meta.db_table}"' for model in tables()}

        def count_it(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            words = sql.split(None, 3)
            if words[0] in {"INSERT", "UPDATE", "DELETE", "COPY"} and names & set(words):
                self.statements += 1
            return execute(sql, params, many, context)

        def copied(*given: Any) -> None:
            self.statements += 1
            insert(*given)

        insert = bulk.insert  # COPY goes past the wrapper
        with connection.execute_wrapper(count_it), patch.object(bulk, "insert", copied):
            yield


class Stopwatch:
    """The time within a block, however often it is entered."""

    seconds = processor = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        started, worked = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - started
        self.processor += time.process_time() - worked


def read(pages: Path, storing: Stopwatch) -> None:
    """Reads and parses all pages, as the sync does, and nothing more."""
    with client(pages) as invent:
        for _page in invent.duplicate_groups():
            pass


def sync(pages: Path, storing: Stopwatch) -> None:
    """The desk's own sync."""
    from mergeui.accounts.models import Organization
    from mergeui.audit.actor import Actor
    from mergeui.review import sync

    organization = Organization.objects.configured()
    by_user = Actor.system(organization)
    with client(pages) as invent:
        run = sync.request_sync(organization, by_user=by_user)
        sync.sync(run, client=invent, by_user=by_user)


def store(pages: Path, storing: Stopwatch) -> None:
    """Stores all that was read, page by page as the sync does, with nothing else to do."""
    from mergeui.accounts.models import Organization
    from mergeui.audit.actor import Actor
    from mergeui.review import arriving, sync
    from mergeui.review.matching import Matcher
    from mergeui.review.spool import Spool, rows_of
    from mergeui.review.store import SegmentIds, arrive

    organization = Organization.objects.configured()
    run = sync.request_sync(organization, by_user=Actor.system(organization))
    matcher, segments = Matcher(organization), SegmentIds(organization)
    with Spool() as spool:
        with client(pages) as invent:
            for page in invent.duplicate_groups():
                for row in rows_of(list(matcher.match(page.items)), organization):
                    spool.put(row)
        waiting = iter(spool)
        while rows := list(islice(waiting, listing.TAKE)):
            with storing.running():
                arrive(rows, run, segments, spoken=False, first=lambda: None)
        with storing.running():
            arriving.show(organization)


def client(pages: Path) -> Any:
    from mergeui.invent import InventClient

    return InventClient("https://invent.example.com", "key", transport=listing.Listing(pages))


def tables() -> list[Any]:
    """What a sync fills."""
    from mergeui.review.models import Channel, Group, Member, Segment

    return [Segment, Group, Member, Channel, Group.segments.through]


def stage(pages: Path, storing: Stopwatch) -> None:
    """Puts the rows of all tables into a file, each table in the order of its key."""
    from django.db import connection

    with pages.with_suffix(".rows").open("wb") as file, connection.cursor() as cursor:
        for model in tables():
            names = ", ".join(columns(model))
            for start in count(0, PORTION):
                # JSON as text: it is to be written, not looked at.
                cursor.execute(
                    f"SELECT {names} FROM {model._meta.db_table}"
                    f" WHERE id > {start} AND id <= {start + PORTION} ORDER BY id"
                )
                if not (rows := cursor.fetchall()):
                    break
                pickle.dump((model._meta.label, rows), file)


def load(pages: Path, storing: Stopwatch) -> None:
    """Loads that file, table by table, in one transaction."""
    from mergeui.accounts.models import Organization
    from mergeui.review import bulk

    Organization.objects.configured()
    models = {model._meta.label: model for model in tables()}

    file = pages.with_suffix(".rows").open("rb")
    with file, storing.running(), bulk.quick_transaction():
        for label, rows in groupby(portions(file), key=itemgetter(0)):
            model = models[label]
            bulk.insert(model, columns(model), (row for _, some in rows for row in some))


def columns(model: Any) -> list[str]:
    """The names of all columns."""
    return [field.column for field in model._meta.concrete_fields]


def portions(file: BinaryIO) -> Iterator[tuple[str, list[Any]]]:
    """What was pickled one after the other."""
    with suppress(EOFError):
        while True:
            yield pickle.load(file)


STEPS = {"read": read, "sync": sync, "store": store, "stage": stage, "load": load}

if __name__ == "__main__":
    main()
