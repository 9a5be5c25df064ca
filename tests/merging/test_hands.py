"""A slow organisation keeps no worker from the others."""

import threading
from contextlib import ExitStack
from typing import Any

import pytest

from mergeui.merging.hands import Hands
from mergeui.merging.management.commands import worker as command

SLOW, OTHER = 1, 2


def test_a_last_thread_stays_with_the_others() -> None:
    hands = Hands(3)
    with ExitStack() as turns:
        asked = [
            turns.enter_context(hands.lent(one, others=True)) for one in (SLOW,) * 3 + (OTHER,)
        ]
    assert asked == [True, True, False, True]
    with hands.lent(SLOW, others=True) as again:
        assert again


def test_who_is_alone_has_all_of_them() -> None:
    hands = Hands(1)
    with hands.lent(SLOW, others=False) as first, hands.lent(SLOW, others=False) as second:
        assert [first, second] == [True, True]


def test_a_hand_comes_back_after_an_error() -> None:
    hands = Hands(2)
    with pytest.raises(OSError, match="away"), hands.lent(SLOW, others=True):
        raise OSError("away")
    with hands.lent(SLOW, others=True) as granted:
        assert granted


class Serving:
    """Two organisations, and nothing else of `Clients`."""

    class One:
        def __init__(self, pk: int) -> None:
            self.pk = pk

    def __init__(self, *args: Any, **more: Any) -> None: ...

    def __enter__(self) -> "Serving":
        return self

    def __exit__(self, *error: object) -> None: ...

    def served(self) -> list[tuple[Any, None]]:
        return [(self.One(SLOW), None), (self.One(OTHER), None)]


def test_another_is_read_while_the_first_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread stands in the sync of the first until the other has been read by the second."""
    worker, begun, read = command.Command(), threading.Event(), threading.Event()
    worker.stopping = False
    claimed = set[int]()

    def sync(organization: Any, **more: Any) -> None:
        if organization.pk == SLOW and not begun.is_set():
            begun.set()
            claimed.add(SLOW)
            assert read.wait(60)
        elif organization.pk == OTHER:
            read.set()
            worker.stopping = True

    monkeypatch.setattr(command, "Clients", Serving)
    monkeypatch.setattr(command, "sync_when_due", sync)
    monkeypatch.setattr(command, "watch_history", lambda: None)
    monkeypatch.setattr(command.connection, "close", lambda: None)
    slow = threading.Thread(target=worker.sync_loop)
    slow.start()
    assert begun.wait(60)
    worker.sync_loop(beside=1)
    slow.join(60)
    assert claimed == {SLOW}
    assert not slow.is_alive()
