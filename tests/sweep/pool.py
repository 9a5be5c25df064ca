"""The lane of one process of the pool; Django is imported only here, with its environment set."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sweep.cases import Case, Run

if TYPE_CHECKING:
    from tests.sweep.lane import Lane

_lane: Lane | None = None


def start(directory: str, engine: str) -> None:
    """Makes the lane of this process: its own directory, databases, vendor."""
    global _lane
    own = Path(directory) / f"{engine}-{os.getpid()}"
    own.mkdir(parents=True)
    os.environ["MERGEUI_TEST_DIR"] = str(own)
    import django

    django.setup()
    from tests.sweep.lane import Lane

    _lane = Lane(own)
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()


def _end_with(parent: int) -> None:
    """Ends this process when the sweep is gone, however it ended: a pool would wait for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def run(case: Case) -> Run:
    """Does one case in the lane of this process."""
    assert _lane
    return _lane.run(case)
