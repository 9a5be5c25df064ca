"""What the web process does before its first request."""

import sys
from importlib import import_module, reload

import pytest


def test_threads_take_short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or whoever has the write lock waits for threads that compute, and all others for them."""
    asked: list[float] = []
    monkeypatch.setattr(sys, "setswitchinterval", asked.append)

    reload(import_module("mergeui.wsgi"))

    assert set(asked) == {0.0005}
