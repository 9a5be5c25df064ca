"""What makes filling a desk for the benchmarks quick: two processes, and no care for a power cut.

One process makes what another one stores. Whoever stores has the database for itself, with the
settings of `hurry`; a file that is cut off half-way is to be filled anew.
"""

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

import django
from django.db import connection
from django.db.models import Model

CACHE_KIB = 1_500_000
WAITING = 3  # portions that are made and not stored yet, at most
_HURRY = {
    "sqlite": (
        "PRAGMA journal_mode = MEMORY",
        "PRAGMA synchronous = OFF",
        "PRAGMA foreign_keys = OFF",
        f"PRAGMA cache_size = -{CACHE_KIB}",
    ),
    "postgresql": ("SET synchronous_commit TO off",),
}


def hurry() -> None:
    """No waiting for the disk by this connection until it is closed, and a large cache."""
    with connection.cursor() as cursor:
        for setting in _HURRY[connection.vendor]:
            cursor.execute(setting)


@contextmanager
def hurrying() -> Iterator[None]:
    """The same for a block, and then a new connection; nothing within a test's transaction."""
    if connection.in_atomic_block:
        yield
        return
    hurry()
    yield
    connection.close()


@contextmanager
def only_keys(*models: type[Model]) -> Iterator[None]:
    """PostgreSQL: for a block, these tables have no index but the primary key, and no rule.

    An index that is made of rows that are there is sorted once; one that each row is put into at
    its place is read and written all over as soon as memory does not hold it.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(_RULES, [tables])
        rules = cursor.fetchall()
        for table, name, _ in rules:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(_INDEXES, [tables])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem TO '1GB'")
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in rules:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    connection.close()


# Unique and foreign keys, and the indexes that belong to none of the table's rules.
_RULES = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = ANY (%s::regclass[]) AND contype IN ('f', 'u') ORDER BY contype DESC, conname
"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY (%s::regclass[]) AND NOT indisprimary
"""


@contextmanager
def pool(processes: int, *, storing: bool = False) -> Iterator[ProcessPoolExecutor]:
    """Processes that know Django, and hurry where they are to store."""
    new = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, new, _begin, (storing,)) as executor:
        yield executor


def _begin(storing: bool) -> None:
    django.setup()
    if storing:
        hurry()


def in_turn(futures: Iterable[Future[Any]]) -> Iterator[Any]:
    """What comes of work that is handed out no faster than it is taken."""
    waiting: deque[Future[Any]] = deque()
    for future in futures:
        waiting.append(future)
        if len(waiting) >= WAITING:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
