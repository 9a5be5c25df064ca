"""The desk as it runs: the stand-in Invent behind a socket, a worker beside the pages."""

import threading
from contextlib import ExitStack
from functools import cached_property
from typing import Any

from django.db import connection

from mergeui.invent import InventClient
from mergeui.merging.worker import sync_when_due
from mergeui.sandbox.server import running
from tests.desk import KEY, Desk

ROUND_SECONDS = 0.1


class LiveDesk(Desk):
    """A desk whose Invent is reached over HTTP; `start_worker()` makes it alive."""

    def __init__(self, *contacts: dict[str, Any]) -> None:
        self._closing = ExitStack()
        self._stop = threading.Event()
        super().__init__(*contacts)

    @cached_property
    def invent_url(self) -> str:
        """Where the stand-in listens."""
        return self._closing.enter_context(running(self.sandbox))

    def connect(self) -> InventClient:
        """A further client of the same Invent, over a socket."""
        return self._closing.enter_context(InventClient(self.invent_url, KEY))

    def start_worker(self) -> None:
        """Sync, execute and reconcile in a thread, until the test ends."""
        worker = threading.Thread(target=self._work_until_stopped, name="worker")
        self._closing.callback(worker.join)
        self._closing.callback(self._stop.set)
        worker.start()

    def close(self) -> None:
        """End the worker and the stand-in."""
        self._closing.close()

    def _work_until_stopped(self) -> None:
        while not self._stop.wait(ROUND_SECONDS):
            sync_when_due(self.organization, client=self.client)
            self.work()
        connection.close()
