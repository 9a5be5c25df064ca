"""What the desk is held to, and what a benchmark found of it: the table at the end of `make bench`.

Each benchmark is a program of its own; what it finds goes into the file that BENCH_GOALS names,
where there is one, and to nowhere else.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "BENCH_GOALS"


@dataclass(frozen=True, slots=True)
class Goal:
    """One line: `found` is held to be `goal` at most, or at least; both in `unit`."""

    what: str
    against: str
    found: float
    goal: float
    unit: str = "×"
    at_least: bool = False

    @property
    def held(self) -> bool:
        return self.found >= self.goal if self.at_least else self.found <= self.goal

    def line(self) -> str:
        """As a row of the table."""
        sign, held = "≥" if self.at_least else "≤", "yes" if self.held else "**no**"
        found, goal = (f"{_short(one)} {self.unit}".strip() for one in (self.found, self.goal))
        return f"| {self.what} | {self.against} | {found} | {sign} {goal} | {held} |"


def _short(number: float) -> str:
    """Two decimals where they say something, and never nothing for a little."""
    if 0 < number < 0.01:
        return f"{number:.1g}"
    return f"{number:.2f}".rstrip("0").rstrip(".") if number < 100 else f"{number:.0f}"


def keep(*goals: Goal) -> None:
    """Notes what was found for the table at the end."""
    if name := os.environ.get(FILE):
        with Path(name).open("a") as file:
            file.writelines(json.dumps(asdict(goal)) + "\n" for goal in goals)


def kept(path: Path) -> list[Goal]:
    """All that was noted."""
    return [Goal(**json.loads(line)) for line in path.read_text().splitlines()]


def table(goals: Iterable[Goal]) -> str:
    """In Markdown."""
    head = "| what | measured against | found | goal | held? |\n|---|---|---|---|---|"
    return "\n".join([head, *(goal.line() for goal in goals)])
