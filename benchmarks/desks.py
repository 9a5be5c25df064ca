"""A desk of some size behind its web server, asked page by page.

A desk that was filled before, by `DATABASE_URL=… python -m benchmarks.world`, can be measured too:
`--desk` of the programs that measure. It is still there afterwards.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.programs import web, worker_memory

WARM_UP = 5
EMPTY = "an empty page"
# What docs/scaling.md says of a server, for one that may be lost and is analysed by the filling.
LIKE_A_DESK = (
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=1GB",
    "random_page_cost=1.1",
    "max_wal_size=8GB",
    "wal_level=minimal",
    "max_wal_senders=0",
)
DESK_HELP = "DATABASE_URL of a desk that world.py has filled"
STRIP = {"HX-Request": "true", "HX-Current-URL": "http://desk.example/groups/"}


@dataclass(frozen=True, slots=True)
class Size:
    """What is in a desk; as many decided groups and entries for each one to decide as wished."""

    open: int
    decided: int
    entries: int

    def __sub__(self, other: "Size") -> "Size":
        return Size(
            self.open - other.open, self.decided - other.decided, self.entries - other.entries
        )


class Desk:
    """A desk in a database; `times` are the seconds of each page, while it is served."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.environment = os.environ | {
            "SECRET_KEY": secrets.token_hex(32),
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "INVENT_API_KEY": "sandbox-key",
        }
        self.times: dict[str, list[float]] = {}

    @property
    def path(self) -> Path | None:
        """The file, on SQLite."""
        scheme, _, rest = self.environment["DATABASE_URL"].partition(":///")
        return Path(rest) if scheme == "sqlite" else None

    def grow(self, by: Size) -> None:
        """Adds so much; nobody else may have the desk open."""
        size = [f"--open={by.open}", f"--decided={by.decided}", f"--entries={by.entries}"]
        self._run("benchmarks.world", *size)

    def _run(self, *command: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", *command],
            env=self.environment, check=True, stdout=subprocess.PIPE, text=True,
        ).stdout  # fmt: skip

    @contextmanager
    def served(self, *options: str) -> Iterator[None]:
        """Its web server, with one worker, and what it is measured by."""
        found = json.loads(self._run("benchmarks.addresses").splitlines()[-1])
        self.size = Size(*found.pop("size"))
        self.session: str = found.pop("session")
        self.pages: dict[str, str] = found
        self.times = {name: [] for name in self.pages}
        with (
            web(self.environment, self.directory, *options) as self.address,
            httpx.Client(base_url=self.address, trust_env=False) as self.client,
        ):
            self.client.cookies.set("sessionid", self.session)
            yield

    def ask(self, *, count: bool) -> None:
        """Every page once."""
        for name, path in self.pages.items():
            taken = self.fetch(path)
            if count:
                self.times[name].append(taken)

    def fetch(self, path: str) -> float:
        """The seconds that a page takes."""
        started = time.perf_counter()
        answer = self.client.get(path, headers=STRIP if "strip" in path else {}, timeout=60)
        taken = time.perf_counter() - started
        assert answer.status_code == 200, (path, answer.status_code)
        return taken

    def memory(self) -> float:
        """The peak of the web worker's resident memory so far, in MB."""
        return worker_memory(self.directory)


@contextmanager
def desk(engine: str, url: str = "") -> Iterator[Desk]:
    """A desk that is new and ends with the block, or the one at `url`, which stays."""
    with tempfile.TemporaryDirectory(prefix="mergeui-bench-") as name:
        directory = Path(name)
        if url or engine == "sqlite":
            yield Desk(directory, url or f"sqlite:///{directory}/bench.sqlite3")
            return
        from tests import postgres

        postgres.QUICK = LIKE_A_DESK
        cluster = postgres.start()
        yield Desk(directory, cluster.url)
        cluster.stop()
