"""The one place that makes a client of Invent: from the settings and an organisation's key."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings

from mergeui.invent import Budget, InventClient, Limiter, Shares

TRIES = 4
TIMEOUT_SECONDS = 30.0
PATIENCE_OF_A_PAGE = 8.0
# How long to wait for the budget, in seconds: for everything else, and for a page.
PATIENCE = (600.0, PATIENCE_OF_A_PAGE)


@cache
def _budget(name: str, per_minute: int, patience: float) -> Budget:
    # In a file, so that all processes of this host share what Invent allows its address; one for
    # each vendor, so that a demo beside takes nothing from the real one.
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    return Budget(per_minute, settings.VAR_DIR / f"budget-{name}.sqlite3", patience=patience)


def _limiter(org: "Org", patience: float) -> Limiter:
    """What Invent allows this host, and the organisation's own share of it if it has one."""
    host = urlsplit(settings.INVENT_API_URL).netloc.replace(":", "-")
    everybody = _budget(host, settings.INVENT_REQUESTS_PER_MINUTE, patience)
    if org.requests_per_minute is None:
        return everybody
    return Shares(_budget(f"{host}-{org.pk}", org.requests_per_minute, patience), everybody)


class Org(Protocol):
    """What is to be known of an organisation to make a client for it."""

    @property
    def pk(self) -> Any:
        """What tells its own share of the budget from that of another one."""

    @property
    def invent_org_id(self) -> str:
        """What Invent calls it, or c for the org that the key was issued for."""

    @property
    def requests_per_minute(self) -> int | None:
        """Its share of the budget; None for all of it."""

    def api_key(self) -> str:
        """Its key. Raises Invalid when it has none."""


def connect(
    org: Org,
    *,
    sleep: Callable[[float], None] = time.sleep,
    for_page: bool = False,
    told_to_wait: Callable[[float], None] = lambda seconds: None,
) -> InventClient:
    """A client for an organisation, by its own key; use it as a context manager.

    `sleep` (seconds) waits between the tries of a read. `for_page` says that somebody waits for
    what is read: it gives up after one try and a few seconds. `told_to_wait` is called with the
    seconds when Invent asks for a pause. Raises Invalid when it has no key.
    """
    return InventClient(
        settings.INVENT_API_URL,
        org.api_key(),
        org.invent_org_id,
        limiter=_limiter(org, PATIENCE[for_page]),
        timeout=PATIENCE_OF_A_PAGE if for_page else TIMEOUT_SECONDS,
        tries=1 if for_page else TRIES,
        sleep=sleep,
        told_to_wait=told_to_wait,
    )
