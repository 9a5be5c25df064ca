"""A fresh database for each run, copied from one that was migrated and filled once."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.management import call_command
from django.db import connection, connections


class Databases:
    """The databases of one process; `fill` makes the content of the template."""

    def __init__(self, directory: Path, fill: Callable[[], None]) -> None:
        self.directory = directory
        self.use(self._new(f"template_{os.getpid()}"))
        call_command("migrate", verbosity=0)
        fill()
        # Closing the last connection brings SQLite's log into its file, and PostgreSQL copies only
        # what nobody is connected to.
        self.template = self.use(None)

    def fresh(self, name: str) -> str:
        """A copy of the template under a name of this process; gives what settings call NAME."""
        name = f"{name}_{os.getpid()}"
        if connection.vendor == "sqlite":
            path = str(self.directory / f"{name}.sqlite3")
            shutil.copyfile(self.template, path)
        else:
            path = name
            self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        self.use(path)
        return path

    def drop(self, database: str) -> None:
        """Removes it, whoever is still connected."""
        self.use(None)
        if connection.vendor == "sqlite":
            for ending in ("", "-wal", "-shm"):
                Path(database + ending).unlink(missing_ok=True)
        else:
            self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def use(self, database: str | None) -> str:
        """Lets Django use this one from now on, in every thread; gives the one before."""
        connections.close_all()
        settings: dict[str, Any] = connections.settings["default"]
        before: str = settings["NAME"]
        settings["NAME"] = database or before
        return before

    def _new(self, name: str) -> str:
        if connection.vendor == "sqlite":
            return str(self.directory / f"{name}.sqlite3")
        self._execute(f'CREATE DATABASE "{name}"')
        return name

    def _execute(self, statement: str) -> None:
        cluster = urlsplit(os.environ["MERGEUI_TEST_POSTGRES"])
        host = unquote(cluster.netloc.rpartition("@")[2])
        with psycopg.connect(
            host=host, user=cluster.username, dbname="postgres", autocommit=True
        ) as maintenance:
            maintenance.execute(statement.encode())
