"""What was changed in the stand-in, kept over restarts: one JSON line a change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mergeui.sandbox.state import Change, World


class Journal:
    """The changes of one seeded world in the file `path`; `seed` says which world it was."""

    def __init__(self, path: Path, seed: str) -> None:
        self.path = path
        self.seed = seed

    def replay(self, world: World) -> int:
        """Make all changes of the file again and say how many; raises ValueError when the file
        belongs to another world. A last line that was cut by a crash is dropped."""
        if not self.path.exists():
            self.clear()
            return 0
        lines = self.path.read_text("utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        if not whole or json.loads(whole[0]) != {"seed": self.seed}:
            raise ValueError(f"{self.path} was written for another world than {self.seed}")
        if len(whole) < len(lines):
            self.path.write_text("".join(whole), "utf-8")
        for line in whole[1:]:
            entry: dict[str, Any] = json.loads(line)
            world.apply(Change(entry["org"], tuple(entry["put"]), tuple(entry["remove"])))
        return len(whole) - 1

    def write(self, change: Change) -> None:
        """Add one change."""
        entry = {"org": change.org_id, "put": change.put, "remove": change.remove}
        self._append(entry)

    def clear(self) -> None:
        """Start over."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("", "utf-8")
        self._append({"seed": self.seed})

    def _append(self, entry: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, separators=(",", ":")) + "\n")
