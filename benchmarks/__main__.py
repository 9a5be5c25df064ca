"""`make bench`: what the desk is held to, in ratios of one run, in ten minutes on two cores.

Machines are noisy, so what is compared is measured in turn, in the same run. Each part is a program
of its own, with sizes for the time there is; everything happens on loopback and ends with it. The
table at the end says what was held.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import goals

# A part that fills a desk which others measure too, and how they are given it: without that part
# each fills one of its own.
FILLS, FILLED = "pages", "--desk {desk}"
# Each part, and what it is given.
PARTS = {
    "reading": "--groups 10000",
    "sync": "--engine sqlite --groups 5000",
    "sync at the limit": "--engine sqlite --groups 10000 --per-minute 500",
    "start": "--rounds 5",
    "pages": "--small 400 --large 2000 --rounds 24 --grow --desk {desk}",
    "paint": "--rounds 6 --desk {desk}",
    "decision": "--rounds 120 --desk {desk}",
    "badload": "bulk --many 1000 --entries 2000 --seconds 1 --rounds 10",
    "crowd": "--engine sqlite --seconds 8",
    "merges": "--merges 250",
    "day": "--groups 60 --by-admin 8",
    "pages on PostgreSQL": "--engine postgres --small 200 --large 1000 --rounds 16",
    "decision on PostgreSQL": "--engine postgres --groups 600 --rounds 60",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", help=f"parts, by commas: {', '.join(PARTS)}")
    wished = parser.parse_args()
    asked = set(wished.only.split(",")) if wished.only else set(PARTS)
    if strange := asked - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(strange))}: {', '.join(PARTS)}")
    parts = [part for part in PARTS if part in asked]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mergeui-bench-") as name:
        found = Path(name) / "goals.jsonl"
        found.touch()
        desk = f"sqlite:///{name}/desk.sqlite3"
        for part in parts:
            started = time.monotonic()
            measure = command(part, desk if FILLS in parts else "")
            environment = os.environ | {goals.FILE: str(found)}
            subprocess.run(measure, env=environment, check=True)
            print(f"\n[{part}: {time.monotonic() - started:.0f} s]", flush=True)
        print(f"\n{goals.table(goals.kept(found))}")
    minutes = (time.monotonic() - began) / 60
    load = f"the machine's load at the end was {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"\n{time.strftime('%d %B %Y')}, {minutes:.1f} minutes; {load}", flush=True)


def command(part: str, desk: str) -> list[str]:
    """What measures a part, on the `desk` that was filled for it; on its own without one."""
    options = PARTS[part] if desk else PARTS[part].replace(FILLED, "")
    module = f"benchmarks.{part.split(' ')[0]}"
    return [sys.executable, "-m", module, *options.format(desk=desk).split()]


if __name__ == "__main__":
    main()
