"""`python -m benchmarks.decision`: a decision's POST against its own rows, written by bare SQL.

Two copies of one desk. A decision is taken on the first by Django's test client, in this process,
through everything that a request goes through; the statements by which it wrote are then sent to
the second, by the database's own driver, in one transaction. Both commit to the disk alike. One
after the other, group by group, so that whatever else the machine does slows both.
"""

import argparse
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import Any
from urllib.parse import urlencode

from benchmarks.at_work import form_of
from benchmarks.desks import DESK_HELP, Desk, Size, desk
from benchmarks.goals import Goal, keep
from benchmarks.programs import percentiles, session_key

WARM_UP = 5
WISHES = {"request": "a merge asked for", "dismiss": "not a duplicate"}
GOAL = 4
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
HOST = "127.0.0.1"
AS_BROWSERS = "application/x-www-form-urlencoded"

Statement = tuple[str, Any]


@dataclass
class Taken:
    """Seconds of each decision (and of this process's processor in it), of its rows alone, and how
    many statements wrote them."""

    posts: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    statements: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, default=1_000, help="to decide in the desk")
    parser.add_argument("--rounds", type=int, default=40, help="decisions of each kind")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--desk", default="", help=f"to decide in: {DESK_HELP}")
    wished = parser.parse_args()
    if wished.engine == "postgres":
        from tests import postgres

        # As it is for people: a commit is on the disk.
        postgres.QUICK = ("shared_buffers=128MB",)
    with desk(wished.engine, wished.desk) as filled:
        if not wished.desk:
            filled.grow(Size(wished.groups, 0, 10 * wished.groups))
        taken = measure(filled, wished.rounds)
    print(f"\n{wished.engine}: {wished.rounds} decisions of each kind, one after the other\n")
    heads = "POST, p50 (p95) | of it the processor's | its rows by bare SQL | statements | ratio"
    print(f"| decision | {heads} |\n|---|---|---|---|---|---|")
    for wish, one in taken.items():
        (post, slow), (bare, slow_bare) = percentiles(one.posts), percentiles(one.bare)
        print(
            f"| {WISHES[wish]} | {1000 * post:.1f} ms ({1000 * slow:.1f})"
            f" | {1000 * median(one.worked):.1f} ms"
            f" | {1000 * bare:.1f} ms ({1000 * slow_bare:.1f}) | {one.statements}"
            f" | {post / bare:.2f} |"
        )
        what = f"decision: {WISHES[wish]} ({wished.engine})"
        keep(Goal(what, "the same rows by bare SQL", post / bare, GOAL))
    print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)


def measure(filled: Desk, rounds: int) -> dict[str, Taken]:
    """Decisions on a filled desk; what each kind took."""
    os.environ.update(filled.environment)
    import django

    django.setup()
    from django.contrib.sessions.backends.db import SessionStore
    from django.test import Client

    from mergeui.review.models import Group

    key = session_key(SessionStore)
    client = Client(SERVER_NAME=HOST)
    client.cookies["sessionid"] = key
    count = (rounds + WARM_UP) * len(WISHES)
    calm = Group.objects.filter(state="open", risky=False, member_count__lt=5)
    numbers = list(calm.order_by("pk").values_list("pk", flat=True)[:count])
    if len(numbers) < count:
        raise SystemExit(f"{count} groups without a risk are needed, and there are {len(numbers)}")
    replay = twin(filled)
    taken = {wish: Taken() for wish in WISHES}
    for place, number in enumerate(numbers):
        wish = list(WISHES)[place % len(WISHES)]
        seconds, worked, statements = decide(client, number, wish)
        started = time.perf_counter()
        replay(statements)
        bare = time.perf_counter() - started
        if place >= WARM_UP * len(WISHES):
            taken[wish].posts.append(seconds)
            taken[wish].worked.append(worked)
            taken[wish].bare.append(bare)
            taken[wish].statements = len(statements)
    return taken


def decide(client: Any, number: int, wish: str) -> tuple[float, float, list[Statement]]:
    """Takes a decision as its page offers it; its seconds, the processor's, and what wrote."""
    from django.db import connection

    written: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITES.match(sql):
            for one in params if many else [params]:
                written.extend(apart(sql, one))
        return execute(sql, params, many, context)

    page = client.get(f"/groups/{number}/").content.decode()
    fields = urlencode(form_of(page, wish))
    with connection.execute_wrapper(note):
        started, before = time.perf_counter(), time.process_time()
        answer = client.post(f"/groups/{number}/{wish}/", fields, content_type=AS_BROWSERS)
        seconds, worked = time.perf_counter() - started, time.process_time() - before
    assert answer.status_code in (302, 303), (wish, answer.status_code)
    assert any("audit_entry" in sql for sql, _ in written), written
    return seconds, worked, written


def apart(sql: str, params: Any) -> Iterator[Statement]:
    """Statements that were sent together (audit.inserting), each with its own values."""
    values = iter(params or ())
    for one in sql.split("; "):
        yield one, tuple(islice(values, one.count("%s")))


def twin(filled: Desk) -> Callable[[Sequence[Statement]], None]:
    """A second desk like this one: writes there, in one transaction, by the driver alone."""
    from django.conf import settings
    from django.db import connection

    connection.close()
    if path := filled.path:
        import sqlite3

        other = filled.directory / "twin.sqlite3"
        # Whoever closed the file last has left nothing beside it.
        shutil.copy(path, other)
        bare = sqlite3.connect(other, isolation_level=None)
        bare.executescript(settings.DATABASES["default"]["OPTIONS"]["init_command"])
        bare.execute("PRAGMA foreign_keys = ON")
        begin, place = "BEGIN IMMEDIATE", "?"
    else:
        import psycopg

        at = settings.DATABASES["default"]
        where = {"host": at["HOST"], "user": at["USER"], "autocommit": True}
        with psycopg.connect(dbname="template1", **where) as first:
            first.execute(f'CREATE DATABASE twin TEMPLATE "{at["NAME"]}"')
        bare = psycopg.connect(dbname="twin", **where)
        begin, place = "BEGIN", "%s"

    def replay(statements: Sequence[Statement]) -> None:
        bare.execute(begin)
        for sql, params in statements:
            bare.execute(sql.replace("%s", place), params or ())
        bare.execute("COMMIT")

    return replay


if __name__ == "__main__":
    main()
