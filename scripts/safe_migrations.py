"""Migrations that would break the version that is still running, or keep people waiting.

A new version is put in place by `migrate` first and a restart after (docs/admin.md), so for a
while the old code works with the new tables. `python -m scripts.safe_migrations` names every
operation that the old code can't live with, or that locks a table for long on PostgreSQL. One that
is right all the same says why, in its Migration: `safe_because = "…"`.
"""

import os
from collections.abc import Iterator
from typing import Any

import django
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
)

OWN = "mergeui."
# The first release: no version ran before these.
SHIPPED = {"accounts": 7, "audit": 4, "merging": 9, "review": 9}
GONE = "the old code still reads or writes it: stop using it in one version, remove it in the next"


def trouble(operation: Any, made: set[str]) -> str:
    """What is wrong with an operation for the code before it; empty for nothing.

    `made` are the models that the same migration creates: nobody uses these yet.
    """
    model = str(getattr(operation, "model_name", "")).lower()
    if model in made:
        return ""
    match operation:
        case RemoveField() | DeleteModel() | RenameField() | RenameModel():
            return GONE
        case AddField(field=field) if not field.null and not field.has_db_default():
            if not field.many_to_many:
                return "the old code writes rows without it: give it a db_default, or allow null"
        case AlterField():
            return "it may write the whole table anew, or refuse what the old code writes"
        case AddIndex():
            return "it locks the table while it is made: use AddIndexConcurrently"
        case AddConstraint():
            return "it reads the whole table under a lock, and may refuse what the old code writes"
        case RunSQL() | RunPython():
            return "nobody can tell from outside what it does"
    return ""


def troubles(migration: Migration) -> Iterator[str]:
    """A line for each operation that is not safe.

    None of a squashed migration: it meets an empty database only, which no version works with yet.
    """
    because = getattr(migration, "safe_because", "")
    if because or migration.replaces:
        return
    made = {one.name.lower() for one in migration.operations if isinstance(one, CreateModel)}
    for operation in migration.operations:
        if wrong := trouble(operation, made):
            yield f"{migration}: {operation.describe()}: {wrong}."


def shipped(app: str, name: str) -> bool:
    """Whether a migration belongs to the first release."""
    number = name.partition("_")[0]
    return number.isdigit() and int(number) <= SHIPPED.get(app, 0)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mergeui.settings")
    django.setup()
    loader = MigrationLoader(None)
    own = [
        migration
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if type(migration).__module__.startswith(OWN) and not shipped(app, name)
    ]
    found = [line for migration in own for line in troubles(migration)]
    print("\n".join(found))
    if found:
        raise SystemExit("Say `safe_because` in the migration, or make it safe.")


if __name__ == "__main__":
    main()
