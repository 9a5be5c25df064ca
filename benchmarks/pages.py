"""`python -m benchmarks.pages`: every page at two sizes of the desk, side by side.

Two desks are filled by world.py and served by gunicorn, one worker each, over loopback; each page
of either is asked for in turn, round by round, so that whatever else the machine does slows all of
them. What counts are the ratios: to an empty signed-in page, and to the same page of the small
desk.
"""

import argparse
import os
from contextlib import ExitStack

from benchmarks import desks
from benchmarks.desks import DESK_HELP, EMPTY, WARM_UP, Desk, Size
from benchmarks.goals import Goal, keep
from benchmarks.programs import percentiles

FIRST = "queue, first page"
ADMIN = "Django admin's list"
# What many groups have, so that no index of it alone makes a page.
COMMON = {"queue, pairs", "queue, a channel", "queue, all groups by name"}
# Of all that there ever was, these show a page, or nothing.
OF_THE_PAST = (
    "history, ",
    "requests, ",
    "a request",
    "a group",
    "a contact",
    "a round",
    "what a probe",
)
# Decided groups and entries for each one to decide; and entries enough for more than a page of each
# operator, action and address, or a smaller page would be what a larger one is compared with.
DECIDED, ENTRIES, LEAST_ENTRIES = 1, 30, 30_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", type=int, default=2_000, help="groups to decide")
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--desk", default="", help=f"the large one: {DESK_HELP}")
    parser.add_argument("--grow", action="store_true", help="fill that one first, it is new")
    wished = parser.parse_args()
    with ExitStack() as stack:
        small = stack.enter_context(desks.desk(wished.engine))
        small.grow(size(wished.small))
        large = stack.enter_context(desks.desk(wished.engine, wished.desk))
        if wished.grow or not wished.desk:
            large.grow(size(wished.large))
        for desk in (small, large):
            stack.enter_context(desk.served())
        for number in range(wished.rounds + WARM_UP):
            for desk in (small, large):
                desk.ask(count=number >= WARM_UP)
    report(small, large, f"{wished.engine}, {wished.rounds} rounds")
    keep(*goals(small, large, wished.engine))


def size(groups: int) -> Size:
    """What a desk with so many groups to decide holds."""
    return Size(groups, groups * DECIDED, max(groups * ENTRIES, LEAST_ENTRIES))


def report(small: Desk, large: Desk, how: str) -> None:
    """The table, as docs/performance.md has it."""
    load = os.getloadavg()[0]
    print(f"\n{how}; the machine's load at the end was {load:.1f} on {os.cpu_count()} cores\n")
    sizes = (
        f"{large.size.open:,} groups, p50 (p95) | to an empty page | to {small.size.open:,} groups"
    )
    print(f"| page | {sizes} |\n|---|---|---|---|")
    empty = percentiles(large.times[EMPTY])[0]
    for (name, many), few in zip(large.times.items(), small.times.values(), strict=True):
        p50, p95 = percentiles(many)
        against = p50 / percentiles(few)[0]
        taken = f"{p50 * 1000:.1f} ms ({p95 * 1000:.1f})"
        print(f"| {name} | {taken} | {p50 / empty:.2f} | {against:.2f} |", flush=True)


def goals(small: Desk, large: Desk, engine: str) -> list[Goal]:
    """What the issue's table says of pages."""
    times = {name: percentiles(taken)[0] for name, taken in large.times.items()}
    # Their names tell how many contacts there are, which differs from desk to desk.
    of_small = (percentiles(taken)[0] for taken in small.times.values())
    growth = {name: taken / few for (name, taken), few in zip(times.items(), of_small, strict=True)}
    few = f"itself with {small.size.open:,} groups"
    crowd = max(
        (name for name in times if name.startswith("compare, ") and name.endswith(" contacts")),
        key=lambda name: int(name.split()[1]),
    )

    def against(name: str, other: str, goal: float) -> Goal:
        return Goal(f"{name} ({engine})", other, times[name] / times[other], goal)

    searches = [name for name in times if name.startswith("queue, by ") or name in COMMON]
    return [
        against(FIRST, "the queue's template alone", 2.5),
        against("queue, search and two filters", ADMIN, 1 / 3),
        against(FIRST, EMPTY, 6),
        Goal(f"{FIRST} ({engine})", few, growth[FIRST], 1.2),
        against("queue, last page", FIRST, 1.2),
        *(against(name, FIRST, 2) for name in searches),
        against("compare, 4 contacts of 6 channels", EMPTY, 4),
        against(crowd, "compare, 4 contacts", int(crowd.split()[1]) / 4),
        *(
            Goal(f"{name} ({engine})", few, grown, 1.5)
            for name, grown in growth.items()
            if name.startswith(OF_THE_PAST)
        ),
    ]


if __name__ == "__main__":
    main()
