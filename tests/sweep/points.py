"""Crash points, inside the process that is to be killed (nothing of this is in the product).

Every commit and every socket operation of a worker has a number, counted from 1 over all restarts
of one run, and a moment before and one after it. At the chosen one the process kills itself with
SIGKILL: no handler runs, nothing is flushed, the database and the vendor see what they would see of
a machine that stops.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from mergeui.invent import Budget

WRITING = {"INSERT", "UPDATE", "DELETE", "REPLACE"}
SOCKET_OPERATIONS = ("connect", "send", "sendall", "recv")


@dataclass
class Points:
    """The counter. `trace` is a file descriptor that gets a line a point; it outlives the kill."""

    trace: int
    number: int = 0
    kill_at: int | None = None
    when: str = "before"

    @contextmanager
    def around(self, label: str) -> Iterator[None]:
        """One numbered operation; an operation that fails has its moment after it too."""
        self.number += 1
        mine = self.number
        os.write(self.trace, f"{mine} {label}\n".encode())
        self._maybe_die(mine, "before")
        try:
            yield
        finally:
            self._maybe_die(mine, "after")

    def _maybe_die(self, number: int, when: str) -> None:
        if (number, when) == (self.kill_at, self.when):
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Puts the points around the operations of this process, for good."""
        self._around_commits()
        self._around_sockets()
        # The budget keeps its own small database; its commit is one like any other.
        _wrap(Budget, "_put", lambda *args: self.around("commit of the budget"))
        _wrap(Budget, "pause", lambda *args: self.around("commit of a pause"))
        # So does the journal of what was sent: a line is written when it is on the disk.
        _wrap(os, "fsync", lambda *args: self.around("fsync"))

    def _around_commits(self) -> None:
        _wrap(BaseDatabaseWrapper, "_commit", lambda *args: self.around("commit"))

        def autocommit(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            # Outside a transaction a statement that writes is its own commit.
            words = sql.split(None, 3)
            if context["connection"].in_atomic_block or words[0].upper() not in WRITING:
                return execute(sql, params, many, context)
            with self.around(f"commit of {words[0]} {words[1]}"):
                return execute(sql, params, many, context)

        connection.execute_wrappers.append(autocommit)

    def _around_sockets(self) -> None:
        for name in SOCKET_OPERATIONS:
            _wrap(socket.socket, name, lambda *args, name=name: self.around(_said(name, args)))


def _wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    inner = getattr(owner, name)

    def outer(*args: Any, **more: Any) -> Any:
        with around(*args):
            return inner(*args, **more)

    setattr(owner, name, outer)


def _said(name: str, args: tuple[Any, ...]) -> str:
    """The name of a socket operation, with the request line when it sends one."""
    sent = args[1] if name.startswith("send") and len(args) > 1 else b""
    method, _, rest = bytes(sent[:200]).partition(b" ")
    if method not in {b"GET", b"POST"}:
        return name
    path = rest.split(b" ")[0].split(b"?")[0].rsplit(b"/", 1)[-1]
    return f"{name} {method.decode()} …/{path.decode()}"
