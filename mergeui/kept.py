"""Questions to the database that are put together once in a process, and asked with other values.

For the few that every page or every decision asks: the ORM takes ten times as long to put such a
question together as the database to answer it. Whatever depends on who asks is a `Given`.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BigIntegerField, Expression, QuerySet
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")


class Given(Expression):
    """A value that is known only when the question is asked, under this name; a number, unless
    another field says how it is stored.

    With a `place` it is one of several: that of a sequence of this name.
    """

    def __init__(self, name: str, output_field: Any = None, place: int | None = None) -> None:
        super().__init__(output_field=output_field or BigIntegerField())
        self.name = name
        self.place = place

    @classmethod
    def each(cls, name: str, output_field: Any, count: int) -> "list[Given]":
        """So many of a sequence, for an `__in`; not to be asked with more or fewer."""
        return [cls(name, output_field, place) for place in range(count)]

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """A place for the value; the parameter stands for it until then."""
        return "%s", (self,)

    def value(self, given: Mapping[str, Any], connection: Any) -> Any:
        """The value as the database takes it."""
        value = given[self.name] if self.place is None else given[self.name][self.place]
        return self.output_field.get_db_prep_value(value, connection)


class Kept(Generic[Row]):
    """The rows of a query set, asked for again and again.

    `build` makes it, on the first use, with a `Given` for each value that changes. It has to be
    one whose SQL is the same for all of them; None is no value, because `= NULL` finds nothing.
    """

    def __init__(self, build: Callable[[], "QuerySet[Any, Row]"]) -> None:
        self._build = build

    def all(self, **given: Any) -> list[Row]:
        """The rows for these values. Raises KeyError for one that is missing."""
        kept = self._kept
        # The connection itself: the proxy of all threads' would be asked for each column.
        mine = connections[DEFAULT_DB_ALIAS]
        values = tuple(
            place.value(given, mine) if isinstance(place, Given) else place for place in kept.places
        )
        # Its own for each question: threads share what is kept, and have connections of their own.
        asked = copy(kept.compiler)
        asked.connection = mine
        asked.as_sql = lambda *_, **__: (kept.statement, values)  # type: ignore[method-assign]
        asked.get_converters = lambda expressions: kept.converters  # type: ignore[method-assign]
        found = kept.rows.all()
        found.query.get_compiler = lambda *_, **__: asked  # type: ignore[method-assign]
        # As a list: a filter upon it would change nothing.
        return list(found)

    def first(self, **given: Any) -> Row | None:
        """The first of them; None without any."""
        return next(iter(self.all(**given)), None)

    @cached_property
    def _kept(self) -> "_Ready[Row]":
        rows = self._build()
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        statement, places = compiler.as_sql()
        selected = [one[0] for one in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(selected)
        return _Ready(rows, compiler, statement, tuple(places), converters)


@dataclass(frozen=True, slots=True)
class _Ready(Generic[Row]):
    """What a question is once it is put together; `converters` make values of its columns."""

    rows: "QuerySet[Any, Row]"
    compiler: SQLCompiler
    statement: str
    places: tuple[Any, ...]
    converters: Any
