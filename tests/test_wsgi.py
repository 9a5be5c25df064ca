"""What the web process does before its first request."""

import gc
import subprocess
import sys
from importlib import import_module, reload

import pytest


def test_threads_take_short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or whoever has the write lock waits for threads that compute, and all others for them."""
    asked: list[float] = []
    monkeypatch.setattr(sys, "setswitchinterval", asked.append)

    reload(import_module("mergeui.wsgi"))

    assert set(asked) == {0.0005}


def test_what_is_loaded_is_not_looked_through_for_garbage() -> None:
    """Neither while it is loaded nor after; the garbage of requests is."""
    gc.unfreeze()

    reload(import_module("mergeui.wsgi"))

    assert gc.isenabled()
    assert gc.get_freeze_count() > 100_000
    gc.unfreeze()


def test_no_request_waits_for_the_addresses() -> None:
    """They are there when the first one comes, without what no page needs to be drawn."""
    program = "import sys, mergeui.wsgi; print(*sys.modules)"

    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = set(told.stdout.split())
    assert "mergeui.web.views.compare" in loaded
    assert loaded.isdisjoint({"phonenumbers", "fido2", "jwt"})
