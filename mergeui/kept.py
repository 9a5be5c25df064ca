"""Statements to the database that are put together once in a process, and sent with other values.

For the few that every page or every decision needs: the ORM takes ten times as long to put such a
statement together as the database to carry it out. Whatever depends on who asks is a `Given`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.models import BigIntegerField, Expression, Field, Model, Q, QuerySet, Value
from django.db.models.sql import UpdateQuery
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


class Literal(Value):
    """A word of the program, letters alone, that stands in the query itself.

    SQLite takes an index of some rows only when the condition stands in the query word for word.
    """

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[()]]:
        """Itself, in quotes."""
        return f"'{self.value}'", ()


class Kept(Generic[Row]):
    """The rows of a query set, or its `values_list`, asked for again and again.

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
        with mine.cursor() as cursor:
            cursor.execute(kept.statement, values)
            found: Iterable[Any] = cursor.fetchall()
        if kept.converters:
            found = _converted(found, kept.converters, mine)
        answer: Any = _Answer(kept.compiler, found)
        # As a list: a filter upon it would change nothing.
        return list(kept.rows._iterable_class(answer))  # type: ignore[call-overload, no-any-return]

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


def _converted(
    rows: Iterable[tuple[Any, ...]], converters: Mapping[int, Any], mine: Any
) -> Iterator[list[Any]]:
    """What the compiler's own `apply_converters` makes of them, for this thread's connection."""
    places = list(converters.items())
    for row in map(list, rows):
        for place, (convert, expression) in places:
            for one in convert:
                row[place] = one(row[place], expression, mine)
        yield row


class _Answer:
    """What the database answered, in the place of the query set, its query and its compiler, which
    the ORM would make anew each time before it turns rows into objects.
    """

    db = DEFAULT_DB_ALIAS
    _known_related_objects: ClassVar[dict[Any, Any]] = {}

    def __init__(self, compiler: SQLCompiler, rows: Iterable[Any]) -> None:
        self.query = self
        self.rows = rows
        self.select = compiler.select
        self.klass_info = compiler.klass_info
        self.annotation_col_map = compiler.annotation_col_map

    def get_compiler(self, *_: Any, **__: Any) -> "_Answer":
        return self

    def execute_sql(self, *_: Any, **__: Any) -> None:
        pass

    def results_iter(self, *_: Any, **__: Any) -> Iterator[Any]:
        return iter(self.rows)


class _Shape(NamedTuple):
    """A condition without its values: each child is another one, or a lookup and what is fixed."""

    connector: str
    negated: bool
    children: tuple[Any, ...]


def updating(model: type[Model], only_if: Q, changes: Mapping[str, Any]) -> Callable[[], int]:
    """`model.objects.filter(only_if).update(**changes)`, ready to be sent: for before the lock.

    Calling what it gives sends it, and says how many rows it changed. The statement is kept for all
    conditions that differ in values alone. They are about columns of the model itself, and what a
    column is among is a tuple, which is a part of the statement; changes are no expressions.
    """
    given: list[Any] = []
    shape = _without_values(only_if, given)
    statement, places = _update(model, tuple(changes), shape)
    mine = connections[DEFAULT_DB_ALIAS]
    values = [
        _field(model, name).get_db_prep_save(_value_of(value), mine)
        for name, value in changes.items()
    ]
    values += [
        one.value({"given": given}, mine) if isinstance(one, Given) else one
        for one in places[len(values) :]
    ]

    def update() -> int:
        with transaction.mark_for_rollback_on_error(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return int(cursor.rowcount)

    return update


def _without_values(condition: Q, given: list[Any]) -> _Shape:
    """What is the same for all conditions that differ in values alone; those go to `given`."""
    children: list[Any] = []
    for child in condition.children:
        if isinstance(child, Q):
            children.append(_without_values(child, given))
            continue
        path, value = cast(tuple[str, Any], child)
        if value is None or isinstance(value, bool | tuple):
            children.append((path, value))
        else:
            children.append((path, Given))
            given.append(_value_of(value))
    return _Shape(condition.connector, condition.negated, tuple(children))


def _value_of(value: Any) -> Any:
    """Of a row of another table its key, of a value itself."""
    return value.pk if isinstance(value, Model) else value


@cache
def _update(
    model: type[Model], names: tuple[str, ...], shape: _Shape
) -> tuple[str, tuple[Any, ...]]:
    """A statement and what goes into it: the values of `names`, then those of the condition."""
    condition = _with_places(model, shape, [])
    query: Any = model._default_manager.filter(condition).query.chain(UpdateQuery)
    query.add_update_values({name: Given(name, _field(model, name)) for name in names})
    statement, places = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    return statement, tuple(places)


def _with_places(model: type[Model], shape: _Shape, places: list[Given]) -> Q:
    """The condition of a shape, with a place for each value that is left out of it."""
    condition = Q(_connector=shape.connector, _negated=shape.negated)
    for child in shape.children:
        if isinstance(child, _Shape):
            condition.children.append(_with_places(model, child, places))
            continue
        path, value = child
        if value is Given:
            field = _field(model, path.partition("__")[0])
            value = Given("given", getattr(field, "target_field", field), len(places))
            places.append(value)
        condition.children.append((path, value))
    return condition


@cache
def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(found, Field), name  # noqa: S101 - a mistake in the program
    return found
