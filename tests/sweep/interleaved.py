"""Workers that can be stopped between any two steps, without threads: one runs at a time.

Each worker is a greenlet that runs the product's own functions. It gives the control back before
and after each transaction, after each statement that is its own commit, and around each read from
Invent: where another process could come in between. They share one connection, so the order of
what happens is exactly the order in which a test lets them go on.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import greenlet  # type: ignore[import-untyped]
import httpx
from django.db import connection, transaction

from mergeui.sandbox.http import Environ
from mergeui.sandbox.transport import SandboxTransport
from tests.sweep.points import WRITING


class Worker:
    """One worker. `work` is what it does, from start to end, each time it is started."""

    def __init__(self, stage: Stage, work: Callable[[Worker], None]) -> None:
        self.stage = stage
        self._work = work
        self._run: greenlet.greenlet | None = None

    @property
    def busy(self) -> bool:
        """Whether it is in the middle of something."""
        return self._run is not None

    def step(self) -> bool:
        """Starts it, or lets it go on to its next pause; whether it is still in the middle.

        What it raises comes out here: a worker that falls over is a bug.
        """
        if self._run is None:
            self._run = greenlet.greenlet(lambda: self._work(self))
            # Where an event loop runs (a browser test of the same process has left one), Django
            # keeps its connection in the context, and a greenlet begins with an empty one.
            self._run.gr_context = contextvars.copy_context()
        self._run.switch()
        if self._run.dead:
            self._run = None
        return self.busy

    def crash(self) -> None:
        """As SIGKILL: it never goes on, and no handler of it runs."""
        if self._run is not None:
            self.stage.lost.append(self._run)
            self._run = None


class Stage:
    """The pauses. `depth` is how deep in transactions the test itself is."""

    def __init__(self) -> None:
        self.depth = len(connection.savepoint_ids)
        self.lost: list[greenlet.greenlet] = []
        self.broken_rules: list[str] = []
        self._main = greenlet.getcurrent()
        self._open = True

    def pause(self) -> None:
        """Gives the control back to the test, when a worker runs outside any transaction."""
        mine = greenlet.getcurrent().parent is self._main
        if self._open and mine and len(connection.savepoint_ids) == self.depth:
            self._main.switch()

    def check_outside_transaction(self) -> None:
        """design.md, rule 2: no HTTP inside a transaction."""
        if len(connection.savepoint_ids) != self.depth:
            self.broken_rules.append("Invent was asked inside a transaction")

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The pauses are in place, until everything that still waits is let go of."""
        enter, leave = transaction.Atomic.__enter__, transaction.Atomic.__exit__

        def pausing_enter(atomic: transaction.Atomic) -> None:
            self.pause()
            enter(atomic)

        def pausing_leave(atomic: transaction.Atomic, *error: Any) -> None:
            leave(atomic, *error)
            if error[0] is None:
                self.pause()

        transaction.Atomic.__enter__ = pausing_enter  # type: ignore[method-assign]
        transaction.Atomic.__exit__ = pausing_leave  # type: ignore[method-assign]
        try:
            with connection.execute_wrapper(self._autocommit):
                yield
        finally:
            transaction.Atomic.__enter__ = enter  # type: ignore[method-assign]
            transaction.Atomic.__exit__ = leave  # type: ignore[method-assign]
            self._open = False
            for one in self.lost:
                with suppress(Exception):
                    one.throw()

    def _autocommit(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if sql.split(None, 1)[0].upper() in WRITING:
            self.pause()
        return answer


class PausingTransport(httpx.BaseTransport):
    """The way to Invent with pauses: before and after a read, after a merge.

    Not before a merge. Nothing can be looked at any more between the last look at the lease and the
    first byte, so a machine that stands still exactly there is beyond help.
    """

    def __init__(self, app: Callable[[Environ, Any], Any], stage: Stage) -> None:
        self._inner = SandboxTransport(app)  # type: ignore[arg-type]
        self._stage = stage

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pauses, asks the stand-in, pauses."""
        self._stage.check_outside_transaction()
        if request.method == "GET":
            self._stage.pause()
        try:
            response = self._inner.handle_request(request)
            response.read()
        finally:
            self._stage.pause()
        return response
