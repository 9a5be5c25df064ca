"""A client whose other side is a function, and one whose other side is the stand-in."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mergeui.invent import InventClient
from mergeui.sandbox import Sandbox, SandboxTransport, seed

KEY = "sandbox-key"

Answer = Callable[[httpx.Request], httpx.Response]


class Naps(list[float]):
    """Remembers sleeps instead of sleeping."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def asking(naps: Naps) -> Iterator[Callable[..., InventClient]]:
    """Makes a client of a function that answers, or of an address."""
    made: list[InventClient] = []

    def make(answer: Answer | str, **options: Any) -> InventClient:
        url = answer if isinstance(answer, str) else "https://invent.example"
        transport = None if isinstance(answer, str) else httpx.MockTransport(answer)
        client = InventClient(url, KEY, transport=transport, **{"sleep": naps} | options)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(seed.world(groups=20, seed=7))


@pytest.fixture
def invent(sandbox: Sandbox, naps: Naps) -> Iterator[InventClient]:
    """A client of the stand-in, in this process."""
    transport = SandboxTransport(sandbox)
    with InventClient("http://sandbox.example", KEY, transport=transport, sleep=naps) as client:
        yield client
