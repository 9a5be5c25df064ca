"""Paging by key: a page is a short range of an index, wherever in the list it lies.

design.md, rule 12. A cursor says where the page before or after it ends ("next:17:1754…"), so a row
that comes or goes on another page moves nothing on this one. Rows with the same value are told
apart by their primary key.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from mergeui.web.when import number

M = TypeVar("M", bound=models.Model)

SIZE = 50
LAST = "last"
BACKWARDS = "prev:"  # begins the cursor of a page before another one
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Order:
    """A column that is never null, and its direction; the primary key breaks ties."""

    column: str
    descending: bool = False

    def by(self, *, backwards: bool = False) -> list[str]:
        """What `order_by` takes."""
        sign = "-" if self.descending != backwards else ""
        columns = [self.column] if self.column == "pk" else [self.column, "pk"]
        return [sign + column for column in columns]

    def beyond(self, value: Any, pk: int, *, backwards: bool) -> Q:
        """The rows after (or, backwards, before) the row with this value and key.

        In the shape that both databases answer from an index on (column, primary key).
        """
        than = "lt" if self.descending != backwards else "gt"
        if self.column == "pk":
            return Q(**{f"pk__{than}": pk})
        return Q(**{f"{self.column}__{than}e": value}) & (
            Q(**{f"{self.column}__{than}": value}) | Q(**{f"pk__{than}": pk})
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """The rows of a page and the cursors of its neighbours, None where there is none.

    `spoiled`: the cursor could not be read, and this is the first page.
    """

    rows: list[M]
    first: str | None = None
    previous: str | None = None
    next: str | None = None
    last: str | None = None
    spoiled: bool = field(default=False)

    @property
    def alone(self) -> bool:
        """Whether everything is on this page."""
        return self.previous is None and self.next is None


@dataclass(frozen=True, slots=True)
class _Cursor:
    backwards: bool
    pk: int
    value: Any


def paginate(queryset: QuerySet[M], *, order: Order, cursor: str, size: int = SIZE) -> Page[M]:
    """The page of `queryset` that `cursor` points at; the first one without a cursor."""
    if cursor == LAST:
        rows = _some(queryset, order, size, backwards=True)
        return _page(rows, order, size, backwards=True, more=False)
    try:
        place = _read(queryset.model, order, cursor) if cursor else None
    except (ValueError, ValidationError):
        rows = _some(queryset, order, size)
        return _page(rows, order, size, backwards=False, more=False, spoiled=True)
    if place is None:
        return _page(_some(queryset, order, size), order, size, backwards=False, more=False)
    beyond = queryset.filter(order.beyond(place.value, place.pk, backwards=place.backwards))
    rows = _some(beyond, order, size, backwards=place.backwards)
    return _page(rows, order, size, backwards=place.backwards, more=True)


def _some(queryset: QuerySet[M], order: Order, size: int, *, backwards: bool = False) -> list[M]:
    return list(queryset.order_by(*order.by(backwards=backwards))[: size + 1])


def _page(
    rows: list[M],
    order: Order,
    size: int,
    *,
    backwards: bool,
    more: bool,
    spoiled: bool = False,
) -> Page[M]:
    """`rows` were read in the direction of travel, one more than shown; `more` lies behind us."""
    ahead = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    before, after = (ahead, more) if backwards else (more, ahead)
    if not rows:
        return Page(rows, first="" if more else None, spoiled=spoiled)
    return Page(
        rows,
        first="" if before else None,
        previous=_write("prev", order, rows[0]) if before else None,
        next=_write("next", order, rows[-1]) if after else None,
        last=LAST if after else None,
        spoiled=spoiled,
    )


def _write(direction: str, order: Order, row: models.Model) -> str:
    if order.column == "pk":
        return f"{direction}:{row.pk}:"
    value = getattr(row, order.column)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"{direction}:{row.pk}:{text}"


def _read(model: type[models.Model], order: Order, cursor: str) -> _Cursor:
    direction, pk, text = cursor.split(":", 2)
    if direction not in {"next", "prev"} or not (pk.isascii() and pk.isdigit()):
        raise ValueError
    if len(pk) > _LONGEST_NUMBER or "\0" in text:
        raise ValueError
    column: Any = None if order.column == "pk" else model._meta.get_field(order.column)
    value = column.to_python(text) if column else None
    if isinstance(value, datetime) and timezone.is_naive(value):
        raise ValueError
    if isinstance(value, int) and len(text) > _LONGEST_NUMBER:
        raise ValueError
    return _Cursor(direction == "prev", int(pk), value)


def bounded_count(queryset: QuerySet[M], *, most: int = 10_000) -> str:
    """How many rows there are, in words for a list: exact up to `most`, "10,000+" beyond."""
    count = queryset.order_by()[: most + 1].count()
    return f"{number(most)}+" if count > most else number(count)
