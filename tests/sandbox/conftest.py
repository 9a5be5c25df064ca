"""The stand-in, and calls to it in this process and over a socket."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mergeui.sandbox import Sandbox, SandboxTransport, seed
from mergeui.sandbox.server import running

HEADERS = {"Authorization": "Bearer sandbox-key"}


class Caller:
    """Calls the stand-in as a client of the org `c`."""

    def __init__(self, http: httpx.Client, app: Sandbox) -> None:
        self.http = http
        self.app = app

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(f"/orgs/c/{path}", params=query)

    def merge(self, primary: str, body: Any = None, **more: Any) -> httpx.Response:
        content = {} if body is None else {"json": body}
        return self.http.post(f"/orgs/c/contacts/{primary}/merge", **content, **more)

    def group(self, number: int = 0) -> tuple[str, ...]:
        """The ids of a group, the recommended primary first."""
        return self.app.world.main.groups()[number]


@pytest.fixture
def app() -> Sandbox:
    return Sandbox(seed.world(groups=20, seed=5))


@pytest.fixture(params=["in this process", "over a socket"])
def call(request: pytest.FixtureRequest, app: Sandbox) -> Iterator[Caller]:
    """Both ways to the stand-in: what holds for one holds for the other."""
    if request.param == "in this process":
        transport = SandboxTransport(app)
        with httpx.Client(
            base_url="http://sandbox", transport=transport, headers=HEADERS, timeout=1
        ) as http:
            yield Caller(http, app)
    else:
        with (
            running(app) as url,
            # No TLS here, and setting it up would be half of a test's time.
            httpx.Client(
                base_url=url, headers=HEADERS, timeout=1, trust_env=False, verify=False
            ) as http,
        ):
            yield Caller(http, app)


@pytest.fixture
def at(app: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the stand-in's clock (seconds)."""

    def move(seconds: float) -> None:
        app.world.monotonic = lambda: seconds

    move(1000)
    return move
