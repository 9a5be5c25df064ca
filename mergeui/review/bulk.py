"""Many rows into one table by the database's own quick way: COPY, or one prepared INSERT."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def insert(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Inserts `rows` of plain values (text, numbers, booleans, JSON as text) for `columns`.

    No model instance is made and no default filled in: 4 to 10 times quicker than `bulk_create`
    for the wide, flat tables of the mirror.
    """
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = ", ".join(quote(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            # Only names of our own tables and columns are put together here.
            statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608
            cursor.executemany(statement, list(rows))
