"""A slow organisation keeps no worker from the others."""

import threading
from contextlib import ExitStack
from typing import Any

import pytest

from mergeui.merging.hands import Hands
from mergeui.merging.management.commands import worker as command

SLOW, OTHER, THIRD = 1, 2, 3


def asked(hands: Hands, *organizations: int, served: tuple[int, ...]) -> list[bool]:
    """What so many threads are told, one after the other, while none has ended its turn."""
    with ExitStack() as turns:
        return [turns.enter_context(hands.lent(one, served=served)) for one in organizations]


def test_a_thread_stays_with_the_others() -> None:
    hands, served = Hands(4), (SLOW, OTHER)
    assert asked(hands, SLOW, SLOW, SLOW, SLOW, OTHER, served=served) == [True] * 3 + [False, True]
    assert asked(hands, SLOW, served=served) == [True]


def test_two_slow_ones_leave_one_to_a_third() -> None:
    turns = asked(Hands(4), SLOW, SLOW, SLOW, OTHER, OTHER, THIRD, served=(SLOW, OTHER, THIRD))
    assert turns == [True, True, False, True, False, True]


def test_one_of_very_many_has_half_of_them() -> None:
    assert asked(Hands(4), SLOW, SLOW, SLOW, served=tuple(range(1, 30))) == [True, True, False]


def test_who_is_alone_has_all_of_them() -> None:
    assert asked(Hands(2), SLOW, SLOW, served=(SLOW,)) == [True, True]


def test_a_hand_comes_back_after_an_error() -> None:
    hands, served = Hands(2), (SLOW, OTHER)
    with pytest.raises(OSError, match="away"), hands.lent(SLOW, served=served):
        raise OSError("away")
    assert asked(hands, SLOW, served=served) == [True]


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
