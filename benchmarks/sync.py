"""`python -m benchmarks.sync`: what a sync costs beside its requests, on both databases.

The pages come out of a file, so the requests take no time; what is left is reading them, finding
what differs, and storing it. Each step is a process of its own, so that its peak of memory is its
own, and the databases are new. Compared in the same run:

- storing what was read with the quickest load of the same rows: staged, sorted by their keys, in
  one transaction, by COPY or one prepared INSERT, into the same tables with the same indexes;
- a sync of nothing new with one of everything new, the reading of the pages taken off both;
- the peak of memory with that for a tenth of the groups.

`--per-minute 500` measures one thing instead: the whole sync against its requests alone, both of
them waiting for the vendor's limit.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO

from benchmarks import listing

ENGINES = ("sqlite", "postgres")
TIMES_LARGER = 10
PORTION = 5_000


@dataclass(frozen=True, slots=True)
class Step:
    """What one process took: seconds of its work, of the storing in it (and of that the processor's
    in this process), and its peak in MB."""

    seconds: float
    storing: float
    processor: float
    peak_mb: float


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
        bulk = run("load", many)
    print(f"\n{engine}: {groups:,} groups, the requests apart\n")
    print("| what | seconds | against | ratio |")
    print("|---|---|---|---|")
    print(f"| reading and parsing the pages | {read.seconds:.1f} | | |")
    rest = new.seconds - read.seconds
    print(f"| everything new | {new.seconds:.1f} | | |")
    print(f"| of it storing | {new.storing:.1f} | the quickest load of the same rows,", end=" ")
    print(f"{bulk.storing:.1f} | {new.storing / bulk.storing:.2f} |")
    print(f"| of that the processor's, without the database's own | {new.processor:.1f} |", end=" ")
    print(f"the same of the load, {bulk.processor:.1f} | {new.processor / bulk.processor:.2f} |")
    print(f"| nothing new, without reading | {same.seconds - read.seconds:.1f} |", end=" ")
    print(f"everything new, {rest:.1f} | {(same.seconds - read.seconds) / rest:.2f} |")
    print(f"| peak of memory | {new.peak_mb:.0f} MB | with a tenth of the groups,", end=" ")
    print(f"{small.peak_mb:.0f} MB | {new.peak_mb / small.peak_mb:.2f} |")


def measure_limited(engine: str, groups: int, directory: Path, per_minute: int) -> None:
    """A sync of everything new that waits for the vendor's limit, against its requests alone."""
    pages = directory / "pages"
    listing.write(pages, groups)
    with database(engine, directory / "1"):
        alone = run("read", pages, per_minute)
        new = run("sync", pages, per_minute)
    print(f"\n{engine}: {groups:,} groups, {per_minute} requests a minute\n")
    print("| what | seconds | of it storing | against the requests alone | peak of memory |")
    print("|---|---|---|---|---|")
    print(f"| the requests alone | {alone.seconds:.1f} | | 1 | |")
    print(f"| everything new | {new.seconds:.1f} | {new.storing:.1f} |", end=" ")
    print(f"{new.seconds / alone.seconds:.2f} | {new.peak_mb:.0f} MB |")


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
    yield
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
    storing, started = Stopwatch(), time.perf_counter()
    STEPS[step](pages, storing)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    taken = time.perf_counter() - started
    print(json.dumps([taken, storing.seconds, storing.processor, peak]))


class Stopwatch:
    """The time within a function, however often it is called."""

    seconds = processor = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: object, **options: object) -> Any:
            started, worked = time.perf_counter(), time.thread_time()
            result = function(*args, **options)
            self.seconds += time.perf_counter() - started
            self.processor += time.thread_time() - worked
            return result

        return timed


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

    sync.arrive = storing.around(sync.arrive)
    organization = Organization.objects.configured()
    by_user = Actor.system(organization)
    sync.apply = storing.around(sync.apply)
    with client(pages) as invent:
        run = sync.request_sync(organization, by_user=by_user)
        sync.sync(run, client=invent, by_user=by_user)


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

    def load_all() -> None:
        with pages.with_suffix(".rows").open("rb") as file, bulk.quick_transaction():
            for label, rows in groupby(portions(file), key=itemgetter(0)):
                model = models[label]
                bulk.insert(model, columns(model), (row for _, some in rows for row in some))

    storing.around(load_all)()


def columns(model: Any) -> list[str]:
    """The names of all columns."""
    return [field.column for field in model._meta.concrete_fields]


def portions(file: BinaryIO) -> Iterator[tuple[str, list[Any]]]:
    """What was pickled one after the other."""
    with suppress(EOFError):
        while True:
            yield pickle.load(file)


STEPS = {"read": read, "sync": sync, "stage": stage, "load": load}

if __name__ == "__main__":
    main()
