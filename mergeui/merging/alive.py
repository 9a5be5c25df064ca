"""A worker says that it is alive, for probes and for whoever restores a backup."""

import os
import socket
import time
from datetime import datetime, timedelta

from django.utils import timezone

from mergeui.merging.models import Heartbeat

EVERY_SECONDS = 10.0
FORGOTTEN_AFTER = timedelta(days=1)
# It says every ten seconds that it is alive; a call to Invent may hold it up for a while.
LOST_AFTER = timedelta(minutes=2)


def alive(now: datetime) -> bool:
    """Whether some worker was heard of lately."""
    return Heartbeat.objects.filter(seen_at__gt=now - LOST_AFTER).exists()


class Pulse:
    """The heartbeat of this process; `beat` as often as you like, it writes when it is due."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"[:200]
        self.started_at = timezone.now()
        self._next = 0.0

    def beat(self) -> None:
        """Says so, at most every EVERY_SECONDS."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY_SECONDS
        now = timezone.now()
        Heartbeat.objects.update_or_create(
            name=self.name, defaults={"started_at": self.started_at, "seen_at": now}
        )
        Heartbeat.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()

    def stop(self) -> None:
        """The worker has ended."""
        Heartbeat.objects.filter(name=self.name).delete()
