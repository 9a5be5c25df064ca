"""The stand-in Invent for a benchmark: a big uniform world, slow on purpose.

`GET /_bench/log` gives every request so far: when (in seconds), its method and its status.
"""

import argparse
import json
import time
from collections.abc import Iterable
from typing import Any

from mergeui.sandbox import Faults, Sandbox, seed
from mergeui.sandbox.http import Environ
from mergeui.sandbox.server import running


class Watched:
    """The stand-in, with a note of when each request came and how it was answered."""

    def __init__(self, app: Sandbox) -> None:
        self._app = app
        self._log: list[tuple[float, str, int]] = []

    def __call__(self, environ: Environ, start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/_bench/log":
            body = json.dumps(sorted(self._log)).encode()
            start("200 OK", [("Content-Length", str(len(body)))])
            return [body]
        at, method = time.monotonic(), environ["REQUEST_METHOD"]

        def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            self._log.append((at, method, int(status[:3])))
            start(status, headers, exc_info)

        return self._app(environ, started)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("groups", type=int)
    parser.add_argument("latency", type=float)
    parser.add_argument("--contacts", type=int, default=3)
    parser.add_argument("--merge-latency", type=float, default=0.0)
    parser.add_argument("--limit", type=int, help="requests a minute")
    wished = parser.parse_args()
    faults = Faults(
        read_latency=wished.latency,
        merge_latency=wished.merge_latency,
        limit_per_minute=wished.limit,
    )
    app = Sandbox(seed.big(wished.groups, contacts=wished.contacts), faults=faults)
    with running(Watched(app)) as address:
        print(address, flush=True)
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
