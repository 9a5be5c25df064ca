"""Requests are due as soon as they are approved; the tests of the cool-off set their own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.live import LiveDesk
from tests.contacts import contact
from tests.merging.programs import Program
from tests.merging.stage import PHONE


@pytest.fixture(autouse=True)
def _no_cool_off(settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 0


@pytest.fixture
def live(settings: Any) -> Iterator[LiveDesk]:
    """Two Anas behind a socket."""
    desk = LiveDesk(contact("Ana", PHONE), contact("Ana", PHONE))
    settings.INVENT_API_URL, settings.INVENT_API_KEY = desk.invent_url, "sandbox-key"
    yield desk
    desk.close()


@pytest.fixture
def start(tmp_path: Path, live: LiveDesk) -> Callable[..., Program]:
    """Starts a command against the stand-in, unless another address is given."""
    return lambda *arguments, url="", **given: Program(
        tmp_path, *arguments, url=url or live.invent_url, **given
    )
