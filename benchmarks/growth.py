"""`make bench-full`: one desk that grows, measured at each size by every page.

For each group to decide it holds 1.5 decided ones and 50 entries of history. Each page is asked for
in turn with an empty one, which depends on nothing that is stored, so that what else the machine
does can be told from growth. Found are docs/growth/ENGINE.json, .md (the table) and two plots.

    python -m benchmarks.growth --sizes 500,2000,8000
    python -m benchmarks.growth --sizes "" --desk URL    adds a filled desk to what was found
"""

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import desks, plots
from benchmarks.desks import DESK_HELP, EMPTY, WARM_UP, Desk, Size
from benchmarks.programs import percentiles

DOCS = Path(__file__).parent.parent / "docs" / "growth"
DECIDED, ENTRIES = 1.5, 50
LARGEST = "compare, the largest group"


@dataclass(frozen=True, slots=True)
class Page:
    """Milliseconds, and how often as long as the empty page of the same minute (medians)."""

    p50: float
    p95: float
    to_empty: float


@dataclass(frozen=True, slots=True)
class Point:
    """A desk of some size; the web worker's peak of memory and the database's size in MB."""

    open: int
    decided: int
    entries: int
    pages: dict[str, Page]
    memory: float
    stored: float
    how: str


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default="2000,20000,200000", help="groups to decide")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--desk", default="", help=f"one size more: {DESK_HELP}")
    parser.add_argument("--into", type=Path, default=DOCS)
    wished = parser.parse_args()
    plots.there()
    wished.into.mkdir(parents=True, exist_ok=True)
    found = wished.into / f"{wished.engine}.json"
    sizes = [int(one) for one in wished.sizes.split(",") if one]
    # A run of its own is not mixed with an earlier one; what is added to it is.
    points = [] if sizes or not found.exists() else read(found)
    with desks.desk(wished.engine) as growing:
        held = Size(0, 0, 0)
        for groups in sizes:
            wanted = Size(groups, int(groups * DECIDED), groups * ENTRIES)
            growing.grow(wanted - held)
            held = wanted
            add(points, measure(growing, wished.rounds), found)
    if wished.desk:
        with desks.desk(wished.engine, wished.desk) as filled:
            add(points, measure(filled, wished.rounds), found)
    tell(points, wished.engine, wished.into)


def measure(desk: Desk, rounds: int) -> Point:
    """Each page in turn with an empty one, so many times."""
    with desk.served():
        taken: dict[str, list[tuple[float, float]]] = {}
        for number in range(rounds + WARM_UP):
            for name, path in desk.pages.items():
                both = desk.fetch(path), desk.fetch(desk.pages[EMPTY])
                if number >= WARM_UP:
                    taken.setdefault(called(name), []).append(both)
        pages = {name: page_of(times) for name, times in taken.items()}
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        how = f"{time.strftime('%Y-%m-%d %H:%M')}, {rounds} rounds, {load}"
        size = asdict(desk.size)
        return Point(**size, pages=pages, memory=desk.memory(), stored=stored(desk), how=how)


def called(name: str) -> str:
    """A page's name at every size: the largest group is not the same everywhere."""
    is_one = name.startswith("compare, ") and name.endswith(" contacts")
    return LARGEST if is_one and name != "compare, 4 contacts" else name


def page_of(times: list[tuple[float, float]]) -> Page:
    """Pairs of seconds, of the page and of the empty one after it."""
    p50, p95 = (1000 * one for one in percentiles([page for page, _ in times]))
    return Page(p50, p95, percentiles([page / empty for page, empty in times])[0])


def stored(desk: Desk) -> float:
    """MB of the database."""
    if path := desk.path:
        return path.stat().st_size / 1e6
    import psycopg

    with psycopg.connect(desk.environment["DATABASE_URL"]) as line:
        (size,) = line.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
    return float(size) / 1e6


def add(points: list[Point], point: Point, found: Path) -> None:
    """One size more, or again; kept at once, because the next one may take an hour."""
    points[:] = sorted([one for one in points if one.open != point.open] + [point], key=by_size)
    found.write_text(json.dumps([asdict(one) for one in points], indent=1) + "\n")


def by_size(point: Point) -> int:
    return point.open


def read(found: Path) -> list[Point]:
    """What `add` has kept."""
    made = json.loads(found.read_text())
    return [
        Point(**one | {"pages": {name: Page(**page) for name, page in one["pages"].items()}})
        for one in made
    ]


def tell(points: list[Point], engine: str, into: Path) -> None:
    """The table and the plots, from all sizes."""
    text = table(points)
    (into / f"{engine}.md").write_text(f"{text}\n")
    print(f"\n{text}")
    sizes = [point.open for point in points]
    plots.draw(
        into / f"{engine}-time.svg",
        sizes,
        {
            name: [point.pages[name].p50 for point in points]
            for name in points[0].pages
            if name in plots.DRAWN
        },
        "milliseconds, median",
    )
    memory = {"web worker, peak": [point.memory for point in points]}
    plots.draw(into / f"{engine}-memory.svg", sizes, memory, "MB")


def table(points: list[Point]) -> str:
    """In Markdown: a column a size, and what the last is to the first.

    That is of what each is to an empty page: the sizes are measured at different times.
    """
    first, last = points[0], points[-1]
    sizes = " | ".join(f"{point.open:,} groups" for point in points)
    lines = [f"| page, p50 (p95), to an empty page | {sizes} | of that, last to first |"]
    lines.append("|---|" + "---|" * (len(points) + 1))
    for name in first.pages:
        cells = (
            f"{one.p50:.1f} ms ({one.p95:.1f}), {one.to_empty:.2f}"
            for one in (point.pages[name] for point in points)
        )
        grown = last.pages[name].to_empty / first.pages[name].to_empty
        lines.append(f"| {name} | {' | '.join(cells)} | {grown:.2f} |")
    for name, values in {
        "web worker's peak of memory": [point.memory for point in points],
        "the database": [point.stored for point in points],
    }.items():
        sizes = " | ".join(f"{value:,.0f} MB" for value in values)
        lines.append(f"| {name} | {sizes} | {values[-1] / values[0]:.2f} |")
    for name in ("decided", "entries"):
        counts = " | ".join(f"{getattr(point, name):,}" for point in points)
        lines.append(f"| {name} | {counts} | |")
    how = " | ".join(point.how for point in points)
    return "\n".join([*lines, f"| measured | {how} | |"])


if __name__ == "__main__":
    main()
