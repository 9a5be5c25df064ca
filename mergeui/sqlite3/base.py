"""Waiting for the one writer that SQLite allows, so that nobody waits long.

SQLite waits inside a statement, and that goes wrong in two ways where several write at once:

- Each asks again after pauses that grow to 100 ms. Whoever writes one short transaction after the
  other, as a sync does, is nearly always back before somebody asks, who then waits for seconds.
- While it waits, the connection is held, and whatever thread asks something else of it waits too.

So SQLite never waits here: a statement that finds the database locked has done nothing, and is
tried again after some milliseconds, until the time-out that was set.

Nor does another thread ever reset a cursor. Python's garbage collector would: it throws away what
nobody needs any more in whatever thread it happens to run. A reset between the moment in which
SQLite finds the database locked and that in which Python asks it why takes the error away, and
BEGIN returns as if there were a transaction: what comes next would be kept without its end.
"""

import random
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base

# At random, or two who wait would meet again and again. The worker and a sync, whose answers nobody
# waits for, ask so seldom that a person who waits as well comes first.
PAUSE_SECONDS = (0.001, 0.004)
LONG_PAUSE_SECONDS = (0.010, 0.030)

# Statements are kept up to this length: those with hundreds of rows are all different.
KEPT_CHARACTERS = 5_000

_pause = PAUSE_SECONDS


def give_way() -> None:
    """Lets whoever else waits for the lock have it first, from now on in this process."""
    global _pause
    _pause = LONG_PAUSE_SECONDS


class Cursor(base.SQLiteCursorWrapper):
    """Django's own, that asks again while the database is locked, for `patience` seconds."""

    patience = 0.0
    thread = 0
    left: "deque[Cursor]"

    def __del__(self) -> None:
        """Back to who made it, if another thread throws it away."""
        if self.thread != threading.get_ident():
            self.left.append(self)

    def execute(self, query: str, params: Any = None) -> Any:
        """Raises sqlite3.OperationalError ("database is locked") when the patience is over."""
        return self._patiently(super().execute, query, params)

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        """Django's own, which looks through every statement for the places of its values."""
        if param_names is None and len(query) <= KEPT_CHARACTERS:
            return _converted(query)
        return super().convert_query(query, param_names=param_names)

    def _patiently(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        end = time.monotonic() + self.patience
        while True:
            try:
                return execute(*arguments)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
            time.sleep(random.uniform(*_pause))  # noqa: S311  # nosec - no secret


@lru_cache(maxsize=500)
def _converted(query: str) -> str:
    nobody: Any = None
    return base.SQLiteCursorWrapper.convert_query(nobody, query)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own connection, with cursors that wait in Python and go where they came from."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left: deque[Cursor] = deque()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Opens the file; only that may wait inside SQLite."""
        opened = super().get_new_connection(conn_params)
        opened.execute("PRAGMA busy_timeout = 0")
        return opened

    def create_cursor(self, name: str | None = None) -> Cursor:
        """A cursor with the patience of the time-out in the settings."""
        self._left.clear()
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        cursor.thread, cursor.left = threading.get_ident(), self._left
        cursor.patience = float(self.settings_dict["OPTIONS"].get("timeout", 5.0))
        return cursor
