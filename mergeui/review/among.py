"""`column__among=values`: as `__in`, with all values in one parameter, so that thousands may be.

Django writes a placeholder for each, which takes longer than the look-up itself, and no database
takes any number of them.
"""

from typing import Any

import msgspec
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigAutoField, CharField, Lookup
from django.db.models.sql.compiler import SQLCompiler

_APART = "\x1f"


@CharField.register_lookup
@BigAutoField.register_lookup
class Among(Lookup):
    """An array for PostgreSQL, a JSON list for SQLite. The values are texts or numbers."""

    lookup_name = "among"
    prepare_rhs = False

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[Any]]:
        """`column = ANY(array)`."""
        column, parameters = self.process_lhs(compiler, connection)
        # As one text where that can be: the driver looks for what to quote in each of a list.
        together = _APART.join(map(str, self.rhs))
        if together and together.count(_APART) == len(self.rhs) - 1:
            array = f"string_to_array(%s, '{_APART}')"
            if isinstance(self.lhs.output_field, BigAutoField):
                array += "::bigint[]"
            return f"{column} = ANY({array})", [*parameters, together]
        return f"{column} = ANY(%s)", [*parameters, list(self.rhs)]

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[Any]]:
        """`column IN (the list's values)`."""
        column, parameters = self.process_lhs(compiler, connection)
        values = msgspec.json.encode(list(self.rhs)).decode()
        return f"{column} IN (SELECT value FROM json_each(%s))", [*parameters, values]  # noqa: S608
