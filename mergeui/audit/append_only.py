"""Models that only take new rows: the code's half of rule 9; triggers.py is the database's."""

from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

_M = TypeVar("_M", bound=models.Model)


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete history: a mistake in the program, never in the input."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The history is append-only: {what} is refused.")


class AppendOnlyQuerySet(models.QuerySet[_M]):
    """Reads and inserts; everything else raises AppendOnlyError."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("update()")

    def delete(self) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("delete()")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("bulk_update()")

    def update_or_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("update_or_create()")

    def bulk_create(
        self,
        objs: Iterable[_M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Any = None,
        unique_fields: Any = None,
    ) -> list[_M]:
        """Inserts; refused when it should pass over or overwrite rows that are there."""
        if ignore_conflicts or update_conflicts:
            raise AppendOnlyError("bulk_create() over existing rows")
        return super().bulk_create(objs, batch_size=batch_size)


class AppendOnly(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Inserts; AppendOnlyError for a row that exists.

        `force_insert`, because Django tries an UPDATE first when the primary key is given.
        """
        if not self._state.adding or kwargs.get("force_update") or kwargs.get("update_fields"):
            raise AppendOnlyError("save() on an existing row")
        super().save(force_insert=True, using=kwargs.get("using"))

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("delete()")


class Number(models.BigIntegerField):  # type: ignore[type-arg]  # no subscript at run time
    """The number of an entry: 64 bits, and on SQLite the row's own key, which only an "integer" is.

    As a "bigint" it would be a second index, and every join a second search.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """What the column is declared as."""
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)
