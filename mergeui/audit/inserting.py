"""New rows by a plain INSERT, for what is written while every other writer waits.

The ORM takes four times as long to put such a statement together as a database to carry it out.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction

# Rows of a statement: SQLite takes 32,766 values in one.
AT_ONCE = 500


def insert(*tables: Sequence[models.Model], once: tuple[str, ...] = ()) -> None:
    """Inserts new rows, those of one model after those of another; a number that the database gives
    is not read back.

    One that agrees with an older row in the columns `once`, which a unique constraint is over,
    takes its place. No signal is sent. A failure goes on to the caller, and the transaction can't
    be committed any more, as after a failure of the ORM's own.
    """
    here = connections[DEFAULT_DB_ALIAS]  # itself: its proxy would be asked for each value
    statements = [part for rows in tables for part in _parts(rows, once, here)]
    if here.vendor == "postgresql" and statements:
        # It takes several at once, so that their way there and back is waited for once.
        several, values = zip(*statements, strict=True)
        statements = [("; ".join(several), list(chain.from_iterable(values)))]
    with transaction.mark_for_rollback_on_error(), here.cursor() as cursor:
        for statement, parameters in statements:
            cursor.execute(statement, parameters)
    for row in chain.from_iterable(tables):
        row._state.adding, row._state.db = False, here.alias


def _parts(
    rows: Sequence[models.Model], once: tuple[str, ...], here: Any
) -> Iterator[tuple[str, list[Any]]]:
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        fields = _fields(type(some[0]))
        values = [
            field.get_db_prep_save(getattr(row, field.attname), here)
            for row in some
            for field in fields
        ]
        yield _statement(type(some[0]), len(some), once), values


@cache
def _fields(model: type[models.Model]) -> "tuple[models.Field[Any, Any], ...]":
    return tuple(
        field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)
    )


@cache
def _statement(model: type[models.Model], count: int, once: tuple[str, ...]) -> str:
    quote = connection.ops.quote_name
    names = [str(field.column) for field in _fields(model)]
    columns = ", ".join(map(quote, names))
    places = ", ".join(["%s"] * len(names))
    rows = ", ".join([f"({places})"] * count)
    # Only names of our own tables and columns are put together here.
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {rows}"  # noqa: S608
    if once:
        new = ", ".join(f"{quote(one)} = EXCLUDED.{quote(one)}" for one in names if one not in once)
        statement += f" ON CONFLICT ({', '.join(map(quote, once))}) DO UPDATE SET {new}"
    return statement
