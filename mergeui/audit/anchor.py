"""Anchor: a number and its hash, noted outside the database.

A chain without a key can be cut at its end or rebuilt from any point by somebody who may write to
the database. Only what was noted elsewhere shows it (design.md, rule 9).
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from django.utils import timezone


class BadAnchor(ValueError):
    """The file is missing, can't be read or is no anchor; the text says which in one line."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Entry `number` had this `hash` when it was noted at `at` (ISO 8601, UTC).

    Number 0 is the empty history.
    """

    number: int
    hash: str
    at: str = ""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads an anchor's file. Raises BadAnchor."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadAnchor(f"{path}: {error.strerror or error}") from error
        except (ValueError, RecursionError) as error:
            raise BadAnchor(f"{path}: is no anchor (no JSON in UTF-8)") from error
        number, found = (raw.get("number"), raw.get("hash")) if isinstance(raw, dict) else (0, "")
        if type(number) is not int or number < 0 or not re.fullmatch("[0-9a-f]{64}", str(found)):
            raise BadAnchor(f"{path}: is no anchor (it has no number with a hash)")
        return cls(number, str(found), str(raw.get("at", "")))

    def save(self, path: Path) -> None:
        """Writes the file whole or not at all, in the place of one that is there.

        Raises BadAnchor.
        """
        text = json.dumps(
            {
                "number": self.number,
                "hash": self.hash,
                "at": self.at or timezone.now().isoformat(timespec="seconds"),
            }
        )
        beside = path.with_name(path.name + ".new")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise BadAnchor(f"{path}: {error.strerror or error}") from error
