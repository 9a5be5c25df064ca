"""`python -m benchmarks.decision`: a decision's POST against its own rows, written by bare SQL.

Two copies of one desk. A decision is taken on the first by the application that gunicorn serves,
called in this process as gunicorn calls it; the statements by which it wrote are then sent to the
second, by the database's own driver, in one transaction. Both commit to the disk alike. One after
the other, group by group, so that whatever else the machine does slows both.
"""

import argparse
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from io import BytesIO
from itertools import islice
from statistics import median
from typing import Any
from wsgiref.util import setup_testing_defaults

from benchmarks.at_work import filled as filled_in
from benchmarks.crowd import TOKEN
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
            filled.grow(Size(wished.groups, 2 * wished.groups, 10 * wished.groups))
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

    from mergeui.review.models import Group
    from mergeui.wsgi import application

    browser = Browser(application, session_key(SessionStore))
    count = (rounds + WARM_UP) * len(WISHES)
    calm = Group.objects.filter(state="open", risky=False, member_count__lt=5)
    numbers = list(calm.order_by("pk").values_list("pk", flat=True)[:count])
    if len(numbers) < count:
        raise SystemExit(f"{count} groups without a risk are needed, and there are {len(numbers)}")
    replay = twin(filled)
    taken = {wish: Taken() for wish in WISHES}
    for place, number in enumerate(numbers):
        wish = list(WISHES)[place % len(WISHES)]
        seconds, worked, statements = decide(browser, number, wish)
        started = time.perf_counter()
        replay(statements)
        bare = time.perf_counter() - started
        if place >= WARM_UP * len(WISHES):
            taken[wish].posts.append(seconds)
            taken[wish].worked.append(worked)
            taken[wish].bare.append(bare)
            taken[wish].statements = len(statements)
    return taken


class Browser:
    """Asks an application as gunicorn does, and keeps its cookies."""

    def __init__(self, application: Callable[..., Any], session: str) -> None:
        self.application = application
        self.cookies = SimpleCookie({"sessionid": session, "csrftoken": TOKEN})

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[str, str]:
        """The status of an answer, and its text."""
        told: list[Any] = []
        cookies = self.cookies.output(attrs=[], header="", sep=";").strip()
        environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": HOST}
        environ |= {"HTTP_COOKIE": cookies, "wsgi.input": BytesIO(body)}
        environ |= {"CONTENT_TYPE": AS_BROWSERS, "CONTENT_LENGTH": str(len(body))}
        setup_testing_defaults(environ)
        answer = self.application(environ, lambda *start: told.extend(start))
        text = b"".join(answer).decode()
        answer.close()
        status, headers = told
        for name, value in headers:
            if name == "Set-Cookie":
                self.cookies.load(value)
        return status, text


def decide(browser: "Browser", number: int, wish: str) -> tuple[float, float, list[Statement]]:
    """Takes a decision as its page offers it; its seconds, the processor's, and what wrote."""
    from django.db import connection

    sent: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.extend((sql, one) for one in (params if many else [params]))
        return execute(sql, params, many, context)

    _, page = browser.ask("GET", f"/groups/{number}/")
    fields = filled_in(page, wish).encode()
    with connection.execute_wrapper(note):
        started, before = time.perf_counter(), time.process_time()
        status, _ = browser.ask("POST", f"/groups/{number}/{wish}/", fields)
        seconds, worked = time.perf_counter() - started, time.process_time() - before
    assert status == "303 See Other", (wish, status)
    written = [part for one in sent if WRITES.match(one[0]) for part in apart(*one)]
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
        bare: Any = sqlite3.connect(other, isolation_level=None)
        bare.executescript(settings.DATABASES["default"]["OPTIONS"]["init_command"])
        bare.execute("PRAGMA foreign_keys = ON")
        begin, place = "BEGIN IMMEDIATE", "?"
    else:
        import psycopg

        at = settings.DATABASES["default"]
        where: dict[str, Any] = {"host": at["HOST"], "user": at["USER"], "autocommit": True}
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
