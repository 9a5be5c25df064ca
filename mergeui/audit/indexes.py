"""Indexes that are made while others write, of one table or of a history in a table a month."""

import re
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex
from django.db.migrations.state import ProjectState
from django.db.models import Model

from mergeui.audit.partitions import parted


class AddIndexMeanwhile(AddIndex):
    """Adds an index of one table while others write it, for a migration with `atomic = False`.

    SQLite writes nothing else for as long. What a run that was broken off has left is made anew by
    the next.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            self.make(schema_editor, to_state.apps.get_model(app_label, self.model_name))
        else:
            name = schema_editor.quote_name(self.index.name)
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}", None)
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def make(self, editor: BaseDatabaseSchemaEditor, model: type[Model]) -> None:
        """Makes it on PostgreSQL."""
        make_index(editor, str(self.index.create_sql(model, editor)))


class AddEntryIndex(AddIndexMeanwhile):
    """The same of entries, whose table may be parted (partitions.py).

    PostgreSQL makes no such index of a parted table, but of each part: the index of the whole
    begins with none, which those that are made from then on have by themselves, and counts once
    that of each part belongs to it.
    """

    def make(self, editor: BaseDatabaseSchemaEditor, model: type[Model]) -> None:
        """Makes it on PostgreSQL, part by part."""
        if not parted():
            super().make(editor, model)
            return
        name = editor.quote_name(self.index.name)
        whole = str(self.index.create_sql(model, editor)).replace(" ON ", " ON ONLY ", 1)
        editor.execute(whole.replace("INDEX", "INDEX IF NOT EXISTS", 1), None)
        for part in _without(editor, model._meta.db_table, self.index.name):
            own = editor.quote_name(f"{part}_{self.index.name}")
            make_index(editor, re.sub(r"INDEX .*? ON ONLY \S+", f"INDEX {own} ON {part}", whole))
            editor.execute(f"ALTER INDEX {name} ATTACH PARTITION {own}", None)


def make_index(editor: BaseDatabaseSchemaEditor, statement: str) -> None:
    """PostgreSQL: makes an index of one table by its CREATE INDEX, while others go on writing where
    no transaction is open, and anew if one of this name is there.
    """
    how = "INDEX" if editor.connection.in_atomic_block else "INDEX CONCURRENTLY"
    name = statement.split()[2]
    editor.execute(f"DROP {how} IF EXISTS {name}", None)
    editor.execute(statement.replace("INDEX", how, 1), None)


def _without(editor: BaseDatabaseSchemaEditor, table: str, name: str) -> list[Any]:
    """The parts of a table that have no index in that of the whole."""
    with editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(c.relname) FROM pg_inherits p JOIN pg_class c ON c.oid = p.inhrelid"
            " WHERE p.inhparent = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_inherits i"
            " JOIN pg_index x ON x.indexrelid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass AND x.indrelid = c.oid) ORDER BY p.inhrelid",
            [table, name],
        )
        return [part for (part,) in cursor.fetchall()]
