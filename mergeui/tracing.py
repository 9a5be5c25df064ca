"""The id of what is being done: of a web request, or of one thing that a worker does.

It stands in the logs, in the entries of the history and in a header of the calls to Invent, so that
the three are found by each other. Nothing is decided by it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id; empty where nothing has one."""
    return _current.get()


def new_id() -> str:
    """An id that nothing else has."""
    return secrets.token_hex(12)


@contextmanager
def traced(request_id: str = "") -> Iterator[str]:
    """What is done inside has this id, or a new one."""
    token = _current.set(request_id or new_id())
    try:
        yield _current.get()
    finally:
        _current.reset(token)
