"""A run of the sweep, and what came of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One run. Without `point` nothing is killed; `exec` starts a fresh interpreter each time."""

    engine: str
    behaviour: str
    point: int | None = None
    when: str = "before"
    exec: bool = False

    def __str__(self) -> str:
        parts = [
            "python -m tests.sweep",
            f"--engine {self.engine}",
            f"--behaviour {self.behaviour}",
        ]
        if self.point is not None:
            parts.append(f"--point {self.point} --when {self.when}")
        return " ".join(parts + ["--exec"] * self.exec)


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a case: `labels` are the points that were passed, `state` how it ended."""

    case: Case
    state: str
    killed: bool
    labels: tuple[str, ...]
    violations: tuple[str, ...]
    seconds: float
