"""`manage.py export_audit`: the history to standard output (interface.md, Commands)."""

import os
import sys
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from mergeui.audit.export import FORMS, everything, rows


class Command(BaseCommand):
    """Streams the history, oldest entry first, in constant memory."""

    help = "Writes the history to standard output, oldest entry first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Form and span of time."""
        parser.add_argument("--format", choices=sorted(FORMS), required=True)
        parser.add_argument("--since", metavar="ISO", help="a date or time (UTC), included")
        parser.add_argument("--until", metavar="ISO", help="a date or time (UTC), not included")

    def handle(self, *args: Any, **options: Any) -> None:
        """Writes line by line; a reader that has enough (`| head`) ends it quietly."""
        since, until = _moment("--since", options["since"]), _moment("--until", options["until"])
        try:
            for line in rows(everything(since=since, until=until), options["format"]):
                self.stdout.write(line, ending="")
            self.stdout.flush()
        except BrokenPipeError:
            # Or Python complains once more when it closes standard output at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except DatabaseError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"The history can't be read: {reason} (was it migrated?)") from error


def _moment(option: str, text: str | None) -> datetime | None:
    """A moment in UTC unless it says otherwise; a date is its midnight. Raises CommandError."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        raise CommandError(
            f"{option}: got {text!r}, but it takes a date or time such as 2026-01-31 or"
            " 2026-01-31T14:00:00+01:00."
        ) from None
