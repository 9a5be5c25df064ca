"""A desk made by the squashed migrations is the desk that was made by all of them, one by one."""

import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.test import RequestFactory

from mergeui.audit import triggers
from mergeui.merging.backup import back_up, put_back
from mergeui.web.views.health import ready
from tests import postgres

APPS = ("accounts", "audit", "review", "merging")
Key = tuple[str, str]


class OneByOne(MigrationLoader):
    """Django's loader, for which there are no squashed migrations of ours."""

    def build_graph(self) -> None:
        self.replace_migrations = False
        super().build_graph()
        for key, migration in self.replacements.items():
            self.graph.remove_replacement_node(key, migration.replaces)
        self.replacements = {}  # nor does it note that they are applied


class Databases:
    """Databases of a test's own, on its engine; Django uses one of them at a time."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.made: list[str] = []

    def new(self, name: str, like: str = "") -> None:
        """Makes one, empty or a copy of another, and uses it."""
        self.use(None)
        if connection.vendor == "sqlite":
            if like:
                shutil.copyfile(self._called(like), self._called(name))
        else:
            template = f' TEMPLATE "{self._called(like)}"' if like else ""
            self._ask(f'CREATE DATABASE "{self._called(name)}"{template}')
        self.made.append(name)
        self.use(name)

    def use(self, name: str | None) -> None:
        """Lets Django use this one from now on, or whatever it used before; closes the last."""
        connections.close_all()
        settings: dict[str, Any] = connections.settings["default"]
        settings["NAME"] = self._called(name) if name else self.before

    def __enter__(self) -> "Databases":
        self.before = connections.settings["default"]["NAME"]
        return self

    def __exit__(self, *_: object) -> None:
        self.use(None)
        if connection.vendor == "postgresql":
            for name in self.made:
                self._ask(f'DROP DATABASE "{self._called(name)}"')

    def _called(self, name: str) -> str:
        if connection.vendor == "sqlite":
            return str(self.directory / f"{name}.sqlite3")
        return f"squashed_{os.getpid()}_{name}"

    def _ask(self, statement: str) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(statement)


@contextmanager
def one_by_one() -> Iterator[None]:
    """Migrates as before there were squashed migrations."""
    with mock.patch("django.db.migrations.executor.MigrationLoader", OneByOne):
        yield


def migrate(*target: str) -> None:
    call_command("migrate", *target, verbosity=0, interactive=False)


def said_by(*command: str) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def marks(migrations: str) -> set[str]:
    """What showmigrations puts in front of each."""
    return set(re.findall(r"^ (\[.\])", migrations, flags=re.MULTILINE))


def readiness() -> str:
    """What probes are told of the database."""
    return str(json.loads(ready(RequestFactory().get("/")).content)["database"])


def schema() -> list[str]:
    """All that the database was told to have, in its own words, and what Django notes of it."""
    words = _of_sqlite() if connection.vendor == "sqlite" else _of_postgresql()
    kinds = ContentType.objects.values_list("app_label", "model")
    allowed = Permission.objects.values_list("content_type__model", "codename", "name")
    return sorted([*words, *map(str, kinds), *map(str, allowed)])


def _of_sqlite() -> list[str]:
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as file:
        told = file.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    return [
        f"{name}: {_in_any_order(sql) if kind == 'table' else sql}"
        for kind, name, sql in told
        if sql
    ]


def _in_any_order(table: str) -> list[str]:
    """The columns and constraints of a CREATE TABLE: SQLite appends some columns, others not."""
    parts, depth = [""], 0
    for sign in table.partition("(")[2].rpartition(")")[0]:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return sorted(part.strip() for part in parts)


def _of_postgresql() -> list[str]:
    """What pg_dump would make it of: one text for each thing."""
    settings = connection.settings_dict
    dump = subprocess.run(
        ["pg_dump", "--schema-only", "--no-owner", settings["NAME"]],
        env=os.environ | {"PGHOST": settings["HOST"], "PGUSER": settings["USER"]},
        capture_output=True,
        text=True,
        check=True,
    )
    things = re.split(r"^--\n-- (?=Name: )", dump.stdout, flags=re.MULTILINE)[1:]
    return [re.sub(r"^(--|\\.*)$", "", text, flags=re.MULTILINE).strip() for text in things]


def reworded(schema: list[str]) -> list[str]:
    """Without casts: PostgreSQL says them otherwise once it has read its own words again."""
    return [re.sub(r"::(character varying|text)(\[\])?|[()]", "", text) for text in schema]


@pytest.mark.every_database
def test_the_same_desk_comes_of_them(
    tmp_path: Path, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new one, one that went all the way, one that stopped on it, and a backup put back."""
    if connection.vendor == "postgresql":
        programs = postgres.candidates()[0]
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    with django_db_blocker.unblock(), Databases(tmp_path) as databases:
        databases.new("middle")
        with one_by_one():
            migrate("review", "0007")
            migrate("merging", "0009")
            databases.new("old", like="middle")
            migrate()
        wanted = schema()
        backup = back_up(tmp_path / "backups")

        assert readiness() == "ok"
        migrate("--check")
        assert "[ ]" not in said_by("showmigrations")
        migrate()
        assert marks(said_by("showmigrations")) == {"[X]"}

        databases.use("middle")
        assert "migrations are missing" in readiness()
        with pytest.raises(SystemExit):
            migrate("--check")
        migrate()
        assert schema() == wanted
        assert marks(said_by("showmigrations")) == {"[X]"}

        databases.new("fresh")
        migrate()
        assert schema() == wanted
        assert triggers.missing(connection) == []
        assert readiness() == "ok"
        put_back(backup)
        assert reworded(schema()) == reworded(wanted)
        assert marks(said_by("showmigrations")) == {"[X]"}


def states() -> list[set[Key]]:
    """What a desk may have applied: one migration with all that it needs, or the first so many.

    The former are of desks whose owner migrated an app by itself.
    """
    graph = OneByOne(None).graph
    alone = [graph.forwards_plan(key) for key in sorted(graph.nodes)]
    in_a_row = list(dict.fromkeys(chain(*map(graph.forwards_plan, graph.leaf_nodes()))))
    return [*map(set, alone), *(set(in_a_row[:count]) for count in range(len(in_a_row) + 1))]


def test_a_desk_in_any_state_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app of which some are applied goes on with the others, whatever the other apps do.

    What the models are then, of that Django has no changes to make.
    """
    squashed = MigrationLoader(None).replacements
    assert {app for app, _ in squashed} == set(APPS)
    models = ProjectState.from_apps(apps)
    ways = set()
    for state in states():
        # Django notes a squashed one too, once it finds all of its own applied.
        noted = [key for key, of in squashed.items() if state.issuperset(of.replaces)]
        now = dict.fromkeys([*state, *noted])
        monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _, now=now: dict(now))
        executor = MigrationExecutor(connection)
        graph = executor.loader.graph
        executor.loader.check_consistent_history(connection)
        plan = {(of.app_label, of.name) for of, _ in executor.migration_plan(graph.leaf_nodes())}
        for key, migration in squashed.items():
            every = set(migration.replaces)
            left = every - state
            assert plan & {key, *every} == ({key} if left == every else left), state

        way = frozenset(squashed.keys() & graph.nodes)
        if way not in ways:
            made = executor.loader.project_state()
            assert not MigrationAutodetector(made, models).changes(graph)
        ways.add(way)
    assert len(ways) > 4
