"""The one place that makes a client of Invent from the settings."""

import time
from collections.abc import Callable
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from mergeui.errors import Invalid
from mergeui.invent import Budget, InventClient

TRIES = 4
TIMEOUT_SECONDS = 30.0
PATIENCE_OF_A_PAGE = 8.0
# How long to wait for the budget, in seconds: for everything else, and for a page.
PATIENCE = (600.0, PATIENCE_OF_A_PAGE)


@cache
def _budget(host: str, per_minute: int, patience: float) -> Budget:
    # In a file, so that all processes of this host share what Invent allows its address; one for
    # each vendor, so that a demo beside takes nothing from the real one.
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    file = settings.VAR_DIR / f"budget-{host}.sqlite3"
    return Budget(per_minute, file, patience=patience)


def connect(
    org_id: str, *, sleep: Callable[[float], None] = time.sleep, for_page: bool = False
) -> InventClient:
    """A client for the Invent org `org_id`; use it as a context manager.

    `sleep` (seconds) waits between the tries of a read. `for_page` says that somebody waits for
    what is read: it gives up after one try and a few seconds. Raises Invalid when no key is
    configured.
    """
    if not settings.INVENT_API_KEY:
        raise Invalid(
            _("INVENT_API_KEY is not set, so Invent can't be asked: set it and start again.")
        )
    host = urlsplit(settings.INVENT_API_URL).netloc.replace(":", "-")
    return InventClient(
        settings.INVENT_API_URL,
        settings.INVENT_API_KEY,
        org_id,
        limiter=_budget(host, settings.INVENT_REQUESTS_PER_MINUTE, PATIENCE[for_page]),
        timeout=PATIENCE_OF_A_PAGE if for_page else TIMEOUT_SECONDS,
        tries=1 if for_page else TRIES,
        sleep=sleep,
    )
