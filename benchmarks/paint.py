"""`python -m benchmarks.paint`: what a browser has of the pages: bytes, largest paint, what moves.

Real Chromium over loopback, on a desk filled by world.py. Bytes are those on the wire, headers and
all, as Chromium counts them, in KB of 1,000: of the first load with nothing kept, then of further
pages. The largest paint is counted from the start of the navigation, and compared with the time
that the server took for that very answer, as the same browser saw it. After each page comes one of
a heading and nothing else that is answered just as late: no page here can be painted sooner.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.day import QUIET
from benchmarks.desks import DESK_HELP, EMPTY, Desk, desk
from benchmarks.goals import Goal, keep
from benchmarks.heading import heading
from benchmarks.pages import size
from scripts import browser as installed

PAGES = ("queue, first page", "compare, 4 contacts", "history, first page")
HEADING = "one heading and nothing else"
WARM_UP = 2
SETTLED_MS = 400  # what comes after the load, as the counts of the views, has moved things by then
FIRST_KB, LATER_KB, TIMES_SERVER = 60, 15, 3
VITALS = """() => {
  const [{ requestStart, responseEnd }] = performance.getEntriesByType("navigation");
  return { ...window.vitals, server: responseEnd - requestStart };
}"""


@dataclass
class Seen:
    """What was seen of one page, a value a load: milliseconds, shift (of 1) and KB; what moved."""

    server: list[float] = field(default_factory=list)
    largest: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)
    kilobytes: list[float] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)

    @property
    def ratio(self) -> float:
        """The largest paint against the server's time, the median of all loads."""
        return median(paint / took for paint, took in zip(self.largest, self.server, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, default=2_000, help="to decide")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--desk", default="", help=f"instead of a new one: {DESK_HELP}")
    wished = parser.parse_args()
    with desk(wished.engine, wished.desk) as filled:
        if not wished.desk:
            filled.grow(size(wished.groups))
        # Threads, because a browser holds connections open that it may not use.
        with filled.served("--threads=4"), chromium() as browser:
            composed = composed_by(browser)
            with heading() as alone:
                first, pages, floor = look(browser, filled, alone, wished.rounds)
    report(first, pages, floor, f"{filled.size.open:,} groups, {wished.engine}, {composed}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    path = installed.find()
    if path is None:
        raise SystemExit(installed.HELP)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(path), args=QUIET)
        yield started
        started.close()


def composed_by(browser: Browser) -> str:
    """Who puts the painted parts together: a graphics card, or the processor for want of one."""
    found = browser.new_browser_cdp_session().send("SystemInfo.getInfo")
    return f"compositing {found['gpu']['featureStatus']['gpu_compositing']}"


def look(
    browser: Browser, filled: Desk, alone: str, rounds: int
) -> tuple[Seen, dict[str, Seen], dict[str, Seen]]:
    """First loads of the queue, by a browser that has kept nothing, and each page in turn.

    After each page the one at `alone`, as late; its loads come last, by the page's name.
    """
    first = Seen()
    pages, floor = ({name: Seen() for name in (EMPTY, *PAGES)} for _ in range(2))
    for number in range(rounds + WARM_UP):
        new = context_of(browser, filled)
        seen = first if number >= WARM_UP else Seen()
        load(new.new_page(), filled.pages[PAGES[0]], seen)
        new.close()
    context, other = context_of(browser, filled), context_of(browser, filled)
    # A tab of its own: from a page of the desk to one of another origin is a new process each time.
    page, beside = context.new_page(), other.new_page()
    for number in range(rounds + WARM_UP):
        for name, kept in pages.items():
            seen, below = (kept, floor[name]) if number >= WARM_UP else (Seen(), Seen())
            load(page, filled.pages[name], seen)
            load(beside, f"{alone}/{seen.server[-1]}", below)
    context.close()
    other.close()
    return first, pages, floor


def context_of(browser: Browser, filled: Desk) -> BrowserContext:
    """Somebody signed in, with an empty cache."""
    context = browser.new_context(base_url=filled.address, viewport={"width": 1440, "height": 900})
    host = urlsplit(filled.address).hostname or ""
    context.add_cookies(
        [{"name": "sessionid", "value": filled.session, "domain": host, "path": "/"}]
    )
    context.add_init_script(path=Path(__file__).with_name("vitals.js"))
    return context


def load(page: Page, path: str, seen: Seen) -> None:
    """Opens the page and waits until it is quiet."""
    received: list[float] = []
    wire = page.context.new_cdp_session(page)
    wire.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
    wire.send("Network.enable")
    page.goto(path, wait_until="networkidle")
    page.wait_for_timeout(SETTLED_MS)
    found = page.evaluate(VITALS)
    wire.detach()
    seen.server.append(found["server"])
    seen.largest.append(found["largest"])
    seen.shift.append(found["shift"])
    seen.kilobytes.append(sum(received) / 1000)
    seen.moved.update(found["moved"])


def report(first: Seen, pages: dict[str, Seen], floor: dict[str, Seen], how: str) -> None:
    """The table, and what is held of the goals."""
    print(f"\nIn Chromium: {how}, {len(first.server)} loads each, medians\n")
    print("| page | KB | server | largest paint | paint to server | layout shift, worst |")
    print("|---|---|---|---|---|---|")
    rows = {"queue, with nothing kept": first} | pages
    below = {f"{HEADING}, as late as {name}": seen for name, seen in floor.items()}
    for name, seen in (rows | below).items():
        kilobytes, server, largest = map(median, (seen.kilobytes, seen.server, seen.largest))
        print(
            f"| {name} | {kilobytes:.1f} | {server:.1f} ms | {largest:.1f} ms"
            f" | {seen.ratio:.2f} | {max(seen.shift):.4f} |"
        )
    for name, seen in rows.items():
        if seen.moved:
            print(f"\nWhat moved on {name}: {', '.join(sorted(seen.moved))}")
    print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    here = "in Chromium"
    keep(
        Goal(f"first load of the queue, {here}", "–", median(first.kilobytes), FIRST_KB, "KB"),
        *(
            Goal(f"{name}, {here}", "–", median(pages[name].kilobytes), LATER_KB, "KB")
            for name in PAGES
        ),
        *(
            Goal(
                f"{HEADING}, as late as {name}: largest paint",
                "the server's time",
                floor[name].ratio,
                TIMES_SERVER,
            )
            for name in (EMPTY, PAGES[0])
        ),
        *(
            Goal(f"{name}: largest paint", "the server's time", pages[name].ratio, TIMES_SERVER)
            for name in PAGES
        ),
        *(
            Goal(f"{name}: layout shift", "–", max(rows[name].shift), 0, "")
            for name in rows
            if name != EMPTY
        ),
    )


if __name__ == "__main__":
    main()
