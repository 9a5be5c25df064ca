"""The request budget: Invent allows 500 requests a minute per IP (invent-api.md, Conventions).

The web processes and the worker of one host have one IP, so they share one budget through a
small SQLite file. No window of 60 s ever has more requests than the budget; a burst is fine. When
Invent asks one of them to wait (429), it has asked all: nobody sends anything until that is over.
"""

from __future__ import annotations

import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyrate_limiter import Duration, Rate, RateItem, SQLiteBucket, SQLiteQueries

from mergeui.invent.errors import OverBudget
from mergeui.said import Said

Sleep = Callable[[float], None]  # seconds

TABLE = "requests"
LONGEST_PAUSE = 120.0  # in seconds, whatever Invent says

USED_UP = Said("The budget of requests to Invent is used up; try again later.")
PAUSED = Said(
    "Invent has asked the desk to wait; it may ask again in {count} second.",
    "Invent has asked the desk to wait; it may ask again in {count} seconds.",
)
UNUSABLE = Said("The file of the request budget can't be used ({error}). It may be deleted: {path}")


class Shares:
    """Several budgets that a request has to fit into: its own share first, then that of all."""

    def __init__(self, *budgets: Budget) -> None:
        self._budgets = budgets

    def acquire(self, *, urgent: bool = False, sleep: Sleep | None = None) -> None:
        """Wait until one more request is in each, and count it. Raises OverBudget."""
        for budget in self._budgets:
            budget.acquire(urgent=urgent, sleep=sleep)

    def pause(self, seconds: float) -> None:
        """Let nobody of this host send anything for so long: what Invent limits is the host."""
        self._budgets[-1].pause(seconds)

    def paused(self) -> float:
        """How many seconds of such a pause are left."""
        return self._budgets[-1].paused()


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
        sleep: Sleep = time.sleep,
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

    def acquire(self, *, urgent: bool = False, sleep: Sleep | None = None) -> None:
        """Wait until one more request is in the budget, and count it.

        `sleep` waits in place of the budget's own, for whoever may have to stop meanwhile. Raises
        OverBudget when that takes longer than the patience, or the file can't be used.
        """
        waited = 0.0
        while wait := self._try(urgent):
            if waited + wait > self._patience:
                left = math.ceil(self.paused())
                raise OverBudget(PAUSED(count=left) if left else USED_UP())
            (sleep or self._sleep)(wait)
            waited += wait

    def pause(self, seconds: float) -> None:
        """Let nobody who uses the file send anything for so long, two minutes at most.

        A shorter pause does not end a longer one. Raises OverBudget when the file can't be used.
        """
        until = self._clock() + round(min(seconds, LONGEST_PAUSE) * 1000)
        with self._opened() as connection, connection:
            connection.execute("DELETE FROM pauses WHERE until <= ?", [self._clock()])
            connection.execute("INSERT INTO pauses VALUES (?)", [until])

    def paused(self) -> float:
        """How many seconds of a pause are left. Raises OverBudget when the file can't be used."""
        with self._opened() as connection:
            return _paused(connection, self._clock())

    def close(self) -> None:
        """Close the file; the next request opens it again."""
        with self._lock:
            if self._opened_by == os.getpid():
                self._urgent.conn.close()
            self._opened_by = 0

    def _try(self, urgent: bool) -> float:
        """Count one request and return 0, or return the seconds to wait before asking again."""
        with self._opened():
            return self._put(self._urgent if urgent else self._reads)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The file, for one thread at a time; raises OverBudget when it can't be used."""
        with self._lock:
            try:
                if self._opened_by != os.getpid():
                    self._open()
                yield self._urgent.conn
            except sqlite3.Error as error:
                raise OverBudget(UNUSABLE(error=error, path=self._path)) from error

    def _open(self) -> None:
        # In the process that uses it: SQLite's connections must not be carried through a fork.
        connection = sqlite3.connect(self._path, timeout=20, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(SQLiteQueries.CREATE_BUCKET_TABLE.format(table=TABLE))
            connection.execute("CREATE TABLE IF NOT EXISTS pauses (until INTEGER NOT NULL)")
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
            if pause := _paused(connection, now):
                return pause
            item = RateItem("request", now)
            if bucket.put(item):
                return 0.0
            wait = bucket.waiting(item)
            assert isinstance(wait, int)  # noqa: S101 - only the library's async buckets give others
            return max(1, wait) / 1000
        finally:
            connection.commit()
            bucket.leak(now)


def _paused(connection: sqlite3.Connection, now: int) -> float:
    """The seconds that are left of the longest pause.

    One that is too long was noted before the clock was set back.
    """
    latest = now + round(LONGEST_PAUSE * 1000)
    found = connection.execute("SELECT max(until) FROM pauses WHERE until <= ?", [latest])
    (until,) = found.fetchone()
    return max(0, (until or now) - now) / 1000
