"""The stand-in Invent for a benchmark: a big uniform world, slow on purpose."""

import sys
import time

from mergeui.sandbox import Faults, Sandbox, seed
from mergeui.sandbox.server import running


def main() -> None:
    groups, latency = int(sys.argv[1]), float(sys.argv[2])
    app = Sandbox(seed.big(groups), faults=Faults(read_latency=latency))
    with running(app) as address:
        print(address, flush=True)
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
