"""New rows by a plain INSERT, for what is written while every other writer waits.

The ORM takes four times as long to put such a statement together as a database to carry it out.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction

# Rows of a statement: SQLite takes 32,766 values in one.
AT_ONCE = 500


# What rows of ours hold in these fields is what the drivers take.
AS_THEY_ARE = (models.CharField, models.TextField, models.IntegerField, models.BooleanField)


class Plain(NamedTuple):
    """Rows of a model as the database takes them: a value for each of these columns."""

    model: type[models.Model]
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


class _Fields(NamedTuple):
    """Columns of a model, what gives their values, and which of them are to be made ready."""

    columns: tuple[str, ...]
    values_of: Callable[[models.Model], tuple[Any, ...]]
    prepared: "list[tuple[int, models.Field[Any, Any]]]"


def insert(
    *tables: Sequence[models.Model] | Plain, once: tuple[str, ...] = (), unless_same: str = ""
) -> None:
    """Inserts new rows, those of one model after those of another; a number that the database gives
    is not read back.

    One that agrees with an older row in the columns `once`, which a unique constraint is over,
    takes its place, unless the column `unless_same` is the same in both. No signal is sent. A
    failure goes on to the caller, and the transaction can't be committed any more, as after a
    failure of the ORM's own.
    """
    here = connections[DEFAULT_DB_ALIAS]  # itself: its proxy would be asked for each value
    plain = [rows if isinstance(rows, Plain) else _plain(rows, here) for rows in tables if rows]
    statements = [part for rows in plain for part in _parts(rows, once, unless_same)]
    if here.vendor == "postgresql" and statements:
        # It takes several at once, so that their way there and back is waited for once.
        several, values = zip(*statements, strict=True)
        statements = [("; ".join(several), list(chain.from_iterable(values)))]
    with transaction.mark_for_rollback_on_error(), here.cursor() as cursor:
        for statement, parameters in statements:
            cursor.execute(statement, parameters)
    for rows in tables:
        if not isinstance(rows, Plain):
            _stored(rows, here)


def insert_one(row: models.Model) -> None:
    """Inserts a new row, as `insert` does, and gives it the number that it has in the database."""
    here = connections[DEFAULT_DB_ALIAS]
    ((statement, values),) = _parts(_plain([row], here))
    key = here.ops.quote_name(str(row._meta.pk.column))
    with transaction.mark_for_rollback_on_error(), here.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING {key}", values)
        (row.pk,) = cursor.fetchone()
    _stored([row], here)


def _stored(rows: Sequence[models.Model], here: Any) -> None:
    for row in rows:
        row._state.adding, row._state.db = False, here.alias


def _plain(rows: Sequence[models.Model], here: Any) -> Plain:
    model = type(rows[0])
    columns, values_of, prepared = _fields(model)
    values = []
    for row in rows:
        of_row = list(values_of(row))
        for place, field in prepared:
            of_row[place] = field.get_db_prep_save(of_row[place], here)
        values.append(tuple(of_row))
    return Plain(model, columns, values)


def _parts(
    table: Plain, once: tuple[str, ...] = (), unless_same: str = ""
) -> Iterator[tuple[str, list[Any]]]:
    for start in range(0, len(table.rows), AT_ONCE):
        some = table.rows[start : start + AT_ONCE]
        statement = _statement(table.model, table.columns, len(some), once, unless_same)
        yield statement, list(chain.from_iterable(some))


@cache
def _fields(model: type[models.Model]) -> _Fields:
    fields = [
        field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)
    ]
    prepared = [
        (place, field)
        for place, field in enumerate(fields)
        if not isinstance(getattr(field, "target_field", field), AS_THEY_ARE)
    ]
    columns = tuple(str(field.column) for field in fields)
    return _Fields(columns, attrgetter(*(field.attname for field in fields)), prepared)


@lru_cache(maxsize=256)
def _statement(
    model: type[models.Model],
    names: tuple[str, ...],
    count: int,
    once: tuple[str, ...],
    unless_same: str,
) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, names))
    places = ", ".join(["%s"] * len(names))
    rows = ", ".join([f"({places})"] * count)
    # Only names of our own tables and columns are put together here.
    table = quote(model._meta.db_table)
    statement = f"INSERT INTO {table} ({columns}) VALUES {rows}"  # noqa: S608
    if once:
        new = ", ".join(f"{quote(one)} = EXCLUDED.{quote(one)}" for one in names if one not in once)
        statement += f" ON CONFLICT ({', '.join(map(quote, once))}) DO UPDATE SET {new}"
    if unless_same:
        column = quote(unless_same)
        statement += f" WHERE {table}.{column} <> EXCLUDED.{column}"
    return statement
