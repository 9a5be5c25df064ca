"""The request budget: Invent allows 500 requests a minute per IP (invent-api.md, Conventions).

The web processes and the worker of one host have one IP, so they share one budget through a
small SQLite file. No window of 60 s ever has more requests than the budget; a burst is fine.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pyrate_limiter import Duration, Rate, RateItem, SQLiteBucket, SQLiteQueries

from mergeui.invent.errors import OverBudget
from mergeui.said import Said

TABLE = "requests"

USED_UP = Said("The budget of requests to Invent is used up; try again later.")
UNUSABLE = Said("The file of the request budget can't be used ({error}). It may be deleted: {path}")


class Shares:
    """Several budgets that a request has to fit into: its own share first, then that of all."""

    def __init__(self, *budgets: Budget) -> None:
        self._budgets = budgets

    def acquire(self, *, urgent: bool = False) -> None:
        """Wait until one more request is in each, and count it. Raises OverBudget."""
        for budget in self._budgets:
            budget.acquire(urgent=urgent)


class Budget:
    """At most `per_minute` requests in any 60 s, over all processes that use the file `path`.

    Without `path` the budget is this object's alone. A few are kept free for urgent requests, so
    that a merge does not queue behind a sync. Waiting gives up after `patience` seconds. `sleep`
    (seconds) and `clock` (milliseconds since the epoch) are for tests.
    """

    def __init__(
        self,
        per_minute: int,
        path: Path | str | None = None,
        *,
        patience: float = 600.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        if per_minute < 1:
            raise ValueError("the budget must be at least 1 request a minute")
        self.per_minute = per_minute
        self.for_reads = per_minute - min(10, per_minute // 10)
        self._path = str(path) if path else ":memory:"
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._opened_by = 0
        self._reads: SQLiteBucket
        self._urgent: SQLiteBucket

    def acquire(self, *, urgent: bool = False) -> None:
        """Wait until one more request is in the budget, and count it.

        Raises OverBudget when that takes longer than the patience, or the file can't be used.
        """
        waited = 0.0
        while wait := self._try(urgent):
            if waited + wait > self._patience:
                raise OverBudget(USED_UP())
            self._sleep(wait)
            waited += wait

    def close(self) -> None:
        """Close the file; the next request opens it again."""
        with self._lock:
            if self._opened_by == os.getpid():
                self._urgent.conn.close()
            self._opened_by = 0

    def _try(self, urgent: bool) -> float:
        """Count one request and return 0, or return the seconds to wait before asking again."""
        with self._lock:
            try:
                if self._opened_by != os.getpid():
                    self._open()
                return self._put(self._urgent if urgent else self._reads)
            except sqlite3.Error as error:
                raise OverBudget(UNUSABLE(error=error, path=self._path)) from error

    def _open(self) -> None:
        # In the process that uses it: SQLite's connections must not be carried through a fork.
        connection = sqlite3.connect(self._path, timeout=20, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(SQLiteQueries.CREATE_BUCKET_TABLE.format(table=TABLE))
            connection.commit()
        except sqlite3.Error:
            connection.close()
            raise
        self._urgent = SQLiteBucket([Rate(self.per_minute, Duration.MINUTE)], connection, TABLE)
        self._reads = SQLiteBucket([Rate(self.for_reads, Duration.MINUTE)], connection, TABLE)
        self._opened_by = os.getpid()

    def _put(self, bucket: SQLiteBucket) -> float:
        connection = bucket.conn
        # The bucket counts, then inserts; taking SQLite's write lock first makes that one step
        # for all processes.
        connection.execute("BEGIN IMMEDIATE")
        now = self._clock()
        try:
            # A clock that was set back must not make everyone wait for the old time to come.
            connection.execute(f"DELETE FROM {TABLE} WHERE item_timestamp > ?", [now + 1000])  # noqa: S608
            item = RateItem("request", now)
            if bucket.put(item):
                return 0.0
            wait = bucket.waiting(item)
            assert isinstance(wait, int)  # noqa: S101 - only the library's async buckets give others
            return max(1, wait) / 1000
        finally:
            connection.commit()
            bucket.leak(now)
