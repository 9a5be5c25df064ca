"""Many rows into one table by the database's own quick way: COPY, or one prepared INSERT.

For the mirror alone: what Invent lists can be read again, decisions and history can't.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, lru_cache
from itertools import chain, islice
from typing import Any

import msgspec
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction

# Rows of a statement: SQLite takes 32,766 values in one, and a group has 30 columns.
AT_ONCE = 200


@contextmanager
def quick_transaction() -> Iterator[None]:
    """A transaction whose commit doesn't wait for the disk.

    A power cut may lose it, whole, and the next sync makes up for it; the commits of everything
    else wait as before (design.md, rule 2). Inside another transaction it is a part of that one.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")
            yield
        return
    # SQLite takes the setting for a connection, and only between transactions.
    alone = not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        before = cursor.fetchone()[0]
        if alone:
            cursor.execute("PRAGMA synchronous = NORMAL")
    try:
        with transaction.atomic():
            yield
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA synchronous = {int(before)}")


def plain(model: type[models.Model], values: Mapping[str, Any]) -> list[Any]:
    """The columns of a new row as `create` takes them: text, numbers, booleans, moments.

    What `values` leave out is the field's default. Apart from the inserting, because it can be done
    while others wait for something slower.
    """
    fields, row = _blank(model)
    row = row.copy()
    for name, value in values.items():
        place, is_json = fields[name]
        row[place] = _plain(value, is_json)
    return row


@cache
def _blank(model: type[models.Model]) -> tuple[dict[str, tuple[int, bool]], list[Any]]:
    """Where each column is, whether it holds JSON, and a row of defaults."""
    places = {
        field.attname: (place, isinstance(field, models.JSONField))
        for place, field in enumerate(_fields(model))
    }
    blank = model()
    return places, [_plain(getattr(blank, name), of[1]) for name, of in places.items()]


def _plain(value: Any, is_json: bool) -> Any:
    if is_json and value is not None:
        return msgspec.json.encode(value).decode()
    if isinstance(value, datetime):
        # The connection itself: asked a hundred thousand times, the one of this thread costs time.
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)
    return value


def create(model: type[models.Model], rows: Sequence[Sequence[Any]]) -> Sequence[int]:
    """Inserts rows (`plain`) of a model with a numbered primary key, and gives their keys.

    Signals and defaults of the database are left out; in a transaction only.
    """
    if not rows:
        return []
    columns = [str(field.column) for field in _fields(model)]
    if connection.vendor == "postgresql":
        numbers = _next_numbers(model, len(rows))
        key = str(model._meta.pk.column)
        numbered = ((number, *row) for number, row in zip(numbers, rows, strict=True))
        insert(model, [key, *columns], numbered)
        return numbers
    # Where a trigger writes into the index of terms (finding.py), FTS5 starts a new part of the
    # index, to be merged with the others, with every statement.
    insert(model, columns, rows)
    with connection.cursor() as cursor:
        # The one writer that SQLite allows has numbered them one after the other.
        cursor.execute("SELECT last_insert_rowid()")
        last = cursor.fetchone()[0]
    return range(last - len(rows) + 1, last + 1)


@cache
def _fields(model: type[models.Model]) -> "tuple[models.Field[Any, Any], ...]":
    return tuple(field for field in model._meta.concrete_fields if not field.primary_key)


def _next_numbers(model: type[models.Model], count: int) -> Sequence[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [number for (number,) in cursor.fetchall()]


def update(rows: Sequence[models.Model]) -> None:
    """Saves every column of these rows of one model, which the caller has locked.

    Signals are left out. Putting an UPDATE of 30 columns together takes `save` three times as long
    as the database takes to carry it out.
    """
    if not rows:
        return
    model = type(rows[0])
    places, _ = _blank(model)
    values = [
        [*(_plain(getattr(row, name), is_json) for name, (_, is_json) in places.items()), row.pk]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_update(model), values)


@cache
def _update(model: type[models.Model]) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(f"{quote(str(field.column))} = %s" for field in _fields(model))
    key = quote(str(model._meta.pk.column))
    # Only names of our own tables and columns are put together here.
    return f"UPDATE {quote(model._meta.db_table)} SET {columns} WHERE {key} = %s"  # noqa: S608


def insert(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Inserts `rows` of plain values (text, numbers, booleans, JSON as text) for `columns`.

    No model instance is made and no default filled in: 4 to 10 times quicker than `bulk_create`
    for the wide, flat tables of the mirror.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {_table(model, columns)} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        waiting = iter(rows)
        # Many rows a statement: Python's other threads go on as long as it takes, but for each
        # statement this one has to wait for them.
        while some := list(islice(waiting, AT_ONCE)):
            statement = _statement(model, tuple(columns), len(some))
            cursor.execute(statement, list(chain.from_iterable(some)))


@lru_cache(maxsize=64)
def _statement(model: type[models.Model], columns: tuple[str, ...], rows: int) -> str:
    """Inserts so many rows of these columns."""
    places = f"({', '.join(['%s'] * len(columns))})"
    # Only names of our own tables and columns are put together here.
    return f"INSERT INTO {_table(model, columns)} VALUES {', '.join([places] * rows)}"  # noqa: S608


def _table(model: type[models.Model], columns: Sequence[str]) -> str:
    quote = connection.ops.quote_name
    return f"{quote(model._meta.db_table)} ({', '.join(map(quote, columns))})"
