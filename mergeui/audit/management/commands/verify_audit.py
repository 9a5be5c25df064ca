"""`manage.py verify_audit`: does the history still say what it said? (interface.md, Commands)"""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from tqdm import tqdm

from mergeui.audit import triggers
from mergeui.audit.anchor import Anchor, BadAnchor
from mergeui.audit.together import SLICE, verify_together
from mergeui.audit.verify import Verification, head, verify


class Command(BaseCommand):
    """Checks the whole chain; exit code 0 when it holds, 1 when it is broken or can't be read."""

    help = "Checks the whole history; prints entries, head and erasures, or the first break."

    def add_arguments(self, parser: CommandParser) -> None:
        """The two files; see docs/history.md, Anchors."""
        parser.add_argument("--anchor", type=Path, metavar="FILE", help="an anchor to hold against")
        parser.add_argument(
            "--write-anchor",
            type=Path,
            metavar="FILE",
            help="where to note the head when all holds; one that is there is held against first",
        )
        parser.add_argument(
            "--jobs",
            type=int,
            default=min(4, os.cpu_count() or 1),
            help="processes that share the work when it is long (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verifies, prints, notes the head."""
        try:
            noted = _anchors(options["anchor"], options["write_anchor"])
            result = self._verify(noted, options["jobs"])
            self._print(result, noted)
            if not result.holds:
                raise SystemExit(1)
            if options["write_anchor"]:
                result.head.save(options["write_anchor"])
                self.stdout.write(f"Anchor written: {options['write_anchor']}")
        except BadAnchor as error:
            raise CommandError(f"Anchor {error}.") from error
        except DatabaseError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"The history can't be read: {reason} (was it migrated?)") from error

    def _verify(self, noted: list[Anchor], jobs: int) -> Verification:
        last = head().number
        with tqdm(total=last, unit=" entries", leave=False, disable=None) as bar:

            def progress(number: int) -> None:
                bar.update(number - bar.n)

            if jobs < 2 or last <= SLICE:
                return verify(anchors=noted, progress=progress)
            return verify_together(jobs, anchors=noted, progress=progress)

    def _print(self, result: Verification, noted: list[Anchor]) -> None:
        if result.broken:
            number, kind, why = result.broken
            self.stdout.write(f"The history is broken at entry {number}: {why} ({kind}).")
            self.stdout.write(f"Entries that hold before the break: {result.entries}")
        else:
            self.stdout.write("The history holds.")
            self.stdout.write(f"Entries: {result.entries}")
        self.stdout.write(f"Head: {result.head.number} {result.head.hash}")
        self.stdout.write(f"Erased payloads: {result.redacted}")
        for anchor in noted if result.holds else []:
            self.stdout.write(f"Anchor met: {anchor.number} of {anchor.at or 'unknown date'}")
        if lifted := triggers.missing(connection):
            self.stdout.write(
                f"Warning: the database no longer guards the history; missing: {', '.join(lifted)}"
            )


def _anchors(given: Path | None, to_write: Path | None) -> list[Anchor]:
    """What to hold against: an anchor is never overwritten by a history that does not meet it."""
    paths = [] if given is None else [given]
    if to_write is not None and to_write != given and to_write.exists():
        paths.append(to_write)
    return [Anchor.load(path) for path in paths]
