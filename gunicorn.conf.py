"""What gunicorn reads by itself: the metrics of several web processes are one sum."""

import os
from pathlib import Path
from typing import Any


def on_starting(server: Any) -> None:
    """What processes of the last run have counted is of no use: a counter begins at nothing."""
    if directory := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        Path(directory).mkdir(parents=True, exist_ok=True)
        for old in Path(directory).glob("*.db"):
            old.unlink(missing_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    """What a process that ended has counted stays in the sum."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
